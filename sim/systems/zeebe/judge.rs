//! The verdict on a run: what fired while it ran, then what was not right at its end.
//!
//! Liveness is judged when faults are over. A fault that is in force at the end has not been survived, and has broken
//! nothing either: the run is inconclusive, unless a check of safety fired.

use checks::zeebe::{Checks, Violation};
use faults::injector::Injector;
use kernel::budget::Stop;
use kernel::verdict::{Outcome, Verdict};
use kernel::world::World;
use zeebe::cluster::Zeebe;

use super::plan::Plan;
use super::truth::Truth;
use crate::systems::cut_short::{self, Cut};

/// Judges a run that ended so; `None`: somebody stopped it.
pub fn judge(
    plan: &Plan,
    world: &World<Zeebe>,
    checks: &Checks,
    injector: Option<&Injector<Truth>>,
    ended: Option<Stop>,
) -> Verdict {
    let calm_since = injector.map_or(Some(0), |injector| injector.calm_since(world));
    let mut verdict = match (checks.broken(), ended) {
        (broken @ [_, ..], _) => failed(broken),
        ([], Some(Stop::Time | Stop::Idle)) => match calm_since {
            None => faults_not_over(),
            Some(calm_since) => match checks.at_end(world, calm_since) {
                broken if !broken.is_empty() => failed(&broken),
                _ if checks.marks().processed == 0 => {
                    Verdict::new(Outcome::Vacuous, "vacuous/nothing-processed", Vec::new())
                }
                _ => Verdict::pass(),
            },
        },
        ([], ended) => cut_short::verdict(world, ended.map_or(Cut::Keyboard, Cut::Budget), &plan.roles()),
    };
    if let Some(injector) = injector {
        account_for_faults(&mut verdict, plan, injector, world);
    }
    if verdict.outcome != Outcome::Fail {
        verdict.story.push(tested(checks));
    }
    verdict
}

/// What happened that could have broken a property.
fn tested(checks: &Checks) -> String {
    let marks = checks.marks();
    format!(
        "{} elections, {} recoveries, {} of them from a snapshot, {} snapshots, {} installs, {} compactions, {} records \
         processed, {} deployments and {} instances answered, {} states compared",
        marks.elections,
        marks.recoveries,
        marks.starts_from_snapshots,
        marks.snapshots,
        marks.installs,
        marks.compactions,
        marks.processed,
        marks.deployments,
        marks.instances,
        marks.compared,
    )
}

/// The first decides; the others are told.
fn failed(broken: &[Violation]) -> Verdict {
    let story = broken.iter().take(4).flat_map(|violation| violation.story.iter().cloned()).collect();
    let first = &broken[0];
    let verdict = Verdict::new(Outcome::Fail, first.signature.clone(), story);
    Verdict { detail: first.detail.clone(), ..verdict }
}

fn faults_not_over() -> Verdict {
    let why = "a fault is in force at the end: what waits for it is neither lost nor stuck".to_owned();
    let way_out = "end each fault within the run: give it a `for`".to_owned();
    Verdict::new(Outcome::Inconclusive, "zeebe/faults-not-over", vec![why, way_out])
}

/// What the faults did goes into the story; a run that passed although a fault did nothing has tested nothing. Of faults
/// that were drawn, only those are told that did something: a seed may well draw none that does, as it may draw none.
fn account_for_faults(verdict: &mut Verdict, plan: &Plan, injector: &Injector<Truth>, world: &World<Zeebe>) {
    for report in injector.reports(world) {
        match &report.nothing {
            None => verdict.story.push(format!("fault {}: {}", report.id, report.summary())),
            Some(_) if plan.profile.is_some() => {}
            Some(why) => verdict.story.push(format!("fault {} did nothing: {why}", report.id)),
        }
    }
    if verdict.outcome == Outcome::Pass
        && plan.profile.is_none()
        && let Some(why) = injector.vacuous(world)
    {
        verdict.story.insert(0, why);
        verdict.outcome = Outcome::Vacuous;
        verdict.signature = "vacuous/faults".to_owned();
    }
}
