//! Runs on Zeebe: the loop around a world.

use std::io;
use std::sync::atomic::AtomicBool;

use checks::zeebe::Checks;
use explore::{Cost, Lot, RunResult, Runner};
use kernel::event::Observer;
use miette::Report;
use zeebe::cluster::Zeebe;

use super::chronicle::Chronicle;
use super::diary::Diary;
use super::judge::judge;
use super::plan::Plan;
use super::told::Ended;
use crate::host::Host;
use crate::look::Looker;
use crate::registry::{DynRunner, Planned, Replay, ReplayRequest, Replayed, traced};
use crate::scenario::Scenario;
use crate::systems::cut_short;
use crate::systems::drive::Drive;

/// Runs plans on a host.
pub struct ZeebeRunner {
    /// The host.
    pub host: Host,
}

impl ZeebeRunner {
    /// A run, and what `end` makes of its world.
    fn run_with<O: Observer<Zeebe>, R>(
        &self,
        plan: &Plan,
        lot: Lot,
        observer: &mut O,
        stop: Option<&AtomicBool>,
        end: impl FnOnce(&Ended<'_>, &O) -> R,
    ) -> (RunResult, R) {
        self.host.enter(lot.seed, |clock| {
            let mut world = plan.build(lot.seed);
            let mut injector = (!plan.is_quiet()).then(|| plan.injector(&mut world).expect("checked when resolved"));
            let mut observer = (Checks::new(&plan.settings), observer);
            let found = |(checks, _): &(Checks, &mut O)| !checks.broken().is_empty();
            let ended = Drive { fork: lot.fork, ..plan.drive(stop) }.run(
                clock,
                &mut world,
                injector.as_mut(),
                &mut observer,
                found,
            );
            let (checks, observer) = observer;
            let cost = Cost { events: world.events(), virtual_ns: world.now(), operations: checks.marks().processed };
            let verdict = judge(plan, &world, &checks, injector.as_ref(), ended);
            let injector = injector.as_ref();
            let seen = end(&Ended { plan, world: &world, checks: &checks, injector, verdict: &verdict }, observer);
            (cut_short::result(verdict.bounded(), world.digest(), cost), seen)
        })
    }
}

impl Runner for ZeebeRunner {
    type Plan = Plan;
    type Scratch = ();

    fn run_lot(&self, plan: &Plan, lot: Lot, (): &mut ()) -> RunResult {
        self.run_with(plan, lot, &mut (), None, |_, _| ()).0
    }
}

impl Replay for ZeebeRunner {
    fn replay(&self, plan: &Plan, request: &mut ReplayRequest<'_>) -> io::Result<Replayed> {
        let ReplayRequest { lot, trace, stop } = request;
        traced(trace, self.roles(plan), |tracer| {
            let mut observer = ((Chronicle::default(), Diary::default()), tracer);
            let (result, (output, log)) =
                self.run_with(plan, *lot, &mut observer, Some(stop), |ended, ((chronicle, diary), _)| {
                    (ended.lines(chronicle, diary), ended.log(chronicle))
                });
            Replayed { result, output, details: serde_json::Value::Null, log }
        })
    }

    fn roles(&self, plan: &Plan) -> Vec<String> {
        plan.roles()
    }

    fn watch(&self, plan: &Plan, seed: u64, (): &mut (), looker: &mut Looker) -> Option<RunResult> {
        Some(self.run_with(plan, seed.into(), looker, None, |_, _| ()).0)
    }
}

/// The runner of a scenario on this system.
pub fn runner(scenario: &Scenario, host: Host) -> Result<Box<dyn DynRunner>, Report> {
    Ok(Box::new(Planned { runner: ZeebeRunner { host }, plan: Plan::of(scenario)? }))
}
