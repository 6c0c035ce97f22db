//! A cluster that does nothing but to know itself: how fast it comes together, how news spread, how failures are
//! noticed.
//!
//! Bounds follow from the numbers of upstream: gossip every 250 ms to two of three others, one probe a second in
//! rotation over seeds and members, death after 10 s of suspicion.

mod cluster;
mod failures;
mod news;
mod stage;
mod start;
mod wires;
