//! The Restate server dies at any time and comes back: a job ends as it would have.

use faults::report::Phase;
use kernel::verdict::Outcome;
use relapse::systems::restate::Plan;
use restate::Process;
use restate::driver::Phase as Job;

use crate::golden::{counters, golden};
use crate::{Struck, fixture, struck};

const SEEDS: u64 = 50;

/// The commit after which the server of a seed dies: spread over the job.
fn kill_at(seed: u64, commits: u64) -> String {
    format!("fault.0.on.nth={}", 1 + seed * commits / SEEDS)
}

#[track_caller]
fn assert_killed(plan: &Plan, seed: u64) -> Struck {
    let struck = struck(plan, seed);
    let reports = &struck.reports;
    assert_eq!((reports[0].phase, &reports[0].nothing), (Phase::Undone, &None), "seed {seed}: {:?}", reports[0]);
    assert_eq!(reports[0].effects.processes, 1, "seed {seed}: {:?}", reports[0]);
    struck
}

#[test]
fn a_job_whose_server_dies_at_any_time_ends_with_exact_counters() {
    let mut inputs_lost = 0;
    for seed in 0..SEEDS {
        let plan = fixture("server-kill.toml", &[&kill_at(seed, 130)]);

        let Struck { world, reports, findings, verdict } = assert_killed(&plan, seed);

        inputs_lost += reports[0].effects.inputs;
        let findings = findings.expect("a node that is up");
        assert_eq!(verdict.outcome, Outcome::Pass, "seed {seed}: {verdict:?}");
        assert!(findings.differences.is_empty() && !findings.counters.is_empty(), "seed {seed}");
        let Some(Process::Driver(driver)) = world.node(plan.driver()) else { panic!("the driver is up") };
        assert_eq!(driver.phase, Job::Succeeded, "seed {seed}: {:?}", driver.lines);
    }
    assert!(inputs_lost > 0, "no kill caught the server at work");
}

#[test]
fn a_job_that_deadlocks_does_so_in_the_same_ring_whenever_its_server_dies() {
    let [(path, recording)] = &golden("D10-")[..] else { panic!("one tree") };
    let counters = counters(&recording["observed"][0]["counters"]);
    let tree = format!("workload.tree={}", path.display());
    for seed in 0..SEEDS {
        let sets = [&tree, "workload.pods=1", "workload.verify=false", &kill_at(seed, 24)];
        let plan = fixture("server-kill.toml", &sets);

        let Struck { findings, verdict, .. } = assert_killed(&plan, seed);

        let findings = findings.expect("a node that is up");
        assert_eq!(findings.rings, ["5>7"], "seed {seed}: {verdict:?}");
        assert_eq!(verdict.signature, "restate/deadlock/ring-of-2", "seed {seed}");
        assert_eq!(findings.counters, counters, "seed {seed}");
    }
}
