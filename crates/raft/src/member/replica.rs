//! A member that takes entries: the checks on what precedes them, conflicts, and the commit index that comes along.
//!
//! Kept: the order of the checks, and what each refusal says about where to look next. Kept as a defect: entries from the
//! very beginning go into an empty log wherever that begins, and a reader that is set below the first entry shows that one
//! (`Toggles::snapshot_appends`).
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/PassiveRole.java (handleAppend)

use crate::entry::{Content, Entry};
use crate::event::Uncaught;
use crate::gate::Saying;
use crate::host::{Host, Role};
use crate::member::{Handled, Member};
use crate::message::{Append, Appended, Message};
use crate::settings::{Flush, Mutation};
use kernel::identity::NodeId;

/// Where to look next, if an append does not fit.
type Fits = Result<(), u64>;

impl<E: Content> Member<E> {
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/LeaderRole.java (onAppend)
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/CandidateRole.java (onAppend)
    pub(super) fn on_append<H: Host<E>>(&mut self, from: NodeId, append: Append<E>, host: &mut H) -> Handled {
        if self.role == Role::Inactive {
            return self.answer(from, Message::Refused { id: append.id }, host);
        }
        let news = self.update(append.term, Some(from), host);
        match self.role {
            Role::Leader if news => self.transition(Role::Follower, host)?,
            Role::Leader if append.term == self.term => {
                self.leader = Some(from);
                self.transition(Role::Follower, host)?;
            }
            Role::Candidate if append.term >= self.term => self.transition(Role::Follower, host)?,
            _ => {}
        }
        let answer = self.take(&append, host)?;
        if self.follows(from, append.term) {
            self.reset_heartbeat(host);
        }
        self.answer(from, Message::Appended(answer), host)
    }

    fn take<H: Host<E>>(&mut self, append: &Append<E>, host: &mut H) -> Result<Appended, Uncaught> {
        let fits = if append.term < self.term { Err(self.log.last_index()) } else { self.fits(append) };
        let (succeeded, last_index) = match fits {
            Ok(()) => (true, self.take_entries(append, host)?),
            Err(look_at) => (false, look_at),
        };
        let snapshot_index = self.snapshot().map_or(0, |(index, _)| index);
        Ok(Appended { id: append.id, term: self.term, succeeded, last_index, snapshot_index })
    }

    /// Whether what precedes the entries is what this member has.
    fn fits(&self, append: &Append<E>) -> Fits {
        if append.previous_term == 0 {
            let covered = self.snapshot().is_some_and(|(index, _)| index > append.previous_index);
            let refused = covered && self.settings.toggles.snapshot_appends;
            return if refused { Err(self.log.last_index()) } else { Ok(()) };
        }
        let (last_index, last_term) = match (self.log.last(), self.snapshot()) {
            (Some((index, entry)), _) => (index, entry.term),
            (None, Some(snapshot)) => snapshot,
            (None, None) if append.previous_index > 0 => return Err(0),
            (None, None) => return Ok(()),
        };
        let previous = append.previous_index;
        if previous > last_index {
            return Err(last_index);
        }
        let term = if previous == last_index {
            last_term
        } else {
            self.read(previous).map(|entry| entry.term).ok_or(last_index)?
        };
        if term == append.previous_term || self.mutated(Mutation::IgnorePrevious) { Ok(()) } else { Err(previous - 1) }
    }

    /// Takes the entries, and moves the commit index; the last index on which this member and the leader now agree.
    fn take_entries<H: Host<E>>(&mut self, append: &Append<E>, host: &mut H) -> Result<u64, Uncaught> {
        let agreed = append.previous_index + append.entries.len() as u64;
        if !append.entries.is_empty() {
            if append.previous_term == 0 {
                self.log.reset(append.previous_index + 1, host)?;
            }
            let mut wrote = false;
            for (entry, index) in append.entries.iter().zip(append.previous_index + 1..) {
                wrote |= self.take_entry(index, entry, host)?;
            }
            if self.settings.toggles.flush == Flush::BeforeAnswer && wrote {
                self.flush(host);
            }
        }
        if self.first_commit == 0 {
            self.first_commit = append.commit;
        }
        let known = if self.mutated(Mutation::CommitBeyondMatch) { self.log.last_index() } else { agreed };
        self.set_commit(append.commit.min(known), host);
        Ok(agreed)
    }

    /// An entry as upstream's reader finds it: below the first one it shows the first one instead.
    //= camunda/zeebe@0.24.4:atomix/storage/src/main/java/io/atomix/storage/journal/SegmentedJournalReader.java (rewind)
    fn read(&self, index: u64) -> Option<&Entry<E>> {
        let fixed = self.settings.toggles.snapshot_appends;
        self.log.get(if fixed { index } else { index.max(self.log.first_index()) })
    }

    /// Puts an entry where it belongs; whether it was not there yet.
    fn take_entry<H: Host<E>>(&mut self, index: u64, entry: &Entry<E>, host: &mut H) -> Result<bool, Uncaught> {
        let last_index = self.log.last_index();
        if self.log.is_empty() {
            // Upstream writes it wherever the log begins: behind a snapshot that came meanwhile, if need be.
        } else if index <= last_index {
            let existing = self.read(index).ok_or(Uncaught::LogGap)?;
            if existing.term == entry.term {
                return Ok(false);
            }
            self.log.truncate(index - 1, host)?;
        } else if index != last_index + 1 {
            return Err(Uncaught::LogGap);
        }
        // An error of the write itself is seen at once; with a flush before the answer, it is seen there.
        let notice = match self.settings.toggles.flush {
            Flush::OnCommit => self.waited_for(),
            Flush::BeforeAnswer => None,
        };
        let snapshot = self.snapshot().unwrap_or((0, 0));
        self.log.append(entry.clone(), snapshot, notice, host);
        Ok(true)
    }

    /// Moves the commit index on, never back, and flushes the log: what is said about it waits for that.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/impl/RaftContext.java (setCommitIndex)
    pub(super) fn set_commit<H: Host<E>>(&mut self, index: u64, host: &mut H) {
        if index <= self.commit {
            return;
        }
        let from = self.commit;
        self.commit = index;
        let held = index.min(self.log.last_index());
        self.log.commit(held);
        self.flush(host);
        if self.first_commit == 0 {
            self.first_commit = index;
        }
        self.applied = self.applied.max(held);
        let of_snapshot = self.snapshot().filter(|(snapshot, _)| *snapshot == index).map(|(_, term)| term);
        let covered = index < self.log.first_index();
        let term = self.log.get(index).map(|entry| entry.term).or(of_snapshot).or((!covered).then_some(0));
        self.say(Saying::Committed { from, to: index, term, current: self.term }, host);
    }
}
