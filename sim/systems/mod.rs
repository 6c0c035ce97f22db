//! One file per system: the tables of its scenarios ([`Schema`](crate::scenario::schema::Schema)) and how a scenario
//! becomes a runner.

pub mod leaky;
pub mod restate;
pub mod toy;
