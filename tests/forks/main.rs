//! A run that forks shares all events before the fork with the run of its seed, and none of its futures is another's.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use explore::Lot;
use kernel::identity::{Nanos, SECONDS};
use relapse::host::Host;
use relapse::registry::{self, DynRunner, ReplayRequest};
use relapse::scenario::Scenario;
use relapse::scenario::edit::Edit;
use serde::Deserialize;

#[derive(Deserialize)]
struct At {
    at_ns: Nanos,
}

/// Digest and trace of a run.
fn run(runner: &dyn DynRunner, lot: Lot) -> (u128, Vec<String>) {
    let mut lines = Vec::new();
    let request = ReplayRequest { lot, trace: Some(&mut lines), stop: &AtomicBool::new(false) };
    let shown = runner.replay(request).expect("memory takes all");
    assert_ne!(shown.result.verdict.signature, "divergence/shown");
    (shown.result.digest, String::from_utf8(lines).expect("lines are text").lines().map(str::to_owned).collect())
}

fn before(lines: &[String], at: Nanos) -> &[String] {
    let is_before = |line: &&String| serde_json::from_str::<At>(line).expect("an event has a time").at_ns < at;
    &lines[..lines.iter().take_while(is_before).count()]
}

fn holds_for(scenario: &str, sets: &[&str], at: Nanos) {
    let edits: Vec<Edit> = sets.iter().map(|set| Edit::set(set).expect("a set that parses")).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(scenario);
    let scenario = Scenario::load(&path, &edits).expect("a scenario that loads");
    let runner = registry::runner(&scenario, Host::BUILT).expect("its files are there");
    let seed = 3;

    let (digest, lines) = run(&*runner, seed.into());
    let (one, one_lines) = run(&*runner, Lot::forked(seed, at, 1));
    let (again, again_lines) = run(&*runner, Lot::forked(seed, at, 1));
    let (two, two_lines) = run(&*runner, Lot::forked(seed, at, 2));

    assert_eq!((one, &one_lines), (again, &again_lines));
    assert!(digest != one && digest != two && one != two, "{digest:032x} {one:032x} {two:032x}");
    let shared = before(&lines, at);
    assert!(shared.len() > 1_000, "only {} events are before the fork", shared.len());
    assert!(before(&one_lines, at) == shared && before(&two_lines, at) == shared, "the past is not shared");
    let differs = lines.iter().zip(&one_lines).position(|(one, other)| one != other).expect("the futures differ");
    assert!(differs >= shared.len());
    assert_eq!(run(&*runner, Lot::forked(seed, Nanos::MAX, 1)).0, digest, "a fork after the end changes nothing");
    let (from_the_start, start_lines) = run(&*runner, Lot::forked(seed, 0, 1));
    assert!(from_the_start != digest && start_lines[0] == lines[0], "what does not depend on dice stays");
}

#[test]
fn runs_of_restate_fork() {
    holds_for("restate/verification.toml", &[], SECONDS / 2);
}

#[test]
fn runs_of_raft_fork() {
    holds_for("raft/three.toml", &[], 20 * SECONDS);
}

#[test]
fn runs_of_zeebe_fork_with_their_faults() {
    holds_for("zeebe/soak.toml", &["duration=40s", "profile.from=5s", "profile.until=30s"], 15 * SECONDS);
}
