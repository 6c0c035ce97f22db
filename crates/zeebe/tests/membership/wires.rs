//! Requests on connections of their own: opened, greeted, asked, answered, closed.
//!
//! Kept: a connection that is not greeted within 1 s is given up; the limit of a request counts from the greeting.
//! Simplified: upstream's connecting side speaks first.

use crate::cluster::{Cluster, Message, Timer};
use kernel::identity::{ConnectionId, Nanos, NodeId, SECONDS, TimerId};
use kernel::system::{Env, Target};
use relapse_zeebe::membership::{Answer, Request};
use std::collections::BTreeMap;

const CONNECT_TIMEOUT: Nanos = SECONDS;

/// A request underway.
#[derive(Clone, Debug)]
struct Underway {
    call: u64,
    timer: TimerId,
    /// Until it is greeted.
    waiting: Option<(Request, Nanos)>,
}

/// All connections of a process.
#[derive(Clone, Debug, Default)]
pub struct Wires {
    opened: u64,
    out: BTreeMap<ConnectionId, Underway>,
    /// By token.
    back: BTreeMap<u64, ConnectionId>,
}

impl Wires {
    pub fn request<E: Env<Cluster>>(&mut self, call: u64, to: NodeId, request: Request, timeout: Nanos, env: &mut E) {
        self.opened += 1;
        let connection = env.open(Target::Node(to), u64::from(env.incarnation()) << 40 | self.opened);
        let timer = env.set_timer(CONNECT_TIMEOUT, Timer::GiveUp(connection));
        self.out.insert(connection, Underway { call, timer, waiting: Some((request, timeout)) });
    }

    pub fn answer<E: Env<Cluster>>(&mut self, token: u64, answer: Answer, env: &mut E) {
        if let Some(connection) = self.back.get(&token) {
            env.write(*connection, Message::Answer(answer));
        }
    }

    /// Somebody connected: it is greeted.
    pub fn accepted<E: Env<Cluster>>(&mut self, connection: ConnectionId, env: &mut E) {
        self.back.insert(connection.raw(), connection);
        env.write(connection, Message::Greeting);
    }

    pub fn greeted<E: Env<Cluster>>(&mut self, connection: ConnectionId, env: &mut E) {
        let Some(underway) = self.out.get_mut(&connection) else { return };
        let Some((request, timeout)) = underway.waiting.take() else { return };
        env.cancel_timer(underway.timer);
        underway.timer = env.set_timer(timeout, Timer::GiveUp(connection));
        env.write(connection, Message::Request(request));
    }

    /// An answer has come: to which call.
    pub fn answered<E: Env<Cluster>>(&mut self, connection: ConnectionId, env: &mut E) -> Option<u64> {
        let underway = self.out.remove(&connection)?;
        env.cancel_timer(underway.timer);
        env.close(connection);
        Some(underway.call)
    }

    /// It took too long: which call has failed.
    pub fn gave_up<E: Env<Cluster>>(&mut self, connection: ConnectionId, env: &mut E) -> Option<u64> {
        let underway = self.out.remove(&connection)?;
        env.abort(connection);
        Some(underway.call)
    }

    /// A connection has ended: which call has failed, if it was for one.
    pub fn closed<E: Env<Cluster>>(&mut self, connection: ConnectionId, env: &mut E) -> Option<u64> {
        self.back.remove(&connection.raw());
        let underway = self.out.remove(&connection)?;
        env.cancel_timer(underway.timer);
        Some(underway.call)
    }
}
