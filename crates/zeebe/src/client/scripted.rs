//! A client that does what a scenario says, and keeps what came of it.

use super::calls::{Calls, REQUEST_TIMEOUT};
use super::host::{Call, Host, Kind, Timer};
use crate::gateway::{Reply, Request, Response};
use kernel::identity::Nanos;
use std::collections::BTreeMap;
use std::sync::Arc;

/// When an operation is done. Durations are nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// So long after the client's start.
    At(Nanos),
    /// So long after the end of another one, however it ended.
    After {
        /// The other one's id.
        operation: u64,
        /// How long.
        delay: Nanos,
    },
}

/// Whose key an operation has, if it is not known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The instance that this operation created.
    Instance(u64),
    /// A job that this operation activated, counted from 0.
    Job(u64, usize),
}

/// One operation of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// Its identity: it stays what it is when another operation is removed.
    pub id: u64,
    /// When.
    pub when: When,
    /// What.
    pub request: Request,
    /// Whose key takes the place of the request's own.
    pub subject: Option<Subject>,
    /// How long the client waits, in nanoseconds; nothing for 10 s.
    pub timeout: Option<Nanos>,
}

/// What came of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Course {
    /// When it was sent.
    pub sent_at: Option<Nanos>,
    /// When it ended.
    pub ended_at: Option<Nanos>,
    /// Keys of the jobs that came.
    pub jobs: Vec<i64>,
    /// How it ended. Nothing, if it was not sent for want of a subject.
    pub reply: Option<Reply>,
}

/// A list of operations that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongScript {
    /// Two have one id.
    #[error("two operations have the id {0}: give each its own")]
    TwoOfOneId(u64),
    /// One names another that is not there.
    #[error("operation {by} names operation {named}, which is not in the list")]
    NoSuch {
        /// Which one.
        by: u64,
        /// Whom.
        named: u64,
    },
}

/// The client.
#[derive(Clone, Debug)]
pub struct Scripted {
    operations: Arc<BTreeMap<u64, Operation>>,
    calls: Calls,
    courses: BTreeMap<u64, Course>,
}

impl Scripted {
    /// A client that has not started.
    ///
    /// # Errors
    /// Ids that are there twice, or named and not there.
    pub fn new(operations: Vec<Operation>) -> Result<Self, WrongScript> {
        let mut by_id = BTreeMap::new();
        for operation in operations {
            let id = operation.id;
            if by_id.insert(id, operation).is_some() {
                return Err(WrongScript::TwoOfOneId(id));
            }
        }
        for operation in by_id.values() {
            let before = match operation.when {
                When::After { operation, .. } => Some(operation),
                When::At(_) => None,
            };
            let subject = operation.subject.map(|subject| match subject {
                Subject::Instance(of) | Subject::Job(of, _) => of,
            });
            for named in before.into_iter().chain(subject) {
                if !by_id.contains_key(&named) {
                    return Err(WrongScript::NoSuch { by: operation.id, named });
                }
            }
        }
        Ok(Scripted { operations: Arc::new(by_id), calls: Calls::new(), courses: BTreeMap::new() })
    }

    /// What came of the operations that were due so far, by their ids.
    #[must_use]
    pub const fn courses(&self) -> &BTreeMap<u64, Course> {
        &self.courses
    }

    /// Whether all operations have ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let ended = self.courses.values().filter(|course| course.ended_at.is_some()).count();
        ended == self.operations.len()
    }

    /// It starts.
    pub fn start<H: Host>(&mut self, host: &mut H) {
        for operation in self.operations.values() {
            if let When::At(at) = operation.when {
                host.set_timer(Timer::Operation(operation.id), at);
            }
        }
    }

    /// A reply came.
    pub fn reply<H: Host>(&mut self, call: Call, reply: &Reply, host: &mut H) {
        if self.calls.replied(call, reply, host) {
            self.answered(call.number, reply, host);
        }
    }

    /// A timer fired.
    pub fn timer<H: Host>(&mut self, timer: Timer, host: &mut H) {
        match timer {
            Timer::Deadlines => {
                for (call, reply) in self.calls.overdue(host) {
                    self.answered(call.number, &reply, host);
                }
            }
            Timer::Operation(id) => self.send(id, host),
            Timer::Retry | Timer::Tick | Timer::Poll | Timer::Thread(_) => {}
        }
    }

    fn send<H: Host>(&mut self, id: u64, host: &mut H) {
        let operations = self.operations.clone();
        let Some(operation) = operations.get(&id) else { return };
        let mut request = operation.request.clone();
        let course = Course { sent_at: Some(host.now()), ..Course::default() };
        if let Some(subject) = operation.subject {
            match self.key_of(subject) {
                Some(key) => request.set_key(key),
                None => {
                    self.courses.insert(id, Course::default());
                    return self.end(id, None, host);
                }
            }
        }
        self.courses.insert(id, course);
        let timeout = operation.timeout.unwrap_or(REQUEST_TIMEOUT);
        self.calls.call(Call { kind: Kind::Operation, number: id }, request, timeout, host);
    }

    fn key_of(&self, subject: Subject) -> Option<i64> {
        match subject {
            Subject::Instance(of) => match self.courses.get(&of)?.reply.as_ref()? {
                Reply::Response(
                    Response::Created { workflow_instance_key, .. } | Response::Result { workflow_instance_key, .. },
                ) => Some(*workflow_instance_key),
                _ => None,
            },
            Subject::Job(of, nth) => self.courses.get(&of)?.jobs.get(nth).copied(),
        }
    }

    fn answered<H: Host>(&mut self, id: u64, reply: &Reply, host: &mut H) {
        match reply {
            Reply::Jobs(batch) => {
                if let Some(course) = self.courses.get_mut(&id) {
                    course.jobs.extend_from_slice(&batch.job_keys);
                }
            }
            reply => self.end(id, Some(reply.clone()), host),
        }
    }

    fn end<H: Host>(&mut self, id: u64, reply: Option<Reply>, host: &mut H) {
        let course = self.courses.entry(id).or_default();
        course.ended_at = Some(host.now());
        course.reply = reply;
        for operation in self.operations.values() {
            if let When::After { operation: before, delay } = operation.when
                && before == id
            {
                host.set_timer(Timer::Operation(operation.id), delay);
            }
        }
    }
}
