//! The contract between exploring and whatever is explored.

use kernel::verdict::Verdict;

use crate::Reduce;

/// Signature of a run that the host's time ended.
pub const WALL_TIME: &str = "budget/wall-time";

/// Runs a plan with a seed. The result is a function of both and of nothing else: not of the thread, not of what ran
/// before on the same scratch memory. The one exception is a run that the host's time ended, and it says so.
pub trait Runner: Sync {
    /// Everything a run is made of, but for the seed.
    type Plan: Reduce + Clone + Send + Sync;
    /// Memory that a worker thread keeps from run to run. It may hold allocations, never information.
    type Scratch: Default;

    /// One run.
    fn run(&self, plan: &Self::Plan, seed: u64, scratch: &mut Self::Scratch) -> RunResult;
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
    /// Operations of the workload, as the system counts them.
    pub operations: u64,
}
