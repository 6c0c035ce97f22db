//! One change of one table. A transaction is a list of them, and the log is nothing else.

use crate::invocation::{Invocation, InvocationId, Key, Value};
use crate::journal::{Completion, Entry};
use crate::store::tables::Tables;
use kernel::identity::Nanos;
use kernel::system::{Payload, Traced};
use std::sync::Arc;

/// A row of the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outgoing {
    /// A call for whoever owns its key.
    Invoke(Arc<Invocation>),
    /// An answer for a waiting invocation.
    Response {
        /// The waiting invocation.
        id: InvocationId,
        /// Its key.
        key: Key,
        /// The index of its call.
        index: u32,
        /// The answer.
        value: Value,
    },
    /// An answer for a client.
    Ingress(InvocationId, Value),
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// The key is held by this invocation from now on, and it runs.
    Invoked(Arc<Invocation>),
    /// Its holder waits for one of these indexes and is not running.
    Suspended(Key, Vec<u32>),
    /// Its holder runs again.
    Resumed(Key),
    /// The key is free. Its journal is dropped, its state stays.
    Freed(Key),
    /// The journal is dropped and the key handed to the first in its inbox.
    HandedOver(Key),
    /// A call waits for the key.
    Queued(u64, Arc<Invocation>),
    /// A journal entry.
    Journaled(Key, Entry),
    /// A completion of the entry at an index.
    Completed(Key, u32, Completion),
    /// The user state of the key.
    State(Key, Option<u32>),
    /// A new row at the end of the outbox.
    Sent(Outgoing),
    /// The outbox rows up to this sequence number are gone.
    Truncated(u64),
    /// A timer: due at a wall-clock time.
    TimerSet(Nanos, Key, InvocationId, u32),
    /// It is gone.
    TimerDeleted(Nanos, Key, InvocationId, u32),
    /// The last sequence number seen from a partition.
    Seen(u16, u64),
    /// The end of a transaction of a partition. What comes after the last one never happened.
    Commit(u16),
    /// All tables of a partition as of its last commit.
    Checkpoint(u16, Arc<Tables>),
}

impl Traced for Op {
    fn name(&self) -> &'static str {
        "op"
    }
}

impl Payload for Op {
    fn bytes(&self) -> u64 {
        match self {
            Op::Journaled(..) | Op::Sent(_) | Op::Invoked(_) | Op::Queued(..) => 160,
            Op::Checkpoint(_, tables) => 200 * tables.len() as u64,
            _ => 40,
        }
    }
}
