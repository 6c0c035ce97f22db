//! The floor of Relapse: virtual time, keyed dice, event queue, nodes and incarnations, network, disks, clocks, trace.
//!
//! A [`system::System`] is a kind of cluster: an enum of nodes, of messages, of events. [`builder::Builder`] makes a
//! [`world::World`] of it, and [`world::World::step`] moves it by one event. A world is a value: cloning it is
//! a snapshot, [`world::World::fork`] gives the snapshot another future.
//!
//! **Invariants, as absences.** Nothing here knows a model, a fault plan or a check. No host clock, entropy, thread or
//! I/O. No `f64`. No iteration over a hash map. No order that depends on insertion. No build-dependent behaviour.

#![forbid(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]

mod apply;
mod arrive;
pub mod budget;
pub mod builder;
pub mod clock;
pub mod cone;
mod connection;
mod context;
pub mod control;
mod core;
pub mod dice;
pub mod digest;
pub mod disk;
pub mod event;
pub mod file;
pub mod hand;
pub mod identity;
pub mod latency;
pub mod log;
pub mod network;
pub mod pair;
mod process;
pub mod queue;
pub mod record;
pub mod system;
pub mod toys;
pub mod verdict;
pub mod world;

pub use crate::core::CHECKPOINT;
pub use process::{NodeToll, State};
