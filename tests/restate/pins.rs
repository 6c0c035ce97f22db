//! Outcomes that hang on every part of the model, pinned: a change of one number here is a change of the model.

use kernel::verdict::Outcome;
use relapse::systems::restate::{Plan, look};

use crate::{plan, root, tree_plan};

/// Runs of the job that the headline of the README counts.
const RUNS: u64 = 60;

/// How many of those end in its ring.
const BLOCKED: usize = 20;

/// The digest of one run: the golden tree D10, seed 0.
const DIGEST: u128 = 0xbe3b_1011_7900_e875_cb9d_60a0_8ed7_63df;

const IF_ON_PURPOSE: &str = "the runs have changed. If that was not meant, find out what did it (`relapse prove SCENARIO \
    --against` the binary of before names the first event that differs). If it was, write the new number into \
    tests/restate/pins.rs; if the count has changed and not the digest alone, make the tables of docs/ again with the \
    commands that stand there, and correct the rates in the README";

fn headline() -> Plan {
    plan("verification.toml", &["workload.job=test-28113175"])
}

#[test]
fn the_headline_job_blocks_in_as_many_runs_as_ever() {
    let plan = headline();
    let ring = |seed: &u64| {
        let verdict = look(&plan, *seed).verdict;
        let blocks = verdict.outcome == Outcome::Fail;
        assert!(!blocks || verdict.detail == "ring 566>956", "seed {seed}: {verdict:?}");
        blocks
    };

    let blocked = (0..RUNS).filter(ring).count();

    assert_eq!(blocked, BLOCKED, "of {RUNS} runs: {IF_ON_PURPOSE}");
}

#[test]
fn one_run_has_the_digest_that_it_always_had() {
    let plan = tree_plan(&root().join("tests/golden/restate/D10-victims-free-keys.json"));

    let digest = look(&plan, 0).digest;

    assert_eq!(format!("{digest:032x}"), format!("{DIGEST:032x}"), "{IF_ON_PURPOSE}");
}
