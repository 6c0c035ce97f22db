//! The Restate node: ingress, partitions with their shuffles, invoker.
//!
//= restatedev/restate@4296470d3:src/worker/src/lib.rs
//!
//! Kept: one process; commands are serial per partition; commit, then act; everything volatile goes with the process.
//! Simplified: the bounded channels between the components are the actors' queues, without back-pressure; ingress and
//! invoker take no time of their own (their work is in the latencies of the links to clients and endpoints). Left out:
//! the meta service (the registry is part of the configuration), the SQL endpoint.

pub mod ingress;
pub mod invoker;
pub mod partition;
pub mod server;
pub mod shuffle;
mod transitions;

/// The actors of the node.
pub mod actor {
    use kernel::identity::ActorId;

    /// What happens right after a commit, and acknowledgements.
    pub const ACTUATOR: ActorId = ActorId(0);

    /// The consensus queue and the processor of a partition.
    pub const fn partition(number: u16) -> ActorId {
        ActorId(1 + 2 * number)
    }

    /// The shuffle of a partition.
    pub const fn shuffle(number: u16) -> ActorId {
        ActorId(2 + 2 * number)
    }
}
