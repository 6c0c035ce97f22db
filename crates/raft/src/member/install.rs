//! Snapshots that come: piece by piece from the leader, or whole by the host.
//!
//! Kept: which pieces are refused, skipped or taken; a log that ends before the snapshot is thrown away, a log that reaches
//! further stays; the check is repeated at each start of a role that takes entries. Simplified: a piece is on disk when
//! the whole snapshot is, so that a crash in between loses all pieces (upstream purges them at start); the last piece is
//! answered when the snapshot is durable, and until then the member goes on without it (upstream blocks).
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/PassiveRole.java (onInstall, ResetWriterSnapshotListener)

use crate::entry::{Content, Snapshot};
use crate::event::Event;
use crate::host::{Host, Role};
use crate::member::{Handled, Member};
use crate::message::Message;
use crate::settings::Mutation;
use kernel::identity::NodeId;

/// A snapshot whose pieces come in.
#[derive(Clone, Debug)]
pub(super) struct Pending<E: Content> {
    snapshot: Snapshot<E>,
    /// The piece that must come next.
    next: u32,
}

/// A snapshot that is whole and not durable yet.
#[derive(Clone, Debug)]
pub(super) struct Storing<E: Content> {
    snapshot: Snapshot<E>,
    notice: u64,
    /// Whom to answer, and which request.
    asked: (NodeId, u64),
}

/// This bit of a notice, the highest that a member uses, tells snapshots from what the gate waits for.
const STORING: u64 = 1 << 47;

impl<E: Content> Member<E> {
    pub(super) fn on_install<H: Host<E>>(
        &mut self,
        from: NodeId,
        id: u64,
        term: u64,
        snapshot: Snapshot<E>,
        chunk: u32,
        host: &mut H,
    ) -> Handled {
        if self.role == Role::Inactive {
            return self.answer(from, Message::Refused { id }, host);
        }
        self.update(term, Some(from), host);
        let taken = if term < self.term { Some(false) } else { self.take_chunk((from, id), snapshot, chunk, host) };
        if self.role == Role::Follower && self.follows(from, term) {
            self.reset_heartbeat(host);
        }
        match taken {
            Some(true) => self.answer(from, Message::Installed { id }, host),
            Some(false) => self.answer(from, Message::Refused { id }, host),
            None => Ok(()),
        }
    }

    /// Whether a piece is taken; `None` when that is known only later.
    fn take_chunk<H: Host<E>>(
        &mut self,
        asked: (NodeId, u64),
        snapshot: Snapshot<E>,
        chunk: u32,
        host: &mut H,
    ) -> Option<bool> {
        if self.applied > snapshot.index {
            return Some(true);
        }
        if self.pending.as_ref().is_some_and(|pending| pending.snapshot.index != snapshot.index) {
            self.pending = None;
        }
        if self.snapshot().is_some_and(|(index, _)| index >= snapshot.index) {
            self.pending = None;
            return Some(true);
        }
        let next = match &self.pending {
            Some(pending) if chunk < pending.next => return Some(true),
            Some(pending) => pending.next,
            None => 0,
        };
        if chunk != next || self.storing.is_some() {
            return Some(false);
        }
        if chunk + 1 < snapshot.chunks {
            self.pending = Some(Pending { snapshot, next: chunk + 1 });
            return Some(true);
        }
        self.pending = None;
        self.stored += 1;
        let notice = STORING | self.stored;
        host.store_snapshot(snapshot.clone(), notice);
        self.storing = Some(Storing { snapshot, notice, asked });
        None
    }

    /// Whether a notice is that of a snapshot that was to be stored.
    pub(super) fn is_storing(notice: u64) -> bool {
        notice & STORING != 0
    }

    /// A snapshot is durable.
    pub(super) fn on_stored<H: Host<E>>(&mut self, notice: u64, host: &mut H) -> Handled {
        let Some(Storing { snapshot, asked: (from, id), .. }) =
            self.storing.take_if(|storing| storing.notice == notice)
        else {
            return Ok(());
        };
        host.emit(Event::Installed { index: snapshot.index, term: snapshot.term });
        self.on_new_snapshot(snapshot, host)?;
        self.answer(from, Message::Installed { id }, host)
    }

    /// The newest snapshot is another one now.
    pub(super) fn on_new_snapshot<H: Host<E>>(&mut self, snapshot: Snapshot<E>, host: &mut H) -> Handled {
        if self.snapshot().is_some_and(|(index, _)| index >= snapshot.index) {
            return Ok(());
        }
        self.snapshot = Some(snapshot);
        match self.role {
            Role::Follower | Role::Candidate => self.follow_snapshot(host),
            // A leader does not listen for snapshots; an inactive member looks again when it starts.
            Role::Leader | Role::Inactive => Ok(()),
        }
    }

    /// Throws the log away if it ends before the snapshot: what comes next follows the snapshot.
    pub(super) fn follow_snapshot<H: Host<E>>(&mut self, host: &mut H) -> Handled {
        if self.mutated(Mutation::TruncateCommitted) {
            self.log.truncate(self.commit, host)?;
        }
        let Some((index, _)) = self.snapshot() else { return Ok(()) };
        if self.log.last_index() < index {
            self.log.reset(index + 1, host)?;
        } else if self.mutated(Mutation::SnapshotCutsLog) && self.log.last_index() > index {
            self.log.replace(index + 1, host);
        }
        Ok(())
    }
}
