//! A toy for tests and benchmarks: clients keep a number of datagram requests going to servers, and count the replies.
//!
//! Kept lean on purpose: one message is one queue event, one digest entry and one draw, and allocates nothing. What a
//! client sends is numbered per slot, so that a reply that was doubled or has been overtaken is told from the awaited
//! one. A client has one retry timer for all slots: a tick sends again what has waited for a whole period.

use crate::builder::Builder;
use crate::disk::DiskProfile;
use crate::identity::{Nanos, NodeId, SECONDS};
use crate::system::{Env, Input, Node, Payload, System, Target, Traced};
use crate::words;

/// The system of clients and servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PingPong;

/// A request or its reply: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ball {
    /// Which of the client's slots waits for it.
    pub slot: u32,
    /// Whether it flies back.
    pub reply: bool,
    /// The how-manieth request of that slot, from 1.
    pub nth: u64,
}

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Answers each request.
    Server,
    /// Asks the nodes `first_server..first_server + servers`.
    Client {
        /// The first server.
        first_server: u16,
        /// Their number, at least 1.
        servers: u16,
        /// Requests that are underway at one time.
        in_flight: u32,
        /// Replies per slot until the client is content.
        requests: u64,
        /// Period of the retry timer; 0 for none.
        retry_after: Nanos,
    },
}

/// The retry timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tick;

/// What a client tells the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A request went out once more.
    Retried {
        /// Which slot's.
        slot: u32,
        /// Which request.
        nth: u64,
    },
    /// All replies are there.
    Content {
        /// How many.
        replies: u64,
    },
}

/// A server or a client.
#[derive(Clone, Debug)]
pub enum Player {
    /// A server and the number of requests it has answered.
    Server(u64),
    /// A client.
    Client(Client),
}

/// A client's state.
#[derive(Clone, Debug)]
pub struct Client {
    /// Replies so far.
    pub replies: u64,
    /// Requests that went out again.
    pub retries: u64,
    requests: u64,
    retry_after: Nanos,
    unfinished: u32,
    slots: Vec<Slot>,
}

#[derive(Clone, Debug)]
struct Slot {
    server: NodeId,
    nth: u64,
    /// When its request went out for the first time or, since then, again.
    sent_at: Nanos,
}

/// How many players, and what they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Number of servers: the nodes from 0 on.
    pub servers: u16,
    /// Number of clients: the nodes after the servers.
    pub clients: u16,
    /// Requests that a client has underway at one time.
    pub in_flight: u32,
    /// Replies per slot until a client is content; `u64::MAX` for never.
    pub requests: u64,
    /// Period of a client's retry timer; 0 for none.
    pub retry_after: Nanos,
}

impl Default for Config {
    /// One client, one server, three balls, a retry timer of a second, no end.
    fn default() -> Self {
        Config { servers: 1, clients: 1, in_flight: 3, requests: u64::MAX, retry_after: SECONDS }
    }
}

impl Config {
    /// The role of a client when the servers are the nodes from `first_server` on.
    pub fn client(&self, first_server: u16) -> Role {
        let Config { servers, in_flight, requests, retry_after, .. } = *self;
        Role::Client { first_server, servers, in_flight, requests, retry_after }
    }

    /// A world's parts: the servers, then the clients.
    pub fn builder(&self, seed: u64) -> Builder<PingPong> {
        let mut builder = Builder::new(seed);
        for _ in 0..self.servers {
            builder.node(Role::Server, DiskProfile::default());
        }
        for _ in 0..self.clients {
            builder.node(self.client(0), DiskProfile::default());
        }
        builder
    }
}

impl System for PingPong {
    type Node = Player;
    type Role = Role;
    type Message = Ball;
    type Timer = Tick;
    type Job = ();
    type Record = ();
    type Event = Event;

    fn boot(role: &Role) -> Player {
        let Role::Client { first_server, servers, in_flight, requests, retry_after } = *role else {
            return Player::Server(0);
        };
        let server = |slot| NodeId(first_server + (slot % u32::from(servers)) as u16);
        let slots = (0..in_flight).map(|slot| Slot { server: server(slot), nth: 0, sent_at: 0 }).collect();
        Player::Client(Client { replies: 0, retries: 0, requests, retry_after, unfinished: in_flight, slots })
    }
}

