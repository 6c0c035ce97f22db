//! Shrinking: from a plan that fails to a plan that fails in the same way and holds no more than that takes. Each step is
//! a run; nothing is concluded from what a plan says.
//!
//! Delta debugging (Zeller, Hildebrandt 2002), in rounds over the plan's [parts](crate::Reduce::parts): all left out,
//! each family, halves, quarters and so on down to single parts, until no single part can go; then the
//! [simpler](crate::Reduce::simpler) selves of what is left, until none of them fails; then the parts again, until nothing
//! changes. What was refused is not run again, unless something was simplified in between: whether two plans are the same
//! is known by the names of their parts alone.
//!
//! What the result is not: the smallest plan that fails. Two parts of which each hides what the other one does stay
//! unless the rounds happen on them or [`ShrinkRequest::pairs_up_to`] allows for trying all pairs; three such parts stay.
//! And a candidate is taken if *one* of its lots fails: with many salts, a failure that happens without any fault now and
//! then shrinks to a plan without faults. The [`certificate`](crate::certificate()) shows how much each part matters.

mod rounds;
mod search;
mod trial;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use kernel::verdict::Verdict;

use crate::crew::with_crew;
use crate::halt::Halt;
use crate::{Lot, RunResult, Runner, run_caught};
use search::Search;
pub(crate) use trial::is_it;
use trial::judge;

/// What to shrink, and how long.
#[derive(Clone, Copy, Debug)]
pub struct ShrinkRequest<'a> {
    /// The run that failed.
    pub lot: Lot,
    /// The failure to keep: a verdict [`Fail`](kernel::verdict::Outcome::Fail) of exactly this signature.
    pub signature: &'a str,
    /// A candidate is judged over the lot in which the present plan failed, over `lot`, and over this many other futures of
    /// its seed (forked at 0 with salts from 1). It is taken as soon as one of them fails.
    pub salts: u64,
    /// When no single part can go and nothing be made simpler, all pairs are tried if there are no more parts than this.
    pub pairs_up_to: usize,
    /// Runs, the first included, after which it ends. What it has found until then is the same with any number of workers.
    pub runs_max: Option<u64>,
    /// Host time after which it ends.
    pub wall_max: Option<Duration>,
    /// Threads. The result does not depend on them.
    pub workers: NonZeroUsize,
    /// Once set, no further run is begun.
    pub stop: &'a AtomicBool,
}

impl<'a> ShrinkRequest<'a> {
    /// Of a failure, without salts and without an end but the natural one, on one thread.
    pub fn new(lot: Lot, signature: &'a str, stop: &'a AtomicBool) -> Self {
        let (runs_max, wall_max) = (None, None);
        ShrinkRequest { lot, signature, salts: 0, pairs_up_to: 8, runs_max, wall_max, workers: NonZeroUsize::MIN, stop }
    }
}

/// Runs and candidates. All but `ahead` is the same with any number of workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShrinkCounts {
    /// Runs, the first included: what the search took, and what `runs_max` counts.
    pub runs: u64,
    /// Those of candidates that were taken.
    pub runs_taken: u64,
    /// Those of candidates that were refused.
    pub runs_refused: u64,
    /// Runs beside them: begun by other workers for candidates that then were of no use, or cut off by the end.
    pub ahead: u64,
    /// Candidates taken.
    pub taken: u64,
    /// Candidates refused.
    pub refused: u64,
    /// Candidates that were known to be refused, and not run again.
    pub known: u64,
    /// Candidates that cannot be, or were not smaller: the plan's own word was not kept.
    pub impossible: u64,
    /// Runs of candidates that a budget of their own ended: they were refused without having been judged.
    pub unjudged: u64,
    /// Runs of candidates in which the simulator contradicted itself: never taken for the failure.
    pub simulator_bugs: u64,
}

/// Why it ended before it was complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShrinkEnded {
    /// `runs_max`.
    Runs,
    /// `wall_max`.
    Wall,
    /// `stop`.
    Asked,
}

/// One candidate that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShrinkStep {
    /// What was left out or changed.
    pub what: String,
    /// The lot in which what was left failed.
    pub lot: Lot,
    /// Parts that were left.
    pub parts: usize,
    /// Runs until then.
    pub runs: u64,
}

/// What shrinking gave.
#[derive(Clone, Debug)]
pub struct Shrunk<P> {
    /// The plan: it fails, and holds no part that the first one did not hold.
    pub plan: P,
    /// In this lot.
    pub lot: Lot,
    /// So.
    pub result: RunResult,
    /// Parts of the plan that was given.
    pub parts_before: usize,
    /// The candidates that were taken, in order.
    pub steps: Vec<ShrinkStep>,
    /// What it took.
    pub counts: ShrinkCounts,
    /// Whether no single part can be left out, and nothing be made simpler: each was tried, on this very plan. Otherwise
    /// why it ended.
    pub complete: Result<(), ShrinkEnded>,
    /// A candidate in which the simulator contradicted itself, the first one met.
    pub simulator_bug: Option<(P, Lot, Verdict)>,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShrinkProgress {
    /// Parts of the plan that was given.
    pub parts_before: usize,
    /// Parts that are left.
    pub parts: usize,
    /// Runs and candidates so far.
    pub counts: ShrinkCounts,
    /// Host time so far.
    pub wall: Duration,
}

/// The failure to shrink is not there to begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReproduced {
    /// What was looked for.
    pub signature: String,
    /// The lot that was run.
    pub lot: Lot,
    /// How it ended.
    pub seen: Box<Verdict>,
}

impl fmt::Display for NotReproduced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NotReproduced { signature, lot, seen } = self;
        write!(f, "the run to shrink does not fail with `{signature}`: seed {}", lot.seed)?;
        if let Some(fork) = lot.fork {
            write!(f, ", forked at {} ns with salt {}", fork.at, fork.salt)?;
        }
        write!(f, ", ended as {}", seen.outcome.word())?;
        if !seen.signature.is_empty() {
            write!(f, " `{}`", seen.signature)?;
        }
        Ok(())
    }
}

impl std::error::Error for NotReproduced {}

/// Shrinks a plan. `progress` is called on the calling thread: after each candidate that was taken, and else at most ten
/// times a second.
///
/// # Errors
/// The plan does not fail in the lot that was given with the signature that was given.
pub fn shrink<R: Runner>(
    runner: &R,
    plan: &R::Plan,
    request: ShrinkRequest<'_>,
    mut progress: impl FnMut(&ShrinkProgress),
) -> Result<Shrunk<R::Plan>, NotReproduced> {
    let halt = Halt::new(request.stop, request.wall_max);
    // The first run is made whatever the budgets say: without it nothing is known.
    let executed = AtomicU64::new(1);
    let result = run_caught(runner, plan, request.lot, &mut R::Scratch::default());
    if !is_it(&result, request.signature) {
        let signature = request.signature.to_owned();
        return Err(NotReproduced { signature, lot: request.lot, seen: Box::new(result.verdict) });
    }

    let work = |trial, scratch: &mut R::Scratch, wanted: &dyn Fn() -> bool| {
        let go_on = || wanted() && !halt.asked() && !halt.late();
        judge(runner, trial, request.signature, &executed, scratch, &go_on)
    };
    let mut shrunk = with_crew(request.workers, work, |crew| {
        Search::new(crew, (plan.clone(), result), request, halt, &mut progress).run()
    });
    shrunk.counts.ahead = executed.into_inner() - shrunk.counts.runs;
    Ok(shrunk)
}
