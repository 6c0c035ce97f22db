//! Requests to brokers: to the leader of a partition as the gateway believes, within a timeout, with or without retry.
//!
//! A request with retry is sent again 10 ms after each failure that a change of leader can mend. Nothing tells the second
//! sending from a new request: when an answer is lost with its connection, the command is on the log twice. Left out: the
//! timer of the messaging below, which has the rest of the same timeout and may be first with another text.
//!
//= camunda/zeebe@0.24.4:transport/src/main/java/io/zeebe/transport/impl/AtomixClientTransportAdapter.java (retry, timeout)
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/broker/BrokerRequestManager.java (what is retried)

use super::deadlines::Deadlines;
use super::host::{Attempt, Event, Host, Outcome, Timer};
use super::reply::{ErrorCode, Failure};
use super::request::Command;
use crate::engine::Answer;
use kernel::identity::{MILLIS, Nanos};
use std::collections::{BTreeMap, VecDeque};

/// From one sending to the next.
const RETRY_DELAY: Nanos = 10 * MILLIS;

/// A request, and what it is for.
#[derive(Clone, Debug)]
pub(super) struct Wanted<O> {
    pub(super) owner: O,
    pub(super) partition: u16,
    pub(super) command: Command,
    pub(super) retry: bool,
    pub(super) timeout: Nanos,
}

#[derive(Clone, Debug)]
struct Pending<O> {
    wanted: Wanted<O>,
    deadline: Nanos,
    attempt: Option<Attempt>,
    sent: u32,
}

/// The requests that wait for an answer. What they came to is taken from `done`.
#[derive(Clone, Debug)]
pub(super) struct Transport<O> {
    requests: BTreeMap<u64, Pending<O>>,
    attempts: BTreeMap<Attempt, u64>,
    deadlines: Deadlines<u64>,
    done: VecDeque<(O, Result<Answer, Failure>)>,
    made: u64,
    attempted: u64,
}

impl<O> Transport<O> {
    pub(super) fn new() -> Self {
        Transport {
            requests: BTreeMap::new(),
            attempts: BTreeMap::new(),
            deadlines: Deadlines::new(),
            done: VecDeque::new(),
            made: 0,
            attempted: 0,
        }
    }

    /// How many requests wait.
    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    pub(super) fn send<H: Host>(&mut self, wanted: Wanted<O>, host: &mut H) {
        self.made += 1;
        let id = self.made;
        let deadline = host.now().saturating_add(wanted.timeout);
        self.deadlines.add(deadline, id);
        self.requests.insert(id, Pending { wanted, deadline, attempt: None, sent: 0 });
        self.arm(host);
        self.try_to_send(id, host);
    }

    /// A request is known to fail without being sent.
    pub(super) fn refuse(&mut self, owner: O, failure: Failure) {
        self.done.push_back((owner, Err(failure)));
    }

    /// Takes the next result.
    pub(super) fn take_done(&mut self) -> Option<(O, Result<Answer, Failure>)> {
        self.done.pop_front()
    }

    fn try_to_send<H: Host>(&mut self, id: u64, host: &mut H) {
        let Some(request) = self.requests.get_mut(&id).filter(|request| request.deadline > host.now()) else { return };
        let partition = request.wanted.partition;
        match host.leader(partition) {
            Some(leader) => {
                self.attempted += 1;
                request.sent += 1;
                let attempt = Attempt(self.attempted);
                request.attempt = Some(attempt);
                if request.sent > 1 {
                    host.emit(Event::SentAgain { partition, nth: request.sent });
                }
                host.send(leader, partition, attempt, &request.wanted.command);
                self.attempts.insert(attempt, id);
            }
            None if request.wanted.retry => host.set_timer(Timer::Retry(id), RETRY_DELAY),
            None => self.finish(id, Err(Failure::Unreachable)),
        }
    }

    pub(super) fn retry_due<H: Host>(&mut self, id: u64, host: &mut H) {
        self.try_to_send(id, host);
    }

    pub(super) fn outcome<H: Host>(&mut self, attempt: Attempt, outcome: Outcome, host: &mut H) {
        let Some(id) = self.attempts.remove(&attempt) else { return };
        let Some(request) = self.requests.get_mut(&id) else { return };
        request.attempt = None;
        let retry = request.wanted.retry;
        let failure = match outcome {
            Outcome::Answer(answer) => {
                let intent = request.wanted.command.intent;
                let result = match answer.rejection {
                    Some(rejection) => Err(Failure::Rejected(intent, rejection)),
                    None => Ok(answer),
                };
                return self.finish(id, result);
            }
            Outcome::Error(ErrorCode::PartitionLeaderMismatch, _) | Outcome::Unreachable | Outcome::NoHandler
                if retry =>
            {
                return host.set_timer(Timer::Retry(id), RETRY_DELAY);
            }
            Outcome::Error(code, text) => Failure::Broker(code, text),
            Outcome::Unreachable => Failure::Unreachable,
            Outcome::NoHandler => Failure::NoHandler,
            Outcome::Failed => Failure::Unexpected,
        };
        self.finish(id, Err(failure));
    }

    /// Requests have waited long enough.
    pub(super) fn deadlines_due<H: Host>(&mut self, host: &mut H) {
        self.deadlines.fired();
        while let Some(id) = self.deadlines.due(host.now()) {
            host.cancel_timer(Timer::Retry(id));
            let timeout = self.requests.get(&id).map_or(0, |request| request.wanted.timeout);
            self.finish(id, Err(Failure::TimedOut(timeout)));
        }
        self.arm(host);
    }

    fn arm<H: Host>(&mut self, host: &mut H) {
        if let Some(at) = self.deadlines.arm() {
            host.set_timer(Timer::Deadlines, at.saturating_sub(host.now()));
        }
    }

    fn finish(&mut self, id: u64, result: Result<Answer, Failure>) {
        let Some(request) = self.requests.remove(&id) else { return };
        self.deadlines.remove(request.deadline, id);
        if let Some(attempt) = request.attempt {
            self.attempts.remove(&attempt);
        }
        self.done.push_back((request.wanted.owner, result));
    }
}
