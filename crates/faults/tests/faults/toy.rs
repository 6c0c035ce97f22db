//! A toy cluster for faults: every 10 ms each worker tells the others, writes to a connection, appends to its log and
//! syncs it, and does a job of 1 ms. And a stage: a plan is run on it, and what happened is kept.

use faults::bounds::Bounds;
use faults::injector::{Injector, run};
use faults::names::{GroundTruth, Names};
use faults::plan::Plan;
use faults::report::Report;
use kernel::State;
use kernel::budget::Budget;
use kernel::builder::Builder;
use kernel::disk::{DiskError, DiskProfile};
use kernel::event::{Event, Observer};
use kernel::identity::{ActorId, ConnectionId, FileName, MILLIS, Nanos, NodeId};
use kernel::system::{DiskOp, Env, Input, Node, Payload, System, Target, Traced};
use kernel::world::World;
use std::sync::Arc;

pub const LOG: FileName = FileName { kind: "log", number: 0 };
const PERIOD: Nanos = 10 * MILLIS;

#[derive(Clone, Debug)]
pub struct Toy;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    Beat(u64),
    Tick,
    Work,
    Line(u64),
    Worked(u64),
    DiskFailed(u64),
}

impl Traced for Word {
    kernel::words! {
        Word::Beat(_) => "beat",
        Word::Tick => "tick",
        Word::Work => "work",
        Word::Line(_) => "line",
        Word::Worked(_) => "worked",
        Word::DiskFailed(_) => "disk-failed",
    }
    fn data(&self) -> [u64; 3] {
        match self {
            Word::Beat(nth) | Word::Line(nth) | Word::Worked(nth) | Word::DiskFailed(nth) => [*nth, 0, 0],
            Word::Tick | Word::Work => [0; 3],
        }
    }
}

impl Payload for Word {
    fn bytes(&self) -> u64 {
        100
    }
}

#[derive(Clone, Debug, Default)]
pub struct Worker {
    pub workers: u16,
    pub ticks: u64,
    pub heard: u64,
    pub opened: u64,
    pub connection: Option<ConnectionId>,
    /// Monotonic and wall clock at the last tick.
    pub clocks: (Nanos, Nanos),
}

impl System for Toy {
    type Node = Worker;
    type Role = u16;
    type Message = Word;
    type Timer = Word;
    type Job = Word;
    type Record = Word;
    type Event = Word;
    fn boot(workers: &u16) -> Worker {
        Worker { workers: *workers, ..Worker::default() }
    }
}

impl Node<Toy> for Worker {
    fn handle<E: Env<Toy>>(&mut self, input: Input<Toy>, env: &mut E) {
        match input {
            Input::Start => {
                env.set_timer(PERIOD, Word::Tick);
            }
            Input::Timer { .. } => self.tick(env),
            Input::Message { .. } | Input::Received { .. } => self.heard += 1,
            Input::Job { .. } => env.emit(Word::Worked(self.ticks)),
            Input::Closed { connection, .. } if self.connection == Some(connection) => self.connection = None,
            Input::Disk { result: Err(error), .. } => env.emit(Word::DiskFailed(error as u64)),
            _ => {}
        }
    }
}

impl Worker {
    fn tick<E: Env<Toy>>(&mut self, env: &mut E) {
        self.ticks += 1;
        self.clocks = (env.monotonic(), env.wall());
        let me = env.me();
        for peer in (0..self.workers).map(NodeId).filter(|peer| *peer != me) {
            env.send(Target::Node(peer), Word::Beat(self.ticks));
        }
        let connection = match self.connection {
            Some(connection) => connection,
            None => {
                self.opened += 1;
                let next = NodeId((me.0 + 1) % self.workers);
                *self.connection.insert(env.open(Target::Node(next), self.opened))
            }
        };
        env.write(connection, Word::Line(self.ticks));
        env.disk(DiskOp::Append(LOG, Word::Line(self.ticks)), None);
        env.disk(DiskOp::Sync(LOG), Some(self.ticks));
        env.submit(ActorId(0), MILLIS, Word::Work);
        env.set_timer(PERIOD, Word::Tick);
    }
}

