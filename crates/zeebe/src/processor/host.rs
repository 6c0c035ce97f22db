//! What a stream processor asks of the broker it runs in.

use super::death::Death;
use crate::engine::Answer;
use crate::protocol::{Deployment, Record, RequestId, Text};
use crate::replay::Listed;
use kernel::identity::NodeId;
use std::sync::Arc;

/// Times that it waits for. Each comes back as a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wait {
    /// A sign of life.
    HealthTick,
    /// Look for messages that are too old.
    MessagesTimeToLive,
    /// Look for jobs whose deadline has passed.
    JobTimeouts,
    /// Look for timers that are due.
    DueTimers,
    /// Process the current record again, after a storage error.
    Retry,
    /// Confirmations of a deployment should be in.
    Confirmations {
        /// The deployment.
        key: i64,
    },
    /// Push again to partitions whose leader was not known.
    Leaders {
        /// The deployment.
        key: i64,
        /// Which push chain of it.
        chain: u32,
    },
    /// Push again to one partition.
    PushAgain {
        /// The deployment.
        key: i64,
        /// The partition.
        partition: u16,
        /// The node it was pushed to before.
        node: NodeId,
    },
}

/// A record of the log and what a replay would have written instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mismatch {
    /// The position of the record.
    pub position: i64,
    /// What the replay would have written.
    pub listed: Listed,
}

/// What it tells the broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Notice {
    /// The state of a snapshot is opened.
    RecoveredFrom {
        /// The position it holds as processed last.
        snapshot: i64,
    },
    /// The replay begins.
    Reprocessing {
        /// Up to here.
        last_source: i64,
    },
    /// The replay is over.
    Reprocessed {
        /// After this record.
        position: i64,
    },
    /// Processing begins.
    Recovered,
    /// A processor failed, and its record is run again.
    RunsAgain {
        /// The record.
        position: i64,
        /// The exception.
        why: String,
    },
    /// The log has something else than the replay would have written, and no exception says so.
    Diverged {
        /// Where, or `NO_POSITION` if the log lacks it.
        position: i64,
        /// What the replay would have written.
        listed: Listed,
    },
    /// It is dead.
    Failed {
        /// Of what.
        death: Death,
        /// The exception.
        why: String,
        /// What did not match, where it is of an inconsistent replay.
        met: Option<Mismatch>,
    },
    /// A record is processed and its transaction committed.
    Processed {
        /// The record.
        position: i64,
    },
    /// A deployment is confirmed by all.
    Distributed {
        /// The deployment.
        key: i64,
    },
    /// The answer to a probe.
    Positions {
        /// Of the probe.
        token: u64,
        /// Processed last.
        processed: i64,
        /// Written last.
        written: i64,
    },
}

/// Where the store, or what is near it, may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoragePoint {
    /// Noting that a record is run again in a replay, the last write of its transaction.
    MarkReprocessed,
    /// Noting that a record is processed, the last write of its transaction.
    MarkProcessed,
    /// Committing a transaction.
    Commit,
}

/// What upstream takes an error of the store for, by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StorageError {
    /// One that may pass: what failed is tried again.
    Recoverable,
    /// Any other. A commit and a replay are tried again all the same.
    Other,
}

/// The broker as its stream processor sees it.
pub trait Host {
    /// The wall clock, in milliseconds since 1970.
    fn now(&self) -> i64;
    /// The committed record at a position.
    fn record(&self, position: i64) -> Option<Record>;
    /// The last committed position.
    fn commit_position(&self) -> i64;
    /// Gives records to the dispatcher, which sets positions and timestamps; the last position, or nothing if its buffer is
    /// full.
    fn append(&mut self, batch: Vec<Record>) -> Option<i64>;
    /// Sets a timer; the wait comes back by `trigger`.
    fn wait(&mut self, milliseconds: u64, wait: Wait);
    /// Takes all timers of a wait back.
    fn cancel(&mut self, wait: Wait);
    /// The leader of another partition, as far as this broker knows.
    fn leader_of(&self, partition: u16) -> Option<NodeId>;
    /// Listens to confirmations of a deployment, if nothing in this process does already.
    fn listen_for_confirmations(&mut self, key: i64);
    /// Asks the leader of a partition to append a deployment.
    fn push(&mut self, key: i64, partition: u16, node: NodeId, deployment: &Arc<Deployment>);
    /// Tells all who are known to listen that a deployment is known here.
    fn confirm(&mut self, key: i64);
    /// A client's command is processed, all of it.
    fn command_processed(&mut self, _request: RequestId) {}
    /// Answers a client.
    fn answer(&mut self, answer: Answer);
    /// Tells the gateways that jobs of a type wait.
    fn jobs_available(&mut self, kind: &Text);
    /// Whether the store fails now, and how.
    fn storage_fails(&mut self, point: StoragePoint) -> Option<StorageError>;
    /// Tells the broker.
    fn notice(&mut self, notice: Notice);
}
