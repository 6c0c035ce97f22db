//! A broker: one replica of every partition, and what they share, its connections and its clock.
//!
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/partitions/ZeebePartition.java (a replica's services)

mod database;
mod director;
mod exporters;
mod handler;
mod health;
mod log_stream;
mod on_disk;
mod partition;
mod processor_host;
mod pushes;
mod raft_host;
mod snapshots;
mod store_errors;
mod transition;

pub use health::Health;
pub use log_stream::LogStream;
pub use on_disk::{EntryOnDisk, OnDisk};
pub use partition::Partition;

use crate::cluster::{COMMANDS, Call, Job, Message, Push, Settings, Timer, Zeebe};
use crate::membership::Topic;
use crate::neighbours::{Calls, Neighbours};
use crate::processor;
use crate::protocol::{DeploymentIntent, NO_POSITION, Record, RecordType, Value};
use crate::topology::BrokerTopology;
use database::DATABASE;
use kernel::disk::DiskError;
use kernel::identity::{ConnectionId, NodeId};
use kernel::system::{Env, Input, Target};
use pushes::{Attempt, Pushes};
use raft::cluster::Wires;
use snapshots::OWN;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a broker's partitions share.
#[derive(Clone, Debug)]
pub struct Shell {
    settings: Arc<Settings>,
    wires: Wires,
    neighbours: Neighbours<BrokerTopology>,
    /// On which commands come, by their number.
    gateways: BTreeMap<u64, ConnectionId>,
    /// Confirmations for listeners in this very process.
    local: Vec<(i64, u16)>,
    pushes: Pushes,
    /// Partitions that have been installed as neither leader nor follower yet.
    not_installed: Vec<u16>,
    ready: bool,
}

/// A broker.
#[derive(Clone, Debug)]
pub struct Broker {
    shell: Shell,
    partitions: Vec<Partition>,
}

impl Broker {
    /// A broker that has not started.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        let (wires, gateways, pushes) = (Wires::default(), BTreeMap::new(), Pushes::default());
        let neighbours = Neighbours::<BrokerTopology>::new(&settings);
        let partitions = (1..=settings.partitions).map(Partition::new).collect();
        let (not_installed, local) = ((1..=settings.partitions).collect(), Vec::new());
        let ready = settings.partitions == 0;
        let shell = Shell { settings, wires, neighbours, gateways, local, pushes, not_installed, ready };
        Broker { shell, partitions }
    }

    /// Its replica of a partition.
    #[must_use]
    pub fn partition(&self, number: u16) -> Option<&Partition> {
        self.partitions.get(usize::from(number).checked_sub(1)?)
    }

    pub(crate) fn handle<E: Env<Zeebe>>(&mut self, input: Input<Zeebe>, env: &mut E) {
        match input {
            Input::Start => {
                let settings = self.shell.settings.clone();
                self.shell.neighbours.start(&settings, env);
                self.each(env, |partition, shell, env| partition.start(shell, env));
                env.set_timer(health::PERIOD, Timer::Health);
            }
            Input::Opened { connection, label, .. } if Calls::is_label(label) => {
                self.shell.neighbours.accepted(connection, env);
            }
            Input::Opened { connection, label, .. } if Pushes::is_label(label) => {
                env.write(connection, Message::Call(Call::Greeting));
            }
            Input::Opened { connection, label, .. } if label & COMMANDS != 0 => {
                self.shell.gateways.insert(connection.raw(), connection);
            }
            Input::Opened { connection, from, .. } => self.shell.wires.opened(connection, from),
            Input::Received { connection, message: Message::Command(number, record) } => {
                self.on_command(connection, number, *record, env);
            }
            Input::Received { connection, message: Message::Push(push) } => {
                let answer = self.on_push(push, env);
                env.write(connection, answer);
            }
            Input::Received { message: Message::Pushed { request, appended }, .. } => {
                self.shell.pushes.ended(request, appended, env);
            }
            Input::Closed { connection, .. } if self.shell.pushes.has(connection) => {
                self.shell.pushes.closed(connection, env);
            }
            Input::Received { connection, message: Message::Call(call) } => self.on_call(connection, call, env),
            Input::Closed { connection, .. } if self.shell.neighbours.has(connection) => {
                self.shell.neighbours.closed(connection, env);
            }
            Input::Received { connection, message: Message::Raft(number, message) } => {
                let Some(from) = self.shell.wires.peer(connection) else { return };
                if !message.is_answer() {
                    self.shell.wires.opened(connection, from);
                }
                self.one(number, env, |partition, shell, env| partition.receive(from, message, shell, env));
            }
            Input::Closed { connection, .. } if self.shell.gateways.remove(&connection.raw()).is_some() => {}
            Input::Closed { connection, .. } => {
                if let Some(peer) = self.shell.wires.closed(connection) {
                    self.each(env, |partition, shell, env| partition.unreachable(peer, shell, env));
                }
            }
            Input::Timer { payload, .. } => self.on_timer(payload, env),
            Input::Disk { token, result } => self.on_disk(token, result, env),
            Input::Job { job, .. } => self.on_job(job, env),
            Input::Message { from, message, .. } => self.on_message(from, message, env),
            Input::Received { .. } => {}
        }
        self.spread_news(env);
    }

    /// What the neighbours told: leaders to the stream processors, lost members to Raft, confirmations to who listens, and
    /// failures to who pushed.
    fn spread_news<E: Env<Zeebe>>(&mut self, env: &mut E) {
        for (partition, broker) in self.shell.neighbours.take_told() {
            self.partitions.iter_mut().for_each(|listener| listener.told(partition, broker));
        }
        for node in self.shell.neighbours.take_gone() {
            self.each(env, |partition, shell, env| partition.member_removed(node, shell, env));
        }
        for (key, partition) in std::mem::take(&mut self.shell.local) {
            self.on_confirmed(key, partition, env);
        }
        for attempt in self.shell.pushes.take_failed() {
            self.push_failed(attempt, env);
        }
    }

    /// Handlers are those of stream processors; one that is no more hears nothing, and nobody does instead.
    fn on_confirmed<E: Env<Zeebe>>(&mut self, key: i64, partition: u16, env: &mut E) {
        let handlers = self.shell.neighbours.handlers(Topic::DeploymentResponse(key)).to_vec();
        self.one(crate::engine::DEPLOYMENT_PARTITION, env, |deployments, _, _| {
            if handlers.contains(&u64::from(deployments.epoch())) {
                deployments.submit(processor::Job::Confirmed { key, partition });
            }
        });
    }

    /// The partitions share a disk, on which an error may be that of an earlier operation of another one's Raft member.
    /// Simplified: whose operation it came with takes it for its own all the same.
    fn on_disk<E: Env<Zeebe>>(&mut self, token: u64, result: Result<(), DiskError>, env: &mut E) {
        let own = token & OWN != 0;
        let number = if own { token & 0xffff } else { token >> 48 } as u16;
        self.one(number, env, |partition, shell, env| {
            if !own {
                partition.disk_done(token & ((1 << 48) - 1), result, shell, env);
            } else if token & DATABASE != 0 {
                partition.flushed(token, result, env);
            } else {
                partition.snapshot_written(result, shell, env);
            }
        });
        if result.is_err() {
            self.each(env, |partition, shell, env| {
                if own || partition.number() != number {
                    partition.disk_failed(shell, env);
                }
            });
        }
    }

    fn one<E: Env<Zeebe>>(&mut self, number: u16, env: &mut E, act: impl FnOnce(&mut Partition, &mut Shell, &mut E)) {
        let index = usize::from(number).wrapping_sub(1);
        if let Some(partition) = self.partitions.get_mut(index) {
            act(partition, &mut self.shell, env);
            partition.settle(&mut self.shell, env);
        }
    }

    fn each<E: Env<Zeebe>>(&mut self, env: &mut E, mut act: impl FnMut(&mut Partition, &mut Shell, &mut E)) {
        for partition in &mut self.partitions {
            act(partition, &mut self.shell, env);
            partition.settle(&mut self.shell, env);
        }
    }

    fn on_timer<E: Env<Zeebe>>(&mut self, timer: Timer, env: &mut E) {
        match timer {
            Timer::Raft(number, timer) => {
                self.one(number, env, |partition, shell, env| partition.raft_timer(timer, shell, env));
            }
            Timer::Processor { partition: number, epoch, wait } => {
                self.one(number, env, |partition, _, _| partition.wait_over(epoch, wait));
            }
            Timer::Snapshot { partition: number, epoch } => {
                self.one(number, env, |partition, shell, env| partition.snapshot_due(epoch, shell, env));
            }
            Timer::Swim(timer) => self.shell.neighbours.timer(timer, env),
            Timer::GiveUp(connection) if self.shell.pushes.has(connection) => {
                self.shell.pushes.gave_up(connection, env);
            }
            Timer::GiveUp(connection) => self.shell.neighbours.gave_up(connection, env),
            Timer::Push(request) => self.shell.pushes.ended(request, false, env),
            Timer::Health => self.watch_health(env),
            Timer::Database { partition: number, epoch } => {
                self.one(number, env, |partition, _, env| partition.look_for_space(epoch, env));
            }
            Timer::Exporter { partition: number, epoch, which } => {
                self.one(number, env, |partition, shell, env| partition.exporter_flushes(epoch, which, shell, env));
            }
            Timer::CheckTopology | Timer::Gateway(_) | Timer::Client(_) | Timer::Shift(_) => {}
        }
    }

    fn on_job<E: Env<Zeebe>>(&mut self, job: Job, env: &mut E) {
        match job {
            Job::Processor { partition: number, epoch, job } => {
                self.one(number, env, |partition, shell, env| partition.work(epoch, job, shell, env));
            }
            Job::Append { partition: number, epoch } => {
                self.one(number, env, |partition, shell, env| partition.append_block(epoch, shell, env));
            }
            Job::Export { partition: number, epoch, upto } => {
                self.one(number, env, |partition, shell, _| partition.exported_upto(epoch, upto, shell));
            }
            Job::Unsubscribe { partition: number, epoch } => {
                self.one(number, env, |partition, _, _| partition.unsubscribe(epoch));
            }
            Job::Install { partition: number, role, term } => {
                self.one(number, env, |partition, shell, env| partition.install(role, term, shell, env));
            }
        }
    }

    fn on_message<E: Env<Zeebe>>(&mut self, from: NodeId, message: Message, env: &mut E) {
        match message {
            Message::SnapshotChunk { partition: number, snapshot, chunk } => {
                self.one(number, env, |partition, _, env| partition.snapshot_chunk(snapshot, chunk, env));
            }
            Message::TakeSnapshot(number) => self.one(number, env, |partition, _, _| partition.take_snapshot()),
            // Its own, which go over no connection.
            Message::Push(push) => {
                let answer = self.on_push(push, env);
                env.send(Target::Node(from), answer);
            }
            Message::Pushed { request, appended } => self.shell.pushes.ended(request, appended, env),
            Message::Confirmed { key, partition } => self.on_confirmed(key, partition, env),
            Message::Gossip(updates) => self.shell.neighbours.gossip(&updates, env),
            _ => {}
        }
    }

    fn on_call<E: Env<Zeebe>>(&mut self, connection: ConnectionId, call: Call, env: &mut E) {
        if self.shell.pushes.has(connection) {
            self.shell.pushes.greeted(connection, env);
        } else {
            self.shell.neighbours.received(connection, call, env);
        }
    }

    /// Every push that arrives becomes a command: nobody looks whether the deployment is known.
    //= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/management/deployment/PushDeploymentRequestHandler.java
    fn on_push<E: Env<Zeebe>>(&mut self, push: Push, env: &mut E) -> Message {
        let record = Record {
            position: NO_POSITION,
            source: NO_POSITION,
            key: push.key,
            timestamp: 0,
            kind: RecordType::Command,
            intent: DeploymentIntent::Create.into(),
            rejection: None,
            value: Value::Deployment(push.deployment),
            request: None,
        };
        let mut appended = false;
        self.one(push.partition, env, |partition, _, env| appended = partition.take(vec![record], env));
        Message::Pushed { request: push.request, appended }
    }

    fn push_failed<E: Env<Zeebe>>(&mut self, attempt: Attempt, env: &mut E) {
        let Attempt { key, partition, node, epoch } = attempt;
        self.one(crate::engine::DEPLOYMENT_PARTITION, env, |deployments, _, _| {
            if deployments.epoch() == epoch {
                deployments.submit(processor::Job::PushFailed { key, partition, node });
            }
        });
    }
}
