//! Brokers and a gateway that do nothing but to know each other, as a system of the kernel.
//!
//! What else a process does comes from a script: it takes and loses leaderships, subscribes, broadcasts.

use crate::wires::Wires;
use kernel::dice::{Purpose, Stream};
use kernel::identity::{ConnectionId, Nanos, NodeId, TimerId, mix};
use kernel::system::{Env, Input, Node, Payload, System, Target, Traced};
use relapse_zeebe::event_service::EventService;
use relapse_zeebe::membership::{
    Answer, BrokerInfo, Change, Host, Member, MemberInfo, Properties, Request, Settings, State, Timer as SwimTimer,
    Topic, gossip_bytes,
};
use relapse_zeebe::topology::{BrokerTopology, GatewayTopology};
use std::sync::Arc;

const SWIM: Purpose = Purpose::new("swim");

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cluster;

/// What a script has a process do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    Lead(u16, u64),
    Follow(u16),
    Subscribe(Topic),
    Broadcast(Topic),
}

/// What a process is started as: brokers are the nodes from 0 on, a gateway is another node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Start {
    pub brokers: u16,
    pub seeds: Vec<NodeId>,
    pub settings: Arc<Settings>,
    /// Times from the start of the run, for the first process; a later one has no script.
    pub script: Vec<(Nanos, Act)>,
}

#[derive(Clone, Debug, Hash)]
pub enum Message {
    Greeting,
    Request(Request),
    Answer(Answer),
    Gossip(Arc<[MemberInfo]>),
    Event(Topic),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    Swim(SwimTimer),
    GiveUp(ConnectionId),
    Act(Act),
    Check,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A process sees a change of a member.
    Saw(Change, MemberInfo),
    /// A process has broadcast, to so many.
    Broadcast(Topic, usize),
    /// A handler has got it.
    Got(Topic),
}

/// A process.
#[derive(Clone, Debug)]
pub struct Process {
    start: Start,
    pub member: Option<Member>,
    pub shell: Shell,
}

/// All of a process but the member.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    wires: Wires,
    stream: Option<Stream>,
    pub events: EventService,
    pub broker: Option<BrokerTopology>,
    pub gateway: GatewayTopology,
}

struct Bound<'a, E> {
    env: &'a mut E,
    shell: &'a mut Shell,
}

impl System for Cluster {
    type Node = Process;
    type Role = Start;
    type Message = Message;
    type Timer = Timer;
    type Job = ();
    type Record = ();
    type Event = Event;

    fn boot(role: &Start) -> Process {
        Process { start: role.clone(), member: None, shell: Shell::default() }
    }
}

impl Node<Cluster> for Process {
    fn handle<E: Env<Cluster>>(&mut self, input: Input<Cluster>, env: &mut E) {
        match input {
            Input::Start => self.on_start(env),
            Input::Message { message: Message::Gossip(updates), .. } => {
                self.with(env, |member, host| member.gossip(&updates, host));
            }
            Input::Message { message: Message::Event(topic), .. } => self.on_event(topic, env),
            Input::Opened { connection, .. } => self.shell.wires.accepted(connection, env),
            Input::Received { connection, message } => self.on_received(connection, message, env),
            Input::Closed { connection, .. } => {
                let call = self.shell.wires.closed(connection, env);
                self.fail(call, env);
            }
            Input::Timer { payload: Timer::GiveUp(connection), .. } => {
                let call = self.shell.wires.gave_up(connection, env);
                self.fail(call, env);
            }
            Input::Timer { payload: Timer::Swim(timer), .. } => {
                self.with(env, |member, host| member.timer(timer, host))
            }
            Input::Timer { payload: Timer::Act(act), .. } => self.act(act, env),
            Input::Timer { payload: Timer::Check, .. } => self.check(env),
            _ => {}
        }
    }
}

impl Process {
    fn on_start<E: Env<Cluster>>(&mut self, env: &mut E) {
        let me = env.me();
        self.shell.stream = Some(env.stream(SWIM, mix(u64::from(me.0), u64::from(env.incarnation()))));
        if me.0 < self.start.brokers {
            self.shell.broker = Some(BrokerTopology::new(announcement(me.0, self.start.brokers)));
        }
        let broker = self.shell.broker.as_ref().map(|broker| broker.own().clone());
        let properties = Properties { broker, topics: None };
        self.member = Some(Member::new(self.start.settings.clone(), me, &self.start.seeds, properties));
        self.with(env, |member, host| member.start(host));
        env.set_timer(GatewayTopology::CHECK_INTERVAL, Timer::Check);
        if env.incarnation() == 1 {
            for (at, act) in &self.start.script {
                env.set_timer(at.saturating_sub(env.monotonic()), Timer::Act(*act));
            }
        }
    }

