//! Statistics of pairs: one seed, run before and after a change. Only the pairs that differ say anything about it, so a
//! change of 1 in 1,000 shows with far fewer seeds than two samples of their own would need.

use crate::binomial::at_most;
use crate::{Interval, Z_95};

/// z of a power of 80 %: how surely a difference is seen that is there.
const Z_POWER: f64 = 0.841_621_233_572_914_3;

/// McNemar's test, exact and two-sided: how likely pairs differ at least as unevenly as `one` to `other`, if nothing but
/// chance decides which way each of them does.
pub fn mcnemar(one: u64, other: u64) -> f64 {
    (2.0 * at_most(one.min(other), one + other, 0.5)).min(1.0)
}

/// Interval of the difference of two paired rates, `after - before`: that of Agresti and Min (2005), which adds half a pair
/// to each of the four cells.
pub fn difference(pairs: u64, only_before: u64, only_after: u64, z: f64) -> Interval {
    let n = pairs as f64 + 2.0;
    let (b, c) = (only_before as f64 + 0.5, only_after as f64 + 0.5);
    let middle = (c - b) / n;
    let half = z * ((b + c) - (c - b) * (c - b) / n).sqrt() / n;
    Interval { low: (middle - half).max(-1.0), high: (middle + half).min(1.0) }
}

/// How many pairs show a difference as large as the one seen, at 5 % and with a power of 80 % (Connor 1987). `None` if as
/// many pairs differ one way as the other: no number of pairs shows what is not there.
pub fn pairs_needed(pairs: u64, only_before: u64, only_after: u64) -> Option<u64> {
    if only_before == only_after || pairs == 0 {
        return None;
    }
    let n = pairs as f64;
    let differing = (only_before as f64 + only_after as f64) / n;
    let difference = (only_after as f64 - only_before as f64).abs() / n;
    let sum = Z_95 * differing.sqrt() + Z_POWER * (differing - difference * difference).max(0.0).sqrt();
    Some(((sum / difference) * (sum / difference)).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mcnemar_agrees_with_published_values() {
        // 6 against 16: p = 0.053 (the example of the literature on mid-p). 86 against 150: Agresti 1990, table 10.1, whose
        // chi square of 17.4 gives 3e-5; exactly 3.7e-5. Sign tests of 9 to 1 and 8 to 2: 0.0215 and 0.109.
        for (one, other, p) in [
            (6, 16, 0.052_478_790_283),
            (86, 150, 3.715_936_139_571e-5),
            (121, 59, 4.434_449_263_755e-6),
            (9, 1, 0.021_484_375),
            (2, 8, 0.109_375),
            (0, 5, 0.0625),
            (0, 6, 0.031_25),
        ] {
            assert!((mcnemar(one, other) / p - 1.0).abs() < 1e-9, "{one} {other}: {}", mcnemar(one, other));
        }
        assert_eq!((mcnemar(0, 0), mcnemar(3, 3)), (1.0, 1.0));
    }

    #[test]
    fn the_interval_of_a_difference_holds_it_about_as_often_as_it_says() {
        // Every outcome of 60 pairs with its probability: that is the coverage, exactly.
        for (before, after) in [(0.1, 0.1), (0.02, 0.2), (0.3, 0.1)] {
            let (pairs, mut coverage) = (60_u64, 0.0);
            for b in 0..=pairs {
                for c in 0..=pairs - b {
                    let interval = difference(pairs, b, c, Z_95);
                    let holds = interval.low <= after - before && after - before <= interval.high;
                    let rest = (1..=pairs - b - c).fold(1.0, |p, _| p * (1.0 - before - after));
                    let ways = |from: u64, of: u64| (0..of).fold(1.0, |w, n| w * (from - n) as f64 / (n + 1) as f64);
                    let chosen = (0..b).fold(1.0, |p, _| p * before) * (0..c).fold(1.0, |p, _| p * after);
                    coverage += if holds { ways(pairs, b) * ways(pairs - b, c) * chosen * rest } else { 0.0 };
                }
            }
            assert!((0.94..0.985).contains(&coverage), "{before} {after}: {coverage}");
        }
    }

    #[test]
    fn as_many_pairs_as_are_needed_see_the_difference_four_times_in_five() {
        // Before 2 in 100, after 8 in 100: the power of the exact test with as many pairs, summed over all outcomes.
        let needed = pairs_needed(1_000, 20, 80).expect("a number");
        assert!((200..240).contains(&needed), "{needed}");
        let seen = |pairs: u64| {
            let mut power = 0.0;
            for differing in 1..=pairs {
                let so_many = at_most(differing, pairs, 0.1) - at_most(differing - 1, pairs, 0.1);
                let mut significant =
                    (0..=differing).filter(|&b| b * 2 < differing && mcnemar(b, differing - b) < 0.05);
                power += significant.next_back().map_or(0.0, |b| so_many * at_most(b, differing, 0.2));
            }
            power
        };
        // The exact test is a little more careful than the formula, which is of the asymptotic one.
        assert!((0.73..0.83).contains(&seen(needed)), "{}", seen(needed));
        assert!(seen(needed / 2) < 0.6);
        assert_eq!((pairs_needed(10, 0, 0), pairs_needed(10, 3, 3), pairs_needed(0, 0, 0)), (None, None, None));
    }
}
