//! What a replay comes to.

use super::compare::Difference;
use crate::replay::Inconsistency;

/// How it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The leader recovers, and every record is as the model writes it.
    Clean,
    /// Upstream's exception: the stream processor is dead.
    Exception(Box<Inconsistency>),
    /// The recovery fails for another reason: upstream's text.
    Failed(String),
    /// A processor fails on a record again and again.
    Stuck {
        /// The record.
        position: i64,
        /// The exception.
        exception: String,
    },
    /// A record is not what the model would have written; upstream need not notice.
    Differs(Box<Difference>),
}

impl Outcome {
    /// Whether the log stands.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        matches!(self, Outcome::Clean)
    }

    /// Where it ended: the record in question, and its source.
    #[must_use]
    pub fn place(&self) -> Option<(Option<i64>, i64)> {
        match self {
            Outcome::Clean | Outcome::Failed(_) => None,
            Outcome::Exception(inconsistency) => {
                Some((Some(inconsistency.logged.position), inconsistency.logged.source))
            }
            Outcome::Stuck { position, .. } => Some((Some(*position), *position)),
            Outcome::Differs(difference) => Some((difference.position, difference.source)),
        }
    }
}

/// A replay's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Where the log refused a deployment that the replay accepts, or the reverse, without upstream noticing: positions of
    /// the log's answers.
    pub silent: Vec<i64>,
    /// Records that were run again.
    pub replayed: u64,
    /// The last source, up to which records were run again.
    pub last_source: i64,
}
