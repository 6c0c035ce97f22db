//! A node's clocks: what it believes the time to be.

use crate::identity::Nanos;

/// Monotonic and wall clock of one node.
///
/// Both run at the node's rate (drift) and stand still while frozen; only the wall clock is off and jumps. Timers
/// are converted at the rate in force when they are set: a later change of drift does not move them, and they fire
/// while the clocks are frozen (a timer wheel has its own interrupt). Not modelled: slewing, leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Clock {
    /// Kernel time at the last change.
    since: Nanos,
    /// Monotonic reading then.
    reading: Nanos,
    /// Parts per million that it runs fast (or slow, if negative).
    drift_ppm: i32,
    frozen: bool,
    /// Wall minus monotonic.
    wall_offset: i64,
}

/// The slowest clock that is allowed, in ppm.
pub const DRIFT_MIN: i32 = -900_000;
/// The fastest.
pub const DRIFT_MAX: i32 = 9_000_000;
const MILLION: i128 = 1_000_000;

impl Clock {
    /// An honest clock; `epoch` is the wall time at kernel time 0.
    pub fn new(epoch: Nanos) -> Self {
        Clock { since: 0, reading: 0, drift_ppm: 0, frozen: false, wall_offset: epoch as i64 }
    }

    /// The monotonic reading at kernel time `now`.
    #[inline]
    pub fn monotonic(&self, now: Nanos) -> Nanos {
        if self.frozen {
            return self.reading;
        }
        let elapsed = now - self.since;
        if self.drift_ppm == 0 {
            return self.reading + elapsed;
        }
        self.reading + (i128::from(elapsed) * (MILLION + i128::from(self.drift_ppm)) / MILLION) as u64
    }

    /// The wall reading at kernel time `now`; never before 1970.
    #[inline]
    pub fn wall(&self, now: Nanos) -> Nanos {
        self.monotonic(now).saturating_add_signed(self.wall_offset)
    }

    /// How long the kernel waits for what this node takes for `after`.
    #[inline]
    pub fn kernel_delay(&self, after: Nanos) -> Nanos {
        if self.drift_ppm == 0 {
            return after;
        }
        let rate = MILLION + i128::from(self.drift_ppm);
        ((i128::from(after) * MILLION + rate - 1) / rate) as u64
    }

    /// Moves the wall clock by an amount; `Clock::jump` and a lasting offset are the same thing.
    pub fn jump(&mut self, by: i64) {
        self.wall_offset = self.wall_offset.saturating_add(by);
    }

    /// Sets the rate from now on, within `DRIFT_MIN..=DRIFT_MAX`.
    pub fn drift(&mut self, now: Nanos, ppm: i32) {
        let ppm = ppm.clamp(DRIFT_MIN, DRIFT_MAX);
        if self.drift_ppm != ppm {
            self.settle(now);
            self.drift_ppm = ppm;
        }
    }

    /// Stops or releases both clocks; a released clock goes on where it stood.
    pub fn freeze(&mut self, now: Nanos, frozen: bool) {
        if self.frozen != frozen {
            self.settle(now);
            self.frozen = frozen;
        }
    }

    fn settle(&mut self, now: Nanos) {
        self.reading = self.monotonic(now);
        self.since = now;
    }
}
