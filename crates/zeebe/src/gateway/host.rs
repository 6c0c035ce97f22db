//! What a gateway asks of the process it lives in.

use super::reply::{ErrorCode, Reply};
use super::request::Command;
use super::rotation::Topology;
use crate::engine::Answer;
use crate::protocol::Text;
use kernel::identity::Nanos;

/// A client's call, as the process numbers them: no two of one process are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// One sending of a command to a broker. A command that is sent again is another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attempt(pub u64);

/// A gateway's timers. Each is set once at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The first of all requests has waited long enough.
    Deadlines,
    /// A request is to be sent again.
    Retry(u64),
    /// A poll has waited long enough.
    Poll(CallId),
    /// Polls that wait are tried once more.
    Probe,
}

impl Timer {
    kernel::plain_words! {
        Timer::Deadlines => "request-timeout",
        Timer::Retry(_) => "request-retry-due",
        Timer::Poll(_) => "long-poll-timeout",
        Timer::Probe => "long-poll-probe-due",
    }
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The command was processed: accepted, or rejected.
    Answer(Answer),
    /// The broker did not take it.
    Error(ErrorCode, Text),
    /// The broker does not serve the partition. That is what a broker that does not lead says as a rule: the mismatch of
    /// leaders is told only between the two steps in which he stops to serve.
    //= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/transport/commandapi/CommandApiService.java (both steps)
    NoHandler,
    /// There was no connection, or it ended before an answer came.
    Unreachable,
    /// The broker failed to handle it, or its name could not be resolved.
    Failed,
}

/// What a gateway tells the trace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A command is sent to a partition's leader once more.
    SentAgain {
        /// Where to.
        partition: u16,
        /// The how-manieth time, from 2.
        nth: u32,
    },
    /// Jobs came for a poll that has ended or whose client is gone: they are activated for nobody.
    JobsForNobody {
        /// How many.
        jobs: usize,
    },
}

/// What a gateway asks of its process, beside its picture of the cluster. Nothing of it comes back into the gateway while
/// it runs.
pub trait Host: Topology {
    /// The monotonic clock.
    fn now(&self) -> Nanos;
    /// Sets a timer, instead of the equal one that may be set.
    fn set_timer(&mut self, timer: Timer, after: Nanos);
    /// Cancels a timer, if it is set.
    fn cancel_timer(&mut self, timer: Timer);
    /// Sends a command to a broker, for a partition. What becomes of it comes back by `Gateway::outcome`, if anything does.
    fn send(&mut self, broker: u16, partition: u16, attempt: Attempt, command: &Command);
    /// Answers a client. Nobody may be there any more.
    fn answer(&mut self, call: CallId, reply: Reply);
    /// What a client is told who asks for the topology: nothing if there is none.
    fn status(&self) -> Option<Text>;
    /// Tells the trace.
    fn emit(&mut self, event: Event);
}
