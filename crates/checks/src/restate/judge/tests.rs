//! Every line of the judgement, on findings made by hand.

use super::*;
use crate::restate::hand_made::{held, quiet};
use kernel::identity::NodeId;
use std::collections::BTreeMap;

const ENDS: [Option<Stop>; 5] = [Some(Stop::Idle), Some(Stop::Time), Some(Stop::Events), Some(Stop::Wall), None];
const DOWN: [&str; 4] = ["down", "paused", "hung", "ended"];

/// Nothing of the job was done, and a pod waits.
fn untouched() -> Findings {
    let (counters, differences) = (BTreeMap::new(), BTreeMap::from([(1, (2, 0))]));
    Findings { counters, differences, pods: Some(Phase::Executing), ..quiet() }
}

fn stuck() -> Findings {
    Findings { verifier_held: true, ..untouched() }
}

fn blocked() -> Findings {
    Findings { rings: vec!["5>7".into()], locked: held(5), ..untouched() }
}

fn judged(findings: Option<&Findings>, down: &[Down], ended: Option<Stop>) -> Verdict {
    verdict(findings, down, ended, || Verdict::new(Outcome::Inconclusive, "budget/some", Vec::new()))
}

fn said(findings: Option<&Findings>, down: &[Down], ended: Option<Stop>) -> (Outcome, String) {
    let verdict = judged(findings, down, ended);
    (verdict.outcome, verdict.signature)
}

/// What findings come to when nothing is left to happen.
fn at_end(findings: &Findings) -> (Outcome, String) {
    said(Some(findings), &[], Some(Stop::Idle))
}

fn down(role: Part, how: &'static str) -> [Down; 1] {
    [Down { role, node: NodeId(0), how }]
}

fn inconclusive(signature: &str) -> (Outcome, String) {
    (Outcome::Inconclusive, signature.to_owned())
}

fn fail(signature: &str) -> (Outcome, String) {
    (Outcome::Fail, signature.to_owned())
}

#[test]
fn an_exact_end_is_a_pass() {
    let verdict = judged(Some(&quiet()), &[], Some(Stop::Idle));

    assert_eq!((verdict.outcome, &*verdict.signature, &*verdict.detail), (Outcome::Pass, "", "exact"));
    assert_eq!(verdict.story, ["exact: 1 counters"]);
}

#[test]
fn every_way_to_fail_has_a_signature_of_its_own() {
    assert_eq!(at_end(&blocked()), fail("restate/deadlock/ring-of-2"));
    let rings = vec!["1>2>3".into(), "5>7".into()];
    assert_eq!(at_end(&Findings { rings, ..blocked() }), fail("restate/deadlock/ring-of-2+3"));
    assert_eq!(at_end(&Findings { locked: held(5), ..quiet() }), fail(STUCK));
    assert_eq!(at_end(&Findings { verifier_held: true, ..quiet() }), fail(STUCK));
    assert_eq!(at_end(&Findings { orphaned_inboxes: vec![5], ..quiet() }), fail(INBOX));
    let differ = |pairs: &[(i32, (u32, u32))]| Findings { differences: pairs.iter().copied().collect(), ..quiet() };
    assert_eq!(at_end(&differ(&[(1, (2, 1))])), fail(LOST));
    assert_eq!(at_end(&differ(&[(1, (2, 3))])), fail(DOUBLED));
    assert_eq!(at_end(&differ(&[(1, (2, 3)), (2, (1, 0))])), fail(LOST_AND_DOUBLED));
}

#[test]
fn a_signature_that_may_be_expected_is_one_that_a_run_can_end_with() {
    let endings = [
        blocked(),
        stuck(),
        Findings { orphaned_inboxes: vec![5], ..quiet() },
        Findings { rows_left: BTreeMap::from([("outbox", 2)]), ..quiet() },
        Findings { differences: BTreeMap::from([(1, (2, 1))]), ..quiet() },
        Findings { differences: BTreeMap::from([(1, (2, 3))]), ..quiet() },
        Findings { differences: BTreeMap::from([(1, (2, 1)), (2, (2, 3))]), ..quiet() },
        Findings { pods: Some(Phase::GaveUp), ..quiet() },
        Findings { pods: Some(Phase::Executing), ..quiet() },
    ];
    let fits = |known: &str, said: &str| match known.strip_suffix('*') {
        Some(beginning) => said.starts_with(beginning),
        None => said == known,
    };

    assert_eq!(SIGNATURES.len(), endings.len());
    for (known, findings) in SIGNATURES.iter().zip(&endings) {
        let (outcome, signature) = at_end(findings);
        assert!(outcome == Outcome::Fail && fits(known, &signature), "{known}: {signature}");
    }
}

