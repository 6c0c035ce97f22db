//! What is known of a member: state, incarnation, and what it says of itself.

use crate::membership::topic::TopicSet;
use kernel::identity::NodeId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a member is taken for. A later one of the same incarnation prevails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It answers.
    Alive,
    /// Probes of several members failed.
    Suspect,
    /// It was suspected for too long.
    Dead,
}

/// What is known of a member, as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MemberInfo {
    /// Whose.
    pub id: NodeId,
    /// What it is taken for.
    pub state: State,
    /// Counted by the member itself from its start, which is milliseconds of its wall clock. (Upstream also says term.)
    pub incarnation: u64,
    /// What it says of itself.
    pub properties: Properties,
}

impl MemberInfo {
    /// Whether messages are sent to it.
    pub fn is_reachable(&self) -> bool {
        self.state == State::Alive
    }

    /// On the wire, estimated: upstream serialises with Kryo, properties as texts of base 64.
    pub fn bytes(&self) -> u64 {
        const MEMBER: u64 = 120;
        MEMBER + self.properties.bytes()
    }
}

/// What a member says of itself. Each part is absent until it is set, and is never taken away again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Properties {
    /// Brokers have it, gateways do not.
    pub broker: Option<Arc<BrokerInfo>>,
    /// What the event service takes.
    pub topics: Option<TopicSet>,
}

impl Properties {
    /// Takes over what the other has; what it lacks stays. So a member that has restarted keeps, in the eyes of others,
    /// the topics of its former process until it sets its own.
    pub fn merge(&mut self, other: &Properties) {
        if other.broker.is_some() {
            self.broker.clone_from(&other.broker);
        }
        if other.topics.is_some() {
            self.topics.clone_from(&other.topics);
        }
    }

    fn bytes(&self) -> u64 {
        let broker = self.broker.as_ref().map_or(0, |broker| broker.bytes());
        broker + self.topics.as_ref().map_or(0, |topics| 40 + topics.bytes())
    }
}

/// A broker's role for a partition, as announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartitionRole {
    /// It leads, in this term.
    Leader(u64),
    /// It does not. Candidates and inactive replicas announce nothing.
    Follower,
}

/// What a broker says of itself. There is nothing about health in it.
//= camunda/zeebe@0.24.4:protocol-impl/src/main/java/io/zeebe/protocol/impl/encoding/BrokerInfo.java (fields)
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BrokerInfo {
    /// Zeebe's id of the broker, from 0.
    pub node_id: u16,
    /// As configured.
    pub cluster_size: u16,
    /// As configured.
    pub partitions_count: u16,
    /// As configured.
    pub replication_factor: u16,
    /// Host and port for clients.
    pub command_api: Arc<str>,
    /// Such as `0.24.4`; may be empty.
    pub version: Arc<str>,
    /// By partition.
    pub roles: BTreeMap<u16, PartitionRole>,
}

impl BrokerInfo {
    fn bytes(&self) -> u64 {
        let leads = self.roles.values().filter(|role| matches!(role, PartitionRole::Leader(_))).count();
        let raw = 60 + self.command_api.len() + self.version.len() + 5 * self.roles.len() + 12 * leads;
        raw as u64 * 4 / 3
    }
}

#[cfg(test)]
mod tests {
    use super::Properties;
    use crate::membership::{Topic, TopicSet};

    #[test]
    fn what_is_absent_takes_nothing_away() {
        let topics: TopicSet = [Topic::JobsAvailable].into_iter().collect();
        let mut known = Properties { broker: None, topics: Some(topics.clone()) };

        known.merge(&Properties::default());

        assert_eq!(known.topics, Some(topics));
    }
}
