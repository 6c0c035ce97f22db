//! The gateway: what clients ask goes to the leaders of partitions, and what comes of it goes back.
//!
//! A pure state machine: its process feeds it (calls, outcomes of what it sent, gossip, timers) and it acts through its
//! [`Host`] alone. Nothing of it outlives its process: counters start from 0. Its picture of the cluster is
//! the process's, which looks it up for it.
//!
//! Kept: routing and its counters, timeouts, retries without a key against duplicates, long polling, statuses and texts.
//! Simplified: all of it is one actor, where upstream has four that pass work on within microseconds. Left out: TLS,
//! metrics, health checks, the size of messages.
//!
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/EndpointManager.java (requests)

mod activation;
pub(crate) mod deadlines;
mod host;
mod long_poll;
mod reply;
mod request;
mod rotation;
mod transport;

#[cfg(test)]
mod hand;
#[cfg(test)]
mod tests;

pub use host::{Attempt, CallId, Event, Host, Outcome, Timer};
pub use reply::{Code, ErrorCode, Reply, Response, Status, Wording};
pub use request::{Activate, Command, File, LATEST_VERSION, Request};
pub use rotation::{RoundRobin, Topology, Turns};

use crate::engine::Answer;
use crate::protocol::{Intent, Text, Value};
use activation::{Rounds, Step};
use kernel::identity::{MILLIS, Nanos, SECONDS};
use long_poll::LongPolls;
use reply::{Failure, response_of};
use request::{Route, command_of, creation, partition_of_hash};
use std::collections::BTreeMap;
use std::sync::Arc;
use transport::{Transport, Wanted};

/// What a gateway is set to. Durations are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// A command may wait so long for its answer.
    pub request_timeout: Nanos,
    /// A poll that does not say how long may wait so long for jobs.
    pub long_polling_timeout: Nanos,
    /// From one probe of waiting polls to the next.
    pub probe_every: Nanos,
    /// After so many empty rounds the next poll of a type waits at once.
    pub empty_threshold: u32,
    /// How rejections are worded.
    pub wording: Wording,
    /// The order of partitions, instead of that in which they are heard of.
    pub partition_order: Arc<[u16]>,
}

impl Default for Settings {
    /// Zeebe 0.24.4 as it comes.
    //= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/configuration/ConfigurationDefaults.java (15 s)
    //= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/job/LongPollingActivateJobsHandler.java (10 s, 3)
    fn default() -> Self {
        Settings {
            request_timeout: 15 * SECONDS,
            long_polling_timeout: 10 * SECONDS,
            probe_every: 10 * SECONDS,
            empty_threshold: 3,
            wording: Wording::IntentAsCode,
            partition_order: Arc::default(),
        }
    }
}

/// What a command was sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Call(CallId),
    Creation(CallId),
    Round(CallId),
}

/// A call that has one answer.
#[derive(Clone, Debug)]
struct Call {
    intent: Intent,
    /// For creations: where it goes if this partition cannot be reached.
    creation: Option<Creation>,
}

#[derive(Clone, Debug)]
struct Creation {
    command: Command,
    turns: Turns,
    timeout: Nanos,
}

/// A gateway.
#[derive(Clone, Debug)]
pub struct Gateway {
    settings: Arc<Settings>,
    transport: Transport<Owner>,
    creations: RoundRobin,
    calls: BTreeMap<CallId, Call>,
    rounds: Rounds,
    polls: LongPolls,
}