#[test]
fn rows_that_are_left_have_a_signature_and_name_their_tables() {
    let rows_left = BTreeMap::from([("outbox", 2), ("timers", 1)]);
    let short = BTreeMap::from([(1, (2, 1))]);
    let left = Findings { rows_left, differences: short, ..quiet() };

    assert_eq!(at_end(&left), fail(ROWS_LEFT), "what is left is why an increment is short");
    assert_eq!(judged(Some(&left), &[], Some(Stop::Idle)).detail, "outbox, timers");
    assert_eq!(at_end(&Findings { locked: held(5), ..left }), fail(STUCK));
}

#[test]
fn a_job_that_gave_up_or_waits_for_ever_has_not_passed_though_its_counters_are_exact() {
    let with = |pods| at_end(&Findings { pods, ..quiet() });

    assert_eq!(with(Some(Phase::GaveUp)), fail(GAVE_UP));
    assert_eq!(with(Some(Phase::Executing)), fail(POD_WAITS));
    assert_eq!(with(Some(Phase::Verifying)), fail(POD_WAITS));
    for pods in [Some(Phase::Succeeded), Some(Phase::Waiting), Some(Phase::Starting), None] {
        assert_eq!(with(pods.clone()), (Outcome::Pass, String::new()), "{pods:?}");
    }
    let lost = BTreeMap::from([(1, (2, 1))]);
    assert_eq!(at_end(&Findings { pods: Some(Phase::GaveUp), differences: lost, ..quiet() }), fail(LOST));
}

#[test]
fn a_tree_without_increments_passes_and_says_that_nothing_was_counted() {
    let countless = Findings { increments: 0, counters: BTreeMap::new(), ..quiet() };
    let verdict = judged(Some(&countless), &[], Some(Stop::Idle));

    assert_eq!((verdict.outcome, &*verdict.detail), (Outcome::Pass, NOTHING_COUNTED));
    assert!(verdict.story[0].contains("asks for no increment"), "{verdict:?}");
    assert_eq!(at_end(&Findings { locked: held(5), ..countless.clone() }), fail(STUCK));
    assert_eq!(at_end(&Findings { pods: Some(Phase::GaveUp), ..countless }), fail(GAVE_UP));
}

#[test]
fn a_job_without_a_name_is_vacuous_but_a_failure_stays_one() {
    let nameless = Findings { named: false, ..quiet() };

    assert_eq!(at_end(&nameless), (Outcome::Vacuous, NO_NAME.to_owned()));
    assert_eq!(at_end(&Findings { locked: held(5), ..nameless }), fail(STUCK));
}

#[test]
fn only_a_pass_is_called_exact() {
    let no_difference = [
        Findings { verifier_held: true, ..quiet() },
        Findings { locked: held(5), ..quiet() },
        Findings { orphaned_inboxes: vec![5], ..quiet() },
        Findings { rows_left: BTreeMap::from([("outbox", 2)]), ..quiet() },
        Findings { pods: Some(Phase::GaveUp), ..quiet() },
        Findings { named: false, ..quiet() },
        Findings { reachable: true, ..quiet() },
    ];
    for findings in no_difference {
        let verdict = judged(Some(&findings), &[], Some(Stop::Idle));

        assert_ne!(verdict.outcome, Outcome::Pass);
        let exact = verdict.story.iter().chain([&verdict.detail]).find(|line| line.starts_with("exact"));
        assert_eq!(exact, None, "{verdict:?}");
        assert!(verdict.story.contains(&"no counter differs, of 1".to_owned()), "{verdict:?}");
    }
}

#[test]
fn nothing_is_judged_while_something_can_still_happen() {
    for findings in [quiet(), untouched(), stuck(), blocked()] {
        let findings = Findings { reachable: true, ..findings };
        for ended in [Some(Stop::Time), Some(Stop::Events), Some(Stop::Wall), None] {
            assert_eq!(said(Some(&findings), &[], ended), inconclusive("budget/some"), "{ended:?}");
        }
        assert_eq!(at_end(&findings), (Outcome::SimulatorBug, UNREACHED.to_owned()));
    }
}

#[test]
fn a_server_that_is_not_at_work_at_the_end_gives_one_kind_of_verdict() {
    for how in DOWN {
        let down = down(Part::Server, how);
        for ended in [Some(Stop::Idle), Some(Stop::Time)] {
            for findings in [quiet(), untouched(), stuck(), blocked(), Findings { reachable: true, ..stuck() }] {
                let said = said(Some(&findings), &down, ended);
                assert_eq!(said, inconclusive("restate/faults-not-over/server"), "{ended:?} {how} {findings:?}");
            }
            assert_eq!(said(None, &down, ended), inconclusive("restate/faults-not-over/server"));
        }
        for ended in [Some(Stop::Wall), Some(Stop::Events), None] {
            assert_eq!(said(None, &down, ended), inconclusive("budget/some"));
            assert_eq!(said(Some(&stuck()), &down, ended), inconclusive("budget/some"));
        }
    }
}

