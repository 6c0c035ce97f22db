//! Random trees whose outcome follows from the rules: where no static cycle is, every schedule is exact; and whatever
//! blocks, blocks in a ring inside a static cycle.

use std::sync::Arc;

use kernel::verdict::Outcome;
use proptest::prelude::*;
use relapse::systems::restate::{Plan, findings};
use restate::config::{Cluster, Job};
use restate::workload::{Params, Rule, Tree, expected_counters, generate, json, static_cycles};
use serde_json::{Value, json};

use crate::tree_plan;

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

/// What an exact end of a tree is: a tree that counts nothing shows nothing.
fn exact(tree: &Tree) -> Outcome {
    if expected_counters(tree).is_empty() { Outcome::Vacuous } else { Outcome::Pass }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_without_a_static_cycle_is_exact_and_another_blocks_only_inside_one(
        commands in commands(3),
        root in 0i32..6,
        seed in any::<u64>(),
    ) {
        let text = json!({"target": root, "commands": commands}).to_string();
        let params = Params { seed: "random".to_owned(), width: 0, depth: 0, max_sleep_ms: 1 };
        let plan = with_tree(json::read(&text, params).expect("a tree").tree);
        let cycles = static_cycles(&plan.tree);

        let findings = findings(&plan, seed).expect("a node that is up");

        let verdict = findings.verdict();
        if cycles.is_empty() {
            prop_assert_eq!(verdict.outcome, exact(&plan.tree), "{:?}", verdict);
        } else {
            let deadlock = verdict.signature.starts_with("restate/deadlock/");
            prop_assert!(verdict.outcome == exact(&plan.tree) || deadlock, "{:?}", verdict);
        }
        for ring in &findings.rings {
            let keys: Vec<i32> = ring.split('>').map(|key| key.parse().expect("a key")).collect();
            prop_assert!(cycles.iter().any(|cycle| keys.iter().all(|key| cycle.contains(key))), "{}", ring);
        }
    }
}

#[test]
fn generated_trees_of_the_new_rule_are_exact() {
    for number in 0..30 {
        let params = Params { seed: format!("unseen-{number}"), width: 3, depth: 14, max_sleep_ms: 5000 };
        let plan = with_tree(generate(params, Rule::IncreasingTargets).expect("a tree"));

        let findings = findings(&plan, number).expect("a node that is up");

        assert_eq!(findings.verdict().outcome, exact(&plan.tree), "unseen-{number}: {:?}", findings.verdict());
    }
}

#[test]
fn of_old_rule_trees_with_cycles_over_few_keys_some_schedule_blocks() {
    let text = r#"{"target": 1, "commands": [
        {"t": "bg", "target": 2, "commands": [{"t": "sleep", "ms": 5}, {"t": "sync", "target": 1, "commands": []}]},
        {"t": "sleep", "ms": 5}, {"t": "sync", "target": 2, "commands": [{"t": "inc"}]}]}"#;
    let params = Params { seed: "crossed".to_owned(), width: 0, depth: 0, max_sleep_ms: 1 };
    let plan = with_tree(json::read(text, params).expect("a tree").tree);

    let blocks = |seed: &u64| findings(&plan, *seed).expect("a node that is up").rings == ["1>2"];
    let blocked = (0..100).filter(blocks).count();

    assert!(blocked > 0, "two chains that cross never met in 100 schedules");
}
