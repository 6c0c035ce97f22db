//! The verdict on a run: the findings of the checks, in the light of how the run ended and who was up at its end.
//!
//! Liveness is judged when faults are over. A process that is gone, paused or hung at the end is a fault that is not over:
//! whatever waits for it has neither been lost nor got stuck, and the run is inconclusive, in the same manner for all
//! three. Only what no process could change is judged all the same: a ring of locks, and counters that went wrong.

use checks::restate::job::Findings;
use faults::injector::Injector;
use kernel::State;
use kernel::budget::Stop;
use kernel::identity::NodeId;
use kernel::verdict::{Outcome, Verdict};
use kernel::world::World;
use restate::Restate;
use restate::driver::Phase;

use super::plan::{Plan, SERVER};
use crate::systems::cut_short::{self, Cut};

/// Judges a run that ended so; `None`: somebody stopped it.
pub fn judge(plan: &Plan, world: &World<Restate>, ended: Option<Stop>) -> Verdict {
    let findings = Findings::of(world, 0, &plan.cluster.jobs[0], &plan.tree, plan.rule);
    let down = not_up(plan, world);
    verdict(findings.as_ref(), ended, &down, || {
        let cut = ended.map_or(Cut::Keyboard, Cut::Budget);
        cut_short::verdict(world, cut, &plan.roles())
    })
}

/// What the faults did goes into the story; a run that passed although a fault did nothing has tested nothing.
pub fn account_for_faults(verdict: &mut Verdict, injector: &Injector<()>, world: &World<Restate>) {
    for report in injector.reports(world) {
        let line = match &report.nothing {
            None => format!("fault {}: {}", report.id, report.summary()),
            Some(why) => format!("fault {} did nothing: {why}", report.id),
        };
        verdict.story.push(line);
    }
    if verdict.outcome == Outcome::Pass
        && let Some(why) = injector.vacuous(world)
    {
        verdict.story.insert(0, why);
        verdict.outcome = Outcome::Vacuous;
        verdict.signature = "vacuous/faults".to_owned();
    }
}

/// A process that is not at work at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Down {
    role: &'static str,
    node: NodeId,
    how: &'static str,
}

fn not_up(plan: &Plan, world: &World<Restate>) -> Vec<Down> {
    let role = |node| match node {
        SERVER => "server",
        node if node == plan.driver() => "driver",
        _ => "endpoint",
    };
    let how = |state| match state {
        State::Up => None,
        State::Down | State::Dark => Some("down"),
        State::Paused => Some("paused"),
        State::Hung => Some("hung"),
    };
    world.ids().filter_map(|node| Some(Down { role: role(node), node, how: how(world.state(node))? })).collect()
}

/// The findings are none if there was no server to be asked.
fn verdict(findings: Option<&Findings>, ended: Option<Stop>, down: &[Down], cut: impl Fn() -> Verdict) -> Verdict {
    let of = |role: &str| down.iter().find(|down| down.role == role);
    let over = matches!(ended, Some(Stop::Idle | Stop::Time));
    let Some(findings) = findings else {
        return match of("server") {
            Some(server) if over => faults_not_over(server),
            _ => cut(),
        };
    };
    if let Some(server) = of("server").filter(|_| over) {
        return faults_not_over(server);
    }

    let mut verdict = findings.verdict();
    if ended == Some(Stop::Wall) {
        // Another host would have got further, or less far: even a ring of locks is only told.
        return told(cut(), verdict);
    }
    let locked = verdict.signature.starts_with("restate/deadlock");
    let stuck = verdict.signature == "restate/stuck-without-ring";
    let judged = verdict.outcome != Outcome::Inconclusive;
    let idle = ended == Some(Stop::Idle);
    let waits = idle && !locked && (stuck || !judged);
    if let Some(endpoint) = of("endpoint").filter(|_| waits) {
        return told(faults_not_over(endpoint), verdict);
    }
    let job_over = matches!(findings.pods, Some(Phase::Succeeded | Phase::GaveUp));
    if !job_over && !locked && !stuck {
        if let Some(driver) = of("driver").filter(|_| idle) {
            return told(faults_not_over(driver), verdict);
        }
        if !idle {
            // A job that is cut short has lost nothing yet.
            return told(cut(), verdict);
        }
    }
    if judged {
        return verdict;
    }
    if idle {
        // Something was underway, so something was left in the queue.
        verdict.outcome = Outcome::SimulatorBug;
        verdict.signature = "restate/idle-but-reachable".to_owned();
        verdict.story.insert(0, "nothing is underway, yet something was reachable".to_owned());
        return verdict;
    }
    told(cut(), verdict)
}

fn faults_not_over(down: &Down) -> Verdict {
    let Down { role, node, how } = down;
    let why = format!("the {role} ({node}) is {how} at the end: what waits for it is neither lost nor stuck");
    let way_out = "end the fault within the run: give it a `for`".to_owned();
    let verdict = Verdict::new(Outcome::Inconclusive, format!("restate/faults-not-over/{role}"), vec![why, way_out]);
    Verdict { detail: (*how).to_owned(), ..verdict }
}

