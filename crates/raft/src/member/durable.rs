//! What is durable of a member: term and vote, what of the log is flushed when, and what an error of the disk takes back.
//!
//! Simplified: upstream writes term and vote one after the other, each with a flush of its own; an error of the disk is
//! seen when it is told, and by then what rests on the write has been done and is taken back.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/storage/system/MetaStore.java (storeTerm, storeVote)

use crate::entry::{Content, Record, meta_file};
use crate::event::{Event, Uncaught};
use crate::host::{Host, Role};
use crate::member::{Handled, Member};
use crate::settings::{Flush, Mutation};
use kernel::disk::DiskError;
use kernel::identity::NodeId;
use kernel::system::DiskOp;

impl<E: Content> Member<E> {
    /// What was found in the files may be in the page cache only: it is made durable before anything is said by it. Of the
    /// current segment that is so only if followers flush before they answer; upstream makes no other before the full one
    /// is flushed, while here a process may have died in between.
    pub(super) fn settle<H: Host<E>>(&mut self, host: &mut H) {
        for file in self.log.full_files() {
            let notice = self.waited_for();
            host.disk(DiskOp::Sync(file), notice);
        }
        if self.settings.toggles.flush == Flush::BeforeAnswer {
            self.flush(host);
        }
        if self.meta_filed {
            let notice = self.waited_for();
            host.disk(DiskOp::Sync(meta_file(self.group)), notice);
        }
    }

    /// Upstream catches at the top of the thread: the member is inactive. What it would have said is never said; what it
    /// holds in memory is what its files hold.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/impl/RaftContext.java (onUncaughtException)
    pub(super) fn caught<H: Host<E>>(&mut self, handled: Handled, host: &mut H) {
        let Err(why) = handled else { return };
        if why == Uncaught::Storage {
            // Upstream fails before it does what rests on the write: here that is taken back.
            self.commit = self.gate.forget(host);
            self.applied = self.applied.min(self.commit);
            self.log.committed(self.commit);
            self.storing = None;
            self.load_meta(host);
            self.log.load(host);
        }
        host.emit(Event::Failed(why));
        // Becoming inactive writes nothing, so that cannot fail in its turn, and is told at once: what is found in the files
        // may fail to become durable, too, and whoever waits for the word would wait for ever.
        let _ = self.transition(Role::Inactive, host);
        if why == Uncaught::Storage {
            self.settle(host);
        }
        host.failed();
    }

    /// Whether its files hold what it wrote, as far as they can be read. They do not if an operation without a notice has
    /// failed, which only the next sync of the disk says, whosever that is.
    pub(super) fn is_written<H: Host<E>>(&self, host: &H) -> bool {
        let meta = match host.record(meta_file(self.group), 0) {
            Ok(Record::Meta { term, vote }) => (*term, *vote) == (self.term, self.vote),
            Ok(Record::Entry { .. }) | Err(DiskError::Missing) => !self.meta_filed,
            Err(_) => true,
        };
        meta && self.log.is_written(host)
    }

    /// A notice that all that is said later waits for.
    pub(super) fn waited_for(&mut self) -> Option<u64> {
        (!self.mutated(Mutation::AnswerBeforeSync)).then(|| self.gate.notice())
    }

    pub(super) fn flush<H: Host<E>>(&mut self, host: &mut H) {
        if self.log.has_file() {
            let notice = self.waited_for();
            self.log.flush(notice, host);
        }
    }

    /// Adopts a newer term.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/impl/RaftContext.java (setTerm)
    pub(super) fn set_term<H: Host<E>>(&mut self, term: u64, host: &mut H) {
        if term > self.term {
            self.term = term;
            self.leader = None;
            self.vote = None;
            self.store_meta(host);
        }
    }

    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/impl/RaftContext.java (setLastVotedFor)
    pub(super) fn set_vote<H: Host<E>>(&mut self, candidate: NodeId, host: &mut H) -> Handled {
        if self.vote.is_some() && !self.mutated(Mutation::VoteTwice) {
            return Err(Uncaught::VoteTwice);
        }
        self.vote = Some(candidate);
        self.store_meta(host);
        Ok(())
    }

    pub(super) fn store_meta<H: Host<E>>(&mut self, host: &mut H) {
        let (file, record) = (meta_file(self.group), Record::Meta { term: self.term, vote: self.vote });
        let write = if self.meta_filed { DiskOp::Write(file, 0, record) } else { DiskOp::Append(file, record) };
        self.meta_filed = true;
        host.disk(write, None);
        let notice = self.waited_for();
        host.disk(DiskOp::Sync(file), notice);
    }

    pub(super) fn load_meta<H: Host<E>>(&mut self, host: &mut H) {
        let file = meta_file(self.group);
        self.meta_filed = host.file_len(file).is_some_and(|len| len > 0);
        // A torn first write was never synced: nobody has been told of it.
        let (term, vote) = match host.record(file, 0) {
            Ok(Record::Meta { term, vote }) => (*term, *vote),
            _ => (0, None),
        };
        (self.term, self.vote) = (term, vote);
        if self.mutated(Mutation::ForgetVote) {
            self.vote = None;
        }
    }
}
