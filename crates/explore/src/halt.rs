//! What ends a search that is made of runs: a flag, or the host's time. No run sees either.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "the budget of a search is host time")]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use std::time::Instant;

/// When to begin no further run.
#[derive(Clone, Copy)]
pub(crate) struct Halt<'a> {
    stop: &'a AtomicBool,
    wall_max: Option<Duration>,
    begun: Instant,
}

impl<'a> Halt<'a> {
    /// Once the flag is set, or this time has passed from now on.
    pub fn new(stop: &'a AtomicBool, wall_max: Option<Duration>) -> Self {
        Halt { stop, wall_max, begun: Instant::now() }
    }

    /// Host time since it was made.
    pub fn elapsed(self) -> Duration {
        self.begun.elapsed()
    }

    /// Whether the flag is set.
    pub fn asked(self) -> bool {
        self.stop.load(Relaxed)
    }

    /// Whether the time has passed.
    pub fn late(self) -> bool {
        self.wall_max.is_some_and(|wall| self.elapsed() >= wall)
    }
}
