//! A process that is a client of the gateway: a script, a starter or a worker, with one connection.
//!
//! Kept: all calls share one connection, made anew by the first call after its end, which ends every call on it with
//! UNAVAILABLE. Left out: gRPC's pause before it connects anew, and its keep-alive (45 s): a cut connection ends by the
//! network's own patience, or the call by its deadline.

mod host;

use crate::client::{Call, Close, Operation, Scripted, Starter, StarterSettings, Timer, Worker, WorkerSettings};
use crate::cluster::{self, Message, Zeebe};
use crate::gateway::{Code, Reply, Status};
use host::Bound;
use kernel::identity::{ConnectionId, Nanos, NodeId, TimerId};
use kernel::system::{Env, Input, Target};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a client does. Times are nanoseconds after the start of its process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClientRole {
    /// What a script says. `Scripted::new` says whether it makes sense.
    Scripted(Arc<[Operation]>),
    /// It starts instances.
    Starter {
        /// How.
        settings: Arc<StarterSettings>,
        /// From when on.
        opens_at: Nanos,
    },
    /// It works on jobs.
    Worker {
        /// How.
        settings: Arc<WorkerSettings>,
        /// From when on.
        opens_at: Nanos,
        /// When it closes, and how; never, if nothing.
        closes: Option<(Nanos, Close)>,
    },
    /// It asks the brokers for snapshots, as an operator does by their actuator: whoever leads the partition takes one.
    Operator(Arc<[(Nanos, u16)]>),
}

/// Times of a client's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shift {
    /// It opens.
    Opens,
    /// It closes.
    Closes,
    /// It asks for the snapshot of this number.
    Asks(u32),
}

/// The state machine in it.
#[derive(Clone, Debug)]
pub enum Client {
    /// It does what a script says.
    Scripted(Scripted),
    /// It starts instances.
    Starter(Starter),
    /// It works on jobs.
    Worker(Worker),
    /// It remembers nothing.
    Operator,
}

/// All of it but the state machine.
#[derive(Clone, Debug)]
struct Shell {
    gateway: NodeId,
    connection: Option<ConnectionId>,
    opened: u64,
    /// Calls on the connection that have not ended.
    open: BTreeSet<Call>,
    timers: BTreeMap<Timer, TimerId>,
}

/// A client's process.
#[derive(Clone, Debug)]
pub struct ClientNode {
    role: ClientRole,
    client: Client,
    shell: Shell,
}

impl ClientNode {
    /// One that has not started.
    ///
    /// # Panics
    /// SIMULATOR BUG: of a script that makes no sense.
    #[must_use]
    pub fn new(gateway: NodeId, role: &ClientRole) -> Self {
        let client = match role {
            ClientRole::Scripted(script) => match Scripted::new(script.to_vec()) {
                Ok(scripted) => Client::Scripted(scripted),
                Err(wrong) => panic!("SIMULATOR BUG: {wrong}"),
            },
            ClientRole::Starter { settings, .. } => Client::Starter(Starter::new(settings.clone())),
            ClientRole::Worker { settings, .. } => Client::Worker(Worker::new(settings.clone())),
            ClientRole::Operator(_) => Client::Operator,
        };
        let (open, timers) = (BTreeSet::new(), BTreeMap::new());
        ClientNode { role: role.clone(), client, shell: Shell { gateway, connection: None, opened: 0, open, timers } }
    }

    /// The state machine in it.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn handle<E: Env<Zeebe>>(&mut self, input: Input<Zeebe>, env: &mut E) {
        match input {
            Input::Start => self.started(env),
            Input::Timer { payload: cluster::Timer::Shift(Shift::Opens), .. } => self.opens(env),
            Input::Timer { payload: cluster::Timer::Shift(Shift::Closes), .. } => self.closes(env),
            Input::Timer { payload: cluster::Timer::Shift(Shift::Asks(number)), .. } => self.asks(number, env),
            Input::Timer { payload: cluster::Timer::Client(timer), .. } => {
                self.shell.timers.remove(&timer);
                let host = &mut Bound { env, shell: &mut self.shell };
                match &mut self.client {
                    Client::Scripted(client) => client.timer(timer, host),
                    Client::Starter(client) => client.timer(timer, host),
                    Client::Worker(client) => client.timer(timer, host),
                    Client::Operator => {}
                }
            }
            Input::Received { connection, message: Message::Reply(call, reply) }
                if self.shell.connection == Some(connection) =>
            {
                if !matches!(*reply, Reply::Jobs(_)) {
                    self.shell.open.remove(&call);
                }
                self.reply(call, &reply, env);
            }
            Input::Closed { connection, .. } if self.shell.connection == Some(connection) => {
                self.shell.connection = None;
                let reply = Reply::Error(Status::new(Code::Unavailable, "io exception"));
                for call in std::mem::take(&mut self.shell.open) {
                    self.reply(call, &reply, env);
                }
            }
            _ => {}
        }
    }

    fn started<E: Env<Zeebe>>(&mut self, env: &mut E) {
        let (opens_at, closes) = match &self.role {
            ClientRole::Scripted(_) => (0, None),
            ClientRole::Starter { opens_at, .. } => (*opens_at, None),
            ClientRole::Worker { opens_at, closes, .. } => (*opens_at, *closes),
            ClientRole::Operator(asks) => {
                for ((at, _), number) in asks.iter().zip(0..) {
                    env.set_timer(*at, cluster::Timer::Shift(Shift::Asks(number)));
                }
                return;
            }
        };
        if let Some((at, _)) = closes {
            env.set_timer(at, cluster::Timer::Shift(Shift::Closes));
        }
        if opens_at == 0 {
            return self.opens(env);
        }
        env.set_timer(opens_at, cluster::Timer::Shift(Shift::Opens));
    }

    /// Brokers are the nodes before the gateway.
    fn asks<E: Env<Zeebe>>(&mut self, number: u32, env: &mut E) {
        let ClientRole::Operator(asks) = &self.role else { return };
        let Some((_, partition)) = asks.get(number as usize) else { return };
        for broker in 0..self.shell.gateway.0 {
            env.send(Target::Node(NodeId(broker)), Message::TakeSnapshot(*partition));
        }
    }

    fn opens<E: Env<Zeebe>>(&mut self, env: &mut E) {
        let host = &mut Bound { env, shell: &mut self.shell };
        match &mut self.client {
            Client::Scripted(client) => client.start(host),
            Client::Starter(client) => client.start(host),
            Client::Worker(client) => client.start(host),
            Client::Operator => {}
        }
    }

    fn closes<E: Env<Zeebe>>(&mut self, env: &mut E) {
        let (ClientRole::Worker { closes: Some((_, how)), .. }, Client::Worker(worker)) =
            (&self.role, &mut self.client)
        else {
            return;
        };
        worker.close(*how);
        if *how == Close::Client
            && let Some(connection) = self.shell.connection.take()
        {
            self.shell.open.clear();
            env.close(connection);
        }
    }

    fn reply<E: Env<Zeebe>>(&mut self, call: Call, reply: &Reply, env: &mut E) {
        let host = &mut Bound { env, shell: &mut self.shell };
        match &mut self.client {
            Client::Scripted(client) => client.reply(call, reply, host),
            Client::Starter(client) => client.reply(call, reply, host),
            Client::Worker(client) => client.reply(call, reply, host),
            Client::Operator => {}
        }
    }
}
