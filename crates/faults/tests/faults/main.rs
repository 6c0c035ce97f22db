//! What faults do to a toy cluster.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which the lint does not know as tests")]

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
