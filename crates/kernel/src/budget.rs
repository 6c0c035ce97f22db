//! Budgets: a run always ends.

use crate::event::Observer;
use crate::identity::Nanos;
use crate::system::System;
use crate::world::World;

/// How much a run may use. Host time is the host's business: it asks between steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Budget {
    /// Events.
    pub events: u64,
    /// Virtual time at which it ends.
    pub until: Nanos,
}

/// Why a run stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stop {
    /// Nothing is underway.
    Idle,
    /// What is underway comes after the end of virtual time.
    Time,
    /// Too many events.
    Events,
    /// The host's time is over. Only a host ends a run so: nothing in here has its clock.
    Wall,
}

impl Budget {
    /// No end but idleness.
    pub const UNLIMITED: Budget = Budget { events: u64::MAX, until: Nanos::MAX };

    /// Only virtual time is limited.
    pub const fn until(until: Nanos) -> Self {
        Budget { events: u64::MAX, until }
    }
}

impl<S: System> World<S> {
    /// Runs until nothing is left or a budget is used up; everything due at `until` still happens.
    pub fn run<O: Observer<S>>(&mut self, budget: Budget, observer: &mut O) -> Stop {
        loop {
            if self.events() >= budget.events {
                return Stop::Events;
            }
            if !self.step_until(budget.until, observer) {
                return if self.next_at().is_none() { Stop::Idle } else { Stop::Time };
            }
        }
    }
}