#[test]
fn what_waits_for_an_endpoint_is_not_stuck_however_the_run_ends() {
    for how in DOWN {
        let down = down(Part::Endpoint, how);
        let said = |findings: &Findings, ended| said(Some(findings), &down, ended);
        for findings in [
            stuck(),
            Findings { reachable: true, ..stuck() },
            Findings { orphaned_inboxes: vec![5], ..untouched() },
            Findings { rows_left: BTreeMap::from([("outbox", 2)]), ..untouched() },
        ] {
            for ended in [Some(Stop::Idle), Some(Stop::Time)] {
                assert_eq!(said(&findings, ended), inconclusive("restate/faults-not-over/endpoint"), "{how} {ended:?}");
            }
            for ended in [Some(Stop::Events), Some(Stop::Wall), None] {
                assert_eq!(said(&findings, ended), inconclusive("budget/some"), "{how} {ended:?}");
            }
        }
    }
}

#[test]
fn a_ring_and_the_end_of_a_job_are_what_they_are_whoever_is_down() {
    let over = Findings { pods: Some(Phase::GaveUp), ..untouched() };
    for (role, how) in [Part::Endpoint, Part::Driver].into_iter().flat_map(|role| DOWN.map(|how| (role, how))) {
        let down = down(role, how);
        for ended in [Some(Stop::Idle), Some(Stop::Time), Some(Stop::Events), None] {
            let said = |findings: &Findings| said(Some(findings), &down, ended);
            let unsettled = |findings: Findings| Findings { unsettled: ended != Some(Stop::Idle), ..findings };

            assert_eq!(said(&unsettled(blocked())), fail("restate/deadlock/ring-of-2"), "{role:?} {how} {ended:?}");
            assert_eq!(said(&unsettled(quiet())), (Outcome::Pass, String::new()), "{role:?} {how} {ended:?}");
            assert_eq!(said(&unsettled(over.clone())), fail(LOST), "{role:?} {how} {ended:?}");
        }
    }
}

#[test]
fn a_job_whose_pods_cannot_go_on_is_not_called_lost() {
    for (how, pods) in [("down", None), ("hung", Some(Phase::Executing)), ("paused", Some(Phase::Waiting))] {
        let down = down(Part::Driver, how);
        let findings = Findings { pods, ..untouched() };
        for ended in [Some(Stop::Idle), Some(Stop::Time)] {
            let said = said(Some(&findings), &down, ended);
            assert_eq!(said, inconclusive("restate/faults-not-over/driver"), "{how} {ended:?}");
        }
        assert_eq!(said(Some(&findings), &down, None), inconclusive("budget/some"), "{how}");
    }
    assert_eq!(at_end(&untouched()), fail(LOST));
}

#[test]
fn what_stands_still_is_stuck_when_nothing_may_move_it_any_more() {
    let left = Findings { rows_left: BTreeMap::from([("outbox", 2)]), ..untouched() };
    let orphan = Findings { orphaned_inboxes: vec![5], ..untouched() };
    for (findings, signature) in [(stuck(), STUCK), (left, ROWS_LEFT), (orphan, INBOX)] {
        for ended in [Some(Stop::Time), Some(Stop::Events), None] {
            let unsettled = Findings { unsettled: true, ..findings.clone() };
            assert_eq!(said(Some(&unsettled), &[], ended), inconclusive("budget/some"), "{signature} {ended:?}");
            assert_eq!(said(Some(&findings), &[], ended), fail(signature), "{ended:?}");
        }
        assert_eq!(at_end(&findings), fail(signature));
    }
}

#[test]
fn a_job_that_is_cut_short_has_lost_nothing_yet_and_the_hosts_clock_judges_nothing() {
    for ended in [Some(Stop::Time), Some(Stop::Events), None] {
        assert_eq!(said(Some(&untouched()), &[], ended), inconclusive("budget/some"), "{ended:?}");
        assert_eq!(said(Some(&quiet()), &[], ended), (Outcome::Pass, String::new()), "{ended:?}");
    }
    for findings in [quiet(), untouched(), stuck(), blocked()] {
        assert_eq!(said(Some(&findings), &[], Some(Stop::Wall)), inconclusive("budget/some"), "{findings:?}");
    }
    for ended in ENDS {
        assert_eq!(said(None, &[], ended), inconclusive("budget/some"), "a server that nobody knows of: {ended:?}");
    }
}

#[test]
fn a_verdict_on_a_thousand_keys_is_short() {
    let locked = (0..1_000).flat_map(held).collect();
    let differences: BTreeMap<_, _> = (0..1_000).map(|key| (key, (1, 0))).collect();
    let rings = (0..1_000).map(|key| format!("{key}>{}", key + 1_000)).collect();
    let findings = Findings { locked, differences, rings, ..quiet() };
    let Verdict { detail, story, .. } = judged(Some(&findings), &[], Some(Stop::Idle));

    assert!(detail.ends_with("and 984 more rings") && detail.len() < 500, "{detail}");
    assert!(story.len() < 64 && story.iter().all(|line| line.len() < 500), "{story:?}");
    assert!(story.contains(&"and 968 more held keys".to_owned()), "{story:?}");
}
