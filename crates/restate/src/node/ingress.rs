//! The ingress: clients' requests become invocations, and answers find their way back.
//!
//= restatedev/restate@4296470d3:src/ingress_grpc
//!
//! Kept: no deduplication, so a client that asks twice invokes twice; waiting clients are volatile; an answer for a
//! client that is gone is dropped; a limit of requests at once. A client that leaves cancels nothing.

use crate::Restate;
use crate::event::Event;
use crate::invocation::{Argument, Invocation, InvocationId, Key, Method, Sink, Value};
use crate::message::{Command, Message, Origin};
use crate::node::server::Server;
use crate::workload::Service;
use kernel::identity::{ConnectionId, NodeId, mix};
use kernel::system::Env;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Clients that are connected, and what they wait for.
#[derive(Clone, Debug, Default)]
pub struct Ingress {
    /// Who is connected, and the name that the client gave its request.
    clients: BTreeMap<ConnectionId, u64>,
    waiting: BTreeMap<InvocationId, ConnectionId>,
}

impl Ingress {
    pub(crate) fn accept(&mut self, connection: ConnectionId, from: NodeId, label: u64) {
        self.clients.insert(connection, mix(u64::from(from.0), label));
    }

    /// The connections of all clients.
    pub(crate) fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.clients.keys().copied()
    }

    /// A client is gone; whether it was one.
    pub(crate) fn forget(&mut self, connection: ConnectionId) -> bool {
        self.waiting.retain(|_, waiting| *waiting != connection);
        self.clients.remove(&connection).is_some()
    }
}

impl Server {
    pub(crate) fn request<E: Env<Restate>>(&mut self, connection: ConnectionId, job: u16, method: Method, env: &mut E) {
        let Some(label) = self.ingress.clients.get(&connection).copied() else { return };
        if self.ingress.waiting.len() >= self.cluster.settings.ingress_concurrency as usize {
            env.write(connection, Message::Reply(Value::Failure("resource exhausted".into())));
            env.close(connection);
            self.ingress.clients.remove(&connection);
            return;
        }
        let Some(keys) = self.cluster.jobs.get(usize::from(job)).map(|job| &job.keys) else { return };
        let key = Key { service: Service::Verifier, job, target: 0, hash: keys.verifier() };
        let id = InvocationId::of_call(label, 0, env.wall());
        self.ingress.waiting.insert(id, connection);
        env.emit(Event::Ingress(id, key));
        let invocation = Invocation { id, key, method, argument: Argument::None, sink: Some(Sink::Ingress) };
        env.emit(Event::Proposed(self.owner(key), id));
        self.propose(self.owner(key), Origin::Own, Command::Invoke(Arc::new(invocation)), env);
    }

    /// An answer for a client, if it still waits.
    pub(crate) fn reply<E: Env<Restate>>(&mut self, id: InvocationId, value: Value, env: &mut E) {
        let Some(connection) = self.ingress.waiting.remove(&id) else {
            env.emit(Event::Ignored(id));
            return;
        };
        self.ingress.clients.remove(&connection);
        env.write(connection, Message::Reply(value));
        env.close(connection);
    }
}
