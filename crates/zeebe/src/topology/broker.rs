//! A broker's view, what it announces of itself, and the list that a deployment distributor keeps of it.

use crate::membership::{BrokerInfo, Change, MemberInfo, PartitionRole};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A broker's view of the leaders, its own roles included.
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/clustering/topology/TopologyManagerImpl.java (all of it)
#[derive(Clone, Debug)]
pub struct BrokerTopology {
    own: Arc<BrokerInfo>,
    /// Broker and term by partition.
    leaders: BTreeMap<u16, (u16, u64)>,
}

impl BrokerTopology {
    /// Of a broker that has started. It knows the members only after it was told of each as added.
    pub fn new(own: BrokerInfo) -> Self {
        BrokerTopology { own: Arc::new(own), leaders: BTreeMap::new() }
    }

    /// What the broker announces (`Member::set_broker`): at its start and after each change of a role.
    pub fn own(&self) -> &Arc<BrokerInfo> {
        &self.own
    }

    /// This broker leads a partition. Its word about itself counts whatever the term; listeners are told.
    pub fn set_leader(&mut self, partition: u16, term: u64) {
        self.leaders.insert(partition, (self.own.node_id, term));
        Arc::make_mut(&mut self.own).roles.insert(partition, PartitionRole::Leader(term));
    }

    /// This broker follows for a partition. Listeners are not told.
    pub fn set_follower(&mut self, partition: u16) {
        self.forget(partition, self.own.node_id);
        Arc::make_mut(&mut self.own).roles.insert(partition, PartitionRole::Follower);
    }

    /// What the membership says has changed. Listeners are told of each partition and the broker that leads it now.
    ///
    /// Leaders go as well as come: one that dies or announces that it follows is forgotten, its term too, so that a
    /// stale announcement of a lower term is believed after that. A broker of another configuration is not heeded.
    pub fn changed(&mut self, change: Change, member: &MemberInfo, mut listener: impl FnMut(u16, u16)) {
        let Some(broker) = member.properties.broker.as_ref().filter(|broker| self.heeds(broker)) else { return };
        for (partition, role) in &broker.roles {
            match (change, role) {
                (Change::ReachabilityChanged, _) => {}
                (Change::Removed, _) | (_, PartitionRole::Follower) => self.forget(*partition, broker.node_id),
                (Change::Added | Change::MetadataChanged, PartitionRole::Leader(term)) => {
                    if self.leaders.get(partition).is_none_or(|(_, known)| known < term) {
                        self.leaders.insert(*partition, (broker.node_id, *term));
                        listener(*partition, broker.node_id);
                    }
                }
            }
        }
    }

    /// The leader of a partition, as far as this broker knows.
    pub fn leader(&self, partition: u16) -> Option<u16> {
        self.leaders.get(&partition).map(|(broker, _)| *broker)
    }

    fn heeds(&self, broker: &BrokerInfo) -> bool {
        let configured =
            |broker: &BrokerInfo| (broker.cluster_size, broker.partitions_count, broker.replication_factor);
        broker.node_id != self.own.node_id
            && broker.node_id < self.own.cluster_size
            && configured(broker) == configured(&self.own)
    }

    fn forget(&mut self, partition: u16, broker: u16) {
        if self.leader(partition) == Some(broker) {
            self.leaders.remove(&partition);
        }
    }
}

/// The leaders that one stream processor has been told of, for its deployment distributor. It is only ever overwritten:
/// a leader that has died stays until another one is heard of.
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/clustering/topology/TopologyPartitionListenerImpl.java (all of it)
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionLeaders {
    brokers: BTreeMap<u16, u16>,
}

impl PartitionLeaders {
    /// For a stream processor that starts now: it is told of the leaders that its broker knows.
    pub fn new(topology: &BrokerTopology) -> Self {
        PartitionLeaders {
            brokers: topology.leaders.iter().map(|(partition, (broker, _))| (*partition, *broker)).collect(),
        }
    }

    /// A listener's part.
    pub fn set(&mut self, partition: u16, broker: u16) {
        self.brokers.insert(partition, broker);
    }

    /// Where pushes for a partition go.
    pub fn get(&self, partition: u16) -> Option<u16> {
        self.brokers.get(&partition).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{BrokerTopology, PartitionLeaders};
    use crate::membership::Change::{Added, MetadataChanged, ReachabilityChanged, Removed};
    use crate::topology::fixture::{Follower, Leader, broker, member};

    fn told(
        topology: &mut BrokerTopology,
        change: crate::membership::Change,
        of: crate::membership::MemberInfo,
    ) -> Vec<(u16, u16)> {
        let mut told = Vec::new();
        topology.changed(change, &of, |partition, broker| told.push((partition, broker)));
        told
    }

    #[test]
    fn only_a_higher_term_replaces_a_leader() {
        let mut topology = BrokerTopology::new(broker(0, &[]));

        assert_eq!(told(&mut topology, Added, member(1, &[(2, Leader(5))])), [(2, 1)]);
        assert_eq!(told(&mut topology, Added, member(2, &[(2, Leader(5))])), []);
        assert_eq!(told(&mut topology, MetadataChanged, member(2, &[(2, Leader(6))])), [(2, 2)]);
        assert_eq!(topology.leader(2), Some(2));
    }

    #[test]
    fn a_leader_that_dies_or_follows_is_forgotten_here_but_not_by_the_distributor() {
        for (change, role) in [(Removed, Leader(5)), (MetadataChanged, Follower)] {
            let mut topology = BrokerTopology::new(broker(0, &[]));
            told(&mut topology, Added, member(1, &[(2, Leader(5))]));
            let leaders = PartitionLeaders::new(&topology);

            told(&mut topology, change, member(1, &[(2, role)]));

            assert_eq!((topology.leader(2), leaders.get(2)), (None, Some(1)));
            assert_eq!(told(&mut topology, Added, member(2, &[(2, Leader(4))])), [(2, 2)], "a lower term is believed");
        }
    }

    #[test]
    fn suspicion_changes_no_leader() {
        let mut topology = BrokerTopology::new(broker(0, &[]));
        told(&mut topology, Added, member(1, &[(2, Leader(5))]));

        told(&mut topology, ReachabilityChanged, member(1, &[(2, Leader(5))]));

        assert_eq!(topology.leader(2), Some(1));
    }

    #[test]
    fn a_broker_of_another_configuration_is_not_heeded() {
        let mut topology = BrokerTopology::new(broker(0, &[]));
        let mut other = broker(1, &[(2, Leader(5))]);
        other.partitions_count = 4;
        let mut of = member(1, &[]);
        of.properties.broker = Some(other.into());

        assert_eq!(told(&mut topology, Added, of), []);
        assert_eq!(told(&mut topology, Added, member(3, &[(2, Leader(5))])), [], "three brokers are 0 to 2");
    }

    #[test]
    fn its_own_roles_are_announced() {
        let mut topology = BrokerTopology::new(broker(0, &[]));

        topology.set_leader(1, 7);
        assert_eq!((topology.leader(1), topology.own().roles[&1]), (Some(0), Leader(7)));
        topology.set_follower(1);
        assert_eq!((topology.leader(1), topology.own().roles[&1]), (None, Follower));
    }
}
