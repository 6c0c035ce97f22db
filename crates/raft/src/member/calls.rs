//! Requests underway: each is answered, or fails when its time is up or its connection ends.
//!
//! Kept: the timeout of 5 s. (Upstream would shorten it after 50 samples of a window of 10, so it never does.) Simplified:
//! one timer for the oldest request. Left out: retries of a vote request while the other process has no handler yet.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/messaging/impl/AbstractClientConnection.java (timeouts)

use crate::entry::Content;
use crate::gate::Saying;
use crate::host::{Host, Timer};
use crate::member::{Handled, Member};
use crate::message::{Kind, Message};
use kernel::identity::{Nanos, NodeId};
use std::collections::VecDeque;

/// What a request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A poll, of the n-th round.
    Poll(u64),
    /// A vote request, of the n-th round.
    Vote(u64),
    Configure,
    /// An append with so many entries.
    Append(usize),
    /// A piece of the snapshot of an index; whether it was the last.
    Install(u64, bool),
    Join,
}

impl Asked {
    pub fn kind(self) -> Kind {
        match self {
            Asked::Poll(_) => Kind::Poll,
            Asked::Vote(_) => Kind::Vote,
            Asked::Configure => Kind::Configure,
            Asked::Append(_) => Kind::Append,
            Asked::Install(..) => Kind::Install,
            Asked::Join => Kind::Join,
        }
    }
}

/// A request that is not answered yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub id: u64,
    pub to: NodeId,
    pub asked: Asked,
    /// The term in which it was sent.
    pub term: u64,
    /// When, by the wall clock, in milliseconds.
    pub sent_ms: i64,
    deadline: Nanos,
}

/// All of them, the oldest first.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    next: u64,
    underway: VecDeque<Call>,
    armed: bool,
}

/// Ids of requests of one process: no later process of the node takes an answer for its own.
const IDS_PER_PROCESS: u32 = 40;

impl Calls {
    pub fn new(incarnation: u32) -> Self {
        Calls { next: u64::from(incarnation) << IDS_PER_PROCESS, underway: VecDeque::new(), armed: false }
    }

    /// Drops what belongs to a role; the request to join belongs to the process.
    pub fn forget_role(&mut self) {
        self.underway.retain(|call| call.asked == Asked::Join);
    }

    pub fn take(&mut self, id: u64, from: NodeId) -> Option<Call> {
        let place = self.underway.iter().position(|call| call.id == id && call.to == from)?;
        self.underway.remove(place)
    }
}

impl<E: Content> Member<E> {
    /// Sends a request that `message` makes of its number.
    pub(super) fn call<H: Host<E>>(
        &mut self,
        to: NodeId,
        asked: Asked,
        message: impl FnOnce(u64) -> Message<E>,
        host: &mut H,
    ) {
        self.calls.next += 1;
        let id = self.calls.next;
        let deadline = host.monotonic() + self.settings.request_timeout;
        let (term, sent_ms) = (self.term, self.wall_ms(host));
        self.calls.underway.push_back(Call { id, to, asked, term, sent_ms, deadline });
        self.say(Saying::Send(to, message(id)), host);
        self.arm(host);
    }

    fn arm<H: Host<E>>(&mut self, host: &mut H) {
        if let (false, Some(oldest)) = (self.calls.armed, self.calls.underway.front()) {
            let wait = oldest.deadline.saturating_sub(host.monotonic());
            host.set_timer(Timer::Requests, wait);
            self.calls.armed = true;
        }
    }

    pub(super) fn on_requests_timeout<H: Host<E>>(&mut self, host: &mut H) -> Handled {
        self.calls.armed = false;
        let now = host.monotonic();
        let failed = self.fail_calls(|call| call.deadline <= now, host);
        self.arm(host);
        failed
    }

    /// Fails the requests that match, the oldest first.
    pub(super) fn fail_calls<H: Host<E>>(&mut self, matches: impl Fn(&Call) -> bool, host: &mut H) -> Handled {
        let failed: Vec<u64> = self.calls.underway.iter().filter(|call| matches(call)).map(|call| call.id).collect();
        for id in failed {
            // A failure may end the role, and with it the requests that follow.
            let Some(place) = self.calls.underway.iter().position(|call| call.id == id) else { continue };
            if let Some(call) = self.calls.underway.remove(place) {
                self.on_call_failed(call, host)?;
            }
        }
        Ok(())
    }

    fn on_call_failed<H: Host<E>>(&mut self, call: Call, host: &mut H) -> Handled {
        match call.asked {
            Asked::Poll(round) => self.count_poll(round, false, host),
            Asked::Vote(round) => self.count_vote(round, false, host),
            Asked::Configure | Asked::Append(_) | Asked::Install(..) => self.on_replication_failed(call, host),
            Asked::Join => {
                self.join_later(host);
                Ok(())
            }
        }
    }

    /// An answer came; one that nobody waits for any more is dropped.
    pub(super) fn on_answer<H: Host<E>>(&mut self, from: NodeId, message: Message<E>, host: &mut H) -> Handled {
        let Some(call) = self.calls.take(message.id(), from) else { return Ok(()) };
        match (call.asked, message) {
            (Asked::Poll(round), Message::Polled(answer)) => self.on_polled(round, answer, host),
            (Asked::Vote(round), Message::Voted(answer)) => self.on_voted(round, call, answer, host),
            // An error of the other side: its term reads 0, so that it counts as a refusal.
            (Asked::Poll(round), _) => self.count_poll(round, false, host),
            (Asked::Vote(round), _) => self.count_vote(round, false, host),
            (Asked::Join, Message::Joined { .. }) => Ok(()),
            (Asked::Join, _) => {
                self.join_later(host);
                Ok(())
            }
            (_, message) => self.on_replication_answer(call, message, host),
        }
    }
}
