//! A process: the member, the small application on it, and what binds both to the kernel.

use crate::cluster::wires::Wires;
use crate::cluster::{Cluster, Item, Message, Record, SNAPSHOT, Start, Timer};
use crate::entry::{Positions, Record as Kept, Snapshot};
use crate::event::Event;
use crate::host::{Host, Outcome, Role, Timer as RaftTimer};
use crate::member::Member;
use crate::message;
use kernel::dice::{Purpose, Stream, below};
use kernel::disk::DiskError;
use kernel::identity::{FileName, Nanos, NodeId, TimerId, mix};
use kernel::system::{DiskOp, Env, Input, Target};

const ELECTION: Purpose = Purpose::new("raft-election");
const WORKLOAD: Purpose = Purpose::new("raft-workload");
/// The group of the only member of a process.
const GROUP: u64 = 0;
/// Notices of the application, beside those of the member.
const OWN_SNAPSHOT: u64 = 1 << 62;
const FOUND_SNAPSHOT: u64 = 1 << 61;
/// Bytes of a small item and of one that fills a batch.
const SMALL: u32 = 200;
const LARGE: u32 = 40_000;
const CHUNK_BYTES: u64 = 64 * 1024;

/// A process of the cluster.
#[derive(Clone, Debug)]
pub struct Process {
    start: Start,
    member: Option<Member<Item>>,
    shell: Shell,
}

/// All of a process but the member.
#[derive(Clone, Debug, Default)]
struct Shell {
    wires: Wires,
    timers: [Option<TimerId>; RaftTimer::ALL.len()],
    election: Option<Stream>,
    workload: Option<Stream>,
    /// The role that was announced last, not acted on yet.
    announced: Option<Role>,
    leads: bool,
    leaderships: u32,
    committed: u64,
    next_number: u64,
    tickets: u64,
    snapshot_filed: bool,
    /// A snapshot of this application's that is not durable yet.
    taking: Option<Snapshot<Item>>,
}

/// The process as its member sees it.
struct Bound<'a, E> {
    env: &'a mut E,
    shell: &'a mut Shell,
}

impl Process {
    pub(super) fn new(start: Start) -> Self {
        Process { start, member: None, shell: Shell::default() }
    }

    /// Its member, once it has started.
    pub fn member(&self) -> Option<&Member<Item>> {
        self.member.as_ref()
    }

    pub(super) fn on_input<E: Env<Cluster>>(&mut self, input: Input<Cluster>, env: &mut E) {
        match input {
            Input::Start => self.on_start(env),
            Input::Opened { connection, from, .. } => self.shell.wires.opened(connection, from),
            Input::Received { connection, message: Message::Raft(message) } => {
                let Some(from) = self.shell.wires.peer(connection) else { return };
                if !message.is_answer() {
                    self.shell.wires.asked(from, message.id(), connection);
                }
                self.with(env, |member, host| member.receive(from, message, host));
            }
            Input::Message { message: Message::Snapshot(snapshot), .. } => self.on_snapshot(snapshot, env),
            Input::Closed { connection, .. } => {
                if let Some((peer, kind)) = self.shell.wires.ended(connection) {
                    self.with(env, |member, host| member.unreachable_for(peer, kind, host));
                }
            }
            Input::Timer { payload: Timer::Raft(timer), .. } => {
                self.shell.timers[timer as usize] = None;
                self.with(env, |member, host| member.timer(timer, host));
            }
            Input::Timer { payload: Timer::Item(leadership), .. } => self.on_item_due(leadership, env),
            Input::Timer { payload: Timer::Snapshot(leadership), .. } => self.on_snapshot_due(leadership, env),
            Input::Disk { token, result } => self.on_disk(token, result, env),
            _ => {}
        }
        self.act_on_role(env);
    }

