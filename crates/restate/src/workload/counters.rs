//! What every counter must be once all calls of a tree have run.
//!
//! Only sums matter, so no schedule changes them. Their order matters: it is the order in which the verifier asks for
//! the counters.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::tree::{CallIndex, Command, Tree};

/// Targets with their expected counter, in the order of their first increment depth-first.
///
/// Keys that are only slept on or called through have no counter and are not in the list.
//= restatedev/e2e@70a79de:services/node-services/src/verifier.ts
#[must_use]
pub fn expected_counters(tree: &Tree) -> Vec<(i32, u32)> {
    let mut counters: Vec<(i32, u32)> = Vec::new();
    let mut places: HashMap<i32, usize, FxBuildHasher> = HashMap::with_capacity_and_hasher(1024, FxBuildHasher);
    let (mut call, mut index) = (CallIndex::ROOT, 0);
    loop {
        let mut target = tree.call(call).target;
        let mut commands = tree.commands(call);
        while let Some(command) = commands.get(index) {
            index += 1;
            if let Command::Increment = command {
                let place = *places.entry(target).or_insert_with(|| {
                    counters.push((target, 0));
                    counters.len() - 1
                });
                counters[place].1 += 1;
            } else if let Some(callee) = command.callee() {
                call = callee;
                index = 0;
                target = tree.call(call).target;
                commands = tree.commands(call);
            }
        }
        match tree.call(call).parent {
            Some((caller, at)) => {
                call = caller;
                index = usize::from(at) + 1;
            }
            None => return counters,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{Params, Rule, generate};

    #[test]
    fn counters_come_in_the_order_of_their_first_increment() {
        let params = Params { seed: "my-seed".into(), width: 3, depth: 3, max_sleep_ms: 1000 };
        let tree = generate(params, Rule::FreeTargets).unwrap();
        assert_eq!(expected_counters(&tree), [(948, 1), (564, 1), (33, 1)]);
    }

    /// The sample of upstream's `docs/dev/verification.md`, which confirms the whole chain; a map, so in no order.
    #[test]
    fn vector_4_gives_the_counters_of_the_upstream_documentation() {
        let params = Params { seed: "my-seed".into(), width: 3, depth: 14, max_sleep_ms: 5000 };
        let tree = generate(params, Rule::IncreasingTargets).unwrap();
        assert_eq!(expected_counters(&tree), [(27, 1), (91, 1), (84, 2), (23, 1), (30, 1)]);
    }
}