impl Player {
    /// The client, if it is one.
    pub fn client(&self) -> Option<&Client> {
        if let Player::Client(client) = self { Some(client) } else { None }
    }
}

impl<S> Node<S> for Player
where
    S: System<Message = Ball, Timer = Tick, Event = Event>,
{
    #[inline]
    fn handle<E: Env<S>>(&mut self, input: Input<S>, env: &mut E) {
        match (self, input) {
            (Player::Server(answered), Input::Message { from, message, .. }) => {
                *answered += 1;
                env.send(Target::Node(from), Ball { reply: true, ..message });
            }
            (Player::Client(client), Input::Message { message, .. }) => client.on_reply(message, env),
            (Player::Client(client), Input::Timer { .. }) => client.on_tick(env),
            (Player::Client(client), Input::Start) => client.on_start(env),
            _ => {}
        }
    }
}

impl Client {
    fn on_start<S, E>(&mut self, env: &mut E)
    where
        S: System<Message = Ball, Timer = Tick, Event = Event>,
        E: Env<S>,
    {
        for index in 0..self.slots.len() {
            self.ask_next(index, env);
        }
        if self.retry_after > 0 {
            env.set_timer(self.retry_after, Tick);
        }
    }

    #[inline]
    fn on_reply<S, E>(&mut self, ball: Ball, env: &mut E)
    where
        S: System<Message = Ball, Timer = Tick, Event = Event>,
        E: Env<S>,
    {
        let index = ball.slot as usize;
        // A late or doubled reply answers a request that is not awaited any more.
        if !ball.reply || self.slots.get(index).is_none_or(|slot| slot.nth != ball.nth) {
            return;
        }
        self.replies += 1;
        if ball.nth < self.requests {
            self.ask_next(index, env);
            return;
        }
        self.slots[index].nth = u64::MAX;
        self.unfinished -= 1;
        if self.unfinished == 0 {
            env.emit(Event::Content { replies: self.replies });
        }
    }

    #[inline]
    fn ask_next<S, E>(&mut self, index: usize, env: &mut E)
    where
        S: System<Message = Ball, Timer = Tick, Event = Event>,
        E: Env<S>,
    {
        let slot = &mut self.slots[index];
        slot.nth += 1;
        slot.sent_at = env.monotonic();
        env.send(Target::Node(slot.server), Ball { slot: index as u32, reply: false, nth: slot.nth });
    }

    fn on_tick<S, E>(&mut self, env: &mut E)
    where
        S: System<Message = Ball, Timer = Tick, Event = Event>,
        E: Env<S>,
    {
        let now = env.monotonic();
        for (slot, index) in self.slots.iter_mut().zip(0..) {
            if slot.nth != u64::MAX && now - slot.sent_at >= self.retry_after {
                slot.sent_at = now;
                self.retries += 1;
                env.emit(Event::Retried { slot: index, nth: slot.nth });
                env.send(Target::Node(slot.server), Ball { slot: index, reply: false, nth: slot.nth });
            }
        }
        if self.unfinished > 0 {
            env.set_timer(self.retry_after, Tick);
        }
    }
}

impl Traced for Ball {
    words! {
        Ball { reply: true, .. } => "pong",
        Ball { reply: false, .. } => "ping",
    }

    fn data(&self) -> [u64; 3] {
        [self.slot.into(), self.nth, 0]
    }
}

impl Payload for Ball {
    fn bytes(&self) -> u64 {
        16
    }
}

impl Traced for Tick {
    words! { Tick => "retry-tick" }
}

impl Traced for Event {
    words! {
        Event::Retried { .. } => "retried",
        Event::Content { .. } => "content",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Event::Retried { slot, nth } => [(*slot).into(), *nth, 0],
            Event::Content { replies } => [*replies, 0, 0],
        }
    }
}
