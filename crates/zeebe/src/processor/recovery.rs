//! Recovery: the state of a snapshot, and the log behind it run again.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/StreamProcessor.java (onActorStarted, onRecovered)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/ReProcessingStateMachine.java (jobs)

use super::death::Death;
use super::host::{Host, Mismatch, Notice, StoragePoint, Wait};
use super::queue::Job;
use super::{HEALTH_TICK_MS, Phase, StreamProcessor};
use crate::engine::Effect;
use crate::protocol::NO_POSITION;
use crate::replay::{Replay, Scan, Step};

impl StreamProcessor {
    pub(super) fn start<H: Host>(&mut self, host: &mut H) {
        let snapshot = self.state.last_processed();
        if snapshot > NO_POSITION && host.record(snapshot).is_none() {
            let partition = self.partition;
            return self.fail(
                Death::SnapshotNotOnLog,
                format!(
                    "Expected to find event with the snapshot position {snapshot} in log stream, but nothing was found. \
                     Failed to recover 'StreamProcessor-{partition}'."
                ),
                host,
            );
        }
        host.notice(Notice::RecoveredFrom { snapshot });
        self.last_tick = host.now();
        host.wait(HEALTH_TICK_MS.unsigned_abs(), Wait::HealthTick);
        let records: Vec<_> = (snapshot.max(0) + 1..=host.commit_position()).map_while(|at| host.record(at)).collect();
        let scan = match Scan::of(snapshot, records.iter()) {
            Ok(scan) => scan,
            Err(why) => return self.fail(Death::PositionsDoNotRise, why, host),
        };
        self.next = snapshot.max(0) + 1;
        if scan.is_needed() {
            host.notice(Notice::Reprocessing { last_source: scan.last_source });
            self.replay = Some(Replay::new(scan));
            self.reprocess(host);
        } else {
            self.queue.trigger(Job::Reprocessed);
        }
    }

    /// Reads the next record, verifies it, and runs it again if it lies before the last source.
    pub(super) fn reprocess<H: Host>(&mut self, host: &mut H) {
        let Some(replay) = &mut self.replay else { return };
        let last = replay.scan().last_follow_up;
        let Some(record) = host.record(self.next) else {
            return self.fail(
                Death::LogEnds,
                format!(
                    "Expected to find last follow-up event position '{last}', but found no next event. Failed to reprocess \
                     on processor"
                ),
                host,
            );
        };
        self.next += 1;
        if let Err(inconsistency) = replay.verify(&record, &self.toggles) {
            let why = inconsistency.text(self.partition);
            let met = Mismatch { position: record.position, listed: inconsistency.listed };
            let death = Death::Inconsistent(inconsistency.cause);
            return self.end(Notice::Failed { death, why, met: Some(met) }, host);
        }
        let runs = replay.runs(&record);
        self.current = Some(record);
        if runs { self.queue.run(Job::RunAgain) } else { self.reprocessed(host) }
    }

    /// Upstream's endless retry: the transaction is rolled back, and what lies outside of it is not.
    pub(super) fn run_again<H: Host>(&mut self, host: &mut H) {
        let (Some(mut replay), Some(record)) = (self.replay.take(), self.current.take()) else { return };
        if self.state.in_transaction() {
            self.state.rollback();
            self.seen.rollback(self.toggles.cache_rollback);
        }
        self.state.begin();
        let mut engine = self.engine(host.now());
        let result = replay.run(&mut engine, &record);
        let effects = std::mem::take(&mut self.out.effects);
        for effect in &effects {
            match effect {
                Effect::Distribute { key, position } => self.push_deployment(*key, *position, false, host),
                Effect::ConfirmDeployment { key } => host.confirm(*key),
                // Side effects and answers are not done again; the gateways are told of jobs from the end of the recovery on.
                Effect::Answer(_)
                | Effect::JobsAvailable(_)
                | Effect::DistributeAfterCommit { .. }
                | Effect::TimerSet { .. } => {}
            }
        }
        self.out.effects = effects;
        let position = record.position;
        self.replay = Some(replay);
        self.current = Some(record);
        let failed = match result {
            Err(exception) => Some(exception.0),
            Ok(()) => host.storage_fails(StoragePoint::MarkReprocessed).map(|_| "the store failed".to_owned()),
        };
        match failed {
            Some(why) => {
                host.notice(Notice::RunsAgain { position, why });
                self.spin(Job::RunAgain);
            }
            None => self.queue.trigger(Job::CommitReprocessed),
        }
    }

    pub(super) fn commit_reprocessed<H: Host>(&mut self, host: &mut H) {
        if host.storage_fails(StoragePoint::Commit).is_some() {
            return self.spin(Job::CommitReprocessed);
        }
        self.state.commit();
        self.seen.commit();
        self.queue.trigger(Job::Reprocessed);
    }

    /// The record is done: the next one, or the end of the recovery.
    pub(super) fn reprocessed<H: Host>(&mut self, host: &mut H) {
        let step = match (&mut self.replay, self.current.take()) {
            (Some(replay), Some(record)) => {
                if let Some(listed) = replay.diverges(&record) {
                    host.notice(Notice::Diverged { position: record.position, listed });
                }
                (replay.done(&record), record.position)
            }
            _ => return self.recovered(host),
        };
        match step {
            (Step::Finished, position) => {
                for listed in self.replay.iter().flat_map(Replay::left_over) {
                    host.notice(Notice::Diverged { position: NO_POSITION, listed: *listed });
                }
                host.notice(Notice::Reprocessed { position });
                self.next = self.replay.as_ref().map_or(1, |replay| replay.scan().last_source) + 1;
                self.recovered(host);
            }
            _ => self.queue.submit(Job::Reprocess),
        }
    }

    fn recovered<H: Host>(&mut self, host: &mut H) {
        self.phase = Phase::Processing;
        self.replay = None;
        host.notice(Notice::Recovered);
        self.start_triggers(host);
        self.queue.submit(Job::PushPending);
        self.queue.submit(Job::ReadNext);
    }
}
