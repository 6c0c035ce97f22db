//! Clusters of model Zeebe brokers under drawn faults, as `relapse run` runs them: a slice of what `docs/zeebe.md` reports.

use std::path::PathBuf;

use explore::{RunResult, Runner};
use kernel::verdict::Outcome;
use relapse::host::Host;
use relapse::scenario::Scenario;
use relapse::scenario::edit::Edit;
use relapse::systems::zeebe::{Plan, ZeebeRunner};

/// Runs under faults that must be clean with every fix on.
const CLEAN_RUNS: u64 = 24;

fn plan(scenario: &str, sets: &[&str]) -> Plan {
    let edits: Vec<Edit> = sets.iter().map(|set| Edit::set(set).expect("a set that parses")).collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios/zeebe").join(scenario);
    Plan::of(&Scenario::load(&path, &edits).expect("a scenario that loads")).expect("a plan")
}

fn run(plan: &Plan, seed: u64) -> RunResult {
    ZeebeRunner { host: Host::Plain }.run(plan, seed, &mut ())
}

#[test]
fn with_every_fix_on_nothing_is_found_under_faults() {
    let plan = plan("soak.toml", &[]);
    for seed in 0..CLEAN_RUNS {
        let RunResult { verdict, cost, .. } = run(&plan, seed);
        assert_eq!(verdict.outcome, Outcome::Pass, "seed {seed}: {} {:#?}", verdict.signature, verdict.story);
        assert!(cost.operations > 5_000, "seed {seed}: {cost:?}");
    }
}

/// What the drawn faults find in releases: profile, preset, the first seed that finds it, how it fails, and what cures it. A model or a
/// profile that was changed on purpose finds it with another seed: `relapse run zeebe-soak --set preset=.. --seeds 0..300`.
const FOUND: &[(&str, &str, u64, &str, &str)] = &[
    ("soak.toml", "0.24.4", 14, "zeebe/inconsistent-reprocessing/intent", "fix_5760"),
    ("soak.toml", "0.24.6", 0, "zeebe/deployment-lost", "fix_pending_replay"),
    ("chaos-day.toml", "0.24.4", 31, "zeebe/inconsistent-reprocessing/intent", "fix_5760"),
];

#[test]
fn releases_are_found_out_by_faults_that_nobody_aimed_and_cured_by_their_fix() {
    for (profile, preset, seed, signature, cure) in FOUND {
        let preset = format!("preset={preset}");
        let found = run(&plan(profile, &[&preset]), *seed).verdict;
        assert_eq!((found.outcome, &*found.signature), (Outcome::Fail, *signature), "{preset}: {found:#?}");
        for cured in [&[&*preset, &*format!("toggles.{cure}=on")][..], &["preset=fixed"]] {
            let verdict = run(&plan(profile, cured), *seed).verdict;
            assert_eq!(verdict.outcome, Outcome::Pass, "{cured:?}: {verdict:#?}");
        }
    }
}

#[test]
fn a_quiet_cluster_passes_whatever_its_release() {
    for preset in ["0.24.3", "0.24.4", "0.24.6", "0.26.0", "fixed"] {
        let plan = plan("quiet.toml", &[&format!("preset={preset}"), "duration=3m"]);
        for seed in 0..3 {
            let RunResult { verdict, .. } = run(&plan, seed);
            assert_eq!(
                verdict.outcome,
                Outcome::Pass,
                "{preset}, seed {seed}: {} {:#?}",
                verdict.signature,
                verdict.story
            );
        }
    }
}

#[test]
fn what_a_worker_never_completes_is_found_to_be_stuck() {
    let sets = ["duration=4m", "workload.job_takes=1h", "workload.job_timeout=2h", "workload.instances=100"];
    let verdict = run(&plan("quiet.toml", &sets), 1).verdict;

    assert_eq!((verdict.outcome, &*verdict.signature), (Outcome::Fail, "zeebe/instance-stuck"), "{verdict:#?}");
}

/// A Raft member whose disk is full goes inactive and stays so: with two of three the partition is not led any more.
#[test]
fn a_cluster_that_does_not_come_back_is_found_and_what_it_waits_for_is_named() {
    let full = "fault=[{at = \"60s\", do = {disk-full = {node = [\"broker-0\", \"broker-1\"]}}, for = \"5s\"}]";
    let verdict = run(&plan("quiet.toml", &["duration=4m", full]), 1).verdict;

    assert_eq!((verdict.outcome, &*verdict.signature), (Outcome::Fail, "zeebe/no-progress/no-leader"), "{verdict:#?}");
}

#[test]
fn without_time_for_the_cluster_to_come_back_a_run_is_inconclusive() {
    let kill = "fault=[{at = \"90s\", do = {kill = {node = \"brokers\"}}, for = \"29s\"}]";
    let verdict = run(&plan("quiet.toml", &["duration=2m", kill]), 1).verdict;

    assert_eq!((verdict.outcome, &*verdict.signature), (Outcome::Inconclusive, "zeebe/too-little-calm"));
}

/// A leader of partition 1 that dies for good of a fault that has no end: nothing is judged to be lost.
#[test]
fn a_fault_in_force_at_the_end_makes_a_run_inconclusive() {
    let cut = "fault=[{at = \"60s\", do = {isolate = {node = \"leader-of(1)\", from = \"all\"}}}]";
    let verdict = run(&plan("quiet.toml", &["duration=3m", cut]), 1).verdict;

    assert_eq!((verdict.outcome, &*verdict.signature), (Outcome::Inconclusive, "zeebe/faults-not-over"));
}

#[test]
fn leaders_and_followers_are_resolved_when_a_fault_strikes() {
    let kill = "fault=[{at = \"60s\", do = {kill = {node = \"leader-of(2)\"}}, for = \"10s\"}, \
                {at = \"90s\", do = {pause = {node = \"followers-of(2)\"}}, for = \"1s\"}]";
    let verdict = run(&plan("quiet.toml", &["duration=4m", kill]), 1).verdict;

    assert_eq!(verdict.outcome, Outcome::Pass, "{verdict:#?}");
    let told = |what: &str| verdict.story.iter().filter(|line| line.contains(what)).count();
    assert_eq!((told("1 processes"), told("2 processes")), (1, 1), "{verdict:#?}");
}

mod fewer;
mod older_snapshot;
mod real_soak;
mod recorded;
mod store_errors;
mod twins;
mod watched;
mod zombie;
