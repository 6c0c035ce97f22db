//! The search: which candidate comes next, and what follows from what became of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use kernel::digest::Digest;
use kernel::identity::identity_of;
use kernel::verdict::Verdict;

use super::rounds::Round;
use super::trial::{Judged, Trial};
use super::{ShrinkCounts, ShrinkEnded, ShrinkProgress, ShrinkRequest, ShrinkStep, Shrunk};
use crate::crew::Crew;
use crate::halt::Halt;
use crate::{Lot, Reduce, RunResult};

/// How often the progress is told.
const PERIOD: Duration = Duration::from_millis(100);

/// What a candidate is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// The parts that are left, of this many simplifications.
    Parts(u64, u128),
    /// The words, and the how-manieth of these words.
    Simpler(String, usize),
}

/// A plan to try.
struct Candidate<P> {
    key: Key,
    plan: P,
    what: String,
    /// Where the round goes on once it is taken.
    go_on_from: usize,
}

/// What was given out.
struct Given {
    key: Key,
    what: String,
    go_on_from: usize,
    lots: u64,
}

pub(super) struct Search<'s, 'c, P> {
    crew: &'s mut Crew<'c, Trial<P>, Judged<P>>,
    request: ShrinkRequest<'s>,
    halt: Halt<'s>,
    progress: &'s mut dyn FnMut(&ShrinkProgress),
    told: Duration,
    best: P,
    lot: Lot,
    result: RunResult,
    parts: Vec<String>,
    parts_before: usize,
    steps: Vec<ShrinkStep>,
    counts: ShrinkCounts,
    /// How many candidates were taken, and how many of them simplifications.
    version: u64,
    simplified: u64,
    /// What was refused, and at which version. Sets of parts stay refused until something is simplified.
    refused: BTreeMap<Key, u64>,
    bug: Option<(P, Lot, Verdict)>,
}

impl<'s, 'c, P: Reduce + Clone> Search<'s, 'c, P> {
    pub fn new(
        crew: &'s mut Crew<'c, Trial<P>, Judged<P>>,
        (best, result): (P, RunResult),
        request: ShrinkRequest<'s>,
        halt: Halt<'s>,
        progress: &'s mut dyn FnMut(&ShrinkProgress),
    ) -> Self {
        let parts = best.parts();
        Search {
            crew,
            request,
            halt,
            progress,
            told: Duration::ZERO,
            best,
            lot: request.lot,
            result,
            parts_before: parts.len(),
            parts,
            steps: Vec::new(),
            counts: ShrinkCounts { runs: 1, ..ShrinkCounts::default() },
            version: 0,
            simplified: 0,
            refused: BTreeMap::new(),
            bug: None,
        }
    }

    pub fn run(mut self) -> Shrunk<P> {
        let complete = self.search();
        self.crew.forget();
        self.tell();
        Shrunk {
            plan: self.best,
            lot: self.lot,
            result: self.result,
            parts_before: self.parts_before,
            steps: self.steps,
            counts: self.counts,
            complete,
            simulator_bug: self.bug,
        }
    }

    fn search(&mut self) -> Result<(), ShrinkEnded> {
        self.round(Round::All)?;
        self.round(Round::Families)?;
        let mut size = self.parts.len().div_ceil(2);
        while size > 1 {
            self.round(Round::Neighbours(size))?;
            size = size.min(self.parts.len()).div_ceil(2);
        }
        loop {
            while self.round(Round::Neighbours(1))? {}
            if self.simplify()? {
                continue;
            }
            // Last, since they are many.
            if self.parts.len() > self.request.pairs_up_to || !self.round(Round::Pairs)? {
                return Ok(());
            }
        }
    }

