//! Which partition is next: counters that go round, and the partitions that one request tries.
//!
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/broker/RoundRobinDispatchStrategy.java (counter)
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/broker/PartitionIdIterator.java (from there on)

use crate::topology::GatewayTopology;
use std::sync::Arc;

/// What a gateway believes of the cluster, looked up whenever it is needed.
pub trait Topology {
    /// Whether there is a picture at all, be it empty.
    fn is_known(&self) -> bool;
    /// Partitions of the cluster, as brokers say; 0 before any did.
    fn partitions_count(&self) -> u16;
    /// The partitions that were heard of, in that order.
    fn partitions(&self) -> &[u16];
    /// The broker that is believed to lead a partition.
    fn leader(&self, partition: u16) -> Option<u16>;
}

impl Topology for GatewayTopology {
    fn is_known(&self) -> bool {
        GatewayTopology::is_known(self)
    }

    fn partitions_count(&self) -> u16 {
        GatewayTopology::partitions_count(self)
    }

    fn partitions(&self) -> &[u16] {
        GatewayTopology::partitions(self)
    }

    fn leader(&self, partition: u16) -> Option<u16> {
        GatewayTopology::leader(self, partition)
    }
}

/// A counter over the partitions in the order in which the gateway heard of them, or in a pinned one. Partitions that a
/// pinned order does not name come after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoundRobin {
    next: u64,
    pinned: Arc<[u16]>,
}

impl RoundRobin {
    /// A counter at 0.
    #[must_use]
    pub const fn new(pinned: Arc<[u16]>) -> Self {
        RoundRobin { next: 0, pinned }
    }

    /// The next partition that has a leader. Partitions without one are counted and passed over; after as many as the
    /// cluster has, there is none.
    pub fn next(&mut self, topology: &impl Topology) -> Option<u16> {
        for _ in 0..topology.partitions_count() {
            let offset = self.next;
            self.next += 1;
            let partition = self.at(offset, topology.partitions());
            if partition.is_some_and(|one| topology.leader(one).is_some()) {
                return partition;
            }
        }
        None
    }

    fn at(&self, offset: u64, heard: &[u16]) -> Option<u16> {
        if heard.is_empty() {
            return None;
        }
        let place = (offset % heard.len() as u64) as usize;
        if self.pinned.is_empty() {
            return heard.get(place).copied();
        }
        let pinned = self.pinned.iter().filter(|pinned| heard.contains(pinned));
        pinned.chain(heard.iter().filter(|other| !self.pinned.contains(other))).nth(place).copied()
    }
}

/// What upstream has for no partition.
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/broker/cluster/BrokerClusterState.java (PARTITION_ID_NULL)
const NO_PARTITION: i32 = -3;

/// The partitions that one request tries: each once, by ascending numbers from a first one on, modulo their number. Whether
/// one has a leader is looked up when it is its turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Turns {
    first: i32,
    count: i32,
    taken: i32,
}

impl Turns {
    /// From the counter's partition on.
    pub fn new(counter: &mut RoundRobin, topology: &impl Topology) -> Self {
        let first = counter.next(topology).map_or(NO_PARTITION, i32::from);
        Turns { first, count: i32::from(topology.partitions_count()), taken: 0 }
    }

