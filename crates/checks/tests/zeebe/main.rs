//! Clusters under kills and restarts, with all checks: mended they are clean, and each defect is found.

mod stage;

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

#[test]
fn mended_nothing_is_found_and_much_happens() {
    let toggles = Toggles::preset("fixed").expect("a preset");
    let mut compacted = 0;
    for seed in 0..20 {
        let (found, marks, divergences) = findings(seed, &toggles);
        assert!(found.is_empty() && divergences.is_empty(), "{seed}: {found:?} {divergences:?}");
        let enough = marks.elections > 3
            && marks.replays > 1
            && marks.starts_from_snapshots > 1
            && marks.snapshots > 20
            && marks.compared > 500
            && marks.deployments == 14
            && marks.distributed >= 14
            && marks.instances > 450;
        assert!(enough, "{seed}: {marks:?}");
        assert_eq!(marks.completed, marks.instances, "{seed}: {marks:?}");
        compacted += marks.installs;
    }
    assert!(compacted > 10, "{compacted} snapshots were installed");
}