    /// Whether something was left out.
    fn round(&mut self, round: Round) -> Result<bool, ShrinkEnded> {
        let (mut from, before) = (0, self.version);
        loop {
            let (best, parts) = (self.best.clone(), self.parts.clone());
            let known: BTreeSet<&String> = parts.iter().collect();
            let of = self.simplified;
            let candidates = round.groups(&parts, from).map(|(at, group)| {
                let what = said(&parts, &group);
                let plan = best.without(&group)?;
                let left = plan.parts();
                is_less(&left, &known).then(|| Candidate {
                    key: Key::Parts(of, key(&left)),
                    plan,
                    what,
                    go_on_from: at,
                })
            });
            match self.first(candidates)? {
                Some(at) => from = at,
                None => return Ok(self.version > before),
            }
        }
    }

    /// Whether something was made simpler.
    fn simplify(&mut self) -> Result<bool, ShrinkEnded> {
        let before = self.version;
        loop {
            // A pass: what was refused in it is not tried again after something else was taken.
            loop {
                let mut nth: BTreeMap<String, usize> = BTreeMap::new();
                let parts = self.parts.clone();
                let known: BTreeSet<&String> = parts.iter().collect();
                let simpler = self.best.simpler().into_iter().map(|(what, plan)| {
                    let nth = nth.entry(what.clone()).and_modify(|nth| *nth += 1).or_insert(0);
                    let key = Key::Simpler(what.clone(), *nth);
                    let left = plan.parts();
                    let brings_none = left.len() <= parts.len() && left.iter().all(|part| known.contains(part));
                    brings_none.then_some(Candidate { key, plan, what, go_on_from: 0 })
                });
                if self.first(simpler)?.is_none() {
                    break;
                }
                self.simplified += 1;
                self.refused.retain(|key, _| matches!(key, Key::Simpler(..)));
            }
            // The next pass: it was refused of another plan than this one.
            let (known, version) = (self.refused.len(), self.version);
            self.refused.retain(|key, at| matches!(key, Key::Parts(..)) || *at == version);
            if self.refused.len() == known {
                return Ok(version > before);
            }
        }
    }

    /// Takes the first candidate, in order, that fails as wanted. Nothing for one that cannot be.
    fn first(&mut self, candidates: impl Iterator<Item = Option<Candidate<P>>>) -> Result<Option<usize>, ShrinkEnded> {
        let mut candidates = candidates;
        let mut out: VecDeque<Given> = VecDeque::new();
        // Counted when the candidate is reached, which with one worker is at once.
        let (mut impossible, mut known) = (VecDeque::from([0]), VecDeque::from([0]));
        let lots = self.lots();
        loop {
            while self.crew.outstanding() < self.crew.width
                && let Some(candidate) = candidates.next()
            {
                let Some(candidate) = candidate else {
                    *impossible.back_mut().expect("never empty") += 1;
                    continue;
                };
                // Whatever is under way is taken to be refused.
                if self.refused.contains_key(&candidate.key) || out.iter().any(|given| given.key == candidate.key) {
                    *known.back_mut().expect("never empty") += 1;
                    continue;
                }
                let Candidate { key, plan, what, go_on_from } = candidate;
                out.push_back(Given { key, what, go_on_from, lots: lots.len() as u64 });
                self.crew.give(Trial { plan, lots: lots.clone() });
                impossible.push_back(0);
                known.push_back(0);
            }
            self.counts.impossible += impossible.pop_front().unwrap_or(0);
            self.counts.known += known.pop_front().unwrap_or(0);
            let Some(given) = out.pop_front() else { return Ok(None) };
            self.ended()?;
            let judged = self.awaited();
            if self.count(&given, &judged)? {
                let Judged { plan, hit, .. } = judged;
                self.crew.forget();
                self.take(given.what, plan, hit.expect("it was counted as taken"));
                return Ok(Some(given.go_on_from));
            }
            self.refused.insert(given.key, self.version);
        }
    }

