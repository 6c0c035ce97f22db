//! The systems that can be simulated, and what the command line asks of a scenario on any of them.
//!
//! A system plugs in with a [`Schema`] (what its scenarios may say), a [`Runner`] (one run, bare, as sweeps want it) and
//! [`Replay`] (one run again, with all that people want to see). [`Planned`] makes both into a [`DynRunner`].

use std::io;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

use explore::{Cost, Lot, Progress, RunResult, Runner, SweepReport, SweepRequest, catch, run_caught, sweep};
use kernel::identity::Nanos;
use kernel::record::Recorder;
use kernel::verdict::{Outcome, Verdict};
use miette::Report;

use crate::host::Host;
use crate::look::{Look, Looker};
use crate::proof::Fingerprint;
use crate::scenario::Scenario;
use crate::scenario::pinned::Change;
use crate::scenario::problem::Problem;
use crate::scenario::schema::Schema;
use crate::systems::{leaky, raft, restate, toy, zeebe};

/// Makes a runner of a scenario.
type Build = fn(&Scenario, Host) -> Result<Box<dyn DynRunner>, Report>;
/// Says what a seed draws of a scenario.
type Draws = fn(&Scenario, u64) -> Result<Vec<Change>, Report>;

/// All systems: the tables of each, and what makes its runners.
static SYSTEMS: &[(&Schema, Build, Draws)] = &[
    (&restate::SCHEMA, restate::runner, nothing),
    (&raft::SCHEMA, raft::runner, raft::draws),
    (&zeebe::SCHEMA, zeebe::runner, zeebe::draws),
    (&toy::SCHEMA, toy::runner, nothing),
    (&leaky::SCHEMA, leaky::runner, nothing),
];

/// Nothing of the plan is drawn.
fn nothing(_: &Scenario, _: u64) -> Result<Vec<Change>, Report> {
    Ok(Vec::new())
}

/// The scenario of one seed's own: what the seed draws of the plan is written out. Its run is the run of that seed.
pub fn pinned(scenario: &Scenario, seed: u64) -> Result<Scenario, Report> {
    scenario.pinned(system_of(scenario).2(scenario, seed)?)
}

fn system_of(scenario: &Scenario) -> &'static (&'static Schema, Build, Draws) {
    let is_its = |(schema, ..): &&(&Schema, Build, Draws)| schema.system == scenario.schema.system;
    SYSTEMS.iter().find(is_its).expect("a scenario has a system of the table")
}

/// The tables of the system of that name.
pub fn schema(system: &str) -> Option<&'static Schema> {
    SYSTEMS.iter().map(|(schema, ..)| *schema).find(|schema| schema.system == system)
}

/// The systems that people are offered.
pub fn shown() -> impl Iterator<Item = &'static Schema> + Clone {
    SYSTEMS.iter().map(|(schema, ..)| *schema).filter(|schema| !schema.hidden)
}

/// The runner of a scenario. Everything that can be wrong with the scenario's files is found here, once.
pub fn runner(scenario: &Scenario, host: Host) -> Result<Box<dyn DynRunner>, Report> {
    if !host.available() {
        let help = "build with `--cfg madsim` (see .cargo/config.toml), or use `--host plain`".to_owned();
        let message = format!("--host {host}: this binary holds the plain host only");
        return Err(Problem::Usage { message, help: Some(help) }.into());
    }
    system_of(scenario).1(scenario, host)
}

/// One run to be made again with all that people want to see.
pub struct ReplayRequest<'a> {
    /// Which.
    pub lot: Lot,
    /// Where the trace goes, if anywhere. An error of this writer is the only one a replay may return.
    pub trace: Option<&'a mut dyn io::Write>,
    /// Once set, the run may end early as inconclusive. It may also ignore it.
    pub stop: &'a AtomicBool,
}

/// One run, seen whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// What [`Runner::run_lot`] gives, to the bit.
    pub result: RunResult,
    /// What the simulated programs printed, as lines.
    pub output: Vec<String>,
    /// What was found in the run, whole, for machines; null where the system has nothing to add to its story.
    pub details: serde_json::Value,
    /// The log that says the same, where there is one.
    pub log: Option<LogOf>,
}

/// A log that a run wrote and that can be read again by itself: what `log show` and `log verify` are to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOf {
    /// The partition.
    pub partition: u16,
    /// On whose disk.
    pub node: String,
    /// As it was then, in virtual time.
    pub at: Nanos,
    /// What `log verify` is asked, beside the log.
    pub verify: Vec<String>,
}

