//! Names of things, and the mixing function that turns names into keys for dice and ties.
//!
//! An identity is what a thing *is* (broker 0, its volume, the link from 1 to 2): it survives restarts and does not move
//! when something unrelated is removed. An incarnation is one process that has the identity for a while.

use std::fmt;

/// A nanosecond count: an instant of virtual time (`*_at`) or a duration.
pub type Nanos = u64;
/// One microsecond.
pub const MICROS: Nanos = 1_000;
/// One millisecond.
pub const MILLIS: Nanos = 1_000_000;
/// One second.
pub const SECONDS: Nanos = 1_000_000_000;

/// A node of the world: its index in the order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u16);

impl NodeId {
    /// The kernel itself, as the author of control events.
    pub const KERNEL: NodeId = NodeId(u16::MAX);

    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == NodeId::KERNEL { f.write_str("kernel") } else { write!(f, "n{}", self.0) }
    }
}

/// A network address. A node may get a new one with each incarnation, as a pod does; address 0 is nobody's. It is made of
/// the node and a count of its own, so that no other node's starts and moves change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub u32);

impl Address {
    /// The address that a node has from the beginning.
    pub const fn first_of(node: NodeId) -> Self {
        Address((node.0 as u32) << 16 | 1)
    }

    /// The one that it moves to from this one.
    pub(crate) fn next(self) -> Self {
        assert!(self.nth() < u16::MAX, "SIMULATOR BUG: {} has moved too often", self.node());
        Address(self.0 + 1)
    }

    pub(crate) const fn node(self) -> NodeId {
        NodeId((self.0 >> 16) as u16)
    }

    /// The how-manieth of its node it is, from 1.
    pub(crate) const fn nth(self) -> u16 {
        self.0 as u16
    }
}

/// One of a node's actors. The numbers are the model's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(pub u16);

/// A timer that was set; stale ids are harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// A connection between two incarnations; both sides know it by the same id, unless a node has connected to itself: then
/// the end that accepted has an id of its own. Stale ids are harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// The bit of a slot that tells the accepting end of a connection of a node to itself.
const FAR_END: u32 = 1 << 31;

impl ConnectionId {
    /// Its place in the table.
    pub(crate) const fn place(self) -> u32 {
        self.slot & !FAR_END
    }

    /// The same connection as its opener knows it, and whoever is at its other end, unless it is the opener itself.
    pub(crate) const fn near_end(self) -> Self {
        ConnectionId { slot: self.place(), ..self }
    }

    /// The same connection, as its accepting end knows it where both ends are one node's.
    pub(crate) const fn far_end(self) -> Self {
        ConnectionId { slot: self.slot | FAR_END, ..self }
    }

    pub(crate) const fn is_far_end(self) -> bool {
        self.slot & FAR_END != 0
    }

    /// The id as one number, for traces and tables.
    pub fn raw(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.slot)
    }
}

/// A file on a node's disk: what kind it is, and which of that kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName {
    /// The model's word, for example `wal`.
    pub kind: &'static str,
    /// Which one, for example a partition.
    pub number: u64,
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.number)
    }
}

/// Spreads a word over all 64 bits (the finaliser of splitmix64; Steele, Lea, Flood 2014). A bijection.
#[inline]
pub const fn spread(word: u64) -> u64 {
    let mut z = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Makes one identity of two words; the order matters.
#[inline]
pub const fn mix(first: u64, second: u64) -> u64 {
    spread(first ^ spread(second).rotate_left(23))
}

/// The identity of a text, for names that are texts (FNV-1a, spread).
pub const fn identity_of(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        index += 1;
    }
    spread(hash)
}
