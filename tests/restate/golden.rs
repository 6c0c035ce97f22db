//! Every golden tree, over 200 seeds: the required outcomes are reached by every schedule, to the counter.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use checks::restate::job::Findings;
use kernel::verdict::Outcome;
use relapse::systems::restate::findings;
use restate::workload::static_cycles;
use serde_json::Value;

use crate::{root, tree_plan};

const SEEDS: u64 = 200;

/// The golden files of a beginning, in the order of their names.
pub fn golden(prefix: &str) -> Vec<(PathBuf, Value)> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("tests/golden/restate"))
        .expect("the golden folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
        .collect();
    files.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a golden file");
        let value = serde_json::from_str(&text).expect("golden JSON");
        (path, value)
    };
    files.into_iter().map(read).collect()
}

/// Counters as a recording writes them.
pub fn counters(value: &Value) -> BTreeMap<i32, u32> {
    let pair = |(key, count): (&String, &Value)| {
        (key.parse().expect("a key"), count.as_u64().and_then(|count| u32::try_from(count).ok()).expect("a count"))
    };
    value.as_object().map(|map| map.iter().map(pair).collect()).unwrap_or_default()
}

/// What the recording says of each locked key: who holds it, where it stands, for whom it waits, who queues.
fn recorded(run: &Value) -> BTreeMap<i32, (String, u64, i64, u64)> {
    let locked = run["lockedKeys"].as_object().expect("locked keys");
    let of = |(key, held): (&String, &Value)| {
        let text = held["path"].as_str().expect("a path").to_owned();
        let queued = run["queuedPerKey"][key].as_u64().unwrap_or(0);
        let place = (text, held["pos"].as_u64().expect("a place"), held["waits"].as_i64().expect("a key"), queued);
        (key.parse().expect("a key"), place)
    };
    locked.iter().map(of).collect()
}

fn found(findings: &Findings) -> BTreeMap<i32, (String, u64, i64, u64)> {
    let of = |(key, held): (&i32, &checks::restate::rings::Locked)| {
        assert_eq!(held.waits.len(), 1, "a holder in a blocked tree waits for one key");
        let place = (held.path.clone(), held.position.into(), held.waits[0].target.into(), held.queued as u64);
        (*key, place)
    };
    findings.locked.iter().map(of).collect()
}

#[test]
fn every_deadlocking_tree_blocks_in_every_run_as_the_real_server_did() {
    let trees = golden("D");
    assert_eq!(trees.len(), 9);
    for (path, recording) in trees {
        let plan = tree_plan(&path);
        let run = &recording["observed"][0];
        let rings: Vec<&str> = run["cycles"].as_array().expect("rings").iter().filter_map(Value::as_str).collect();
        for seed in 0..SEEDS {
            let findings = findings(&plan, seed).expect("a node that is up");

            let place = format!("{} seed {seed}", path.display());
            assert!(findings.verdict().signature.starts_with("restate/deadlock/"), "{place}: {:?}", findings.verdict());
            assert_eq!(findings.rings, rings, "{place}");
            assert_eq!(findings.counters, counters(&run["counters"]), "{place}");
            assert_eq!(found(&findings), recorded(run), "{place}");
        }
    }
}

#[test]
fn every_safe_tree_completes_in_every_run_with_exact_counters() {
    let trees = golden("S");
    assert_eq!(trees.len(), 9);
    for (path, recording) in trees {
        let plan = tree_plan(&path);
        for seed in 0..SEEDS {
            let findings = findings(&plan, seed).expect("a node that is up");

            let place = format!("{} seed {seed}", path.display());
            assert_eq!(findings.verdict().outcome, Outcome::Pass, "{place}: {:?}", findings.verdict());
            assert_eq!(findings.counters, counters(&recording["expected"]), "{place}");
        }
    }
}

#[test]
fn a_historic_tree_completes_exactly_or_blocks_inside_one_static_cycle_and_the_new_rule_always_completes() {
    let trees = golden("seed-test-");
    assert_eq!(trees.len(), 8);
    for (path, recording) in trees {
        let plan = tree_plan(&path);
        let cycles = static_cycles(&plan.tree);
        let new_rule = recording["rule"] == "new";
        assert_eq!(cycles.is_empty(), new_rule, "{}", path.display());
        for seed in 0..10 {
            let findings = findings(&plan, seed).expect("a node that is up");

            let place = format!("{} seed {seed}", path.display());
            let verdict = findings.verdict();
            let blocked = verdict.signature.starts_with("restate/deadlock/") && !new_rule;
            assert!(verdict.outcome == Outcome::Pass || blocked, "{place}: {verdict:?}");
            for ring in &findings.rings {
                let keys: Vec<i32> = ring.split('>').map(|key| key.parse().expect("a key")).collect();
                assert!(cycles.iter().any(|cycle| keys.iter().all(|key| cycle.contains(key))), "{place}: {ring}");
            }
        }
    }
}
