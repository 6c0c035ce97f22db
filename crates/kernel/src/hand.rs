//! An environment to feed a node by hand, for unit tests of models: what the node does is collected, and nothing comes
//! of it by itself.
//!
//! Kept: clocks (set by the test), draws (those of a run of that seed), a disk on which every write is there at once.
//! Left out: network, service times, durability, and any failure that the test does not feed in as an input.

use crate::dice::{Dice, Purpose, Stream};
use crate::disk::DiskError;
use crate::identity::{ActorId, Address, ConnectionId, FileName, Nanos, NodeId, TimerId};
use crate::system::{DiskOp, Env, Input, Node, System, Target};
use std::collections::BTreeMap;

/// An environment that collects. Tests take from its vectors what they have looked at.
#[derive(Clone, Debug)]
pub struct HandEnv<S: System> {
    /// Who the node is.
    pub me: NodeId,
    /// Which process of it.
    pub incarnation: u32,
    /// Its address.
    pub address: Address,
    /// What its monotonic clock says.
    pub monotonic: Nanos,
    /// What its wall clock says.
    pub wall: Nanos,
    /// Datagrams.
    pub sent: Vec<(Target, S::Message)>,
    /// Connections that it opened, with target and label.
    pub opened: Vec<(ConnectionId, Target, u64)>,
    /// What it wrote to connections.
    pub written: Vec<(ConnectionId, S::Message)>,
    /// Connections that it closed.
    pub closed: Vec<ConnectionId>,
    /// Connections that it broke off.
    pub aborted: Vec<ConnectionId>,
    /// Timers that are set: a cancelled one is taken out; who fires one takes it out.
    pub timers: Vec<(TimerId, Nanos, S::Timer)>,
    /// Jobs, with actor and service time. `backlog` counts those of an actor that are still here.
    pub jobs: Vec<(ActorId, Nanos, S::Job)>,
    /// Disk operations in order, with the token of their notice. They have taken effect on `files` already.
    pub disk: Vec<(DiskOp<S::Record>, Option<u64>)>,
    /// The files.
    pub files: BTreeMap<FileName, Vec<S::Record>>,
    /// What it told the trace.
    pub emitted: Vec<S::Event>,
    /// Its dice.
    pub dice: Dice,
    made: u32,
}

impl<S: System> HandEnv<S> {
    /// The environment of the first process of a node, in a run of this seed; both clocks at 0.
    pub fn new(me: NodeId, seed: u64) -> Self {
        HandEnv {
            me,
            incarnation: 1,
            address: Address::first_of(me),
            monotonic: 0,
            wall: 0,
            sent: Vec::new(),
            opened: Vec::new(),
            written: Vec::new(),
            closed: Vec::new(),
            aborted: Vec::new(),
            timers: Vec::new(),
            jobs: Vec::new(),
            disk: Vec::new(),
            files: BTreeMap::new(),
            emitted: Vec::new(),
            dice: Dice::new(seed),
            made: 0,
        }
    }

    /// The environment of the node's next process: the files and the clocks stay, all else is new.
    pub fn restarted(self) -> Self {
        let HandEnv { me, incarnation, address, monotonic, wall, files, dice, made, .. } = self;
        let incarnation = incarnation + 1;
        HandEnv { incarnation, address, monotonic, wall, files, made, dice, ..HandEnv::new(me, 0) }
    }

    /// Both clocks go on.
    pub fn pass(&mut self, time: Nanos) {
        self.monotonic += time;
        self.wall += time;
    }

    /// An id for a connection that somebody else opens to this node.
    pub fn connection(&mut self) -> ConnectionId {
        ConnectionId { slot: self.number(), generation: 0 }
    }

    /// Feeds the node its timer that is due first; the monotonic clock is set to then at least. False if none is set.
    pub fn fire(&mut self, node: &mut S::Node) -> bool {
        let first = (0..self.timers.len()).min_by_key(|index| (self.timers[*index].1, *index));
        let Some(index) = first else { return false };
        let (timer, at, payload) = self.timers.remove(index);
        let wait = at.saturating_sub(self.monotonic);
        self.pass(wait);
        node.handle(Input::Timer { timer, payload }, self);
        true
    }

