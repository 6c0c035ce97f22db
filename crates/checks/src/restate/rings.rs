//! Rings of waits: who holds which key, what each holder waits for, and where that goes round in a circle.
//!
//! Source: specs/restate.md 4.1; GH#199 of restatedev/restate. What a holder waits for is found by running its handler
//! over its durable journal, as the SDK would, so it is known for suspended and for running holders alike. Not covered:
//! slot exhaustion of the invoker, which is a ring of another kind.

use ::restate::config::Job;
use ::restate::endpoint::pod::Code;
use ::restate::endpoint::sdk::{Progress, Sdk, Surroundings};
use ::restate::invocation::{Argument, Invocation, Key, Method};
use ::restate::journal::Entry;
use ::restate::node::server::Server;
use ::restate::store::{Instance, Status};
use ::restate::workload::{Rule, Service};
use petgraph::Directed;
use petgraph::algo::kosaraju_scc;
use petgraph::graphmap::GraphMap;
use rustc_hash::FxBuildHasher;
use std::collections::BTreeMap;

/// Who waits for whom.
type Waits = GraphMap<Key, (), Directed, FxBuildHasher>;

/// A key that is held, and what its holder does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The place of the holder in the tree, such as `r.2.0`; the method for anything else.
    pub path: String,
    /// Index of the command it is at.
    pub position: u16,
    /// The keys that it waits for; none if it can go on by itself.
    pub waits: Vec<Key>,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Calls of the tree that are queued behind it.
    pub queued: usize,
    /// Verifications that are queued behind it.
    pub queued_verifies: usize,
}

/// Every held key of a job.
pub fn locked(server: &Server, number: u16, job: &Job, rule: Rule) -> BTreeMap<Key, Locked> {
    let tables = server.partitions.iter().flat_map(|partition| partition.tables.iter());
    let of_job = tables.filter(|(key, _)| key.job == number);
    let held = of_job.filter_map(|(key, instance)| Some((key, instance, instance.status.holder()?)));
    held.map(|(key, instance, holder)| (key, look_at(instance, holder, job, rule))).collect()
}

/// The rings among held keys: each as keys in the order of waiting, the smallest first; the rings in that order.
pub fn rings(locked: &BTreeMap<Key, Locked>) -> Vec<Vec<Key>> {
    let mut graph = Waits::default();
    for (key, holder) in locked {
        for awaited in holder.waits.iter().filter(|awaited| locked.contains_key(awaited)) {
            graph.add_edge(*key, *awaited, ());
        }
    }
    let is_ring =
        |component: &Vec<Key>| component.len() > 1 || component.iter().any(|key| graph.contains_edge(*key, *key));
    let components = kosaraju_scc(&graph).into_iter().filter(is_ring);
    let mut rings: Vec<Vec<Key>> = components.map(|component: Vec<Key>| in_order(&graph, &component)).collect();
    rings.sort();
    rings
}

/// A ring as it is written: `566>956`.
pub fn write_ring(ring: &[Key]) -> String {
    let targets: Vec<String> = ring.iter().map(|key| key.target.to_string()).collect();
    targets.join(">")
}

/// Follows the waits from the smallest key round. A handler of the tree waits for one key, so there is one way round.
fn in_order(graph: &Waits, component: &[Key]) -> Vec<Key> {
    let Some(first) = component.iter().min().copied() else { return Vec::new() };
    let mut ring = vec![first];
    let mut at = first;
    while let Some(next) = graph.neighbors(at).filter(|next| component.contains(next)).min() {
        if ring.contains(&next) {
            break;
        }
        ring.push(next);
        at = next;
    }
    ring
}