/// A verdict with the story of what was found meanwhile.
fn told(verdict: Verdict, found: Verdict) -> Verdict {
    let story = verdict.story.into_iter().chain(found.story).collect();
    let detail = if verdict.detail.is_empty() { found.detail } else { verdict.detail };
    Verdict { story, detail, ..verdict }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn exact() -> Findings {
        Findings {
            locked: BTreeMap::new(),
            verifier_held: false,
            rings: Vec::new(),
            counters: BTreeMap::from([(1, 2)]),
            differences: BTreeMap::new(),
            reachable: false,
            orphaned_inboxes: Vec::new(),
            rows_left: BTreeMap::new(),
            pods: Some(Phase::Succeeded),
            increments: 2,
            named: true,
        }
    }

    /// Nothing of the job was done, and a pod waits.
    fn untouched() -> Findings {
        let (counters, differences) = (BTreeMap::new(), BTreeMap::from([(1, (2, 0))]));
        Findings { counters, differences, pods: Some(Phase::Executing), ..exact() }
    }

    fn stuck() -> Findings {
        Findings { verifier_held: true, ..untouched() }
    }

    fn said(findings: Option<&Findings>, ended: Option<Stop>, down: &[Down]) -> (Outcome, String) {
        let verdict = verdict(findings, ended, down, || Verdict::new(Outcome::Inconclusive, "budget/some", Vec::new()));
        (verdict.outcome, verdict.signature)
    }

    fn down(role: &'static str, how: &'static str) -> [Down; 1] {
        [Down { role, node: NodeId(0), how }]
    }

    fn inconclusive(signature: &str) -> (Outcome, String) {
        (Outcome::Inconclusive, signature.to_owned())
    }

    #[test]
    fn a_server_that_is_down_paused_or_hung_at_the_end_gives_one_kind_of_verdict() {
        for ended in [Some(Stop::Idle), Some(Stop::Time)] {
            for findings in [exact(), untouched(), stuck(), Findings { reachable: true, ..stuck() }] {
                for how in ["paused", "hung"] {
                    let said = said(Some(&findings), ended, &down("server", how));
                    assert_eq!(said, inconclusive("restate/faults-not-over/server"), "{ended:?} {how} {findings:?}");
                }
            }
            assert_eq!(said(None, ended, &down("server", "down")), inconclusive("restate/faults-not-over/server"));
        }
        assert_eq!(said(None, Some(Stop::Wall), &down("server", "down")), inconclusive("budget/some"));
        assert_eq!(said(Some(&exact()), Some(Stop::Idle), &[]), (Outcome::Pass, String::new()));
    }

    #[test]
    fn what_an_endpoint_holds_back_is_not_stuck_but_a_ring_and_an_exact_end_are_what_they_are() {
        let idle = Some(Stop::Idle);
        for how in ["down", "paused", "hung"] {
            let said = |findings: &Findings| said(Some(findings), idle, &down("endpoint", how));

            assert_eq!(said(&stuck()), inconclusive("restate/faults-not-over/endpoint"));
            assert_eq!(said(&Findings { reachable: true, ..stuck() }).1, "restate/faults-not-over/endpoint");
            assert_eq!(said(&Findings { rings: vec!["5>7".into()], ..stuck() }).1, "restate/deadlock/ring-of-2");
            assert_eq!(said(&exact()), (Outcome::Pass, String::new()));
            let lost = Findings { pods: Some(Phase::GaveUp), ..untouched() };
            assert_eq!(said(&lost), (Outcome::Fail, "restate/lost".to_owned()));
        }
        assert_eq!(said(Some(&stuck()), idle, &[]), (Outcome::Fail, "restate/stuck-without-ring".to_owned()));
    }

    #[test]
    fn a_job_whose_pods_cannot_go_on_is_not_called_lost() {
        let idle = Some(Stop::Idle);
        for (how, pods) in [("down", None), ("hung", Some(Phase::Executing)), ("paused", Some(Phase::Waiting))] {
            let findings = Findings { pods, ..untouched() };
            let said = said(Some(&findings), idle, &down("driver", how));
            assert_eq!(said, inconclusive("restate/faults-not-over/driver"), "{how}");
        }
        assert_eq!(said(Some(&untouched()), idle, &[]), (Outcome::Fail, "restate/lost".to_owned()));
        let over = Findings { pods: Some(Phase::Succeeded), ..untouched() };
        assert_eq!(said(Some(&over), idle, &down("driver", "hung")), (Outcome::Fail, "restate/lost".to_owned()));
    }

    #[test]
    fn a_job_that_a_budget_cut_short_is_not_judged_unless_it_is_blocked() {
        for findings in [exact(), untouched(), stuck()] {
            assert_eq!(said(Some(&findings), Some(Stop::Wall), &[]), inconclusive("budget/some"), "{findings:?}");
        }
        for ended in [Some(Stop::Events), Some(Stop::Time), None] {
            assert_eq!(said(Some(&untouched()), ended, &[]), inconclusive("budget/some"), "{ended:?}");
            assert_eq!(said(Some(&Findings { reachable: true, ..exact() }), ended, &[]), inconclusive("budget/some"));
            assert_eq!(said(Some(&stuck()), ended, &[]).0, Outcome::Fail);
            assert_eq!(said(Some(&exact()), ended, &[]), (Outcome::Pass, String::new()));
        }
    }

    #[test]
    fn what_is_reachable_when_nothing_is_underway_is_a_bug_of_the_simulator() {
        let findings = Findings { reachable: true, ..exact() };

        let bug = said(Some(&findings), Some(Stop::Idle), &[]);
        assert_eq!(bug, (Outcome::SimulatorBug, "restate/idle-but-reachable".to_owned()));
    }
}
