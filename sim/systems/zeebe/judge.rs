//! The verdict on a run: what fired while it ran, then what was not right at its end.
//!
//! Liveness is judged when faults are over. A fault that is in force at the end has not been survived, and has broken
//! nothing either: the run is inconclusive, unless a check of safety fired.

use checks::zeebe::progress::CALM;
use checks::zeebe::{Checks, Violation};
use faults::injector::Injector;
use kernel::budget::Stop;
use kernel::identity::Nanos;
use kernel::verdict::{Outcome, Verdict};
use kernel::world::World;
use zeebe::cluster::Zeebe;

use super::plan::Plan;
use super::truth::Truth;
use crate::scenario::duration::show_duration;
use crate::systems::cut_short::{self, Cut};
use crate::systems::drive::account_for_faults;

/// Lines about silent divergences of a partition that are told.
const NOTES: usize = 3;

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
                _ if is_mended(plan) && !checks.divergences().is_empty() => failed(&checks.divergences()),
                _ if checks.marks().processed == 0 => {
                    Verdict::new(Outcome::Vacuous, "vacuous/nothing-processed", Vec::new())
                }
                _ if checks.marks().store_errors == 0 && !plan.settings.store_errors.is_empty() => {
                    let why = "no stream processor met an error of its store: nobody got to where one was asked for";
                    Verdict::new(Outcome::Vacuous, "vacuous/store-errors", vec![why.to_owned()])
                }
                _ if world.now() < calm_since.saturating_add(CALM) => too_little_calm(calm_since),
                _ => Verdict::pass(),
            },
        },
        ([], ended) => cut_short::verdict(world, ended.map_or(Cut::Keyboard, Cut::Budget), &plan.roles()),
    };
    if verdict.outcome != Outcome::Fail || !checks.broken().is_empty() {
        let notes = checks.divergences();
        verdict.story.extend(notes.iter().flat_map(|note| note.story.iter().take(NOTES).cloned()));
    }
    if let Some(injector) = injector {
        account_for_faults(&mut verdict, injector, world, plan.profile.is_some());
    }
    if verdict.outcome != Outcome::Fail {
        verdict.story.push(tested(checks));
    }
    verdict
}

/// Whether a replay must write what the log has, to the record: with detection, and with every deployment accepted whenever it
/// comes (#5760), nothing is left that may differ in silence.
fn is_mended(plan: &Plan) -> bool {
    let toggles = &plan.settings.toggles;
    toggles.detect_reprocessing && toggles.fix_5760
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

/// The first decides; it and the next few are told.
fn failed(broken: &[Violation]) -> Verdict {
    let story = broken.iter().take(4).flat_map(|violation| violation.story.iter().cloned()).collect();
    let first = &broken[0];
    let verdict = Verdict::new(Outcome::Fail, first.signature.clone(), story);
    Verdict { detail: first.detail.clone(), ..verdict }
}

fn too_little_calm(calm_since: Nanos) -> Verdict {
    let (since, least) = (show_duration(calm_since.into()), show_duration(CALM.into()));
    let why = format!("there has been calm since {since} only: whether the cluster comes back was not judged");
    let way_out = format!("let the run go on for {least} when faults are over: lengthen it, or end them earlier");
    Verdict::new(Outcome::Inconclusive, "zeebe/too-little-calm", vec![why, way_out])
}

fn faults_not_over() -> Verdict {
    let why = "a fault is in force at the end: what waits for it is neither lost nor stuck".to_owned();
    let way_out = "end each fault within the run: give it a `for`".to_owned();
    Verdict::new(Outcome::Inconclusive, "zeebe/faults-not-over", vec![why, way_out])
}
