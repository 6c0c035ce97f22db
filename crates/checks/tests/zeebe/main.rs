//! Clusters under kills and restarts, with all checks: mended they are clean, and each defect is found.

mod stage;
mod wiring;

use relapse_checks::zeebe::{Checks, Marks, Violation};
use std::sync::Arc;
use zeebe::settings::Toggles;

/// All that a run breaks, its marks, and the notes of its silent divergences.
fn findings(seed: u64, toggles: &Toggles) -> (Vec<Violation>, Marks, Vec<Violation>) {
    let settings = Arc::new(stage::settings(toggles.clone()));
    let mut checks = Checks::new(&settings);
    let world = stage::run(seed, &settings, &mut checks);
    let at_end = checks.at_end(&world, stage::CALM);
    (checks.broken().iter().cloned().chain(at_end).collect(), checks.marks(), checks.divergences())
}

/// Whether a finding of this signature comes within so many seeds.
fn is_found(signature: &str, toggles: &Toggles, seeds: u64) -> bool {
    let is_it = |violation: &Violation| violation.signature == signature;
    (0..seeds).any(|seed| findings(seed, toggles).0.iter().any(is_it))
}

/// Every fix on, but for this one.
fn without(fix: &str) -> Toggles {
    let mut toggles = Toggles::preset("fixed").expect("a preset");
    assert!(toggles.set(fix, false), "{fix}");
    toggles
}

#[test]
fn mended_nothing_is_found_and_much_happens() {
    let toggles = Toggles::preset("fixed").expect("a preset");
    let mut total = Marks::default();
    for seed in 0..20 {
        let (found, marks, divergences) = findings(seed, &toggles);
        assert!(found.is_empty() && divergences.is_empty(), "{seed}: {found:?} {divergences:?}");
        assert!(marks.deployments >= 30 && marks.distributed >= marks.deployments, "{seed}: {marks:?}");
        assert!(marks.instances > 350 && marks.completed >= marks.instances, "{seed}: {marks:?}");
        assert!(marks.elections > 3 && marks.snapshots > 20 && marks.replays > 1, "{seed}: {marks:?}");
        total.compared += marks.compared;
        total.installs += marks.installs;
        total.starts_from_snapshots += marks.starts_from_snapshots;
        total.truncations += marks.truncations;
    }
    let enough = total.compared > 20_000 && total.installs > 20 && total.starts_from_snapshots > 60;
    assert!(enough && total.truncations > 20, "{total:?}");
}

#[test]
fn replicas_with_older_snapshots_die_of_deployments_that_came_twice() {
    let signature = "zeebe/inconsistent-reprocessing/intent";

    assert!(is_found(signature, &Toggles::preset("0.24.4").expect("a preset"), 60));
    assert!(is_found(signature, &without("fix_5760"), 60));
}

#[test]
fn a_deployment_that_is_noted_after_the_commit_only_is_lost() {
    let signature = "zeebe/deployment-lost";

    assert!(is_found(signature, &Toggles::preset("0.24.6").expect("a preset"), 30));
    assert!(is_found(signature, &without("fix_pending_replay"), 30));
}

/// The release before the mend met the same logs and looked the other way.
#[test]
fn where_nobody_looks_the_ledger_has_what_would_have_been_found() {
    let toggles = Toggles::preset("0.24.5").expect("a preset");
    let (mut diverged, mut died) = (0, 0);
    for seed in 0..20 {
        let (_, marks, notes) = findings(seed, &toggles);
        diverged += notes.iter().map(|note| note.story.len()).sum::<usize>();
        died += marks.deaths;
    }
    assert!(diverged > 10 && died == 0, "{diverged} {died}");
}
