//! A member: its state, its inputs, and what all roles share.
//!
//! One file per matter: `calls` the requests underway, `durable` what a restart finds, `election` polls and votes, `replica` appends as a follower takes
//! them, `install` snapshots, `leader` a leader's entries and commits, `replication` what a leader sends to whom.
//!
//! Simplified: a handler that steps down does so before it does the rest, where upstream does so after; nobody outside can
//! tell. Left out: clients of the raft context, metrics.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/impl/RaftContext.java (state and transitions)

mod calls;
mod durable;
mod election;
mod install;
mod leader;
mod peer;
mod replica;
mod replication;

use crate::entry::{Content, Snapshot};
use crate::event::{Event, Uncaught};
use crate::gate::{Gate, Saying};
use crate::host::{Host, Role, Timer};
use crate::log::RaftLog;
use crate::message::{Kind, Message};
use crate::settings::{Mutation, Settings};
use calls::{Asked, Calls};
use election::Campaign;
use install::{Pending, Storing};
use kernel::dice::below;
use kernel::disk::DiskError;
use kernel::identity::{MILLIS, Nanos, NodeId};
use leader::Leadership;
use std::sync::Arc;

/// One member of a group.
#[derive(Clone, Debug)]
pub struct Member<E: Content> {
    settings: Arc<Settings>,
    group: u64,
    me: NodeId,
    peers: Arc<[NodeId]>,
    role: Role,
    term: u64,
    vote: Option<NodeId>,
    leader: Option<NodeId>,
    /// In memory only: a restarted member learns it anew.
    commit: u64,
    /// The first commit index that it heard of; it polls nobody before it has applied up to there.
    first_commit: u64,
    applied: u64,
    log: RaftLog<E>,
    snapshot: Option<Snapshot<E>>,
    pending: Option<Pending<E>>,
    storing: Option<Storing<E>>,
    /// Snapshots that were to be stored.
    stored: u64,
    meta_filed: bool,
    gate: Gate<E>,
    calls: Calls,
    campaign: Campaign,
    leadership: Option<Box<Leadership>>,
    /// Whether a follower that polled waits for the answers.
    polling: bool,
    /// Not started yet, or stopped by its host: nothing revives it.
    stopped: bool,
    /// Requests to join that were sent: the next goes to the next member.
    joins: usize,
}

/// A handler that upstream would have died in.
type Handled = Result<(), Uncaught>;

impl<E: Content> Member<E> {
    /// A member that is not started. `peers` are the other members of its group, `incarnation` counts the processes of
    /// its node.
    pub fn new(settings: Arc<Settings>, group: u64, me: NodeId, peers: &[NodeId], incarnation: u32) -> Self {
        let log = RaftLog::new(group, settings.segment_entries);
        Member {
            settings,
            group,
            me,
            peers: peers.into(),
            role: Role::Inactive,
            term: 0,
            vote: None,
            leader: None,
            commit: 0,
            first_commit: 0,
            applied: 0,
            log,
            snapshot: None,
            pending: None,
            storing: None,
            stored: 0,
            meta_filed: false,
            gate: Gate::default(),
            calls: Calls::new(incarnation),
            campaign: Campaign::default(),
            leadership: None,
            polling: false,
            stopped: true,
            joins: 0,
        }
    }

    /// What it is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The newest term that it knows.
    pub fn term(&self) -> u64 {
        self.term
    }

    /// Whom it voted for in that term.
    pub fn vote(&self) -> Option<NodeId> {
        self.vote
    }

    /// The leader of that term, as far as it knows.
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// What it knows to be committed. What follows from it may still wait for the disk.
    pub fn commit_index(&self) -> u64 {
        self.commit
    }

    /// Its log.
    pub fn log(&self) -> &RaftLog<E> {
        &self.log
    }

    /// Index and term of its newest snapshot.
    pub fn snapshot(&self) -> Option<(u64, u64)> {
        self.snapshot.as_ref().map(|snapshot| (snapshot.index, snapshot.term))
    }