impl Gateway {
    /// A gateway that has heard of nobody.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        Gateway {
            transport: Transport::new(),
            creations: RoundRobin::new(settings.partition_order.clone()),
            calls: BTreeMap::new(),
            rounds: Rounds::new(settings.partition_order.clone()),
            polls: LongPolls::new(&settings),
            settings,
        }
    }

    /// How many commands wait for their answer.
    #[must_use]
    pub fn waiting_commands(&self) -> usize {
        self.transport.len()
    }

    /// How many polls wait for jobs of a type.
    #[must_use]
    pub fn waiting_polls(&self, job_type: &str) -> usize {
        self.polls.waiting(job_type)
    }

    /// It starts.
    pub fn start<H: Host>(&mut self, host: &mut H) {
        host.set_timer(Timer::Probe, self.settings.probe_every);
    }

    /// A broker announces that jobs of a type wait.
    pub fn jobs_available<H: Host>(&mut self, job_type: &Text, host: &mut H) {
        self.polls.announce(job_type, host);
        self.settle(host);
    }

    /// A client asks.
    pub fn request<H: Host>(&mut self, call: CallId, request: &Request, host: &mut H) {
        match request {
            Request::Topology => self.tell_topology(call, host),
            Request::ActivateJobs(poll) => self.polls.request(call, poll.clone(), host),
            Request::CreateInstance { process_id, version, variables } => {
                self.create(call, creation(process_id, *version, variables, false), 0, host);
            }
            Request::CreateInstanceWithResult { process_id, version, variables, request_timeout } => {
                self.create(call, creation(process_id, *version, variables, true), *request_timeout, host);
            }
            _ => match command_of(request) {
                Ok((route, command)) => self.command(call, route, command, host),
                Err(text) => self.fail(call, &Failure::InvalidArgument(text), host),
            },
        }
        self.settle(host);
    }

    /// A client waits no longer for a call. What was sent for it goes on.
    pub fn called_off<H: Host>(&mut self, call: CallId, host: &mut H) {
        self.polls.call_off(call, host);
    }

    /// What became of an attempt.
    pub fn outcome<H: Host>(&mut self, attempt: Attempt, outcome: Outcome, host: &mut H) {
        self.transport.outcome(attempt, outcome, host);
        self.settle(host);
    }

    /// A timer fired.
    pub fn timer<H: Host>(&mut self, timer: Timer, host: &mut H) {
        match timer {
            Timer::Deadlines => self.transport.deadlines_due(host),
            Timer::Retry(request) => self.transport.retry_due(request, host),
            Timer::Poll(call) => self.polls.timed_out(call, host),
            Timer::Probe => {
                host.set_timer(Timer::Probe, self.settings.probe_every);
                self.polls.probe(host);
            }
        }
        self.settle(host);
    }

    fn tell_topology<H: Host>(&mut self, call: CallId, host: &mut H) {
        let reply = match host.status() {
            Some(status) => Reply::Response(Response::Topology(status)),
            None => Reply::Error(Status::new(Code::Unavailable, "No brokers available")),
        };
        host.answer(call, reply);
    }

    //= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/broker/BrokerRequestManager.java (partition)
    fn command<H: Host>(&mut self, call: CallId, route: Route, command: Command, host: &mut H) {
        let partition = match route {
            Route::Hash(_) if host.partitions_count() == 0 => {
                // Upstream's actor stumbles over it and the client hears nothing until its own deadline.
                return;
            }
            Route::Hash(hash) => partition_of_hash(hash, host.partitions_count()),
            Route::Partition(partition) => {
                let exists = u16::try_from(partition).ok().filter(|one| host.partitions().contains(one));
                match exists {
                    Some(partition) => partition,
                    // Before the first picture nothing is checked; no partition has a leader then.
                    None if !host.is_known() => u16::try_from(partition).unwrap_or(0),
                    None => return self.fail(call, &Failure::PartitionNotFound, host),
                }
            }
        };
        self.calls.insert(call, Call { intent: command.intent, creation: None });
        let (owner, timeout) = (Owner::Call(call), self.settings.request_timeout);
        self.transport.send(Wanted { owner, partition, command, retry: true, timeout }, host);
    }

    //= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/broker/RequestRetryHandler.java
    fn create<H: Host>(&mut self, call: CallId, command: Command, request_timeout: i64, host: &mut H) {
        if !host.is_known() {
            return self.fail(call, &Failure::Unexpected, host);
        }
        let timeout = match u64::try_from(request_timeout) {
            Ok(millis) if millis > 0 => millis.saturating_mul(MILLIS),
            _ => self.settings.request_timeout,
        };
        let intent = command.intent;
        let turns = Turns::new(&mut self.creations, host);
        self.calls.insert(call, Call { intent, creation: Some(Creation { command, turns, timeout }) });
        self.try_next_partition(call, host);
    }

    fn try_next_partition<H: Host>(&mut self, call: CallId, host: &mut H) {
        let Some(creation) = self.calls.get_mut(&call).and_then(|call| call.creation.as_mut()) else { return };
        let (owner, command, timeout) = (Owner::Creation(call), creation.command.clone(), creation.timeout);
        match creation.turns.next(host) {
            Some(partition) => {
                let wanted = Wanted { owner, partition, command, retry: false, timeout };
                self.transport.send(wanted, host);
            }
            None => self.transport.refuse(Owner::Call(call), Failure::Exhausted),
        }
    }

    /// Goes on with what has come to something, until nothing has.
    fn settle<H: Host>(&mut self, host: &mut H) {
        loop {
            if let Some(call) = self.polls.take_start() {
                if let Some(poll) = self.polls.wanted(call) {
                    self.rounds.begin(call, poll, host);
                }
                self.step(call, host);
            } else if let Some((owner, result)) = self.transport.take_done() {
                match owner {
                    Owner::Call(call) => self.finish(call, result, host),
                    Owner::Creation(call) => match result {
                        Err(failure) if is_of_partition(&failure) => self.try_next_partition(call, host),
                        result => self.finish(call, result, host),
                    },
                    Owner::Round(call) => self.round_goes_on(call, result, host),
                }
            } else {
                return;
            }
        }
    }

    fn finish<H: Host>(&mut self, call: CallId, result: Result<Answer, Failure>, host: &mut H) {
        let Some(waiting) = self.calls.remove(&call) else { return };
        match result.and_then(|answer| response_of(waiting.intent, &answer)) {
            Ok(response) => host.answer(call, Reply::Response(response)),
            Err(failure) => self.fail(call, &failure, host),
        }
    }

    fn fail<H: Host>(&mut self, call: CallId, failure: &Failure, host: &mut H) {
        host.answer(call, Reply::Error(failure.status(self.settings.wording)));
    }

    fn step<H: Host>(&mut self, call: CallId, host: &mut H) {
        let Some(poll) = self.polls.wanted(call) else { return };
        match self.rounds.step(call, poll, host) {
            Step::Ask(partition, command) => {
                let (owner, timeout) = (Owner::Round(call), self.settings.request_timeout);
                self.transport.send(Wanted { owner, partition, command, retry: false, timeout }, host);
            }
            Step::Over { remaining, exhausted } => {
                self.polls.round_over(call, (remaining, exhausted), host);
            }
        }
    }

    fn round_goes_on<H: Host>(&mut self, call: CallId, result: Result<Answer, Failure>, host: &mut H) {
        match result.map(|answer| answer.value) {
            Ok(Value::JobBatch(batch)) => {
                self.rounds.got(call, batch.jobs.len(), batch.truncated);
                if !batch.jobs.is_empty() {
                    self.polls.got(call, &batch, host);
                }
            }
            Ok(_) => self.rounds.failed(call, false),
            Err(failure) => {
                let exhausted = failure.status(self.settings.wording).code == Code::ResourceExhausted;
                self.rounds.failed(call, exhausted);
            }
        }
        self.step(call, host);
    }
}

/// Whether a creation is tried on the next partition. A broker that does not serve the partition is no reason: upstream
/// looks for a broken connection or for the broker's own word, and has neither then.
fn is_of_partition(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Unreachable | Failure::Broker(ErrorCode::PartitionLeaderMismatch | ErrorCode::ResourceExhausted, _)
    )
}
