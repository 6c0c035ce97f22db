//! Did a change move the failure rate? The same seeds before and after it, in pairs.

use kernel::verdict::{Outcome, Verdict};

use crate::paired::{difference, mcnemar, pairs_needed};
use crate::{Interval, Z_95, wilson};

/// Below this probability of chance alone, a difference counts as seen.
pub const SIGNIFICANT: f64 = 0.05;

/// What one run says about one failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// It failed so.
    Hit,
    /// It did not fail.
    Miss,
    /// It failed, with another signature: not the failure that is looked for, and no pass either.
    Other,
    /// It could not be judged: vacuous, inconclusive or a bug of the simulator.
    Unjudged,
}

impl Mark {
    /// Of a run that ended so, if the failure looked for has this signature, or any.
    pub fn of(outcome: Outcome, signature: &str, wanted: Option<&str>) -> Self {
        match outcome {
            Outcome::Pass => Mark::Miss,
            Outcome::Fail if wanted.is_none_or(|wanted| wanted == signature) => Mark::Hit,
            Outcome::Fail => Mark::Other,
            Outcome::Vacuous | Outcome::Inconclusive | Outcome::SimulatorBug => Mark::Unjudged,
        }
    }

    /// Of a verdict.
    pub fn of_verdict(verdict: &Verdict, wanted: Option<&str>) -> Self {
        Mark::of(verdict.outcome, &verdict.signature, wanted)
    }
}

/// How often something was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// So often.
    pub hits: u64,
    /// In so many runs.
    pub runs: u64,
}

impl Rate {
    /// Hits among the runs that were judged. A failure with another signature is a run without a hit.
    pub fn of(marks: impl IntoIterator<Item = Mark>) -> Self {
        let mut rate = Rate::default();
        for mark in marks.into_iter().filter(|mark| *mark != Mark::Unjudged) {
            rate.runs += 1;
            rate.hits += u64::from(mark == Mark::Hit);
        }
        rate
    }

    /// The share; 0 without runs.
    pub fn share(self) -> f64 {
        if self.runs == 0 { 0.0 } else { self.hits as f64 / self.runs as f64 }
    }

    /// Wilson's interval of 95 %.
    pub fn interval(self) -> Interval {
        wilson(self.hits, self.runs, Z_95)
    }
}

/// What a change did to the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It fails less often.
    Better,
    /// It fails more often.
    Worse,
    /// No difference was seen. That none is there is more than these seeds can say.
    NoneSeen,
}

/// Two sets of runs over the same seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Seeds that were judged both before and after.
    pub pairs: u64,
    /// Seeds that were not: they count nowhere else.
    pub unjudged: u64,
    /// Failures with other signatures, before and after.
    pub others: (u64, u64),
    /// Rate before.
    pub before: Rate,
    /// Rate after.
    pub after: Rate,
    /// Seeds that failed only before.
    pub only_before: u64,
    /// Seeds that failed only after.
    pub only_after: u64,
    /// McNemar's p: how likely chance alone makes the pairs differ so unevenly.
    pub p: f64,
    /// Interval of 95 % of the rate after, less the rate before.
    pub difference: Interval,
    /// What follows.
    pub change: Change,
    /// Where no difference was seen: how many more seeds show one as large as these hint at, with a power of 80 %.
    /// `None` where one was seen, or where the seeds hint at none.
    pub more_seeds: Option<u64>,
}

