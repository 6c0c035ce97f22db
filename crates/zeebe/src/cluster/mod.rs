//! A cluster of brokers, its gateway and its clients, as a system of the kernel.

mod batch;
mod event;
mod message;
mod settings;

pub use batch::{Batch, Checkpoint};
pub use event::Event;
pub use message::{Call, Message, Push};
pub use settings::{Acknowledges, Costs, Exporter, Settings, StoreError};

use crate::broker::Broker;
use crate::client;
use crate::client_node::{ClientNode, ClientRole, Shift};
use crate::gateway;
use crate::gateway_node::GatewayNode;
use crate::membership;
use crate::processor::{self, Wait};
use kernel::builder::Builder;
use kernel::disk::DiskProfile;
use kernel::identity::{ConnectionId, MICROS, MILLIS, Nanos, NodeId};
use kernel::latency::Latency;
use kernel::network::LinkProfile;
use kernel::system::{Env, Input, Node, Payload, System, Traced};
use kernel::words;
use std::sync::Arc;

/// What tells a connection for commands, by its label, from those of Raft and of the membership.
pub const COMMANDS: u64 = 1 << 62;

/// Bytes that a flush of a leader's database writes.
const STATE_BYTES: u64 = 256 * 1024;

/// The system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zeebe;

/// What a process is started as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A broker.
    Broker(Arc<Settings>),
    /// A gateway.
    Gateway(Arc<Settings>),
    /// A client of the gateway on this node.
    Client(NodeId, ClientRole),
}

/// A running process.
#[derive(Clone, Debug)]
pub enum Process {
    /// A broker.
    Broker(Box<Broker>),
    /// A gateway.
    Gateway(Box<GatewayNode>),
    /// A client.
    Client(Box<ClientNode>),
}

/// What a timer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// Of a partition's Raft member.
    Raft(u16, raft::Timer),
    /// Of a partition's stream processor, of one life.
    Processor {
        /// The partition.
        partition: u16,
        /// Which life.
        epoch: u32,
        /// What for.
        wait: Wait,
    },
    /// Time for a snapshot of a partition, of one life of its leader.
    Snapshot {
        /// The partition.
        partition: u16,
        /// Which life.
        epoch: u32,
    },
    /// The database of a leader looks for space.
    Database {
        /// The partition.
        partition: u16,
        /// Which life.
        epoch: u32,
    },
    /// An exporter of a leader writes what it has collected.
    Exporter {
        /// The partition.
        partition: u16,
        /// Which life.
        epoch: u32,
        /// Which of the settings' exporters.
        which: u16,
    },
    /// Time to look at a broker's health.
    Health,
    /// Of the membership.
    Swim(membership::Timer),
    /// A request of the membership, or a connection for pushes, takes too long.
    GiveUp(ConnectionId),
    /// A push that is not answered.
    Push(u64),
    /// A gateway looks at all members.
    CheckTopology,
    /// Of a gateway.
    Gateway(gateway::Timer),
    /// Of a client.
    Client(client::Timer),
    /// A client opens or closes.
    Shift(Shift),
}

/// What an actor of a broker works on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// A stream processor, of one life.
    Processor {
        /// The partition.
        partition: u16,
        /// Which life.
        epoch: u32,
        /// What it does.
        job: processor::Job,
    },
    /// A log stream hands records to Raft.
    Append {
        /// The partition.
        partition: u16,
        /// Of which life.
        epoch: u32,
    },
    /// Exporters are given records.
    Export {
        /// The partition.
        partition: u16,
        /// Of which life.
        epoch: u32,
        /// Up to this position.
        upto: i64,
    },
    /// A former leader's partition is no longer listened for.
    Unsubscribe {
        /// The partition.
        partition: u16,
        /// In which life.
        epoch: u32,
    },
    /// A partition goes over to a role.
    Install {
        /// The partition.
        partition: u16,
        /// The role.
        role: raft::Role,
        /// Its term.
        term: u64,
    },
}

/// What is on a broker's disk.
#[derive(Clone, Debug, Hash)]
pub enum Stored {
    /// Of a partition's Raft member.
    Raft(raft::Record<Batch>),
    /// A partition's snapshot.
    Snapshot(raft::Snapshot<Batch>),
    /// What a leader's database has flushed.
    State,
}

impl System for Zeebe {
    type Node = Process;
    type Role = Role;
    type Message = Message;
    type Timer = Timer;
    type Job = Job;
    type Record = Stored;
    type Event = Event;

    fn boot(role: &Role) -> Process {
        match role {
            Role::Broker(settings) => Process::Broker(Box::new(Broker::new(settings.clone()))),
            Role::Gateway(settings) => Process::Gateway(Box::new(GatewayNode::new(settings.clone()))),
            Role::Client(gateway, role) => Process::Client(Box::new(ClientNode::new(*gateway, role))),
        }
    }
}

