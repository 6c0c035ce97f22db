//! Clients of a gateway as pure state machines: the starter and the worker of the benchmarks, and one that does what a
//! scenario lists.
//!
//! A client is fed by its process (replies, timers) and acts through its [`Host`] alone. Its calls have identities that do
//! not depend on what else it does. Left out: retries for the sake of credentials, and gRPC's own reconnecting, which is
//! the process's.

mod calls;
mod host;
mod scripted;
mod starter;
mod worker;

#[cfg(test)]
mod hand;
#[cfg(test)]
mod tests;

pub use host::{Call, Host, Kind, Timer};
pub use scripted::{Course, Operation, Scripted, Subject, When, WrongScript};
pub use starter::{Starter, StarterSettings};
pub use worker::{Close, Worker, WorkerSettings};
