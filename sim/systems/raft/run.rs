//! Runs on a Raft group: the loop around a world, and the verdict of the checks.

use std::io;
use std::sync::atomic::AtomicBool;

use checks::raft::Safety;
use explore::{Cost, Lot, RunResult, Runner};
use kernel::budget::Stop;
use kernel::event::Observer;
use kernel::verdict::{Outcome, Verdict};
use kernel::world::World;
use miette::Report;
use raft::cluster::Cluster;

use super::plan::Plan;
use crate::host::Host;
use crate::look::Looker;
use crate::registry::{DynRunner, Planned, Replay, ReplayRequest, Replayed, traced};
use crate::scenario::Scenario;
use crate::systems::cut_short::{self, Cut};
use crate::systems::drive::{Drive, account_for_faults};

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
        lot: Lot,
        observer: &mut O,
        stop: Option<&AtomicBool>,
    ) -> RunResult {
        self.host.enter(lot.seed, |clock| {
            let mut world = plan.build(lot.seed);
            let mut injector = plan.injector(&mut world).expect("checked when resolved");
            let mut observer = (Safety::default(), observer);
            let drive = Drive { budget: plan.budget, wall_time: plan.wall_time, slice: SLICE, stop, fork: lot.fork };
            let found = |(safety, _): &(Safety, &mut O)| !safety.broken().is_empty();
            let ended = drive.run(clock, &mut world, Some(&mut injector), &mut observer, found);
            let safety = observer.0;
            let cost = Cost { events: world.events(), virtual_ns: world.now(), operations: safety.marks().committed };
            let mut verdict = judge(&safety, &world, ended, &self.roles(plan));
            account_for_faults(&mut verdict, &injector, &world, plan.drawn.is_some());
            cut_short::result(verdict.bounded(), world.digest(), cost)
        })
    }
}

/// A check that fired decides; else a run to the end of its time in which something was committed passes.
fn judge(safety: &Safety, world: &World<Cluster>, ended: Option<Stop>, roles: &[String]) -> Verdict {
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
        ended => {
            let mut verdict = cut_short::verdict(world, ended.map_or(Cut::Keyboard, Cut::Budget), roles);
            verdict.story.push(marks);
            verdict
        }
    }
}

impl Runner for RaftRunner {
    type Plan = Plan;
    type Scratch = ();

    fn run_lot(&self, plan: &Plan, lot: Lot, (): &mut ()) -> RunResult {
        self.run_with(plan, lot, &mut (), None)
    }
}

impl Replay for RaftRunner {
    fn replay(&self, plan: &Plan, request: &mut ReplayRequest<'_>) -> io::Result<Replayed> {
        let ReplayRequest { lot, trace, stop } = request;
        traced(trace, self.roles(plan), |tracer| {
            let result = self.run_with(plan, *lot, tracer, Some(stop));
            Replayed { result, output: Vec::new(), details: serde_json::Value::Null, log: None }
        })
    }

    fn roles(&self, plan: &Plan) -> Vec<String> {
        (0..plan.start.members).map(|number| format!("member-{number}")).collect()
    }

    fn watch(&self, plan: &Plan, seed: u64, (): &mut (), looker: &mut Looker) -> Option<RunResult> {
        Some(self.run_with(plan, seed.into(), looker, None))
    }
}

/// The runner of a scenario on this system.
pub fn runner(scenario: &Scenario, host: Host) -> Result<Box<dyn DynRunner>, Report> {
    Ok(Box::new(Planned { runner: RaftRunner { host }, plan: Plan::of(scenario)? }))
}
