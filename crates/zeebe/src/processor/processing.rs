//! Processing: change the state, claim positions for what follows, commit, do the side effects; then the next record.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/ProcessingStateMachine.java (all of it)

use super::host::{Host, Notice, StorageError, StoragePoint, Wait};
use super::queue::Job;
use super::{Phase, StreamProcessor};
use crate::engine::{Effect, has_processor};
use crate::protocol::{ErrorIntent, ErrorRecord, RecordType, RejectionType, Value};
use std::sync::Arc;

/// Milliseconds until a record is processed again after a storage error.
const RETRY_MS: u64 = 250;

impl StreamProcessor {
    pub(super) fn read_next<H: Host>(&mut self, host: &mut H) {
        if self.error_retries > 0 {
            self.error_loop = false;
            self.error_retries = 0;
        }
        if let Some(error) = self.error_position {
            if host.commit_position() < error {
                return;
            }
            self.error_position = None;
        }
        if self.paused || self.phase != Phase::Processing || self.current.is_some() {
            return;
        }
        let Some(record) = host.record(self.next) else { return };
        self.next += 1;
        if has_processor(record.kind, record.intent) {
            self.current = Some(record);
            self.process_current(host);
        } else {
            self.queue.submit(Job::ReadNext);
        }
    }

    /// Runs the processor of the current record in the transaction at hand: a new one, or after a storage error the same.
    pub(super) fn process_current<H: Host>(&mut self, host: &mut H) {
        let Some(record) = self.current.take() else { return };
        self.state.begin();
        self.writer.reset(self.toggles.fix_5420);
        self.writer.configure_source(record.position);
        self.out.clear();
        let mut engine = self.engine(host.now());
        let result = if engine.is_blacklisted(&record) { Ok(()) } else { engine.process(&record) };
        let effects = std::mem::take(&mut self.out.effects);
        for effect in &effects {
            match effect {
                Effect::Distribute { key, position } => self.push_deployment(*key, *position, true, host),
                Effect::ConfirmDeployment { key } => host.confirm(*key),
                Effect::JobsAvailable(kind) => host.jobs_available(kind),
                _ => {}
            }
        }
        self.out.effects = effects;
        for follow_up in self.out.follow_ups.drain(..) {
            self.writer.append(follow_up);
        }
        let position = record.position;
        self.current = Some(record);
        if let Err(exception) = result {
            return self.on_error(&exception.0, host);
        }
        match host.storage_fails(StoragePoint::MarkProcessed) {
            // The same transaction goes on later, and so does the batch.
            Some(StorageError::Recoverable) => return host.wait(RETRY_MS, Wait::Retry),
            Some(StorageError::Other) => return self.on_error("the store failed", host),
            None => {}
        }
        self.state.mark_processed(position);
        self.queue.run(Job::Write);
    }

    /// The processor failed: its changes are taken back, the command refused, the instance put on the blacklist.
    fn on_error<H: Host>(&mut self, why: &str, host: &mut H) {
        let Some(record) = self.current.take() else { return };
        self.error_retries += 1;
        self.error_loop |= self.error_retries > 1;
        self.state.rollback();
        self.seen.rollback(self.toggles.cache_rollback);
        self.state.begin();
        self.writer.reset(self.toggles.fix_5420);
        self.writer.configure_source(record.position);
        self.out.clear();
        if record.kind == RecordType::Command {
            let position = record.position;
            let reason = format!(
                "Expected to process event 'record at {position}' without errors, but exception occurred with message \
                 '{why}' ."
            );
            self.out.reject(&record, RejectionType::ProcessingError, reason);
        }
        self.engine(host.now()).try_to_blacklist(&record);
        let workflow_instance_key =
            record.value.workflow_instance_key().filter(|key| self.state.is_blacklisted(*key)).unwrap_or(-1);
        let error = ErrorRecord {
            exception_message: why.into(),
            stacktrace: why.into(),
            error_event_position: record.position,
            workflow_instance_key,
        };
        for follow_up in self.out.follow_ups.drain(..) {
            self.writer.append(follow_up);
        }
        self.writer.append(crate::engine::FollowUp {
            key: record.key,
            kind: RecordType::Event,
            intent: ErrorIntent::Created.into(),
            rejection: None,
            value: Value::Error(Arc::new(error)),
        });
        // Whether the commit position matters is known when the record is written.
        self.error_position = Some(i64::MAX);
        self.current = Some(record);
        self.queue.run(Job::Write);
    }

    /// Claims positions; while the dispatcher's buffer is full, nothing else of this actor is done.
    pub(super) fn write<H: Host>(&mut self, host: &mut H) {
        match self.writer.flush(host) {
            Some(position) => {
                self.written = position;
                self.queue.trigger(Job::Update);
            }
            None => self.spin(Job::Write),
        }
    }

    pub(super) fn commit<H: Host>(&mut self, host: &mut H) {
        if host.storage_fails(StoragePoint::Commit).is_some() {
            return self.spin(Job::Commit);
        }
        self.state.commit();
        self.seen.commit();
        if self.error_position == Some(i64::MAX) {
            self.error_position = Some(self.written);
        }
        if let Some(record) = &self.current {
            self.last_processed = record.position;
            host.notice(Notice::Processed { position: record.position });
        }
        self.last_written = self.written;
        self.highest_written = self.highest_written.max(self.written);
        self.queue.trigger(Job::SideEffects);
    }

    pub(super) fn side_effects<H: Host>(&mut self, host: &mut H) {
        let effects = std::mem::take(&mut self.out.effects);
        for effect in &effects {
            match effect {
                Effect::Answer(answer) => host.answer(answer.clone()),
                Effect::DistributeAfterCommit { key, position } => self.push_deployment(*key, *position, true, host),
                Effect::TimerSet { due_date } => self.watch_due_date(*due_date, host),
                _ => {}
            }
        }
        self.out.effects = effects;
        self.queue.trigger(Job::EndRecord);
    }

    pub(super) fn end_record<H: Host>(&mut self, host: &mut H) {
        let ended = self.current.take().filter(|record| record.kind == RecordType::Command);
        if let Some(request) = ended.and_then(|record| record.request) {
            host.command_processed(request);
        }
        self.queue.submit(Job::ReadNext);
    }

    pub(super) fn pause<H: Host>(&mut self, host: &mut H) {
        if !self.paused {
            self.paused = true;
            self.phase = Phase::Paused;
            self.stop_triggers(host);
        }
    }

    pub(super) fn resume<H: Host>(&mut self, host: &mut H) {
        if self.paused {
            self.paused = false;
            self.phase = Phase::Processing;
            self.start_triggers(host);
            self.queue.submit(Job::ReadNext);
        }
    }
}
