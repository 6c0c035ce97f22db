//! The SDK's half of the protocol: the journal of one attempt, and what its handler waits for.
//!
//= restatedev/sdk-typescript@609906e9:src/state_machine.ts

use crate::config::Job;
use crate::invocation::{Argument, Call, Key, Method};
use crate::journal::{Completion, Entry, Kind, NewEntry};
use crate::workload::{Service, Tree};
use kernel::identity::Nanos;
use std::sync::Arc;

/// What the handler may know of the world outside its journal.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The job that the invocation belongs to.
    pub job: &'a Job,
    /// Wall clock of the pod.
    pub wall: Nanos,
}

impl Surroundings<'_> {
    /// A call of an interpreter of the same job.
    #[inline]
    pub fn call(&self, job: u16, target: i32, method: Method, argument: Argument) -> Call {
        let hash = self.job.keys.interpreter(target);
        Call { key: Key { service: Service::Interpreter, job, target, hash }, method, argument }
    }

    /// The call of a node of a tree.
    #[inline]
    pub fn call_of(&self, job: u16, tree: &Arc<Tree>, call: crate::workload::CallIndex, method: Method) -> Call {
        self.call(job, tree.call(call).target, method, Argument::Commands(tree.clone(), call))
    }
}

#[derive(Clone, Debug)]
struct Slot {
    kind: Kind,
    completion: Option<Completion>,
}

/// The journal of an attempt.
#[derive(Clone, Debug, Default)]
pub struct Sdk {
    slots: Vec<Slot>,
    /// How many entries were known at the start: those are replayed.
    known: u32,
    /// Entries that the handler has passed so far.
    passed: u32,
    /// Completions in the order of their arrival; those known at the start come first, in the order of the journal.
    arrived: Vec<u32>,
    /// New entries that have not been sent.
    pub(crate) unsent: Vec<(u32, NewEntry)>,
}

/// The handler did something else than the journal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// At this index.
    pub index: u32,
}

impl Sdk {
    /// The journal as the runtime sent it.
    pub fn new(journal: &[Entry]) -> Self {
        let slots: Vec<Slot> =
            journal.iter().map(|entry| Slot { kind: entry.kind(), completion: entry.completion() }).collect();
        let arrived = (1..).zip(&slots).filter(|(_, slot)| slot.completion.is_some()).map(|(index, _)| index).collect();
        Sdk { known: slots.len() as u32, slots, passed: 0, arrived, unsent: Vec::new() }
    }

    /// The handler makes its next entry, or finds it in the journal; its index.
    ///
    /// # Errors
    /// The journal has an entry of another kind there.
    #[inline]
    pub fn enter(&mut self, entry: NewEntry) -> Result<u32, Mismatch> {
        self.passed += 1;
        let index = self.passed;
        if index <= self.known {
            let fits = self.slots[index as usize - 1].kind == entry.kind();
            return if fits { Ok(index) } else { Err(Mismatch { index }) };
        }
        self.slots.push(Slot { kind: entry.kind(), completion: None });
        self.unsent.push((index, entry));
        Ok(index)
    }

    /// The completion of an entry, if it has come.
    #[inline]
    pub fn completion(&self, index: u32) -> Option<&Completion> {
        self.slots.get((index as usize).checked_sub(1)?)?.completion.as_ref()
    }

    /// A completion has come from the runtime; whether it is new.
    pub fn complete(&mut self, index: u32, completion: Completion) -> bool {
        let slot = (index as usize).checked_sub(1).and_then(|index| self.slots.get_mut(index));
        let Some(slot) = slot.filter(|slot| slot.completion.is_none()) else { return false };
        slot.completion = Some(completion);
        self.arrived.push(index);
        true
    }

    /// The completions that have arrived, in order.
    pub fn arrived(&self) -> &[u32] {
        &self.arrived
    }

    /// Whether the handler has made entries that are not sent.
    pub fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Every entry that can still be completed, awaited or not: what a suspension names.
    pub fn pending(&self) -> Vec<u32> {
        let completable = |kind| matches!(kind, Kind::GetState | Kind::Sleep | Kind::Invoke);
        let pending = (1..).zip(&self.slots).filter(|(_, slot)| slot.completion.is_none() && completable(slot.kind));
        pending.map(|(index, _)| index).collect()
    }
}

/// How far a handler got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It waits for the completion of this entry.
    WaitsFor(u32),
    /// It waits for the completions of all entries from the first index to the last that are not complete.
    WaitsForAll(u32, u32),
    /// It is done.
    Done(crate::invocation::Value),
    /// It threw an error.
    Threw(String),
}

impl From<Mismatch> for Progress {
    fn from(mismatch: Mismatch) -> Self {
        Progress::Threw(format!(
            "Journal mismatch: Replayed journal entries did not correspond to the user code at index {}",
            mismatch.index
        ))
    }
}
