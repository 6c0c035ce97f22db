//! A leader's log stream: the dispatcher that gives positions, and what waits in it for the appender.
//!
//= camunda/zeebe@0.24.4:dispatcher/src/main/java/io/zeebe/dispatcher/Dispatcher.java (claims)
//= camunda/zeebe@0.24.4:logstreams/src/main/java/io/zeebe/logstreams/impl/log/LogStorageAppender.java (blocks)

use crate::protocol::Record;
use std::collections::VecDeque;

/// Bytes that the buffer holds, roughly: records are counted as 1 KiB each of upstream's 4 MB fragments.
const BUFFER_RECORDS: usize = 4_096;
/// Entries underway to Raft, at most: the limiter's initial window.
const IN_FLIGHT_MAX: u32 = 1_024;

/// A log stream, from the installation of a leader to its end.
#[derive(Clone, Debug)]
pub struct LogStream {
    next: i64,
    waiting: VecDeque<Record>,
    /// Entries that Raft has not committed.
    in_flight: u32,
    /// Whether the appender has a job.
    pub(super) appending: bool,
}

impl LogStream {
    /// A log stream behind the last committed position.
    #[must_use]
    pub fn new(last: i64) -> Self {
        LogStream { next: last.max(0) + 1, waiting: VecDeque::new(), in_flight: 0, appending: false }
    }

    /// Claims positions for a batch, as one; the last one, or nothing if the buffer is full.
    pub fn claim(&mut self, batch: Vec<Record>, now: i64) -> Option<i64> {
        if self.waiting.len() + batch.len() > BUFFER_RECORDS {
            return None;
        }
        for mut record in batch {
            record.position = self.next;
            record.timestamp = now;
            self.next += 1;
            self.waiting.push_back(record);
        }
        Some(self.next - 1)
    }

    /// What the appender takes: all that is ready, if Raft may be given more.
    pub fn block(&mut self) -> Vec<Record> {
        if self.in_flight >= IN_FLIGHT_MAX {
            return Vec::new();
        }
        let block: Vec<Record> = self.waiting.drain(..).collect();
        self.in_flight += u32::from(!block.is_empty());
        block
    }

    /// An entry is committed, or will never be.
    pub fn landed(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Whether the appender has something to do.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.waiting.is_empty() && self.in_flight < IN_FLIGHT_MAX
    }
}
