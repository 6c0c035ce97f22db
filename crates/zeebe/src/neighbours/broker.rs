//! What is a broker's own of it: it announces what it leads, and its listeners are told of leaders.

use super::{Neighbours, View};
use crate::cluster::{Settings, Zeebe};
use crate::membership::{BrokerInfo, Change, MemberInfo};
use crate::topology::BrokerTopology;
use kernel::identity::NodeId;
use kernel::system::Env;

impl View for BrokerTopology {
    fn changed(&mut self, change: Change, member: &MemberInfo, told: &mut Vec<(u16, u16)>) {
        BrokerTopology::changed(self, change, member, |partition, broker| told.push((partition, broker)));
    }
}

impl Neighbours<BrokerTopology> {
    /// Of a broker that has not started.
    pub fn new(settings: &Settings) -> Self {
        Neighbours::of(BrokerTopology::new(BrokerInfo {
            node_id: 0,
            cluster_size: settings.brokers,
            partitions_count: settings.partitions,
            replication_factor: settings.brokers,
            command_api: "".into(),
            version: "0.24.4".into(),
            roles: [].into(),
        }))
    }

    /// The cluster is joined first; what this broker is, is announced after that.
    pub fn start<E: Env<Zeebe>>(&mut self, settings: &Settings, env: &mut E) {
        let NodeId(me) = env.me();
        let own = BrokerInfo {
            node_id: me,
            command_api: format!("zeebe-{me}:26501").into(),
            ..(**self.world.topology.own()).clone()
        };
        self.world.topology = BrokerTopology::new(own);
        self.join(settings, env);
        self.announce();
    }

    fn announce(&mut self) {
        if let Some(member) = &mut self.member {
            member.set_broker(self.world.topology.own().clone());
        }
    }

    /// This broker's services of a partition are those of a leader.
    pub fn leads(&mut self, partition: u16, term: u64) {
        self.world.topology.set_leader(partition, term);
        self.world.told.push((partition, self.world.topology.own().node_id));
        self.announce();
    }

    /// They are those of a follower.
    pub fn follows(&mut self, partition: u16) {
        self.world.topology.set_follower(partition);
        self.announce();
    }
}
