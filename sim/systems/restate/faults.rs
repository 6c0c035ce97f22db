//! What the faults of a plan did to a run, in its verdict.

use faults::injector::Injector;
use kernel::verdict::{Outcome, Verdict};
use kernel::world::World;
use restate::Restate;

/// What the faults did goes into the story; a run that passed although a fault did nothing has tested nothing.
pub fn account(verdict: &mut Verdict, injector: &Injector<()>, world: &World<Restate>) {
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
