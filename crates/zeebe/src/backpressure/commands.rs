//! The limiter of clients' commands on one partition's leader: what is over the limit is refused, but for the completion and
//! the failing of jobs, which would make room.
//!
//! It counts from the acceptance of a command to the end of its processing. When the stream processor is dead or stuck, what
//! was accepted stays under way for ever, and after twenty commands the partition refuses everything.
//!
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/transport/backpressure/CommandRateLimiter.java (all of it)
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/configuration/backpressure/BackpressureCfg.java (defaults)

use super::vegas::{Growth, Vegas};
use super::window::Window;
use crate::protocol::{Intent, JobIntent, RequestId};
use kernel::identity::Nanos;
use std::collections::BTreeMap;

/// A limiter.
#[derive(Clone, Debug)]
pub struct CommandLimiter {
    vegas: Vegas,
    window: Window,
    /// When each began, and how many were under way then, it included.
    under_way: BTreeMap<(u64, u64), (Nanos, u32)>,
}

impl CommandLimiter {
    /// A new one, with a draw for its limit.
    #[must_use]
    pub fn new(draw: u64) -> Self {
        let under_way = BTreeMap::new();
        CommandLimiter { vegas: Vegas::new(Growth::Commands, draw), window: Window::default(), under_way }
    }

    /// How many may be under way, and how many are.
    #[must_use]
    pub fn counts(&self) -> (u32, usize) {
        (self.vegas.limit(), self.under_way.len())
    }

    /// Whether a command is accepted.
    pub fn acquire(&mut self, request: RequestId, intent: Intent, now: Nanos) -> bool {
        let makes_room = matches!(intent, Intent::Job(JobIntent::Complete | JobIntent::Fail));
        if self.under_way.len() >= self.vegas.limit() as usize && !makes_room {
            return false;
        }
        let in_flight = self.under_way.len() as u32 + 1;
        self.under_way.insert((request.stream, request.request), (now, in_flight));
        true
    }

    /// It is processed. One that an earlier leader accepted is not known.
    pub fn processed(&mut self, request: RequestId, now: Nanos, draw: impl FnOnce() -> u64) {
        let Some((began, in_flight)) = self.under_way.remove(&(request.stream, request.request)) else { return };
        if let Some((took, in_flight)) = self.window.sample(now, now.saturating_sub(began), in_flight) {
            self.vegas.sample(took, in_flight, draw);
        }
    }

    /// It could not be written after all.
    pub fn ignore(&mut self, request: RequestId) {
        self.under_way.remove(&(request.stream, request.request));
    }
}

#[cfg(test)]
mod tests {
    use super::CommandLimiter;
    use crate::protocol::{Intent, JobIntent, RequestId, WorkflowInstanceCreationIntent};

    fn request(request: u64) -> RequestId {
        RequestId { stream: 1, request }
    }

    #[test]
    fn twenty_are_let_in_and_then_only_what_makes_room() {
        let create: Intent = WorkflowInstanceCreationIntent::Create.into();
        let mut limiter = CommandLimiter::new(0);
        assert!((0..20).all(|number| limiter.acquire(request(number), create, 0)));
        assert!(!limiter.acquire(request(20), create, 0));
        assert!(limiter.acquire(request(21), JobIntent::Complete.into(), 0));
        limiter.processed(request(0), 1_000_000, || 0);
        assert!(!limiter.acquire(request(22), create, 0), "21 were under way");
        limiter.ignore(request(1));
        limiter.processed(request(77), 1_000_000, || 0);
        assert_eq!(limiter.counts(), (20, 19));
        assert!(limiter.acquire(request(22), create, 0));
    }
}
