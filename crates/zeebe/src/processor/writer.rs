//! The writer that all parts of a stream processor share. It keeps the source position that it was last given: what writes
//! without giving one of its own writes under a stale one (camunda/zeebe#5420).
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/TypedCommandWriterImpl.java (reset keeps the source)

use super::host::Host;
use crate::engine::FollowUp;
use crate::protocol::{NO_POSITION, Record};

/// The shared writer.
#[derive(Clone, Debug)]
pub struct Writer {
    source: i64,
    batch: Vec<Record>,
}

impl Default for Writer {
    fn default() -> Self {
        Writer { source: NO_POSITION, batch: Vec::new() }
    }
}

impl Writer {
    /// The source that it writes under.
    #[must_use]
    pub const fn source(&self) -> i64 {
        self.source
    }

    /// Drops what is not flushed. Mended, it forgets the source too.
    pub fn reset(&mut self, forgets: bool) {
        self.batch.clear();
        if forgets {
            self.source = NO_POSITION;
        }
    }

    /// Writes under this source from now on.
    pub fn configure_source(&mut self, position: i64) {
        self.source = position;
    }

    /// Adds a record to the batch.
    pub fn append(&mut self, follow_up: FollowUp) {
        let FollowUp { key, kind, intent, rejection, value } = follow_up;
        let (position, source, timestamp, request) = (NO_POSITION, self.source, 0, None);
        self.batch.push(Record { position, source, key, timestamp, kind, intent, rejection, value, request });
    }

    /// Gives the batch to the dispatcher: the last position, 0 for an empty batch (which is what camunda/zeebe#6049 stumbles
    /// over), or nothing if the buffer is full; then the batch is kept.
    pub fn flush<H: Host>(&mut self, host: &mut H) -> Option<i64> {
        if self.batch.is_empty() {
            return Some(0);
        }
        let batch = std::mem::take(&mut self.batch);
        match host.append(batch.clone()) {
            Some(position) => Some(position),
            None => {
                self.batch = batch;
                None
            }
        }
    }
}
