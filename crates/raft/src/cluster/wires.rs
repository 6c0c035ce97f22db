//! A process's connections to the others: requests go out on one of its own, answers go back on the one the request came
//! on.
//!
//! Kept: order, and a failure at once when the other process is gone. Simplified: one connection per pair and direction.

use kernel::identity::{ConnectionId, NodeId};
use kernel::system::{Env, System, Target};
use std::collections::BTreeMap;

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct Wires {
    out: BTreeMap<NodeId, ConnectionId>,
    /// By which the peer sent its last request.
    back: BTreeMap<NodeId, ConnectionId>,
    /// Who opened a connection.
    opened_by: BTreeMap<ConnectionId, NodeId>,
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
        let own = || self.out.iter().find(|(_, out)| **out == connection).map(|(peer, _)| *peer);
        self.opened_by.get(&connection).copied().or_else(own)
    }

    /// One ended; whose requests can no longer be answered, if it was one for requests.
    pub fn closed(&mut self, connection: ConnectionId) -> Option<NodeId> {
        if self.opened_by.remove(&connection).is_some() {
            // Answers to this peer find no way any more; its requests fail at its own end.
            self.back.retain(|_, back| *back != connection);
            return None;
        }
        let peer = self.out.iter().find(|(_, out)| **out == connection).map(|(peer, _)| *peer)?;
        self.out.remove(&peer);
        Some(peer)
    }

    /// The connection for requests to a peer; a new one, if there is none.
    pub fn way_to<S: System, E: Env<S>>(&mut self, peer: NodeId, env: &mut E) -> ConnectionId {
        if let Some(out) = self.out.get(&peer) {
            return *out;
        }
        self.opened += 1;
        let label = u64::from(env.incarnation()) << 32 | self.opened << 8 | u64::from(peer.0);
        let connection = env.open(Target::Node(peer), label);
        self.out.insert(peer, connection);
        connection
    }

    /// The connection for answers to a peer, if it still stands.
    pub fn way_back(&self, peer: NodeId) -> Option<ConnectionId> {
        self.back.get(&peer).copied()
    }
}
