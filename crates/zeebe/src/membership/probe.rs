//! Probes: in rotation, for others, and what follows when one fails.

use crate::membership::calls::Purpose;
use crate::membership::host::{Host, Timer};
use crate::membership::info::{MemberInfo, State};
use crate::membership::member::{Member, shuffle};
use crate::membership::message::{Believed, Request};
use kernel::identity::NodeId;

impl Member {
    /// Probes the next one: the seeds in turn, then the members.
    ///
    /// A seed's turn comes even when it is a member, for upstream knows seeds by names that it makes up and so never
    /// finds them among the members. A failed probe of a seed raises no suspicion: with two seeds and three members a
    /// dead member is noticed by a member in five seconds, not in three.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/protocol/SwimMembershipProtocol.java (probe)
    //= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/clustering/atomix/AtomixFactory.java (createDiscoveryProvider)
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/NodeConfig.java (anonymous ids)
    pub(super) fn probe_next<H: Host>(&mut self, host: &mut H) {
        let candidates = self.seeds.len() + self.rotation.len();
        if candidates == 0 {
            return host.set_timer(Timer::Probe, self.settings.probe_interval);
        }
        self.probes = self.probes.wrapping_add(1);
        let turn = self.probes % candidates;
        let (target, believed) = match self.seeds.get(turn) {
            Some(seed) => (*seed, Believed { incarnation: 0, state: None }),
            None => self.believed(self.rotation[turn - self.seeds.len()]),
        };
        let known_by = believed.state.map(|_| believed.incarnation);
        self.probe(Purpose::Probe(target, known_by), target, believed, host);
    }

    /// Probes one that another member has failed to reach.
    pub(super) fn probe_for<H: Host>(&mut self, token: u64, suspect: NodeId, believed: Believed, host: &mut H) {
        self.probe(Purpose::ForAnother(token), suspect, believed, host);
    }

    /// A probe has come: what the prober takes this member for may be wrong.
    ///
    /// A member whose wall clock was set back before it started is known by a later incarnation than its own, and
    /// nobody heeds it; it overtakes that here.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/protocol/SwimMembershipProtocol.java (handleProbe)
    pub(super) fn dispute<H: Host>(&mut self, believed: Believed, host: &mut H) {
        if believed.incarnation > self.me.incarnation {
            self.me.incarnation = believed.incarnation + 1;
        } else if believed.state == Some(State::Suspect) {
            self.me.incarnation += 1;
        } else {
            return;
        }
        if self.settings.broadcast_disputes {
            self.broadcast(self.me.clone(), host);
        }
    }

    /// A probe has failed: others are asked, unless the member has been heard of meanwhile. `known_by` is none for a
    /// seed.
    pub(super) fn on_probe_failed<H: Host>(&mut self, target: NodeId, known_by: Option<u64>, host: &mut H) {
        let Some(known_by) = known_by else { return };
        let Some(other) = self.others.get(&target).filter(|other| other.info.incarnation == known_by) else { return };
        let suspect = other.info.clone();
        let mut asked: Vec<NodeId> = self.others.keys().copied().filter(|peer| *peer != target).collect();
        shuffle(&mut asked, host);
        asked.truncate(self.settings.suspect_probes.saturating_sub(1));
        if asked.is_empty() {
            return self.suspect(suspect, host);
        }
        let believed = Believed { incarnation: suspect.incarnation, state: Some(suspect.state) };
        let suspicion = self.calls.suspect(suspect, asked.len());
        for peer in asked {
            let call = self.calls.open(Purpose::SecondOpinion(suspicion));
            let request = Request::ProbeFor { suspect: target, believed };
            host.request(call, peer, request, 2 * self.settings.probe_timeout);
        }
    }

    /// Another member has probed a suspect, or could not be asked.
    pub(super) fn opinion<H: Host>(&mut self, suspicion: u64, seen: bool, host: &mut H) {
        if let Some(suspect) = self.calls.opinion(suspicion, seen) {
            self.suspect(suspect, host);
        }
    }

    /// Nobody could reach this incarnation of a member.
    fn suspect<H: Host>(&mut self, suspect: MemberInfo, host: &mut H) {
        let news = MemberInfo { state: State::Suspect, ..suspect };
        if self.update(&news, host) && self.settings.broadcast_updates {
            self.broadcast(news, host);
        }
    }

    fn believed(&self, id: NodeId) -> (NodeId, Believed) {
        let other = &self.others[&id].info;
        (id, Believed { incarnation: other.incarnation, state: Some(other.state) })
    }

    fn probe<H: Host>(&mut self, purpose: Purpose, target: NodeId, believed: Believed, host: &mut H) {
        let call = self.calls.open(purpose);
        let request = Request::Probe { from: self.me.clone(), believed };
        host.request(call, target, request, self.settings.probe_timeout);
    }
}
