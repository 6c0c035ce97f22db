//! Exploring: many runs of one plan, their failures grouped by cause, and what may be said about a rate.
//!
//! This room knows no model. What it drives is a [`Runner`]: a function of a plan and a [`Lot`], which is a seed and perhaps
//! a fork. A runner of a few lines with a planted failure is therefore enough to try everything here, in microseconds.
//!
//! - [`sweep()`] runs a [`SeedRange`] on several workers and answers with a [`SweepReport`];
//!   some runs are made twice, to see that they are the same;
//! - [`run_caught`] is one run in which a panic becomes a verdict ([`catch`]);
//! - [`wilson`], [`clopper_pearson`], [`bound_when_never_seen`] and [`runs_needed`] are the statistics of rare failures;
//! - [`compare()`] sets two builds against each other, on the same seeds, by the statistics of pairs: [`mcnemar`],
//!   [`difference`], [`pairs_needed`];
//! - [`bisect()`] finds the revision that brought a failure, by its rate;
//! - [`Reduce`] is what a plan implements so that [`shrink()`] can find what its failure takes; the [`certificate()`] then
//!   says in how many runs each part is needed, and a [`Fingerprint`] groups what came about in the same way.

mod binomial;
mod bisect;
mod canary;
mod certificate;
mod compare;
mod crew;
mod culprit;
mod fingerprint;
mod halt;
mod logarithm;
mod paired;
mod panics;
mod reduce;
mod runner;
mod seeds;
mod shrink;
mod stats;
mod sweep;
mod tally;

#[cfg(test)]
mod bisect_test;
#[cfg(test)]
mod sweep_test;

pub use binomial::{at_most, clopper_pearson, runs_needed};
pub use bisect::{BisectEnd, BisectRequest, Bisection, Judge, Judged, Tried, bisect};
pub use certificate::{Certificate, CertificateRequest, Necessity, certificate};
pub use compare::{Change, Comparison, Mark, Rate, SIGNIFICANT, compare};
pub use fingerprint::{Cause, Fingerprint};
pub use paired::{difference, mcnemar, pairs_needed};
pub use panics::{catch, run_caught};
pub use reduce::Reduce;
pub use runner::{Cost, Fork, Lot, RunResult, Runner, WALL_TIME};
pub use seeds::SeedRange;
pub use shrink::{NotReproduced, ShrinkCounts, ShrinkEnded, ShrinkProgress, ShrinkRequest, ShrinkStep, Shrunk, shrink};
pub use stats::{Interval, Z_95, bound_when_never_seen, wilson};
pub use sweep::{Ended, Progress, SweepReport, SweepRequest, sweep};
pub use tally::{Group, Tally, TotalCost};
