//! Forking a world of three replicas with long logs, and the first write after it.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::builder::Builder;
use kernel::disk::DiskProfile;
use kernel::identity::{NodeId, SECONDS};
use kernel::log::Log;
use kernel::system::{Env, Input, Node, System, Traced};
use kernel::world::World;
use miette::Report;

use super::{Bar, Effort, Figure, Spread, timing};

/// Records of each replica's log.
const RECORDS: u64 = 100_000;
/// Rows of each replica's state.
const ROWS: u64 = 10_000;
const REPLICAS: u16 = 3;

#[derive(Clone)]
struct Replicas;

#[derive(Clone)]
struct Record {
    /// As a model would own it.
    _text: String,
    _nth: u64,
}

/// A log and what it has become, both as design.md section 3 has them.
#[derive(Clone)]
struct Replica {
    log: Log<Record>,
    state: Arc<BTreeMap<u64, String>>,
}

#[derive(Clone, Copy, Debug, Hash)]
struct Write;

impl Traced for Write {
    fn name(&self) -> &'static str {
        "write"
    }
}

impl System for Replicas {
    type Node = Replica;
    type Role = ();
    type Message = ();
    type Timer = Write;
    type Job = ();
    type Record = ();
    type Event = ();

    fn boot((): &()) -> Replica {
        let mut replica = Replica { log: Log::default(), state: Arc::default() };
        (0..RECORDS).for_each(|nth| replica.write(nth));
        replica
    }
}

impl Replica {
    fn write(&mut self, nth: u64) {
        let text = format!("record {nth} of a replica");
        Arc::make_mut(&mut self.state).insert(nth % ROWS, text.clone());
        self.log.push(Record { _text: text, _nth: nth });
    }
}

impl Node<Replicas> for Replica {
    fn handle<E: Env<Replicas>>(&mut self, input: Input<Replicas>, env: &mut E) {
        match input {
            Input::Start => {
                env.set_timer(SECONDS, Write);
            }
            Input::Timer { .. } => self.write(self.log.len()),
            _ => {}
        }
    }
}

/// A world at the moment before each replica writes.
fn world() -> World<Replicas> {
    let mut builder = Builder::new(1);
    for _ in 0..REPLICAS {
        builder.node((), DiskProfile::default());
    }
    let mut world = builder.build();
    while world.next_at().is_some_and(|at| at < SECONDS) {
        world.step(&mut ());
    }
    world
}

/// Measures.
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    let world = world();
    let (mut forks, mut writes) = (Vec::new(), Vec::new());
    for salt in 0..effort.rounds as u64 {
        let (took, mut fork) = timing::time(|| world.fork(salt));
        forks.push(took.as_secs_f64() * 1e3);
        let (took, wrote) = timing::time(|| fork.step(&mut ()));
        writes.push(took.as_secs_f64() * 1e3);
        let lens = [&fork, &world].map(|world| world.ids().map(|id| len(world, id)).sum::<u64>());
        assert!(wrote && lens == [300_001, 300_000], "SIMULATOR BUG: a fork's write is the fork's own: {lens:?}");
    }
    let what = "3 replicas, each a log of 100,000 records that own a text and a table of 10,000 rows";
    let bar = Some(Bar::AtMost(2.0));
    let written = "one record and one row; it copies the row's table, which was shared";
    Ok(vec![
        Figure::new("fork", "fork of a world", "ms", bar, Spread::of(forks), vec![what.to_owned()]),
        Figure::new("fork-write", "the first write after it", "ms", None, Spread::of(writes), vec![written.to_owned()]),
    ])
}

fn len(world: &World<Replicas>, id: NodeId) -> u64 {
    world.node(id).map_or(0, |replica| replica.log.len())
}