    /// Feeds the node its jobs in the order of submission, and those that they submit, until none is left.
    pub fn work(&mut self, node: &mut S::Node) {
        while !self.jobs.is_empty() {
            let (actor, _, job) = self.jobs.remove(0);
            node.handle(Input::Job { actor, job }, self);
        }
    }

    fn number(&mut self) -> u32 {
        self.made += 1;
        self.made
    }

    fn apply(&mut self, operation: &DiskOp<S::Record>) {
        match operation.clone() {
            DiskOp::Append(file, record) => self.files.entry(file).or_default().push(record),
            DiskOp::Write(file, index, record) => {
                let records = self.files.get_mut(&file).map(Vec::as_mut_slice).unwrap_or_default();
                if let Some(place) = records.get_mut(index as usize) {
                    *place = record;
                }
            }
            DiskOp::Truncate(file, len) => {
                if let Some(records) = self.files.get_mut(&file) {
                    records.truncate(len as usize);
                }
            }
            DiskOp::Rename(from, to) => {
                if let Some(records) = self.files.remove(&from) {
                    self.files.insert(to, records);
                }
            }
            DiskOp::Delete(file) => {
                self.files.remove(&file);
            }
            DiskOp::Sync(_) | DiskOp::Read(..) => {}
        }
    }
}

impl<S: System> Env<S> for HandEnv<S> {
    fn me(&self) -> NodeId {
        self.me
    }

    fn incarnation(&self) -> u32 {
        self.incarnation
    }

    fn address(&self) -> Address {
        self.address
    }

    fn monotonic(&self) -> Nanos {
        self.monotonic
    }

    fn wall(&self) -> Nanos {
        self.wall
    }

    fn send(&mut self, to: Target, message: S::Message) {
        self.sent.push((to, message));
    }

    fn open(&mut self, to: Target, label: u64) -> ConnectionId {
        let connection = self.connection();
        self.opened.push((connection, to, label));
        connection
    }

    fn write(&mut self, connection: ConnectionId, message: S::Message) {
        self.written.push((connection, message));
    }

    fn close(&mut self, connection: ConnectionId) {
        self.closed.push(connection);
    }

    fn abort(&mut self, connection: ConnectionId) {
        self.aborted.push(connection);
    }

    fn set_timer(&mut self, after: Nanos, payload: S::Timer) -> TimerId {
        let timer = TimerId { slot: self.number(), generation: 0 };
        self.timers.push((timer, self.monotonic.saturating_add(after), payload));
        timer
    }

    fn cancel_timer(&mut self, timer: TimerId) -> bool {
        let found = self.timers.iter().position(|set| set.0 == timer);
        found.map(|index| self.timers.remove(index)).is_some()
    }

    fn submit(&mut self, actor: ActorId, service: Nanos, job: S::Job) {
        self.jobs.push((actor, service, job));
    }

    fn backlog(&self, actor: ActorId) -> usize {
        self.jobs.iter().filter(|job| job.0 == actor).count()
    }

    fn disk(&mut self, operation: DiskOp<S::Record>, notice: Option<u64>) {
        self.apply(&operation);
        self.disk.push((operation, notice));
    }

    fn file_len(&self, file: FileName) -> Option<u64> {
        self.files.get(&file).map(|records| records.len() as u64)
    }

    fn record(&self, file: FileName, index: u64) -> Result<&S::Record, DiskError> {
        self.files.get(&file).and_then(|records| records.get(index as usize)).ok_or(DiskError::Missing)
    }

    fn files(&self) -> Vec<FileName> {
        self.files.keys().copied().collect()
    }

    fn stream(&self, purpose: Purpose, identity: u64) -> Stream {
        self.dice.stream(purpose, identity)
    }

    fn draw(&mut self, stream: &mut Stream) -> u64 {
        self.dice.draw(stream)
    }

    fn emit(&mut self, event: S::Event) {
        self.emitted.push(event);
    }
}
