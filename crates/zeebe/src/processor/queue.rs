//! The actor's jobs, in the order in which upstream's scheduler takes them.
//!
//! First the fast lane, whose front is where a job puts what must follow it at once. When that is empty, everything that was
//! submitted moves into it, and behind that the subscriptions that are due: timers, conditions, completed futures.
//!
//= camunda/zeebe@0.24.4:util/src/main/java/io/zeebe/util/sched/ActorTask.java (poll), ActorJob.java, ActorControl.java

use super::host::Wait;
use kernel::identity::NodeId;
use std::collections::VecDeque;

/// Something that the actor does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// Open the state and look at the log.
    Start,
    /// Read the next record of the replay.
    Reprocess,
    /// Run its processor, or run it again after an exception.
    RunAgain,
    /// Commit what it did.
    CommitReprocessed,
    /// Go on with the one after it.
    Reprocessed,
    /// Read the next record.
    ReadNext,
    /// Give its follow-ups to the dispatcher.
    Write,
    /// They are claimed: update the state.
    Update,
    /// Commit the transaction.
    Commit,
    /// Do the side effects.
    SideEffects,
    /// The record is done.
    EndRecord,
    /// Another partition has confirmed a deployment.
    Confirmed {
        /// The deployment.
        key: i64,
        /// The partition.
        partition: u16,
    },
    /// All have.
    Distributed {
        /// The deployment.
        key: i64,
        /// Whether it was pushed by processing; by a replay, DISTRIBUTED goes on the list.
        into_log: bool,
    },
    /// Push what the state says is under way.
    PushPending,
    /// A push failed.
    PushFailed {
        /// The deployment.
        key: i64,
        /// Meant for this partition.
        partition: u16,
        /// By way of this node.
        node: NodeId,
    },
    /// A time has come.
    Wait(Wait),
    /// Stop processing.
    Pause,
    /// Go on processing.
    Resume,
    /// Tell the positions processed and written last.
    Probe(u64),
}

impl Job {
    kernel::plain_words! {
        Job::Start => "processor-start",
        Job::Reprocess => "reprocess",
        Job::RunAgain => "reprocess-run",
        Job::CommitReprocessed => "reprocess-commit",
        Job::Reprocessed => "reprocess-end",
        Job::ReadNext => "process",
        Job::Write => "write-follow-ups",
        Job::Update => "update-state",
        Job::Commit => "commit-transaction",
        Job::SideEffects => "side-effects",
        Job::EndRecord => "process-end",
        Job::Confirmed { .. } => "deployment-confirmed",
        Job::Distributed { .. } => "write-distributed",
        Job::PushPending => "push-pending",
        Job::PushFailed { .. } => "push-failed",
        Job::Wait(_) => "wait-over",
        Job::Pause => "pause",
        Job::Resume => "resume",
        Job::Probe(_) => "probe",
    }
}

/// The three queues.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    fast: VecDeque<Job>,
    submitted: VecDeque<Job>,
    due: VecDeque<Job>,
}

impl Queue {
    /// Right after the job that is being done.
    pub fn run(&mut self, job: Job) {
        self.fast.push_front(job);
    }

    /// Behind what was submitted before.
    pub fn submit(&mut self, job: Job) {
        self.submitted.push_back(job);
    }

    /// A subscription that is due.
    pub fn trigger(&mut self, job: Job) {
        self.due.push_back(job);
    }

    /// A condition: signals before it is looked at count once.
    pub fn trigger_once(&mut self, job: Job) {
        if !self.due.contains(&job) {
            self.due.push_back(job);
        }
    }

    /// The next job.
    pub fn take(&mut self) -> Option<Job> {
        if self.fast.is_empty() {
            self.fast.append(&mut self.submitted);
            self.fast.append(&mut self.due);
        }
        self.fast.pop_front()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fast.is_empty() && self.submitted.is_empty() && self.due.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Job, Queue};

    #[test]
    fn what_follows_at_once_comes_before_what_was_submitted_and_that_before_what_is_due() {
        let mut queue = Queue::default();
        queue.trigger(Job::EndRecord);
        queue.submit(Job::ReadNext);
        queue.submit(Job::PushPending);
        assert_eq!(queue.take(), Some(Job::ReadNext));
        queue.run(Job::Write);
        queue.submit(Job::Pause);
        assert_eq!(queue.take(), Some(Job::Write));
        assert_eq!(queue.take(), Some(Job::PushPending));
        assert_eq!(queue.take(), Some(Job::EndRecord), "drained together with what was submitted then");
        assert_eq!(queue.take(), Some(Job::Pause));
        assert_eq!(queue.take(), None);
    }

    #[test]
    fn a_condition_counts_once() {
        let mut queue = Queue::default();
        queue.trigger_once(Job::ReadNext);
        queue.trigger_once(Job::ReadNext);
        assert_eq!((queue.take(), queue.take()), (Some(Job::ReadNext), None));
    }
}
