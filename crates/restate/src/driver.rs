//! The pods of a verification job: execute, verify, print, and come again after the Job controller's back-off.
//!
//= restatedev/e2e@e04f745:docs/dev/long_running_verification.md
//!
//! Kept: one execute and one verify per pod; a pod that fails is followed by a new one, at once the first time and then
//! after 10 s that double; the job gives up after its retries. A verify that hangs hangs the pod: nothing bounds it.
//! Left out: a pod that is evicted; the job's history limits.

use crate::Restate;
use crate::config::{Cluster, JobRules};
use crate::event::Event;
use crate::invocation::{Method, Value};
use crate::message::{Message, Timer};
use kernel::dice::{Purpose, Stream};
use kernel::identity::{ConnectionId, Nanos};
use kernel::system::{Env, Input, Target};
use std::fmt::Write;
use std::sync::Arc;

const POD: Purpose = Purpose::new("restate/pod");

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No pod runs: before the first, or during a back-off.
    Waiting,
    /// The pod starts.
    Starting,
    /// It waits for the answer of its execute.
    Executing,
    /// It waits for the answer of its verify.
    Verifying,
    /// A pod succeeded.
    Succeeded,
    /// All pods failed.
    GaveUp,
}

/// The Job controller of one job, and its pods, one after another.
#[derive(Clone, Debug)]
pub struct Driver {
    cluster: Arc<Cluster>,
    rules: JobRules,
    /// Which job.
    pub job: u16,
    /// Where it stands.
    pub phase: Phase,
    /// Pods made so far.
    pub pods: u32,
    /// What the pods have printed, with the virtual time by their clock.
    pub lines: Vec<(Nanos, String)>,
    connection: Option<ConnectionId>,
    durations: Option<Stream>,
}

impl Driver {
    /// A job that has not been started.
    pub fn new(cluster: Arc<Cluster>, job: u16, rules: JobRules) -> Self {
        let (lines, connection, durations) = (Vec::new(), None, None);
        Driver { cluster, rules, job, phase: Phase::Waiting, pods: 0, lines, connection, durations }
    }

    pub(crate) fn handle<E: Env<Restate>>(&mut self, input: Input<Restate>, env: &mut E) {
        match input {
            Input::Start => {
                self.durations = Some(env.stream(POD, u64::from(self.job)));
                env.set_timer(self.rules.starts_at, Timer::Pod);
            }
            Input::Timer { payload: Timer::Pod, .. } => self.make_pod(env),
            Input::Timer { payload: Timer::PodStarted, .. } => self.request(Method::Execute, Phase::Executing, env),
            Input::Received { connection, message: Message::Reply(value) } if self.connection == Some(connection) => {
                self.connection = None;
                self.answered(Ok(value), env);
            }
            Input::Closed { connection, .. } if self.connection == Some(connection) => {
                self.connection = None;
                self.answered(Err("unavailable"), env);
            }
            _ => {}
        }
    }

    fn make_pod<E: Env<Restate>>(&mut self, env: &mut E) {
        self.pods += 1;
        self.phase = Phase::Starting;
        env.emit(Event::Pod(self.job, self.pods));
        let took = self.durations.as_mut().map_or(0, |stream| env.draw(stream));
        env.set_timer(self.cluster.costs.pod_start.draw(took), Timer::PodStarted);
    }

    fn request<E: Env<Restate>>(&mut self, method: Method, phase: Phase, env: &mut E) {
        self.phase = phase;
        let label = u64::from(self.job) << 32 | u64::from(self.pods) << 8 | method as u64;
        let connection = env.open(Target::Node(self.cluster.server), label);
        env.write(connection, Message::Request(self.job, method));
        self.connection = Some(connection);
    }

    fn answered<E: Env<Restate>>(&mut self, answer: Result<Value, &str>, env: &mut E) {
        let executes = self.phase == Phase::Executing;
        let good = matches!(answer, Ok(ref value) if !matches!(value, Value::Failure(_)));
        let line = self.line(if executes { "execute" } else { "verify" }, answer);
        self.lines.push((env.monotonic(), line));
        env.emit(Event::Answer(self.job, self.pods, executes, good));
        if good && executes && self.rules.verifies {
            self.request(Method::VerifyAll, Phase::Verifying, env);
        } else if good {
            self.phase = Phase::Succeeded;
            env.emit(Event::JobOver(self.job, true));
        } else if self.pods > self.rules.retries {
            self.phase = Phase::GaveUp;
            env.emit(Event::JobOver(self.job, false));
        } else {
            self.phase = Phase::Waiting;
            env.set_timer(self.back_off(), Timer::Pod);
        }
    }

    /// Time until the next pod: none after the first, then 10 s that double.
    fn back_off(&self) -> Nanos {
        match self.pods.checked_sub(2) {
            None => 0,
            Some(doublings) => self.rules.back_off.saturating_mul(1 << doublings.min(30)).min(self.rules.back_off_max),
        }
    }

    /// A line as the pods print it.
    fn line(&self, command: &str, answer: Result<Value, &str>) -> String {
        let job = &self.cluster.jobs[usize::from(self.job)].params.seed;
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let result = match answer {
            Ok(Value::Failure(text)) => format!("{{\"code\":\"internal\",\"message\":{}}}", quoted(&text)),
            Err(code) => format!("{{\"code\":\"{code}\",\"message\":\"connection closed\"}}"),
            Ok(Value::Counters(counters)) => {
                let mut map = String::new();
                for (target, count) in counters.iter() {
                    let separator = if map.is_empty() { "" } else { "," };
                    let _ = write!(map, "{separator}\"{target}\":{count}");
                }
                format!("{{\"counters\":{{{map}}}}}")
            }
            Ok(_) => "{\"code\": \"ok\", \"message\": \"Success\"}".to_owned(),
        };
        format!("{{\"command\": \"{command}\", \"test_job\": {}, \"result\": {result}}}", quoted(job))
    }
}
