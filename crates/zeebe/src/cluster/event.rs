//! What brokers, gateways and clients tell the trace.

use crate::broker::Health;
use crate::client;
use crate::gateway;
use crate::membership::Change;
use crate::processor::Notice;
use kernel::identity::NodeId;
use kernel::system::Traced;
use kernel::words;

/// Something that happened on a partition of a broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// In its Raft member.
    Raft(u16, raft::Event),
    /// The partition's services are those of this role.
    Installed {
        /// The partition.
        partition: u16,
        /// The role.
        role: raft::Role,
        /// Its term.
        term: u64,
    },
    /// A replica has a snapshot.
    Snapshot {
        /// The partition.
        partition: u16,
        /// The last index that it covers.
        index: u64,
        /// The position that its state holds as processed last.
        position: i64,
    },
    /// A leader was to take a snapshot and did not: nothing was processed, or the index knows no entry that is new.
    NoSnapshot {
        /// The partition.
        partition: u16,
        /// Processed last.
        position: i64,
    },
    /// A partition has become healthy, or unhealthy, in the eyes of its broker.
    Health {
        /// The partition.
        partition: u16,
        /// How it is now.
        health: Health,
    },
    /// The database of a leader has stopped after an error of the disk, or goes on.
    Database {
        /// The partition.
        partition: u16,
        /// Whether it takes commits.
        works: bool,
    },
    /// A stream processor has met an error of the store that a scenario asked for.
    StoreError {
        /// The partition.
        partition: u16,
    },
    /// A broker is ready: for good.
    Ready,
    /// What a broker thinks of a member of the cluster has changed.
    Member(Change, NodeId),
    /// In a gateway.
    Gateway(gateway::Event),
    /// A client has been told what came of a call, or waits no longer.
    Told(client::Call, gateway::Reply),
    /// In its stream processor.
    Processor(u16, Notice),
}

impl Traced for Event {
    words! {
        Event::Raft(_, event) => (event in raft::Event),
        Event::Installed { role: raft::Role::Leader, .. } => "leader-installed",
        Event::Installed { .. } => "follower-installed",
        Event::Snapshot { .. } => "snapshot",
        Event::Health { health: Health::Healthy, .. } => "healthy",
        Event::Health { health: Health::Unhealthy, .. } => "unhealthy",
        Event::Database { works: true, .. } => "database-goes-on",
        Event::Database { works: false, .. } => "database-stopped",
        Event::StoreError { .. } => "store-error",
        Event::Ready => "ready",
        Event::Member(change, _) => (change in Change),
        Event::NoSnapshot { .. } => "no-snapshot",
        Event::Gateway(gateway::Event::SentAgain { .. }) => "sent-again",
        Event::Gateway(gateway::Event::JobsForNobody { .. }) => "jobs-for-nobody",
        Event::Told(_, reply) => (reply in gateway::Reply),
        Event::Processor(_, Notice::RecoveredFrom { .. }) => "state-recovered",
        Event::Processor(_, Notice::Reprocessing { .. }) => "reprocessing",
        Event::Processor(_, Notice::Reprocessed { .. }) => "reprocessed",
        Event::Processor(_, Notice::Recovered) => "processor-recovered",
        Event::Processor(_, Notice::RunsAgain { .. }) => "reprocessing-retry",
        Event::Processor(_, Notice::Diverged { .. }) => "reprocessing-diverged",
        Event::Processor(_, Notice::Failed { .. }) => "processor-failed",
        Event::Processor(_, Notice::Processed { .. }) => "processed",
        Event::Processor(_, Notice::Distributed { .. }) => "deployment-distributed",
        Event::Processor(_, Notice::Positions { .. }) => "positions",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Event::Raft(_, event) => event.data(),
            Event::Installed { partition, term, .. } => [u64::from(*partition), *term, 0],
            Event::Snapshot { partition, index, position } => [u64::from(*partition), *index, position.unsigned_abs()],
            Event::Health { partition, health } => [u64::from(*partition), *health as u64, 0],
            Event::Database { partition, works } => [u64::from(*partition), u64::from(*works), 0],
            Event::StoreError { partition } => [u64::from(*partition), 0, 0],
            Event::Ready => [0; 3],
            Event::Member(_, node) => [u64::from(node.0), 0, 0],
            Event::NoSnapshot { partition, position } => [u64::from(*partition), position.unsigned_abs(), 0],
            Event::Gateway(gateway::Event::SentAgain { partition, nth }) => [u64::from(*partition), u64::from(*nth), 0],
            Event::Gateway(gateway::Event::JobsForNobody { jobs }) => [*jobs as u64, 0, 0],
            Event::Told(call, _) => [call.kind as u64, call.number, 0],
            Event::Processor(partition, notice) => {
                let position = match notice {
                    Notice::RecoveredFrom { snapshot } => *snapshot,
                    Notice::Reprocessing { last_source } => *last_source,
                    Notice::Reprocessed { position }
                    | Notice::Processed { position }
                    | Notice::RunsAgain { position, .. } => *position,
                    Notice::Diverged { listed, .. } => listed.source,
                    Notice::Distributed { key } => *key,
                    Notice::Positions { processed, .. } => *processed,
                    Notice::Recovered | Notice::Failed { .. } => 0,
                };
                [u64::from(*partition), position.unsigned_abs(), 0]
            }
        }
    }
}
