//! What a member tells the trace: all that the checks need, and nothing else decides by it.
//!
//! An entry is known by its index and term. Together with the term before it and a fingerprint of what it holds that is
//! enough to compare logs without reading them.

use crate::host::Role;
use kernel::system::Traced;
use kernel::words;

/// Something that happened in a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It starts with this on its disk.
    Started {
        /// The term.
        term: u64,
        /// The first index of its log.
        first: u64,
        /// The last index of its log or of its snapshot.
        last: u64,
        /// That entry's term.
        last_term: u64,
    },
    /// It is in a role.
    Became {
        /// Which.
        role: Role,
        /// In this term.
        term: u64,
    },
    /// It leads; at the end of its log was this, before it appended anything.
    Elected {
        /// The term.
        term: u64,
        /// The last index of its log or of its snapshot.
        last: u64,
        /// That entry's term.
        last_term: u64,
    },
    /// It told the application about its role.
    Announced {
        /// Which.
        role: Role,
        /// In this term.
        term: u64,
    },
    /// It put an entry at the end of its log.
    Appended {
        /// The entry's index.
        index: u64,
        /// The entry's term.
        term: u64,
        /// The term of the entry before it; 0 at the very beginning.
        previous_term: u64,
        /// What the entry holds.
        fingerprint: u64,
    },
    /// It cut its log.
    Truncated {
        /// What is the last index now.
        last: u64,
    },
    /// It threw its log away, for a snapshot's sake.
    Reset {
        /// What is the first index now.
        first: u64,
    },
    /// It dropped what a snapshot covers.
    Compacted {
        /// What is the first index now.
        first: u64,
    },
    /// It has a snapshot of another member.
    Installed {
        /// The last index that it covers.
        index: u64,
        /// That entry's term.
        term: u64,
    },
    /// Its commit index moved, and what it covers is on its disk. Not told while the index lies before the log, where a
    /// snapshot covers it.
    Committed {
        /// From here.
        from: u64,
        /// To here.
        to: u64,
        /// The term of the entry there; 0 if it lies beyond the log.
        term: u64,
        /// The member's own term.
        current: u64,
    },
    /// A leader found that an entry does not follow the one before it.
    Invalid {
        /// The highest position before.
        highest: u64,
        /// The lowest position of the entry.
        lowest: u64,
    },
    /// An error that nothing caught: it is inactive now.
    Failed(Uncaught),
}

/// Why a member became inactive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Uncaught {
    /// It was to truncate what it has committed.
    TruncateCommitted,
    /// An entry came that does not follow its log.
    LogGap,
    /// Its disk failed.
    Storage,
    /// It was to vote in a term in which it has voted.
    VoteTwice,
}

impl Traced for Event {
    words! {
        Event::Started { .. } => "raft-started",
        Event::Became { role: Role::Inactive, .. } => "raft-inactive",
        Event::Became { role: Role::Follower, .. } => "raft-follower",
        Event::Became { role: Role::Candidate, .. } => "raft-candidate",
        Event::Became { role: Role::Leader, .. } => "raft-leader",
        Event::Elected { .. } => "raft-elected",
        Event::Announced { .. } => "raft-announced",
        Event::Appended { .. } => "raft-wrote",
        Event::Truncated { .. } => "raft-truncated",
        Event::Reset { .. } => "raft-reset",
        Event::Compacted { .. } => "raft-compacted",
        Event::Installed { .. } => "raft-snapshot",
        Event::Committed { .. } => "raft-committed",
        Event::Invalid { .. } => "raft-invalid",
        Event::Failed(_) => "raft-failed",
    }

    fn data(&self) -> [u64; 3] {
        match *self {
            Event::Started { term, last, last_term, .. } | Event::Elected { term, last, last_term } => {
                [term, last, last_term]
            }
            Event::Became { role, term } | Event::Announced { role, term } => [term, role as u64, 0],
            Event::Appended { index, term, previous_term, .. } => [index, term, previous_term],
            Event::Truncated { last } => [last, 0, 0],
            Event::Reset { first } | Event::Compacted { first } => [first, 0, 0],
            Event::Installed { index, term } => [index, term, 0],
            Event::Committed { from, to, term, .. } => [from, to, term],
            Event::Invalid { highest, lowest } => [highest, lowest, 0],
            Event::Failed(why) => [why as u64, 0, 0],
        }
    }
}