    fn with<E: Env<Cluster>>(&mut self, env: &mut E, act: impl FnOnce(&mut Member<Item>, &mut Bound<'_, E>)) {
        if let Some(member) = &mut self.member {
            act(member, &mut Bound { env, shell: &mut self.shell });
        }
    }

    fn on_start<E: Env<Cluster>>(&mut self, env: &mut E) {
        let identity = mix(mix(u64::from(env.me().0), GROUP), u64::from(env.incarnation()));
        self.shell.election = Some(env.stream(ELECTION, identity));
        self.shell.workload = Some(env.stream(WORKLOAD, identity));
        self.shell.snapshot_filed = env.file_len(SNAPSHOT).is_some_and(|len| len > 0);
        if self.shell.snapshot_filed {
            // What a former process left in the page cache must be durable before the log is cut by it.
            env.disk(DiskOp::Sync(SNAPSHOT), Some(FOUND_SNAPSHOT));
        } else {
            self.start_member(env);
        }
    }

    fn start_member<E: Env<Cluster>>(&mut self, env: &mut E) {
        // A torn one was never durable: nothing was cut by it.
        let snapshot = match env.record(SNAPSHOT, 0) {
            Ok(Record::Snapshot(snapshot)) => Some(snapshot.clone()),
            _ => None,
        };
        let peers: Vec<NodeId> = (0..self.start.members).map(NodeId).filter(|peer| *peer != env.me()).collect();
        let member = Member::new(self.start.settings.clone(), GROUP, env.me(), &peers, env.incarnation());
        self.member = Some(member);
        self.with(env, |member, host| member.start(snapshot, host));
    }

    /// Announcements come while the member runs; the application acts when it has come to rest.
    fn act_on_role<E: Env<Cluster>>(&mut self, env: &mut E) {
        let (Some(role), Some(member)) = (self.shell.announced.take(), &self.member) else { return };
        self.shell.leads = role == Role::Leader;
        if self.shell.leads {
            self.shell.leaderships += 1;
            let of_snapshot = match env.record(SNAPSHOT, 0) {
                Ok(Record::Snapshot(snapshot)) => snapshot.data,
                _ => 0,
            };
            self.shell.next_number = member.log().last_positions().map_or(of_snapshot, |last| last.highest) + 1;
            self.set_item_timer(env);
            self.set_snapshot_timer(env);
        }
    }

    fn draw<E: Env<Cluster>>(&mut self, env: &mut E) -> u64 {
        env.draw(self.shell.workload.as_mut().expect("a process that started has its streams"))
    }

    fn set_item_timer<E: Env<Cluster>>(&mut self, env: &mut E) {
        let draw = self.draw(env);
        let wait = self.start.workload.item_every.draw(draw);
        env.set_timer(wait, Timer::Item(self.shell.leaderships));
    }

    fn set_snapshot_timer<E: Env<Cluster>>(&mut self, env: &mut E) {
        let draw = self.draw(env);
        let wait = self.start.workload.snapshot_every.draw(draw);
        env.set_timer(wait, Timer::Snapshot(self.shell.leaderships));
    }

    fn on_item_due<E: Env<Cluster>>(&mut self, leadership: u32, env: &mut E) {
        if !self.shell.leads || self.shell.leaderships != leadership {
            return;
        }
        let draw = self.draw(env);
        let bytes = if below(draw, self.start.workload.large_in) == 0 { LARGE } else { SMALL };
        let number = self.shell.next_number;
        self.shell.next_number += 1;
        self.shell.tickets += 1;
        let ticket = self.shell.tickets;
        let made_by = u64::from(env.me().0) << 32 | u64::from(env.incarnation());
        let item = Item { number, made_by, bytes };
        let positions = Positions { lowest: number, highest: number };
        self.with(env, |member, host| member.append(ticket, positions, item, host));
        self.set_item_timer(env);
    }

    fn on_snapshot_due<E: Env<Cluster>>(&mut self, leadership: u32, env: &mut E) {
        if !self.shell.leads || self.shell.leaderships != leadership {
            return;
        }
        self.set_snapshot_timer(env);
        let Some(member) = &self.member else { return };
        let index = self.shell.committed;
        let newer = member.snapshot().is_none_or(|(newest, _)| index > newest);
        let Some(entry) = member.log().get(index).filter(|_| newer && self.shell.taking.is_none()) else { return };
        let known = (member.log().first_index()..=index).rev().find_map(|index| member.log().get(index)?.positions());
        let data = known.map_or(0, |positions| positions.highest);
        let chunks = self.start.workload.chunks;
        let snapshot = Snapshot { index, term: entry.term, chunks, chunk_bytes: CHUNK_BYTES, data };
        self.take(snapshot, env);
    }

    /// A snapshot came from another application.
    fn on_snapshot<E: Env<Cluster>>(&mut self, snapshot: Snapshot<Item>, env: &mut E) {
        let newest = self.member.as_ref().and_then(Member::snapshot).map_or(0, |(index, _)| index);
        if self.member.is_some() && !self.shell.leads && self.shell.taking.is_none() && snapshot.index > newest {
            self.take(snapshot, env);
        }
    }

    fn take<E: Env<Cluster>>(&mut self, snapshot: Snapshot<Item>, env: &mut E) {
        self.shell.taking = Some(snapshot.clone());
        self.shell.write_snapshot(snapshot, OWN_SNAPSHOT, env);
    }

    fn on_disk<E: Env<Cluster>>(&mut self, token: u64, result: Result<(), DiskError>, env: &mut E) {
        match (token, result) {
            (FOUND_SNAPSHOT, Ok(())) => self.start_member(env),
            // Not durable yet: tried until it is.
            (FOUND_SNAPSHOT, Err(_)) => env.disk(DiskOp::Sync(SNAPSHOT), Some(FOUND_SNAPSHOT)),
            (OWN_SNAPSHOT, Ok(())) => self.on_taken(env),
            (_, result) => {
                if token == OWN_SNAPSHOT {
                    self.shell.taking = None;
                }
                self.with(env, |member, host| member.disk_done(token, result, host));
            }
        }
    }

    /// A snapshot is durable: the member may drop what it covers, and a leader's goes to some of the others.
    fn on_taken<E: Env<Cluster>>(&mut self, env: &mut E) {
        let Some(snapshot) = self.shell.taking.take() else { return };
        let index = snapshot.index;
        let told = snapshot.clone();
        self.with(env, |member, host| {
            member.snapshot_available(told, host);
            member.compact(index, host);
        });
        if self.shell.leads {
            for peer in (0..self.start.members).map(NodeId) {
                if peer != env.me() && self.draw(env) & 1 == 0 {
                    env.send(Target::Node(peer), Message::Snapshot(snapshot.clone()));
                }
            }
        }
    }
}

impl Shell {
    fn write_snapshot<E: Env<Cluster>>(&mut self, snapshot: Snapshot<Item>, notice: u64, env: &mut E) {
        let record = Record::Snapshot(snapshot);
        let write =
            if self.snapshot_filed { DiskOp::Write(SNAPSHOT, 0, record) } else { DiskOp::Append(SNAPSHOT, record) };
        env.disk(write, None);
        self.snapshot_filed = env.file_len(SNAPSHOT).is_some_and(|len| len > 0);
        env.disk(DiskOp::Sync(SNAPSHOT), Some(notice));
    }
}

impl<E: Env<Cluster>> Host<Item> for Bound<'_, E> {
    fn monotonic(&self) -> Nanos {
        self.env.monotonic()
    }

