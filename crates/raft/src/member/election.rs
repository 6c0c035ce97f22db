//! Elections: polls, votes, and the timeouts that lead to them.
//!
//! Kept: a poll (would you vote for me?) comes before a term is raised; a follower that has not applied up to the first
//! commit index it heard of polls nobody; each round of polls is counted for itself, and a late answer still counts for
//! its round. Kept as a defect: a voter whose log is empty, since it has just installed a snapshot, votes for anybody
//! (`Toggles::snapshot_votes`).
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/FollowerRole.java (timeouts, polls)
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/CandidateRole.java (elections)
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/ActiveRole.java (handlePoll, handleVote)

use crate::entry::Content;
use crate::host::{Host, Role, Timer};
use crate::member::calls::{Asked, Call};
use crate::member::{Handled, Member};
use crate::message::{Candidacy, Granted, Message};
use crate::settings::Mutation;
use kernel::identity::NodeId;

/// One round of polls or votes.
#[derive(Clone, Copy, Debug)]
struct Round {
    nth: u64,
    granted: usize,
    refused: usize,
}

/// The rounds of a follower or a candidate that are not decided.
#[derive(Clone, Debug, Default)]
pub(super) struct Campaign {
    rounds: Vec<Round>,
    begun: u64,
}

impl Campaign {
    fn begin(&mut self) -> u64 {
        self.begun += 1;
        self.rounds.push(Round { nth: self.begun, granted: 1, refused: 0 });
        self.begun
    }

    /// Counts one answer; whether the round is won or lost by it.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/utils/Quorum.java (checkComplete)
    fn count(&mut self, nth: u64, granted: bool, quorum: usize) -> Option<bool> {
        let place = self.rounds.iter().position(|round| round.nth == nth)?;
        let round = &mut self.rounds[place];
        if granted {
            round.granted += 1;
        } else {
            round.refused += 1;
        }
        let won = round.granted >= quorum;
        if !won && round.refused < quorum {
            return None;
        }
        self.rounds.remove(place);
        Some(won)
    }
}

impl<E: Content> Member<E> {
    /// Members that must agree, this one included.
    pub(super) fn quorum(&self) -> usize {
        self.peers.len().div_ceil(2) + 1
    }

    pub(super) fn start_follower<H: Host<E>>(&mut self, host: &mut H) -> Handled {
        if self.peers.is_empty() {
            return self.transition(Role::Candidate, host);
        }
        self.follow_snapshot(host)?;
        self.reset_heartbeat(host);
        Ok(())
    }

    pub(super) fn start_candidate<H: Host<E>>(&mut self, host: &mut H) -> Handled {
        if self.peers.is_empty() {
            self.set_term(self.term + 1, host);
            self.set_vote(self.me, host)?;
            return self.transition(Role::Leader, host);
        }
        self.follow_snapshot(host)?;
        self.campaign(host)
    }

    pub(super) fn reset_heartbeat<H: Host<E>>(&mut self, host: &mut H) {
        if self.role == Role::Follower {
            self.polling = false;
            let timeout = self.random_timeout(host);
            host.set_timer(Timer::Heartbeat, timeout);
        }
    }

    /// No leader was heard, or the polls were not answered in time.
    pub(super) fn on_heartbeat_timeout<H: Host<E>>(&mut self, host: &mut H) -> Handled {
        if self.polling {
            self.reset_heartbeat(host);
            return Ok(());
        }
        self.polling = true;
        host.set_timer(Timer::Heartbeat, self.settings.election_timeout);
        if self.applied < self.first_commit {
            return Ok(());
        }
        self.leader = None;
        self.poll(host)
    }

    /// What a candidate says about its log.
    fn candidacy(&self) -> (u64, u64) {
        if self.settings.toggles.snapshot_votes {
            return self.last_known();
        }
        self.log.last().map_or((0, 0), |(index, entry)| (index, entry.term))
    }

    pub(super) fn poll<H: Host<E>>(&mut self, host: &mut H) -> Handled {
        let round = self.campaign.begin();
        let (term, (last_index, last_term)) = (self.term, self.candidacy());
        for peer in self.peers.clone().iter() {
            let message = |id| Message::Poll(Candidacy { id, term, last_index, last_term });
            self.call(*peer, Asked::Poll(round), message, host);
        }
        Ok(())
    }

    pub(super) fn on_polled<H: Host<E>>(&mut self, round: u64, answer: Granted, host: &mut H) -> Handled {
        if answer.term > self.term {
            self.set_term(answer.term, host);
        }
        self.count_poll(round, answer.granted && answer.term == self.term, host)
    }

