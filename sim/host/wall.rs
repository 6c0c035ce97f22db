//! The host's time, as a run may see it: a number that a thread outside of all runs counts up.
//!
//! Inside of a guarded run every clock of the process is virtual, so a run cannot ask how long it has taken. It looks at
//! the number instead, between steps and seldom, and no model can see it. A run that is within its budget is the same run
//! whatever the number says. Not covered: a handler that never returns; there is no "between steps" then.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;
#[expect(clippy::disallowed_types, reason = "the host's clock, read on a thread that runs nothing")]
use std::time::Instant;

use kernel::identity::{MILLIS, Nanos};

/// How often the number is brought up to date.
const TICK: Duration = Duration::from_millis(10);

/// Milliseconds since the thread was started.
static MILLISECONDS: AtomicU64 = AtomicU64::new(0);

/// Starts the thread, once per process. Where none can be had the number stands still, and only a budget of no time at
/// all ends anything.
pub fn count() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        #[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "see the import")]
        let begun = Instant::now();
        let tick = move || {
            loop {
                thread::sleep(TICK);
                MILLISECONDS.store(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX), Relaxed);
            }
        };
        // Nobody waits for it: it ends with the process.
        #[expect(clippy::disallowed_methods, reason = "a thread of the host, which runs nothing of a world")]
        let _ = thread::Builder::new().name("wall-time".to_owned()).spawn(tick);
    });
}

/// A budget of wall time, running.
#[derive(Clone, Copy, Debug)]
pub struct WallTime {
    begun: u64,
    milliseconds: u64,
}

impl WallTime {
    /// Begins now.
    pub fn begin(budget: Nanos) -> Self {
        WallTime { begun: MILLISECONDS.load(Relaxed), milliseconds: budget.div_ceil(MILLIS) }
    }

    /// Whether it is used up.
    pub fn is_over(self) -> bool {
        MILLISECONDS.load(Relaxed).saturating_sub(self.begun) >= self.milliseconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_over_at_once_and_an_hour_is_not() {
        count();

        assert!(WallTime::begin(0).is_over());
        assert!(!WallTime::begin(3_600_000 * MILLIS).is_over());
    }

    #[test]
    fn a_millisecond_passes() {
        count();
        let budget = WallTime::begin(1);

        for _ in 0..1_000 {
            if budget.is_over() {
                return;
            }
            thread::sleep(TICK);
        }
        panic!("ten seconds, and not one millisecond was counted");
    }
}
