//! One replica of a partition: its Raft member, and on a leader its log stream and stream processor.
//!
//! The role of the Raft member and the role of the services are two things: the second follows the first, one transition
//! after the other, each of which takes time.
//!
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/partitions/ZeebePartition.java (onNewRole)

use super::Shell;
use super::database::Database;
use super::director::Director;
use super::exporters::Exporters;
use super::handler::Handler;
use super::health::Monitor;
use super::log_stream::LogStream;
use super::processor_host::Seat;
use super::raft_host::Bound;
use super::snapshots::Snapshots;
use super::store_errors::StoreErrors;
use crate::cluster::{Batch, Job, Zeebe};
use crate::processor::{self, StreamProcessor, Wait};
use crate::protocol::Record;
use crate::topology::PartitionLeaders;
use kernel::dice::{Purpose, Stream};
use kernel::disk::DiskError;
use kernel::identity::{ActorId, NodeId, TimerId, mix};
use kernel::system::Env;
use raft::{Member, Outcome, Role};
use std::cell::Cell;

const ELECTION: Purpose = Purpose::new("raft-election");
const LIMITS: Purpose = Purpose::new("backpressure");
/// Actors of a partition: its stream processor, its appender, its transitions, its exporters.
const ACTORS: u16 = 4;

/// A replica of a partition.
#[derive(Clone, Debug)]
pub struct Partition {
    number: u16,
    pub(super) member: Option<Member<Batch>>,
    pub(super) rest: Rest,
}

/// All of a replica but its Raft member.
#[derive(Clone, Debug)]
pub(super) struct Rest {
    pub number: u16,
    pub raft_timers: [Option<TimerId>; raft::Timer::ALL.len()],
    pub election: Option<Stream>,
    /// Roles that were announced and not acted on.
    pub announced: Vec<(Role, u64)>,
    pub committed: u64,
    /// The commit index at which the commit position was looked up last.
    pub looked_up: u64,
    pub commit_position: i64,
    pub outcomes: Vec<Outcome>,
    pub log: Option<LogStream>,
    pub processor: Option<StreamProcessor>,
    pub epoch: u32,
    pub waits: Vec<(Wait, TimerId)>,
    /// The role of the services.
    pub installed: Option<Role>,
    /// Whether the stream processor's actor has a job.
    pub working: bool,
    pub tickets: u64,
    /// Where a position was found last.
    pub found: Cell<u64>,
    /// Leaders that this stream processor was told of.
    pub leaders: PartitionLeaders,
    pub snapshots: Snapshots,
    pub director: Director,
    pub snapshot_timer: Option<TimerId>,
    /// Answers of the stream processor to the snapshot director.
    pub positions: Vec<processor::Notice>,
    pub monitor: Monitor,
    pub database: Database,
    pub store_errors: StoreErrors,
    pub handler: Handler,
    /// For the limits of what is under way.
    pub limits: Option<Stream>,
    pub exporters: Exporters,
}

impl Partition {
    pub(super) fn new(number: u16) -> Self {
        let rest = Rest {
            number,
            raft_timers: [None; raft::Timer::ALL.len()],
            election: None,
            announced: Vec::new(),
            committed: 0,
            looked_up: 0,
            commit_position: 0,
            outcomes: Vec::new(),
            log: None,
            processor: None,
            epoch: 0,
            waits: Vec::new(),
            installed: None,
            working: false,
            tickets: 0,
            found: Cell::new(1),
            leaders: PartitionLeaders::default(),
            snapshots: Snapshots::default(),
            director: Director::Idle,
            snapshot_timer: None,
            positions: Vec::new(),
            monitor: Monitor::default(),
            database: Database::default(),
            store_errors: StoreErrors::default(),
            handler: Handler::default(),
            limits: None,
            exporters: Exporters::default(),
        };
        Partition { number, member: None, rest }
    }

    /// Which partition.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }

    /// Its Raft member, once the process has started.
    #[must_use]
    pub const fn member(&self) -> Option<&Member<Batch>> {
        self.member.as_ref()
    }

    /// Its stream processor, on a leader.
    #[must_use]
    pub const fn processor(&self) -> Option<&StreamProcessor> {
        self.rest.processor.as_ref()
    }

    /// The role of its services.
    #[must_use]
    pub const fn installed(&self) -> Option<Role> {
        self.rest.installed
    }

