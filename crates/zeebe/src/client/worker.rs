//! A job worker of the Java client, and the worker of the benchmarks that is one.
//!
//! Kept: it polls when no more than 30 % of its capacity is left to do and no other poll is under way, at each tick of the
//! polling delay and whenever a job ends; so many threads take jobs in the order of their coming; a job is counted only
//! when its poll has ended; a closed worker leaves its poll behind and still does what that brings. Simplified: ticks that
//! would do nothing are no events, and a tick never waits for a thread. Left out: the benchmark's failing of a job when
//! 10,000 of its own requests are unanswered.
//!
//= camunda/zeebe@0.24.4:clients/java/src/main/java/io/zeebe/client/impl/worker/JobWorkerImpl.java
//= camunda/zeebe@0.24.4:clients/java/src/main/java/io/zeebe/client/impl/worker/JobPoller.java
//= camunda/zeebe@0.24.4:clients/java/src/main/java/io/zeebe/client/impl/worker/JobRunnableFactory.java (a failed handler)
//= camunda/zeebe@0.24.4:benchmarks/project/src/main/java/io/zeebe/Worker.java (handler)

use super::calls::{Calls, REQUEST_TIMEOUT};
use super::host::{Call, Host, Kind, Timer};
use crate::gateway::{Activate, Reply, Request};
use crate::protocol::{Document, Text};
use kernel::identity::{MILLIS, Nanos, SECONDS};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What a worker is set to. Durations are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorkerSettings {
    /// Which jobs it takes.
    pub job_type: Text,
    /// Its name on them.
    pub name: Text,
    /// How many it works on at a time.
    pub threads: u32,
    /// How many it has at a time, at most.
    pub capacity: i32,
    /// From one look whether to poll to the next.
    pub polling_delay: Nanos,
    /// How long it works on one.
    pub completion_delay: Nanos,
    /// How long the broker lets it; nothing for 6 times the completion delay.
    pub job_timeout: Option<Nanos>,
    /// How long it waits for an answer, and a poll for jobs.
    pub request_timeout: Nanos,
    /// Whether it sends the job's variables back, or none.
    pub returns_variables: bool,
    /// Whether the thread waits for the answer. A job whose completion fails is then failed, with one retry less.
    pub waits_for_answer: bool,
}

impl WorkerSettings {
    /// As the benchmarks come.
    //= camunda/zeebe@0.24.4:benchmarks/project/src/main/resources/application.conf (worker)
    #[must_use]
    pub fn benchmark() -> Self {
        WorkerSettings {
            job_type: "benchmark-task".into(),
            name: "benchmark-worker".into(),
            threads: 10,
            capacity: 30,
            polling_delay: SECONDS,
            completion_delay: 300 * MILLIS,
            job_timeout: None,
            request_timeout: REQUEST_TIMEOUT,
            returns_variables: true,
            waits_for_answer: false,
        }
    }

    /// As the benchmarks run in Kubernetes: twelve such replicas. A full worker needs 600 ms for what it has, and the
    /// broker gives it 300: jobs time out without any fault.
    //= camunda/zeebe@0.24.4:benchmarks/setup/default/worker.yaml
    #[must_use]
    pub fn kubernetes() -> Self {
        WorkerSettings {
            capacity: 120,
            polling_delay: MILLIS,
            completion_delay: 50 * MILLIS,
            request_timeout: 62 * SECONDS,
            ..WorkerSettings::benchmark()
        }
    }

    /// How long the broker lets it work on a job.
    #[must_use]
    pub const fn job_timeout(&self) -> Nanos {
        match self.job_timeout {
            Some(timeout) => timeout,
            None => 6 * self.completion_delay,
        }
    }

    /// With no more than so many jobs left it polls: 30 % of its capacity, rounded.
    const fn threshold(&self) -> i32 {
        (3 * self.capacity + 5) / 10
    }
}

#[derive(Clone, Debug)]
struct Job {
    key: i64,
    retries: i32,
    variables: Document,
}

/// What a thread is at.
#[derive(Clone, Debug)]
enum Thread {
    Idle,
    Working(Job),
    /// It waits for the answer.
    Waiting(Job),
}

/// How a worker's end comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Close {
    /// The worker alone: it polls no more, and does what the poll that is under way brings.
    Worker,
    /// Its client too: what the poll brings is nobody's, until the gateway hears that the connection has ended.
    Client,
}

/// A worker.
#[derive(Clone, Debug)]
pub struct Worker {
    settings: Arc<WorkerSettings>,
    calls: Calls,
    closed: Option<Close>,
    started_at: Nanos,
    /// Jobs that it has and that are not done, as it counts them: below 0 when some are done before their poll has ended.
    remaining: i32,
    /// The poll under way, and the jobs that it has brought.
    poll: Option<(Call, i32)>,
    threads: Vec<Thread>,
    queue: VecDeque<Job>,
    waiting: BTreeMap<Call, u32>,
    polls: u64,
    completions: u64,
    fails: u64,
    completed: u64,
    lost: u64,
}

impl Worker {
    /// One that has not started.
    #[must_use]
    pub fn new(settings: Arc<WorkerSettings>) -> Self {
        Worker {
            threads: vec![Thread::Idle; settings.threads.max(1) as usize],
            settings,
            calls: Calls::new(),
            closed: None,
            started_at: 0,
            remaining: 0,
            poll: None,
            queue: VecDeque::new(),
            waiting: BTreeMap::new(),
            polls: 0,
            completions: 0,
            fails: 0,
            completed: 0,
            lost: 0,
        }
    }

