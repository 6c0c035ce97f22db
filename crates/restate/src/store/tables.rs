//! The tables of one partition.
//!
//= restatedev/restate@4296470d3:src/storage_rocksdb (status, inbox, journal, outbox, timers, state, dedup, fsm)
//!
//! Status, inbox, journal and state of a service instance are one row here: at most one invocation holds a key, so it
//! has one journal. The order of a scan is the order of the keys, as upstream's.

use crate::invocation::{Invocation, InvocationId, Key};
use crate::journal::Entry;
use crate::store::op::{Op, Outgoing};
use hashbrown::HashMap;
use kernel::identity::Nanos;
use rustc_hash::FxBuildHasher;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Whether a key is held, and by whom. This is the lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// Nobody holds it.
    #[default]
    Free,
    /// Held by an invocation that runs, or should.
    Invoked(Arc<Invocation>),
    /// Held by an invocation that waits for one of these journal indexes without running.
    Suspended(Arc<Invocation>, Vec<u32>),
}

impl Status {
    /// The invocation that holds the key.
    pub const fn holder(&self) -> Option<&Arc<Invocation>> {
        match self {
            Status::Free => None,
            Status::Invoked(holder) | Status::Suspended(holder, _) => Some(holder),
        }
    }
}

/// All rows of one service instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Instance {
    /// The lock.
    pub status: Status,
    /// Calls that wait for it, with their sequence numbers: first in, first out.
    pub inbox: VecDeque<(u64, Arc<Invocation>)>,
    /// The journal of its holder, from index 1.
    pub journal: Vec<Entry>,
    /// User state: the counter of an interpreter, "started" of a verifier.
    pub state: Option<u32>,
}

impl Instance {
    /// The entry at a journal index.
    pub fn entry(&self, index: u32) -> Option<&Entry> {
        self.journal.get((index as usize).checked_sub(1)?)
    }
}

/// The tables of one partition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    rows: HashMap<Key, u32, FxBuildHasher>,
    instances: Vec<(Key, Instance)>,
    /// The next inbox sequence number.
    pub inbox_seq: u64,
    /// Rows that are not truncated, in order; the last one has the number `outbox_seq`.
    outbox: VecDeque<Outgoing>,
    /// The number of the last outbox row; the first is 1.
    pub outbox_seq: u64,
    /// Timers in the order of their wake-up.
    pub timers: BTreeSet<(Nanos, Key, InvocationId, u32)>,
    /// The last sequence number seen from each partition.
    pub seen: BTreeMap<u16, u64>,
}

impl Hash for Tables {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Rows and their index are hashed in the order of the keys, not of their making.
        let Tables { rows: _, instances: _, inbox_seq, outbox, outbox_seq, timers, seen } = self;
        for (key, instance) in self.iter() {
            key.hash(state);
            instance.hash(state);
        }
        (inbox_seq, outbox_seq, outbox, timers, seen).hash(state);
    }
}

impl Tables {
    /// Number of instances that have ever been used.
    pub fn len(&self) -> usize {
        self.instances.len()
    }

    /// Whether no instance has been used.
    pub fn is_empty(&self) -> bool {
        self.instances.is_empty()
    }

    /// The rows of an instance, if it has ever been used.
    #[inline]
    pub fn get(&self, key: Key) -> Option<&Instance> {
        self.rows.get(&key).map(|row| &self.instances[*row as usize].1)
    }

    /// Its lock.
    #[inline]
    pub fn status(&self, key: Key) -> &Status {
        self.get(key).map_or(&Status::Free, |instance| &instance.status)
    }

    /// All instances in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Instance)> {
        let mut rows: Vec<_> = self.instances.iter().map(|(key, instance)| (*key, instance)).collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        rows.into_iter()
    }

    /// The first outbox row at or after a sequence number, with its number.
    #[inline]
    pub fn outbox_from(&self, seq: u64) -> Option<(u64, &Outgoing)> {
        let first = self.outbox_seq + 1 - self.outbox.len() as u64;
        let seq = seq.max(first);
        self.outbox.get((seq - first) as usize).map(|row| (seq, row))
    }

    /// Number of rows in the outbox.
    pub fn outbox_len(&self) -> usize {
        self.outbox.len()
    }

    /// Applies one change. Changes come from committed transactions only, so none of them can fail.
    #[inline]
    pub fn apply(&mut self, op: &Op) {
        match op {
            Op::Invoked(invocation) => {
                let instance = self.instance(invocation.key);
                instance.status = Status::Invoked(invocation.clone());
                instance.journal.clear();
            }
            Op::Suspended(key, waiting) => {
                let instance = self.instance(*key);
                if let Status::Invoked(holder) = &instance.status {
                    instance.status = Status::Suspended(holder.clone(), waiting.clone());
                }
            }
            Op::Resumed(key) => {
                let instance = self.instance(*key);
                if let Status::Suspended(holder, _) = &instance.status {
                    instance.status = Status::Invoked(holder.clone());
                }
            }
            Op::Freed(key) => {
                let instance = self.instance(*key);
                instance.status = Status::Free;
                instance.journal.clear();
            }
            Op::HandedOver(key) => {
                let instance = self.instance(*key);
                instance.journal.clear();
                instance.status = instance.inbox.pop_front().map_or(Status::Free, |(_, next)| Status::Invoked(next));
            }
            Op::Queued(seq, invocation) => {
                self.inbox_seq = seq + 1;
                self.instance(invocation.key).inbox.push_back((*seq, invocation.clone()));
            }
            Op::Journaled(key, entry) => self.instance(*key).journal.push(entry.clone()),
            Op::Completed(key, index, completion) => {
                if let Some(entry) = self.instance(*key).journal.get_mut((*index as usize).wrapping_sub(1)) {
                    entry.complete(completion);
                }
            }
            Op::State(key, state) => self.instance(*key).state = *state,
            Op::Sent(outgoing) => {
                self.outbox_seq += 1;
                self.outbox.push_back(outgoing.clone());
            }
            Op::Truncated(seq) => {
                while self.outbox_from(0).is_some_and(|(first, _)| first <= *seq) {
                    self.outbox.pop_front();
                }
            }
            Op::TimerSet(at, key, id, index) => {
                self.timers.insert((*at, *key, *id, *index));
            }
            Op::TimerDeleted(at, key, id, index) => {
                self.timers.remove(&(*at, *key, *id, *index));
            }
            Op::Seen(partition, seq) => {
                self.seen.insert(*partition, *seq);
            }
            Op::Commit(_) => {}
            Op::Checkpoint(_, tables) => *self = (**tables).clone(),
        }
    }

    #[inline]
    fn instance(&mut self, key: Key) -> &mut Instance {
        let next = self.instances.len() as u32;
        let row = *self.rows.entry(key).or_insert(next);
        if row == next {
            self.instances.push((key, Instance::default()));
        }
        &mut self.instances[row as usize].1
    }
}
