//! The search for a culprit, on histories whose culprit is known.

use std::convert::Infallible;

use kernel::identity::mix;

use crate::{BisectEnd, BisectRequest, Bisection, Judge, Judged, Mark, SeedRange, bisect};

/// A history with a failure that comes once in `one_in` runs from the culprit on.
struct History {
    culprit: usize,
    one_in: u64,
    /// And once in so many before it; 0 for never.
    one_in_before: u64,
    /// Whether another revision fails with other seeds, as one does that deals the randomness anew.
    redeals: bool,
    unbuildable: Vec<usize>,
    unjudged: Vec<usize>,
    lucky: u64,
    /// Runs so far, and after how many somebody wants an end.
    runs: u64,
    stops_after: u64,
    builds: Vec<usize>,
}

impl History {
    fn new(culprit: usize, one_in: u64, lucky: u64) -> Self {
        History {
            culprit,
            one_in,
            one_in_before: 0,
            redeals: true,
            unbuildable: Vec::new(),
            unjudged: Vec::new(),
            lucky,
            runs: 0,
            stops_after: u64::MAX,
            builds: Vec::new(),
        }
    }

    fn search(&mut self, revisions: usize) -> Bisection {
        let request = BisectRequest { revisions, first_seed: 1_000, max_seeds: 100_000, error: 0.01 };
        match bisect(self, request) {
            Ok(found) => found,
            Err(never) => match never {},
        }
    }
}

impl Judge for History {
    type Error = Infallible;

    fn judge(&mut self, revision: usize, seeds: SeedRange) -> Result<Judged, Infallible> {
        if self.builds.last() != Some(&revision) {
            self.builds.push(revision);
        }
        if self.unbuildable.contains(&revision) {
            return Ok(Judged::Unbuildable("it does not compile".to_owned()));
        }
        if self.runs >= self.stops_after {
            return Ok(Judged::Stopped);
        }
        self.runs += seeds.len();
        let deal = if self.redeals { revision as u64 } else { 0 };
        let one_in = if revision >= self.culprit { self.one_in } else { self.one_in_before };
        let mark = |seed| match one_in {
            _ if self.unjudged.contains(&revision) => Mark::Unjudged,
            0 => Mark::Miss,
            _ if mix(mix(self.lucky, deal), seed).is_multiple_of(one_in) => Mark::Hit,
            _ => Mark::Miss,
        };
        Ok(Judged::Ran(seeds.seeds().map(mark).collect()))
    }
}

/// In how many of a hundred histories of twenty revisions the right one is named, and runs per search.
fn right(one_in: u64, alter: impl Fn(&mut History)) -> (usize, u64) {
    let mut runs = 0;
    let right = (0..100).filter(|&lucky| {
        let culprit = 1 + (mix(7, lucky) % 19) as usize;
        let mut history = History::new(culprit, one_in, lucky);
        alter(&mut history);
        let found = history.search(20);
        runs += history.runs;
        found.end == BisectEnd::Found && found.suspects == (culprit..culprit + 1) && found.confidence >= 0.99
    });
    (right.count(), runs / 100)
}

#[test]
fn a_failure_of_one_in_500_is_traced_to_its_commit() {
    for redeals in [true, false] {
        let (right, runs) = right(500, |history| history.redeals = redeals);

        assert!(right >= 95, "{right} of 100, redeals: {redeals}");
        assert!((5_000..50_000).contains(&runs), "{runs} runs per search, redeals: {redeals}");
    }
}

#[test]
fn so_is_one_that_always_comes_in_a_few_runs() {
    let (right, runs) = right(1, |_| ());

    assert!(right >= 99, "{right} of 100");
    assert!(runs <= 16 * 7, "{runs} runs per search");
}

#[test]
fn so_is_one_that_was_there_before_but_rarer() {
    let (right, _) = right(20, |history| history.one_in_before = 100);

    assert!(right >= 95, "{right} of 100");
}

#[test]
fn builds_that_fail_are_gone_around() {
    let mut told = (0, 0);
    for lucky in 0..100 {
        let culprit = 1 + (mix(7, lucky) % 18) as usize;
        let mut history = History::new(culprit, 500, lucky);
        // About every third, though neither end.
        history.unbuildable = (1..19).filter(|&revision| mix(lucky, revision as u64).is_multiple_of(3)).collect();
        // What the answer can be at best: the culprit, with the unbuildable ones right before it and those that it is
        // hidden among.
        let buildable = |revision: &usize| !history.unbuildable.contains(revision);
        let last_good = (0..culprit).rev().find(buildable).expect("the good end is one");
        let first_bad = (culprit..20).find(buildable).expect("the bad end is one");
        let wanted = last_good + 1..first_bad + 1;

        let found = history.search(20);

        let right = found.end == BisectEnd::Found && found.suspects == wanted;
        told.0 += usize::from(right);
        told.1 += usize::from(right && wanted.len() > 1);
    }

    assert!(told.0 >= 95, "{} of 100", told.0);
    assert!(told.1 >= 20, "{} of 100 were ranges", told.1);
}

