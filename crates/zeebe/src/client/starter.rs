//! The starter of the benchmarks: deploys once, then creates instances at a fixed rate, whatever comes of them.
//!
//! Kept: it asks for the topology until it gets one, deploys until that works, starts an instance every
//! floor(1000 / rate) milliseconds, falls silent while 5,000 requests are unanswered, looks at answers in the order of the
//! requests only, and catches up at once on what it had missed. Simplified: upstream asks for the topology again without
//! any pause; here a millisecond passes. Left out: the payload itself, which the scenario gives.
//!
//= camunda/zeebe@0.24.4:benchmarks/project/src/main/java/io/zeebe/Starter.java
//= camunda/zeebe@0.24.4:benchmarks/project/src/main/java/io/zeebe/ResponseChecker.java

use super::calls::{Calls, REQUEST_TIMEOUT};
use super::host::{Call, Host, Kind, Timer};
use crate::gateway::{File, LATEST_VERSION, Reply, Request};
use crate::protocol::{Document, Text};
use kernel::identity::{MILLIS, Nanos, SECONDS};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// From a failed deployment to the next.
const DEPLOY_RETRY: Nanos = 200 * MILLIS;
/// From a failed request for the topology to the next.
const TOPOLOGY_RETRY: Nanos = MILLIS;
/// Requests that the queue of unanswered ones holds.
const QUEUE: usize = 5_000;

/// What a starter is set to. Durations are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StarterSettings {
    /// What it deploys.
    pub files: Arc<[File]>,
    /// Of which process it creates instances.
    pub process_id: Text,
    /// The variables of each.
    pub variables: Document,
    /// Instances a second; at most 1000, the interval being whole milliseconds.
    pub rate: u32,
    /// How many instances at most.
    pub instances_max: Option<u64>,
    /// Whether it waits for the end of instances, and how long.
    pub with_result: Option<Nanos>,
    /// How long it waits for any other answer.
    pub request_timeout: Nanos,
}

impl StarterSettings {
    /// As the benchmarks come: 300 a second of `benchmark`.
    //= camunda/zeebe@0.24.4:benchmarks/project/src/main/resources/application.conf (starter)
    #[must_use]
    pub fn benchmark(files: Arc<[File]>) -> Self {
        StarterSettings {
            files,
            process_id: "benchmark".into(),
            variables: Document::default(),
            rate: 300,
            instances_max: None,
            with_result: None,
            request_timeout: REQUEST_TIMEOUT,
        }
    }

    /// As the benchmarks run in Kubernetes: one replica, with 62 s of patience.
    //= camunda/zeebe@0.24.4:benchmarks/setup/default/starter.yaml
    #[must_use]
    pub fn kubernetes(files: Arc<[File]>) -> Self {
        StarterSettings { request_timeout: 62 * SECONDS, ..StarterSettings::benchmark(files) }
    }

    /// From one instance to the next.
    ///
    /// # Panics
    /// SIMULATOR BUG: of a rate that is none.
    #[must_use]
    pub fn interval(&self) -> Nanos {
        assert!((1..=1_000).contains(&self.rate), "SIMULATOR BUG: {} instances a second", self.rate);
        Nanos::from(1_000 / self.rate) * MILLIS
    }
}

/// What it is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Topology,
    Deploying,
    Creating,
}

/// A starter.
#[derive(Clone, Debug)]
pub struct Starter {
    settings: Arc<StarterSettings>,
    calls: Calls,
    phase: Phase,
    tries: u64,
    /// When the first instance was due.
    creating_since: Nanos,
    created: u64,
    failed: u64,
    /// The request whose answer is looked at next, the ones behind it, and the one that found no room.
    checking: Option<u64>,
    queue: VecDeque<u64>,
    blocked: Option<u64>,
    answered: BTreeSet<u64>,
}

impl Starter {
    /// One that has not started.
    #[must_use]
    pub fn new(settings: Arc<StarterSettings>) -> Self {
        Starter {
            settings,
            calls: Calls::new(),
            phase: Phase::Topology,
            tries: 0,
            creating_since: 0,
            created: 0,
            failed: 0,
            checking: None,
            queue: VecDeque::new(),
            blocked: None,
            answered: BTreeSet::new(),
        }
    }

