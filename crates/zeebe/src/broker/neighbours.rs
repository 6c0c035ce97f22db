//! What a broker knows of the others: its member of the SWIM group, its view of the leaders, and who listens to what.

use super::calls::Calls;
use crate::cluster::{Call, Event, Message, Settings, Timer, Zeebe};
use crate::event_service::EventService;
use crate::membership::{
    Answer, BrokerInfo, Change, Host, Member, MemberInfo, Properties, Request, Timer as SwimTimer, Topic,
};
use crate::topology::BrokerTopology;
use kernel::dice::{Purpose, Stream};
use kernel::identity::{ConnectionId, Nanos, NodeId, mix};
use kernel::system::{Env, Target};
use std::sync::Arc;

const SWIM: Purpose = Purpose::new("swim");

/// It.
#[derive(Clone, Debug)]
pub(super) struct Neighbours {
    member: Option<Member>,
    world: Seen,
}

/// All of it but the member itself.
#[derive(Clone, Debug)]
struct Seen {
    calls: Calls,
    stream: Option<Stream>,
    events: EventService,
    topology: BrokerTopology,
    /// Leaders that listeners are to be told of.
    told: Vec<(u16, u16)>,
    /// Members that are gone.
    gone: Vec<NodeId>,
}

struct Bound<'a, E> {
    env: &'a mut E,
    seen: &'a mut Seen,
}

impl Neighbours {
    pub fn new(settings: &Settings) -> Self {
        let own = BrokerInfo {
            node_id: 0,
            cluster_size: settings.brokers,
            partitions_count: settings.partitions,
            replication_factor: settings.brokers,
            command_api: "".into(),
            version: "0.24.4".into(),
            roles: [].into(),
        };
        let (calls, events, topology) = (Calls::default(), EventService::default(), BrokerTopology::new(own));
        Neighbours {
            member: None,
            world: Seen { calls, stream: None, events, topology, told: Vec::new(), gone: Vec::new() },
        }
    }

    /// The cluster is joined first; what this broker is, is announced after that.
    pub fn start<E: Env<Zeebe>>(&mut self, settings: &Settings, env: &mut E) {
        let me = env.me();
        self.world.stream = Some(env.stream(SWIM, mix(u64::from(me.0), u64::from(env.incarnation()))));
        let own = BrokerInfo {
            node_id: me.0,
            command_api: format!("zeebe-{}:26501", me.0).into(),
            ..(**self.world.topology.own()).clone()
        };
        self.world.topology = BrokerTopology::new(own);
        let seeds: Vec<NodeId> = settings.nodes().collect();
        self.member = Some(Member::new(settings.membership.clone(), me, &seeds, Properties::default()));
        self.with(env, |member, host| member.start(host));
        self.announce();
    }

    fn with<E: Env<Zeebe>>(&mut self, env: &mut E, act: impl FnOnce(&mut Member, &mut Bound<'_, E>)) {
        if let Some(member) = &mut self.member {
            act(member, &mut Bound { env, seen: &mut self.world });
        }
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

    /// Its view of the leaders.
    pub fn topology(&self) -> &BrokerTopology {
        &self.world.topology
    }

    /// Leaders heard of since the last question.
    pub fn take_told(&mut self) -> Vec<(u16, u16)> {
        std::mem::take(&mut self.world.told)
    }

    /// Members lost since the last question.
    pub fn take_gone(&mut self) -> Vec<NodeId> {
        std::mem::take(&mut self.world.gone)
    }

    /// Listens to a topic, unless something in this process does already.
    pub fn listen(&mut self, topic: Topic, handler: u64) {
        if let Some(member) = &mut self.member
            && self.world.events.handlers(topic).is_empty()
        {
            self.world.events.subscribe(topic, handler, member);
        }
    }

    /// Who in this process listens to a topic.
    pub fn handlers(&self, topic: Topic) -> &[u64] {
        self.world.events.handlers(topic)
    }

    /// Who is known to listen to a topic and is not suspected.
    pub fn recipients(&self, topic: Topic) -> Vec<NodeId> {
        self.member.as_ref().map(|member| self.world.events.recipients(topic, member).collect()).unwrap_or_default()
    }

    /// Those of these nodes that are not suspected.
    pub fn reachable(&self, among: &[NodeId]) -> Vec<NodeId> {
        self.member.as_ref().map(|member| member.reachable(among).collect()).unwrap_or_default()
    }

    pub fn gossip<E: Env<Zeebe>>(&mut self, updates: &[MemberInfo], env: &mut E) {
        self.with(env, |member, host| member.gossip(updates, host));
    }

    pub fn timer<E: Env<Zeebe>>(&mut self, timer: SwimTimer, env: &mut E) {
        self.with(env, |member, host| member.timer(timer, host));
    }

    pub fn accepted<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) {
        self.world.calls.accepted(connection, env);
    }

    pub fn has(&self, connection: ConnectionId) -> bool {
        self.world.calls.has(connection)
    }

    pub fn received<E: Env<Zeebe>>(&mut self, connection: ConnectionId, call: Call, env: &mut E) {
        match call {
            Call::Greeting => self.world.calls.greeted(connection, env),
            Call::Request(request) => {
                self.with(env, |member, host| member.request(connection.raw(), request, host));
            }
            Call::Answer(answer) => {
                if let Some(call) = self.world.calls.answered(connection, env) {
                    self.with(env, |member, host| member.answered(call, answer, host));
                }
            }
        }
    }

    pub fn gave_up<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) {
        if let Some(call) = self.world.calls.gave_up(connection, env) {
            self.with(env, |member, host| member.failed(call, host));
        }
    }

    pub fn closed<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) {
        if let Some(call) = self.world.calls.closed(connection, env) {
            self.with(env, |member, host| member.failed(call, host));
        }
    }
}

impl<E: Env<Zeebe>> Host for Bound<'_, E> {
    fn wall(&self) -> Nanos {
        self.env.wall()
    }

    fn draw(&mut self) -> u64 {
        self.env.draw(self.seen.stream.as_mut().expect("a process that started has its stream"))
    }

    fn set_timer(&mut self, timer: SwimTimer, after: Nanos) {
        self.env.set_timer(after, Timer::Swim(timer));
    }

    fn request(&mut self, call: u64, to: NodeId, request: Request, timeout: Nanos) {
        self.seen.calls.request(call, to, request, timeout, self.env);
    }

    fn answer(&mut self, token: u64, answer: Answer) {
        self.seen.calls.answer(token, answer, self.env);
    }

    fn gossip(&mut self, to: NodeId, updates: Arc<[MemberInfo]>) {
        self.env.send(Target::Node(to), Message::Gossip(updates));
    }

    fn changed(&mut self, change: Change, member: &MemberInfo) {
        let Seen { events, topology, told, gone, .. } = self.seen;
        events.changed(change, member);
        topology.changed(change, member, |partition, broker| told.push((partition, broker)));
        if change == Change::Removed {
            gone.push(member.id);
        }
        self.env.emit(Event::Member(change, member.id));
    }
}