    /// It starts: it reads its files and becomes a follower. `snapshot` is the newest one on disk.
    pub fn start<H: Host<E>>(&mut self, snapshot: Option<Snapshot<E>>, host: &mut H) {
        self.snapshot = snapshot;
        self.stopped = false;
        self.load_meta(host);
        self.log.load(host);
        self.settle(host);
        let (last, last_term) = self.last_known();
        host.emit(Event::Started { term: self.term, first: self.log.first_index(), last, last_term });
        let started = self.transition(Role::Follower, host);
        self.caught(started, host);
        self.join(host);
    }

    /// A message came.
    pub fn receive<H: Host<E>>(&mut self, from: NodeId, message: Message<E>, host: &mut H) {
        if !self.peers.contains(&from) {
            return;
        }
        let handled = self.handle(from, message, host);
        self.caught(handled, host);
    }

    fn handle<H: Host<E>>(&mut self, from: NodeId, message: Message<E>, host: &mut H) -> Handled {
        match message {
            Message::Poll(asked) => self.on_poll(from, asked, host),
            Message::Vote(asked) => self.on_vote(from, asked, host),
            Message::Configure { id, term } => self.on_configure(from, id, term, host),
            Message::Append(append) => self.on_append(from, append, host),
            Message::Install { id, term, snapshot, chunk } => self.on_install(from, id, term, snapshot, chunk, host),
            Message::Join { id } => self.on_join(from, id, host),
            answer => self.on_answer(from, answer, host),
        }
    }

    /// The connection to a member ended: requests to it have failed.
    pub fn unreachable<H: Host<E>>(&mut self, peer: NodeId, host: &mut H) {
        self.unreachable_for(peer, None, host);
    }

    /// The same of a connection for one kind of requests, where there is one per kind.
    pub fn unreachable_for<H: Host<E>>(&mut self, peer: NodeId, kind: Option<Kind>, host: &mut H) {
        let on_it = |asked: Asked| kind.is_none_or(|kind| asked.kind() == kind);
        let failed = self.fail_calls(|call| call.to == peer && on_it(call.asked), host);
        self.caught(failed, host);
    }

    /// A timer fired.
    pub fn timer<H: Host<E>>(&mut self, timer: Timer, host: &mut H) {
        let handled = match timer {
            Timer::Heartbeat if self.role == Role::Follower => self.on_heartbeat_timeout(host),
            Timer::Election if self.role == Role::Candidate => self.campaign(host),
            Timer::Append if self.role == Role::Leader => self.on_append_timer(host),
            Timer::Requests => self.on_requests_timeout(host),
            Timer::Join => {
                self.join(host);
                Ok(())
            }
            _ => Ok(()),
        };
        self.caught(handled, host);
    }

    /// An operation of this member's is done that had a notice. An error may be that of an earlier one without.
    pub fn disk_done<H: Host<E>>(&mut self, notice: u64, result: Result<(), DiskError>, host: &mut H) {
        match result {
            Ok(()) if Self::is_storing(notice) => {
                let handled = self.on_stored(notice, host);
                self.caught(handled, host);
            }
            Ok(()) => self.gate.open(notice, host),
            Err(_) => self.caught(Err(Uncaught::Storage), host),
        }
    }

    /// An operation of somebody else's on the same disk failed: that may be the error of one of this member's that had no
    /// notice, and then nobody says it again. Upstream sees the error of each write at the write.
    pub fn disk_failed<H: Host<E>>(&mut self, host: &mut H) {
        if !self.stopped && !self.is_written(host) {
            self.caught(Err(Uncaught::Storage), host);
        }
    }

    /// The host has a new snapshot on disk, its own or one that came another way than by install.
    pub fn snapshot_available<H: Host<E>>(&mut self, snapshot: Snapshot<E>, host: &mut H) {
        let handled = self.on_new_snapshot(snapshot, host);
        self.caught(handled, host);
    }

