//! Snapshots that come: piece by piece from the leader, or whole by the host.
//!
//! Kept: which pieces are refused, skipped or taken; a log that ends before the snapshot is thrown away, a log that reaches
//! further stays; the check is repeated at each start of a role that takes entries. Simplified: a piece is on disk when
//! the whole snapshot is, so that a crash in between loses all pieces (upstream purges them at start).
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
        let taken = term >= self.term && self.take_chunk(snapshot, chunk, host)?;
        if self.role == Role::Follower && self.follows(from, term) {
            self.reset_heartbeat(host);
        }
        self.answer(from, if taken { Message::Installed { id } } else { Message::Refused { id } }, host)
    }

    fn take_chunk<H: Host<E>>(
        &mut self,
        snapshot: Snapshot<E>,
        chunk: u32,
        host: &mut H,
    ) -> Result<bool, crate::event::Uncaught> {
        if self.applied > snapshot.index {
            return Ok(true);
        }
        if self.pending.as_ref().is_some_and(|pending| pending.snapshot.index != snapshot.index) {
            self.pending = None;
        }
        if self.snapshot().is_some_and(|(index, _)| index >= snapshot.index) {
            self.pending = None;
            return Ok(true);
        }
        let next = match &self.pending {
            Some(pending) if chunk < pending.next => return Ok(true),
            Some(pending) => pending.next,
            None => 0,
        };
        if chunk != next {
            return Ok(false);
        }
        if chunk + 1 < snapshot.chunks {
            self.pending = Some(Pending { snapshot, next: chunk + 1 });
            return Ok(true);
        }
        self.pending = None;
        let notice = self.gate.notice();
        host.store_snapshot(snapshot.clone(), notice);
        host.emit(Event::Installed { index: snapshot.index, term: snapshot.term });
        self.on_new_snapshot(snapshot, host)?;
        Ok(true)
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
        let Some((index, _)) = self.snapshot() else { return Ok(()) };
        if self.log.last_index() < index {
            self.log.reset(index + 1, false, host)?;
        } else if self.mutated(Mutation::SnapshotCutsLog) && self.log.last_index() > index {
            self.log.replace(index + 1, host);
        }
        Ok(())
    }
}
