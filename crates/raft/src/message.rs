//! What members say to each other: requests, and answers that carry the number of their request.
//!
//! The leader of a request, or its candidate, is who sent it. Kept: which fields decide something. Left out: the messages
//! about members that come and go (leave, reconfigure, transfer); what a configuration holds.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/protocol (all requests and responses)

use crate::entry::{Content, Entry, Snapshot};
use kernel::system::{Payload, Traced};
use kernel::words;
use std::sync::Arc;

/// A message from one member of a group to another.
#[derive(Clone, Debug, Hash)]
pub enum Message<E: Content> {
    /// Would you vote for me?
    Poll(Candidacy),
    /// Vote for me.
    Vote(Candidacy),
    /// I am the leader of a new term.
    Configure {
        /// The request's number.
        id: u64,
        /// The leader's term.
        term: u64,
    },
    /// Entries, or none: a heartbeat.
    Append(Append<E>),
    /// A piece of a snapshot.
    Install {
        /// The request's number.
        id: u64,
        /// The leader's term.
        term: u64,
        /// The snapshot.
        snapshot: Snapshot<E>,
        /// Which piece, from 0.
        chunk: u32,
    },
    /// I am here (again): forget that I did not answer.
    Join {
        /// The request's number.
        id: u64,
    },
    /// To a poll.
    Polled(Granted),
    /// To a vote request.
    Voted(Granted),
    /// To `Configure`.
    Configured {
        /// Which.
        id: u64,
    },
    /// To an append.
    Appended(Appended),
    /// To a piece of a snapshot.
    Installed {
        /// Which.
        id: u64,
    },
    /// To `Join`.
    Joined {
        /// Which.
        id: u64,
    },
    /// To any request: an error.
    Refused {
        /// Which.
        id: u64,
    },
}

/// What a poll and a vote request say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Candidacy {
    /// The request's number.
    pub id: u64,
    /// The candidate's term.
    pub term: u64,
    /// The last index of its log; 0 if the log is empty.
    pub last_index: u64,
    /// The term of that entry; 0 if the log is empty.
    pub last_term: u64,
}

/// What the answer to one says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Granted {
    /// The request's number.
    pub id: u64,
    /// The term of who answers.
    pub term: u64,
    /// Yes.
    pub granted: bool,
}

/// An append request.
#[derive(Clone, Debug, Hash)]
pub struct Append<E> {
    /// Its number.
    pub id: u64,
    /// The leader's term.
    pub term: u64,
    /// The index before the first entry.
    pub previous_index: u64,
    /// The term of the entry there; 0 if there is none.
    pub previous_term: u64,
    /// The leader's commit index.
    pub commit: u64,
    /// The entries.
    pub entries: Arc<[Entry<E>]>,
}

/// The answer to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Appended {
    /// The request's number.
    pub id: u64,
    /// The term of who answers.
    pub term: u64,
    /// The entries are in the log, and what precedes them is the leader's.
    pub succeeded: bool,
    /// Up to where the logs agree, or where to look next.
    pub last_index: u64,
    /// The index of the newest snapshot of who answers; 0 for none.
    pub snapshot_index: u64,
}

/// What a request is about. Upstream has a connection per kind, so that only requests of one kind stay in order.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/messaging/impl/ChannelPool.java (getChannelOffset)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Polls.
    Poll,
    /// Vote requests.
    Vote,
    /// Configure requests.
    Configure,
    /// Appends.
    Append,
    /// Pieces of snapshots.
    Install,
    /// Requests to join.
    Join,
}

impl<E: Content> Message<E> {
    /// The number of the request that it is, or answers.
    pub fn id(&self) -> u64 {
        match self {
            Message::Poll(asked) | Message::Vote(asked) => asked.id,
            Message::Append(append) => append.id,
            Message::Polled(answer) | Message::Voted(answer) => answer.id,
            Message::Appended(answer) => answer.id,
            Message::Configure { id, .. }
            | Message::Install { id, .. }
            | Message::Join { id }
            | Message::Configured { id }
            | Message::Installed { id }
            | Message::Joined { id }
            | Message::Refused { id } => *id,
        }
    }

    /// Its kind, if it is a request.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Message::Poll(_) => Some(Kind::Poll),
            Message::Vote(_) => Some(Kind::Vote),
            Message::Configure { .. } => Some(Kind::Configure),
            Message::Append(_) => Some(Kind::Append),
            Message::Install { .. } => Some(Kind::Install),
            Message::Join { .. } => Some(Kind::Join),
            Message::Polled(_)
            | Message::Voted(_)
            | Message::Configured { .. }
            | Message::Appended(_)
            | Message::Installed { .. }
            | Message::Joined { .. }
            | Message::Refused { .. } => None,
        }
    }

    /// Whether it is an answer, which goes back the way its request came.
    pub fn is_answer(&self) -> bool {
        self.kind().is_none()
    }
}

impl<E: Content> Traced for Message<E> {
    words! {
        Message::Poll(_) => "raft-poll",
        Message::Vote(_) => "raft-vote",
        Message::Configure { .. } => "raft-configure",
        Message::Append(append) if append.entries.is_empty() => "raft-heartbeat",
        Message::Append(_) => "raft-append",
        Message::Install { .. } => "raft-install",
        Message::Join { .. } => "raft-join",
        Message::Polled(_) => "raft-polled",
        Message::Voted(_) => "raft-voted",
        Message::Configured { .. } => "raft-configured",
        Message::Appended(_) => "raft-appended",
        Message::Installed { .. } => "raft-installed",
        Message::Joined { .. } => "raft-joined",
        Message::Refused { .. } => "raft-refused",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Message::Poll(asked) | Message::Vote(asked) => [asked.term, asked.last_index, asked.last_term],
            Message::Append(append) => [append.term, append.previous_index, append.entries.len() as u64],
            Message::Install { term, snapshot, chunk, .. } => [*term, snapshot.index, u64::from(*chunk)],
            Message::Polled(answer) | Message::Voted(answer) => [answer.term, u64::from(answer.granted), 0],
            Message::Appended(answer) => [answer.term, u64::from(answer.succeeded), answer.last_index],
            Message::Configure { id, term } => [*term, *id, 0],
            Message::Join { id }
            | Message::Configured { id }
            | Message::Installed { id }
            | Message::Joined { id }
            | Message::Refused { id } => [*id, 0, 0],
        }
    }
}

impl<E: Content> Payload for Message<E> {
    fn bytes(&self) -> u64 {
        match self {
            Message::Append(append) => 64 + append.entries.iter().map(Entry::bytes).sum::<u64>(),
            Message::Install { snapshot, .. } => 64 + snapshot.chunk_bytes,
            _ => 48,
        }
    }
}