/// Compares the runs of the same seeds, in the same order. Where one side is longer, the rest of it is left out.
pub fn compare(before: &[Mark], after: &[Mark]) -> Comparison {
    let asked = before.len().min(after.len());
    let pairs: Vec<(Mark, Mark)> = before.iter().copied().zip(after.iter().copied()).collect();
    let judged = || pairs.iter().copied().filter(|&(b, a)| b != Mark::Unjudged && a != Mark::Unjudged);
    let count = |is: &dyn Fn(Mark, Mark) -> bool| judged().filter(|&(b, a)| is(b, a)).count() as u64;

    let n = judged().count() as u64;
    let only_before = count(&|b, a| b == Mark::Hit && a != Mark::Hit);
    let only_after = count(&|b, a| b != Mark::Hit && a == Mark::Hit);
    let p = mcnemar(only_before, only_after);
    let change = match only_before.cmp(&only_after) {
        _ if p >= SIGNIFICANT => Change::NoneSeen,
        std::cmp::Ordering::Greater => Change::Better,
        _ => Change::Worse,
    };
    let needed = pairs_needed(n, only_before, only_after).filter(|_| change == Change::NoneSeen);
    Comparison {
        pairs: n,
        unjudged: asked as u64 - n,
        others: (count(&|b, _| b == Mark::Other), count(&|_, a| a == Mark::Other)),
        before: Rate::of(judged().map(|(b, _)| b)),
        after: Rate::of(judged().map(|(_, a)| a)),
        only_before,
        only_after,
        p,
        difference: difference(n, only_before, only_after, Z_95),
        change,
        // By chance there may be enough pairs already; one more seed is the least that can change anything.
        more_seeds: needed.map(|needed| needed.saturating_sub(n).max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many seeds of each kind: fails both times, only before, only after, never.
    fn seeds(both: usize, only_before: usize, only_after: usize, never: usize) -> (Vec<Mark>, Vec<Mark>) {
        let column = |kinds: [(usize, Mark); 4]| kinds.into_iter().flat_map(|(n, mark)| vec![mark; n]).collect();
        let (h, m) = (Mark::Hit, Mark::Miss);
        (
            column([(both, h), (only_before, h), (only_after, m), (never, m)]),
            column([(both, h), (only_before, m), (only_after, h), (never, m)]),
        )
    }

    fn compared(both: usize, only_before: usize, only_after: usize, never: usize) -> Comparison {
        let (before, after) = seeds(both, only_before, only_after, never);
        compare(&before, &after)
    }

    #[test]
    fn a_difference_that_chance_does_not_make_is_seen_in_its_direction() {
        assert_eq!(compared(100, 9, 1, 890).change, Change::Better);
        assert_eq!(compared(100, 1, 9, 890).change, Change::Worse);
        assert_eq!(compared(100, 2, 8, 890).change, Change::NoneSeen);
        // Deterministic failures: six seeds that all turn are enough, five are not.
        assert_eq!(compared(0, 6, 0, 0).change, Change::Better);
        assert_eq!(compared(0, 5, 0, 0).change, Change::NoneSeen);
    }

    #[test]
    fn seeds_that_fail_both_times_say_nothing_about_the_change() {
        let (few, many) = (compared(0, 2, 8, 990), compared(900, 2, 8, 90));

        assert_eq!((few.p, few.change, few.more_seeds), (many.p, many.change, many.more_seeds));
        assert_eq!((many.before, many.after), (Rate { hits: 902, runs: 1000 }, Rate { hits: 908, runs: 1000 }));
        assert!(many.difference.low < 0.006 && 0.006 < many.difference.high, "{:?}", many.difference);
    }

    #[test]
    fn how_many_more_seeds_would_settle_it_is_said_if_there_is_a_hint() {
        let more = compared(0, 2, 8, 990).more_seeds.expect("a hint");
        // 2 and 8 in 1,000 differ: 218 pairs would do were they 20 and 80 in 1,000; ten times as many do here.
        assert!((1_000..1_500).contains(&more), "{more}");
        assert_eq!(compared(50, 3, 3, 900).more_seeds, None);
        assert_eq!(compared(50, 0, 0, 900).more_seeds, None);
        assert_eq!(compared(0, 1, 30, 900).more_seeds, None, "it is settled");
    }

    #[test]
    fn what_one_side_could_not_judge_counts_on_neither() {
        let before = [Mark::Hit, Mark::Unjudged, Mark::Hit, Mark::Other, Mark::Miss, Mark::Hit];
        let after = [Mark::Hit, Mark::Hit, Mark::Unjudged, Mark::Hit, Mark::Other];

        let found = compare(&before, &after);

        assert_eq!((found.pairs, found.unjudged, found.others), (3, 2, (1, 1)));
        assert_eq!((found.before, found.after), (Rate { hits: 1, runs: 3 }, Rate { hits: 2, runs: 3 }));
        assert_eq!((found.only_before, found.only_after), (0, 1));
    }

    #[test]
    fn a_failure_with_another_signature_is_told_apart() {
        let mark = |outcome, signature, wanted| Mark::of(outcome, signature, wanted);

        assert_eq!(mark(Outcome::Fail, "a/b", None), Mark::Hit);
        assert_eq!(mark(Outcome::Fail, "a/b", Some("a/b")), Mark::Hit);
        assert_eq!(mark(Outcome::Fail, "a/b", Some("a/c")), Mark::Other);
        assert_eq!(mark(Outcome::Pass, "", Some("a/b")), Mark::Miss);
        for outcome in [Outcome::Vacuous, Outcome::Inconclusive, Outcome::SimulatorBug] {
            assert_eq!(mark(outcome, "a/b", Some("a/b")), Mark::Unjudged);
        }
    }
}
