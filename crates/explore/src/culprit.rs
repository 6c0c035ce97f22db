//! Which revision brought a failure, given how often each one tried has failed: by Bayes, in closed form.
//!
//! The model: up to the culprit all revisions fail at one rate, from it on at another. Both rates are unknown and are
//! integrated out, so nothing is taken for known that was measured on a few hits. Not modelled: a rate that moves more
//! than once. The answer is then the step that explains most.

use std::ops::Range;

use crate::Rate;
use crate::logarithm::{exp, ln, ln_beta};

/// How surely a failure that has a cause does not occur at all before it: as likely as not it was there, but rarer.
const ABSENT_BEFORE: f64 = 0.5;

/// Where the culprit may be.
#[derive(Clone, Debug)]
pub(crate) struct Beliefs {
    /// How likely the failure came with this revision or one before it; with the first it was there already, as it is now.
    came_by: Vec<f64>,
    /// Whether a revision has shown anything. What comes with it cannot be told from what comes with the next one if not.
    shown: Vec<bool>,
}

impl Beliefs {
    /// From what each revision, oldest first, has shown. Before anything is known, one is as likely as another.
    pub fn of(rates: &[Rate]) -> Self {
        let sum = |a: Rate, b: &Rate| Rate { hits: a.hits + b.hits, runs: a.runs + b.runs };
        let all = rates.iter().fold(Rate::default(), sum);
        let mut before = Rate::default();
        let mut logs = Vec::with_capacity(rates.len());
        for rate in rates {
            let since = Rate { hits: all.hits - before.hits, runs: all.runs - before.runs };
            logs.push(ln_likelihood_before(before) + ln_likelihood(since));
            before = sum(before, rate);
        }
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = logs.iter().map(|log| exp(log - most)).collect();
        let total: f64 = weights.iter().sum();
        let came_by = weights.iter().scan(0.0, |sum, weight| {
            *sum += weight / total;
            Some(*sum)
        });
        Beliefs { came_by: came_by.collect(), shown: rates.iter().map(|rate| rate.runs > 0).collect() }
    }

    /// How likely both ends fail at one rate.
    pub fn no_difference(&self) -> f64 {
        self.came_by[0]
    }

    /// How likely a revision has the culprit in it, if any has.
    pub fn is_bad(&self, revision: usize) -> f64 {
        let some = 1.0 - self.came_by[0];
        if some > 0.0 { ((self.came_by[revision] - self.came_by[0]) / some).min(1.0) } else { 1.0 }
    }

    /// The shortest stretch of revisions that has the culprit in it with this confidence, and how surely it has. It begins
    /// and ends where a revision has shown something.
    pub fn suspects(&self, confidence: f64) -> (Range<usize>, f64) {
        let last = self.shown.len() - 1;
        let shown: Vec<usize> = (0..=last).filter(|&n| n == 0 || n == last || self.shown[n]).collect();
        let mut best = (1..last + 1, 1.0);
        let mut end = 0;
        for &good in &shown {
            let mass = |end: usize| self.is_bad(shown[end]) - self.is_bad(good);
            while end + 1 < shown.len() && (shown[end] <= good || mass(end) < confidence) {
                end += 1;
            }
            let range = good + 1..shown[end] + 1;
            if mass(end) >= confidence && range.len() < best.0.len() {
                best = (range, mass(end));
            }
        }
        best
    }
}

/// Of a rate of which nothing is known (Jeffreys's prior).
fn ln_likelihood(seen: Rate) -> f64 {
    ln_beta(seen.hits as f64 + 0.5, (seen.runs - seen.hits) as f64 + 0.5) - ln_beta(0.5, 0.5)
}

fn ln_likelihood_before(seen: Rate) -> f64 {
    let present = ln(1.0 - ABSENT_BEFORE) + ln_likelihood(seen);
    if seen.hits > 0 { present } else { ln(ABSENT_BEFORE + exp(present)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNTRIED: Rate = Rate { hits: 0, runs: 0 };

    fn rate(hits: u64, runs: u64) -> Rate {
        Rate { hits, runs }
    }

    #[test]
    fn what_was_not_tried_leaves_its_neighbours_equally_suspect() {
        let beliefs = Beliefs::of(&[rate(0, 100), UNTRIED, UNTRIED, UNTRIED, rate(100, 100)]);

        let (suspects, confidence) = beliefs.suspects(0.99);
        assert_eq!(suspects, 1..5);
        assert!(confidence > 0.999_999 && (beliefs.is_bad(2) - 0.5).abs() < 1e-9, "{beliefs:?}");
    }

    #[test]
    fn one_hit_convicts_where_there_was_none_and_many_misses_acquit() {
        let hit = Beliefs::of(&[rate(0, 4_000), rate(1, 500), rate(12, 6_000)]);
        assert!(hit.is_bad(1) > 0.995, "{hit:?}");

        // 500 misses are what a bad revision has with a probability of e^-1, 6,000 of e^-12.
        let some = Beliefs::of(&[rate(0, 6_000), rate(0, 500), rate(12, 6_000)]);
        assert!((0.2..0.4).contains(&some.is_bad(1)), "{some:?}");
        let many = Beliefs::of(&[rate(0, 6_000), rate(0, 6_000), rate(12, 6_000)]);
        assert!(many.is_bad(1) < 0.002, "{many:?}");
    }

    #[test]
    fn one_hit_convicts_nobody_where_the_failure_was_known_before() {
        let beliefs = Beliefs::of(&[rate(20, 2_000), rate(1, 20), rate(100, 2_000)]);

        assert!((0.5..0.9).contains(&beliefs.is_bad(1)), "{beliefs:?}");
        let more = Beliefs::of(&[rate(20, 2_000), rate(50, 1_000), rate(100, 2_000)]);
        assert!(more.is_bad(1) > 0.999, "{more:?}");
    }

    #[test]
    fn ends_with_one_rate_have_no_culprit_between_them() {
        assert!(Beliefs::of(&[rate(50, 1_000), UNTRIED, rate(52, 1_000)]).no_difference() > 0.9);
        assert!(Beliefs::of(&[rate(0, 1_000), UNTRIED, rate(52, 1_000)]).no_difference() < 1e-9);
    }
}
