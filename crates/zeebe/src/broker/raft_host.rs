//! A broker as a partition's Raft member sees it.

use super::Shell;
use super::partition::Rest;
use crate::cluster::{Batch, Event, Message, Stored, Timer, Zeebe};
use kernel::disk::DiskError;
use kernel::identity::{FileName, Nanos, NodeId};
use kernel::system::{DiskOp, Env};
use raft::{Host, Outcome, Role, Snapshot};

/// Bits of a disk token that a member uses; the partition stands above them.
const TOKEN_BITS: u32 = 48;

pub(super) struct Bound<'a, E> {
    pub env: &'a mut E,
    pub shell: &'a mut Shell,
    pub rest: &'a mut Rest,
}

impl<E: Env<Zeebe>> Bound<'_, E> {
    /// Whether another broker is to lead first: in the first process on a disk, until something is committed.
    fn waits_for_first_leader(&self) -> bool {
        let first = self.shell.settings.first_leader(self.rest.number);
        self.rest.committed == 0 && self.env.incarnation() == 1 && first.is_some_and(|first| first != self.env.me())
    }
}

impl<E: Env<Zeebe>> Host<Batch> for Bound<'_, E> {
    fn monotonic(&self) -> Nanos {
        self.env.monotonic()
    }

    fn wall(&self) -> Nanos {
        self.env.wall()
    }

    fn draw(&mut self) -> u64 {
        self.env.draw(self.rest.election.as_mut().expect("a process that started has its streams"))
    }

    fn send(&mut self, to: NodeId, message: raft::Message<Batch>) {
        let way = if message.is_answer() {
            self.shell.wires.way_back(to)
        } else {
            Some(self.shell.wires.way_to(to, self.env))
        };
        if let Some(way) = way {
            self.env.write(way, Message::Raft(self.rest.number, message));
        }
    }

    fn set_timer(&mut self, timer: raft::Timer, after: Nanos) {
        self.cancel_timer(timer);
        let waits = timer == raft::Timer::Heartbeat && self.waits_for_first_leader();
        let after = if waits { after + self.shell.settings.raft.election_timeout } else { after };
        let set = self.env.set_timer(after, Timer::Raft(self.rest.number, timer));
        self.rest.raft_timers[timer as usize] = Some(set);
    }

    fn cancel_timer(&mut self, timer: raft::Timer) {
        if let Some(set) = self.rest.raft_timers[timer as usize].take() {
            self.env.cancel_timer(set);
        }
    }

    fn disk(&mut self, operation: DiskOp<raft::Record<Batch>>, notice: Option<u64>) {
        let number = u64::from(self.rest.number);
        let notice = notice.map(|notice| {
            assert!(notice >> TOKEN_BITS == 0, "SIMULATOR BUG: a token of more than {TOKEN_BITS} bits");
            number << TOKEN_BITS | notice
        });
        self.env.disk(operation.map(Stored::Raft), notice);
    }

    fn files(&self) -> Vec<FileName> {
        self.env.files()
    }

    fn file_len(&self, file: FileName) -> Option<u64> {
        self.env.file_len(file)
    }

    fn record(&self, file: FileName, index: u64) -> Result<&raft::Record<Batch>, DiskError> {
        match self.env.record(file, index)? {
            Stored::Raft(record) => Ok(record),
            Stored::Snapshot(_) | Stored::State => Err(DiskError::Damaged),
        }
    }

    fn store_snapshot(&mut self, snapshot: Snapshot<Batch>, notice: u64) {
        self.rest.write_snapshot(snapshot, Some(notice), self.env);
    }

    fn announced(&mut self, role: Role, term: u64) {
        self.rest.announced.push((role, term));
    }

    fn committed(&mut self, index: u64) {
        self.rest.committed = index;
    }

    fn appended(&mut self, _ticket: u64, outcome: Outcome) {
        self.rest.outcomes.push(outcome);
    }

    fn failed(&mut self) {
        self.rest.raft_is(false, self.env);
    }

    fn emit(&mut self, event: raft::Event) {
        self.env.emit(Event::Raft(self.rest.number, event));
    }
}
