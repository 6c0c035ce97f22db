//! The database of a leader's state, as far as its disk can make it fail.
//!
//! Commits go into memory and into a write-ahead log that is neither synced nor waited for, in space that is set aside
//! beforehand: they meet no disk. What meets it is the flush that every checkpoint begins with. When that fails, the
//! database stops: every later commit fails at once with an error that upstream takes for one that passes, so that the
//! stream processor tries the same commit for ever. For want of space it looks every 5 s whether there is some, and goes
//! on; after any other error it is stopped until it is opened anew, by the next leader. docs/decisions/0007 has the reasons
//! and what is left out.
//!
//= camunda/zeebe@0.24.4:zb-db/src/main/java/io/zeebe/db/impl/rocksdb/ZeebeRocksDbFactory.java (paranoid checks, no other option)
//= facebook/rocksdb@6.8:db/error_handler.cc (severities, recovery from want of space)

use super::partition::{Partition, Rest};
use super::snapshots::OWN;
use crate::cluster::{Event, Stored, Timer, Zeebe};
use kernel::disk::DiskError;
use kernel::identity::{FileName, Nanos, SECONDS};
use kernel::system::{DiskOp, Env};

/// Bit of the broker's own disk tokens that are the database's; which life it is stands above the partition.
pub(super) const DATABASE: u64 = 1 << 61;
/// From one look for space to the next.
const LOOK_FOR_SPACE: Nanos = 5 * SECONDS;

/// What stopped it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    WantOfSpace,
    Error,
}

/// A leader's database.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Database {
    stopped: Option<Stop>,
    /// Whether what is flushed is on its way.
    flushing: bool,
}

impl Database {
    /// Whether commits fail.
    pub(super) const fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }
}

/// What has been flushed of a partition's state: one record stands for all files.
fn file(number: u16) -> FileName {
    FileName { kind: "state", number: u64::from(number) }
}

impl Rest {
    /// Flushes what is in memory; whether that was begun.
    pub(super) fn flush<E: Env<Zeebe>>(&mut self, env: &mut E) -> bool {
        if self.database.stopped == Some(Stop::Error) || self.database.flushing {
            return false;
        }
        self.database.flushing = true;
        let (file, record) = (file(self.number), Stored::State);
        let filed = env.file_len(file).is_some_and(|len| len > 0);
        if filed {
            // New files take new space; the old ones go when they are merged.
            env.disk(DiskOp::Truncate(file, 0), None);
        }
        env.disk(DiskOp::Append(file, record), None);
        let token = OWN | DATABASE | u64::from(self.epoch) << 16 | u64::from(self.number);
        env.disk(DiskOp::Sync(file), Some(token));
        true
    }
}

impl Partition {
    /// A flush is done, or has failed.
    pub(super) fn flushed<E: Env<Zeebe>>(&mut self, token: u64, result: Result<(), DiskError>, env: &mut E) {
        let epoch = (token >> 16) as u32;
        if epoch != self.epoch() {
            return;
        }
        let (partition, before) = (self.number(), self.rest.database.stopped);
        self.rest.database.flushing = false;
        self.rest.database.stopped = match result {
            Ok(()) => None,
            Err(DiskError::Full) => Some(Stop::WantOfSpace),
            Err(_) => Some(Stop::Error),
        };
        if self.rest.database.stopped == Some(Stop::WantOfSpace) {
            env.set_timer(LOOK_FOR_SPACE, Timer::Database { partition, epoch });
        }
        if before.is_some() != result.is_err() {
            env.emit(Event::Database { partition, works: result.is_ok() });
        }
        self.checkpoint_flushed(result.is_ok(), env);
    }

    /// Looks for space: by flushing again.
    pub(super) fn look_for_space<E: Env<Zeebe>>(&mut self, epoch: u32, env: &mut E) {
        if epoch == self.epoch() && self.rest.database.stopped == Some(Stop::WantOfSpace) {
            self.rest.flush(env);
        }
    }
}
