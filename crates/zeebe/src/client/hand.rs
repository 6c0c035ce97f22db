//! A host that collects, to feed clients by hand.

use super::{Call, Host, Kind, Timer};
use crate::gateway::{Code, Reply, Request, Status};
use crate::protocol::{Document, Job, JobBatch};
use kernel::identity::Nanos;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The host. Tests take from its vectors what they have looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct HandHost {
    pub(super) now: Nanos,
    pub(super) timers: BTreeMap<Timer, Nanos>,
    pub(super) called: Vec<(Nanos, Call, Request)>,
    pub(super) called_off: Vec<Call>,
    pub(super) told: Vec<Call>,
}

impl Host for HandHost {
    fn now(&self) -> Nanos {
        self.now
    }

    fn set_timer(&mut self, timer: Timer, after: Nanos) {
        self.timers.insert(timer, self.now + after);
    }

    fn cancel_timer(&mut self, timer: Timer) {
        self.timers.remove(&timer);
    }

    fn call(&mut self, call: Call, request: Request) {
        self.called.push((self.now, call, request));
    }

    fn call_off(&mut self, call: Call) {
        self.called_off.push(call);
    }

    fn told(&mut self, call: Call, _: &Reply) {
        self.told.push(call);
    }
}

impl HandHost {
    /// The next timer that is due within this time, taken out; the clock is then there, or at the end of the time.
    pub(super) fn next_timer(&mut self, end: Nanos) -> Option<Timer> {
        let next = self.timers.iter().map(|(timer, at)| (*timer, *at)).min_by_key(|(_, at)| *at);
        match next.filter(|(_, at)| *at <= end) {
            Some((timer, at)) => {
                self.timers.remove(&timer);
                self.now = at;
                Some(timer)
            }
            None => {
                self.now = end;
                None
            }
        }
    }

    /// The calls of a kind since the last look.
    pub(super) fn calls(&mut self, kind: Kind) -> Vec<(Nanos, Call, Request)> {
        self.called.extract_if(.., |(_, call, _)| call.kind == kind).collect()
    }
}

/// A failure that any call may have.
pub(super) fn failure() -> Reply {
    Reply::Error(Status::new(Code::Unavailable, "io exception"))
}

/// Jobs of these keys, with 3 retries and a variable.
pub(super) fn jobs(keys: &[i64]) -> Reply {
    let variables = Document::new(vec![("a".into(), "1".into())]);
    let job = Job { retries: 3, variables, ..Job::default() };
    Reply::Jobs(Arc::new(JobBatch {
        r#type: "task".into(),
        worker: "w".into(),
        timeout: 1,
        max_jobs_to_activate: 1,
        job_keys: keys.to_vec(),
        jobs: vec![job; keys.len()],
        truncated: false,
    }))
}