fn look_at(instance: &Instance, holder: &Invocation, job: &Job, rule: Rule) -> Locked {
    let mut sdk = Sdk::new(&instance.journal);
    let mut code = Code::of(holder);
    let progress = code.run(holder, rule, &mut sdk, Surroundings { job, wall: 0 });
    let awaited = match progress {
        // A handler that would make new entries is not waiting: it has work to do.
        _ if sdk.has_unsent() => 0..0,
        Progress::WaitsFor(index) => index..index + 1,
        Progress::WaitsForAll(first, last) => first..last + 1,
        Progress::Done(_) | Progress::Threw(_) => 0..0,
    };
    let callee = |index| match instance.entry(index) {
        Some(Entry::Invoke(callee, None)) => Some(callee.key),
        _ => None,
    };
    let position = if let Code::Interpreter(code) = &code { code.position() } else { 0 };
    let path = match &holder.argument {
        Argument::Commands(tree, call) => tree.path(*call),
        _ => holder.method.name().to_owned(),
    };
    let of_tree = |method| matches!(method, Method::Call | Method::BackgroundCall);
    let queued = instance.inbox.iter().filter(|(_, queued)| of_tree(queued.method)).count();
    Locked {
        path,
        position,
        waits: awaited.filter_map(callee).collect(),
        suspended: matches!(instance.status, Status::Suspended(..)),
        queued,
        queued_verifies: instance.inbox.len() - queued,
    }
}

