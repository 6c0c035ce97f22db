//! The calls of a client that have not ended, each with its deadline.
//!
//= camunda/zeebe@0.24.4:clients/java/src/main/java/io/zeebe/client/impl/command/*.java (withDeadlineAfter)

use super::host::{Call, Host, Timer};
use crate::gateway::deadlines::Deadlines;
use crate::gateway::{Code, Reply, Request, Status};
use kernel::identity::{MILLIS, Nanos, SECONDS};
use std::collections::BTreeMap;

/// The client's own patience when it has given the gateway a timeout for the request itself.
//= camunda/zeebe@0.24.4:clients/java/src/main/java/io/zeebe/client/impl/worker/JobWorkerBuilderImpl.java (DEADLINE_OFFSET)
const DEADLINE_OFFSET: Nanos = 10 * SECONDS;

/// What an unset request timeout is.
//= camunda/zeebe@0.24.4:clients/java/src/main/java/io/zeebe/client/impl/ZeebeClientBuilderImpl.java (defaultRequestTimeout)
pub(super) const REQUEST_TIMEOUT: Nanos = 10 * SECONDS;

#[derive(Clone, Debug)]
pub(super) struct Calls {
    open: BTreeMap<Call, (Nanos, Nanos)>,
    deadlines: Deadlines<Call>,
}

impl Calls {
    pub(super) const fn new() -> Self {
        Calls { open: BTreeMap::new(), deadlines: Deadlines::new() }
    }

    /// Calls the gateway. `timeout` is that of the request; polls and awaited results have the offset on top.
    pub(super) fn call<H: Host>(&mut self, call: Call, request: Request, timeout: Nanos, host: &mut H) {
        let patience = match request {
            Request::ActivateJobs(_) | Request::CreateInstanceWithResult { .. } => timeout + DEADLINE_OFFSET,
            _ => timeout,
        };
        let deadline = host.now().saturating_add(patience);
        self.open.insert(call, (deadline, patience));
        self.deadlines.add(deadline, call);
        self.arm(host);
        host.call(call, request);
    }

    /// Takes note of a reply; whether the call was open.
    pub(super) fn replied<H: Host>(&mut self, call: Call, reply: &Reply, host: &mut H) -> bool {
        let Some((deadline, _)) = self.open.get(&call).copied() else { return false };
        if !matches!(reply, Reply::Jobs(_)) {
            self.open.remove(&call);
            self.deadlines.remove(deadline, call);
        }
        if !matches!(call.kind, super::Kind::Poll) {
            host.told(call, reply);
        }
        true
    }

    /// The timer of the deadlines fired: the calls whose time is over, as failures.
    pub(super) fn overdue<H: Host>(&mut self, host: &mut H) -> Vec<(Call, Reply)> {
        let mut overdue = Vec::new();
        self.deadlines.fired();
        while let Some(call) = self.deadlines.due(host.now()) {
            let Some((_, patience)) = self.open.remove(&call) else { continue };
            host.call_off(call);
            let (seconds, rest) = (patience / SECONDS, patience % SECONDS / MILLIS);
            let text = format!("deadline exceeded after {seconds}.{rest:03}s");
            let reply = Reply::Error(Status::new(Code::DeadlineExceeded, text));
            if !matches!(call.kind, super::Kind::Poll) {
                host.told(call, &reply);
            }
            overdue.push((call, reply));
        }
        self.arm(host);
        overdue
    }

    fn arm<H: Host>(&mut self, host: &mut H) {
        if let Some(at) = self.deadlines.arm() {
            host.set_timer(Timer::Deadlines, at.saturating_sub(host.now()));
        }
    }
}
