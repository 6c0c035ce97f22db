//! Holding a recorded log against the model: what a new leader's replay of it comes to, and whether every record that a
//! processor wrote is what the model would have written, in all members but the timestamp.
//!
//! Some records are written beside processing and have rules of their own: DISTRIBUTED repeats the DISTRIBUTE at its source;
//! TIME_OUT, a timer's TRIGGER and a message's DELETE carry the source of whatever record was processed last.

mod compare;
mod course;
mod every_snapshot;
mod index;
mod leader;
mod order;
mod outcome;
mod pass;
mod request;
mod rerun;
mod resources;
mod rules;
mod scans;
mod stored;
mod strays;
mod windows;

pub use compare::Difference;
pub use every_snapshot::{Range, every_snapshot};
pub use outcome::{Outcome, Report};
pub use request::{Confirmation, Refused, Request, last_snapshot, verify};
pub use resources::{Beyond, check_resources};
pub use windows::{KillWindow, kill_windows};

use crate::protocol::Record;

/// A partition's log, whole from position 1.
#[derive(Clone, Copy, Debug)]
pub struct PartitionLog<'a> {
    /// The partition.
    pub partition: u16,
    /// Its records; the one at position p stands at index p - 1.
    pub records: &'a [Record],
}

impl<'a> PartitionLog<'a> {
    /// The record at a position.
    #[must_use]
    pub fn at(&self, position: i64) -> Option<&'a Record> {
        usize::try_from(position - 1).ok().and_then(|index| self.records.get(index))
    }
}