    pub(super) fn count_poll<H: Host<E>>(&mut self, round: u64, granted: bool, host: &mut H) -> Handled {
        let quorum = self.quorum();
        match self.campaign.count(round, granted, quorum) {
            Some(true) if self.leader.is_none() => self.transition(Role::Candidate, host),
            Some(_) => {
                self.reset_heartbeat(host);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// A candidate raises the term and asks for votes, again and again.
    pub(super) fn campaign<H: Host<E>>(&mut self, host: &mut H) -> Handled {
        self.set_term(self.term + 1, host);
        self.set_vote(self.me, host)?;
        // The round before is given up: its answers count no more.
        self.campaign.rounds.clear();
        let round = self.campaign.begin();
        let timeout = self.random_timeout(host);
        host.set_timer(Timer::Election, timeout);
        let (term, (last_index, last_term)) = (self.term, self.candidacy());
        for peer in self.peers.clone().iter() {
            let message = |id| Message::Vote(Candidacy { id, term, last_index, last_term });
            self.call(*peer, Asked::Vote(round), message, host);
        }
        Ok(())
    }

    pub(super) fn on_voted<H: Host<E>>(&mut self, round: u64, call: Call, answer: Granted, host: &mut H) -> Handled {
        assert!(call.term <= self.term, "SIMULATOR BUG: a term went back from {} to {}", call.term, self.term);
        if answer.term > self.term {
            self.set_term(answer.term, host);
            return self.transition(Role::Follower, host);
        }
        self.count_vote(round, answer.granted && answer.term == self.term, host)
    }

    pub(super) fn count_vote<H: Host<E>>(&mut self, round: u64, granted: bool, host: &mut H) -> Handled {
        let quorum = self.quorum();
        match self.campaign.count(round, granted, quorum) {
            Some(true) => self.transition(Role::Leader, host),
            Some(false) => self.transition(Role::Follower, host),
            None => Ok(()),
        }
    }

    pub(super) fn on_poll<H: Host<E>>(&mut self, from: NodeId, asked: Candidacy, host: &mut H) -> Handled {
        let granted = match self.role {
            Role::Inactive => return self.answer(from, Message::Refused { id: asked.id }, host),
            Role::Leader => {
                // Who polls has not heard from this leader: perhaps since it was given up.
                self.forgive(from);
                false
            }
            Role::Follower | Role::Candidate => {
                self.update(asked.term, None, host);
                asked.term >= self.term && self.is_up_to_date(asked)
            }
        };
        self.answer(from, Message::Polled(Granted { id: asked.id, term: self.term, granted }), host)
    }

    pub(super) fn on_vote<H: Host<E>>(&mut self, from: NodeId, asked: Candidacy, host: &mut H) -> Handled {
        if self.role == Role::Inactive {
            return self.answer(from, Message::Refused { id: asked.id }, host);
        }
        let news = self.update(asked.term, None, host);
        let stays = self.role == Role::Leader && self.mutated(Mutation::KeepLeading);
        if news && !stays {
            self.transition(Role::Follower, host)?;
        }
        let granted = self.role == Role::Follower && self.votes_for(from, asked, host)?;
        if granted {
            self.reset_heartbeat(host);
        }
        self.answer(from, Message::Voted(Granted { id: asked.id, term: self.term, granted }), host)
    }

    /// Simplified: upstream grants a repeated request of the same candidate, but compares objects and not names, so that
    /// it never does.
    fn votes_for<H: Host<E>>(
        &mut self,
        from: NodeId,
        asked: Candidacy,
        host: &mut H,
    ) -> Result<bool, crate::event::Uncaught> {
        let voted = self.vote.is_some() && !self.mutated(Mutation::VoteTwice);
        if asked.term < self.term || self.leader.is_some() || voted || !self.is_up_to_date(asked) {
            return Ok(false);
        }
        self.set_vote(from, host)?;
        Ok(true)
    }

    /// Whether a candidate's log is at least as good as this member's.
    fn is_up_to_date(&self, asked: Candidacy) -> bool {
        let (last_index, last_term) = self.candidacy();
        // An empty log is no better than any.
        last_index == 0
            || self.mutated(Mutation::SkipUpToDate)
            || (asked.last_term, asked.last_index) >= (last_term, last_index)
    }

    /// Whether a request is one of the leader's that this member follows.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/FollowerRole.java (isRequestFromCurrentLeader)
    pub(super) fn follows(&self, from: NodeId, term: u64) -> bool {
        term > self.term || (term == self.term && self.leader == Some(from))
    }

    /// The leader of a new term presents itself. Kept: it revives a member that an error made inactive, whatever its
    /// term; a candidate takes note and stays one.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/InactiveRole.java (onConfigure)
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/LeaderRole.java (onConfigure)
    pub(super) fn on_configure<H: Host<E>>(&mut self, from: NodeId, id: u64, term: u64, host: &mut H) -> Handled {
        if self.stopped {
            return self.answer(from, Message::Refused { id }, host);
        }
        let news = self.update(term, Some(from), host);
        match self.role {
            Role::Inactive => self.transition(Role::Follower, host)?,
            Role::Leader if news && !self.mutated(Mutation::KeepLeading) => self.transition(Role::Follower, host)?,
            Role::Follower if self.follows(from, term) => self.reset_heartbeat(host),
            _ => {}
        }
        self.answer(from, Message::Configured { id }, host)
    }

    /// A member that starts tells the leader, who may have given it up. Simplified: it asks one member after the other, a
    /// heartbeat interval apart, until the leader itself says yes; upstream asks as fast as the network answers, and
    /// followers pass the request on.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/cluster/impl/RaftClusterContext.java (join)
    pub(super) fn join<H: Host<E>>(&mut self, host: &mut H) {
        if self.peers.is_empty() || self.stopped {
            return;
        }
        let peer = self.peers[self.joins % self.peers.len()];
        self.joins += 1;
        self.call(peer, Asked::Join, |id| Message::Join { id }, host);
    }

    pub(super) fn join_later<H: Host<E>>(&mut self, host: &mut H) {
        host.set_timer(Timer::Join, self.settings.heartbeat);
    }

    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/LeaderRole.java (onJoin)
    pub(super) fn on_join<H: Host<E>>(&mut self, from: NodeId, id: u64, host: &mut H) -> Handled {
        let leads = self.leadership.as_ref().is_some_and(|leadership| self.commit >= leadership.first_index);
        if leads {
            self.forgive(from);
        }
        self.answer(from, if leads { Message::Joined { id } } else { Message::Refused { id } }, host)
    }
}