impl Node<Zeebe> for Process {
    fn handle<E: Env<Zeebe>>(&mut self, input: Input<Zeebe>, env: &mut E) {
        match self {
            Process::Broker(broker) => broker.handle(input, env),
            Process::Gateway(gateway) => gateway.handle(input, env),
            Process::Client(client) => client.handle(input, env),
        }
    }
}

/// A world's parts: brokers, then a gateway, then clients; links of 0.1 to 2 ms, disks that sync in 1 to 5 ms.
#[must_use]
pub fn builder(seed: u64, settings: &Arc<Settings>, clients: Vec<ClientRole>) -> Builder<Zeebe> {
    let latency = |quantiles: [Nanos; 5]| Latency::quantiles(quantiles).unwrap_or(Latency::constant(quantiles[2]));
    let link = latency([100 * MICROS, 200 * MICROS, 300 * MICROS, 600 * MICROS, 2 * MILLIS]);
    let mut builder = Builder::new(seed).links(move |_, _| LinkProfile { latency: link, ..LinkProfile::default() });
    for _ in settings.nodes() {
        builder.node(Role::Broker(settings.clone()), DiskProfile::default());
    }
    let gateway = builder.node(Role::Gateway(settings.clone()), DiskProfile::default());
    for client in clients {
        builder.node(Role::Client(gateway, client), DiskProfile::default());
    }
    builder
}

impl Traced for Timer {
    words! {
        Timer::Raft(_, timer) => (timer in raft::Timer),
        Timer::Processor { wait: Wait::HealthTick, .. } => "health-tick",
        Timer::Processor { wait: Wait::MessagesTimeToLive, .. } => "messages-due",
        Timer::Processor { wait: Wait::JobTimeouts, .. } => "job-timeouts-due",
        Timer::Processor { wait: Wait::DueTimers, .. } => "timers-due",
        Timer::Processor { wait: Wait::Retry, .. } => "processing-retry",
        Timer::Processor { wait: Wait::Confirmations { .. }, .. } => "confirmations-due",
        Timer::Processor { wait: Wait::Leaders { .. }, .. } => "push-rest",
        Timer::Processor { wait: Wait::PushAgain { .. }, .. } => "push-again",
        Timer::Snapshot { .. } => "snapshot-due",
        Timer::Health => "health-due",
        Timer::Database { .. } => "look-for-space",
        Timer::Exporter { .. } => "exporter-flushes",
        Timer::Swim(timer) => (timer in membership::Timer),
        Timer::GiveUp(_) => "give-up",
        Timer::Push(_) => "push-timeout",
        Timer::CheckTopology => "check-topology",
        Timer::Gateway(timer) => (timer in gateway::Timer),
        Timer::Client(timer) => (timer in client::Timer),
        Timer::Shift(Shift::Opens) => "client-opens",
        Timer::Shift(Shift::Closes) => "client-closes",
        Timer::Shift(Shift::Asks(_)) => "operator-asks",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Timer::Raft(partition, _)
            | Timer::Processor { partition, .. }
            | Timer::Snapshot { partition, .. }
            | Timer::Database { partition, .. }
            | Timer::Exporter { partition, .. } => [u64::from(*partition), 0, 0],
            Timer::Swim(_)
            | Timer::Health
            | Timer::GiveUp(_)
            | Timer::CheckTopology
            | Timer::Gateway(_)
            | Timer::Client(_)
            | Timer::Shift(_) => [0; 3],
            Timer::Push(push) => [*push, 0, 0],
        }
    }
}

impl Traced for Job {
    words! {
        Job::Processor { job, .. } => (job in processor::Job),
        Job::Append { .. } => "append-block",
        Job::Export { .. } => "export",
        Job::Unsubscribe { .. } => "unsubscribe",
        Job::Install { role: raft::Role::Leader, .. } => "install-leader",
        Job::Install { .. } => "install-follower",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Job::Processor { partition, epoch, .. }
            | Job::Append { partition, epoch }
            | Job::Unsubscribe { partition, epoch } => [u64::from(*partition), u64::from(*epoch), 0],
            Job::Export { partition, epoch, upto } => [u64::from(*partition), u64::from(*epoch), upto.unsigned_abs()],
            Job::Install { partition, term, .. } => [u64::from(*partition), *term, 0],
        }
    }
}

impl Traced for Stored {
    fn name(&self) -> &'static str {
        match self {
            Stored::Raft(record) => record.name(),
            Stored::Snapshot(_) => "snapshot",
            Stored::State => "state",
        }
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Stored::Raft(record) => record.data(),
            Stored::Snapshot(snapshot) => [snapshot.index, snapshot.term, snapshot.data.position.unsigned_abs()],
            Stored::State => [0; 3],
        }
    }
}

impl Payload for Stored {
    fn bytes(&self) -> u64 {
        match self {
            Stored::Raft(record) => record.bytes(),
            Stored::Snapshot(snapshot) => snapshot.chunk_bytes * u64::from(snapshot.chunks),
            Stored::State => STATE_BYTES,
        }
    }
}
