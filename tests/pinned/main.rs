//! A scenario of one seed's own is the run of that seed: to the digest, from the text alone.

mod fuzz;

use std::path::Path;

use explore::RunResult;
use relapse::host::Host;
use relapse::registry::{self, pinned};
use relapse::scenario::Scenario;
use relapse::scenario::edit::Edit;

fn load(scenario: &str, sets: &[&str]) -> Scenario {
    let edits: Vec<Edit> = sets.iter().map(|set| Edit::set(set).expect("a set that parses")).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(scenario);
    Scenario::load(&path, &edits).expect("a scenario that loads")
}

fn run(scenario: &Scenario, seed: u64) -> RunResult {
    let runner = registry::runner(scenario, Host::BUILT).expect("its files are there");
    let mut result = None;
    runner.each(&mut std::iter::once(seed), &mut |_, one| result = Some(one));
    result.expect("one seed was asked for")
}

/// The pinned scenario's text.
fn holds_for(scenario: &str, sets: &[&str], seed: u64) -> String {
    let scenario = load(scenario, sets);
    let own = pinned(&scenario, seed).unwrap_or_else(|error| panic!("{error:?}"));

    let (expected, found) = (run(&scenario, seed), run(&own, seed));
    assert_eq!((found.digest, found.cost), (expected.digest, expected.cost), "{} seed {seed}", scenario.name);
    assert_eq!(found.verdict.signature, expected.verdict.signature);
    let again = pinned(&own, seed).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(again.document.to_toml(), own.document.to_toml(), "there is nothing left to be drawn");
    own.document.to_toml()
}

#[test]
fn runs_of_clusters_are_pinned_with_their_faults_and_what_is_drawn_beside() {
    let short = ["duration=5m", "profile.until=4m", "profile.swarm=false"];
    for seed in [0, 7] {
        let text = holds_for("zeebe/soak.toml", &short, seed);
        assert!(text.contains("[[fault]]") && text.contains("deployments = ["), "{text}");
        assert!(!text.contains("profile") && !text.contains("deploy_every"), "{text}");
    }
    holds_for("zeebe/chaos-day.toml", &short, 3);
    holds_for("zeebe/real-soak.toml", &short, 1);
    let by_hand = "workload.by_hand=[{at=\"20s\", instances=3}, {at=\"40s\"}]";
    let text = holds_for("zeebe/soak.toml", &[&short[..], &[by_hand]].concat(), 2);
    assert!(text.contains("by_hand"), "{text}");
}

#[test]
fn scripted_clusters_are_pinned() {
    holds_for("zeebe/issue-5688.toml", &[], 9);
    holds_for("zeebe/issue-3124.toml", &["duration=2m"], 1);
    holds_for("zeebe/cache-rollback-r2.toml", &[], 0);
}

#[test]
fn raft_groups_are_pinned_with_their_drawn_faults() {
    for seed in 0..20 {
        holds_for("raft/three.toml", &["duration=30s"], seed);
    }
    holds_for("raft/five.toml", &["duration=30s", "toggles.faults=machines"], 4);
}

#[test]
fn restate_jobs_are_pinned_with_their_files() {
    let text = holds_for("restate/verification.toml", &[], 1);
    assert!(text.contains("job = "), "{text}");
    holds_for("restate/golden-tree.toml", &[], 0);
}
