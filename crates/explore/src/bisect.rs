//! Which commit brought a failure that does not come with every seed? A noisy binary search.
//!
//! `git bisect` with one seed lies where an unrelated commit deals the randomness anew, and with a few seeds where the
//! failure is rare. Here each revision is run until it is as sure as was asked, however rare the failure at the bad end
//! is: two runs do for one that always comes. What a revision has shown is never thrown away, so a wrong turn is found
//! out and taken back.

use std::ops::Range;

use crate::culprit::Beliefs;
use crate::{Mark, Rate, SeedRange};

/// Hits at the bad end after which its rate is known well enough.
const HITS: u64 = 12;
/// Seeds that failed at the bad end, to be tried first elsewhere.
const WITNESSES: usize = 8;
/// The least a batch has.
const BATCH_MIN: u64 = 16;
/// Hits of the revision that is accused before it is.
const HITS_TO_ACCUSE: u64 = 3;
/// Runs of those before it, in units of what one hit takes at the bad end: after so many, a failure that was there before at
/// a fifth of the rate would have shown.
const HITS_MISSED: u64 = 24;
/// A revision of which none of so many runs can be judged is given up.
const BLIND: u64 = 64;

/// Runs revisions. They are numbered, oldest first.
pub trait Judge {
    /// What can go wrong, other than a build.
    type Error;

    /// Runs these seeds with a revision.
    ///
    /// # Errors
    ///
    /// Whatever makes it senseless to go on.
    fn judge(&mut self, revision: usize, seeds: SeedRange) -> Result<Judged, Self::Error>;
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// One mark per seed, in order.
    Ran(Vec<Mark>),
    /// The revision cannot be built, for this reason.
    Unbuildable(String),
    /// Somebody wants an end.
    Stopped,
}

/// What to search.
#[derive(Clone, Copy, Debug)]
pub struct BisectRequest {
    /// How many revisions: the first is good, the last bad. At least two.
    pub revisions: usize,
    /// The first seed.
    pub first_seed: u64,
    /// Most seeds per revision.
    pub max_seeds: u64,
    /// How likely a wrong answer may be.
    pub error: f64,
}

/// What is known of one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// Hits and judged runs.
    pub rate: Rate,
    /// Runs, judged or not.
    pub runs: u64,
    /// A seed that failed at the bad end failed here.
    pub witness: Option<u64>,
    /// Why it could not be tried.
    pub untestable: Option<String>,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BisectEnd {
    /// As sure as was asked.
    Found,
    /// An end of the history, the first revision or the last, could not be tried.
    EndUntestable(usize),
    /// The failure did not come at the bad end.
    NeverFails,
    /// The good end fails as often as the bad one.
    NoDifference,
    /// The good end fails more often than the bad one.
    Reversed,
    /// There were too few seeds to be as sure as was asked.
    OutOfSeeds,
    /// It was stopped.
    Stopped,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Bisection {
    /// How it ended.
    pub end: BisectEnd,
    /// One of these brought the failure. More than one where those before it cannot be built, or where it ended early.
    /// Never the good end.
    pub suspects: Range<usize>,
    /// How surely, if one of the revisions did.
    pub confidence: f64,
    /// What each revision has shown.
    pub tried: Vec<Tried>,
}

/// Searches.
///
/// # Errors
///
/// Those of the judge.
///
/// # Panics
///
/// If there are fewer than two revisions, no seeds or not as many, or the error is not between 0 and 1.
pub fn bisect<J: Judge>(judge: &mut J, request: BisectRequest) -> Result<Bisection, J::Error> {
    assert!(request.revisions >= 2, "a history has two ends");
    assert!(request.max_seeds > 0 && request.first_seed.checked_add(request.max_seeds).is_some(), "there are seeds");
    assert!(0.0 < request.error && request.error < 1.0, "an error is a probability");
    let tried = vec![Tried::default(); request.revisions];
    let mut search = Search { judge, request, tried, witnesses: Vec::new(), stopped: false };
    let end = search.run()?;
    let (suspects, confidence) = search.beliefs().suspects(1.0 - request.error);
    Ok(Bisection { end, suspects, confidence, tried: search.tried })
}

struct Search<'a, J> {
    judge: &'a mut J,
    request: BisectRequest,
    tried: Vec<Tried>,
    /// Seeds that failed at the bad end; none if the failure is known at the good end as well.
    witnesses: Vec<u64>,
    stopped: bool,
}

