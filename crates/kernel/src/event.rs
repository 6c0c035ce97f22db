//! The trace: typed events with time, node, incarnation and causal parent.

use crate::control::Command;
use crate::digest::Digest;
use crate::identity::{ConnectionId, Nanos, NodeId};
use crate::plain_words;
use crate::system::{Input, System, Traced};
use crate::world::World;
use std::hash::Hash;

/// One event of a run.
#[derive(Debug)]
pub struct Event<'a, S: System> {
    /// Its number, from 1.
    pub id: u64,
    /// The event whose handling caused it; 0 for none.
    pub parent: u64,
    /// Virtual time.
    pub at: Nanos,
    /// Where; `NodeId::KERNEL` for control.
    pub node: NodeId,
    /// Which process of that identity.
    pub incarnation: u32,
    /// What.
    pub what: What<'a, S>,
}

/// What happened.
#[derive(Debug)]
pub enum What<'a, S: System> {
    /// The node is given an input. The observer sees the world just before the node handles it.
    Input(&'a Input<S>),
    /// The node said something while it handled its last input. The observer sees the world just after.
    Emitted(&'a S::Event),
    /// Something that no node sees happened to something in flight.
    Note(Note),
    /// Somebody outside changed the world.
    Control(&'a Command),
}

/// What becomes of things in flight without a node seeing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Note {
    /// A datagram was lost by chance.
    Lost(NodeId, NodeId),
    /// A datagram met a block.
    Blocked(NodeId, NodeId),
    /// A datagram was doubled.
    Doubled(NodeId, NodeId),
    /// A datagram was held back so that later ones overtake it.
    HeldBack(NodeId, NodeId),
    /// Something arrived for a process that is gone.
    Undeliverable(NodeId),
    /// A process that neither works nor exits swallowed an input.
    Swallowed(NodeId),
    /// A connection waits for a block to end.
    Stalled(ConnectionId),
    /// A disk lied about a sync.
    SyncLost(NodeId),
}

impl<S: System> Event<'_, S> {
    /// Feeds every field to the digest; the number is implied by the order.
    #[inline]
    pub fn absorb(&self, digest: &mut Digest) {
        digest.absorb(self.at);
        digest.absorb(u64::from(self.node.0) | u64::from(self.incarnation) << 16);
        digest.absorb(self.parent << 2 | self.what.discriminant());
        match &self.what {
            What::Input(input) => input.hash(digest),
            What::Emitted(event) => event.hash(digest),
            What::Note(note) => note.hash(digest),
            What::Control(command) => command.hash(digest),
        }
    }

    /// A word for the kind of event, for people and triggers: the model's own word where there is one.
    pub fn name(&self) -> &'static str {
        match &self.what {
            What::Input(input) => match input {
                Input::Start => START,
                Input::Message { message, .. } | Input::Received { message, .. } => message.name(),
                Input::Opened { .. } => OPENED,
                Input::Closed { .. } => CLOSED,
                Input::Timer { payload, .. } => payload.name(),
                Input::Disk { .. } => DISK_DONE,
                Input::Job { job, .. } => job.name(),
            },
            What::Emitted(event) => event.name(),
            What::Note(note) => note.name(),
            What::Control(command) => command.name(),
        }
    }

    /// Three numbers for people.
    pub fn data(&self) -> [u64; 3] {
        match &self.what {
            What::Input(input) => match input {
                Input::Start => [0; 3],
                Input::Message { message, .. } | Input::Received { message, .. } => message.data(),
                Input::Opened { connection, label, .. } => [connection.raw(), *label, 0],
                Input::Closed { connection, how } => [connection.raw(), *how as u64, 0],
                Input::Timer { payload, .. } => payload.data(),
                Input::Disk { token, result } => [*token, result.map_or_else(|error| 1 + error as u64, |()| 0), 0],
                Input::Job { job, .. } => job.data(),
            },
            What::Emitted(event) => event.data(),
            What::Note(_) | What::Control(_) => [0; 3],
        }
    }
}

impl<S: System> What<'_, S> {
    const fn discriminant(&self) -> u64 {
        match self {
            What::Input(_) => 0,
            What::Emitted(_) => 1,
            What::Note(_) => 2,
            What::Control(_) => 3,
        }
    }
}

