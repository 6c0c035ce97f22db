//! The event queue: ordered by (time, tie, n-th of the source), never by order of insertion.
//!
//! The tie is a hash of seed, source and time: first in, first out within a source; an order between sources that is
//! fixed by who they are, so a change elsewhere cannot reorder them. A heap of small keys over a slab of
//! payloads: sifting moves 24 bytes, and a cancelled entry is found by its slot.

use crate::identity::{Nanos, mix, spread};

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

/// An order and where its payload lies: 24 bytes, which is what the heap moves about.
#[derive(Clone, Copy, Debug)]
struct Key {
    at: Nanos,
    tie: u64,
    /// The n-th of its source above, the slot below: whole words are stored and loaded again without a stall.
    nth_slot: u64,
}

impl Key {
    const fn new(order: Order, slot: u32) -> Self {
        let Order { at, tie, nth } = order;
        Key { at, tie, nth_slot: (nth as u64) << 32 | slot as u64 }
    }

    const fn slot(&self) -> u32 {
        self.nth_slot as u32
    }

    const fn order(&self) -> Order {
        Order { at: self.at, tie: self.tie, nth: (self.nth_slot >> 32) as u32 }
    }

    /// Whether it comes before another one. Time and tie are compared as one number.
    #[inline(always)]
    const fn is_before(&self, other: &Key) -> bool {
        let (own, its) = (self.rank(), other.rank());
        if own == its { self.nth_slot >> 32 < other.nth_slot >> 32 } else { own < its }
    }

    #[inline(always)]
    const fn rank(&self) -> u128 {
        (self.at as u128) << 64 | self.tie as u128
    }
}

/// A binary heap of keys, the first one on top. (The standard one writes a key before it sifts it and returns it through
/// memory: per event two stalls of the processor, which is a tenth of the kernel's time.)
#[derive(Clone, Debug, Default)]
struct Heap {
    keys: Vec<Key>,
}

impl Heap {
    #[inline(always)]
    fn first(&self) -> Option<Key> {
        self.keys.first().copied()
    }

    #[inline(always)]
    fn push(&mut self, key: Key) {
        let mut hole = self.keys.len();
        self.keys.push(key);
        let keys = self.keys.as_mut_slice();
        while hole > 0 {
            let parent = (hole - 1) / 2;
            if !key.is_before(&keys[parent]) {
                break;
            }
            keys[hole] = keys[parent];
            hole = parent;
        }
        keys[hole] = key;
    }

    /// Takes the first key away: the hole sinks to the bottom, and the last key rises from there, where it belongs.
    #[inline(always)]
    fn pop(&mut self) {
        let Some(last) = self.keys.pop() else { return };
        let keys = self.keys.as_mut_slice();
        let len = keys.len();
        if len == 0 {
            return;
        }
        let mut hole = 0;
        let mut child = 1;
        while child < len {
            if child + 1 < len {
                child += usize::from(keys[child + 1].is_before(&keys[child]));
            }
            keys[hole] = keys[child];
            hole = child;
            child = 2 * hole + 1;
        }
        while hole > 0 {
            let parent = (hole - 1) / 2;
            if !last.is_before(&keys[parent]) {
                break;
            }
            keys[hole] = keys[parent];
            hole = parent;
        }
        keys[hole] = last;
    }
}

#[derive(Clone, Debug)]
struct Slot<T> {
    generation: u32,
    payload: Option<T>,
}

/// An entry that has left the order, and whose payload is about to be taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due(u32);

/// A priority queue of payloads with cancellation.
#[derive(Clone, Debug)]
pub struct Queue<T> {
    heap: Heap,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    live: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Queue { heap: Heap::default(), slots: Vec::new(), free: Vec::new(), live: 0 }
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
        self.push_with(order, |_, _| payload)
    }

    /// The same for a payload that knows its pair. It is made where it will lie.
    #[inline(always)]
    pub fn push_with(&mut self, order: Order, payload: impl FnOnce(u32, u32) -> T) -> (u32, u32) {
        let slot = self.free.pop().unwrap_or_else(|| self.add_slot());
        let entry = &mut self.slots[slot as usize];
        let generation = entry.generation;
        entry.payload = Some(payload(slot, generation));
        self.live += 1;
        self.heap.push(Key::new(order, slot));
        (slot, generation)
    }

    #[cold]
    fn add_slot(&mut self) -> u32 {
        self.slots.push(Slot { generation: 0, payload: None });
        (self.slots.len() - 1) as u32
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
            let top = self.heap.first()?;
            if self.slots[top.slot() as usize].payload.is_some() {
                return Some(top.at);
            }
            self.heap.pop();
            self.free.push(top.slot());
        }
    }

    /// Takes the next entry, with the pair that would have cancelled it.
    #[inline]
    pub fn pop(&mut self) -> Option<(Order, (u32, u32), T)> {
        self.pop_until(Nanos::MAX)
    }

    /// The same, if it is due by then.
    #[inline]
    pub fn pop_until(&mut self, until: Nanos) -> Option<(Order, (u32, u32), T)> {
        let (order, due) = self.next_until(until)?;
        let generation = self.slots[due.0 as usize].generation.wrapping_sub(1);
        let payload = self.take(due)?;
        Some((order, (due.0, generation), payload))
    }

    /// The next entry, if it is due by then. It is no longer pending, but its payload stays where it is until it is taken.
    #[inline(always)]
    pub(crate) fn next_until(&mut self, until: Nanos) -> Option<(Order, Due)> {
        loop {
            let top = self.heap.first()?;
            if top.at > until {
                return None;
            }
            self.heap.pop();
            let slot = top.slot();
            let entry = &mut self.slots[slot as usize];
            if entry.payload.is_some() {
                entry.generation = entry.generation.wrapping_add(1);
                self.live -= 1;
                return Some((top.order(), Due(slot)));
            }
            self.free.push(slot);
        }
    }

    /// The payload of an entry that is due.
    #[inline(always)]
    pub(crate) fn look(&self, due: Due) -> Option<&T> {
        self.slots[due.0 as usize].payload.as_ref()
    }

    /// Takes it.
    #[inline(always)]
    pub(crate) fn take(&mut self, due: Due) -> Option<T> {
        self.free.push(due.0);
        self.slots[due.0 as usize].payload.take()
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
        let due = |key: &Key| Some((key.at, self.slots[key.slot() as usize].payload.as_ref()?));
        self.heap.keys.iter().filter_map(due)
    }
}