impl<J: Judge> Search<'_, J> {
    fn run(&mut self) -> Result<BisectEnd, J::Error> {
        if let Some(end) = self.try_ends()? {
            return Ok(end);
        }
        let mut here = None;
        let mut failed_builds = 0;
        loop {
            let beliefs = self.beliefs();
            let (suspects, _) = beliefs.suspects(1.0 - self.request.error);
            let next = here.filter(|&here| self.is_open(&beliefs, here)).or_else(|| self.next(&beliefs, failed_builds));
            // Whatever can still be learned is; where nothing can, what lies between the suspects cannot be built, or there
            // are no seeds left.
            let next = if suspects.len() == 1 { None } else { next };
            let Some(revision) = next.or_else(|| self.unconfirmed(&suspects)) else {
                let untestable = |revision: usize| self.tried[revision].untestable.is_some();
                let indivisible = (suspects.start..suspects.end - 1).all(untestable);
                return Ok(if indivisible { BisectEnd::Found } else { BisectEnd::OutOfSeeds });
            };
            self.show(revision)?;
            if self.stopped {
                return Ok(BisectEnd::Stopped);
            }
            let failed = self.tried[revision].untestable.is_some();
            failed_builds = if failed { failed_builds + 1 } else { 0 };
            here = Some(revision);
        }
    }

    /// The bad end first: how rare the failure is says how much everything else takes. Then the good end.
    fn try_ends(&mut self) -> Result<Option<BisectEnd>, J::Error> {
        let bad = self.request.revisions - 1;
        while self.tried[bad].rate.hits < HITS && self.has_seeds(bad) {
            let size = self.tried[bad].runs;
            let from = self.tried[bad].runs;
            let marks = self.run_batch(bad, size)?;
            if let Some(end) = self.cannot_go_on(bad) {
                return Ok(Some(end));
            }
            let hits = marks.iter().zip(self.request.first_seed + from..).filter(|(mark, _)| **mark == Mark::Hit);
            self.witnesses.extend(hits.map(|(_, seed)| seed).take(WITNESSES - self.witnesses.len()));
        }
        if self.tried[bad].rate.hits == 0 {
            return Ok(Some(BisectEnd::NeverFails));
        }
        while self.beliefs().no_difference() > self.doubt() && self.has_seeds(0) {
            self.run_batch(0, self.batch())?;
            if let Some(end) = self.cannot_go_on(0) {
                return Ok(Some(end));
            }
            if self.beliefs().no_difference() > 1.0 - self.doubt() {
                return Ok(Some(BisectEnd::NoDifference));
            }
        }
        let (good, bad) = (self.tried[0].rate, self.tried[bad].rate);
        if good.share() > bad.share() {
            return Ok(Some(BisectEnd::Reversed));
        }
        if self.beliefs().no_difference() > 0.5 {
            return Ok(Some(BisectEnd::NoDifference));
        }
        if good.hits > 0 {
            self.witnesses.clear();
        }
        Ok(None)
    }

    /// A revision that must show more before those between are accused: one hit may be of a failure that was there before,
    /// and rarer than the good end could tell.
    fn unconfirmed(&self, suspects: &Range<usize>) -> Option<usize> {
        let (good, bad) = (suspects.start - 1, suspects.end - 1);
        let runs: u64 = self.tried[..suspects.start].iter().map(|tried| tried.rate.runs).sum();
        let accused = (self.tried[bad].rate.hits < HITS_TO_ACCUSE).then_some(bad);
        let acquitted = (runs < HITS_MISSED * self.per_hit()).then_some(good);
        accused.filter(|&bad| self.has_seeds(bad)).or(acquitted.filter(|&good| self.has_seeds(good)))
    }

    fn cannot_go_on(&self, end: usize) -> Option<BisectEnd> {
        if self.stopped {
            return Some(BisectEnd::Stopped);
        }
        self.tried[end].untestable.is_some().then_some(BisectEnd::EndUntestable(end))
    }

    /// Lets a revision show something more.
    fn show(&mut self, revision: usize) -> Result<(), J::Error> {
        let worth = self.batch();
        // Where the failure comes often, the first seeds do as well.
        if self.tried[revision].runs == 0 && worth > BATCH_MIN {
            for seed in self.witnesses.clone() {
                let one = SeedRange::new(seed, seed + 1).expect("one seed");
                let Some(marks) = self.asked(revision, one)? else { return Ok(()) };
                if marks.first() == Some(&Mark::Hit) {
                    // It was chosen for failing: it counts as one hit in as many runs as one takes, lest the rate be
                    // taken for higher than it is.
                    let tried = &mut self.tried[revision];
                    tried.witness = Some(seed);
                    tried.rate.hits += 1;
                    tried.rate.runs += worth;
                    tried.runs += 1;
                    return Ok(());
                }
            }
        }
        self.run_batch(revision, worth).map(drop)
    }

    /// Runs more seeds of a revision.
    fn run_batch(&mut self, revision: usize, size: u64) -> Result<Vec<Mark>, J::Error> {
        let left = self.request.max_seeds - self.tried[revision].runs;
        let from = self.request.first_seed + self.tried[revision].runs;
        let seeds = SeedRange::new(from, from + size.max(BATCH_MIN).min(left)).expect("there are seeds left");
        let Some(marks) = self.asked(revision, seeds)? else { return Ok(Vec::new()) };
        let rate = Rate::of(marks.iter().copied());
        let tried = &mut self.tried[revision];
        tried.runs += marks.len() as u64;
        tried.rate.hits += rate.hits;
        tried.rate.runs += rate.runs;
        let blind = tried.rate.runs == 0 && (tried.runs >= BLIND || tried.runs >= self.request.max_seeds);
        if blind {
            tried.untestable = Some(format!("none of {} runs could be judged", tried.runs));
        }
        Ok(marks)
    }

    fn asked(&mut self, revision: usize, seeds: SeedRange) -> Result<Option<Vec<Mark>>, J::Error> {
        match self.judge.judge(revision, seeds)? {
            Judged::Ran(marks) if !marks.is_empty() => return Ok(Some(marks)),
            Judged::Ran(_) | Judged::Stopped => self.stopped = true,
            Judged::Unbuildable(why) => self.tried[revision].untestable = Some(why),
        }
        Ok(None)
    }

    /// As many runs as one hit takes at the bad end.
    fn per_hit(&self) -> u64 {
        let rate = self.tried[self.request.revisions - 1].rate;
        rate.runs / rate.hits.max(1)
    }

    fn batch(&self) -> u64 {
        self.per_hit().max(BATCH_MIN)
    }

    /// How unsure one step may be: a search takes so many, each of which has two sides to be wrong on.
    fn doubt(&self) -> f64 {
        self.request.error / (2.0 * f64::from(self.request.revisions.ilog2() + 1))
    }

    fn beliefs(&self) -> Beliefs {
        let rates: Vec<Rate> = self.tried.iter().map(|tried| tried.rate).collect();
        Beliefs::of(&rates)
    }

    fn has_seeds(&self, revision: usize) -> bool {
        let tried = &self.tried[revision];
        tried.untestable.is_none() && tried.runs < self.request.max_seeds
    }

    /// Whether a revision may yet teach something.
    fn is_open(&self, beliefs: &Beliefs, revision: usize) -> bool {
        let bad = beliefs.is_bad(revision);
        self.has_seeds(revision) && self.doubt() < bad && bad < 1.0 - self.doubt()
    }

    /// The revision that halves what is suspect. Commits that cannot be built come in rows: after one, its edges are looked
    /// for, towards the last good revision and towards the first bad one.
    fn next(&self, beliefs: &Beliefs, failed_builds: u32) -> Option<usize> {
        let open = |revision: &usize| self.is_open(beliefs, *revision);
        let off = |revision: &usize| (beliefs.is_bad(*revision) - 0.5).abs();
        let within = || (1..self.request.revisions - 1).filter(open);
        let halving = within().min_by(|one, other| off(one).total_cmp(&off(other)))?;
        if failed_builds == 0 {
            return Some(halving);
        }
        let (first, last) = (within().next()?, within().next_back()?);
        let failed = |revision: &usize| self.tried[*revision].untestable.is_some();
        let lower = (first..last).find(failed).map(|failed| first + (failed - first) / 2);
        let upper = (first..last).rev().find(failed).map(|failed| last - (last - failed) / 2);
        let edge = if failed_builds.is_multiple_of(2) { upper } else { lower };
        edge.filter(open).or(Some(halving))
    }
}
