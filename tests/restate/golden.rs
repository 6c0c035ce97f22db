//! Every golden tree, over 200 seeds: the required outcomes are reached by every schedule, to the counter.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use checks::restate::job::Findings;
use kernel::verdict::Outcome;
use restate::workload::static_cycles;
use serde_json::Value;

use crate::{root, seen, tree_plan};

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
            let (findings, verdict) = seen(&plan, seed);

            let place = format!("{} seed {seed}", path.display());
            assert!(verdict.signature.starts_with("restate/deadlock/"), "{place}: {verdict:?}");
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
            let (findings, verdict) = seen(&plan, seed);

            let place = format!("{} seed {seed}", path.display());
            assert_eq!(verdict.outcome, Outcome::Pass, "{place}: {verdict:?}");
            assert_eq!(findings.counters, counters(&recording["expected"]), "{place}");
        }
    }
}

/// A historic tree by the rule of its time: what every schedule must come to, and what the real server has shown that
/// some schedule comes to. How often it blocks is the schedule's, so that "0 blocked" there forbids nothing here.
#[track_caller]
fn completes_exactly_or_blocks_as_recorded(job: &str, rule: &str) {
    let [(path, recording)] = &golden(&format!("seed-test-{job}-{rule}-"))[..] else { panic!("one tree") };
    let plan = tree_plan(path);
    let cycles = static_cycles(&plan.tree);
    assert_eq!(cycles.is_empty(), rule == "new");
    let expected = counters(&recording["expected"]);
    let mut rings_seen = BTreeSet::new();
    for seed in 0..SEEDS {
        let (findings, verdict) = seen(&plan, seed);

        let rings = &findings.rings;
        if rings.is_empty() {
            assert_eq!((verdict.outcome, &findings.counters), (Outcome::Pass, &expected), "seed {seed}: {verdict:?}");
        } else {
            assert!(verdict.signature.starts_with("restate/deadlock/"), "seed {seed}: {verdict:?}");
            assert!(findings.differences.values().all(|(wanted, found)| found < wanted), "seed {seed}: {verdict:?}");
        }
        for ring in rings {
            let keys: Vec<i32> = ring.split('>').map(|key| key.parse().expect("a key")).collect();
            let inside = |cycle: &Vec<i32>| keys.iter().all(|key| cycle.contains(key));
            assert!(cycles.iter().any(inside), "seed {seed}: {ring} in {cycles:?}");
        }
        rings_seen.extend(rings.iter().cloned());
    }
    let observed = recording["observed"].as_array().expect("runs").iter();
    let recorded = observed.flat_map(|run| run["cycles"].as_array().cloned().unwrap_or_default());
    let recorded: BTreeSet<String> = recorded.filter_map(|ring| ring.as_str().map(str::to_owned)).collect();
    assert_eq!(recorded.is_empty(), recording["summary"]["blocked"] == 0, "each blocked run has its ring");
    let unseen: Vec<&String> = recorded.difference(&rings_seen).collect();
    assert!(unseen.is_empty(), "no schedule blocked as the real server did: {unseen:?} is not in {rings_seen:?}");
}

/// A test for each, so that they share the cores.
macro_rules! historic_trees {
    ($($name:ident: $job:literal $rule:literal,)*) => {
        $(#[test]
        fn $name() {
            completes_exactly_or_blocks_as_recorded($job, $rule);
        })*

        #[test]
        fn every_historic_tree_has_its_test() {
            let tested: BTreeSet<&str> = [$(concat!("seed-test-", $job, "-", $rule, "-w4d14-5000.json")),*].into();
            let there = golden("seed-test-").into_iter().map(|(path, _)| path);
            let there: BTreeSet<String> = there.map(|path| path.file_name().expect("a file").display().to_string()).collect();
            assert_eq!(tested, there.iter().map(String::as_str).collect());
        }
    };
}

historic_trees! {
    job_28113175_by_the_old_rule: "28113175" "old",
    job_28113361_by_the_old_rule: "28113361" "old",
    job_28113753_by_the_old_rule: "28113753" "old",
    job_28113838_by_the_old_rule: "28113838" "old",
    job_28114121_by_the_old_rule: "28114121" "old",
    job_28113175_by_the_new_rule_always_completes: "28113175" "new",
    job_28114060_by_the_new_rule_always_completes: "28114060" "new",
    job_28114121_by_the_new_rule_always_completes: "28114121" "new",
}
