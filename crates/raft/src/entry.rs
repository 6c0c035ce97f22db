//! What is replicated: entries, snapshots, and the records in which a member keeps them on its disk.
//!
//! Simplified: no serialised form, so sizes are what the content says; no checksums (the kernel's disk knows which
//! records are whole). Left out: configuration entries, since the members of a group never change in Zeebe 0.24.

use kernel::digest::Digest;
use kernel::identity::{FileName, NodeId};
use kernel::system::{Payload, Traced};
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

/// What the application replicates. Clones must be cheap: put what is large behind an `Arc`.
pub trait Content: Clone + Hash + Debug + 'static {
    /// What a snapshot holds.
    type Snapshot: Clone + Hash + Debug + 'static;

    /// Size in bytes, in the log and on the wire.
    fn bytes(&self) -> u64;

    /// What tells two contents apart, for the checks.
    fn fingerprint(&self) -> u64 {
        let mut digest = Digest::default();
        self.hash(&mut digest);
        digest.finish()
    }
}

/// The positions of the application's records in one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Positions {
    /// The first one.
    pub lowest: u64,
    /// The last one.
    pub highest: u64,
}

/// An entry of the log. Its index is its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry<E> {
    /// The term of the leader that appended it.
    pub term: u64,
    /// What it holds.
    pub body: Body<E>,
}

/// What an entry holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Body<E> {
    /// Nothing: the first entry of each leader.
    Initialize,
    /// The application's.
    Application(Positions, E),
}

/// Bytes of an entry beside its content.
const ENTRY_HEAD: u64 = 40;

impl<E: Content> Entry<E> {
    /// Size in bytes, in the log and on the wire.
    pub fn bytes(&self) -> u64 {
        match &self.body {
            Body::Initialize => ENTRY_HEAD,
            Body::Application(_, content) => ENTRY_HEAD + content.bytes(),
        }
    }

    /// What tells it from another entry of its index and term, for the checks.
    pub fn fingerprint(&self) -> u64 {
        match &self.body {
            Body::Initialize => 0,
            Body::Application(_, content) => content.fingerprint(),
        }
    }

    /// Its positions, if it is the application's.
    pub fn positions(&self) -> Option<Positions> {
        match &self.body {
            Body::Initialize => None,
            Body::Application(positions, _) => Some(*positions),
        }
    }
}

/// A snapshot of the application: all up to an index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot<E: Content> {
    /// The last entry that it covers.
    pub index: u64,
    /// That entry's term.
    pub term: u64,
    /// In how many pieces it is sent; at least one.
    pub chunks: u32,
    /// Bytes of one piece.
    pub chunk_bytes: u64,
    /// What it holds. Every piece carries all of it, as a handle; only the sizes are those of pieces.
    pub data: E::Snapshot,
}

/// What a member keeps on disk.
#[derive(Clone, Debug, Hash)]
pub enum Record<E> {
    /// Term and vote.
    Meta {
        /// The newest term that it knows.
        term: u64,
        /// Whom it voted for in that term.
        vote: Option<NodeId>,
    },
    /// An entry of the log.
    Entry {
        /// Its index: a segment whose indexes have a gap is whole up to the gap only.
        index: u64,
        /// The term of the entry before it; 0 at the very beginning. Where that is another one, a cut that failed left the
        /// entry before it; upstream would have stopped at the failure.
        previous_term: u64,
        /// It.
        entry: Entry<E>,
    },
}

impl<E: Content> Traced for Record<E> {
    fn name(&self) -> &'static str {
        match self {
            Record::Meta { .. } => "raft-meta",
            Record::Entry { .. } => "raft-entry",
        }
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Record::Meta { term, vote } => [*term, vote.map_or(u64::MAX, |vote| u64::from(vote.0)), 0],
            Record::Entry { index, previous_term, entry } => [*index, entry.term, *previous_term],
        }
    }
}

impl<E: Content> Payload for Record<E> {
    fn bytes(&self) -> u64 {
        match self {
            Record::Meta { .. } => 12,
            Record::Entry { entry, .. } => 8 + entry.bytes(),
        }
    }
}

/// The kinds of a member's files.
const META: &str = "raft-meta";
const LOG: &str = "raft-log";
/// Bits of a file's number that hold the index of a segment; the others hold the group.
const INDEX_BITS: u32 = 40;

/// The file of a group's term and vote.
pub(crate) const fn meta_file(group: u64) -> FileName {
    FileName { kind: META, number: group }
}

/// The file of a group's segment that begins with an index.
pub(crate) fn segment_file(group: u64, first: u64) -> FileName {
    assert!(first < 1 << INDEX_BITS, "SIMULATOR BUG: a log of {first} entries");
    FileName { kind: LOG, number: group << INDEX_BITS | first }
}

/// The index a segment of this group begins with, if the file is one.
pub(crate) fn segment_of(file: FileName, group: u64) -> Option<u64> {
    (file.kind == LOG && file.number >> INDEX_BITS == group).then_some(file.number & ((1 << INDEX_BITS) - 1))
}
