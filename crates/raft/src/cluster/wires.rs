//! A process's connections to the others: requests go out on connections of its own, answers go back on the one their
//! request came on.
//!
//! Kept: order; a failure at once when the other process is gone; a connection per kind of request, for a process that
//! asks for it, so that requests of one kind stay in order and others overtake them. Simplified: upstream's kinds share
//! eight connections by their hash.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/messaging/impl/ChannelPool.java (getChannel)

use crate::message::Kind;
use kernel::identity::{ConnectionId, NodeId};
use kernel::system::{Env, System, Target};
use std::collections::BTreeMap;

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Wires {
    /// By peer and kind of request; `None` is for all kinds.
    out: BTreeMap<(NodeId, Option<Kind>), ConnectionId>,
    /// By which the peer opened its last one, or sent its last request.
    back: BTreeMap<NodeId, ConnectionId>,
    /// Who opened a connection.
    opened_by: BTreeMap<ConnectionId, NodeId>,
    /// The requests that wait for an answer: who asked, and the request's number.
    asked: BTreeMap<(NodeId, u64), ConnectionId>,
    opened: u64,
}

impl Wires {
    /// Somebody connected.
    pub fn opened(&mut self, connection: ConnectionId, from: NodeId) {
        self.opened_by.insert(connection, from);
        self.back.insert(from, connection);
    }

    /// Who is at the other end.
    pub fn peer(&self, connection: ConnectionId) -> Option<NodeId> {
        let own = || self.out.iter().find(|(_, out)| **out == connection).map(|((peer, _), _)| *peer);
        self.opened_by.get(&connection).copied().or_else(own)
    }

    /// A request came that [`Wires::way_of_answer`] will be asked for.
    pub fn asked(&mut self, from: NodeId, id: u64, connection: ConnectionId) {
        self.asked.insert((from, id), connection);
    }

    /// One ended; whose requests can no longer be answered, if it was one for requests.
    pub fn closed(&mut self, connection: ConnectionId) -> Option<NodeId> {
        self.ended(connection).map(|(peer, _)| peer)
    }

    /// One ended; which requests have failed by that, if it was one for requests.
    pub fn ended(&mut self, connection: ConnectionId) -> Option<(NodeId, Option<Kind>)> {
        if self.opened_by.remove(&connection).is_some() {
            // Answers to this peer find no way any more; its requests fail at its own end.
            self.back.retain(|_, back| *back != connection);
            self.asked.retain(|_, way| *way != connection);
            return None;
        }
        let way = self.out.iter().find(|(_, out)| **out == connection).map(|(way, _)| *way)?;
        self.out.remove(&way);
        Some(way)
    }

    /// The connection for all requests to a peer; a new one, if there is none.
    pub fn way_to<S: System, E: Env<S>>(&mut self, peer: NodeId, env: &mut E) -> ConnectionId {
        self.way_for(peer, None, env)
    }

    /// The connection for requests of a kind to a peer; a new one, if there is none.
    pub fn way_for<S: System, E: Env<S>>(&mut self, peer: NodeId, kind: Option<Kind>, env: &mut E) -> ConnectionId {
        if let Some(out) = self.out.get(&(peer, kind)) {
            return *out;
        }
        self.opened += 1;
        let label = u64::from(env.incarnation()) << 32 | self.opened << 8 | u64::from(peer.0);
        let connection = env.open(Target::Node(peer), label);
        self.out.insert((peer, kind), connection);
        connection
    }

    /// The connection for answers to a peer, if it still stands: where there is one for all kinds.
    pub fn way_back(&self, peer: NodeId) -> Option<ConnectionId> {
        self.back.get(&peer).copied()
    }

    /// The connection for the answer to a request, if it still stands.
    pub fn way_of_answer(&mut self, peer: NodeId, id: u64) -> Option<ConnectionId> {
        self.asked.remove(&(peer, id))
    }
}
