//! Journal entries: what a handler did, as it is sent, stored and replayed.
//!
//= restatedev/restate@4296470d3:src/service_protocol (entry types of the service protocol)
//!
//! Left out: awakeables, custom entries (side effects) and delayed calls, which the verification services never use.

use crate::invocation::{Call, Invocation, Value};
use kernel::identity::Nanos;
use std::sync::Arc;

/// An entry as the service sends it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NewEntry {
    /// Asks for the state of the key.
    GetState,
    /// Sets it; `None` clears it.
    SetState(Option<u32>),
    /// Sleeps until a time of the endpoint's wall clock.
    Sleep(Nanos),
    /// Calls and wants the answer.
    Invoke(Call),
    /// Calls one-way.
    Background(Call),
    /// The answer of the whole invocation.
    Output(Value),
}

/// An entry as the node stores it; a completable one has room for its completion. Index 0 of every journal is the
/// argument (PollInputStream), which is the invocation itself and is not stored again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// The state of the key, as it was when the entry was stored.
    GetState(Option<u32>),
    /// The state was set.
    SetState(Option<u32>),
    /// A sleep; whether it is over.
    Sleep(bool),
    /// A call; its answer, once there is one.
    Invoke(Arc<Invocation>, Option<Value>),
    /// A one-way call.
    Background(Arc<Invocation>),
    /// The answer of the whole invocation.
    Output(Value),
}

/// What completes an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Completion {
    /// The state of the key.
    State(Option<u32>),
    /// A sleep is over.
    Slept,
    /// A call is answered.
    Answer(Value),
}

/// The kind of an entry, for the comparison of a replay with the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// GetState.
    GetState,
    /// SetState or ClearState.
    SetState,
    /// Sleep.
    Sleep,
    /// Invoke.
    Invoke,
    /// BackgroundInvoke.
    Background,
    /// OutputStream.
    Output,
}

impl NewEntry {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            NewEntry::GetState => Kind::GetState,
            NewEntry::SetState(_) => Kind::SetState,
            NewEntry::Sleep(_) => Kind::Sleep,
            NewEntry::Invoke(_) => Kind::Invoke,
            NewEntry::Background(_) => Kind::Background,
            NewEntry::Output(_) => Kind::Output,
        }
    }

    /// Bytes of it on the wire, roughly: the parameters of a job and protobuf's overhead. A call carries its subtree.
    pub fn bytes(&self) -> u64 {
        match self {
            NewEntry::Invoke(call) | NewEntry::Background(call) => 120 + call.argument_bytes(),
            _ => 24,
        }
    }
}

impl Call {
    /// Bytes of the argument, roughly: some 20 for each command below.
    pub fn argument_bytes(&self) -> u64 {
        match &self.argument {
            crate::invocation::Argument::Commands(tree, call) => 20 * tree.commands(*call).len() as u64,
            _ => 8,
        }
    }
}

impl Entry {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Entry::GetState(_) => Kind::GetState,
            Entry::SetState(_) => Kind::SetState,
            Entry::Sleep(_) => Kind::Sleep,
            Entry::Invoke(..) => Kind::Invoke,
            Entry::Background(_) => Kind::Background,
            Entry::Output(_) => Kind::Output,
        }
    }

    /// Whether nothing more will come for it.
    pub const fn is_complete(&self) -> bool {
        !matches!(self, Entry::Sleep(false) | Entry::Invoke(_, None))
    }

    /// Stores a completion; one that does not fit, or comes twice, changes nothing.
    pub fn complete(&mut self, completion: &Completion) {
        match (self, completion) {
            (Entry::Sleep(over), Completion::Slept) => *over = true,
            (Entry::Invoke(_, answer @ None), Completion::Answer(value)) => *answer = Some(value.clone()),
            _ => {}
        }
    }

    /// The completion that it holds.
    pub fn completion(&self) -> Option<Completion> {
        match self {
            Entry::GetState(state) => Some(Completion::State(*state)),
            Entry::Sleep(true) => Some(Completion::Slept),
            Entry::Invoke(_, Some(value)) => Some(Completion::Answer(value.clone())),
            _ => None,
        }
    }
}
