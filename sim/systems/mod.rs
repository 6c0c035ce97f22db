//! One file per system: the tables of its scenarios ([`Schema`](crate::scenario::schema::Schema)) and how a scenario
//! becomes a runner; and what is said of a run that a budget ended, whatever the system.

mod cut_short;
mod drive;
pub mod leaky;
pub mod raft;
pub mod restate;
pub mod toy;
pub mod zeebe;
