//! The loop around a world, whatever the system: slices of events, with the faults of a plan between them.

use std::sync::atomic::{AtomicBool, Ordering};

use explore::Fork;
use faults::injector::Injector;
use faults::names::GroundTruth;
use kernel::budget::{Budget, Stop};
use kernel::event::Observer;
use kernel::identity::Nanos;
use kernel::system::System;
use kernel::verdict::{Outcome, Verdict};
use kernel::world::World;

use crate::host::HostClock;

/// How long a world is driven.
pub struct Drive<'a> {
    /// At the latest until then.
    pub budget: Budget,
    /// Host time that it may take.
    pub wall_time: Nanos,
    /// Events between two looks at whether to stop.
    pub slice: u64,
    /// Once set, it stops.
    pub stop: Option<&'a AtomicBool>,
    /// Where it takes another future, if it does.
    pub fork: Option<Fork>,
}

impl Drive<'_> {
    /// Steps a world until nothing is left, a budget is used up, or `enough` says so of the observer. `None`: it was stopped.
    pub fn run<S: System, G: GroundTruth<S>, O: Observer<S>>(
        &self,
        clock: &mut HostClock,
        world: &mut World<S>,
        injector: Option<&mut Injector<G>>,
        observer: &mut O,
        enough: impl Fn(&O) -> bool,
    ) -> Option<Stop> {
        clock.allow(self.wall_time);
        let mut injector = injector;
        if let Some(Fork { at, salt }) = self.fork.filter(|fork| fork.at <= self.budget.until) {
            if let Some(until) = at.checked_sub(1) {
                let ended = self.run_until(until, clock, world, injector.as_deref_mut(), observer, &enough);
                if ended != Some(Stop::Time) || enough(observer) {
                    return ended;
                }
            }
            world.divert(salt);
            if let Some(injector) = &mut injector {
                injector.fork(salt, at);
            }
        }
        self.run_until(self.budget.until, clock, world, injector, observer, &enough)
    }

    fn run_until<S: System, G: GroundTruth<S>, O: Observer<S>>(
        &self,
        until: Nanos,
        clock: &mut HostClock,
        world: &mut World<S>,
        mut injector: Option<&mut Injector<G>>,
        observer: &mut O,
        enough: &impl Fn(&O) -> bool,
    ) -> Option<Stop> {
        loop {
            let events = (world.events() + self.slice).min(self.budget.events);
            let slice = Budget { events, until };
            let ended = match &mut injector {
                None => clock.run(world, slice, observer),
                Some(injector) => clock.drive(world, slice, |world| {
                    world.next_at().is_some_and(|at| at <= slice.until) && injector.step(world, observer)
                }),
            };
            if ended != Stop::Events || world.events() >= self.budget.events || enough(observer) {
                return Some(ended);
            }
            if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return None;
            }
        }
    }
}

/// What the faults did goes into the story; a run that passed although a fault did nothing has tested nothing. Of faults
/// that were drawn, those that did nothing are only counted, unless none did anything; a seed may well draw none.
pub fn account_for_faults<S: System, G>(verdict: &mut Verdict, injector: &Injector<G>, world: &World<S>, drawn: bool) {
    let (mut entries, mut missed) = (0, 0);
    for report in injector.reports(world) {
        entries += 1;
        match &report.nothing {
            None => verdict.story.push(format!("fault {}: {}", report.id, report.summary())),
            Some(_) if drawn => missed += 1,
            Some(why) => verdict.story.push(format!("fault {} did nothing: {why}", report.id)),
        }
    }
    if drawn {
        verdict.story.push(format!("{entries} faults were drawn, {missed} of them did nothing"));
    }
    if verdict.outcome == Outcome::Pass
        && let Some(why) = injector.vacuous(world)
    {
        verdict.story.insert(0, if drawn { "all faults that were drawn did nothing".to_owned() } else { why });
        verdict.outcome = Outcome::Vacuous;
        verdict.signature = "vacuous/faults".to_owned();
    }
}
