//! Faults as data: what they do, whom they hit, when, and how a plan of them is made, checked, injected and shrunk.
//!
//! A [`plan::Plan`] is a list of entries: trigger, action with selectors, duration. An [`injector::Injector`] carries it
//! out on a world and reports what each entry really did. [`sample::sample`] draws a plan from a profile and a seed;
//! [`bounds::Bounds`] keep a plan within what a correct cluster must survive.
//!
//! **Invariants, as absences.** Nothing here knows a model, a check or a scenario file. No model state reaches the dice:
//! a system's ground truth answers selectors, and is never asked where or when a fault should be. No observer changes a
//! world. No fault that does nothing stays silent.

#![forbid(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]

mod aim;
pub mod bounds;
pub mod duration;
pub mod injector;
mod manner;
pub mod names;
pub mod plan;
pub mod report;
pub mod sample;
pub mod selector;
pub mod share;
mod smaller;
mod standing;
pub mod trigger;
mod validate;
pub mod vocabulary;
mod watch;
mod weaken;

pub use watch::TOKENS;
