//! Suspension changes nothing that a job can see, and the check that guards it bites.

use kernel::verdict::Outcome;
use relapse::systems::restate::look;

use crate::plan;

#[test]
fn outcomes_are_the_same_under_any_suspension_time_out() {
    for after in ["0s", "5ms", "1s", "1h"] {
        let sets = [
            &format!("cluster.sdk_suspends_after={after}"),
            "toggles.generator=increasing-targets",
            "workload.depth=11",
        ];
        let plan = plan("verification.toml", &sets.map(|set: &str| set));
        for seed in 0..4 {
            let verdict = look(&plan, seed).verdict;
            assert_eq!(verdict.outcome, Outcome::Pass, "{after} seed {seed}: {verdict:?}");
        }
    }
}

#[test]
fn without_the_resumable_check_a_wake_up_is_lost_and_with_it_none_is() {
    // The SDK suspends at once, so that completions overtake suspensions.
    let sets =
        |check| ["cluster.sdk_suspends_after=0s", "toggles.generator=increasing-targets", "workload.depth=11", check];
    let stuck = |check| {
        let plan = plan("verification.toml", &sets(check));
        let signature = |seed| look(&plan, seed).verdict.signature;
        (0..20).filter(|seed| signature(*seed) == "restate/stuck-without-ring").count()
    };

    assert!(stuck("toggles.resumable_check=off") > 0);
    assert_eq!(stuck("toggles.resumable_check=on"), 0);
}
