//! Properties of runs: one per file, pure functions of a world's public state.
//!
//! | property | module | source |
//! |---|---|---|
//! | a job that is over has exact counters | [`restate::counters`] | specs/restate.md 9.2 |
//! | it leaves no row but its state | [`restate::rows`] | specs/restate.md 5.4, 9.2 |
//! | nobody waits in a ring of locks | [`restate::rings`] | specs/restate.md 4.1 |
//! | what waits can still be reached by something underway | [`restate::reach`] | specs/restate.md 4.6 |
//! | a Raft group is safe: one leader per term, one history, nothing committed is lost | [`raft`] | its own table |
//! | a cluster of Zeebe brokers keeps what it promises | [`zeebe`] | its own table |
//!
//! **Invariants, as absences.** No dice, no control of a world, no I/O. Nothing here knows a fault or a scenario.

#![forbid(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]

pub mod raft;
pub mod restate;
pub mod zeebe;
