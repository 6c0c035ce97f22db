//! Faults that outlast the run: whoever waits for what is not at work has not got stuck, whatever keeps it from working.

use kernel::verdict::{Outcome, Verdict};
use relapse::systems::restate::{Plan, look};

use crate::{fixture, root, seen};

/// The service pods' fixture, with this done to a node at the n-th attempt for so long.
fn plan(what: &str, node: &str, nth: u64, lasts: &str, sets: &[&str]) -> Plan {
    let told = [
        format!("fault.0.do={{ {what} = {{ node = \"{node}\" }} }}"),
        format!("fault.0.on.nth={nth}"),
        format!("fault.0.for={lasts}"),
    ];
    let sets: Vec<&str> = told.iter().map(String::as_str).chain(sets.iter().copied()).collect();
    fixture("endpoint-kill.toml", &sets)
}

fn said(verdict: &Verdict) -> (Outcome, &str) {
    (verdict.outcome, &verdict.signature)
}

#[test]
fn an_endpoint_that_is_away_for_longer_than_the_run_leaves_nothing_stuck() {
    for what in ["kill", "pause", "hang"] {
        for nth in 1..=12 {
            // The last pod stays away; the run has half an hour.
            let plan = plan(what, "endpoints", nth, "2h", &["cluster.endpoints=1"]);

            let verdict = look(&plan, nth).verdict;

            let expected = (Outcome::Inconclusive, "restate/faults-not-over/endpoint");
            assert_eq!(said(&verdict), expected, "{what} at attempt {nth}: {verdict:?}");
        }
    }
}

#[test]
fn it_goes_on_when_the_fault_ends_within_the_run() {
    for what in ["kill", "pause", "hang"] {
        for nth in 1..=12 {
            let (findings, verdict) = seen(&plan(what, "endpoints", nth, "90s", &["cluster.endpoints=1"]), nth);

            assert!(findings.differences.is_empty() && findings.locked.is_empty(), "{what} at {nth}: {verdict:?}");
            assert!(matches!(verdict.outcome, Outcome::Pass), "{what} at {nth}: {verdict:?}");
        }
    }
}

#[test]
fn a_server_or_a_driver_that_is_away_is_not_judged_either() {
    for what in ["kill", "pause", "hang"] {
        for node in ["server", "driver"] {
            let verdict = look(&plan(what, node, 4, "2h", &[]), 1).verdict;

            let signature = format!("restate/faults-not-over/{node}");
            assert_eq!(said(&verdict), (Outcome::Inconclusive, &*signature), "{what}: {verdict:?}");
        }
    }
}

#[test]
fn a_ring_is_one_although_a_fault_has_yet_to_end() {
    let tree = root().join("tests/golden/restate/D10-victims-free-keys.json");
    let tree = format!("workload.tree={}", tree.display());
    for what in ["kill", "pause", "hang"] {
        // The ring has closed by the time that the last call of the tree is invoked; three pods of four are away.
        let plan = plan(what, "endpoint-1", 3, "2h", &[&tree, "workload.pods=1", "workload.verify=false"]);

        let rings: Vec<_> = (0..20).map(|seed| look(&plan, seed).verdict).collect();

        for verdict in &rings {
            assert!(
                matches!(said(verdict), (Outcome::Fail, "restate/deadlock/ring-of-2") | (Outcome::Inconclusive, _)),
                "{what}: {verdict:?}"
            );
        }
        assert!(rings.iter().any(|verdict| verdict.outcome == Outcome::Fail), "{what}: {rings:?}");
    }
}
