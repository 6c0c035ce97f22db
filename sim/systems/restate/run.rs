//! Runs on Restate: the loop around a world, and what is made of its end.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use checks::restate::job::Findings;
use explore::{Cost, RunResult, Runner};
use faults::injector::Injector;
use kernel::State;
use kernel::budget::{Budget, Stop};
use kernel::event::{Event, Observer, What};
use kernel::verdict::{Outcome, Verdict};
use kernel::world::World;
use miette::Report;
use restate::driver::Phase;
use restate::event::Event as Said;
use restate::{Process, Restate};

use super::plan::Plan;
use crate::host::Host;
use crate::look::Looker;
use crate::registry::{DynRunner, Planned, Replay, ReplayRequest, Replayed, traced};
use crate::scenario::Scenario;

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
    output: Vec<String>,
}

impl RestateRunner {
    fn run_with<O: Observer<Restate>>(
        &self,
        plan: &Plan,
        seed: u64,
        observer: &mut O,
        stop: Option<&AtomicBool>,
    ) -> Ended {
        self.host.enter(seed, |clock| {
            let mut world = plan.build(seed);
            let mut injector =
                (!plan.faults.is_empty()).then(|| plan.injector(&mut world).expect("checked when resolved"));
            let mut observer = (Invocations::default(), observer);
            let ended = loop {
                let slice = Budget { events: (world.events() + SLICE).min(plan.budget.events), ..plan.budget };
                let ended = match &mut injector {
                    None => clock.run(&mut world, slice, &mut observer),
                    Some(injector) => clock.drive(&mut world, slice, |world| {
                        world.next_at().is_some_and(|at| at <= slice.until) && injector.step(world, &mut observer)
                    }),
                };
                if ended != Stop::Events || world.events() >= plan.budget.events {
                    break Some(ended);
                }
                if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                    break None;
                }
            };
            let cost = Cost { events: world.events(), virtual_ns: world.now(), operations: observer.0.0 };
            let mut verdict = judge(plan, &world, ended);
            if let Some(injector) = &injector {
                account_for_faults(&mut verdict, injector, &world);
            }
            let output = match world.node(plan.driver()) {
                Some(Process::Driver(driver)) => driver.lines.iter().map(|(_, line)| line.clone()).collect(),
                _ => Vec::new(),
            };
            Ended { result: RunResult { verdict, digest: world.digest(), cost }, output }
        })
    }
}

/// What the faults did goes into the story; a run that passed although a fault did nothing has tested nothing.
fn account_for_faults(verdict: &mut Verdict, injector: &Injector<()>, world: &World<Restate>) {
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

fn judge(plan: &Plan, world: &World<Restate>, ended: Option<Stop>) -> Verdict {
    let Some(findings) = Findings::of(world, 0, &plan.cluster.jobs[0], &plan.tree, plan.rule) else {
        return Verdict::new(
            Outcome::Inconclusive,
            "restate/node-down",
            vec!["the node is down at the end".to_owned()],
        );
    };
    let mut verdict = findings.verdict();
    let pods_to_come = match world.node(plan.driver()) {
        Some(Process::Driver(driver)) => !matches!(driver.phase, Phase::Succeeded | Phase::GaveUp),
        _ => true,
    };
    let holds_whatever_comes = verdict.signature.starts_with("restate/deadlock") || verdict.signature.contains("stuck");
    if ended != Some(Stop::Idle) && pods_to_come && !holds_whatever_comes {
        // A job that is cut short has lost nothing yet.
        verdict.outcome = Outcome::Inconclusive;
    }
    if verdict.outcome == Outcome::Inconclusive {
        let (node, actor, handled) = world.busiest();
        let actor = actor.map_or(String::new(), |actor| format!(", actor {}", actor.0));
        let why = match ended {
            Some(Stop::Events) => "the event budget is used up",
            Some(Stop::Time) => "virtual time is over",
            Some(Stop::Idle) => "nothing is underway, yet something was reachable",
            None => "it was stopped",
        };
        verdict.story.insert(0, format!("{why}; busiest: {node}{actor} with {handled} inputs"));
        verdict.signature = match ended {
            Some(Stop::Events) => "budget/events".to_owned(),
            Some(Stop::Time) => "budget/virtual-time".to_owned(),
            Some(Stop::Idle) => "restate/idle-but-reachable".to_owned(),
            None => "stopped".to_owned(),
        };
        // What a paused or hung process holds back is underway, and stays so.
        let at_work = |id| !matches!(world.state(id), State::Paused | State::Hung);
        if ended == Some(Stop::Idle) && world.ids().all(at_work) {
            verdict.outcome = Outcome::SimulatorBug;
        }
    }
    verdict
}

impl Runner for RestateRunner {
    type Plan = Plan;
    type Scratch = ();

    fn run(&self, plan: &Plan, seed: u64, (): &mut ()) -> RunResult {
        self.run_with(plan, seed, &mut (), None).result
    }
}

impl Replay for RestateRunner {
    fn replay(&self, plan: &Plan, request: &mut ReplayRequest<'_>) -> io::Result<Replayed> {
        let ReplayRequest { seed, trace, stop } = request;
        traced(trace, self.roles(plan), |tracer| {
            let Ended { result, output } = self.run_with(plan, *seed, tracer, Some(stop));
            Replayed { result, output }
        })
    }

    fn roles(&self, plan: &Plan) -> Vec<String> {
        let endpoints = (1..=plan.cluster.endpoints.len()).map(|number| format!("endpoint-{number}"));
        std::iter::once("server".to_owned()).chain(endpoints).chain(["driver".to_owned()]).collect()
    }

    fn watch(&self, plan: &Plan, seed: u64, (): &mut (), looker: &mut Looker) -> Option<RunResult> {
        Some(self.run_with(plan, seed, looker, None).result)
    }
}

/// All that is known of the job at the end of a run on the plain host.
pub fn findings(plan: &Plan, seed: u64) -> Option<Findings> {
    let mut world = plan.build(seed);
    world.run(plan.budget, &mut ());
    Findings::of(&world, 0, &plan.cluster.jobs[0], &plan.tree, plan.rule)
}

/// The runner of a plan.
pub fn runner_of(plan: Plan, host: Host) -> Box<dyn DynRunner> {
    Box::new(Planned { runner: RestateRunner { host }, plan })
}

/// The runner of a scenario on this system.
pub fn runner(scenario: &Scenario, host: Host) -> Result<Box<dyn DynRunner>, Report> {
    Ok(runner_of(Plan::of(scenario)?, host))
}
