//! Runs on Restate: the loop around a world.

use std::io;
use std::sync::atomic::AtomicBool;

use checks::restate::job::Findings;
use checks::restate::{down, judge};
use explore::{Cost, Lot, RunResult, Runner};
use faults::injector::Injector;
use kernel::budget::Stop;
use kernel::event::{Event, Observer, What};
use kernel::verdict::Verdict;
use kernel::world::World;
use miette::Report;
use restate::event::Event as Said;
use restate::{Process, Restate};
use serde_json::Value;

use super::details;
use super::plan::Plan;
use crate::host::Host;
use crate::look::Looker;
use crate::registry::{DynRunner, Planned, Replay, ReplayRequest, Replayed, traced};
use crate::scenario::Scenario;
use crate::systems::cut_short::{self, Cut};
use crate::systems::drive::{Drive, account_for_faults};

/// Events between two looks at whether the run should stop.
const SLICE: u64 = 1 << 16;

/// Runs plans on a host.
pub struct RestateRunner {
    host: Host,
}

/// Counts invocations that ended.
#[derive(Default)]
struct Invocations(u64);

impl Observer<Restate> for Invocations {
    #[inline]
    fn on_event(&mut self, event: &Event<'_, Restate>, _: &World<Restate>) {
        if let What::Emitted(Said::Ended(..)) = &event.what {
            self.0 += 1;
        }
    }
}

/// A run at its end.
struct Ended {
    result: RunResult,
    findings: Option<Findings>,
    output: Vec<String>,
}

/// All that a run showed of its job.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What was found at its end; none if the server was not there to be asked.
    pub findings: Option<Findings>,
    /// What it came to, as `relapse run` says it.
    pub verdict: Verdict,
    /// The digest of the run.
    pub digest: u128,
}

impl RestateRunner {
    fn run_with<O: Observer<Restate>>(
        &self,
        plan: &Plan,
        lot: Lot,
        observer: &mut O,
        stop: Option<&AtomicBool>,
    ) -> Ended {
        self.host.enter(lot.seed, |clock| {
            let mut world = plan.build(lot.seed);
            let mut injector =
                (!plan.faults.is_empty()).then(|| plan.injector(&mut world).expect("checked when resolved"));
            let mut observer = (Invocations::default(), observer);
            let drive = Drive { budget: plan.budget, wall_time: plan.wall_time, slice: SLICE, stop, fork: lot.fork };
            let ended = drive.run(clock, &mut world, injector.as_mut(), &mut observer, |_| false);
            let cost = Cost { events: world.events(), virtual_ns: world.now(), operations: observer.0.0 };
            let (findings, verdict) = judged(plan, &world, injector.as_ref(), ended);
            let output = match world.node(plan.driver()) {
                Some(Process::Driver(driver)) => driver.lines.iter().map(|(_, line)| line.clone()).collect(),
                _ => Vec::new(),
            };
            Ended { result: cut_short::result(verdict.bounded(), world.digest(), cost), findings, output }
        })
    }
}

impl Runner for RestateRunner {
    type Plan = Plan;
    type Scratch = ();

    fn run_lot(&self, plan: &Plan, lot: Lot, (): &mut ()) -> RunResult {
        self.run_with(plan, lot, &mut (), None).result
    }
}

impl Replay for RestateRunner {
    fn replay(&self, plan: &Plan, request: &mut ReplayRequest<'_>) -> io::Result<Replayed> {
        let ReplayRequest { lot, trace, stop } = request;
        traced(trace, self.roles(plan), |tracer| {
            let Ended { result, findings, output } = self.run_with(plan, *lot, tracer, Some(stop));
            Replayed { result, output, details: findings.as_ref().map_or(Value::Null, details::of), log: None }
        })
    }

    fn roles(&self, plan: &Plan) -> Vec<String> {
        plan.roles()
    }

    fn watch(&self, plan: &Plan, seed: u64, (): &mut (), looker: &mut Looker) -> Option<RunResult> {
        Some(self.run_with(plan, seed.into(), looker, None).result)
    }
}

/// What is found in a world at its end, and the verdict on that. `ended`: none if somebody stopped it.
pub fn judged(
    plan: &Plan,
    world: &World<Restate>,
    injector: Option<&Injector<()>>,
    ended: Option<Stop>,
) -> (Option<Findings>, Verdict) {
    let findings = Findings::of(world, 0, &plan.cluster.jobs[0], &plan.tree, plan.rule);
    let mut verdict = judge::verdict(findings.as_ref(), &down::of(world, 0), ended, || {
        let cut = ended.map_or(Cut::Keyboard, Cut::Budget);
        cut_short::verdict(world, cut, &plan.roles())
    });
    verdict.story.splice(0..0, plan.warnings.iter().cloned());
    if let Some(injector) = injector {
        account_for_faults(&mut verdict, injector, world, false);
    }
    (findings, verdict)
}

/// Runs a plan with its faults on the plain host.
pub fn look(plan: &Plan, seed: u64) -> Seen {
    let Ended { result, findings, .. } = RestateRunner { host: Host::Plain }.run_with(plan, seed.into(), &mut (), None);
    Seen { findings, verdict: result.verdict, digest: result.digest }
}

/// The runner of a plan.
pub fn runner_of(plan: Plan, host: Host) -> Box<dyn DynRunner> {
    Box::new(Planned { runner: RestateRunner { host }, plan })
}

/// The runner of a scenario on this system.
pub fn runner(scenario: &Scenario, host: Host) -> Result<Box<dyn DynRunner>, Report> {
    Ok(runner_of(Plan::of(scenario)?, host))
}
