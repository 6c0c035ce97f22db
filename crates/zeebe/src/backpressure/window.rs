//! Samples of a second, of which the limit sees the average.
//!
//= Netflix/concurrency-limits@0.3.6:concurrency-limits-core/src/main/java/com/netflix/concurrency/limits/limit/WindowedLimit.java

use kernel::identity::{MICROS, Nanos, SECONDS};

/// A window lasts so long.
const WINDOW: Nanos = SECONDS;
/// What is quicker does not count.
const QUICKEST: Nanos = 100 * MICROS;
/// Windows with fewer samples are dropped.
const SAMPLES_MIN: u64 = 10;

/// A window.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// When it is over.
    until: Nanos,
    samples: u64,
    sum: Nanos,
    in_flight: u32,
}

impl Window {
    /// One that ended now took so long; the average and the most under way of a window that is over and has enough.
    pub fn sample(&mut self, now: Nanos, took: Nanos, in_flight: u32) -> Option<(Nanos, u32)> {
        if took < QUICKEST {
            return None;
        }
        self.samples += 1;
        self.sum += took;
        self.in_flight = self.in_flight.max(in_flight);
        if now <= self.until {
            return None;
        }
        let over = std::mem::replace(self, Window { until: now + WINDOW, ..Window::default() });
        (over.samples >= SAMPLES_MIN).then(|| (over.sum / over.samples, over.in_flight))
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use kernel::identity::{MILLIS, SECONDS};

    #[test]
    fn a_window_of_ten_samples_counts_as_their_average() {
        let mut window = Window::default();
        assert_eq!(window.sample(MILLIS, 99_999, 1), None, "too quick");
        assert_eq!(window.sample(MILLIS, MILLIS, 1), None, "the first window has one");
        for number in 1..=9 {
            assert_eq!(window.sample(SECONDS, number * MILLIS, 9 - number as u32), None);
        }
        assert_eq!(window.sample(SECONDS + MILLIS, 15 * MILLIS, 3), None, "the window's last moment");
        let over = window.sample(SECONDS + MILLIS + 1, 16 * MILLIS, 2);
        assert_eq!(over, Some(((45 + 15 + 16) * MILLIS / 11, 8)));
        assert_eq!(window.sample(9 * SECONDS, MILLIS, 1), None, "and the next is empty");
    }
}
