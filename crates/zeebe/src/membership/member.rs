//! The member itself: its state, its start, its timers.

use crate::membership::calls::{Calls, Purpose};
use crate::membership::host::{Change, Host, Timer};
use crate::membership::info::{BrokerInfo, MemberInfo, Properties, State};
use crate::membership::message::{Answer, DATAGRAM_BYTES_MAX, Request, gossip_bytes};
use crate::membership::settings::Settings;
use crate::membership::topic::TopicSet;
use kernel::dice::below;
use kernel::identity::{MILLIS, Nanos, NodeId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Another member, and the wall time of its last change of state.
#[derive(Clone, Debug)]
pub(super) struct Other {
    pub info: MemberInfo,
    pub changed_at: Nanos,
}

/// One member of a group.
#[derive(Clone, Debug)]
pub struct Member {
    pub(super) settings: Arc<Settings>,
    pub(super) me: MemberInfo,
    /// What of its own properties the others can have heard of.
    published: Properties,
    pub(super) others: BTreeMap<NodeId, Other>,
    /// The others in the order in which they are probed.
    pub(super) rotation: Vec<NodeId>,
    /// Where the group is to be found. Known members or not, they are probed as well.
    pub(super) seeds: Vec<NodeId>,
    pub(super) probes: usize,
    to_sync: Vec<NodeId>,
    /// What is passed on next: one per member, in the order of the first change.
    pub(super) updates: Vec<MemberInfo>,
    pub(super) calls: Calls,
    oversized: u64,
}

impl Member {
    /// A member that has not started. A seed that is the member itself is left out, as upstream does by address.
    pub fn new(settings: Arc<Settings>, me: NodeId, seeds: &[NodeId], properties: Properties) -> Self {
        Member {
            settings,
            published: properties.clone(),
            me: MemberInfo { id: me, state: State::Alive, incarnation: 0, properties },
            others: BTreeMap::new(),
            rotation: Vec::new(),
            seeds: seeds.iter().copied().filter(|seed| *seed != me).collect(),
            probes: 0,
            to_sync: Vec::new(),
            updates: Vec::new(),
            calls: Calls::default(),
            oversized: 0,
        }
    }

    /// The process has started. The first gossip, probe and synchronisation come one interval later.
    pub fn start<H: Host>(&mut self, host: &mut H) {
        self.me.incarnation = host.wall() / MILLIS;
        // Upstream sorts them by names that it makes up: another order for each process.
        shuffle(&mut self.seeds, host);
        host.changed(Change::Added, &self.me);
        host.set_timer(Timer::Gossip, self.settings.gossip_interval);
        host.set_timer(Timer::Probe, self.settings.probe_interval);
        host.set_timer(Timer::Sync, self.settings.sync_interval);
    }

    /// A timer has fired.
    pub fn timer<H: Host>(&mut self, timer: Timer, host: &mut H) {
        match timer {
            Timer::Gossip => self.on_gossip_due(host),
            Timer::Probe => self.probe_next(host),
            Timer::Sync => self.sync_next(host),
        }
    }

    /// A datagram has come.
    pub fn gossip<H: Host>(&mut self, updates: &[MemberInfo], host: &mut H) {
        for update in updates {
            self.update(update, host);
        }
    }

    /// A request has come, to be answered by this token.
    pub fn request<H: Host>(&mut self, token: u64, request: Request, host: &mut H) {
        match request {
            Request::Probe { from, believed } => {
                self.dispute(believed, host);
                self.update(&from, host);
                host.answer(token, Answer::Here(self.me.clone()));
            }
            Request::ProbeFor { suspect, believed } => self.probe_for(token, suspect, believed, host),
            Request::Sync(from) => {
                self.update(&from, host);
                host.answer(token, Answer::Members(self.members().cloned().collect()));
            }
        }
    }

    /// A request of this member's was answered. An answer to none that is underway means nothing.
    pub fn answered<H: Host>(&mut self, call: u64, answer: Answer, host: &mut H) {
        match (self.calls.close(call), answer) {
            (Some(Purpose::Probe(..)), Answer::Here(info)) => {
                self.update(&info, host);
                host.set_timer(Timer::Probe, self.settings.probe_interval);
            }
            (Some(Purpose::SecondOpinion(suspicion)), Answer::Probed(seen)) => self.opinion(suspicion, seen, host),
            // What the probed one says of itself is for the member that asked; upstream does not look at it here.
            (Some(Purpose::ForAnother(token)), Answer::Here(_)) => host.answer(token, Answer::Probed(true)),
            (Some(Purpose::Sync), Answer::Members(members)) => {
                self.gossip(&members, host);
                host.set_timer(Timer::Sync, self.settings.sync_interval);
            }
            (None, _) => {}
            (Some(purpose), answer) => panic!("SIMULATOR BUG: {answer:?} answers a request for {purpose:?}"),
        }
    }

    /// A request of this member's has failed, or took too long.
    pub fn failed<H: Host>(&mut self, call: u64, host: &mut H) {
        match self.calls.close(call) {
            Some(Purpose::Probe(target, believed)) => {
                self.on_probe_failed(target, believed, host);
                host.set_timer(Timer::Probe, self.settings.probe_interval);
            }
            Some(Purpose::SecondOpinion(suspicion)) => self.opinion(suspicion, false, host),
            Some(Purpose::ForAnother(token)) => host.answer(token, Answer::Probed(false)),
            Some(Purpose::Sync) => host.set_timer(Timer::Sync, self.settings.sync_interval),
            None => {}
        }
    }

    /// Says something else of this broker. The others hear of it from the next gossip on.
    pub fn set_broker(&mut self, broker: Arc<BrokerInfo>) {
        self.me.properties.broker = Some(broker);
    }

    /// Says which topics this process takes. The others hear of it from the next gossip on.
    pub fn set_topics(&mut self, topics: TopicSet) {
        self.me.properties.topics = Some(topics);
    }

    /// The member itself, as it would tell another one now.
    pub fn me(&self) -> &MemberInfo {
        &self.me
    }

    /// A member as this one knows it, itself included.
    pub fn get(&self, id: NodeId) -> Option<&MemberInfo> {
        if id == self.me.id { Some(&self.me) } else { self.others.get(&id).map(|other| &other.info) }
    }

    /// All members that this one knows, itself first.
    pub fn members(&self) -> impl Iterator<Item = &MemberInfo> {
        std::iter::once(&self.me).chain(self.others.values().map(|other| &other.info))
    }

    /// Those of the given members, itself excluded, that this one takes for reachable: to them chunks of snapshots go.
    //= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/partitions/impl/AtomixPartitionMessagingService.java (broadcast)
    pub fn reachable<'a>(&'a self, among: &'a [NodeId]) -> impl Iterator<Item = NodeId> + 'a {
        let reachable = |id: &NodeId| self.others.get(id).is_some_and(|other| other.info.is_reachable());
        among.iter().copied().filter(reachable)
    }

    /// Datagrams that were not sent because they were too large.
    pub fn oversized(&self) -> u64 {
        self.oversized
    }

    fn on_gossip_due<H: Host>(&mut self, host: &mut H) {
        self.bury(host);
        if self.me.properties != self.published {
            self.published = self.me.properties.clone();
            self.me.incarnation += 1;
            host.changed(Change::MetadataChanged, &self.me);
            self.record(self.me.clone());
        }
        if !self.updates.is_empty() {
            // Gone even if there is nobody to tell: who joins later learns of it by a probe.
            let updates: Arc<[MemberInfo]> = std::mem::take(&mut self.updates).into();
            let mut peers = self.rotation.clone();
            shuffle(&mut peers, host);
            for peer in peers.into_iter().take(self.settings.gossip_fanout) {
                self.unicast(peer, updates.clone(), host);
            }
        }
        host.set_timer(Timer::Gossip, self.settings.gossip_interval);
    }

    fn sync_next<H: Host>(&mut self, host: &mut H) {
        if self.to_sync.is_empty() {
            self.to_sync.extend(self.others.keys());
            shuffle(&mut self.to_sync, host);
        }
        // One that has died since is asked all the same.
        let Some(peer) = self.to_sync.pop() else {
            return host.set_timer(Timer::Sync, self.settings.sync_interval);
        };
        let call = self.calls.open(Purpose::Sync);
        host.request(call, peer, Request::Sync(self.me.clone()), self.settings.probe_timeout);
    }

    /// Passed on at the next gossip, instead of what would have been said of that member.
    pub(super) fn record(&mut self, info: MemberInfo) {
        match self.updates.iter_mut().find(|update| update.id == info.id) {
            Some(update) => *update = info,
            None => self.updates.push(info),
        }
    }

    pub(super) fn unicast<H: Host>(&mut self, to: NodeId, updates: Arc<[MemberInfo]>, host: &mut H) {
        if gossip_bytes(&updates) > DATAGRAM_BYTES_MAX {
            self.oversized += 1;
        } else {
            host.gossip(to, updates);
        }
    }

    /// To all others, not by way of gossip.
    pub(super) fn broadcast<H: Host>(&mut self, info: MemberInfo, host: &mut H) {
        let updates: Arc<[MemberInfo]> = Arc::new([info]);
        let peers: Vec<NodeId> = self.others.keys().copied().collect();
        for peer in peers {
            self.unicast(peer, updates.clone(), host);
        }
    }
}

/// Any order, each as likely: one draw less than there are elements.
pub(super) fn shuffle<H: Host>(list: &mut [NodeId], host: &mut H) {
    for last in (1..list.len()).rev() {
        list.swap(last, below(host.draw(), last as u64 + 1) as usize);
    }
}
