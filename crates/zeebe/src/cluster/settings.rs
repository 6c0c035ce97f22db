//! What a cluster is set to.

use crate::gateway;
use crate::membership;
use crate::processor::{StorageError, StoragePoint};
use crate::protocol::Text;
use crate::settings::Toggles;
use kernel::identity::{MICROS, MILLIS, Nanos, NodeId, SECONDS};
use std::sync::Arc;

/// One for all nodes of a cluster. Durations are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Brokers are the nodes from 0 on.
    pub brokers: u16,
    /// Partitions, from 1 on; each on all brokers.
    pub partitions: u16,
    /// Upstream's defects.
    pub toggles: Arc<Toggles>,
    /// Of the partitions' Raft groups.
    pub raft: Arc<raft::Settings>,
    /// Of the SWIM group that brokers and gateways form.
    pub membership: Arc<membership::Settings>,
    /// Of gateways.
    pub gateway: Arc<gateway::Settings>,
    /// By partition, from 1 on: the broker that leads it first, unless it is not there. The others wait one election timeout
    /// more for it in their first election. A partition that is not in it is led by whoever is first.
    pub first_leaders: Arc<[u16]>,
    /// From one snapshot of a leader to the next.
    pub snapshot_period: Nanos,
    /// The sparse index knows one entry in so many.
    pub index_density: u64,
    /// Whether brokers refuse clients' commands when too many are under way; the recordings were made without.
    pub backpressure: bool,
    /// On every leader; none in the distribution.
    pub exporters: Arc<[Exporter]>,
    /// Errors of the store that processes meet: none come by themselves (docs/decisions/0011).
    pub store_errors: Arc<[StoreError]>,
    /// Times that work takes.
    pub costs: Costs,
}

/// An error of the store: the last write of a record's transaction fails, once in a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoreError {
    /// The broker that meets it, or whoever gets there.
    pub node: Option<NodeId>,
    /// On which partition.
    pub partition: u16,
    /// In a replay, or in processing.
    pub point: StoragePoint,
    /// Writes before this time of the process's clock are not counted.
    pub from: Nanos,
    /// The how-manieth such write from then on fails, from 1.
    pub nth: u64,
    /// What it is taken for.
    pub error: StorageError,
}

/// An exporter, as far as a broker knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exporter {
    /// Its name.
    pub id: Text,
    /// How long it takes a record.
    pub takes: Nanos,
    /// When it says that it is done with records.
    pub acknowledges: Acknowledges,
}

/// When an exporter says that it is done with records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acknowledges {
    /// As it gets them.
    AtOnce,
    /// So often, all that it has collected: as one that writes in bulk.
    Every(Nanos),
    /// Never.
    Never,
}

/// Times that work takes, each on an actor that does one thing after the other. Nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Costs {
    /// To process a record. Recorded: replay runs at some 6,000 records a second.
    pub process: Nanos,
    /// To run a record again in a replay.
    pub reprocess: Nanos,
    /// Between two tries of what upstream tries again and again without pause, such as a commit that fails.
    pub spin: Nanos,
    /// To hand a block of records to Raft.
    pub append: Nanos,
    /// From the announcement of a role to the services of a leader: state copied, database opened. Recorded: some 0.7 s
    /// from candidate to recovered.
    pub install: Nanos,
    /// To close the services of a former leader.
    pub close: Nanos,
    /// From there until its partition is no longer listened for.
    pub unsubscribe: Nanos,
}

impl Default for Costs {
    fn default() -> Self {
        Costs {
            process: 170 * MICROS,
            reprocess: 165 * MICROS,
            spin: 10 * MILLIS,
            append: 50 * MICROS,
            unsubscribe: 50 * MICROS,
            install: 650 * MILLIS,
            close: 20 * MILLIS,
        }
    }
}

impl Settings {
    /// A cluster of three brokers and three partitions.
    #[must_use]
    pub fn new(toggles: Toggles) -> Self {
        let mut raft = raft::Settings::default();
        raft.toggles.fix_6316 = toggles.fix_6316;
        let (toggles, raft) = (Arc::new(toggles), Arc::new(raft));
        Settings {
            brokers: 3,
            partitions: 3,
            toggles,
            raft,
            membership: Arc::new(membership::Settings::default()),
            gateway: Arc::new(gateway::Settings::default()),
            first_leaders: Arc::default(),
            snapshot_period: 15 * 60 * SECONDS,
            index_density: 100,
            backpressure: true,
            exporters: Arc::default(),
            store_errors: Arc::default(),
            costs: Costs::default(),
        }
    }

    /// The gateway: the node after the brokers.
    #[must_use]
    pub const fn gateway_node(&self) -> NodeId {
        NodeId(self.brokers)
    }

    /// The broker that leads a partition first, if that is fixed.
    #[must_use]
    pub fn first_leader(&self, partition: u16) -> Option<NodeId> {
        let index = usize::from(partition).checked_sub(1)?;
        self.first_leaders.get(index).copied().map(NodeId)
    }

    /// The brokers.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.brokers).map(NodeId)
    }
}
