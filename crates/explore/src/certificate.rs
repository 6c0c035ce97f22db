//! The certificate of a shrunk plan: for each of its parts, in how many runs the failure vanishes without it.
//!
//! It rests on runs alone. Over a set of lots the whole plan is run; in those in which it fails, it is run again without
//! one part, the same dice rolling for the rest.
//!
//! What it shows: how often *this* plan, less this part and what cannot stand without it, still fails in the same way in
//! the lots that were run. "Vanished in n of n" says that the part is needed in all of these, and the interval how far
//! that speaks for others.
//!
//! What it does not show: that a part is the cause (a cut may only make room for what goes wrong); that no other plan
//! fails for other reasons; that two parts could not go together; that the failure is gone, where it has merely become
//! another one ([`Necessity::changed`]) or moved beyond the end of the run. The lots are salts of one seed, not a sample
//! of all seeds. Where the failure is a matter of chance, it vanishes in some lots without any part being needed: what
//! counts then is how far [`Necessity::interval`] lies from that rate.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use kernel::verdict::Outcome;

use crate::crew::with_crew;
use crate::halt::Halt;
use crate::shrink::is_it;
use crate::{Interval, Lot, Reduce, RunResult, Runner, Z_95, run_caught, wilson};

/// What to certify, and how long.
#[derive(Clone, Copy, Debug)]
pub struct CertificateRequest<'a> {
    /// A run of the plan that fails.
    pub lot: Lot,
    /// So.
    pub signature: &'a str,
    /// Beside it, this many other futures of its seed are run (forked at 0 with salts from 1).
    pub salts: u64,
    /// Host time after which no further run is begun.
    pub wall_max: Option<Duration>,
    /// Threads. The certificate does not depend on them.
    pub workers: NonZeroUsize,
    /// Once set, no further run is begun.
    pub stop: &'a AtomicBool,
}

/// How much one part is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Necessity {
    /// The part.
    pub part: String,
    /// Parts that cannot stand without it, and were left out with it.
    pub with_it: Vec<String>,
    /// Whether a plan without it can be at all; if not, no run was made.
    pub can_go: bool,
    /// Runs without it that could be judged, all in lots in which the whole plan fails.
    pub judged: u64,
    /// Those in which nothing failed.
    pub vanished: u64,
    /// Those in which something else failed, by signature.
    pub changed: BTreeMap<String, u64>,
    /// Those in which it failed as before.
    pub still: u64,
    /// Further runs, ended by a budget or by a contradiction of the simulator: they say nothing.
    pub unjudged: u64,
}

impl Necessity {
    /// The rate at which this failure is not seen without the part, whether nothing fails or something else.
    pub fn interval(&self) -> Interval {
        wilson(self.judged - self.still, self.judged, Z_95)
    }

    /// Whether it was needed in every run that could be judged, and there was one.
    pub fn is_always_needed(&self) -> bool {
        self.judged > 0 && self.still == 0
    }
}

/// How much each part of a plan is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Lots in which the whole plan was run.
    pub lots: u64,
    /// Those in which it fails as wanted: the parts were left out in these.
    pub failing: u64,
    /// For each part, in the plan's order.
    pub parts: Vec<Necessity>,
    /// Runs made.
    pub runs: u64,
    /// Whether all were made that were asked for.
    pub complete: bool,
}

impl Certificate {
    /// How often the whole plan fails, over the lots.
    pub fn rate(&self) -> Interval {
        wilson(self.failing, self.lots, Z_95)
    }

    /// Whether it is complete and every part that can go was needed in every run that could be judged.
    pub fn holds(&self) -> bool {
        self.complete && self.failing > 0 && self.parts.iter().all(|part| !part.can_go || part.is_always_needed())
    }
}

/// Certifies a plan.
pub fn certificate<R: Runner>(runner: &R, plan: &R::Plan, request: CertificateRequest<'_>) -> Certificate {
    let halt = Halt::new(request.stop, request.wall_max);
    let names = plan.parts();
    let lessened: Vec<Option<R::Plan>> = (0..names.len()).map(|part| plan.without(&[part])).collect();
    // The whole plan, or the one without a part; nothing if it was not run.
    let work = |(part, lot): (Option<usize>, Lot), scratch: &mut R::Scratch, _: &dyn Fn() -> bool| {
        let plan = part.map_or(plan, |part| lessened[part].as_ref().expect("only those that can be are given out"));
        (!halt.asked() && !halt.late()).then(|| run_caught(runner, plan, lot, scratch))
    };

    with_crew(request.workers, work, |crew| {
        let lots = lots(request);
        lots.iter().for_each(|lot| crew.give((None, *lot)));
        let mut certificate = Certificate { lots: 0, failing: 0, parts: Vec::new(), runs: 0, complete: true };
        let mut failing = Vec::new();
        for lot in lots {
            let Some(result) = crew.next(&mut || {}).expect("one per lot") else {
                certificate.complete = false;
                continue;
            };
            certificate.lots += 1;
            if is_it(&result, request.signature) {
                failing.push(lot);
            }
        }
        certificate.failing = failing.len() as u64;
        certificate.runs = certificate.lots;

        let ways = || lessened.iter().enumerate().filter(|(_, plan)| plan.is_some());
        ways().for_each(|(part, _)| failing.iter().for_each(|lot| crew.give((Some(part), *lot))));
        for (part, lessened) in lessened.iter().enumerate() {
            let mut necessity = Necessity { part: names[part].clone(), ..Necessity::default() };
            if let Some(lessened) = lessened {
                necessity.can_go = true;
                necessity.with_it = gone_along(&names, part, &lessened.parts());
                for _ in &failing {
                    match crew.next(&mut || {}).expect("one per part and lot") {
                        Some(result) => necessity.count(result, request.signature),
                        None => certificate.complete = false,
                    }
                }
            }
            certificate.runs += necessity.judged + necessity.unjudged;
            certificate.parts.push(necessity);
        }
        certificate
    })
}

impl Necessity {
    fn count(&mut self, result: RunResult, signature: &str) {
        if is_it(&result, signature) {
            self.still += 1;
        } else {
            match result.verdict.outcome {
                Outcome::Pass | Outcome::Vacuous => self.vanished += 1,
                Outcome::Fail => *self.changed.entry(result.verdict.signature).or_default() += 1,
                Outcome::Inconclusive | Outcome::SimulatorBug => {
                    self.unjudged += 1;
                    return;
                }
            }
        }
        self.judged += 1;
    }
}

fn lots(request: CertificateRequest<'_>) -> Vec<Lot> {
    let others = (1..=request.salts).map(|salt| Lot::forked(request.lot.seed, 0, salt));
    std::iter::once(request.lot).chain(others.filter(|lot| *lot != request.lot)).collect()
}

fn gone_along(parts: &[String], part: usize, left: &[String]) -> Vec<String> {
    let left: BTreeSet<&String> = left.iter().collect();
    let gone = |(index, name): (usize, &String)| (index != part && !left.contains(name)).then(|| name.clone());
    parts.iter().enumerate().filter_map(gone).collect()
}
