//! What brokers and gateways make of what brokers announce: who leads which partition.
//!
//! Both views lag behind the gossip and neither is right: a broker forgets a leader that dies or announces that it
//! follows, a gateway keeps one that announces that it follows, and a deployment distributor forgets nobody.
//!
//! Simplified: upstream hands each change to an actor; who keeps a view here decides when it gets one.

mod broker;
mod gateway;
mod status;

pub use broker::{BrokerTopology, PartitionLeaders};
pub use gateway::GatewayTopology;

#[cfg(test)]
mod fixture {
    use crate::membership::{BrokerInfo, MemberInfo, PartitionRole, Properties, State};
    use kernel::identity::NodeId;
    use std::sync::Arc;

    pub use crate::membership::PartitionRole::{Follower, Leader};

    pub fn broker(node_id: u16, roles: &[(u16, PartitionRole)]) -> BrokerInfo {
        BrokerInfo {
            node_id,
            cluster_size: 3,
            partitions_count: 3,
            replication_factor: 3,
            command_api: format!("zeebe-{node_id}:26501").into(),
            version: "0.24.4".into(),
            roles: roles.iter().copied().collect(),
        }
    }

    pub fn member(node_id: u16, roles: &[(u16, PartitionRole)]) -> MemberInfo {
        let properties = Properties { broker: Some(Arc::new(broker(node_id, roles))), topics: None };
        MemberInfo { id: NodeId(node_id), state: State::Alive, incarnation: 1, properties }
    }
}
