//! What a stream processor dies of.

use crate::replay::Cause;

/// The kind of exception that ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Death {
    /// The replay met a log that says something else.
    Inconsistent(Cause),
    /// The log does not hold the position that the snapshot has as processed last.
    SnapshotNotOnLog,
    /// Positions on the log do not rise.
    PositionsDoNotRise,
    /// The log ends before the last record that the replay was to read.
    LogEnds,
    /// A deployment is confirmed that nothing is noted of.
    NothingPending,
}

impl Death {
    /// A word for signatures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Death::Inconsistent(cause) => cause.name(),
            Death::SnapshotNotOnLog => "snapshot-not-on-log",
            Death::PositionsDoNotRise => "positions-do-not-rise",
            Death::LogEnds => "log-ends",
            Death::NothingPending => "nothing-pending",
        }
    }
}
