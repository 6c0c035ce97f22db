//! What travels between the processes, and what they do for themselves.

use crate::invocation::{Invocation, InvocationId, Key, Method, Value};
use crate::journal::{Completion, Entry, NewEntry};
use kernel::identity::Nanos;
use kernel::system::{Payload, Traced};
use kernel::words;
use std::sync::Arc;

/// The first message of an attempt: what is known of the invocation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Start {
    /// The invocation; its argument is the journal entry 0.
    pub invocation: Arc<Invocation>,
    /// Which attempt of this machine it is, from 0: part of the name of its dice.
    pub attempt: u32,
    /// The stored entries from index 1, to be replayed.
    pub journal: Vec<Entry>,
}

/// A message on a connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A client calls the verifier of its job.
    Request(u16, Method),
    /// The answer to the client.
    Reply(Value),
    /// The runtime begins an attempt.
    Start(Box<Start>),
    /// The runtime completes an entry.
    Completion(u32, Completion),
    /// The runtime has closed its half of an idle stream: no completion will come on it.
    HalfClosed,
    /// The service has made the entry at this index.
    Entry(u32, NewEntry),
    /// The service waits for one of these indexes and ends the attempt.
    Suspend(Vec<u32>),
    /// The service cannot go on with this attempt.
    Error(Arc<str>),
}

/// What an invoker effect does to the partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// A new journal entry; a call has got its name.
    Journal(u32, Stored),
    /// The attempt ended in a suspension.
    Suspended(Vec<u32>),
    /// The invocation is done.
    End,
}

/// A new entry on its way to the journal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stored {
    /// GetState.
    GetState,
    /// SetState.
    SetState(Option<u32>),
    /// Sleep until a wall-clock time.
    Sleep(Nanos),
    /// Invoke.
    Invoke(Arc<Invocation>),
    /// BackgroundInvoke.
    Background(Arc<Invocation>),
    /// OutputStream.
    Output(Value),
}

/// A command of a partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// A call arrives.
    Invoke(Arc<Invocation>),
    /// An answer arrives.
    Response {
        /// For this invocation.
        id: InvocationId,
        /// Its key.
        key: Key,
        /// The index of its call.
        index: u32,
        /// The answer.
        value: Value,
    },
    /// The invoker reports.
    Effect(InvocationId, Key, Effect),
    /// A timer fired.
    Timer(Nanos, Key, InvocationId, u32),
    /// The shuffle is done with the outbox up to here.
    Truncate(u64),
    /// An operator kills an invocation.
    Kill(InvocationId, Key),
}

/// Where a command comes from: what it is checked against for duplicates, and who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The partition's own leader, or the ingress: no deduplication.
    Own,
    /// The outbox of a partition, with the row's number.
    Shuffle(u16, u64),
}

/// A job of one of the server's or an endpoint's actors.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// The consensus queue of a partition has delivered a command.
    Command(u16, Origin, Command),
    /// A commit is done: so many actuator messages are sent.
    Act(u16, u32),
    /// The shuffle of a partition has read its next row.
    Shuffle(u16),
    /// The shuffle of a partition hears that its row has arrived.
    Acknowledged(u16, u64),
    /// A handler goes on.
    Step(u32),
}

/// What a timer carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// A sleep is over, by the server's clock.
    Wake(Nanos, Key, InvocationId, u32),
    /// A failed attempt may be repeated.
    Retry(InvocationId),
    /// A stream has been idle.
    Inactive(InvocationId, u64),
    /// A handler has waited long enough to suspend.
    Suspend(u32, u32),
    /// The next pod is made.
    Pod,
    /// The pod is up.
    PodStarted,
}

impl Traced for Message {
    words! {
        Message::Request(..) => "request",
        Message::Reply(_) => "reply",
        Message::Start(_) => "start-message",
        Message::Completion(..) => "completion-message",
        Message::HalfClosed => "half-closed",
        Message::Entry(..) => "entry-message",
        Message::Suspend(_) => "suspension-message",
        Message::Error(_) => "error-message",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Message::Start(start) => {
                [start.invocation.id.identity, start.invocation.key.word(), start.journal.len() as u64]
            }
            Message::Completion(index, _) | Message::Entry(index, _) => [u64::from(*index), 0, 0],
            _ => [0; 3],
        }
    }
}

impl Payload for Message {
    fn bytes(&self) -> u64 {
        match self {
            Message::Entry(_, entry) => entry.bytes(),
            Message::Start(start) => 160 + 40 * start.journal.len() as u64,
            Message::Suspend(indexes) => 16 + 4 * indexes.len() as u64,
            _ => 32,
        }
    }
}

impl Traced for Job {
    words! {
        Job::Command(_, _, Command::Invoke(_)) => "command-invoke",
        Job::Command(_, _, Command::Response { .. }) => "command-response",
        Job::Command(_, _, Command::Effect(..)) => "command-effect",
        Job::Command(_, _, Command::Timer(..)) => "command-timer",
        Job::Command(_, _, Command::Truncate(_)) => "command-truncate",
        Job::Command(_, _, Command::Kill(..)) => "command-kill",
        Job::Act(..) => "act",
        Job::Shuffle(_) => "shuffle-read",
        Job::Acknowledged(..) => "shuffle-ack",
        Job::Step(_) => "step",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Job::Command(partition, ..) | Job::Shuffle(partition) => [u64::from(*partition), 0, 0],
            Job::Act(partition, count) => [u64::from(*partition), u64::from(*count), 0],
            Job::Acknowledged(partition, seq) => [u64::from(*partition), *seq, 0],
            Job::Step(attempt) => [u64::from(*attempt), 0, 0],
        }
    }
}

impl Traced for Timer {
    words! {
        Timer::Wake(..) => "sleep-over",
        Timer::Retry(_) => "retry",
        Timer::Inactive(..) => "inactive",
        Timer::Suspend(..) => "suspend-timer",
        Timer::Pod => "pod-back-off",
        Timer::PodStarted => "pod-started",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Timer::Wake(at, key, id, _) => [*at, key.word(), id.identity],
            Timer::Retry(id) | Timer::Inactive(id, _) => [id.identity, 0, 0],
            Timer::Suspend(attempt, index) => [u64::from(*attempt), u64::from(*index), 0],
            Timer::Pod | Timer::PodStarted => [0; 3],
        }
    }
}
