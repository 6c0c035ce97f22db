//! Pushes of deployments to the leaders of other partitions: requests over one standing connection to each broker.
//!
//! Kept: a broker that the membership does not list is not asked; a connection that is refused, or not greeted within 1 s,
//! fails the requests that wait for it, and one that ends fails those under way on it, all at once; the 15 s of a request
//! count from its being written and leave the connection as it is, so that what a block held back still arrives after it.
//! Simplified: upstream's connections carry requests of other kinds too, and its connecting side speaks first.
//!
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/messaging/impl/NettyMessagingService.java (executeOnPooledConnection)
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/messaging/impl/AbstractClientConnection.java (close)

use crate::cluster::{Message, Push, Timer, Zeebe};
use kernel::identity::{ConnectionId, Nanos, NodeId, SECONDS, TimerId};
use kernel::system::{Env, Target};
use std::collections::BTreeMap;

const CONNECT_TIMEOUT: Nanos = SECONDS;
/// An unanswered push has failed after so long.
const PUSH_TIMEOUT: Nanos = 15 * SECONDS;
/// What tells these connections, by their label, from the others.
const LABEL: u64 = 1 << 61;

/// Who pushes what to whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub key: i64,
    pub partition: u16,
    pub node: NodeId,
    /// The life of the stream processor that pushes.
    pub epoch: u32,
}

/// A request that is not answered.
#[derive(Clone, Debug)]
struct Underway {
    attempt: Attempt,
    /// From when it is written.
    timeout: Option<TimerId>,
}

/// A connection to a broker.
#[derive(Clone, Debug)]
struct Way {
    connection: ConnectionId,
    /// Until it is greeted.
    connecting: Option<(TimerId, Vec<Push>)>,
}

/// All of a broker's.
#[derive(Clone, Debug, Default)]
pub(super) struct Pushes {
    out: BTreeMap<NodeId, Way>,
    underway: BTreeMap<u64, Underway>,
    failed: Vec<Attempt>,
    opened: u64,
    numbered: u64,
}

impl Pushes {
    /// Whether a connection with this label is for pushes.
    pub const fn is_label(label: u64) -> bool {
        label >> 61 == LABEL >> 61
    }

    /// Pushes, on a new connection if none stands.
    pub fn push<E: Env<Zeebe>>(&mut self, attempt: Attempt, push: impl FnOnce(u64) -> Push, env: &mut E) {
        self.numbered += 1;
        let request = self.numbered;
        let (push, node) = (push(request), attempt.node);
        self.underway.insert(request, Underway { attempt, timeout: None });
        if node == env.me() {
            env.send(Target::Node(node), Message::Push(push));
            return self.is_written(request, env);
        }
        if let Some(way) = self.out.get_mut(&node) {
            match &mut way.connecting {
                Some((_, waiting)) => waiting.push(push),
                None => {
                    env.write(way.connection, Message::Push(push));
                    self.is_written(request, env);
                }
            }
            return;
        }
        self.opened += 1;
        let label = LABEL | u64::from(env.incarnation()) << 32 | self.opened;
        let connection = env.open(Target::Node(node), label);
        let timer = env.set_timer(CONNECT_TIMEOUT, Timer::GiveUp(connection));
        self.out.insert(node, Way { connection, connecting: Some((timer, vec![push])) });
    }

    /// A push that nobody can be asked for.
    pub fn fail(&mut self, attempt: Attempt) {
        self.failed.push(attempt);
    }

    fn is_written<E: Env<Zeebe>>(&mut self, request: u64, env: &mut E) {
        if let Some(underway) = self.underway.get_mut(&request) {
            underway.timeout = Some(env.set_timer(PUSH_TIMEOUT, Timer::Push(request)));
        }
    }

    /// Whether it is one of the connections that were opened here.
    pub fn has(&self, connection: ConnectionId) -> bool {
        self.out.values().any(|way| way.connection == connection)
    }

    /// The other side has taken the connection: what waited is written.
    pub fn greeted<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) {
        let Some(way) = self.out.values_mut().find(|way| way.connection == connection) else { return };
        let Some((timer, waiting)) = way.connecting.take() else { return };
        env.cancel_timer(timer);
        for push in waiting {
            let request = push.request;
            env.write(connection, Message::Push(push));
            self.is_written(request, env);
        }
    }

    /// It was not greeted in time.
    pub fn gave_up<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) {
        env.abort(connection);
        self.closed(connection, env);
    }

    /// One has ended: all that went or was to go over it has failed.
    pub fn closed<E: Env<Zeebe>>(&mut self, connection: ConnectionId, env: &mut E) {
        let Some(node) = self.out.iter().find(|(_, way)| way.connection == connection).map(|(node, _)| *node) else {
            return;
        };
        if let Some(Way { connecting: Some((timer, _)), .. }) = self.out.remove(&node) {
            env.cancel_timer(timer);
        }
        let over_it: Vec<u64> =
            self.underway.iter().filter(|(_, one)| one.attempt.node == node).map(|(request, _)| *request).collect();
        for request in over_it {
            self.ended(request, false, env);
        }
    }

    /// A request is answered, or was not in time.
    pub fn ended<E: Env<Zeebe>>(&mut self, request: u64, appended: bool, env: &mut E) {
        let Some(Underway { attempt, timeout }) = self.underway.remove(&request) else { return };
        if let Some(timeout) = timeout {
            env.cancel_timer(timeout);
        }
        if !appended {
            self.failed.push(attempt);
        }
    }

    /// What has failed since the last question.
    pub fn take_failed(&mut self) -> Vec<Attempt> {
        std::mem::take(&mut self.failed)
    }
}
