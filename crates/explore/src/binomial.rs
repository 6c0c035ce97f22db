//! The binomial distribution, exactly: its tails, the interval of Clopper and Pearson, and how many runs a rate needs.

use crate::Interval;
use crate::stats::power;

/// Parts of the distribution below this share of its largest term are nothing.
const NOTHING: f64 = 1e-300;

/// The interval of Clopper and Pearson for `hits` in `runs`: it holds the rate with a probability of at least
/// `1 - doubt`, whatever the rate is. Wider than [`wilson`](crate::wilson), which holds it on average; this one is for
/// claims that must hold.
///
/// # Panics
///
/// If there are more hits than runs.
pub fn clopper_pearson(hits: u64, runs: u64, doubt: f64) -> Interval {
    assert!(hits <= runs, "SIMULATOR BUG: {hits} hits in {runs} runs");
    let half = doubt / 2.0;
    let low = if hits == 0 { 0.0 } else { crossing(|rate| 1.0 - at_most(hits - 1, runs, rate) > half) };
    let high = if hits == runs { 1.0 } else { crossing(|rate| at_most(hits, runs, rate) < half) };
    Interval { low, high }
}

/// The smallest rate at which `is_above` holds: it must hold at all rates above that one.
fn crossing(is_above: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if is_above(middle) { high = middle } else { low = middle }
    }
    (low + high) / 2.0
}

/// Probability of at most `hits` in `runs`, at a rate.
///
/// Summed outward from the largest term, relative to it: nothing underflows that counts, and a deep tail keeps its
/// relative precision.
pub fn at_most(hits: u64, runs: u64, rate: f64) -> f64 {
    if hits >= runs || rate <= 0.0 {
        return 1.0;
    }
    if rate >= 1.0 {
        return 0.0;
    }
    let odds = rate / (1.0 - rate);
    let mode = (((runs + 1) as f64 * rate) as u64).min(runs);
    let (mut within, mut beyond) = (0.0, 0.0);
    let mut add = |n: u64, term: f64| if n <= hits { within += term } else { beyond += term };

    let (mut n, mut term) = (mode, 1.0);
    while term > NOTHING {
        add(n, term);
        if n == runs {
            break;
        }
        term *= odds * (runs - n) as f64 / (n + 1) as f64;
        n += 1;
    }
    let (mut n, mut term) = (mode, 1.0);
    while n > 0 {
        term *= n as f64 / (odds * (runs - n + 1) as f64);
        n -= 1;
        if term < NOTHING {
            break;
        }
        add(n, term);
    }
    within / (within + beyond)
}

/// How many runs show a failure of this rate at least once, but for a probability of at most `error`. `None` if no number
/// of runs does: the rate is 0, or the error is.
pub fn runs_needed(rate: f64, error: f64) -> Option<u64> {
    if error >= 1.0 {
        return Some(0);
    }
    if rate >= 1.0 {
        return Some(1);
    }
    if rate <= 0.0 || error <= 0.0 {
        return None;
    }
    let missed = |runs| power(1.0 - rate, runs) <= error;
    let mut high = 1_u64;
    while !missed(high) {
        high = high.checked_mul(2)?;
    }
    let mut low = high / 2;
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if missed(middle) { high = middle } else { low = middle }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn clopper_and_pearson_agree_with_published_values() {
        // Newcombe 1998, table I, method 5: 81/263, 15/148, 0/20, 1/29; 682/925 is Conover 1971 as in R's binom.test.
        for (hits, runs, low, high) in [
            (81, 263, 0.2527, 0.3676),
            (15, 148, 0.0578, 0.1617),
            (0, 20, 0.0, 0.1684),
            (1, 29, 0.0009, 0.1776),
            (682, 925, 0.707_67, 0.765_41),
        ] {
            let interval = clopper_pearson(hits, runs, 0.05);

            assert!((interval.low - low).abs() < 6e-5, "{hits}/{runs}: {interval:?}");
            assert!((interval.high - high).abs() < 6e-5, "{hits}/{runs}: {interval:?}");
        }
    }

    #[test]
    fn a_tail_is_the_sum_of_its_terms() {
        // 10 throws of a coin: 1, 11, 56, 176, 386, 638 of 1024.
        for (hits, ways) in [(0, 1.0), (1, 11.0), (2, 56.0), (3, 176.0), (4, 386.0), (5, 638.0)] {
            assert!((at_most(hits, 10, 0.5) - ways / 1024.0).abs() < 1e-15, "{hits}");
        }
        assert_eq!((at_most(10, 10, 0.5), at_most(3, 10, 0.0), at_most(3, 10, 1.0)), (1.0, 1.0, 0.0));
        // Deep: 2^-500 of 500 misses. And many: half a million of a million is a little above the half.
        let deep = at_most(0, 500, 0.5) * power(2.0, 500);
        assert!((deep - 1.0).abs() < 1e-12, "{deep}");
        let half = at_most(500_000, 1_000_000, 0.5);
        assert!((half - 0.5 - 0.000_398_942).abs() < 1e-8, "{half}");
    }

    #[test]
    fn so_many_runs_are_needed_as_the_tables_say() {
        // The tables of success-run tests: 59 for 95 %/95 %, 299 and 459 for 99 % at 95 % and 99 %.
        for (rate, error, runs) in
            [(0.1, 0.05, 29), (0.05, 0.05, 59), (0.01, 0.05, 299), (0.01, 0.01, 459), (0.002, 0.01, 2_301)]
        {
            assert_eq!(runs_needed(rate, error), Some(runs), "{rate} {error}");
        }
        assert_eq!((runs_needed(1.0, 0.01), runs_needed(0.5, 1.0)), (Some(1), Some(0)));
        assert_eq!((runs_needed(0.0, 0.01), runs_needed(0.5, 0.0)), (None, None));
    }

    proptest! {
        #[test]
        fn an_exact_interval_holds_its_rate_and_no_more_doubt_than_was_asked(runs in 1_u64..3_000, share in 0.0_f64..=1.0) {
            let hits = (runs as f64 * share) as u64;
            let interval = clopper_pearson(hits, runs, 0.05);
            let rate = hits as f64 / runs as f64;

            prop_assert!(interval.low <= rate && rate <= interval.high);
            prop_assert!(at_most(hits, runs, interval.high) < 0.025 + 1e-9 || hits == runs);
            prop_assert!(1.0 - at_most(hits.max(1) - 1, runs, interval.low) < 0.025 + 1e-9 || hits == 0);
        }

        #[test]
        fn one_run_less_would_not_do(rate in 0.000_1_f64..0.9, error in 0.000_1_f64..0.5) {
            let runs = runs_needed(rate, error).expect("a number");

            prop_assert!(power(1.0 - rate, runs) <= error);
            prop_assert!(power(1.0 - rate, runs - 1) > error);
        }
    }
}