/// A runner that can also show a run.
pub trait Replay: Runner {
    /// One run, with its output and, if asked for, its trace.
    fn replay(&self, plan: &Self::Plan, request: &mut ReplayRequest<'_>) -> io::Result<Replayed>;

    /// What the nodes are to people, by number.
    fn roles(&self, _plan: &Self::Plan) -> Vec<String> {
        Vec::new()
    }

    /// What [`Runner::run`] does, with somebody looking on. `None`: this system records no events.
    fn watch(
        &self,
        _plan: &Self::Plan,
        _seed: u64,
        _scratch: &mut Self::Scratch,
        _looker: &mut Looker,
    ) -> Option<RunResult> {
        None
    }
}

/// What observes a run that is shown: a recorder, if its trace is asked for.
pub type Tracer<'a> = Option<Recorder<&'a mut dyn io::Write>>;

/// Makes a run with its trace, if that is asked for. A run that panics leaves its trace up to there.
pub fn traced<'a>(
    trace: &'a mut Option<&mut dyn io::Write>,
    roles: Vec<String>,
    run: impl FnOnce(&mut Tracer<'a>) -> Replayed,
) -> io::Result<Replayed> {
    let mut tracer = trace.as_mut().map(|to| Recorder::lines(&mut **to as &mut dyn io::Write, roles));
    let shown = catch(|| run(&mut tracer)).unwrap_or_else(Replayed::panicked);
    tracer.map_or(Ok(()), |recorder| recorder.finish().map(|_| ()))?;
    Ok(shown)
}

impl Replayed {
    fn panicked(verdict: Verdict) -> Self {
        Replayed { result: panicked(verdict), output: Vec::new(), details: serde_json::Value::Null, log: None }
    }
}

fn panicked(verdict: Verdict) -> RunResult {
    RunResult { verdict, digest: 0, cost: Cost::default() }
}

/// What the command line asks of a scenario.
pub trait DynRunner: Sync {
    /// One run, shown; and run bare as well, to see that showing it changed nothing. A panic in it is a verdict.
    fn replay(&self, request: ReplayRequest<'_>) -> io::Result<Replayed>;

    /// One run, bare. A panic in it is a verdict.
    fn run(&self, lot: Lot) -> RunResult;

    /// Runs, bare, one after the other on the same scratch memory. A panic in one is a verdict.
    fn each(&self, seeds: &mut dyn Iterator<Item = u64>, take: &mut dyn FnMut(u64, RunResult));

    /// Runs the seeds `before` as [`DynRunner::each`] does, and then one more, looking at its events with the numbers of
    /// the window. `None`: this system records no events.
    fn look(&self, before: &mut dyn Iterator<Item = u64>, seed: u64, window: Range<u64>) -> Option<Look>;

    /// Many runs.
    fn sweep(&self, request: SweepRequest<'_>, progress: &mut dyn FnMut(&Progress)) -> SweepReport;
}

/// A runner with its plan.
pub struct Planned<R: Runner> {
    /// The runner.
    pub runner: R,
    /// The plan.
    pub plan: R::Plan,
}

impl<R: Replay> DynRunner for Planned<R> {
    fn replay(&self, mut request: ReplayRequest<'_>) -> io::Result<Replayed> {
        let shown = match catch(|| self.runner.replay(&self.plan, &mut request)) {
            Ok(shown) => shown?,
            Err(verdict) => Replayed::panicked(verdict),
        };
        if shown.result.verdict.outcome == Outcome::Inconclusive {
            // Perhaps because it was stopped: nothing to compare it with.
            return Ok(shown);
        }
        let bare = run_caught(&self.runner, &self.plan, request.lot, &mut R::Scratch::default());
        if shown.result == bare || bare.is_cut_by_host() {
            return Ok(shown);
        }
        let story = vec![
            "the run is another one when it is shown than when it is swept".to_owned(),
            format!("swept: {:032x} {}", bare.digest, bare.verdict.signature),
            format!("shown: {:032x} {}", shown.result.digest, shown.result.verdict.signature),
        ];
        let verdict = Verdict::new(Outcome::SimulatorBug, "divergence/shown", story);
        Ok(Replayed { result: RunResult { verdict, ..shown.result }, ..shown })
    }

    fn run(&self, lot: Lot) -> RunResult {
        run_caught(&self.runner, &self.plan, lot, &mut R::Scratch::default())
    }

    fn each(&self, seeds: &mut dyn Iterator<Item = u64>, take: &mut dyn FnMut(u64, RunResult)) {
        let mut scratch = R::Scratch::default();
        for seed in seeds {
            take(seed, run_caught(&self.runner, &self.plan, seed, &mut scratch));
        }
    }

    fn look(&self, before: &mut dyn Iterator<Item = u64>, seed: u64, window: Range<u64>) -> Option<Look> {
        let mut scratch = R::Scratch::default();
        for seed in before {
            run_caught(&self.runner, &self.plan, seed, &mut scratch);
        }
        let mut looker = Looker::new(window);
        let watched = catch(|| self.runner.watch(&self.plan, seed, &mut scratch, &mut looker));
        let result = watched.unwrap_or_else(|verdict| Some(panicked(verdict)))?;
        Some(looker.look(seed, Fingerprint::of(&result), &self.runner.roles(&self.plan)))
    }

    fn sweep(&self, request: SweepRequest<'_>, progress: &mut dyn FnMut(&Progress)) -> SweepReport {
        sweep(&self.runner, &self.plan, request, progress)
    }
}