    /// The next partition that has a leader now.
    pub fn next(&mut self, topology: &impl Topology) -> Option<u16> {
        while self.taken < self.count {
            // Without a first partition the remainder is negative, as in upstream, and stands for no partition.
            let partition = (self.taken + self.first - 1) % self.count + 1;
            self.taken += 1;
            if let Ok(partition) = u16::try_from(partition)
                && topology.leader(partition).is_some()
            {
                return Some(partition);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::hand::Picture;
    use super::{RoundRobin, Turns};
    use crate::membership::{BrokerInfo, Change, MemberInfo, PartitionRole, Properties, State};
    use crate::topology::GatewayTopology;
    use kernel::identity::NodeId;

    fn announcement(node_id: u16, leads: &[u16]) -> MemberInfo {
        let broker = BrokerInfo {
            node_id,
            cluster_size: 3,
            partitions_count: 3,
            replication_factor: 3,
            command_api: "".into(),
            version: "".into(),
            roles: leads.iter().map(|partition| (*partition, PartitionRole::Leader(1))).collect(),
        };
        let properties = Properties { broker: Some(broker.into()), topics: None };
        MemberInfo { id: NodeId(node_id), state: State::Alive, incarnation: 1, properties }
    }

    fn starts(picture: &Picture, times: usize) -> Vec<Option<u16>> {
        let mut counter = RoundRobin::default();
        (0..times).map(|_| counter.next(picture)).collect()
    }

    fn turns(counter: &mut RoundRobin, picture: &Picture) -> Vec<u16> {
        let mut turns = Turns::new(counter, picture);
        std::iter::from_fn(|| turns.next(picture)).collect()
    }

    #[test]
    fn the_counter_goes_round_in_the_order_of_hearing() {
        assert_eq!(starts(&Picture::of(&[3, 1, 2], &[]), 4), [Some(3), Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn brokers_that_announce_partition_3_first_give_the_order_of_the_quiet_recording() {
        let mut heard = GatewayTopology::default();
        heard.changed(Change::Added, &announcement(0, &[3]));
        heard.changed(Change::Added, &announcement(2, &[1, 2]));

        let mut counter = RoundRobin::default();
        let next: Vec<_> = (0..4).map(|_| counter.next(&heard)).collect();
        assert_eq!(next, [Some(3), Some(1), Some(2), Some(3)]);
    }

    #[test]
    fn a_pinned_order_is_kept_whatever_was_heard_first() {
        let mut counter = RoundRobin::new([3, 1].into());
        let picture = Picture::of(&[1, 2, 3], &[]);
        let next: Vec<_> = (0..4).map(|_| counter.next(&picture)).collect();
        assert_eq!(next, [Some(3), Some(1), Some(2), Some(3)]);

        let partly = Picture { partitions: vec![2, 1], ..picture };
        assert_eq!(RoundRobin::new([3, 1].into()).next(&partly), Some(1), "3 was not heard of yet");
    }

    #[test]
    fn a_partition_without_a_leader_is_passed_over_but_counted() {
        assert_eq!(starts(&Picture::of(&[3, 1, 2], &[1]), 4), [Some(3), Some(2), Some(3), Some(2)]);
        assert_eq!(starts(&Picture::of(&[3, 1, 2], &[1, 2, 3]), 1), [None]);
    }

    #[test]
    fn from_the_first_partition_on_numbers_ascend_whatever_the_order_of_hearing() {
        let (all, mut counter) = (Picture::of(&[3, 1, 2], &[]), RoundRobin::default());
        assert_eq!(turns(&mut counter, &all), [3, 1, 2]);
        assert_eq!(turns(&mut counter, &all), [1, 2, 3]);
        assert_eq!(turns(&mut counter, &Picture::of(&[3, 1, 2], &[1])), [2, 3]);
    }

    #[test]
    fn a_leader_that_comes_while_a_request_goes_round_is_found_and_one_that_goes_is_not() {
        let mut turns = Turns::new(&mut RoundRobin::default(), &Picture::of(&[1, 2, 3], &[2]));
        let mut now = Picture::of(&[1, 2, 3], &[2]);
        assert_eq!(turns.next(&now), Some(1));
        now.leaders.insert(2, 0);
        assert_eq!(turns.next(&now), Some(2));
        now.leaders.remove(&3);
        assert_eq!(turns.next(&now), None);
    }

    #[test]
    fn without_any_leader_a_request_meets_partition_1_alone_if_one_comes_up() {
        let mut turns = Turns::new(&mut RoundRobin::default(), &Picture::of(&[1, 2, 3], &[1, 2, 3]));
        let now = Picture::of(&[1, 2, 3], &[]);
        let met: Vec<u16> = std::iter::from_fn(|| turns.next(&now)).collect();
        assert_eq!(met, [1]);
    }
}
