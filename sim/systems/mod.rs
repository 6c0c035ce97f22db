//! One file per system: the tables of its scenarios ([`Schema`](crate::scenario::schema::Schema)) and how a scenario
//! becomes a runner; and, whatever the system, what is said of a run that a budget ended and how faults are left out.

mod cut_short;
mod drive;
mod fault_parts;
pub mod leaky;
pub mod raft;
pub mod restate;
pub mod toy;
pub mod zeebe;
