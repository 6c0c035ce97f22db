//! One candidate, judged over its lots.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kernel::verdict::{Outcome, Verdict};

use crate::{Lot, RunResult, Runner, run_caught};

/// A candidate and the lots it may fail in, in order.
pub(crate) struct Trial<P> {
    pub plan: P,
    pub lots: Vec<Lot>,
}

/// What became of a candidate.
pub(crate) struct Judged<P> {
    pub plan: P,
    /// Runs it took.
    pub runs: u64,
    /// The first lot in which it failed as wanted.
    pub hit: Option<(Lot, RunResult)>,
    /// Not all lots were run, and none of those that were failed so.
    pub cut: bool,
    /// Runs that a budget ended.
    pub unjudged: u64,
    /// Runs in which the simulator contradicted itself.
    pub bugs: u64,
    /// The first of them.
    pub bug: Option<(Lot, Verdict)>,
}

/// Whether it is the failure that is looked for. A panic in a run never is, whatever it is called.
pub(crate) fn is_it(result: &RunResult, signature: &str) -> bool {
    result.verdict.outcome == Outcome::Fail && result.verdict.signature == signature
}

/// Runs a candidate until it fails as wanted.
pub(crate) fn judge<R: Runner>(
    runner: &R,
    trial: Trial<R::Plan>,
    signature: &str,
    executed: &AtomicU64,
    scratch: &mut R::Scratch,
    go_on: &dyn Fn() -> bool,
) -> Judged<R::Plan> {
    let Trial { plan, lots } = trial;
    let mut judged = Judged { plan, runs: 0, hit: None, cut: false, unjudged: 0, bugs: 0, bug: None };
    for lot in lots {
        if !go_on() {
            judged.cut = true;
            break;
        }
        executed.fetch_add(1, Relaxed);
        judged.runs += 1;
        let result = run_caught(runner, &judged.plan, lot, scratch);
        if is_it(&result, signature) {
            judged.hit = Some((lot, result));
            break;
        }
        match result.verdict.outcome {
            Outcome::SimulatorBug => {
                judged.bugs += 1;
                judged.bug.get_or_insert((lot, result.verdict));
            }
            Outcome::Inconclusive => judged.unjudged += 1,
            Outcome::Pass | Outcome::Fail | Outcome::Vacuous => {}
        }
    }
    judged
}
