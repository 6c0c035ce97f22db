//! Canaries: a few runs of a sweep are made once more at its end, on a thread of their own, and must come out the same.
//!
//! A run that depends on what ran before it, on its thread or on the host makes every rate a sweep reports worthless, and
//! nothing else in a sweep would show it. Which seeds are canaries depends on the seeds asked for alone.

use std::thread;

use kernel::identity::mix;
use kernel::verdict::{Outcome, Verdict};

use crate::{RunResult, Runner, SeedRange, run_caught};

/// One run in so many is a canary; in long sweeps fewer, since a canary's result is kept to the end.
const ONE_IN: u64 = 1000;
/// Canaries of a sweep, about, at most.
const MOST: u64 = 1000;
/// The how-manieth seed of a range is always one, so that a sweep of as many runs has at least one. Not the first: before
/// that one nothing ran that it could depend on.
const ALWAYS: u64 = 100;
/// The word that sets canaries apart from other uses of a seed.
const WORD: u64 = 0x6361_6e61_7279;

/// Which seeds of a range are canaries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Canaries {
    one_in: u64,
    always: Option<u64>,
}

impl Canaries {
    pub fn of(seeds: SeedRange) -> Self {
        let always = (seeds.len() >= ALWAYS).then(|| seeds.from() + ALWAYS - 1);
        Canaries { one_in: ONE_IN.max(seeds.len() / MOST), always }
    }

    pub fn has(self, seed: u64) -> bool {
        mix(WORD, seed).is_multiple_of(self.one_in) || self.always == Some(seed)
    }
}

/// Makes the runs again, the last seed first, and gives each its result: its own, or the verdict that it has none.
#[expect(clippy::disallowed_methods, reason = "another thread is what is being tried")]
pub(crate) fn made_again<R: Runner>(
    runner: &R,
    plan: &R::Plan,
    mut results: Vec<(u64, RunResult)>,
) -> Vec<(u64, RunResult)> {
    results.sort_unstable_by_key(|(seed, _)| std::cmp::Reverse(*seed));
    let again = || {
        let mut scratch = R::Scratch::default();
        let run = |(seed, result): &(u64, RunResult)| judged(result, run_caught(runner, plan, *seed, &mut scratch));
        results.iter().map(run).collect::<Vec<_>>()
    };
    let verdicts = thread::scope(|scope| {
        // Without a thread to be had, the caller's own: it has run nothing of this sweep.
        let started = thread::Builder::new().name("sweep-canary".to_owned()).spawn_scoped(scope, again);
        started.map(|thread| thread.join().expect("a panic in a run is a verdict"))
    });
    let verdicts: Vec<Option<Verdict>> = verdicts.unwrap_or_else(|_| again());
    for ((_, result), verdict) in results.iter_mut().zip(verdicts) {
        if let Some(verdict) = verdict {
            result.verdict = verdict;
        }
    }
    results
}

/// The verdict on a run that came out otherwise.
fn judged(first: &RunResult, again: RunResult) -> Option<Verdict> {
    if *first == again || first.is_cut_by_host() || again.is_cut_by_host() {
        return None;
    }
    let line = |name: &str, result: &RunResult| {
        let Verdict { outcome, signature, .. } = &result.verdict;
        format!("{name}: {:032x} {} {signature}", result.digest, outcome.word()).trim_end().to_owned()
    };
    let story = vec![
        "the run is another one when its seed is run again on another thread; `relapse prove` tells where".to_owned(),
        line("first", first),
        line("again", &again),
    ];
    Some(Verdict::new(Outcome::SimulatorBug, "divergence/canary", story))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cost, WALL_TIME};

    fn run(signature: &str, digest: u128) -> RunResult {
        let verdict = Verdict::new(Outcome::Inconclusive, signature, Vec::new());
        RunResult { verdict, digest, cost: Cost::default() }
    }

    #[test]
    fn a_run_that_comes_out_otherwise_is_a_bug_unless_the_hosts_time_ended_one_of_the_two() {
        let bug = judged(&run("budget/events", 1), run("budget/events", 2)).expect("another digest");
        assert_eq!((bug.outcome, &*bug.signature), (Outcome::SimulatorBug, "divergence/canary"));

        assert_eq!(judged(&run("budget/events", 1), run("budget/events", 1)), None);
        assert_eq!(judged(&run(WALL_TIME, 0), run("budget/events", 1)), None);
        assert_eq!(judged(&run("budget/events", 1), run(WALL_TIME, 0)), None);
    }
}