    /// Entries up to an index may be dropped.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/impl/zeebe/ZeebeRaftStateMachine.java (compact)
    pub fn compact<H: Host<E>>(&mut self, index: u64, host: &mut H) {
        self.log.compact(index, host);
        let first = self.log.first_index();
        if let Some(leadership) = &mut self.leadership {
            leadership.peers.iter_mut().for_each(|peer| peer.next = peer.next.max(first));
        }
    }

    /// Gossip says that a node is gone.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/FollowerRole.java (handleClusterEvent)
    pub fn member_removed<H: Host<E>>(&mut self, node: NodeId, host: &mut H) {
        if self.role == Role::Follower && self.leader == Some(node) {
            self.leader = None;
            let polled = self.poll(host);
            self.caught(polled, host);
        }
    }

    /// The host wants it not to lead.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/impl/DefaultRaftServer.java (stepDown)
    pub fn step_down<H: Host<E>>(&mut self, host: &mut H) {
        let done = self.transition(Role::Follower, host);
        self.caught(done, host);
    }

    /// The host wants it to refuse everything.
    pub fn stop<H: Host<E>>(&mut self, host: &mut H) {
        self.stopped = true;
        let done = self.transition(Role::Inactive, host);
        self.caught(done, host);
    }

    fn mutated(&self, mutation: Mutation) -> bool {
        self.settings.mutation == mutation
    }

    fn say<H: Host<E>>(&mut self, saying: Saying<E>, host: &mut H) {
        self.gate.say(saying, host);
    }

    fn answer<H: Host<E>>(&mut self, to: NodeId, message: Message<E>, host: &mut H) -> Handled {
        self.say(Saying::Send(to, message), host);
        Ok(())
    }

    /// Milliseconds of the wall clock, by which upstream measures silence: a jump of that clock is seen.
    fn wall_ms<H: Host<E>>(&self, host: &H) -> i64 {
        (host.wall() / MILLIS) as i64
    }

    /// Between one and two election timeouts, to the millisecond.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/FollowerRole.java (resetHeartbeatTimeout)
    fn random_timeout<H: Host<E>>(&self, host: &mut H) -> Nanos {
        let timeout = self.settings.election_timeout;
        timeout + below(host.draw(), timeout / MILLIS) * MILLIS
    }

    /// The last index and term, of the log or of the snapshot that stands in for it.
    fn last_known(&self) -> (u64, u64) {
        let snapshot = self.snapshot().unwrap_or((0, 0));
        self.log.last().map_or(snapshot, |(index, entry)| (index, entry.term))
    }

    /// Takes over what a request says about term and leader; whether it was news.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/AbstractRole.java (updateTermAndLeader)
    fn update<H: Host<E>>(&mut self, term: u64, leader: Option<NodeId>, host: &mut H) -> bool {
        let news = term > self.term || (term == self.term && self.leader.is_none() && leader.is_some());
        if news {
            self.set_term(term, host);
            self.leader = leader;
        }
        news
    }

    /// Goes over to another role.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/impl/RaftContext.java (transition)
    fn transition<H: Host<E>>(&mut self, role: Role, host: &mut H) -> Handled {
        if self.role == role {
            return Ok(());
        }
        self.stop_role(host);
        self.role = role;
        host.emit(Event::Became { role, term: self.term });
        match role {
            Role::Inactive => {}
            Role::Follower => self.start_follower(host)?,
            Role::Candidate => self.start_candidate(host)?,
            Role::Leader => self.start_leader(host)?,
        }
        // Starting may have led on to another role, whose own announcement was the last word.
        if self.role == role && (role != Role::Leader || self.mutated(Mutation::AnnounceEarly)) {
            self.say(Saying::Announce(role, self.term), host);
        }
        Ok(())
    }

    /// Cancels what the role has going on; late answers find nothing.
    fn stop_role<H: Host<E>>(&mut self, host: &mut H) {
        for timer in [Timer::Heartbeat, Timer::Election, Timer::Append] {
            host.cancel_timer(timer);
        }
        self.polling = false;
        self.pending = None;
        self.campaign = Campaign::default();
        self.calls.forget_role();
        if self.leadership.take().is_some() && self.leader == Some(self.me) {
            self.leader = None;
        }
    }
}
