//! Vegas: what takes longer than the quickest did has waited, and the limit goes by how many must have waited.
//!
//= Netflix/concurrency-limits@0.3.6:concurrency-limits-core/src/main/java/com/netflix/concurrency/limits/limit/VegasLimit.java
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/configuration/backpressure/VegasCfg.java
//= camunda/zeebe@0.24.4:logstreams/src/main/java/io/zeebe/logstreams/impl/backpressure/AppenderVegasCfg.java

use kernel::identity::Nanos;

/// So many times the limit are taken before the quickest time is measured anew.
const PROBES: f64 = 30.0;

/// How the limit grows and shrinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// By the decimal logarithm, between 3 and 6 that wait: of clients' commands.
    Commands,
    /// By the natural logarithm, between 70 % and 95 % of the limit that wait: of the log's appender.
    Appender,
}

impl Growth {
    const fn initial(self) -> f64 {
        match self {
            Growth::Commands => 20.0,
            Growth::Appender => 1_024.0,
        }
    }

    const fn max(self) -> f64 {
        match self {
            Growth::Commands => 1_000.0,
            Growth::Appender => 32_768.0,
        }
    }

    /// The number of those waiting below which the limit grows, and above which it shrinks.
    fn bounds(self, limit: u32) -> (i64, i64) {
        match self {
            Growth::Commands => (3, 6),
            Growth::Appender => {
                let share = |of: f64| (f64::from(limit) * of) as i64;
                (share(0.7).max(3), share(0.95).max(6))
            }
        }
    }

    fn step(self, limit: f64) -> f64 {
        match self {
            Growth::Commands => f64::from(log10(limit as u32)),
            Growth::Appender => ln(limit),
        }
    }
}

/// The decimal logarithm in whole numbers, 1 at least.
const fn log10(limit: u32) -> u32 {
    let logarithm = if limit == 0 { 0 } else { limit.ilog10() };
    if logarithm == 0 { 1 } else { logarithm }
}

/// The natural logarithm of a number from 1 on, by additions and multiplications only: every bit is the same everywhere.
fn ln(number: f64) -> f64 {
    let (mut rest, mut halvings) = (number.max(1.0), 0.0);
    while rest >= 2.0 {
        rest /= 2.0;
        halvings += 1.0;
    }
    let ratio = (rest - 1.0) / (rest + 1.0);
    let (mut power, mut sum, mut odd) = (ratio, 0.0, 1.0);
    while odd < 30.0 {
        sum += power / odd;
        power *= ratio * ratio;
        odd += 2.0;
    }
    halvings * std::f64::consts::LN_2 + 2.0 * sum
}

/// A limit.
#[derive(Clone, Debug)]
pub struct Vegas {
    growth: Growth,
    limit: f64,
    quickest: Nanos,
    samples: u32,
    /// Between one half and one: when the quickest time is measured anew.
    jitter: f64,
}

impl Vegas {
    /// A new one, with a draw for when the quickest time is measured anew.
    #[must_use]
    pub fn new(growth: Growth, draw: u64) -> Self {
        Vegas { growth, limit: growth.initial(), quickest: 0, samples: 0, jitter: jitter(draw) }
    }

    /// How many may be under way.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit as u32
    }

    /// One took so long; when it began, so many were under way, it included.
    pub fn sample(&mut self, took: Nanos, in_flight: u32, draw: impl FnOnce() -> u64) {
        self.samples += 1;
        if self.jitter * PROBES * self.limit <= f64::from(self.samples) {
            self.jitter = jitter(draw());
            self.samples = 0;
            self.quickest = took;
        } else if self.quickest == 0 || took < self.quickest {
            self.quickest = took;
        } else if f64::from(in_flight) * 2.0 >= self.limit {
            self.adapt(took);
        }
    }

    fn adapt(&mut self, took: Nanos) {
        let waiting = (self.limit * (1.0 - self.quickest as f64 / took as f64)).ceil() as i64;
        let (few, many) = self.growth.bounds(self.limit());
        let limit = if waiting <= i64::from(log10(self.limit())) {
            self.limit + many as f64
        } else if waiting < few {
            self.limit + self.growth.step(self.limit)
        } else if waiting > many {
            self.limit - self.growth.step(self.limit)
        } else {
            return;
        };
        self.limit = limit.clamp(1.0, self.growth.max());
    }
}

fn jitter(draw: u64) -> f64 {
    0.5 + (draw >> 11) as f64 / (1_u64 << 54) as f64
}

#[cfg(test)]
mod tests {
    use super::{Growth, Vegas, ln};

    #[test]
    fn the_limit_grows_while_nothing_waits_and_shrinks_when_much_does() {
        let mut vegas = Vegas::new(Growth::Commands, u64::MAX);
        assert_eq!(vegas.limit(), 20);
        vegas.sample(1_000, 20, || 0);
        vegas.sample(1_000, 9, || 0);
        assert_eq!(vegas.limit(), 20, "the quickest, and one with too little under way");
        vegas.sample(1_000, 10, || 0);
        assert_eq!(vegas.limit(), 26, "nobody waited: by beta");
        vegas.sample(1_080, 26, || 0);
        assert_eq!(vegas.limit(), 27, "2 waited: by the logarithm");
        vegas.sample(1_200, 27, || 0);
        assert_eq!(vegas.limit(), 27, "5 waited: neither few nor many");
        vegas.sample(2_000, 27, || 0);
        assert_eq!(vegas.limit(), 26, "13 waited");
    }

    #[test]
    fn the_quickest_time_is_measured_anew_after_so_many_samples() {
        let mut vegas = Vegas::new(Growth::Commands, 0);
        vegas.sample(1_000, 1, || 0);
        for _ in 0..50 {
            vegas.sample(5_000, 20, || 0);
        }
        assert_eq!(vegas.limit(), 7, "four in five seem to wait, and six may");
        // It is measured anew after 105 samples, and 5,000 is the quickest then.
        for _ in 0..60 {
            vegas.sample(5_000, 20, || 0);
        }
        assert!(vegas.limit() > 7, "{}", vegas.limit());
    }

    #[test]
    fn the_appender_starts_high_and_moves_by_the_natural_logarithm() {
        let mut vegas = Vegas::new(Growth::Appender, 0);
        vegas.sample(1_000, 1_024, || 0);
        vegas.sample(2_000, 1_024, || 0);
        assert_eq!(vegas.limit(), 1_030, "512 of 1,024 wait: fewer than 716");
        vegas.sample(100_000, 1_024, || 0);
        assert_eq!(vegas.limit(), 1_023, "nearly all wait");
    }

    #[test]
    fn the_logarithm() {
        for (number, expected) in
            [(1.0, 0.0), (3.0, 1.098_612_288_67), (1_024.0, 6.931_471_805_6), (1_000.0, 6.907_755_279)]
        {
            assert!((ln(number) - expected).abs() < 1e-9, "{number}: {}", ln(number));
        }
    }
}
