//! The course of a replay: what comes of the things that it meets, one after the other.

use super::compare::Difference;
use super::index::BySource;
use super::outcome::Outcome;
use crate::replay::Inconsistency;

/// Something that a replay meets when it reads or runs a record.
#[derive(Clone, Debug)]
pub(super) enum Finding {
    /// The log refused a deployment that the replay accepts, or the reverse.
    Silent {
        /// Where the log has its answer.
        position: i64,
        /// The CREATE.
        source: i64,
    },
    /// A record is not as the model writes it.
    Differs(Box<Difference>),
    /// Upstream notices.
    Raises(Box<Inconsistency>),
    /// A processor fails for ever.
    Stuck {
        /// On this record.
        position: i64,
        /// With this.
        exception: String,
    },
}

/// A replay as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// Position and source of each.
    silent: Vec<(i64, i64)>,
    /// A difference that upstream has not noticed, but may with a later follow-up of the same record.
    pending: Option<Box<Difference>>,
    ended: Option<Outcome>,
}

impl Course {
    /// Before a record is read: ends the course if upstream can no longer notice the difference that was met.
    pub fn read(&mut self, position: i64, by_source: &BySource) {
        let past = |difference: &mut Box<Difference>| {
            let source = difference.source;
            let last = by_source.of_source(source).last().copied().unwrap_or(source);
            position > last.max(source)
        };
        if let Some(difference) = self.pending.take_if(past) {
            self.ended = Some(Outcome::Differs(difference));
        }
    }

    /// Meets something.
    pub fn meet(&mut self, finding: Finding) {
        match (finding, self.pending.take()) {
            (Finding::Raises(inconsistency), pending) => {
                let source = inconsistency.logged.source;
                match pending {
                    Some(pending) if pending.source != source => self.ended = Some(Outcome::Differs(pending)),
                    _ => {
                        self.silent.retain(|(_, of)| *of != source);
                        self.ended = Some(Outcome::Exception(inconsistency));
                    }
                }
            }
            (Finding::Stuck { .. }, Some(pending)) => self.ended = Some(Outcome::Differs(pending)),
            (Finding::Stuck { position, exception }, None) => {
                self.ended = Some(Outcome::Stuck { position, exception });
            }
            (_, Some(pending)) => self.pending = Some(pending),
            (Finding::Silent { position, source }, None) => self.silent.push((position, source)),
            (Finding::Differs(difference), None) => self.pending = Some(difference),
        }
    }

    /// Whether nothing more can come of it.
    pub const fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// Whether nothing was met that ends it or will.
    pub const fn is_clean(&self) -> bool {
        self.ended.is_none() && self.pending.is_none()
    }

    /// What came of it, and the silent divergences on the way. A stray record counts only if all else is as it should be.
    pub fn end(self, stray: impl FnOnce() -> Option<Difference>) -> (Outcome, Vec<i64>) {
        let differs = |difference| Outcome::Differs(Box::new(difference));
        let Course { silent, pending, ended } = self;
        let ended = ended.or(pending.map(Outcome::Differs)).or_else(|| stray().map(differs));
        let positions = silent.into_iter().map(|(position, _)| position);
        (ended.unwrap_or(Outcome::Clean), positions.collect())
    }
}
