//! What is a gateway's own of it: it announces no broker, and looks at all members from time to time.

use super::{Neighbours, View};
use crate::cluster::{Settings, Zeebe};
use crate::membership::{Change, MemberInfo, Topic};
use crate::topology::GatewayTopology;
use kernel::system::Env;

impl View for GatewayTopology {
    fn changed(&mut self, change: Change, member: &MemberInfo, _told: &mut Vec<(u16, u16)>) {
        GatewayTopology::changed(self, change, member);
    }
}

impl Neighbours<GatewayTopology> {
    /// Of a gateway that has not started.
    pub fn new() -> Self {
        Neighbours::of(GatewayTopology::default())
    }

    /// The cluster is joined, and jobs are listened for.
    //= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/job/LongPollingActivateJobsHandler.java (subscribe)
    pub fn start<E: Env<Zeebe>>(&mut self, settings: &Settings, env: &mut E) {
        self.join(settings, env);
        self.listen(Topic::JobsAvailable, 0);
    }

    /// Looks at all members.
    pub fn check(&mut self) {
        if let Some(member) = &self.member {
            self.world.topology.check(member.members());
        }
    }
}
