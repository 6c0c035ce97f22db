//! What a stream processor does of its own accord: times jobs out, deletes messages that are too old, triggers timers, shows
//! that it lives.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/message/MessageObserver.java (60 s)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/message/MessageTimeToLiveChecker.java
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/job/JobTimeoutTrigger.java (30 s)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/timer/DueDateTimerChecker.java

use super::host::{Host, Wait};
use super::queue::Job;
use super::{HEALTH_TICK_MS, StreamProcessor};
use crate::engine::FollowUp;
use crate::protocol::{Intent, JobIntent, MessageIntent, RecordType, TimerIntent, Value};

/// Milliseconds between two looks at the messages' deadlines.
const MESSAGES_MS: u64 = 60_000;
/// Milliseconds between two looks at the jobs' deadlines.
const JOB_TIMEOUTS_MS: u64 = 30_000;
/// Milliseconds that a timer may be late, and a look at timers early.
const TIMER_RESOLUTION_MS: i64 = 100;

impl StreamProcessor {
    /// What a recovery and the end of a pause begin, in upstream's order of listeners.
    pub(super) fn start_triggers<H: Host>(&mut self, host: &mut H) {
        host.wait(MESSAGES_MS, Wait::MessagesTimeToLive);
        self.trigger_timers(host);
        host.wait(JOB_TIMEOUTS_MS, Wait::JobTimeouts);
    }

    pub(super) fn stop_triggers<H: Host>(&mut self, host: &mut H) {
        [Wait::MessagesTimeToLive, Wait::DueTimers, Wait::JobTimeouts].into_iter().for_each(|wait| host.cancel(wait));
    }

    pub(super) fn watch_due_date<H: Host>(&mut self, due_date: i64, host: &mut H) {
        let wait = (due_date - host.now()).max(TIMER_RESOLUTION_MS);
        host.cancel(Wait::DueTimers);
        host.wait(wait.unsigned_abs(), Wait::DueTimers);
    }

    /// A time has come.
    pub(super) fn waited<H: Host>(&mut self, wait: Wait, host: &mut H) {
        match wait {
            Wait::HealthTick => {
                self.last_tick = host.now();
                host.wait(HEALTH_TICK_MS.unsigned_abs(), Wait::HealthTick);
            }
            Wait::MessagesTimeToLive => {
                host.wait(MESSAGES_MS, Wait::MessagesTimeToLive);
                self.delete_messages(host);
            }
            Wait::JobTimeouts => {
                host.wait(JOB_TIMEOUTS_MS, Wait::JobTimeouts);
                self.time_out_jobs(host);
            }
            Wait::DueTimers => self.trigger_timers(host),
            Wait::Retry => self.process_current(host),
            Wait::Confirmations { key } => self.confirmations_due(key, host),
            Wait::Leaders { key, chain } => self.push_rest(key, chain, host),
            Wait::PushAgain { key, partition, node } => self.push_again(key, partition, node, host),
        }
    }

    /// One command per overdue job, each flushed by itself; nothing notes that a job has one already. The source is
    /// whatever the shared writer was last given.
    fn time_out_jobs<H: Host>(&mut self, host: &mut H) {
        let overdue: Vec<_> = self.state.overdue_jobs(host.now()).map(|(key, job)| (key, job.clone())).collect();
        let commands = overdue.into_iter().map(|(key, job)| (key, JobIntent::TimeOut.into(), Value::Job(job)));
        self.write_commands(commands, false, host);
    }

    /// One command per message, as for jobs.
    fn delete_messages<H: Host>(&mut self, host: &mut H) {
        let old: Vec<_> =
            self.state.expired_messages(host.now()).map(|(key, message)| (key, message.clone())).collect();
        let of = |(key, message)| (key, MessageIntent::Delete.into(), Value::Message(message));
        self.write_commands(old.into_iter().map(of), true, host);
    }

    fn trigger_timers<H: Host>(&mut self, host: &mut H) {
        let due: Vec<_> = self.state.due_timers(host.now()).map(|(key, timer)| (key, timer.clone())).collect();
        let commands = due.into_iter().map(|(key, timer)| (key, TimerIntent::Trigger.into(), Value::Timer(timer)));
        self.write_commands(commands, true, host);
        if let Some(due) = self.state.next_due_date().filter(|due| *due > host.now()) {
            self.watch_due_date(due, host);
        }
    }

    /// Of messages and timers the commands are written after what the shared writer holds is dropped; of jobs, behind it.
    fn write_commands<H: Host>(
        &mut self,
        commands: impl Iterator<Item = (i64, Intent, Value)>,
        drops: bool,
        host: &mut H,
    ) {
        if self.toggles.fix_5420 {
            self.writer.reset(true);
        }
        for (key, intent, value) in commands {
            if drops {
                self.writer.reset(self.toggles.fix_5420);
            }
            self.writer.append(FollowUp { key, kind: RecordType::Command, intent, rejection: None, value });
            if self.writer.flush(host).is_none() {
                return self.writer.reset(self.toggles.fix_5420);
            }
        }
    }

    /// Something else that the actor is told.
    pub fn wait_over(&mut self, wait: Wait) {
        self.trigger(Job::Wait(wait));
    }
}
