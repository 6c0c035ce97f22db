//! A system whose node breaks the rules on demand: it lets one fact about the host into its run. It shows that the guard
//! or `prove` finds each such leak. People are not offered it.
//!
//! One node ticks. At one tick it looks at what toggle `leak` names, and says what it saw; the check is blind to it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use explore::{Cost, Lot, Reduce, RunResult, Runner};
use kernel::budget::{Budget, Stop};
use kernel::builder::Builder;
use kernel::disk::DiskProfile;
use kernel::event::Observer;
use kernel::identity::{MILLIS, Nanos};
use kernel::system::{Env, Input, Node, System, Traced};
use kernel::verdict::Verdict;
use miette::Report;

use crate::host::Host;
use crate::look::Looker;
use crate::registry::{DynRunner, Planned, Replay, ReplayRequest, Replayed, traced};
use crate::scenario::Scenario;
use crate::scenario::schema::{Key, Kind, Need, Schema, Toggle};
use crate::systems::cut_short::{self, Cut};

/// What a scenario on it may say.
pub const SCHEMA: Schema = Schema {
    system: "leaky",
    about: "a node that lets a fact about the host into its run, for tests of the guard and of `prove`",
    hidden: true,
    cluster: &[],
    workload: &[
        Key {
            name: "ticks",
            kind: Kind::Count { least: 1, most: 1_000_000 },
            need: Need::Default("6000"),
            about: "ticks of the node, one per millisecond",
        },
        Key {
            name: "leaks_at",
            kind: Kind::Count { least: 1, most: 1_000_000 },
            need: Need::Default("3000"),
            about: "the tick at which it leaks",
        },
    ],
    exclusions: &[],
    toggles: &[Toggle {
        name: "leak",
        values: &["none", "clock", "hash-order", "thread", "counter"],
        about: "what the node looks at, and may not",
    }],
    presets: &[],
    latencies: &[],
    services: &[],
    draws: false,
    signatures: &[],
};

/// What the node looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Leak {
    None,
    Clock,
    HashOrder,
    Thread,
    Counter,
}

impl Leak {
    /// A number that no two runs should agree on.
    fn look(self) -> u64 {
        match self {
            Leak::None => 0,
            Leak::Clock => clock(),
            Leak::HashOrder => hash_order(),
            Leak::Thread => thread(),
            Leak::Counter => counter(),
        }
    }
}

#[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "the leak that is to be found")]
fn clock() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as u64)
}

#[expect(clippy::disallowed_types, reason = "the leak that is to be found")]
fn hash_order() -> u64 {
    let table: std::collections::HashMap<u64, ()> = (0..64).map(|key| (key, ())).collect();
    let mut order = DefaultHasher::new();
    table.keys().for_each(|key| key.hash(&mut order));
    order.finish()
}

#[expect(clippy::disallowed_methods, reason = "the leak that is to be found")]
fn thread() -> u64 {
    std::thread::spawn(|| 1).join().unwrap_or(0)
}

fn counter() -> u64 {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    RUNS.fetch_add(1, Ordering::Relaxed)
}

/// The system of one node.
#[derive(Clone, Debug)]
struct Leaky;

/// How often it ticks, when it leaks, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Role {
    ticks: u64,
    leaks_at: u64,
    leak: Leak,
}

/// The node.
#[derive(Clone, Debug)]
struct Ticker {
    role: Role,
    tick: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Tick(u64);

/// What it saw, at which tick.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Saw(u64, u64);

impl Traced for Tick {
    fn name(&self) -> &'static str {
        "tick"
    }

    fn data(&self) -> [u64; 3] {
        [self.0, 0, 0]
    }
}

impl Traced for Saw {
    fn name(&self) -> &'static str {
        "saw"
    }

    fn data(&self) -> [u64; 3] {
        [self.0, self.1, 0]
    }
}

impl System for Leaky {
    type Node = Ticker;
    type Role = Role;
    type Message = ();
    type Timer = Tick;
    type Job = ();
    type Record = ();
    type Event = Saw;

    fn boot(role: &Role) -> Ticker {
        Ticker { role: *role, tick: 0 }
    }
}

impl Node<Leaky> for Ticker {
    fn handle<E: Env<Leaky>>(&mut self, _: Input<Leaky>, env: &mut E) {
        if self.tick == self.role.leaks_at {
            env.emit(Saw(self.tick, self.role.leak.look()));
        }
        if self.tick < self.role.ticks {
            self.tick += 1;
            env.set_timer(MILLIS, Tick(self.tick));
        }
    }
}

#[derive(Clone)]
struct Plan {
    role: Role,
    budget: Budget,
    wall_time: Nanos,
}

impl Reduce for Plan {
    fn parts(&self) -> Vec<String> {
        Vec::new()
    }

    fn without(&self, _: &[usize]) -> Option<Self> {
        None
    }

    fn simpler(&self) -> Vec<(String, Self)> {
        Vec::new()
    }
}

struct LeakyRunner {
    host: Host,
}

impl LeakyRunner {
    fn run_with<O: Observer<Leaky>>(&self, plan: &Plan, seed: u64, observer: &mut O) -> RunResult {
        self.host.enter(seed, |clock| {
            let mut builder = Builder::new(seed);
            builder.node(plan.role, DiskProfile::default());
            let mut world = builder.build();
            clock.allow(plan.wall_time);
            let verdict = match clock.run(&mut world, plan.budget, observer) {
                Stop::Idle => Verdict::pass(),
                stop => cut_short::verdict(&world, Cut::Budget(stop), &self.roles(plan)),
            };
            let cost = Cost { events: world.events(), virtual_ns: world.now(), operations: plan.role.ticks };
            cut_short::result(verdict, world.digest(), cost)
        })
    }
}

impl Runner for LeakyRunner {
    type Plan = Plan;
    type Scratch = ();

    fn run_lot(&self, plan: &Plan, lot: Lot, (): &mut ()) -> RunResult {
        self.run_with(plan, lot.seed, &mut ())
    }
}

impl Replay for LeakyRunner {
    fn replay(&self, plan: &Plan, request: &mut ReplayRequest<'_>) -> io::Result<Replayed> {
        traced(&mut request.trace, self.roles(plan), |tracer| {
            let result = self.run_with(plan, request.lot.seed, tracer);
            Replayed { result, output: Vec::new(), details: serde_json::Value::Null, log: None }
        })
    }

    fn roles(&self, _: &Plan) -> Vec<String> {
        vec!["ticker".to_owned()]
    }

    fn watch(&self, plan: &Plan, seed: u64, (): &mut (), looker: &mut Looker) -> Option<RunResult> {
        Some(self.run_with(plan, seed, looker))
    }
}

/// The runner of a scenario on it.
pub fn runner(scenario: &Scenario, host: Host) -> Result<Box<dyn DynRunner>, Report> {
    let setting = |name| scenario.workload.count(name).expect("it has a default");
    let leak = match scenario.toggle("leak") {
        "clock" => Leak::Clock,
        "hash-order" => Leak::HashOrder,
        "thread" => Leak::Thread,
        "counter" => Leak::Counter,
        _ => Leak::None,
    };
    let role = Role { ticks: setting("ticks"), leaks_at: setting("leaks_at"), leak };
    let budget = Budget { events: scenario.events_max, until: scenario.duration_ns };
    let plan = Plan { role, budget, wall_time: scenario.wall_time_ns };
    Ok(Box::new(Planned { runner: LeakyRunner { host }, plan }))
}