/// Whether a key is one of the tree's, not the verifier's own.
pub fn is_of_tree(key: Key) -> bool {
    key.service == Service::Interpreter
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restate::hand_made::{call, invocation, job, key, server, tree, verify};
    use ::restate::invocation::Value;
    use ::restate::store::Op;
    use std::sync::Arc;

    fn held(waits: &[i32]) -> Locked {
        let waits = waits.iter().map(|target| key(*target)).collect();
        Locked { path: "r".to_owned(), position: 0, waits, suspended: true, queued: 0, queued_verifies: 0 }
    }

    fn written(waits: &[(i32, &[i32])]) -> Vec<String> {
        let locked = waits.iter().map(|(target, waits)| (key(*target), held(waits))).collect();
        rings(&locked).iter().map(|ring| write_ring(ring)).collect()
    }

    #[test]
    fn a_ring_is_written_from_its_smallest_key_in_the_order_of_waiting() {
        assert_eq!(written(&[(626, &[688]), (688, &[957]), (957, &[626])]), ["626>688>957"]);
        assert_eq!(written(&[(53, &[655]), (457, &[53]), (655, &[457])]), ["53>655>457"]);
        assert_eq!(written(&[(1, &[1])]), ["1"]);
    }

    #[test]
    fn two_rings_are_told_apart_and_what_only_waits_for_a_ring_is_in_none() {
        assert_eq!(written(&[(1, &[2]), (2, &[1]), (3, &[1]), (7, &[8]), (8, &[7])]), ["1>2", "7>8"]);
    }

    /// Key 1 calls key 2, sends to key 3 and only then waits for key 2, whose handler calls key 1 back.
    const CROSSED: &str = r#"{"target": 1, "commands": [
        {"t": "async", "id": 0, "target": 2, "commands": [{"t": "sync", "target": 1, "commands": [{"t": "inc"}]}]},
        {"t": "bg", "target": 3, "commands": [{"t": "inc"}]}, {"t": "await", "id": 0}]}"#;

    /// What is held after these changes of its tables, and the rings.
    fn seen(text: &str, ops: &[Op]) -> (BTreeMap<i32, Locked>, Vec<String>) {
        let job = job(&tree(text));
        let locked = locked(&server(ops), 0, &job, Rule::FreeTargets);
        let rings = rings(&locked).iter().map(|ring| write_ring(ring)).collect();
        (locked.into_iter().map(|(key, held)| (key.target, held)).collect(), rings)
    }

    /// Both keys of the crossed calls are held and the second call of key 1 waits in its inbox; these are the entries that
    /// the holder of key 1 has made.
    fn crossed(entries: &[Entry]) -> Vec<Op> {
        let tree = tree(CROSSED);
        let mut ops = vec![Op::Invoked(call(&tree, 0))];
        ops.extend(entries.iter().map(|entry| Op::Journaled(key(1), entry.clone())));
        ops.extend([
            Op::Invoked(call(&tree, 1)),
            Op::Journaled(key(2), Entry::Invoke(call(&tree, 2), None)),
            Op::Queued(0, call(&tree, 2)),
        ]);
        ops
    }

    fn waits(locked: &BTreeMap<i32, Locked>, target: i32) -> Vec<i32> {
        locked[&target].waits.iter().map(|key| key.target).collect()
    }

    #[test]
    fn two_holders_that_wait_for_one_another_are_a_ring() {
        let tree = tree(CROSSED);
        let ops = crossed(&[Entry::Invoke(call(&tree, 1), None), Entry::Background(call(&tree, 3))]);

        let (locked, rings) = seen(CROSSED, &ops);

        assert_eq!(rings, ["1>2"]);
        assert_eq!((waits(&locked, 1), waits(&locked, 2)), (vec![2], vec![1]));
        let Locked { path, position, queued, queued_verifies, suspended, .. } = &locked[&1];
        assert_eq!((&**path, *position, *queued, *queued_verifies, *suspended), ("r", 2, 1, 0, false));
        assert_eq!((&*locked[&2].path, locked[&2].position, locked[&2].queued), ("r.0", 0, 0));
    }

    #[test]
    fn a_holder_that_has_yet_to_make_an_entry_is_at_work_and_waits_for_nobody() {
        // The background call is not stored: whoever runs the handler next makes it first.
        let ops = crossed(&[Entry::Invoke(call(&tree(CROSSED), 1), None)]);

        let (locked, rings) = seen(CROSSED, &ops);

        assert_eq!(rings, Vec::<String>::new());
        assert_eq!((waits(&locked, 1), waits(&locked, 2)), (vec![], vec![1]));
    }

    #[test]
    fn a_holder_whose_call_is_answered_waits_for_nobody() {
        let tree = tree(CROSSED);
        let answered = Entry::Invoke(call(&tree, 1), Some(Value::Empty));
        let ops = crossed(&[answered, Entry::Background(call(&tree, 3))]);

        let (locked, rings) = seen(CROSSED, &ops);

        assert_eq!(rings, Vec::<String>::new());
        assert_eq!(waits(&locked, 1), Vec::<i32>::new());
    }

    #[test]
    fn a_verifier_waits_for_those_of_its_calls_that_are_not_answered() {
        const COUNTED: &str = r#"{"target": 1, "commands": [{"t": "inc"}, {"t": "sync", "target": 2, "commands":
            [{"t": "inc"}]}, {"t": "sync", "target": 3, "commands": [{"t": "inc"}]}]}"#;
        let own = Key { service: Service::Verifier, target: 0, ..key(0) };
        let verifies = Arc::new(Invocation { key: own, method: Method::VerifyAll, ..(*invocation(0)).clone() });
        let count = Value::Counter { expected: 1, actual: 1 };
        let asked = |target, answer| Op::Journaled(own, Entry::Invoke(verify(target, 1), answer));
        for unanswered in [&[2][..], &[1, 3], &[3], &[1, 2, 3]] {
            let answer = |target| (!unanswered.contains(&target)).then(|| count.clone());
            let asked = [1, 2, 3].map(|target| asked(target, answer(target)));
            let ops = [&[Op::Invoked(verifies.clone())][..], &asked].concat();

            let (locked, rings) = seen(COUNTED, &ops);

            assert_eq!((&*waits(&locked, 0), rings), (unanswered, Vec::new()));
            assert_eq!(locked[&0].path, "Verify");
        }
    }

    #[test]
    fn verifications_in_an_inbox_are_counted_apart_and_a_suspended_holder_is_told() {
        let tree = tree(CROSSED);
        let mut ops = crossed(&[Entry::Invoke(call(&tree, 1), None), Entry::Background(call(&tree, 3))]);
        ops.extend([Op::Queued(1, verify(1, 1)), Op::Queued(2, verify(1, 1)), Op::Suspended(key(1), vec![1])]);

        let (locked, rings) = seen(CROSSED, &ops);

        let Locked { queued, queued_verifies, suspended, .. } = locked[&1];
        assert_eq!((queued, queued_verifies, suspended), (1, 2, true));
        assert_eq!(rings, ["1>2"], "a suspension gives no key up");
    }

    #[test]
    fn free_keys_and_those_of_another_job_are_not_held() {
        let ops = crossed(&[]);
        let freed = [&ops[..], &[Op::Freed(key(2))]].concat();
        let job = job(&tree(CROSSED));

        let held = |ops: &[Op], number| locked(&server(ops), number, &job, Rule::FreeTargets).len();

        assert_eq!((held(&ops, 0), held(&freed, 0), held(&ops, 1)), (2, 1, 0));
    }

    #[test]
    fn chains_and_waits_for_free_keys_are_no_ring() {
        assert!(written(&[(1, &[2]), (2, &[3]), (3, &[])]).is_empty());
        assert!(written(&[(1, &[2])]).is_empty());
    }
}
