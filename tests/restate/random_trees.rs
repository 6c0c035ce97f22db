//! Random trees whose outcome follows from the rules: where no static cycle is, every schedule is exact; and whatever
//! blocks, blocks in a ring inside a static cycle.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::verdict::Outcome;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use relapse::systems::restate::Plan;
use restate::config::{Cluster, Job};
use restate::workload::{Params, Rule, Tree, expected_counters, generate, json, static_cycles};
use serde_json::{Value, json};

use crate::{seen, tree_plan};

/// The golden plan with another tree.
fn with_tree(tree: Tree) -> Plan {
    let base = tree_plan(&crate::root().join("tests/golden/restate/D10-victims-free-keys.json"));
    let tree = Arc::new(tree);
    let cluster = Cluster { jobs: vec![Job::with_tree(tree.clone())], ..(*base.cluster).clone() };
    Plan { cluster: Arc::new(cluster), tree, ..base }
}

/// Commands over few keys, so that locks meet.
fn commands(depth: u32) -> BoxedStrategy<Vec<Value>> {
    let leaf = prop_oneof![Just(json!({"t": "inc"})), (0u32..40).prop_map(|ms| json!({"t": "sleep", "ms": ms}))];
    if depth == 0 {
        return prop::collection::vec(leaf, 0..3).boxed();
    }
    let call = (0i32..6, commands(depth - 1), 0..3u8, any::<bool>()).prop_map(|(target, commands, kind, awaited)| {
        match kind {
            0 => vec![json!({"t": "sync", "target": target, "commands": commands})],
            1 => vec![json!({"t": "bg", "target": target, "commands": commands})],
            _ => {
                // The id is the target's, so an await finds the last call of that key.
                let call = json!({"t": "async", "id": target, "target": target, "commands": commands});
                if awaited { vec![call, json!({"t": "await", "id": target})] } else { vec![call] }
            }
        }
    });
    let piece = prop_oneof![leaf.prop_map(|one| vec![one]), call.boxed()];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat()).boxed()
}

/// The plan of a tree as JSON.
fn plan_of(tree: &Value) -> Plan {
    let params = Params { seed: "random".to_owned(), width: 0, depth: 0, max_sleep_ms: 1 };
    with_tree(json::read(&tree.to_string(), params).expect("a tree").tree)
}

/// Schedules of each random tree of a few, and of each of many.
const SEEDS: u64 = 200;
const SEEDS_OF_MANY: u64 = 4;

/// How a run ended; whatever follows from the tree whoever schedules it is asserted on the way.
fn ending(plan: &Plan, cycles: &[Vec<i32>], seed: u64) -> Result<Ending, TestCaseError> {
    let (findings, verdict) = seen(plan, seed);
    let rings = &findings.rings;
    for ring in rings {
        let keys: Vec<i32> = ring.split('>').map(|key| key.parse().expect("a key")).collect();
        prop_assert!(cycles.iter().any(|cycle| keys.iter().all(|key| cycle.contains(key))), "{}", ring);
    }
    if rings.is_empty() {
        let counters: BTreeMap<i32, u32> = expected_counters(&plan.tree).into_iter().collect();
        prop_assert_eq!(&findings.counters, &counters, "{:?}", verdict);
        prop_assert_eq!(verdict.outcome, Outcome::Pass, "{:?}", verdict);
        return Ok(Ending::Exact);
    }
    prop_assert_eq!(verdict.outcome, Outcome::Fail);
    prop_assert!(verdict.signature.starts_with("restate/deadlock/"), "{:?}", verdict);
    prop_assert!(findings.differences.values().all(|(wanted, found)| found < wanted), "{:?}", verdict);
    Ok(Ending::Blocked)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    Exact,
    Blocked,
}

/// So many random trees, each under so many schedules: where no static cycle is, every one is exact; whatever blocks does
/// so inside one.
fn assert_outcomes_follow_from_the_tree(cases: u32, seeds: u64) {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let seen: RefCell<BTreeMap<(bool, Ending), u32>> = RefCell::default();

    let checked = TestRunner::new(config).run(&(commands(3), 0i32..6, any::<u32>()), |(commands, root, seed)| {
        let plan = plan_of(&json!({"target": root, "commands": commands}));
        let cycles = static_cycles(&plan.tree);
        for nth in 0..seeds {
            let ending = ending(&plan, &cycles, u64::from(seed) + nth)?;
            prop_assert!(ending == Ending::Exact || !cycles.is_empty(), "it blocks without a cycle");
            *seen.borrow_mut().entry((cycles.is_empty(), ending)).or_default() += 1;
        }
        Ok(())
    });

    checked.unwrap_or_else(|failure| panic!("{failure}"));
    // None of the claims was empty.
    let seen = seen.borrow();
    for wanted in [(true, Ending::Exact), (false, Ending::Blocked)] {
        assert!(seen.get(&wanted).is_some_and(|count| *count >= 20), "{wanted:?} in {seen:?}");
    }
}

