//! What a member asks of the process it lives in.
//!
//! A process may hold several members, one per group. The host keeps them apart: it adds the group to messages, timers,
//! notices of the disk and the identity of the dice. Files carry the group already.

use crate::entry::{Content, Positions, Record, Snapshot};
use crate::event::Event;
use crate::message::Message;
use kernel::disk::DiskError;
use kernel::identity::{FileName, Nanos, NodeId};
use kernel::system::DiskOp;

/// What a member is in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Not started, stopped, or failed: it refuses all requests.
    Inactive,
    /// It takes entries.
    Follower,
    /// It asks for votes.
    Candidate,
    /// It gives entries.
    Leader,
}

/// A member's timers. Each kind is set once at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A follower has heard no leader, or no answers to its polls.
    Heartbeat,
    /// A candidate has not been elected.
    Election,
    /// A leader sends heartbeats.
    Append,
    /// The oldest request without an answer has failed.
    Requests,
    /// A member that has just started makes itself known.
    Join,
}

impl Timer {
    /// All kinds.
    pub const ALL: [Timer; 5] = [Timer::Heartbeat, Timer::Election, Timer::Append, Timer::Requests, Timer::Join];

    kernel::plain_words! {
        Timer::Heartbeat => "raft-heartbeat-timeout",
        Timer::Election => "raft-election-timeout",
        Timer::Append => "raft-heartbeat-due",
        Timer::Requests => "raft-requests-timeout",
        Timer::Join => "raft-join-due",
    }
}

/// What became of an entry that the host gave a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is in the leader's log at this index.
    Written(u64),
    /// It is committed, at this index.
    Committed(u64),
    /// It is not in the log: this member does not lead.
    NotLeader,
    /// It does not follow the entry before it; the leader steps down. With camunda/zeebe#6316 it is in the log all the
    /// same, and `Written` follows.
    Invalid,
}

/// An entry whose lowest position does not follow the highest one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gap;

/// What a member asks of its process. Nothing of it comes back into the member while it runs.
pub trait Host<E: Content> {
    /// The monotonic clock: timers go by it.
    fn monotonic(&self) -> Nanos;
    /// The wall clock, by which upstream measures how long others are silent.
    fn wall(&self) -> Nanos;
    /// A draw of this member's own stream: of node, group and incarnation.
    fn draw(&mut self) -> u64;

    /// Sends. A request may be lost; answers (`Message::is_answer`) go back to the process that asked.
    fn send(&mut self, to: NodeId, message: Message<E>);
    /// Sets a timer, instead of the one of this kind that may be set.
    fn set_timer(&mut self, timer: Timer, after: Nanos);
    /// Cancels the timer of a kind, if one is set.
    fn cancel_timer(&mut self, timer: Timer);

    /// As `Env::disk`. The notice, below 2^48, comes back by `Member::disk_done`. Operations must be done in order; an
    /// operation without a notice that fails shows at the next sync of that disk: if that is somebody else's, its error is
    /// to be told by `Member::disk_failed`.
    fn disk(&mut self, operation: DiskOp<Record<E>>, notice: Option<u64>);
    /// As `Env::files`.
    fn files(&self) -> Vec<FileName>;
    /// As `Env::file_len`.
    fn file_len(&self, file: FileName) -> Option<u64>;
    /// As `Env::record`.
    ///
    /// # Errors
    /// There is none, or it is damaged.
    fn record(&self, file: FileName, index: u64) -> Result<&Record<E>, DiskError>;
    /// Puts a snapshot of another member on disk, as the newest one. The notice (by `Member::disk_done`) says that it is
    /// durable.
    fn store_snapshot(&mut self, snapshot: Snapshot<E>, notice: u64);

    /// The member is in a role. A leader is announced when its first entry is committed.
    fn announced(&mut self, role: Role, term: u64);
    /// All up to this index is committed, as far as this member knows, and durable here.
    fn committed(&mut self, index: u64);
    /// What became of an entry that the host gave; there may be no word after `Written` (the leader stepped down).
    fn appended(&mut self, ticket: u64, outcome: Outcome);
    /// An error that nothing caught: the member is inactive.
    fn failed(&mut self);

    /// Tells the trace.
    fn emit(&mut self, event: Event);

    /// Whether an entry may follow the last one of the application's, whose positions are given.
    ///
    /// # Errors
    /// It may not.
    //= camunda/zeebe@0.24.4:logstreams/src/main/java/io/zeebe/logstreams/impl/log/ZeebeEntryValidator.java (validateEntry)
    fn validate(&self, last: Option<Positions>, next: Positions, _content: &E) -> Result<(), Gap> {
        match last {
            Some(last) if next.lowest != last.highest + 1 => Err(Gap),
            _ => Ok(()),
        }
    }
}
