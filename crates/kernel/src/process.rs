//! What the kernel keeps for each node beside the model's own state: incarnation, actors, clock, disk, held inputs.

use crate::clock::Clock;
use crate::disk::Disk;
use crate::identity::{ActorId, Address, Nanos};
use crate::queue::Source;
use crate::system::{Input, System};
use std::cell::Cell;
use std::collections::VecDeque;

/// Whether a node's process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// No process; the machine answers for it (connections to it are refused).
    Down,
    /// No process and no machine: nobody answers.
    Dark,
    /// It works.
    Up,
    /// It is stopped: inputs are held until it is resumed.
    Paused,
    /// It neither works nor exits: its connections stand, and inputs vanish.
    Hung,
}

impl State {
    /// Whether there is a process.
    pub const fn has_process(self) -> bool {
        matches!(self, State::Up | State::Paused | State::Hung)
    }
}

/// An actor: one job at a time, in the order of submission.
#[derive(Clone, Debug)]
pub(crate) struct Actor<J> {
    pub busy: bool,
    pub waiting: VecDeque<Waiting<J>>,
    pub handled: u64,
}

/// A job that waits for the ones before it.
#[derive(Clone, Debug)]
pub(crate) struct Waiting<J> {
    pub service: Nanos,
    pub parent: u64,
    pub job: J,
}

impl<J> Default for Actor<J> {
    fn default() -> Self {
        Actor { busy: false, waiting: VecDeque::new(), handled: 0 }
    }
}

/// What a node has done so far that slowness or clocks that are off can touch: what tells such a fault from one that
/// nobody noticed. It outlives processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NodeToll {
    /// Jobs that took longer than they would have on a node that is not slowed.
    pub slowed: u64,
    /// Readings of the monotonic clock, right or wrong.
    pub monotonic: u64,
    /// Readings of the wall clock, right or wrong.
    pub wall: u64,
    /// Timers that were set by a clock of another rate, and so wait for another time.
    pub drifted_timers: u64,
}

/// A node as the kernel sees it.
#[derive(Clone, Debug)]
pub(crate) struct Process<S: System> {
    pub role: S::Role,
    pub state: State,
    pub incarnation: u32,
    pub address: Address,
    pub clock: Clock,
    pub disk: Disk<S::Record>,
    /// Percent by which every service time is longer.
    pub slow_percent: u32,
    /// A cell, since who reads a clock has the process shared.
    toll: Cell<NodeToll>,
    /// Inputs that came while it was paused, with their causes.
    pub held: VecDeque<(Input<S>, u64)>,
    pub source: Source,
    pub handled: u64,
    actors: Vec<Actor<S::Job>>,
}

impl<S: System> Process<S> {
    pub fn new(role: S::Role, address: Address, clock: Clock, disk: Disk<S::Record>, identity: u64) -> Self {
        Process {
            role,
            state: State::Down,
            incarnation: 0,
            address,
            clock,
            disk,
            slow_percent: 0,
            toll: Cell::default(),
            held: VecDeque::new(),
            source: Source::new("node", identity),
            handled: 0,
            actors: Vec::new(),
        }
    }

    #[inline]
    pub fn actor(&mut self, actor: ActorId) -> &mut Actor<S::Job> {
        let index = usize::from(actor.0);
        if index >= self.actors.len() {
            self.actors.resize_with(index + 1, Actor::default);
        }
        &mut self.actors[index]
    }

    pub fn actors(&self) -> &[Actor<S::Job>] {
        &self.actors
    }

    /// Service time on this node as it is now.
    #[inline]
    pub fn service(&self, service: Nanos) -> Nanos {
        if self.slow_percent == 0 {
            return service;
        }
        let slowed = service + service * u64::from(self.slow_percent) / 100;
        self.count(|toll| toll.slowed += u64::from(slowed > service));
        slowed
    }

    /// What its monotonic clock says to the process.
    #[inline]
    pub fn read_monotonic(&self, now: Nanos) -> Nanos {
        self.count(|toll| toll.monotonic += 1);
        self.clock.monotonic(now)
    }

    /// What its wall clock says to the process.
    #[inline]
    pub fn read_wall(&self, now: Nanos) -> Nanos {
        self.count(|toll| toll.wall += 1);
        self.clock.wall(now)
    }

    /// How long the kernel waits for a timer of the process.
    #[inline]
    pub fn timer_delay(&self, after: Nanos) -> Nanos {
        let delay = self.clock.kernel_delay(after);
        if delay != after {
            self.count(|toll| toll.drifted_timers += 1);
        }
        delay
    }

    pub fn toll(&self) -> NodeToll {
        self.toll.get()
    }

    #[inline]
    fn count(&self, change: impl FnOnce(&mut NodeToll)) {
        let mut toll = self.toll.get();
        change(&mut toll);
        self.toll.set(toll);
    }

    /// Drops all volatile state; the number of held inputs and waiting jobs that it had.
    pub fn clear(&mut self) -> u64 {
        let waiting: usize = self.actors.iter().map(|actor| actor.waiting.len()).sum();
        let dropped = waiting + self.held.len();
        self.held.clear();
        for actor in &mut self.actors {
            actor.busy = false;
            actor.waiting.clear();
        }
        dropped as u64
    }
}
