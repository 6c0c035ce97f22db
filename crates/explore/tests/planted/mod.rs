//! Toys with planted bugs: a cluster of a few lines whose failures are known exactly, in microseconds per run.
//!
//! - [`Plan`]: nodes, faults and operations with stable ids, and fixes that are on. It is a [`relapse_explore::Reduce`].
//! - [`Rule`] is one bug: when it strikes, and what the smallest plans are that show it ([`Minimal`]). [`Bug`] adds how
//!   likely it strikes once armed, and how much later the failure is seen. [`BUGS`] are all of them, by name.
//! - [`Toy`] is the runner; [`watched`] is one run with all that can be known of it, the moment it was decided included.
//! - [`planted`] draws a plan that holds what a bug needs, among faults and operations that it does not need; [`failing`] adds a seed in which
//!   it fails.
//!
//! Time is virtual, from 0 to [`HORIZON`]. Each draw is keyed by the seed, the identity of what draws, and the salt of
//! the fork if it is drawn at its moment or later: a fork leaves all earlier draws as they were.

#![allow(dead_code, unused_imports, reason = "each test binary uses its part")]

mod bugs;
mod machine;
mod plan;
mod rules;
mod sampled;

pub use bugs::{BUGS, Bug, bug};
pub use machine::{Event, HORIZON, Toy, Watched, cause_of, watched};
pub use plan::{Act, FIXES, Fault, Kind, Operation, Plan};
pub use rules::{Minimal, Rule};
pub use sampled::{Noise, failing, planted};
