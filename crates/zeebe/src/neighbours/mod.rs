//! What a broker or a gateway knows of the others: its member of the SWIM group, its view of the leaders, and who listens to
//! what.

mod broker;
mod calls;
mod gateway;

use crate::cluster::{Call, Event, Message, Settings, Timer, Zeebe};
use crate::event_service::EventService;
use crate::membership::{Answer, Change, Host, Member, MemberInfo, Properties, Request, Timer as SwimTimer, Topic};
use kernel::dice::{Purpose, Stream};
use kernel::identity::{ConnectionId, Nanos, NodeId, mix};
use kernel::system::{Env, Target};
use std::sync::Arc;

pub(crate) use calls::Calls;

const SWIM: Purpose = Purpose::new("swim");

/// What a process makes of what brokers announce.
pub(crate) trait View {
    /// What the membership says has changed; `told` gets each partition that a broker has been heard to lead by that.
    fn changed(&mut self, change: Change, member: &MemberInfo, told: &mut Vec<(u16, u16)>);
}

/// It.
#[derive(Clone, Debug)]
pub(crate) struct Neighbours<V> {
    member: Option<Member>,
    world: Seen<V>,
}

/// All of it but the member itself.
#[derive(Clone, Debug)]
struct Seen<V> {
    calls: Calls,
    stream: Option<Stream>,
    events: EventService,
    topology: V,
    /// Leaders that listeners are to be told of.
    told: Vec<(u16, u16)>,
    /// Members that are gone.
    gone: Vec<NodeId>,
}

struct Bound<'a, E, V> {
    env: &'a mut E,
    seen: &'a mut Seen<V>,
}

impl<V: View> Neighbours<V> {
    /// Of a process that has not started.
    fn of(topology: V) -> Self {
        let (calls, events, told, gone) = (Calls::default(), EventService::default(), Vec::new(), Vec::new());
        Neighbours { member: None, world: Seen { calls, stream: None, events, topology, told, gone } }
    }

    /// Joins the group. Brokers are the seeds.
    fn join<E: Env<Zeebe>>(&mut self, settings: &Settings, env: &mut E) {
        let me = env.me();
        self.world.stream = Some(env.stream(SWIM, mix(u64::from(me.0), u64::from(env.incarnation()))));
        let seeds: Vec<NodeId> = settings.nodes().collect();
        self.member = Some(Member::new(settings.membership.clone(), me, &seeds, Properties::default()));
        self.with(env, |member, host| member.start(host));
    }

    fn with<E: Env<Zeebe>>(&mut self, env: &mut E, act: impl FnOnce(&mut Member, &mut Bound<'_, E, V>)) {
        if let Some(member) = &mut self.member {
            act(member, &mut Bound { env, seen: &mut self.world });
        }
    }

    /// Its view of the leaders.
    pub fn topology(&self) -> &V {
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

    /// Whether the membership lists this node.
    pub fn knows(&self, node: NodeId) -> bool {
        self.member.as_ref().is_some_and(|member| member.members().any(|known| known.id == node))
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

impl<E: Env<Zeebe>, V: View> Host for Bound<'_, E, V> {
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
        topology.changed(change, member, told);
        if change == Change::Removed {
            gone.push(member.id);
        }
        self.env.emit(Event::Member(change, member.id));
    }
}