#[test]
fn a_row_of_builds_that_fail_is_not_walked_along() {
    let mut history = History::new(400, 2, 1);
    history.unbuildable = (300..700).collect();

    let found = history.search(1_000);

    assert_eq!((found.end, found.suspects), (BisectEnd::Found, 300..701));
    // Both edges of the row are found before what is in it is tried.
    let after = |revision| history.builds.iter().position(|&build| build == revision).expect("it was built");
    assert!(after(299) < 150 && after(700) < 150, "{} {}", after(299), after(700));
}

#[test]
fn ends_that_make_no_sense_are_told() {
    let never = History::new(99, 1, 1).search(20);
    assert_eq!(never.end, BisectEnd::NeverFails);
    assert_eq!(never.tried[19].runs, 100_000);

    let mut history = History::new(99, 1, 1);
    history.one_in_before = 50;
    assert_eq!(history.search(20).end, BisectEnd::NoDifference);

    let mut history = History::new(10, 50, 1);
    history.one_in_before = 5;
    assert_eq!(history.search(20).end, BisectEnd::Reversed);

    for (end, revision) in [(BisectEnd::EndUntestable(0), 0), (BisectEnd::EndUntestable(19), 19)] {
        let mut history = History::new(10, 50, 1);
        history.unbuildable = vec![revision];
        assert_eq!(history.search(20).end, end);
    }
}

#[test]
fn a_revision_whose_runs_cannot_be_judged_is_one_that_cannot_be_built() {
    let mut history = History::new(10, 3, 1);
    history.unjudged = vec![9, 10];

    let found = history.search(20);

    assert_eq!((found.end, &found.suspects), (BisectEnd::Found, &(9..12)));
    assert!(found.tried[9].untestable.as_ref().is_some_and(|why| why.contains("could be judged")));
}

#[test]
fn who_stops_it_gets_what_is_known() {
    let mut history = History::new(5, 500, 3);
    let whole = history.search(20);
    assert_eq!((whole.end, whole.suspects), (BisectEnd::Found, 5..6));

    let mut history = History { stops_after: history.runs * 3 / 4, ..History::new(5, 500, 3) };
    let cut = history.search(20);

    assert_eq!(cut.end, BisectEnd::Stopped);
    assert!(cut.suspects.contains(&5) && (2..10).contains(&cut.suspects.len()), "{:?}", cut.suspects);
}

#[test]
fn too_few_seeds_are_admitted() {
    let request = BisectRequest { revisions: 20, first_seed: 0, max_seeds: 1_000, error: 0.01 };

    let mut history = History::new(9, 500, 2);
    let Ok(found) = bisect(&mut history, request);

    assert_eq!(found.end, BisectEnd::OutOfSeeds, "{found:?}");
    assert!(found.suspects.contains(&9) && found.suspects.len() > 1, "{found:?}");
}

#[test]
fn one_build_serves_as_long_as_it_has_something_to_say() {
    let mut history = History::new(13, 500, 4);

    let found = history.search(20);

    let mut builds = history.builds.clone();
    builds.sort_unstable();
    builds.dedup();
    assert_eq!(builds.len(), history.builds.len(), "back and forth: {:?}", history.builds);
    assert!(builds.len() <= 2 + 5, "{:?}: {found:?}", history.builds);
}

#[test]
fn seeds_that_failed_at_the_bad_end_spare_most_runs_and_leave_the_rate_as_it_is() {
    let mut history = History { redeals: false, ..History::new(3, 500, 4) };

    let found = history.search(20);

    let convicted: Vec<_> = found.tried.iter().filter(|tried| tried.witness.is_some()).collect();
    assert!(convicted.len() >= 3, "{found:?}");
    // Acquittals take ten times as many.
    assert!(convicted.iter().all(|tried| tried.runs < 1_000), "{found:?}");
    assert!(convicted.iter().all(|tried| tried.rate.runs >= 100 * tried.rate.hits), "{found:?}");
}
