//! Runs on a Raft group: the loop around a world, and the verdict of the checks.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use checks::raft::Safety;
use explore::{Cost, RunResult, Runner};
use faults::injector::Injector;
use kernel::budget::{Budget, Stop};
use kernel::event::Observer;
use kernel::verdict::{Outcome, Verdict};
use kernel::world::World;
use miette::Report;
use raft::cluster::Cluster;

use super::faults::Truth;
use super::plan::Plan;
use crate::host::Host;
use crate::look::Looker;
use crate::registry::{DynRunner, Planned, Replay, ReplayRequest, Replayed, traced};
use crate::scenario::Scenario;

/// Events between two looks at whether the run should stop: at the keyboard, or since a check fired.
const SLICE: u64 = 1 << 13;

/// Runs plans on a host.
pub struct RaftRunner {
    /// The host.
    pub host: Host,
}

impl RaftRunner {
    fn run_with<O: Observer<Cluster>>(
        &self,
        plan: &Plan,
        seed: u64,
        observer: &mut O,
        stop: Option<&AtomicBool>,
    ) -> RunResult {
        self.host.enter(seed, |clock| {
            let mut world = plan.build(seed);
            let mut injector = plan.injector(&mut world).expect("checked when resolved");
            let mut observer = (Safety::default(), observer);
            let ended = loop {
                let slice = Budget { events: (world.events() + SLICE).min(plan.budget.events), ..plan.budget };
                let ended = clock.drive(&mut world, slice, |world| {
                    world.next_at().is_some_and(|at| at <= slice.until) && injector.step(world, &mut observer)
                });
                let whole = ended != Stop::Events || world.events() >= plan.budget.events;
                if whole || !observer.0.broken().is_empty() {
                    break Some(ended);
                }
                if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                    break None;
                }
            };
            let safety = observer.0;
            let cost = Cost { events: world.events(), virtual_ns: world.now(), operations: safety.marks().committed };
            let mut verdict = judge(&safety, ended);
            if verdict.outcome != Outcome::Pass {
                tell_faults(&mut verdict, &injector, &world);
            }
            RunResult { verdict, digest: world.digest(), cost }
        })
    }
}

/// A check that fired decides; else a run to the end of its time in which something was committed passes.
fn judge(safety: &Safety, ended: Option<Stop>) -> Verdict {
    let marks = format!("{:?}", safety.marks());
    if let Some(first) = safety.broken().first() {
        let mut story: Vec<String> = safety.broken().iter().take(8).map(|broken| broken.story.clone()).collect();
        story.push(marks);
        return Verdict::new(Outcome::Fail, first.check, story);
    }
    match ended {
        Some(Stop::Time | Stop::Idle) if safety.marks().commits > 0 => {
            Verdict { story: vec![marks], ..Verdict::pass() }
        }
        Some(Stop::Time | Stop::Idle) => Verdict::new(Outcome::Vacuous, "vacuous/nothing-committed", vec![marks]),
        Some(_) => Verdict::new(Outcome::Inconclusive, "budget/events", vec![marks]),
        None => Verdict::new(Outcome::Inconclusive, "stopped", vec![marks]),
    }
}

fn tell_faults(verdict: &mut Verdict, injector: &Injector<Truth>, world: &World<Cluster>) {
    for report in injector.reports(world) {
        let line = match &report.nothing {
            None => format!("fault {}: {}", report.id, report.summary()),
            Some(why) => format!("fault {} did nothing: {why}", report.id),
        };
        verdict.story.push(line);
    }
}

impl Runner for RaftRunner {
    type Plan = Plan;
    type Scratch = ();

    fn run(&self, plan: &Plan, seed: u64, (): &mut ()) -> RunResult {
        self.run_with(plan, seed, &mut (), None)
    }
}

impl Replay for RaftRunner {
    fn replay(&self, plan: &Plan, request: &mut ReplayRequest<'_>) -> io::Result<Replayed> {
        let ReplayRequest { seed, trace, stop } = request;
        traced(trace, self.roles(plan), |tracer| {
            let result = self.run_with(plan, *seed, tracer, Some(stop));
            Replayed { result, output: Vec::new(), details: serde_json::Value::Null }
        })
    }

    fn roles(&self, plan: &Plan) -> Vec<String> {
        (0..plan.start.members).map(|number| format!("member-{number}")).collect()
    }

    fn watch(&self, plan: &Plan, seed: u64, (): &mut (), looker: &mut Looker) -> Option<RunResult> {
        Some(self.run_with(plan, seed, looker, None))
    }
}

/// The runner of a scenario on this system.
pub fn runner(scenario: &Scenario, host: Host) -> Result<Box<dyn DynRunner>, Report> {
    Ok(Box::new(Planned { runner: RaftRunner { host }, plan: Plan::of(scenario)? }))
}
