//! What faults do to a toy cluster.

extern crate relapse_faults as faults;

mod actions;
mod bounds;
mod independence;
mod overlap;
mod plans;
mod sampling;
mod selectors;
mod toy;
mod triggers;