    /// The lots of a candidate: where the present plan fails comes first, since the dice of what is left do not move.
    fn lots(&self) -> Vec<Lot> {
        let (seed, lot) = (self.request.lot.seed, self.request.lot);
        let others = (1..=self.request.salts).map(|salt| Lot::forked(seed, 0, salt));
        let mut seen = BTreeSet::new();
        [self.lot, lot].into_iter().chain(others).filter(|lot| seen.insert(*lot)).collect()
    }

    fn ended(&self) -> Result<(), ShrinkEnded> {
        if self.halt.asked() {
            return Err(ShrinkEnded::Asked);
        }
        if self.halt.late() {
            return Err(ShrinkEnded::Wall);
        }
        if self.request.runs_max.is_some_and(|most| self.counts.runs >= most) {
            return Err(ShrinkEnded::Runs);
        }
        Ok(())
    }

    fn awaited(&mut self) -> Judged<P> {
        let Search { crew, halt, told, progress, counts, parts, parts_before, .. } = self;
        let mut wait = || {
            let (wall, parts) = (halt.elapsed(), parts.len());
            *told = wall;
            progress(&ShrinkProgress { parts_before: *parts_before, parts, counts: *counts, wall });
        };
        crew.next(&mut wait).expect("it was given out")
    }

    /// Whether it is to be taken.
    fn count(&mut self, given: &Given, judged: &Judged<P>) -> Result<bool, ShrinkEnded> {
        if judged.cut {
            let late = if self.halt.asked() { ShrinkEnded::Asked } else { ShrinkEnded::Wall };
            return Err(late);
        }
        assert!(judged.runs <= given.lots, "SIMULATOR BUG: {} runs in {} lots", judged.runs, given.lots);
        // The budget ends where it would have ended without anybody working ahead.
        if self.request.runs_max.is_some_and(|most| self.counts.runs + judged.runs > most) {
            return Err(ShrinkEnded::Runs);
        }
        self.counts.runs += judged.runs;
        self.counts.unjudged += judged.unjudged;
        self.counts.simulator_bugs += judged.bugs;
        if let (None, Some((lot, verdict))) = (&self.bug, &judged.bug) {
            self.bug = Some((judged.plan.clone(), *lot, verdict.clone()));
        }
        let taken = judged.hit.is_some();
        let (runs, candidates) = if taken {
            (&mut self.counts.runs_taken, &mut self.counts.taken)
        } else {
            (&mut self.counts.runs_refused, &mut self.counts.refused)
        };
        *runs += judged.runs;
        *candidates += 1;
        if self.halt.elapsed().saturating_sub(self.told) >= PERIOD {
            self.tell();
        }
        Ok(taken)
    }

    fn take(&mut self, what: String, plan: P, (lot, result): (Lot, RunResult)) {
        self.parts = plan.parts();
        (self.best, self.lot, self.result) = (plan, lot, result);
        self.version += 1;
        self.steps.push(ShrinkStep { what, lot, parts: self.parts.len(), runs: self.counts.runs });
        self.tell();
    }

    fn tell(&mut self) {
        let (parts_before, parts, counts) = (self.parts_before, self.parts.len(), self.counts);
        self.told = self.halt.elapsed();
        (self.progress)(&ShrinkProgress { parts_before, parts, counts, wall: self.told });
    }
}

/// Whether what is left are some of the parts, and not all.
fn is_less(left: &[String], parts: &BTreeSet<&String>) -> bool {
    left.len() < parts.len() && left.iter().all(|part| parts.contains(part))
}

fn key(left: &[String]) -> u128 {
    let mut digest = Digest::default();
    left.iter().for_each(|part| digest.absorb(identity_of(part)));
    digest.value()
}

/// Parts told one by one; of more, the number of the rest.
const TOLD: usize = 3;

fn said(parts: &[String], group: &[usize]) -> String {
    let named: Vec<&str> = group.iter().take(TOLD).map(|part| parts[*part].as_str()).collect();
    let more = group.len() - named.len();
    let and_more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("without {}{and_more}", named.join(", "))
}