/// Knows `leader` (the first that works), `nobody`, and `next-to(n)`.
#[derive(Clone, Debug)]
pub struct Truth;

impl GroundTruth<Toy> for Truth {
    fn words(&self) -> &[&str] {
        &["leader", "nobody", "next-to"]
    }
    fn resolve(&self, word: &str, world: &World<Toy>) -> Option<Vec<NodeId>> {
        match word {
            "leader" => Some(world.ids().find(|id| world.state(*id) == State::Up).into_iter().collect()),
            "nobody" => Some(Vec::new()),
            _ => {
                let of: u16 = word.strip_prefix("next-to(")?.strip_suffix(')')?.parse().ok()?;
                Some(vec![NodeId((of + 1) % world.ids().count() as u16)])
            }
        }
    }
}

/// What the trace had: time, node, word, numbers.
pub type Seen = (Nanos, NodeId, &'static str, [u64; 3]);

#[derive(Clone, Default)]
pub struct Log(pub Vec<Seen>);

impl Observer<Toy> for Log {
    fn on_event(&mut self, event: &Event<'_, Toy>, _: &World<Toy>) {
        self.0.push((event.at, event.node, event.name(), event.data()));
    }
}

pub struct Stage {
    pub world: World<Toy>,
    pub injector: Injector<Truth>,
    pub log: Log,
}

pub fn plan(text: &str) -> Plan {
    toml::from_str(text).expect(text)
}

/// One entry: id `x`, at 105 ms if the text says no trigger.
pub fn one(rest: &str, action: &str) -> Plan {
    let trigger = if rest.contains("on =") || rest.contains("at =") { "" } else { "at = \"105ms\"\n" };
    plan(&format!("[[fault]]\nid = \"x\"\n{trigger}{rest}\ndo = {{ {action} }}\n"))
}

impl Stage {
    pub fn new(plan: &Plan, workers: u16) -> Self {
        Stage::bounded(plan, workers, 7, None)
    }

    pub fn bounded(plan: &Plan, workers: u16, seed: u64, bounds: Option<Bounds>) -> Self {
        let mut builder = Builder::new(seed);
        let ids: Vec<NodeId> = (0..workers).map(|_| builder.node(workers, DiskProfile::default())).collect();
        let mut world = builder.build();
        world.keep_draws();
        let names = Arc::new(Names::new().family("workers", "worker", ids));
        let injector = Injector::install(Arc::new(plan.clone()), names, Truth, bounds.map(Arc::new), &mut world);
        Stage { world, injector: injector.expect("the plan fits"), log: Log::default() }
    }

    pub fn until(mut self, at_ms: u64) -> Self {
        let budget = Budget::until(at_ms * MILLIS);
        run(&mut self.world, &mut self.injector, budget, &mut self.log);
        self
    }

    pub fn report(&self, id: &str) -> Report {
        let found = self.injector.reports(&self.world).into_iter().find(|report| report.id == id);
        found.expect("an entry of the plan")
    }

    pub fn vacuous(&self) -> Option<String> {
        self.injector.vacuous(&self.world)
    }

    pub fn worker(&self, id: u16) -> &Worker {
        self.world.node(NodeId(id)).expect("it runs")
    }

    pub fn state(&self, id: u16) -> State {
        self.world.state(NodeId(id))
    }

    pub fn damaged(&self, id: u16) -> u64 {
        let disk = self.world.disk(NodeId(id));
        let records = disk.file(LOG).map_or(0, |file| file.records().len());
        (0..records).filter(|index| disk.record(LOG, *index) == Err(DiskError::Damaged)).count() as u64
    }

    pub fn records(&self, id: u16) -> u64 {
        self.world.disk(NodeId(id)).file(LOG).map_or(0, |file| file.records().len())
    }

    pub fn times(&self, node: NodeId, name: &str) -> Vec<Nanos> {
        self.log.0.iter().filter(|seen| seen.1 == node && seen.2 == name).map(|seen| seen.0).collect()
    }
}
