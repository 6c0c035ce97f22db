//! A leader's snapshot director: asks its stream processor how far it is, takes a checkpoint of the state, and keeps it when
//! what the state rests on is committed.
//!
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/partitions/impl/AsyncSnapshotDirector.java (all of it)
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/logstreams/AtomixRecordEntrySupplierImpl.java (index - 1)

use super::Shell;
use super::partition::{Partition, Rest};
use super::snapshots::{CHUNK_BYTES, CHUNKS};
use crate::cluster::{Batch, Checkpoint, Event, Timer, Zeebe};
use crate::processor::{Job, Notice};
use kernel::dice::below;
use kernel::identity::{Nanos, SECONDS};
use kernel::system::Env;
use raft::Snapshot;

/// The first snapshot of a leader comes after a minute at the earliest.
const PERIOD_MIN: Nanos = 60 * SECONDS;

/// Where a snapshot stands.
#[derive(Clone, Debug, Default)]
pub(super) enum Director {
    /// None is being taken.
    #[default]
    Idle,
    /// Asked how far the processor is.
    AsksProcessed,
    /// The checkpoint begins with a flush.
    Flushes(Box<Snapshot<Batch>>),
    /// The checkpoint is made; asked what was written last.
    AsksWritten(Box<Snapshot<Batch>>),
    /// Waits until this position is committed.
    Waits(Box<Snapshot<Batch>>, i64),
}

impl Rest {
    /// A leader's services are there: the first snapshot at a random time, the others one period apart.
    pub(super) fn start_director<E: Env<Zeebe>>(&mut self, shell: &Shell, env: &mut E) {
        self.director = Director::Idle;
        let period = shell.settings.snapshot_period;
        let draw = self.election.as_mut().map_or(0, |stream| env.draw(stream));
        let minutes = (period.saturating_sub(PERIOD_MIN) / PERIOD_MIN).max(1);
        self.set_snapshot_timer(PERIOD_MIN.min(period) + below(draw, minutes) * PERIOD_MIN, env);
    }

    fn set_snapshot_timer<E: Env<Zeebe>>(&mut self, after: Nanos, env: &mut E) {
        let (partition, epoch) = (self.number, self.epoch);
        self.snapshot_timer = Some(env.set_timer(after, Timer::Snapshot { partition, epoch }));
    }
}

impl Partition {
    /// Time for a snapshot.
    pub(super) fn snapshot_due<E: Env<Zeebe>>(&mut self, epoch: u32, shell: &Shell, env: &mut E) {
        if epoch == self.rest.epoch {
            self.rest.set_snapshot_timer(shell.settings.snapshot_period, env);
            self.take_snapshot();
        }
    }

    /// Starts to take a snapshot, unless one is being taken, or nobody leads here.
    pub fn take_snapshot(&mut self) {
        if matches!(self.rest.director, Director::Idle) && self.rest.processor.is_some() {
            self.rest.director = Director::AsksProcessed;
            self.submit(Job::Probe(0));
        }
    }

    /// What the stream processor answered.
    pub(super) fn positions<E: Env<Zeebe>>(&mut self, notice: &Notice, shell: &Shell, env: &mut E) {
        let Notice::Positions { processed, written, .. } = *notice else { return };
        match std::mem::take(&mut self.rest.director) {
            Director::AsksProcessed if processed >= 0 => {
                let exported = self.rest.exporters.lowest().unwrap_or(i64::MAX);
                let snapshot = self.checkpoint(processed.min(exported), processed, shell);
                if let Some(snapshot) = snapshot.filter(|_| self.rest.flush(env)) {
                    self.rest.director = Director::Flushes(Box::new(snapshot));
                } else {
                    env.emit(Event::NoSnapshot { partition: self.rest.number, position: processed });
                }
            }
            Director::AsksProcessed => {
                env.emit(Event::NoSnapshot { partition: self.rest.number, position: processed });
            }
            Director::AsksWritten(snapshot) => {
                self.rest.director = Director::Waits(snapshot, written);
                self.check_snapshot(env);
            }
            other => self.rest.director = other,
        }
    }

    /// The flush that a checkpoint begins with is done, or has failed; then nothing comes of the snapshot.
    pub(super) fn checkpoint_flushed<E: Env<Zeebe>>(&mut self, done: bool, env: &mut E) {
        match std::mem::take(&mut self.rest.director) {
            Director::Flushes(snapshot) if done => {
                self.rest.director = Director::AsksWritten(snapshot);
                self.submit(Job::Probe(1));
            }
            Director::Flushes(snapshot) => {
                env.emit(Event::NoSnapshot { partition: self.rest.number, position: snapshot.data.position });
            }
            other => self.rest.director = other,
        }
    }

    /// The state as it is committed now, which may be ahead of the position that was asked for. It bounds the log by the
    /// entry before the last one that the sparse index knows at the position up to which all is processed and exported.
    fn checkpoint(&self, bound: i64, processed: i64, shell: &Shell) -> Option<Snapshot<Batch>> {
        let log = self.member()?.log();
        let density = shell.settings.index_density.max(1);
        let knows = |index: &u64| {
            let positions = log.get(*index).and_then(raft::Entry::positions);
            positions.is_some_and(|positions| positions.lowest.cast_signed() <= bound)
        };
        let last = log.last_index() / density * density;
        let mut indexed = (log.first_index().max(1)..=last).rev().filter(|index| index % density == 0);
        let index = indexed.find(knows)?.checked_sub(1).filter(|index| *index > 0)?;
        let before = self.rest.snapshots.current.as_ref();
        if before.is_some_and(|before| before.index >= index) {
            return None;
        }
        let term = log.get(index).map(|entry| entry.term).or_else(|| before.map(|before| before.term))?;
        let state = self.processor()?.state().committed();
        let data = Checkpoint::new(state, processed, self.rest.exporters.positions().clone());
        Some(Snapshot { index, term, chunks: CHUNKS, chunk_bytes: CHUNK_BYTES, data })
    }

    /// Keeps the snapshot when what was written before it is committed.
    pub(super) fn check_snapshot<E: Env<Zeebe>>(&mut self, env: &mut E) {
        match std::mem::take(&mut self.rest.director) {
            Director::Waits(snapshot, written) if self.rest.commit_position >= written => {
                self.rest.write_snapshot(*snapshot, None, env);
            }
            other => self.rest.director = other,
        }
    }
}
