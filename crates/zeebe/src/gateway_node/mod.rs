//! A process that is a gateway: a member of the brokers' group, a server for clients, and a client of brokers.
//!
//! Kept: one connection to each broker, whose end is the end of all that waits for an answer on it; a topology that lags
//! behind the gossip and is looked through every 5 s; announcements of jobs by the event service. Left out: back-pressure,
//! which is the brokers' (it passes their refusals on); what requests cost the gateway, whose work takes no time.
//!
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/StandaloneGateway.java (parts)

mod host;

use crate::client;
use crate::cluster::{Message, Settings, Timer, Zeebe};
use crate::gateway::{self, Attempt, CallId, Gateway, Outcome};
use crate::membership::Topic;
use crate::neighbours::{Calls, Neighbours};
use crate::topology::GatewayTopology;
use host::Bound;
use kernel::identity::{ConnectionId, NodeId, TimerId};
use kernel::system::{Env, Input};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All of a gateway's process but the gateway itself.
#[derive(Clone, Debug)]
struct Shell {
    settings: Arc<Settings>,
    neighbours: Neighbours<GatewayTopology>,
    timers: BTreeMap<gateway::Timer, TimerId>,
    /// The connection to each broker.
    brokers: BTreeMap<NodeId, ConnectionId>,
    opened: u64,
    /// What waits for an answer, on which connection.
    sent: BTreeMap<Attempt, ConnectionId>,
    /// Clients' calls, on which connection and by which of the client's names.
    calls: BTreeMap<CallId, (ConnectionId, client::Call)>,
    ids: BTreeMap<(ConnectionId, client::Call), CallId>,
    called: u64,
}

/// A gateway's process.
#[derive(Clone, Debug)]
pub struct GatewayNode {
    gateway: Gateway,
    shell: Shell,
}

impl GatewayNode {
    /// One that has not started.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        let gateway = Gateway::new(settings.gateway.clone());
        let (timers, brokers, sent) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (calls, ids, neighbours) = (BTreeMap::new(), BTreeMap::new(), Neighbours::<GatewayTopology>::new());
        let shell = Shell { settings, neighbours, timers, brokers, opened: 0, sent, calls, ids, called: 0 };
        GatewayNode { gateway, shell }
    }

    /// Its state machine.
    #[must_use]
    pub const fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Its picture of the cluster.
    #[must_use]
    pub fn topology(&self) -> &GatewayTopology {
        self.shell.neighbours.topology()
    }

    pub(crate) fn handle<E: Env<Zeebe>>(&mut self, input: Input<Zeebe>, env: &mut E) {
        match input {
            Input::Start => {
                let settings = self.shell.settings.clone();
                self.shell.neighbours.start(&settings, env);
                env.set_timer(GatewayTopology::CHECK_INTERVAL, Timer::CheckTopology);
                self.with(env, |gateway, host| gateway.start(host));
            }
            Input::Opened { connection, label, .. } if Calls::is_label(label) => {
                self.shell.neighbours.accepted(connection, env);
            }
            Input::Received { connection, message } => self.received(connection, message, env),
            Input::Closed { connection, .. } if self.shell.neighbours.has(connection) => {
                self.shell.neighbours.closed(connection, env);
            }
            Input::Closed { connection, .. } => self.closed(connection, env),
            Input::Timer { payload, .. } => self.on_timer(payload, env),
            Input::Message { message: Message::Gossip(updates), .. } => self.shell.neighbours.gossip(&updates, env),
            Input::Message { message: Message::JobsAvailable(kind), .. } => {
                if !self.shell.neighbours.handlers(Topic::JobsAvailable).is_empty() {
                    self.with(env, |gateway, host| gateway.jobs_available(&kind, host));
                }
            }
            Input::Opened { .. } | Input::Message { .. } | Input::Disk { .. } | Input::Job { .. } => {}
        }
        // A gateway does not follow leaders one by one, nor lost members.
        self.shell.neighbours.take_told();
        self.shell.neighbours.take_gone();
    }

    fn with<E: Env<Zeebe>>(&mut self, env: &mut E, act: impl FnOnce(&mut Gateway, &mut Bound<'_, E>)) {
        act(&mut self.gateway, &mut Bound { env, shell: &mut self.shell });
    }

    fn received<E: Env<Zeebe>>(&mut self, connection: ConnectionId, message: Message, env: &mut E) {
        match message {
            Message::Call(call) => self.shell.neighbours.received(connection, call, env),
            Message::Ask(name, request) => {
                self.shell.called += 1;
                let call = CallId(self.shell.called);
                self.shell.calls.insert(call, (connection, name));
                self.shell.ids.insert((connection, name), call);
                self.with(env, |gateway, host| gateway.request(call, &request, host));
            }
            Message::CallOff(name) => {
                if let Some(call) = self.shell.ids.remove(&(connection, name)) {
                    self.shell.calls.remove(&call);
                    self.with(env, |gateway, host| gateway.called_off(call, host));
                }
            }
            Message::Answer(answer) => {
                let attempt = Attempt(answer.request.request);
                self.outcome(attempt, Outcome::Answer(*answer), env);
            }
            Message::Refused(attempt, code) => {
                let text = "Reached maximum capacity of requests handled";
                self.outcome(Attempt(attempt), Outcome::Error(code, text.into()), env);
            }
            Message::NoHandler(attempt) => self.outcome(Attempt(attempt), Outcome::NoHandler, env),
            _ => {}
        }
    }

    fn outcome<E: Env<Zeebe>>(&mut self, attempt: Attempt, outcome: Outcome, env: &mut E) {
        self.shell.sent.remove(&attempt);
        self.with(env, |gateway, host| gateway.outcome(attempt, outcome, host));
    }

    /// A broker's connection ended, or a client's.
    fn closed<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) {
        self.shell.brokers.retain(|_, open| *open != connection);
        let lost = self.shell.sent.iter().filter(|(_, on)| **on == connection);
        for attempt in lost.map(|(attempt, _)| *attempt).collect::<Vec<_>>() {
            self.outcome(attempt, Outcome::Unreachable, env);
        }
        let left = self.shell.ids.iter().filter(|((on, _), _)| *on == connection);
        for (name, call) in left.map(|(name, call)| (*name, *call)).collect::<Vec<_>>() {
            self.shell.ids.remove(&name);
            self.shell.calls.remove(&call);
            self.with(env, |gateway, host| gateway.called_off(call, host));
        }
    }

    fn on_timer<E: Env<Zeebe>>(&mut self, timer: Timer, env: &mut E) {
        match timer {
            Timer::Swim(timer) => self.shell.neighbours.timer(timer, env),
            Timer::GiveUp(connection) => self.shell.neighbours.gave_up(connection, env),
            Timer::CheckTopology => {
                self.shell.neighbours.check();
                env.set_timer(GatewayTopology::CHECK_INTERVAL, Timer::CheckTopology);
            }
            Timer::Gateway(timer) => {
                self.shell.timers.remove(&timer);
                self.with(env, |gateway, host| gateway.timer(timer, host));
            }
            _ => {}
        }
    }
}
