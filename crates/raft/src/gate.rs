//! The gate: what a member says leaves it in order, and not before what it wrote earlier is on its disk.
//!
//! Upstream blocks the raft thread while it flushes. Here the member goes on, and what it says meanwhile waits behind the
//! flush: nobody outside can tell the two apart, since a crash takes what waits along with the memory. Simplified: timers
//! that are set meanwhile run from then on, and not from the end of the flush.

use crate::entry::Content;
use crate::event::Event;
use crate::host::{Host, Outcome, Role};
use crate::message::Message;
use kernel::identity::NodeId;
use std::collections::VecDeque;

/// Something that a member says.
#[derive(Clone, Debug)]
pub(crate) enum Saying<E: Content> {
    Send(NodeId, Message<E>),
    Announce(Role, u64),
    /// Without an event, where a snapshot covers it: it was committed by who took that.
    Committed {
        from: u64,
        to: u64,
        term: Option<u64>,
        current: u64,
    },
    Ticket(u64, Outcome),
}

/// What waits for the disk.
#[derive(Clone, Debug)]
pub(crate) struct Gate<E: Content> {
    /// The last notice that was asked for.
    asked: u64,
    /// The last one that came.
    done: u64,
    held: VecDeque<(u64, Saying<E>)>,
    /// The commit index that was told last.
    committed: u64,
}

impl<E: Content> Default for Gate<E> {
    fn default() -> Self {
        Gate { asked: 0, done: 0, held: VecDeque::new(), committed: 0 }
    }
}

impl<E: Content> Gate<E> {
    /// A notice to wait for: all that is said from now on waits for it.
    pub fn notice(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// Says something, now or when its time has come.
    pub fn say<H: Host<E>>(&mut self, saying: Saying<E>, host: &mut H) {
        if self.asked == self.done && self.held.is_empty() {
            self.deliver(saying, host);
        } else {
            self.held.push_back((self.asked, saying));
        }
    }

    /// A notice came: says what waited for it.
    pub fn open<H: Host<E>>(&mut self, notice: u64, host: &mut H) {
        self.done = self.done.max(notice);
        while let Some((waits_for, _)) = self.held.front()
            && *waits_for <= self.done
        {
            if let Some((_, saying)) = self.held.pop_front() {
                self.deliver(saying, host);
            }
        }
    }

    /// Forgets what waits, since the flush that it waits for has failed: nothing of it has happened. The commit index that
    /// was told last. Only that the member became inactive is said now: nobody would say it again.
    pub fn forget<H: Host<E>>(&mut self, host: &mut H) -> u64 {
        self.done = self.asked;
        let held = std::mem::take(&mut self.held);
        let mut sayings = held.into_iter().map(|(_, saying)| saying);
        if let Some(inactive) = sayings.rfind(|saying| matches!(saying, Saying::Announce(Role::Inactive, _))) {
            self.deliver(inactive, host);
        }
        self.committed
    }

    fn deliver<H: Host<E>>(&mut self, saying: Saying<E>, host: &mut H) {
        match saying {
            Saying::Send(to, message) => host.send(to, message),
            Saying::Announce(role, term) => {
                host.emit(Event::Announced { role, term });
                host.announced(role, term);
            }
            Saying::Committed { from, to, term, current } => {
                if let Some(term) = term {
                    host.emit(Event::Committed { from, to, term, current });
                }
                self.committed = to;
                host.committed(to);
            }
            Saying::Ticket(ticket, outcome) => host.appended(ticket, outcome),
        }
    }
}