    fn wall(&self) -> Nanos {
        self.env.wall()
    }

    fn draw(&mut self) -> u64 {
        self.env.draw(self.shell.election.as_mut().expect("a process that started has its streams"))
    }

    fn send(&mut self, to: NodeId, message: message::Message<Item>) {
        let way = match message.kind() {
            kind @ Some(_) => Some(self.shell.wires.way_for(to, kind, self.env)),
            None => self.shell.wires.way_of_answer(to, message.id()),
        };
        if let Some(way) = way {
            self.env.write(way, Message::Raft(message));
        }
    }

    fn set_timer(&mut self, timer: RaftTimer, after: Nanos) {
        self.cancel_timer(timer);
        self.shell.timers[timer as usize] = Some(self.env.set_timer(after, Timer::Raft(timer)));
    }

    fn cancel_timer(&mut self, timer: RaftTimer) {
        if let Some(set) = self.shell.timers[timer as usize].take() {
            self.env.cancel_timer(set);
        }
    }

    fn disk(&mut self, operation: DiskOp<Kept<Item>>, notice: Option<u64>) {
        self.env.disk(operation.map(Record::Raft), notice);
    }

    fn files(&self) -> Vec<FileName> {
        self.env.files()
    }

    fn file_len(&self, file: FileName) -> Option<u64> {
        self.env.file_len(file)
    }

    fn record(&self, file: FileName, index: u64) -> Result<&Kept<Item>, DiskError> {
        match self.env.record(file, index)? {
            Record::Raft(record) => Ok(record),
            Record::Snapshot(_) => Err(DiskError::Damaged),
        }
    }

    fn store_snapshot(&mut self, snapshot: Snapshot<Item>, notice: u64) {
        self.shell.write_snapshot(snapshot, notice, self.env);
    }

    fn announced(&mut self, role: Role, _term: u64) {
        self.shell.announced = Some(role);
    }

    fn committed(&mut self, index: u64) {
        self.shell.committed = index;
    }

    fn appended(&mut self, _ticket: u64, _outcome: Outcome) {}

    fn failed(&mut self) {}

    fn emit(&mut self, event: Event) {
        self.env.emit(event);
    }
}
