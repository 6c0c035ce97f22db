//! What travels between brokers, gateways and clients.

use super::batch::Batch;
use crate::client;
use crate::engine;
use crate::gateway;
use crate::membership::{Answer, MemberInfo, Request, gossip_bytes};
use crate::protocol::{Deployment, Record, Text};
use kernel::system::{Payload, Traced};
use kernel::words;
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

/// What goes over a connection of the membership; the greeting also over one for pushes.
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
    /// Append this command to the log of a partition. On a connection that the sender opened as one of [`super::COMMANDS`].
    Command(u16, Box<Record>),
    /// To the command of this number: this broker does not serve the partition.
    NoHandler(u64),
    /// To the command of this number: refused, and not written.
    Refused(u64, gateway::ErrorCode),
    /// To a command: what came of it.
    Answer(Box<engine::Answer>),
    /// A client's call.
    Ask(client::Call, Box<gateway::Request>),
    /// A client waits no longer for a call.
    CallOff(client::Call),
    /// To a call: all that comes, or a part of it.
    Reply(client::Call, Box<gateway::Reply>),
    /// Jobs of a type wait.
    JobsAvailable(Text),
    /// Append this deployment. On a connection for pushes; a broker's own to itself are datagrams.
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
    words! {
        Message::Raft(_, message) => (message in raft::Message<Batch>),
        Message::Command(..) => "command",
        Message::NoHandler(_) => "no-handler",
        Message::Refused(..) => "refused",
        Message::Ask(_, request) => (request in gateway::Request),
        Message::CallOff(_) => "call-off",
        Message::Reply(_, reply) => (reply in gateway::Reply),
        Message::JobsAvailable(_) => "jobs-available",
        Message::Answer(_) => "answer",
        Message::Push(_) => "push-deployment",
        Message::Pushed { .. } => "push-answer",
        Message::Confirmed { .. } => "deployment-response",
        Message::SnapshotChunk { .. } => "snapshot-chunk",
        Message::Call(Call::Greeting) => "greeting",
        Message::Call(Call::Request(request)) => (request in Request),
        Message::Call(Call::Answer(answer)) => (answer in Answer),
        Message::Gossip(_) => "swim-gossip",
        Message::TakeSnapshot(_) => "take-snapshot",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Message::Raft(_, message) => message.data(),
            Message::Command(partition, record) => [u64::from(*partition), record.key.unsigned_abs(), 0],
            Message::NoHandler(request) => [*request, 0, 0],
            Message::Refused(request, code) => [*request, *code as u64, 0],
            Message::Ask(call, _) | Message::CallOff(call) | Message::Reply(call, _) => {
                [call.kind as u64, call.number, 0]
            }
            Message::JobsAvailable(_) => [0; 3],
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
            Message::Ask(_, request) => match &**request {
                gateway::Request::Deploy(_) => 2_000,
                _ => 200,
            },
            Message::Reply(_, reply) => match &**reply {
                gateway::Reply::Jobs(batch) => 100 + 300 * batch.jobs.len() as u64,
                _ => 100,
            },
            Message::Push(_) => 2_000,
            Message::Call(Call::Greeting) => 6,
            Message::Call(Call::Request(request)) => request.bytes(),
            Message::Call(Call::Answer(answer)) => answer.bytes(),
            Message::Gossip(updates) => gossip_bytes(updates),
            Message::SnapshotChunk { snapshot, .. } => snapshot.chunk_bytes,
            Message::NoHandler(_)
            | Message::Refused(..)
            | Message::CallOff(_)
            | Message::JobsAvailable(_)
            | Message::Pushed { .. }
            | Message::Confirmed { .. }
            | Message::TakeSnapshot(_) => 64,
        }
    }
}
