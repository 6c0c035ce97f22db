//! What runs a world: the guarded host (a fresh madsim runtime around each run) or the plain one (the same loop, bare).

mod wall;

use std::fmt;

use clap::ValueEnum;
use kernel::budget::{Budget, Stop};
use kernel::event::Observer;
use kernel::identity::{Nanos, SECONDS};
use kernel::system::System;
use kernel::world::World;

use self::wall::WallTime;

/// A host. Both give the same digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Host {
    /// Each run inside a fresh madsim runtime: a stray clock, entropy or thread is virtual, or fails loudly.
    Guarded,
    /// The bare loop.
    Plain,
}

impl Host {
    /// What this binary was built as, and uses by default.
    pub const BUILT: Host = if cfg!(madsim) { Host::Guarded } else { Host::Plain };

    /// Whether this binary holds it: a guarded build holds both, a plain one only itself.
    pub const fn available(self) -> bool {
        matches!(self, Host::Plain) || cfg!(madsim)
    }
}

/// Queue events from one look at the kernel's time to the next. To look at each would cost a third of a cheap event: two
/// locks inside madsim. It is fixed by the count of events, so that a stray clock reads the same however a run is sliced.
const FOLLOWS_EVERY: u64 = 16;

/// Events from one look at the wall time to the next: some milliseconds. A run that is shorter needs no such budget.
const LOOKS_EVERY: u64 = 8192;

/// The wall time that a run may take if nobody says otherwise: far more than any run of the scenarios, on any machine,
/// and little enough that a night's sweep does not end in one run.
pub const WALL_TIME: Nanos = 300 * SECONDS;

/// The host's side of virtual time, for as long as one run takes.
pub struct HostClock {
    #[cfg(madsim)]
    guard: Option<madsim::time::TimeHandle>,
    /// Kernel time that the host has followed.
    followed: Nanos,
    wall: WallTime,
}

impl HostClock {
    /// From now on the run may take so much wall time.
    pub fn allow(&mut self, wall_time: Nanos) {
        self.wall = WallTime::begin(wall_time);
    }

    /// The kernel's time is now this: so is the host's.
    #[inline]
    pub fn follow(&mut self, now: Nanos) {
        if now == self.followed {
            return;
        }
        #[cfg(madsim)]
        if let Some(guard) = &self.guard {
            guard.advance(std::time::Duration::from_nanos(now - self.followed));
        }
        self.followed = now;
    }

    /// Steps a world until nothing is left or a budget is used up, and follows its time.
    #[inline]
    pub fn run<S: System, O: Observer<S>>(&mut self, world: &mut World<S>, budget: Budget, observer: &mut O) -> Stop {
        self.drive(world, budget, |world| world.step_until(budget.until, observer))
    }

    /// The same with a step of the caller's own, which says whether anything happened by the end of the budget.
    #[inline]
    pub fn drive<S: System>(
        &mut self,
        world: &mut World<S>,
        budget: Budget,
        mut step: impl FnMut(&mut World<S>) -> bool,
    ) -> Stop {
        // One bound for both, so that the look costs nothing in between.
        let looks_at = |events: u64| events.saturating_add(LOOKS_EVERY).min(budget.events);
        let mut bound = looks_at(world.events());
        loop {
            if world.events() >= bound {
                if world.events() >= budget.events {
                    return Stop::Events;
                }
                if self.wall.is_over() {
                    self.follow(world.now());
                    return Stop::Wall;
                }
                bound = looks_at(world.events());
            }
            if !step(world) {
                self.follow(world.now());
                return if world.next_at().is_none() { Stop::Idle } else { Stop::Time };
            }
            if world.queue_events().is_multiple_of(FOLLOWS_EVERY) {
                self.follow(world.now());
            }
        }
    }
}

impl Host {
    /// Does one run inside this host. Guarded: in one task of a fresh madsim runtime, whose clock follows the kernel's, so
    /// that a stray clock or entropy in a model is virtual and a stray thread panics. It may take [`WALL_TIME`], unless it
    /// is allowed another one.
    ///
    /// # Panics
    /// SIMULATOR BUG: the guard's clock has not gone with the kernel's; or the plain binary was asked for the guard.
    pub fn enter<R>(self, seed: u64, run: impl FnOnce(&mut HostClock) -> R) -> R {
        // Here, since the guard allows no thread inside.
        wall::count();
        match self {
            Host::Plain => run(&mut HostClock::bare()),
            Host::Guarded => guarded(seed, run),
        }
    }
}

impl HostClock {
    fn bare() -> Self {
        HostClock {
            #[cfg(madsim)]
            guard: None,
            followed: 0,
            wall: WallTime::begin(WALL_TIME),
        }
    }
}

#[cfg(madsim)]
fn guarded<R>(seed: u64, run: impl FnOnce(&mut HostClock) -> R) -> R {
    let runtime = madsim::runtime::Runtime::with_seed_and_config(seed, madsim::Config::default());
    runtime.block_on(async {
        let handle = madsim::time::TimeHandle::current();
        let began = handle.elapsed();
        let mut clock = HostClock { guard: Some(handle.clone()), ..HostClock::bare() };
        let result = run(&mut clock);
        let elapsed = (handle.elapsed() - began).as_nanos();
        let followed = clock.followed;
        assert_eq!(elapsed, u128::from(followed), "SIMULATOR BUG: the guard's clock differs from the kernel's");
        result
    })
}

#[cfg(not(madsim))]
fn guarded<R>(_seed: u64, _run: impl FnOnce(&mut HostClock) -> R) -> R {
    panic!("SIMULATOR BUG: this binary holds the plain host only");
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Host::Guarded => "guarded",
            Host::Plain => "plain",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::toys::ping_pong::Config;

    /// A world that never comes to an end, in the budget of so many events and of some wall time.
    fn endless(host: Host, events: u64, wall_time: Nanos) -> (Stop, u64, u128) {
        let budget = Budget { events, ..Budget::UNLIMITED };
        host.enter(1, |clock| {
            clock.allow(wall_time);
            let mut world = Config::default().builder(1).build();
            (clock.run(&mut world, budget, &mut ()), world.events(), world.digest())
        })
    }

    #[test]
    fn a_run_without_an_end_stops_when_its_wall_time_is_used_up() {
        for host in [Host::Guarded, Host::Plain].into_iter().filter(|host| host.available()) {
            let (stop, events, _) = endless(host, 1_000_000, 0);

            assert_eq!(stop, Stop::Wall, "{host}");
            assert!((LOOKS_EVERY..LOOKS_EVERY + 16).contains(&events), "{host}: {events}");
        }
    }

    #[test]
    fn a_budget_of_events_is_kept_to_the_event_and_comes_first() {
        for events in [1, LOOKS_EVERY - 1, LOOKS_EVERY, LOOKS_EVERY + 1, 3 * LOOKS_EVERY] {
            let (stop, ran, digest) = endless(Host::Plain, events, WALL_TIME);
            let mut world = Config::default().builder(1).build();
            world.run(Budget { events, ..Budget::UNLIMITED }, &mut ());

            assert_eq!((stop, ran, digest), (Stop::Events, world.events(), world.digest()));
        }
        assert_eq!(endless(Host::Plain, LOOKS_EVERY, 0).0, Stop::Events);
    }
}
