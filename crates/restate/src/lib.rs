//! A model of a Restate node of mid-2023, its service pods, and the verification jobs that ran on it every minute.
//!
//! The mechanism that everything turns on: a keyed invocation holds its key from its start to its end, as a durable
//! status row, also while it waits for another call; calls to a held key queue behind it; calls are messages through
//! journal, outbox and shuffle. Nothing here detects, breaks or times out a ring of waits.
//!
//! Left out, beside what each module says: registry reload, awakeables and side effects, unkeyed and singleton services,
//! the invoker's spilling input queue, back-pressure between the components of the process.
//!
//! **Invariants, as absences.** Nothing here knows a fault, a check or a scenario. No host time, entropy, thread or I/O.

#![forbid(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]

pub mod config;
pub mod driver;
pub mod endpoint;
pub mod event;
pub mod invocation;
pub mod journal;
pub mod message;
pub mod node;
pub mod store;
pub mod workload;

use crate::config::Role;
use crate::driver::Driver;
use crate::endpoint::pod::Endpoint;
use crate::node::server::Server;
use kernel::system::{Env, Input, Node, System};

/// The system.
#[derive(Clone, Debug)]
pub struct Restate;

/// A process of it.
#[derive(Clone, Debug)]
pub enum Process {
    /// The Restate node.
    Server(Box<Server>),
    /// A service pod.
    Endpoint(Box<Endpoint>),
    /// A job's controller and pods.
    Driver(Box<Driver>),
    /// A Restate node that has ended by itself. To the kernel it is still a process, so that only a kill with a later
    /// start brings it back, as a pod's restart would; whoever connects meanwhile is refused.
    Exited,
}

impl System for Restate {
    type Node = Process;
    type Role = Role;
    type Message = message::Message;
    type Timer = message::Timer;
    type Job = message::Job;
    type Record = store::Op;
    type Event = event::Event;

    fn boot(role: &Role) -> Process {
        match role {
            Role::Server(cluster) => Process::Server(Box::new(Server::new(cluster.clone()))),
            Role::Endpoint(cluster, rule) => Process::Endpoint(Box::new(Endpoint::new(cluster.clone(), *rule))),
            Role::Driver(cluster, job, rules) => Process::Driver(Box::new(Driver::new(cluster.clone(), *job, *rules))),
        }
    }
}

impl Node<Restate> for Process {
    #[inline]
    fn handle<E: Env<Restate>>(&mut self, input: Input<Restate>, env: &mut E) {
        match self {
            Process::Server(server) => {
                server.handle(input, env);
                if server.exited {
                    *self = Process::Exited;
                }
            }
            Process::Endpoint(endpoint) => endpoint.handle(input, env),
            Process::Driver(driver) => driver.handle(input, env),
            Process::Exited => {
                if let Input::Opened { connection, .. } = input {
                    env.abort(connection);
                }
            }
        }
    }
}