impl Note {
    plain_words! {
        Note::Lost(..) => "lost",
        Note::Blocked(..) => "blocked",
        Note::Doubled(..) => "doubled",
        Note::HeldBack(..) => "held-back",
        Note::Undeliverable(_) => "undeliverable",
        Note::Swallowed(_) => "swallowed",
        Note::Stalled(_) => "stalled",
        Note::SyncLost(_) => "sync-lost",
    }
}

/// Words of inputs that are the kernel's own.
const START: &str = "start";
const OPENED: &str = "opened";
const CLOSED: &str = "closed";
const DISK_DONE: &str = "disk-done";

/// Every word that an event of this system can have for a name, in order. `None`: the system does not tell its own.
pub fn words<S: System>() -> Option<Vec<&'static str>> {
    let of_system = [S::Message::words(), S::Timer::words(), S::Job::words(), S::Event::words()];
    if of_system.iter().any(Vec::is_empty) {
        return None;
    }
    let mut words = vec![START, OPENED, CLOSED, DISK_DONE];
    words.extend(Note::WORDS);
    words.extend(Command::WORDS);
    words.extend(of_system.concat());
    words.sort_unstable();
    words.dedup();
    Some(words)
}

/// Watches a run. It cannot draw, spawn, sleep or change anything: it gets shared references only, and the world keeps
/// its dice to itself. It may look:
///
/// ```
/// # use relapse_kernel::{control::Command, event::{Event, Observer}, system::System, world::World};
/// # struct Watch;
/// # impl<S: System> Observer<S> for Watch {
/// #     fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
/// let _ = (event.id, world.now(), world.digest(), world.draws());
/// #     }
/// # }
/// ```
///
/// It may not take a step,
///
/// ```compile_fail,E0596
/// # use relapse_kernel::{control::Command, event::{Event, Observer}, system::System, world::World};
/// # struct Watch;
/// # impl<S: System> Observer<S> for Watch {
/// #     fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
/// world.step(&mut ());
/// #     }
/// # }
/// ```
///
/// nor command anything,
///
/// ```compile_fail,E0596
/// # use relapse_kernel::{control::Command, event::{Event, Observer}, system::System, world::World};
/// # struct Watch;
/// # impl<S: System> Observer<S> for Watch {
/// #     fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
/// world.control(Command::Wake(1), &mut ());
/// #     }
/// # }
/// ```
///
/// nor ask to be woken,
///
/// ```compile_fail,E0596
/// # use relapse_kernel::{control::Command, event::{Event, Observer}, system::System, world::World};
/// # struct Watch;
/// # impl<S: System> Observer<S> for Watch {
/// #     fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
/// world.wake_at(world.now(), 1);
/// #     }
/// # }
/// ```
///
/// nor have draws kept,
///
/// ```compile_fail,E0596
/// # use relapse_kernel::{control::Command, event::{Event, Observer}, system::System, world::World};
/// # struct Watch;
/// # impl<S: System> Observer<S> for Watch {
/// #     fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
/// world.keep_draws();
/// #     }
/// # }
/// ```
///
/// nor reach what the world is made of.
///
/// ```compile_fail,E0616
/// # use relapse_kernel::{control::Command, event::{Event, Observer}, system::System, world::World};
/// # struct Watch;
/// # impl<S: System> Observer<S> for Watch {
/// #     fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
/// let _ = world.core.dice.seed();
/// #     }
/// # }
/// ```
pub trait Observer<S: System> {
    /// One event, in order.
    fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>);
}

impl<S: System> Observer<S> for () {
    #[inline(always)]
    fn on_event(&mut self, _: &Event<'_, S>, _: &World<S>) {}
}

impl<S: System, A: Observer<S>, B: Observer<S>> Observer<S> for (A, B) {
    #[inline]
    fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
        self.0.on_event(event, world);
        self.1.on_event(event, world);
    }
}

impl<S: System, O: Observer<S>> Observer<S> for Option<O> {
    #[inline]
    fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
        if let Some(observer) = self {
            observer.on_event(event, world);
        }
    }
}

impl<S: System, O: Observer<S>> Observer<S> for &mut O {
    #[inline]
    fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
        (**self).on_event(event, world);
    }
}
