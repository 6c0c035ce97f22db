//! A leader's own part: its first entry, the entries of the application, and what a quorum has.
//!
//! Kept: a commit by quorum needs an entry of the leader's own term; leadership is announced when the first entry of the
//! term is committed; the validator, and what upstream does wrong when it objects (`Toggles::fix_6316`). Left out: retries
//! of a failed write (an error of the disk shows at the next flush and makes the member inactive), entries too large.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/LeaderRole.java (start, safeAppendEntry)

use crate::entry::{Body, Content, Entry, Positions};
use crate::event::Event;
use crate::gate::Saying;
use crate::host::{Host, Outcome, Role, Timer};
use crate::member::peer::Peer;
use crate::member::{Handled, Member};
use crate::settings::Mutation;
use kernel::identity::NodeId;
use std::collections::VecDeque;

/// What a member has while it leads.
#[derive(Clone, Debug)]
pub(super) struct Leadership {
    /// The index of the leader's first entry.
    pub first_index: u64,
    /// When it began, in milliseconds of the wall clock.
    pub since_ms: i64,
    pub peers: Vec<Peer>,
    announced: bool,
    last: Option<Positions>,
    /// The host's entries that are not committed: index and ticket.
    tickets: VecDeque<(u64, u64)>,
}

impl<E: Content> Member<E> {
    pub(super) fn start_leader<H: Host<E>>(&mut self, host: &mut H) -> Handled {
        let (last, last_term) = self.last_known();
        host.emit(Event::Elected { term: self.term, last, last_term });
        self.leader = Some(self.me);
        let first_index = self.log.last_index() + 1;
        let peers = self.peers.iter().map(|peer| Peer::new(*peer, first_index)).collect();
        let since_ms = self.wall_ms(host);
        let last = self.log.last_positions();
        let announced = self.mutated(Mutation::AnnounceEarly);
        let leadership = Leadership { first_index, since_ms, peers, announced, last, tickets: VecDeque::new() };
        self.leadership = Some(Box::new(leadership));
        self.write(Body::Initialize, host);
        self.replicate_to_all(host)?;
        host.set_timer(Timer::Append, 0);
        Ok(())
    }

    pub(super) fn on_append_timer<H: Host<E>>(&mut self, host: &mut H) -> Handled {
        host.set_timer(Timer::Append, self.settings.heartbeat);
        self.replicate_to_all(host)
    }

    /// The host gives an entry. What becomes of it is told by `Host::appended` with the ticket.
    pub fn append<H: Host<E>>(&mut self, ticket: u64, positions: Positions, content: E, host: &mut H) {
        let appended = self.try_append(ticket, positions, content, host);
        self.caught(appended, host);
    }

    fn try_append<H: Host<E>>(&mut self, ticket: u64, positions: Positions, content: E, host: &mut H) -> Handled {
        let Some(leadership) = &self.leadership else {
            self.say(Saying::Ticket(ticket, Outcome::NotLeader), host);
            return Ok(());
        };
        let last = leadership.last;
        let valid = host.validate(last, positions, &content).is_ok();
        if !valid {
            let highest = last.map_or(0, |last| last.highest);
            host.emit(Event::Invalid { highest, lowest: positions.lowest });
            self.say(Saying::Ticket(ticket, Outcome::Invalid), host);
            self.transition(Role::Follower, host)?;
            if self.settings.toggles.fix_6316 {
                return Ok(());
            }
        }
        let index = self.write(Body::Application(positions, content), host);
        self.say(Saying::Ticket(ticket, Outcome::Written(index)), host);
        if let Some(leadership) = &mut self.leadership {
            leadership.last = Some(positions);
            leadership.tickets.push_back((index, ticket));
            self.replicate_to_all(host)?;
        }
        Ok(())
    }

    fn write<H: Host<E>>(&mut self, body: Body<E>, host: &mut H) -> u64 {
        let entry = Entry { term: self.term, body };
        let snapshot = self.snapshot().unwrap_or((0, 0));
        self.log.append(entry, snapshot, None, host)
    }

    fn replicate_to_all<H: Host<E>>(&mut self, host: &mut H) -> Handled {
        if self.peers.is_empty() {
            self.commit_to(self.log.last_index(), host);
        }
        for nth in 0..self.peers.len() {
            self.replicate(nth, host);
        }
        Ok(())
    }

    /// Commits what a quorum has.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/LeaderAppender.java (commitEntries)
    pub(super) fn commit_by_quorum<H: Host<E>>(&mut self, host: &mut H) {
        let quorum = self.quorum();
        let Some(leadership) = &self.leadership else { return };
        let mut matched: Vec<u64> = leadership.peers.iter().map(|peer| peer.matched).collect();
        matched.sort_unstable_by_key(|index| std::cmp::Reverse(*index));
        // The leader itself has everything, so that two fewer others are to be looked at than it counts from 0.
        let index = match (quorum - 2).checked_sub(usize::from(self.mutated(Mutation::CommitMinority))) {
            Some(place) => matched[place],
            None => self.log.last_index(),
        };
        if index >= leadership.first_index || self.mutated(Mutation::CommitOldTerm) {
            self.commit_to(index, host);
        }
    }

    fn commit_to<H: Host<E>>(&mut self, index: u64, host: &mut H) {
        if index <= self.commit {
            return;
        }
        self.set_commit(index, host);
        let Some(leadership) = &mut self.leadership else { return };
        let announces = !leadership.announced && index >= leadership.first_index;
        leadership.announced |= announces;
        let committed = leadership.tickets.partition_point(|(written, _)| *written <= index);
        let committed: Vec<(u64, u64)> = leadership.tickets.drain(..committed).collect();
        if announces {
            self.say(Saying::Announce(Role::Leader, self.term), host);
        }
        for (written, ticket) in committed {
            self.say(Saying::Ticket(ticket, Outcome::Committed(written)), host);
        }
    }

    /// Forgets that a member did not answer.
    pub(super) fn forgive(&mut self, peer: NodeId) {
        let Some(leadership) = &mut self.leadership else { return };
        if let Some(peer) = leadership.peers.iter_mut().find(|known| known.id == peer) {
            peer.forgive();
        }
    }
}
