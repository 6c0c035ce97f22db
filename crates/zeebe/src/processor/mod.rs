//! The stream processor of a partition's leader: it recovers the state by replay, then processes what is committed.
//!
//! One actor runs one job after the other ([`queue`]). Every step of processing is a job of its own where upstream's is, so
//! that what comes from outside (confirmations, timers, questions of the snapshot director) falls between the same steps,
//! and joins the transaction that happens to be open.
//!
//! A failed recovery, or an exception that a job does not catch, kills the actor and nothing else: the partition goes on
//! leading, and takes commands that nobody processes.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/StreamProcessor.java (life)

mod death;
mod distribution;
mod host;
mod processing;
mod queue;
mod recovery;
mod triggers;
mod writer;

pub use death::Death;
pub use distribution::Distributor;
pub use host::{Host, Mismatch, Notice, StorageError, StoragePoint, Wait};
pub use queue::{Job, Queue};
pub use writer::Writer;

use crate::engine::{Engine, Output, SeenDeployments};
use crate::protocol::{NO_POSITION, Record};
use crate::replay::Replay;
use crate::settings::Toggles;
use crate::state::State;
use std::sync::Arc;

/// What it is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Running the log again.
    Reprocessing,
    /// Processing.
    Processing,
    /// Waiting for an operator to resume it.
    Paused,
    /// Dead.
    Failed,
}

/// Milliseconds between two signs of life.
pub const HEALTH_TICK_MS: i64 = 5_000;

/// A stream processor, from its installation as leader to its end.
#[derive(Clone, Debug)]
pub struct StreamProcessor {
    partition: u16,
    partitions: u16,
    toggles: Arc<Toggles>,
    phase: Phase,
    paused: bool,
    queue: Queue,
    /// Whether the job at the front is one that is tried again.
    spins: bool,
    state: State,
    seen: SeenDeployments,
    out: Output,
    writer: Writer,
    distributor: Distributor,
    replay: Option<Replay>,
    /// Where the reader stands: the position it reads next, at least.
    next: i64,
    current: Option<Record>,
    last_processed: i64,
    last_written: i64,
    written: i64,
    highest_written: i64,
    /// The ERROR record that must be committed before the next record is read.
    error_position: Option<i64>,
    error_retries: u32,
    error_loop: bool,
    last_tick: i64,
}

impl StreamProcessor {
    /// One that recovers from the state of a snapshot; an empty one for no snapshot.
    #[must_use]
    pub fn new(partition: u16, partitions: u16, toggles: Arc<Toggles>, snapshot: State) -> Self {
        let mut queue = Queue::default();
        queue.submit(Job::Start);
        let mut state = snapshot;
        state.watch();
        StreamProcessor {
            partition,
            partitions,
            toggles,
            phase: Phase::Reprocessing,
            paused: false,
            queue,
            spins: false,
            state,
            seen: SeenDeployments::default(),
            out: Output::default(),
            writer: Writer::default(),
            distributor: Distributor::new(partitions),
            replay: None,
            next: 1,
            current: None,
            last_processed: NO_POSITION,
            last_written: NO_POSITION,
            written: NO_POSITION,
            highest_written: NO_POSITION,
            error_position: None,
            error_retries: 0,
            error_loop: false,
            last_tick: 0,
        }
    }

    /// What it is doing.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The state, with what an open transaction has written.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Deployments seen since it started.
    #[must_use]
    pub const fn seen(&self) -> &SeenDeployments {
        &self.seen
    }

    /// The position processed last in this life, in phase processing; `NO_POSITION` before.
    #[must_use]
    pub const fn last_processed(&self) -> i64 {
        self.last_processed
    }

    /// The position that it reads next, at least; what lies before is processed, or on the way.
    #[must_use]
    pub const fn reads_next(&self) -> i64 {
        self.next
    }

    /// What a snapshot taken now waits for: the last position written, which may be 0 (camunda/zeebe#6049), or the highest.
    #[must_use]
    pub fn last_written(&self) -> i64 {
        if self.toggles.fix_6049 { self.highest_written } else { self.last_written }
    }

    /// Whether it shows no sign of trouble at a time of the wall clock.
    //= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/StreamProcessor.java (getHealthStatus)
    #[must_use]
    pub fn is_healthy(&self, now: i64) -> bool {
        self.phase != Phase::Failed && !self.error_loop && now - self.last_tick <= 2 * HEALTH_TICK_MS
    }

    /// Something from outside: a job behind all that were submitted.
    pub fn submit(&mut self, job: Job) {
        if self.phase != Phase::Failed {
            self.queue.submit(job);
        }
    }

    /// A timer, a condition, a completed future: a job that is looked at when the others are done.
    pub fn trigger(&mut self, job: Job) {
        if self.phase != Phase::Failed {
            self.queue.trigger(job);
        }
    }

    /// The commit position has moved. Upstream watches it from the end of the recovery on.
    pub fn committed(&mut self) {
        if matches!(self.phase, Phase::Processing | Phase::Paused) {
            self.queue.trigger_once(Job::ReadNext);
        }
    }

    /// The job that the actor does next.
    pub fn next_job(&mut self) -> Option<Job> {
        if self.phase == Phase::Failed { None } else { self.queue.take() }
    }

    /// Whether the job that was taken is one that is tried again, and nothing else is done before it.
    pub const fn spins(&mut self) -> bool {
        std::mem::replace(&mut self.spins, false)
    }

    /// Tries a job again: it yields, and stays the actor's current one.
    fn spin(&mut self, job: Job) {
        self.spins = true;
        self.queue.run(job);
    }

    /// Does a job.
    pub fn execute<H: Host>(&mut self, job: Job, host: &mut H) {
        if self.phase == Phase::Failed {
            return;
        }
        match job {
            Job::Start => self.start(host),
            Job::Reprocess => self.reprocess(host),
            Job::RunAgain => self.run_again(host),
            Job::CommitReprocessed => self.commit_reprocessed(host),
            Job::Reprocessed => self.reprocessed(host),
            Job::ReadNext => self.read_next(host),
            Job::Write => self.write(host),
            Job::Update => self.queue.run(Job::Commit),
            Job::Commit => self.commit(host),
            Job::SideEffects => self.side_effects(host),
            Job::EndRecord => self.end_record(host),
            Job::Confirmed { key, partition } => self.confirmed(key, partition, host),
            Job::Distributed { key, into_log } => self.distributed(key, into_log, host),
            Job::PushPending => self.push_pending(host),
            Job::PushFailed { key, partition, node } => self.push_failed(key, partition, node, host),
            Job::Wait(wait) => self.waited(wait, host),
            Job::Pause => self.pause(host),
            Job::Resume => self.resume(host),
            Job::Probe(token) => {
                host.notice(Notice::Positions { token, processed: self.last_processed, written: self.last_written() })
            }
        }
    }

    /// The end by an exception: upstream's `onFailure`.
    fn fail<H: Host>(&mut self, death: Death, why: String, host: &mut H) {
        self.end(Notice::Failed { death, why, met: None }, host);
    }

    fn end<H: Host>(&mut self, failed: Notice, host: &mut H) {
        self.phase = Phase::Failed;
        self.queue = Queue::default();
        self.state.rollback();
        host.notice(failed);
    }

    fn engine(&mut self, now: i64) -> Engine<'_> {
        let StreamProcessor { partition, toggles, state, seen, out, .. } = self;
        Engine { partition: *partition, toggles, now, state, seen, out }
    }
}
