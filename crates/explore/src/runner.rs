//! The contract between exploring and whatever is explored.

use kernel::identity::Nanos;
use kernel::verdict::Verdict;

use crate::Reduce;

/// Signature of a run that the host's time ended.
pub const WALL_TIME: &str = "budget/wall-time";

/// Runs a plan. The result is a function of the plan and the lot and of nothing else: not of the thread, not of what ran
/// before on the same scratch memory. The one exception is a run that the host's time ended, and it says so.
pub trait Runner: Sync {
    /// Everything a run is made of, but for the lot.
    type Plan: Reduce + Clone + Send + Sync;
    /// Memory that a worker thread keeps from run to run. It may hold allocations, never information.
    type Scratch: Default;

    /// The run of a lot.
    fn run_lot(&self, plan: &Self::Plan, lot: Lot, scratch: &mut Self::Scratch) -> RunResult;

    /// The run of a seed.
    fn run(&self, plan: &Self::Plan, seed: u64, scratch: &mut Self::Scratch) -> RunResult {
        self.run_lot(plan, Lot::from(seed), scratch)
    }
}

/// Which of a plan's runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lot {
    /// The seed: what it draws of the plan itself (faults, times) stays as it is, wherever the run forks.
    pub seed: u64,
    /// Where it leaves the run of the seed, if it does.
    pub fork: Option<Fork>,
}

/// Another future: all that is drawn at this time or later is drawn anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fork {
    /// The first moment that may differ, in virtual nanoseconds. What happens before is shared; from 0, nothing is.
    pub at: Nanos,
    /// Which future.
    pub salt: u64,
}

impl From<u64> for Lot {
    fn from(seed: u64) -> Self {
        Lot { seed, fork: None }
    }
}

impl Lot {
    /// The run of a seed that forks.
    pub fn forked(seed: u64, at: Nanos, salt: u64) -> Self {
        Lot { seed, fork: Some(Fork { at, salt }) }
    }
}

/// What one run gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunResult {
    /// How it ended.
    pub verdict: Verdict,
    /// Digest of its whole trace.
    pub digest: u128,
    /// What it took.
    pub cost: Cost,
}

impl RunResult {
    /// Whether the host's time ended it: then where it stopped is a fact about the host, and it is compared with nothing.
    pub fn is_cut_by_host(&self) -> bool {
        self.verdict.signature == WALL_TIME
    }
}

/// What one run took, in units of the simulation: equal on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// Kernel events.
    pub events: u64,
    /// Virtual time in nanoseconds.
    pub virtual_ns: u64,
    /// Operations of the workload.
    pub operations: u64,
}
