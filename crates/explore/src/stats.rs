//! Statistics of rare failures. Only the four operations and the square root, which IEEE 754 rounds correctly: a rate
//! printed on one machine is the rate printed on another.

/// z for a two-sided interval of 95 %.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// An interval of rates, within 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Wilson's score interval for `hits` in `runs`. The ends are exactly 0 and 1 where no hit, or no miss, was seen; without
/// runs nothing is known and the interval is all of it.
///
/// # Panics
///
/// If there are more hits than runs.
pub fn wilson(hits: u64, runs: u64, z: f64) -> Interval {
    assert!(hits <= runs, "SIMULATOR BUG: {hits} hits in {runs} runs");
    if runs == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }

    let n = runs as f64;
    let rate = hits as f64 / n;
    let z2 = z * z;
    let scale = 1.0 + z2 / n;
    let middle = (rate + z2 / (2.0 * n)) / scale;
    let half = z * (rate * (1.0 - rate) / n + z2 / (4.0 * n * n)).sqrt() / scale;

    Interval {
        low: if hits == 0 { 0.0 } else { (middle - half).max(0.0) },
        high: if hits == runs { 1.0 } else { (middle + half).min(1.0) },
    }
}

/// The rate that `runs` runs without a hit exclude, with confidence `1 - doubt`: the p with `(1 - p)^runs = doubt`.
/// The rule of three (`3 / runs` for a doubt of 0.05) is its approximation for many runs.
///
/// Found by bisection, with powers by squaring, since neither logarithms nor powers of the library are specified to the
/// last bit.
pub fn bound_when_never_seen(runs: u64, doubt: f64) -> f64 {
    if runs == 0 {
        return 1.0;
    }

    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if power(1.0 - middle, runs) > doubt { low = middle } else { high = middle }
    }
    high
}

/// `base` to the power of `exponent`, by squaring.
pub(crate) fn power(base: f64, exponent: u64) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, base, exponent);
    while rest > 0 {
        if rest % 2 == 1 {
            result *= square;
        }
        square *= square;
        rest /= 2;
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(a: f64, b: f64, tolerance: f64) -> bool {
        (a - b).abs() <= tolerance
    }

    #[test]
    fn wilson_agrees_with_published_values() {
        // Newcombe 1998, table I, method 3: 81/263, 15/148, 0/20, 1/29.
        for (hits, runs, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let interval = wilson(hits, runs, Z_95);

            assert!(near(interval.low, low, 0.000_05), "{hits}/{runs}: {interval:?}");
            assert!(near(interval.high, high, 0.000_05), "{hits}/{runs}: {interval:?}");
        }
    }

    #[test]
    fn without_hits_the_interval_starts_at_zero_and_without_misses_it_ends_at_one() {
        assert_eq!(wilson(0, 1000, Z_95).low, 0.0);
        assert_eq!(wilson(1000, 1000, Z_95).high, 1.0);
        assert_eq!(wilson(0, 0, Z_95), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn never_seen_is_exact_for_few_runs_and_the_rule_of_three_for_many() {
        assert!(near(bound_when_never_seen(1, 0.05), 0.95, 1e-15));
        assert!(near(bound_when_never_seen(2, 0.25), 0.5, 1e-15));
        assert!(near(bound_when_never_seen(10, 0.05), 0.258_865_55, 1e-8));
        assert!(near(bound_when_never_seen(1_000_000, 0.05) * 1e6, 2.995_73, 1e-4));
        assert_eq!(bound_when_never_seen(0, 0.05), 1.0);
    }

    proptest! {
        #[test]
        fn an_interval_holds_its_rate(runs in 1u64..1_000_000, share in 0.0f64..=1.0, z in 0.1f64..5.0) {
            let hits = (runs as f64 * share) as u64;
            let rate = hits as f64 / runs as f64;
            let interval = wilson(hits, runs, z);

            prop_assert!(0.0 <= interval.low && interval.high <= 1.0);
            prop_assert!(interval.low <= rate + 1e-12 && rate - 1e-12 <= interval.high);
        }

        #[test]
        fn more_runs_without_a_hit_exclude_more(runs in 1u64..1_000_000_000) {
            prop_assert!(bound_when_never_seen(runs + runs, 0.05) < bound_when_never_seen(runs, 0.05));
        }
    }
}
