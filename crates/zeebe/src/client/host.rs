//! What a client asks of the process it lives in.

use crate::gateway::{Reply, Request};
use kernel::identity::{Nanos, mix};

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// To see whether anybody is there.
    Topology,
    /// A deployment.
    Deploy,
    /// A new instance.
    Create,
    /// A poll for jobs.
    Poll,
    /// A job is done.
    Complete,
    /// A job failed.
    Fail,
    /// An operation of a scenario.
    Operation,
}

/// A call of a client's. Each kind has numbers of its own, so that one poll more or less moves no other call's dice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// What for.
    pub kind: Kind,
    /// The how-manieth of its kind, from 1; of a scenario's operations, their own number.
    pub number: u64,
}

impl Call {
    /// Its identity for the dice, given the client's.
    #[must_use]
    pub const fn identity(self, client: u64) -> u64 {
        mix(mix(client, self.kind as u64), self.number)
    }
}

/// A client's timers. Each is set once at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The first of all calls has waited long enough.
    Deadlines,
    /// What failed is tried again.
    Retry,
    /// The next instance is due.
    Tick,
    /// A worker looks whether it shall poll.
    Poll,
    /// A thread has worked on its job for long enough.
    Thread(u32),
    /// An operation is due.
    Operation(u64),
}

impl Timer {
    kernel::plain_words! {
        Timer::Deadlines => "client-deadline",
        Timer::Retry => "client-retry-due",
        Timer::Tick => "instance-due",
        Timer::Poll => "poll-due",
        Timer::Thread(_) => "job-done",
        Timer::Operation(_) => "operation-due",
    }
}

/// What a client asks of its process. Nothing of it comes back into the client while it runs.
pub trait Host {
    /// The monotonic clock.
    fn now(&self) -> Nanos;
    /// Sets a timer, instead of the equal one that may be set.
    fn set_timer(&mut self, timer: Timer, after: Nanos);
    /// Cancels a timer, if it is set.
    fn cancel_timer(&mut self, timer: Timer);
    /// Sends a request to the gateway. Replies come back by the client's `reply`. A connection that cannot be made or that
    /// breaks is a reply too: UNAVAILABLE.
    fn call(&mut self, call: Call, request: Request);
    /// The client waits no longer for a call: the gateway is told, if it can be.
    fn call_off(&mut self, call: Call);
    /// What came of a call, or of its deadline, for the trace: all replies but those of polls.
    fn told(&mut self, call: Call, reply: &Reply);
}