    fn with<E: Env<Cluster>>(&mut self, env: &mut E, act: impl FnOnce(&mut Member, &mut Bound<'_, E>)) {
        if let Some(member) = &mut self.member {
            act(member, &mut Bound { env, shell: &mut self.shell });
        }
    }

    fn on_received<E: Env<Cluster>>(&mut self, connection: ConnectionId, message: Message, env: &mut E) {
        match message {
            Message::Greeting => self.shell.wires.greeted(connection, env),
            Message::Request(request) => {
                self.with(env, |member, host| member.request(connection.raw(), request, host));
            }
            Message::Answer(answer) => {
                let call = self.shell.wires.answered(connection, env);
                self.with(env, |member, host| {
                    call.into_iter().for_each(|call| member.answered(call, answer.clone(), host))
                });
            }
            Message::Gossip(_) | Message::Event(_) => {}
        }
    }

    fn fail<E: Env<Cluster>>(&mut self, call: Option<u64>, env: &mut E) {
        self.with(env, |member, host| call.into_iter().for_each(|call| member.failed(call, host)));
    }

    fn act<E: Env<Cluster>>(&mut self, act: Act, env: &mut E) {
        let Some(member) = &mut self.member else { return };
        match (act, &mut self.shell.broker) {
            (Act::Lead(partition, term), Some(broker)) => broker.set_leader(partition, term),
            (Act::Follow(partition), Some(broker)) => broker.set_follower(partition),
            (Act::Subscribe(topic), _) => self.shell.events.subscribe(topic, 0, member),
            (Act::Broadcast(topic), _) => {
                let to: Vec<NodeId> = self.shell.events.recipients(topic, member).collect();
                env.emit(Event::Broadcast(topic, to.len()));
                to.into_iter().for_each(|to| env.send(Target::Node(to), Message::Event(topic)));
            }
            _ => {}
        }
        if let Some(broker) = &self.shell.broker {
            member.set_broker(broker.own().clone());
        }
    }

    fn on_event<E: Env<Cluster>>(&mut self, topic: Topic, env: &mut E) {
        self.shell.events.handlers(topic).iter().for_each(|_| env.emit(Event::Got(topic)));
    }

    fn check<E: Env<Cluster>>(&mut self, env: &mut E) {
        if let Some(member) = &self.member {
            self.shell.gateway.check(member.members());
        }
        env.set_timer(GatewayTopology::CHECK_INTERVAL, Timer::Check);
    }
}

fn announcement(node_id: u16, cluster_size: u16) -> BrokerInfo {
    let command_api = format!("zeebe-{node_id}:26501").into();
    let (partitions_count, replication_factor, version) = (3, cluster_size, "0.24.4".into());
    BrokerInfo { node_id, cluster_size, partitions_count, replication_factor, command_api, version, roles: [].into() }
}

impl<E: Env<Cluster>> Host for Bound<'_, E> {
    fn wall(&self) -> Nanos {
        self.env.wall()
    }

    fn draw(&mut self) -> u64 {
        self.env.draw(self.shell.stream.as_mut().expect("a process that started has its stream"))
    }

    fn set_timer(&mut self, timer: SwimTimer, after: Nanos) {
        let _: TimerId = self.env.set_timer(after, Timer::Swim(timer));
    }

    fn request(&mut self, call: u64, to: NodeId, request: Request, timeout: Nanos) {
        self.shell.wires.request(call, to, request, timeout, self.env);
    }

    fn answer(&mut self, token: u64, answer: Answer) {
        self.shell.wires.answer(token, answer, self.env);
    }

    fn gossip(&mut self, to: NodeId, updates: Arc<[MemberInfo]>) {
        self.env.send(Target::Node(to), Message::Gossip(updates));
    }

    fn changed(&mut self, change: Change, member: &MemberInfo) {
        self.shell.events.changed(change, member);
        self.shell.gateway.changed(change, member);
        if let Some(broker) = &mut self.shell.broker {
            broker.changed(change, member, |_, _| {});
        }
        self.env.emit(Event::Saw(change, member.clone()));
    }
}

impl Traced for Message {
    fn name(&self) -> &'static str {
        match self {
            Message::Greeting => "greeting",
            Message::Request(request) => request.name(),
            Message::Answer(answer) => answer.name(),
            Message::Gossip(_) => "swim-gossip",
            Message::Event(_) => "event",
        }
    }
}

impl Payload for Message {
    fn bytes(&self) -> u64 {
        match self {
            Message::Greeting => 6,
            Message::Request(request) => request.bytes(),
            Message::Answer(answer) => answer.bytes(),
            Message::Gossip(updates) => gossip_bytes(updates),
            Message::Event(_) => 100,
        }
    }
}

impl Traced for Timer {
    fn name(&self) -> &'static str {
        match self {
            Timer::Swim(timer) => timer.name(),
            Timer::GiveUp(_) => "give-up",
            Timer::Act(_) => "act",
            Timer::Check => "check",
        }
    }
}

impl Traced for Event {
    fn name(&self) -> &'static str {
        match self {
            Event::Saw(change, _) => change.name(),
            Event::Broadcast(..) => "broadcast",
            Event::Got(_) => "got",
        }
    }
}

impl Event {
    /// Whether it is a sight of a member that has this state, by this change.
    pub fn is(&self, change: Change, of: NodeId, state: State) -> bool {
        matches!(self, Event::Saw(saw, info) if (*saw, info.id, info.state) == (change, of, state))
    }
}
