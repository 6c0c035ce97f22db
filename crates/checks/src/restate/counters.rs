//! A job that is over: every counter is what the tree says.
//!
//! Source: specs/restate.md 3.7, 9.2. A key that the tree does not name is expected to count nothing.

use ::restate::node::server::Server;
use ::restate::workload::{Service, Tree, expected_counters};
use std::collections::BTreeMap;

/// Counters of a job as they are, without those that are 0.
pub fn counters(server: &Server, number: u16) -> BTreeMap<i32, u32> {
    let tables = server.partitions.iter().flat_map(|partition| partition.tables.iter());
    let of_job = tables.filter(|(key, _)| key.job == number && key.service == Service::Interpreter);
    let counted = of_job.filter_map(|(key, instance)| Some((key.target, instance.state?)));
    counted.filter(|(_, count)| *count > 0).collect()
}

/// Keys whose counter is not what the tree says: expected and found.
pub fn differences(counters: &BTreeMap<i32, u32>, tree: &Tree) -> BTreeMap<i32, (u32, u32)> {
    let expected: BTreeMap<i32, u32> = expected_counters(tree).into_iter().collect();
    let keys = expected.keys().chain(counters.keys());
    let pair = |key: &i32| {
        let count = |map: &BTreeMap<i32, u32>| map.get(key).copied().unwrap_or(0);
        (*key, (count(&expected), count(counters)))
    };
    keys.map(pair).filter(|(_, (expected, found))| expected != found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restate::hand_made::{key, server, tree};
    use ::restate::invocation::Key;
    use ::restate::store::Op;

    /// Counts key 1 twice and key 2 once.
    const TREE: &str = r#"{"target": 1, "commands": [{"t": "inc"}, {"t": "inc"}, {"t": "bg", "target": 2, "commands":
        [{"t": "inc"}]}]}"#;

    fn found(counts: &[(Key, u32)]) -> BTreeMap<i32, (u32, u32)> {
        let ops: Vec<Op> = counts.iter().map(|(key, count)| Op::State(*key, Some(*count))).collect();
        differences(&counters(&server(&ops), 0), &tree(TREE))
    }

    #[test]
    fn exact_counters_do_not_differ() {
        assert_eq!(found(&[(key(1), 2), (key(2), 1)]), BTreeMap::new());
        assert_eq!(found(&[(key(1), 2), (key(2), 1), (key(3), 0)]), BTreeMap::new(), "0 is no counter");
    }

    #[test]
    fn lost_doubled_and_unasked_increments_differ() {
        assert_eq!(found(&[(key(1), 1), (key(2), 1)]), BTreeMap::from([(1, (2, 1))]));
        assert_eq!(found(&[(key(1), 2)]), BTreeMap::from([(2, (1, 0))]), "there is no row");
        assert_eq!(found(&[(key(1), 3), (key(2), 1)]), BTreeMap::from([(1, (2, 3))]));
        assert_eq!(found(&[(key(1), 2), (key(2), 1), (key(7), 1)]), BTreeMap::from([(7, (0, 1))]));
    }

    #[test]
    fn the_verifiers_flag_and_another_jobs_counters_are_none_of_this_jobs() {
        let flag = Key { service: Service::Verifier, ..key(0) };
        let other = Key { job: 1, ..key(1) };

        assert_eq!(found(&[(flag, 1), (other, 5), (key(1), 2), (key(2), 1)]), BTreeMap::new());
    }
}