    /// How many jobs were completed, as the gateway answered.
    #[must_use]
    pub const fn completed(&self) -> u64 {
        self.completed
    }

    /// How many jobs came when the client was closed.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// Whether it polls at the moment.
    #[must_use]
    pub const fn is_polling(&self) -> bool {
        self.poll.is_some()
    }

    /// It starts, and polls at once.
    pub fn start<H: Host>(&mut self, host: &mut H) {
        self.started_at = host.now();
        self.try_to_poll(host);
    }

    /// It closes.
    pub fn close(&mut self, how: Close) {
        self.closed = Some(how);
        if how == Close::Client {
            self.lost += self.queue.len() as u64;
            self.queue.clear();
            self.threads.fill(Thread::Idle);
        }
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
            Timer::Poll => self.try_to_poll(host),
            Timer::Thread(thread) => self.worked(thread, host),
            Timer::Retry | Timer::Tick | Timer::Operation(_) => {}
        }
    }

    fn shall_poll(&self) -> bool {
        self.closed.is_none() && self.poll.is_none() && self.remaining <= self.settings.threshold()
    }

    fn try_to_poll<H: Host>(&mut self, host: &mut H) {
        if !self.shall_poll() {
            return;
        }
        self.polls += 1;
        let call = Call { kind: Kind::Poll, number: self.polls };
        self.poll = Some((call, 0));
        let millis = |duration: Nanos| i64::try_from(duration / MILLIS).unwrap_or(i64::MAX);
        let settings = &self.settings;
        let request = Request::ActivateJobs(Activate {
            job_type: settings.job_type.clone(),
            worker: settings.name.clone(),
            timeout: millis(settings.job_timeout()),
            max_jobs: settings.capacity - self.remaining,
            request_timeout: millis(settings.request_timeout),
        });
        self.calls.call(call, request, settings.request_timeout, host);
    }

    fn answered<H: Host>(&mut self, call: Call, reply: &Reply, host: &mut H) {
        match (call.kind, reply) {
            (Kind::Poll, Reply::Jobs(batch)) => {
                if self.closed == Some(Close::Client) {
                    self.lost += batch.jobs.len() as u64;
                    return;
                }
                if let Some((_, brought)) = &mut self.poll {
                    *brought += i32::try_from(batch.jobs.len()).unwrap_or(i32::MAX);
                }
                for (key, job) in batch.job_keys.iter().zip(&batch.jobs) {
                    self.queue.push_back(Job { key: *key, retries: job.retries, variables: job.variables.clone() });
                }
                self.put_to_work(host);
            }
            (Kind::Poll, _) => self.poll_ended(host),
            (Kind::Complete, reply) => self.completion_answered(call, reply, host),
            _ => {}
        }
    }

    /// Only now its jobs are counted. The next look at whether to poll is at the next tick.
    fn poll_ended<H: Host>(&mut self, host: &mut H) {
        let Some((_, brought)) = self.poll.take() else { return };
        self.remaining += brought;
        if self.shall_poll() {
            let every = self.settings.polling_delay.max(1);
            let since = (host.now() - self.started_at) % every;
            host.set_timer(Timer::Poll, every - since);
        }
    }

    fn put_to_work<H: Host>(&mut self, host: &mut H) {
        while let Some(idle) = self.threads.iter().position(|thread| matches!(thread, Thread::Idle))
            && let Some(job) = self.queue.pop_front()
        {
            self.threads[idle] = Thread::Working(job);
            host.set_timer(Timer::Thread(idle as u32), self.settings.completion_delay);
        }
    }

    fn worked<H: Host>(&mut self, thread: u32, host: &mut H) {
        let Some(slot) = self.threads.get_mut(thread as usize) else { return };
        let Thread::Working(job) = std::mem::replace(slot, Thread::Idle) else { return };
        let variables = if self.settings.returns_variables { job.variables.clone() } else { Document::default() };
        self.completions += 1;
        let call = Call { kind: Kind::Complete, number: self.completions };
        let request = Request::CompleteJob { job_key: job.key, variables };
        self.calls.call(call, request, self.settings.request_timeout, host);
        if self.settings.waits_for_answer {
            self.threads[thread as usize] = Thread::Waiting(job);
            self.waiting.insert(call, thread);
        } else {
            self.thread_is_free(host);
        }
    }

    fn completion_answered<H: Host>(&mut self, call: Call, reply: &Reply, host: &mut H) {
        if !matches!(reply, Reply::Error(_)) {
            self.completed += 1;
        }
        let Some(thread) = self.waiting.remove(&call) else { return };
        let slot = &mut self.threads[thread as usize];
        let Thread::Waiting(job) = std::mem::replace(slot, Thread::Idle) else { return };
        if let Reply::Error(status) = reply {
            self.fails += 1;
            let call = Call { kind: Kind::Fail, number: self.fails };
            // Upstream's message is the whole stack trace.
            let (job_key, retries, error_message) = (job.key, job.retries - 1, status.to_string().into());
            let request = Request::FailJob { job_key, retries, error_message };
            self.calls.call(call, request, self.settings.request_timeout, host);
        }
        self.thread_is_free(host);
    }

    fn thread_is_free<H: Host>(&mut self, host: &mut H) {
        self.remaining -= 1;
        self.try_to_poll(host);
        self.put_to_work(host);
    }
}