    /// How many instances it has asked for, and how many of these requests failed.
    #[must_use]
    pub const fn counts(&self) -> (u64, u64) {
        (self.created, self.failed)
    }

    /// Whether it waits for room among its unanswered requests.
    #[must_use]
    pub const fn is_blocked(&self) -> bool {
        self.blocked.is_some()
    }

    /// It starts.
    pub fn start<H: Host>(&mut self, host: &mut H) {
        self.try_again(host);
    }

    /// A reply came.
    pub fn reply<H: Host>(&mut self, call: Call, reply: &Reply, host: &mut H) {
        if self.calls.replied(call, reply, host) {
            self.answered(call, reply, host);
        }
    }

    /// A timer fired.
    pub fn timer<H: Host>(&mut self, timer: Timer, host: &mut H) {
        match timer {
            Timer::Deadlines => {
                for (call, reply) in self.calls.overdue(host) {
                    self.answered(call, &reply, host);
                }
            }
            Timer::Retry => self.try_again(host),
            Timer::Tick => self.tick(host),
            Timer::Poll | Timer::Thread(_) | Timer::Operation(_) => {}
        }
    }

    fn try_again<H: Host>(&mut self, host: &mut H) {
        self.tries += 1;
        let number = self.tries;
        let timeout = self.settings.request_timeout;
        let (kind, request) = match self.phase {
            Phase::Topology => (Kind::Topology, Request::Topology),
            Phase::Deploying => (Kind::Deploy, Request::Deploy(self.settings.files.clone())),
            Phase::Creating => return,
        };
        self.calls.call(Call { kind, number }, request, timeout, host);
    }

    fn answered<H: Host>(&mut self, call: Call, reply: &Reply, host: &mut H) {
        let has_failed = matches!(reply, Reply::Error(_));
        match call.kind {
            Kind::Topology if has_failed => host.set_timer(Timer::Retry, TOPOLOGY_RETRY),
            Kind::Topology => {
                self.phase = Phase::Deploying;
                self.tries = 0;
                self.try_again(host);
            }
            Kind::Deploy if has_failed => host.set_timer(Timer::Retry, DEPLOY_RETRY),
            Kind::Deploy => {
                self.phase = Phase::Creating;
                self.creating_since = host.now();
                self.tick(host);
            }
            Kind::Create => {
                self.failed += u64::from(has_failed);
                self.answered.insert(call.number);
                self.check(host);
            }
            Kind::Poll | Kind::Complete | Kind::Fail | Kind::Operation => {}
        }
    }

    /// All instances that are due, until there is no room.
    fn tick<H: Host>(&mut self, host: &mut H) {
        let interval = self.settings.interval();
        while self.blocked.is_none() && self.settings.instances_max.is_none_or(|most| self.created < most) {
            let due_at = self.creating_since + self.created * interval;
            if due_at > host.now() {
                return host.set_timer(Timer::Tick, due_at - host.now());
            }
            self.create(host);
        }
    }

    fn create<H: Host>(&mut self, host: &mut H) {
        self.created += 1;
        let number = self.created;
        let (process_id, variables) = (self.settings.process_id.clone(), self.settings.variables.clone());
        let version = LATEST_VERSION;
        let (request, timeout) = match self.settings.with_result {
            Some(timeout) => {
                let request_timeout = i64::try_from(timeout / MILLIS).unwrap_or(i64::MAX);
                (Request::CreateInstanceWithResult { process_id, version, variables, request_timeout }, timeout)
            }
            None => (Request::CreateInstance { process_id, version, variables }, self.settings.request_timeout),
        };
        self.calls.call(Call { kind: Kind::Create, number }, request, timeout, host);
        if self.checking.is_none() {
            self.checking = Some(number);
        } else if self.queue.len() < QUEUE {
            self.queue.push_back(number);
        } else {
            self.blocked = Some(number);
        }
    }

    /// Answers are looked at in the order of the requests; what has room then may go on.
    fn check<H: Host>(&mut self, host: &mut H) {
        while let Some(number) = self.checking.filter(|number| self.answered.contains(number)) {
            self.answered.remove(&number);
            self.checking = self.queue.pop_front();
            if let Some(blocked) = self.blocked.take() {
                self.queue.push_back(blocked);
                self.tick(host);
            }
        }
    }
}
