//! A leader's log stream: the dispatcher that gives positions, and what waits in it for the appender.
//!
//= camunda/zeebe@0.24.4:dispatcher/src/main/java/io/zeebe/dispatcher/Dispatcher.java (claims)
//= camunda/zeebe@0.24.4:logstreams/src/main/java/io/zeebe/logstreams/impl/log/LogStorageAppender.java (blocks)

use super::Shell;
use super::partition::Partition;
use crate::backpressure::{Growth, Vegas};
use crate::cluster::{Batch, Zeebe};
use crate::protocol::Record;
use kernel::identity::{MILLIS, Nanos};
use kernel::system::Env;
use std::collections::VecDeque;

/// Bytes that the buffer holds, roughly: records are counted as 1 KiB each of upstream's 4 MB fragments.
const BUFFER_RECORDS: usize = 4_096;

/// A log stream, from the installation of a leader to its end.
#[derive(Clone, Debug)]
pub struct LogStream {
    next: i64,
    waiting: VecDeque<Record>,
    /// When each entry that Raft has not committed was given to it, and how many were under way then, it included.
    under_way: VecDeque<(Nanos, u32)>,
    limit: Vegas,
    /// Whether the appender has a job.
    pub(super) appending: bool,
}

impl LogStream {
    /// A log stream behind the last committed position.
    #[must_use]
    pub fn new(last: i64, draw: u64) -> Self {
        let limit = Vegas::new(Growth::Appender, draw);
        let (waiting, under_way) = (VecDeque::new(), VecDeque::new());
        LogStream { next: last.max(0) + 1, waiting, under_way, limit, appending: false }
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
    pub fn block(&mut self, now: Nanos) -> Vec<Record> {
        if self.is_limited() {
            return Vec::new();
        }
        let block: Vec<Record> = self.waiting.drain(..).collect();
        if !block.is_empty() {
            self.under_way.push_back((now, self.under_way.len() as u32 + 1));
        }
        block
    }

    /// The oldest entry under way is committed. One that came too late for the leader's term stays under way.
    pub fn landed(&mut self, now: Nanos, draw: impl FnOnce() -> u64) {
        if let Some((began, in_flight)) = self.under_way.pop_front() {
            self.limit.sample((now - began).max(1), in_flight, draw);
        }
    }

    fn is_limited(&self) -> bool {
        self.under_way.len() >= self.limit.limit() as usize
    }

    /// Whether the appender has something to do.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.waiting.is_empty() && !self.is_limited()
    }
}

impl Partition {
    /// Appends records from outside, if the services of a leader are there; whether they were taken. A dead processor and a
    /// replay under way are no reason to refuse.
    pub(super) fn take<E: Env<Zeebe>>(&mut self, batch: Vec<Record>, env: &mut E) -> bool {
        let now = (env.wall() / MILLIS).cast_signed();
        self.rest.log.as_mut().is_some_and(|log| log.claim(batch, now).is_some())
    }

    /// The commit position follows the commit index.
    pub(super) fn see_commits(&mut self) {
        let Some(member) = &self.member else { return };
        if self.rest.looked_up == self.rest.committed {
            return;
        }
        self.rest.looked_up = self.rest.committed;
        let before = self.rest.commit_position;
        let (first, committed) = (member.log().first_index(), self.rest.committed);
        let mut index = committed;
        while index >= first.max(1) {
            match member.log().get(index).and_then(raft::Entry::positions) {
                Some(positions) => {
                    self.rest.commit_position = positions.highest.cast_signed();
                    break;
                }
                None => index -= 1,
            }
        }
        if self.rest.commit_position > before
            && let Some(processor) = &mut self.rest.processor
        {
            processor.committed();
        }
    }

    /// Gives a block of records to Raft.
    pub(super) fn append_block<E: Env<Zeebe>>(&mut self, epoch: u32, shell: &mut Shell, env: &mut E) {
        let Some(log) = self.rest.log.as_mut().filter(|_| epoch == self.rest.epoch) else { return };
        log.appending = false;
        let block = log.block(env.monotonic());
        if block.is_empty() {
            return;
        }
        let batch = Batch::new(block);
        self.rest.tickets += 1;
        let (ticket, positions) = (self.rest.tickets, batch.positions());
        self.with(shell, env, |member, host| member.append(ticket, positions, batch, host));
    }
}
