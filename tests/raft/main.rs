//! Raft groups under drawn faults: clean where upstream's known defects are off, and every planted mistake found.
//!
//! A slice of what `docs/raft.md` reports; the seeds that find a mutation are those of its table.

use std::path::PathBuf;

use explore::{RunResult, Runner};
use kernel::verdict::Outcome;
use relapse::host::Host;
use relapse::scenario::Scenario;
use relapse::scenario::edit::Edit;
use relapse::systems::raft::{Plan, RaftRunner};

/// Runs of each scenario that must be clean.
const CLEAN_RUNS: u64 = 500;

fn plan(scenario: &str, sets: &[&str]) -> Plan {
    let edits: Vec<Edit> = sets.iter().map(|set| Edit::set(set).expect("a set that parses")).collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/raft").join(scenario);
    Plan::of(&Scenario::load(&path, &edits).expect("a scenario that loads")).expect("a plan")
}

fn run(plan: &Plan, seed: u64) -> RunResult {
    RaftRunner { host: Host::Plain }.run(plan, seed, &mut ())
}

/// Some seeds draw only faults that meet nothing, such as clocks that are set off: those runs have tested nothing.
fn assert_clean(plan: &Plan) {
    let mut vacuous = 0;
    for seed in 0..CLEAN_RUNS {
        let RunResult { verdict, .. } = run(plan, seed);
        if verdict.signature == "vacuous/faults" {
            vacuous += 1;
        } else {
            assert_eq!(verdict.outcome, Outcome::Pass, "seed {seed}: {} {:#?}", verdict.signature, verdict.story);
        }
    }
    assert!(vacuous <= CLEAN_RUNS / 20, "{vacuous} of {CLEAN_RUNS} tested nothing");
}

#[test]
fn three_members_stay_safe() {
    assert_clean(&plan("three.toml", &[]));
}

#[test]
fn five_members_stay_safe() {
    assert_clean(&plan("five.toml", &[]));
}

/// Mutation, scenario, the first seed that finds it (as `docs/raft.md` has it), and the check that does.
const FOUND: &[(&str, &str, u64, &str)] = &[
    ("vote-twice", "three.toml", 34, "raft/election-safety"),
    ("forget-vote", "three.toml", 5433, "raft/election-safety"),
    ("skip-up-to-date", "three.toml", 0, "raft/leader-completeness"),
    ("commit-old-term", "three.toml", 0, "raft/commit-of-own-term"),
    ("commit-minority", "three.toml", 0, "raft/leader-completeness"),
    ("commit-beyond-match", "three.toml", 6, "raft/state-machine-safety"),
    ("truncate-committed", "three.toml", 0, "raft/leader-completeness"),
    ("ignore-previous", "three.toml", 1, "raft/log-matching"),
    ("answer-before-sync", "three.toml", 7, "raft/leader-completeness"),
    ("keep-leading", "three.toml", 3, "raft/leader-append-only"),
    ("snapshot-cuts-log", "three.toml", 3, "raft/commit-monotonic"),
    ("announce-early", "three.toml", 0, "raft/leader-announced"),
];

#[test]
fn every_planted_mistake_is_found_by_a_check() {
    assert_eq!(FOUND.len() + 1, raft::Mutation::ALL.len(), "a mutation that nobody looks for");
    for (mutation, scenario, seed, check) in FOUND {
        let mutated = run(&plan(scenario, &[&format!("toggles.mutation={mutation}")]), *seed).verdict;
        let sound = run(&plan(scenario, &[]), *seed).verdict;

        assert_eq!((mutated.outcome, &*mutated.signature), (Outcome::Fail, *check), "{mutation}, seed {seed}");
        assert_eq!(sound.outcome, Outcome::Pass, "seed {seed} without {mutation}");
    }
}

#[test]
fn upstream_loses_committed_entries_when_machines_die_and_not_when_processes_do() {
    let machines = plan("three.toml", &["toggles.flush=on-commit"]);
    let fails = (0..CLEAN_RUNS).filter(|seed| run(&machines, *seed).verdict.outcome == Outcome::Fail).count();
    assert!(fails > 0, "no run of {CLEAN_RUNS} lost anything");

    assert_clean(&plan("three.toml", &["toggles.flush=on-commit", "toggles.faults=processes"]));
}

#[test]
fn a_run_is_the_same_run_when_it_is_made_again() {
    let plan = plan("three.toml", &[]);

    let once: Vec<u128> = (0..8).map(|seed| run(&plan, seed).digest).collect();
    let again: Vec<u128> = (0..8).rev().map(|seed| run(&plan, seed).digest).collect();

    assert!(once.iter().eq(again.iter().rev()));
    assert!(once.windows(2).all(|pair| pair[0] != pair[1]));
}
