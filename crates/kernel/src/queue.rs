//! The event queue: ordered by (time, tie, n-th of the source), never by order of insertion.
//!
//! The tie is a hash of seed, source and time: first in, first out within a source; an order between sources that is
//! fixed by who they are, so a change elsewhere cannot reorder them. A heap of small keys over a slab of
//! payloads: sifting moves 24 bytes, and a cancelled entry is found by its slot.

use crate::identity::{Nanos, mix, spread};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// What decides the order of two entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    /// When it is due.
    pub at: Nanos,
    /// Order between sources at one instant.
    pub tie: u64,
    /// Order within a source at one instant.
    pub nth: u32,
}

impl Order {
    /// The place of the `nth` entry of `source` at time `at`, in the run of this seed.
    #[inline]
    pub const fn new(seed: u64, source: u64, nth: u32, at: Nanos) -> Self {
        Order { at, tie: spread(source ^ seed.rotate_left(32) ^ at.wrapping_mul(0x9fb2_1c65_1e98_df25)), nth }
    }
}

/// A source of entries: its identity, and how many it has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    identity: u64,
    made: u32,
}

impl Source {
    /// The source of this name.
    pub const fn new(kind: &str, identity: u64) -> Self {
        Source { identity: mix(crate::identity::identity_of(kind), identity), made: 0 }
    }

    /// The order of its next entry.
    #[inline]
    pub fn next(&mut self, seed: u64, at: Nanos) -> Order {
        self.made += 1;
        Order::new(seed, self.identity, self.made, at)
    }
}

/// An order and where its payload lies: 24 bytes, which is what a heap moves about.
#[derive(Clone, Copy, Debug)]
struct Key {
    at: Nanos,
    tie: u64,
    nth: u32,
    slot: u32,
}

impl Key {
    /// Time and tie as one number, turned round, as the heap gives its largest key first.
    #[inline(always)]
    const fn rank(&self) -> u128 {
        !((self.at as u128) << 64 | self.tie as u128)
    }
}

impl Ord for Key {
    #[inline(always)]
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank().cmp(&other.rank()).then_with(|| other.nth.cmp(&self.nth))
    }
}

impl PartialOrd for Key {
    #[inline(always)]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}

#[derive(Clone, Debug)]
struct Slot<T> {
    generation: u32,
    payload: Option<T>,
}

/// A priority queue of payloads with cancellation.
#[derive(Clone, Debug)]
pub struct Queue<T> {
    heap: BinaryHeap<Key>,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    live: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue { heap: BinaryHeap::new(), slots: Vec::new(), free: Vec::new(), live: 0 }
    }
}

impl<T> Queue<T> {
    /// Number of entries that are neither taken nor cancelled.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Adds an entry; the pair (slot, generation) cancels it.
    #[inline(always)]
    pub fn push(&mut self, order: Order, payload: T) -> (u32, u32) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize].payload = Some(payload);
                slot
            }
            None => {
                self.slots.push(Slot { generation: 0, payload: Some(payload) });
                (self.slots.len() - 1) as u32
            }
        };
        self.live += 1;
        let Order { at, tie, nth } = order;
        self.heap.push(Key { at, tie, nth, slot });
        (slot, self.slots[slot as usize].generation)
    }

    /// Removes an entry that is still pending. Its key leaves the heap when its time comes.
    pub fn cancel(&mut self, slot: u32, generation: u32) -> Option<T> {
        let entry = self.slots.get_mut(slot as usize).filter(|entry| entry.generation == generation)?;
        let payload = entry.payload.take()?;
        entry.generation = entry.generation.wrapping_add(1);
        self.live -= 1;
        Some(payload)
    }

    /// When the next entry is due.
    pub fn next_at(&mut self) -> Option<Nanos> {
        loop {
            let top = self.heap.peek()?;
            if self.slots[top.slot as usize].payload.is_some() {
                return Some(top.at);
            }
            self.free.extend(self.heap.pop().map(|top| top.slot));
        }
    }

    /// Takes the next entry, with the pair that would have cancelled it.
    #[inline]
    pub fn pop(&mut self) -> Option<(Order, (u32, u32), T)> {
        self.pop_until(Nanos::MAX)
    }

    /// The same, if it is due by then.
    #[inline(always)]
    pub fn pop_until(&mut self, until: Nanos) -> Option<(Order, (u32, u32), T)> {
        loop {
            if self.heap.peek()?.at > until {
                return None;
            }
            let Key { at, tie, nth, slot } = self.heap.pop()?;
            self.free.push(slot);
            let entry = &mut self.slots[slot as usize];
            if let Some(payload) = entry.payload.take() {
                let generation = entry.generation;
                entry.generation = generation.wrapping_add(1);
                self.live -= 1;
                return Some((Order { at, tie, nth }, (slot, generation), payload));
            }
        }
    }

    /// Cancels every pending entry that matches; their number.
    pub fn cancel_if(&mut self, mut matches: impl FnMut(&T) -> bool) -> u64 {
        let before = self.live;
        for slot in &mut self.slots {
            if slot.payload.as_ref().is_some_and(&mut matches) {
                slot.payload = None;
                slot.generation = slot.generation.wrapping_add(1);
                self.live -= 1;
            }
        }
        (before - self.live) as u64
    }

    /// Every pending entry, in no meaningful order.
    pub fn iter(&self) -> impl Iterator<Item = (Nanos, &T)> {
        let due = |key: &Key| Some((key.at, self.slots[key.slot as usize].payload.as_ref()?));
        self.heap.iter().filter_map(due)
    }
}
