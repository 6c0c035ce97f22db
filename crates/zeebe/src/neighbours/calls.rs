//! Requests of the membership on connections of their own: opened, greeted, asked, answered, closed.
//!
//! Kept: a connection that is not greeted within 1 s is given up; the limit of a request counts from the greeting.
//! Simplified: upstream's connecting side speaks first.
//!
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/messaging/impl/NettyMessagingService.java (transient connections)

use crate::cluster::{Call, Message, Timer, Zeebe};
use crate::membership::{Answer, Request};
use kernel::identity::{ConnectionId, Nanos, NodeId, SECONDS, TimerId};
use kernel::system::{Env, Target};
use std::collections::BTreeMap;

const CONNECT_TIMEOUT: Nanos = SECONDS;
/// What tells these connections from those of Raft.
const LABEL: u64 = 1 << 63;

/// A request underway.
#[derive(Clone, Debug)]
struct Underway {
    call: u64,
    timer: TimerId,
    /// Until it is greeted.
    waiting: Option<(Request, Nanos)>,
}

/// All such connections of a process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calls {
    opened: u64,
    out: BTreeMap<ConnectionId, Underway>,
    /// By token.
    back: BTreeMap<u64, ConnectionId>,
}

impl Calls {
    /// Whether a connection with this label is for such requests.
    pub const fn is_label(label: u64) -> bool {
        label & LABEL != 0
    }

    /// Whether it is one of these connections.
    pub fn has(&self, connection: ConnectionId) -> bool {
        self.out.contains_key(&connection) || self.back.contains_key(&connection.raw())
    }

    /// Connects, and asks when it is greeted.
    pub fn request<E: Env<Zeebe>>(&mut self, call: u64, to: NodeId, request: Request, timeout: Nanos, env: &mut E) {
        self.opened += 1;
        let label = LABEL | u64::from(env.incarnation()) << 40 | self.opened;
        let connection = env.open(Target::Node(to), label);
        let timer = env.set_timer(CONNECT_TIMEOUT, Timer::GiveUp(connection));
        self.out.insert(connection, Underway { call, timer, waiting: Some((request, timeout)) });
    }

    /// Answers a request, if its connection still stands.
    pub fn answer<E: Env<Zeebe>>(&mut self, token: u64, answer: Answer, env: &mut E) {
        if let Some(connection) = self.back.get(&token) {
            env.write(*connection, Message::Call(Call::Answer(answer)));
        }
    }

    /// Somebody connected: it is greeted.
    pub fn accepted<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) {
        self.back.insert(connection.raw(), connection);
        env.write(connection, Message::Call(Call::Greeting));
    }

    /// The other side has taken the connection: now it is asked.
    pub fn greeted<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) {
        let Some(underway) = self.out.get_mut(&connection) else { return };
        let Some((request, timeout)) = underway.waiting.take() else { return };
        env.cancel_timer(underway.timer);
        underway.timer = env.set_timer(timeout, Timer::GiveUp(connection));
        env.write(connection, Message::Call(Call::Request(request)));
    }

    /// An answer has come: to which call.
    pub fn answered<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) -> Option<u64> {
        let underway = self.out.remove(&connection)?;
        env.cancel_timer(underway.timer);
        env.close(connection);
        Some(underway.call)
    }

    /// It took too long: which call has failed.
    pub fn gave_up<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) -> Option<u64> {
        let underway = self.out.remove(&connection)?;
        env.abort(connection);
        Some(underway.call)
    }

    /// A connection has ended: which call has failed, if it was for one.
    pub fn closed<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) -> Option<u64> {
        self.back.remove(&connection.raw());
        let underway = self.out.remove(&connection)?;
        env.cancel_timer(underway.timer);
        Some(underway.call)
    }
}
