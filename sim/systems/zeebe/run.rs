//! Runs on Zeebe: the loop around a world.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use checks::zeebe::Checks;
use explore::{Cost, RunResult, Runner};
use kernel::budget::{Budget, Stop};
use kernel::event::Observer;
use miette::Report;
use zeebe::cluster::Zeebe;

use super::diary::Diary;
use super::judge::judge;
use super::plan::Plan;
use crate::host::Host;
use crate::look::Looker;
use crate::registry::{DynRunner, Planned, Replay, ReplayRequest, Replayed, traced};
use crate::scenario::Scenario;
use crate::systems::cut_short;

/// Events between two looks at whether the run should stop: at the keyboard, or since a check fired.
pub const SLICE: u64 = 1 << 14;

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
        seed: u64,
        observer: &mut O,
        stop: Option<&AtomicBool>,
        end: impl FnOnce(&kernel::world::World<Zeebe>, &O) -> R,
    ) -> (RunResult, R) {
        self.host.enter(seed, |clock| {
            clock.allow(plan.wall_time);
            let mut world = plan.build(seed);
            let mut injector = (!plan.is_quiet()).then(|| plan.injector(&mut world).expect("checked when resolved"));
            let mut observer = (Checks::new(&plan.settings), observer);
            let ended = loop {
                let slice = Budget { events: (world.events() + SLICE).min(plan.budget.events), ..plan.budget };
                let ended = match &mut injector {
                    None => clock.run(&mut world, slice, &mut observer),
                    Some(injector) => clock.drive(&mut world, slice, |world| {
                        world.next_at().is_some_and(|at| at <= slice.until) && injector.step(world, &mut observer)
                    }),
                };
                if ended != Stop::Events || world.events() >= plan.budget.events || !observer.0.broken().is_empty() {
                    break Some(ended);
                }
                if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                    break None;
                }
            };
            let (checks, observer) = observer;
            let cost = Cost { events: world.events(), virtual_ns: world.now(), operations: checks.marks().processed };
            let verdict = judge(plan, &world, &checks, injector.as_ref(), ended);
            let seen = end(&world, observer);
            (cut_short::result(verdict.bounded(), world.digest(), cost), seen)
        })
    }
}

impl Runner for ZeebeRunner {
    type Plan = Plan;
    type Scratch = ();

    fn run(&self, plan: &Plan, seed: u64, (): &mut ()) -> RunResult {
        self.run_with(plan, seed, &mut (), None, |_, _| ()).0
    }
}

impl Replay for ZeebeRunner {
    fn replay(&self, plan: &Plan, request: &mut ReplayRequest<'_>) -> io::Result<Replayed> {
        let ReplayRequest { seed, trace, stop } = request;
        traced(trace, self.roles(plan), |tracer| {
            let mut observer = (Diary::default(), tracer);
            let (result, output) = self.run_with(plan, *seed, &mut observer, Some(stop), |world, (diary, _)| {
                diary.lines(world, &plan.settings)
            });
            Replayed { result, output, details: serde_json::Value::Null }
        })
    }

    fn roles(&self, plan: &Plan) -> Vec<String> {
        plan.roles()
    }

    fn watch(&self, plan: &Plan, seed: u64, (): &mut (), looker: &mut Looker) -> Option<RunResult> {
        Some(self.run_with(plan, seed, looker, None, |_, _| ()).0)
    }
}

/// The runner of a scenario on this system.
pub fn runner(scenario: &Scenario, host: Host) -> Result<Box<dyn DynRunner>, Report> {
    Ok(Box::new(Planned { runner: ZeebeRunner { host }, plan: Plan::of(scenario)? }))
}
