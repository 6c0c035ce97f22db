//! A gateway's view.

use crate::membership::{BrokerInfo, Change, MemberInfo, PartitionRole};
use kernel::identity::{Nanos, SECONDS};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A gateway's view of brokers, partitions and leaders.
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/broker/cluster/BrokerTopologyManagerImpl.java (all of it)
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/broker/cluster/BrokerClusterStateImpl.java (all of it)
#[derive(Clone, Debug, Default)]
pub struct GatewayTopology {
    known: bool,
    /// Cluster size, partitions, replication factor: as the broker said that was heard last.
    pub(super) configured: (u16, u16, u16),
    /// Address and version, by the broker's id.
    pub(super) brokers: BTreeMap<u16, (Arc<str>, Arc<str>)>,
    /// In the order in which they were heard of.
    partitions: Vec<u16>,
    leaders: BTreeMap<u16, u16>,
    /// The highest term heard of, by partition. It outlives the leader.
    terms: BTreeMap<u16, u64>,
    /// By partition and broker: how often it stands in upstream's list, which gets one more with every announcement.
    followers: BTreeMap<(u16, u16), u32>,
}

impl GatewayTopology {
    /// Time from one `check` to the next; the first is that long after the start.
    pub const CHECK_INTERVAL: Nanos = 5 * SECONDS;

    /// What the membership says has changed.
    pub fn changed(&mut self, change: Change, member: &MemberInfo) {
        let Some(broker) = &member.properties.broker else { return };
        self.known = true;
        match change {
            Change::Added | Change::MetadataChanged => self.heard(broker),
            Change::Removed => self.remove(broker.node_id),
            Change::ReachabilityChanged => {}
        }
    }

    /// Looks at all members, for changes that it was not told of.
    pub fn check<'a>(&mut self, members: impl Iterator<Item = &'a MemberInfo>) {
        self.known = true;
        members.filter_map(|member| member.properties.broker.as_ref()).for_each(|broker| self.heard(broker));
    }

    /// Whether it has a topology at all. Before that requests fail, and nothing is routed.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// The leader of a partition: of the highest term heard of, until it is removed. One that announces that it follows
    /// remains (mended in camunda/zeebe#5979).
    pub fn leader(&self, partition: u16) -> Option<u16> {
        self.leaders.get(&partition).copied()
    }

    /// The partitions in the order in which they were heard of. None is ever forgotten.
    pub fn partitions(&self) -> &[u16] {
        &self.partitions
    }

    /// Partitions as the configuration counts them.
    pub fn partitions_count(&self) -> u16 {
        self.configured.1
    }

    /// A broker's role for a partition, as clients are told it.
    //= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/EndpointManager.java (addPartitionInfoToBrokerInfo)
    pub(super) fn is_leader(&self, partition: u16, broker: u16) -> Option<bool> {
        let leads = self.leader(partition) == Some(broker);
        (leads || self.followers.contains_key(&(partition, broker))).then_some(leads)
    }

    fn heard(&mut self, broker: &BrokerInfo) {
        self.configured = (broker.cluster_size, broker.partitions_count, broker.replication_factor);
        self.brokers.insert(broker.node_id, (broker.command_api.clone(), broker.version.clone()));
        for (&partition, role) in &broker.roles {
            if !self.partitions.contains(&partition) {
                self.partitions.push(partition);
            }
            match role {
                PartitionRole::Leader(term) => self.set_leader(partition, broker.node_id, *term),
                PartitionRole::Follower => *self.followers.entry((partition, broker.node_id)).or_default() += 1,
            }
        }
    }

    fn set_leader(&mut self, partition: u16, broker: u16, term: u64) {
        if self.terms.get(&partition).is_none_or(|known| *known <= term) {
            self.leaders.insert(partition, broker);
            self.terms.insert(partition, term);
            self.followers.remove(&(partition, broker));
        }
    }

    /// A broker is gone. Of the times it stands in a list of followers one goes: should it come back before it has a
    /// role, it still counts as a follower.
    fn remove(&mut self, broker: u16) {
        self.brokers.remove(&broker);
        self.leaders.retain(|_, leader| *leader != broker);
        for partition in &self.partitions {
            let Some(times) = self.followers.get_mut(&(*partition, broker)) else { continue };
            *times -= 1;
            if *times == 0 {
                self.followers.remove(&(*partition, broker));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::GatewayTopology;
    use crate::membership::Change::{Added, MetadataChanged, Removed};
    use crate::topology::fixture::{Follower, Leader, member};

    #[test]
    fn a_leader_that_follows_is_kept_until_another_one_leads() {
        let mut gateway = GatewayTopology::default();
        gateway.changed(Added, &member(0, &[(1, Leader(3))]));

        gateway.changed(MetadataChanged, &member(0, &[(1, Follower)]));
        assert_eq!(gateway.leader(1), Some(0));
        gateway.changed(MetadataChanged, &member(2, &[(1, Leader(3))]));
        assert_eq!(gateway.leader(1), Some(2), "an equal term suffices");
    }

    #[test]
    fn a_term_outlives_its_leader() {
        let mut gateway = GatewayTopology::default();
        gateway.changed(Added, &member(0, &[(1, Leader(3))]));

        gateway.changed(Removed, &member(0, &[(1, Leader(3))]));
        gateway.changed(Added, &member(1, &[(1, Leader(2))]));

        assert_eq!((gateway.leader(1), gateway.brokers.len()), (None, 1));
    }

    #[test]
    fn partitions_come_in_the_order_in_which_they_were_heard_of() {
        let mut gateway = GatewayTopology::default();
        gateway.changed(Added, &member(2, &[(3, Leader(1))]));
        gateway.changed(Added, &member(0, &[(1, Leader(1)), (2, Follower)]));

        assert_eq!(gateway.partitions(), [3, 1, 2]);
    }

    #[test]
    fn a_check_finds_what_no_change_told() {
        let mut gateway = GatewayTopology::default();
        assert!(!gateway.is_known());

        gateway.check([member(1, &[(2, Leader(4))])].iter());

        assert!(gateway.is_known());
        assert_eq!((gateway.leader(2), gateway.partitions_count()), (Some(1), 3));
    }

    #[test]
    fn a_follower_that_was_heard_of_twice_is_one_still_after_its_removal() {
        let mut gateway = GatewayTopology::default();
        gateway.changed(Added, &member(1, &[(2, Follower)]));
        gateway.check([member(1, &[(2, Follower)])].iter());

        gateway.changed(Removed, &member(1, &[(2, Follower)]));

        assert_eq!(gateway.is_leader(2, 1), Some(false));
    }
}