    /// Which life of the services it is.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.rest.epoch
    }

    /// The last committed position, as this replica knows.
    #[must_use]
    pub const fn commit_position(&self) -> i64 {
        self.rest.commit_position
    }

    /// The committed records, as this replica has them.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        let indexes = self.member.as_ref().map(|member| (member.log().first_index(), member.commit_index()));
        let (first, last) = indexes.unwrap_or((1, 0));
        (first.max(1)..=last).flat_map(move |index| {
            let entry = self.member.as_ref().and_then(|member| member.log().get(index));
            match entry.map(|entry| &entry.body) {
                Some(raft::Body::Application(_, batch)) => batch.records(),
                _ => &[],
            }
        })
    }

    pub(super) fn start<E: Env<Zeebe>>(&mut self, shell: &mut Shell, env: &mut E) {
        let identity = mix(mix(u64::from(env.me().0), u64::from(self.number)), u64::from(env.incarnation()));
        self.rest.election = Some(env.stream(ELECTION, identity));
        self.rest.limits = Some(env.stream(LIMITS, identity));
        let peers: Vec<NodeId> = shell.settings.nodes().filter(|peer| *peer != env.me()).collect();
        let raft = shell.settings.raft.clone();
        self.member = Some(Member::new(raft, u64::from(self.number), env.me(), &peers, env.incarnation()));
        self.rest.load_snapshot(env);
        self.rest.store_errors = StoreErrors::of(&shell.settings, env.me(), self.rest.number);
        let snapshot = self.rest.snapshots.current.clone();
        self.rest.raft_is(true, env);
        self.with(shell, env, |member, host| member.start(snapshot, host));
    }

    pub(super) fn with<E: Env<Zeebe>>(
        &mut self,
        shell: &mut Shell,
        env: &mut E,
        act: impl FnOnce(&mut Member<Batch>, &mut Bound<'_, E>),
    ) {
        if let Some(member) = &mut self.member {
            act(member, &mut Bound { env, shell, rest: &mut self.rest });
        }
    }

    pub(super) fn receive<E: Env<Zeebe>>(
        &mut self,
        from: NodeId,
        message: raft::Message<Batch>,
        shell: &mut Shell,
        env: &mut E,
    ) {
        self.with(shell, env, |member, host| member.receive(from, message, host));
    }

    pub(super) fn unreachable<E: Env<Zeebe>>(&mut self, peer: NodeId, shell: &mut Shell, env: &mut E) {
        self.with(shell, env, |member, host| member.unreachable(peer, host));
    }

    /// Gossip says that a node is gone.
    pub(super) fn member_removed<E: Env<Zeebe>>(&mut self, node: NodeId, shell: &mut Shell, env: &mut E) {
        self.with(shell, env, |member, host| member.member_removed(node, host));
    }

    /// A broker leads a partition: the stream processor's distributor is told.
    pub(super) fn told(&mut self, partition: u16, broker: u16) {
        if self.rest.processor.is_some() {
            self.rest.leaders.set(partition, broker);
        }
    }

    pub(super) fn raft_timer<E: Env<Zeebe>>(&mut self, timer: raft::Timer, shell: &mut Shell, env: &mut E) {
        self.rest.raft_timers[timer as usize] = None;
        self.with(shell, env, |member, host| member.timer(timer, host));
    }

    pub(super) fn disk_done<E: Env<Zeebe>>(
        &mut self,
        token: u64,
        result: Result<(), DiskError>,
        shell: &mut Shell,
        env: &mut E,
    ) {
        self.with(shell, env, |member, host| member.disk_done(token, result, host));
    }

    /// An operation of somebody else's on the broker's disk failed.
    pub(super) fn disk_failed<E: Env<Zeebe>>(&mut self, shell: &mut Shell, env: &mut E) {
        self.with(shell, env, |member, host| member.disk_failed(host));
    }

    /// A job for its stream processor, from outside.
    pub(super) fn submit(&mut self, job: processor::Job) {
        if let Some(processor) = &mut self.rest.processor {
            processor.submit(job);
        }
    }

    /// A time that its stream processor waited for.
    pub(super) fn wait_over(&mut self, epoch: u32, wait: Wait) {
        if epoch == self.rest.epoch
            && let Some(processor) = &mut self.rest.processor
        {
            if let Some(at) = self.rest.waits.iter().position(|(set, _)| *set == wait) {
                self.rest.waits.remove(at);
            }
            processor.wait_over(wait);
        }
    }

    /// What follows when the member and the services have come to rest: commits, transitions, jobs.
    pub(super) fn settle<E: Env<Zeebe>>(&mut self, shell: &mut Shell, env: &mut E) {
        self.see_commits();
        for notice in std::mem::take(&mut self.rest.positions) {
            self.positions(&notice, shell, env);
        }
        self.check_snapshot(env);
        self.read_for_exporters(shell, env);
        self.queue_transitions(shell, env);
        for outcome in std::mem::take(&mut self.rest.outcomes) {
            if let (Some(log), Outcome::Committed(_), Some(stream)) =
                (&mut self.rest.log, outcome, &mut self.rest.limits)
            {
                log.landed(env.monotonic(), || env.draw(stream));
            }
        }
        let (partition, epoch) = (self.number, self.rest.epoch);
        let appender = self.actor(1);
        if let Some(log) = &mut self.rest.log
            && log.is_ready()
            && !log.appending
        {
            log.appending = true;
            env.submit(appender, shell.settings.costs.append, Job::Append { partition, epoch });
        }
        let actor = self.actor(0);
        if let Some(processor) = &mut self.rest.processor
            && !self.rest.working
            && let Some(job) = processor.next_job()
        {
            self.rest.working = true;
            let costs = &shell.settings.costs;
            let service = match job {
                processor::Job::ReadNext => costs.process,
                processor::Job::Reprocess => costs.reprocess,
                _ if processor.spins() => costs.spin,
                _ => 0,
            };
            env.submit(actor, service, Job::Processor { partition, epoch, job });
        }
    }

    /// Does a job of the stream processor.
    pub(super) fn work<E: Env<Zeebe>>(&mut self, epoch: u32, job: processor::Job, shell: &mut Shell, env: &mut E) {
        if epoch != self.rest.epoch {
            return;
        }
        self.rest.working = false;
        if let Some(mut processor) = self.rest.processor.take() {
            let mut seat = Seat { env, shell, rest: &mut self.rest, member: self.member.as_ref() };
            processor.execute(job, &mut seat);
            self.rest.processor = Some(processor);
        }
    }

    pub(super) fn exporter_actor(&self) -> ActorId {
        self.actor(3)
    }

    pub(super) fn transitions(&self) -> ActorId {
        self.actor(2)
    }

    fn actor(&self, which: u16) -> ActorId {
        ActorId(self.number * ACTORS + which)
    }
}