#[test]
fn a_tree_without_a_static_cycle_is_exact_and_another_is_or_blocks_inside_one() {
    assert_outcomes_follow_from_the_tree(300, SEEDS_OF_MANY);
}

#[test]
fn and_so_it_is_under_200_schedules_of_one_tree() {
    assert_outcomes_follow_from_the_tree(48, SEEDS);
}

/// A chain of awaited calls over distinct keys, the last of which calls back to one of the chain. Each call has an
/// increment before and one after it.
fn chain_back(keys: &[i32], back: usize, kinds: &[bool]) -> Value {
    let call = |target: i32, commands: Vec<Value>, sync: bool| match sync {
        true => vec![json!({"t": "sync", "target": target, "commands": commands})],
        false => {
            vec![json!({"t": "async", "id": 0, "target": target, "commands": commands}), json!({"t": "await", "id": 0})]
        }
    };
    let mut inner = call(keys[back], vec![json!({"t": "inc"})], true);
    for (key, sync) in keys.iter().zip(kinds).skip(1).rev() {
        let around: Vec<Value> =
            std::iter::once(json!({"t": "inc"})).chain(inner).chain([json!({"t": "inc"})]).collect();
        inner = call(*key, around, *sync);
    }
    let commands: Vec<Value> = std::iter::once(json!({"t": "inc"})).chain(inner).chain([json!({"t": "inc"})]).collect();
    json!({"target": keys[0], "commands": commands})
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_chain_that_calls_back_to_itself_blocks_in_every_run_in_that_ring(
        keys in Just((0..40).collect::<Vec<i32>>()).prop_shuffle(),
        length in 1..7_usize,
        back in any::<prop::sample::Index>(),
        kinds in prop::collection::vec(any::<bool>(), 7),
        seed in any::<u32>(),
    ) {
        let keys = &keys[..length];
        let back = back.index(length);
        let plan = plan_of(&chain_back(keys, back, &kinds));
        let mut ring: Vec<i32> = keys[back..].to_vec();
        let smallest = ring.iter().enumerate().min_by_key(|(_, key)| **key).expect("a key").0;
        ring.rotate_left(smallest);
        let ring = ring.iter().map(i32::to_string).collect::<Vec<_>>().join(">");
        // Each made its first increment, and none the others.
        let counters: BTreeMap<i32, u32> = keys.iter().map(|key| (*key, 1)).collect();

        for nth in 0..SEEDS {
            let (findings, _) = seen(&plan, u64::from(seed) + nth);

            prop_assert_eq!(&findings.rings, &vec![ring.clone()]);
            prop_assert_eq!(&findings.counters, &counters);
            prop_assert!(findings.locked.keys().copied().eq(counters.keys().copied()), "{:?}", findings.locked);
        }
    }
}

#[test]
fn generated_trees_of_the_new_rule_are_exact() {
    for number in 0..36 {
        let params = Params { seed: format!("unseen-{number}"), width: 3, depth: 14, max_sleep_ms: 5000 };
        let plan = with_tree(generate(params, Rule::IncreasingTargets).expect("a tree"));

        for seed in 0..SEEDS {
            let (_, verdict) = seen(&plan, seed);

            assert_eq!(verdict.outcome, Outcome::Pass, "unseen-{number} seed {seed}: {verdict:?}");
        }
    }
}

#[test]
fn of_old_rule_trees_with_cycles_over_few_keys_some_schedule_blocks() {
    let text = r#"{"target": 1, "commands": [
        {"t": "bg", "target": 2, "commands": [{"t": "sleep", "ms": 5}, {"t": "sync", "target": 1, "commands": []}]},
        {"t": "sleep", "ms": 5}, {"t": "sync", "target": 2, "commands": [{"t": "inc"}]}]}"#;
    let params = Params { seed: "crossed".to_owned(), width: 0, depth: 0, max_sleep_ms: 1 };
    let plan = with_tree(json::read(text, params).expect("a tree").tree);

    let blocks = |seed: &u64| seen(&plan, *seed).0.rings == ["1>2"];
    let blocked = (0..SEEDS).filter(blocks).count();

    assert!(blocked > 0, "two chains that cross never met in {SEEDS} schedules");
}
