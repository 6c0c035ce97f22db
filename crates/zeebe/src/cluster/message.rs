//! What travels between brokers and clients.

use super::batch::Batch;
use crate::engine;
use crate::membership::{Answer, MemberInfo, Request, gossip_bytes};
use crate::protocol::{Deployment, Record};
use kernel::system::{Payload, Traced};
use std::sync::Arc;

/// A push of a deployment to the leader of another partition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Push {
    /// The request's number at its sender.
    pub request: u64,
    /// The deployment.
    pub key: i64,
    /// Meant for this partition.
    pub partition: u16,
    /// What it brings.
    pub deployment: Arc<Deployment>,
}

/// What goes over a connection of the membership.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// The connection is taken.
    Greeting,
    /// A question.
    Request(Request),
    /// Its answer.
    Answer(Answer),
}

/// A message.
#[derive(Clone, Debug, Hash)]
pub enum Message {
    /// Between the members of a partition's Raft group.
    Raft(u16, raft::Message<Batch>),
    /// Append this command to the log of a partition.
    Command(u16, Box<Record>),
    /// To a command: this broker does not lead the partition.
    NotLeader(u16, u64),
    /// To a command: what came of it.
    Answer(Box<engine::Answer>),
    /// Append this deployment.
    Push(Push),
    /// To a push: appended, or not led here.
    Pushed {
        /// Which.
        request: u64,
        /// Whether it was appended.
        appended: bool,
    },
    /// A piece of a leader's snapshot, to the other replicas.
    SnapshotChunk {
        /// Of which partition.
        partition: u16,
        /// The snapshot: every piece carries all of it, as a handle.
        snapshot: raft::Snapshot<Batch>,
        /// Which piece, from 0.
        chunk: u32,
    },
    /// Take a snapshot of a partition now: an operator's request.
    TakeSnapshot(u16),
    /// Of the membership, on a connection of its own.
    Call(Call),
    /// News of the membership.
    Gossip(Arc<[MemberInfo]>),
    /// A partition knows a deployment.
    Confirmed {
        /// The deployment.
        key: i64,
        /// The partition.
        partition: u16,
    },
}

impl Traced for Message {
    fn name(&self) -> &'static str {
        match self {
            Message::Raft(_, message) => message.name(),
            Message::Command(..) => "command",
            Message::NotLeader(..) => "partition-leader-mismatch",
            Message::Answer(_) => "answer",
            Message::Push(_) => "push-deployment",
            Message::Pushed { .. } => "push-answer",
            Message::Confirmed { .. } => "deployment-response",
            Message::SnapshotChunk { .. } => "snapshot-chunk",
            Message::Call(Call::Greeting) => "greeting",
            Message::Call(Call::Request(request)) => request.name(),
            Message::Call(Call::Answer(answer)) => answer.name(),
            Message::Gossip(_) => "swim-gossip",
            Message::TakeSnapshot(_) => "take-snapshot",
        }
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Message::Raft(_, message) => message.data(),
            Message::Command(partition, record) => [u64::from(*partition), record.key.unsigned_abs(), 0],
            Message::NotLeader(partition, request) => [u64::from(*partition), *request, 0],
            Message::Answer(answer) => [answer.key.unsigned_abs(), answer.request.request, 0],
            Message::Push(push) => [push.key.unsigned_abs(), u64::from(push.partition), push.request],
            Message::Pushed { request, appended } => [*request, u64::from(*appended), 0],
            Message::Confirmed { key, partition } => [key.unsigned_abs(), u64::from(*partition), 0],
            Message::SnapshotChunk { partition, snapshot, chunk } => {
                [u64::from(*partition), snapshot.index, u64::from(*chunk)]
            }
            Message::TakeSnapshot(partition) => [u64::from(*partition), 0, 0],
            Message::Call(_) => [0; 3],
            Message::Gossip(updates) => [updates.len() as u64, 0, 0],
        }
    }
}

impl Payload for Message {
    fn bytes(&self) -> u64 {
        match self {
            Message::Raft(_, message) => message.bytes(),
            Message::Command(..) | Message::Answer(_) => 400,
            Message::Push(_) => 2_000,
            Message::Call(Call::Greeting) => 6,
            Message::Call(Call::Request(request)) => request.bytes(),
            Message::Call(Call::Answer(answer)) => answer.bytes(),
            Message::Gossip(updates) => gossip_bytes(updates),
            Message::SnapshotChunk { snapshot, .. } => snapshot.chunk_bytes,
            Message::NotLeader(..) | Message::Pushed { .. } | Message::Confirmed { .. } | Message::TakeSnapshot(_) => {
                64
            }
        }
    }
}
