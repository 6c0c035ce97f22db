//! The order in which a leader writes: what it wrote of one record stands in one piece, and behind what it wrote of earlier
//! ones.
//!
//! A leader processes in the order of the log, and claims the place of a batch at once. The next leader goes on behind the
//! highest source that it finds, so this holds across leaders too.
//!
//! What is written beside processing carries the source that the shared writer was last given: by the record that was
//! processed last, by the DISTRIBUTED that was written last, or by nothing since the leader recovered.
//= specs/zeebe.md 1.3, 2.1, 3.3, 4.9

use super::index::is_asynchronous;
use crate::protocol::{NO_POSITION, Record};

/// What a log shows of its leader when something was written beside processing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    position: i64,
    /// The highest source before it: that record has been processed, and of later ones nothing came.
    pub reach: i64,
    /// The source of the last record that was written before it.
    pub kept: i64,
}

impl Moment {
    /// Whether the shared writer can have had this source.
    pub const fn allows(self, source: i64) -> bool {
        source == NO_POSITION || source >= self.reach || source == self.kept
    }

    /// The record that the leader had processed last when it wrote under this source.
    pub const fn processed(self, source: i64) -> i64 {
        if source > self.reach { source } else { self.reach }
    }
}

/// The order of a log.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// Of what is written beside processing, in the order of the log.
    moments: Vec<Moment>,
    /// Follow-ups that stand apart from others of their source or behind those of later ones, in the order of the log.
    misplaced: Vec<i64>,
}

impl Order {
    /// Of a log.
    pub fn of(records: &[Record]) -> Self {
        let mut order = Order::default();
        // The highest source, that of what processing wrote, and the last one.
        let (mut reach, mut processed, mut kept) = (NO_POSITION, NO_POSITION, NO_POSITION);
        // Whether the record before was written by processing.
        let mut open = false;
        for record in records {
            let Record { position, source, .. } = *record;
            let asynchronous = is_asynchronous(record);
            if asynchronous {
                order.moments.push(Moment { position, reach, kept });
            }
            let names_earlier = source > 0 && source < position;
            let was_open = std::mem::replace(&mut open, names_earlier && !asynchronous);
            if open {
                let goes_on = was_open && source == kept;
                if !(goes_on || (source > processed && source >= reach)) {
                    order.misplaced.push(position);
                }
                processed = processed.max(source);
            }
            if names_earlier {
                reach = reach.max(source);
            }
            if names_earlier || (asynchronous && source == NO_POSITION) {
                kept = source;
            }
        }
        order
    }

    /// When a record was written beside processing.
    pub fn moment(&self, position: i64) -> Option<Moment> {
        let at = self.moments.binary_search_by_key(&position, |moment| moment.position).ok()?;
        self.moments.get(at).copied()
    }

    /// Whether a follow-up stands where no leader writes it.
    pub fn is_misplaced(&self, position: i64) -> bool {
        self.misplaced.binary_search(&position).is_ok()
    }
}
