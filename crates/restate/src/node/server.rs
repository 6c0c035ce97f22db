//! The process: which input goes to which component.

use crate::Restate;
use crate::config::Cluster;
use crate::event::Event;
use crate::invocation::InvocationId;
use crate::message::{Command, Job, Message, Origin, Timer};
use crate::node::actor;
use crate::node::ingress::Ingress;
use crate::node::invoker::Invoker;
use crate::node::partition::{Action, Partition};
use crate::store::wal::Wal;
use crate::store::{Instance, Status};
use crate::workload::partition_of;
use kernel::dice::Purpose;
use kernel::identity::Nanos;
use kernel::system::{Env, Input};
use std::sync::Arc;

const PARTITION: Purpose = Purpose::new("restate/partition");

/// The Restate node.
#[derive(Clone, Debug)]
pub struct Server {
    pub(crate) cluster: Arc<Cluster>,
    /// The partitions, by number.
    pub partitions: Vec<Partition>,
    pub(crate) ingress: Ingress,
    pub(crate) invoker: Invoker,
    wal: Wal,
    /// The process has ended by itself.
    pub(crate) exited: bool,
}

impl Server {
    /// A process that has not started.
    pub fn new(cluster: Arc<Cluster>) -> Self {
        let (ingress, invoker, wal) = (Ingress::default(), Invoker::default(), Wal::default());
        Server { cluster, partitions: Vec::new(), ingress, invoker, wal, exited: false }
    }

    /// The rows of a service instance.
    pub fn instance(&self, key: crate::invocation::Key) -> Option<&Instance> {
        let partition = partition_of(key.hash, self.partitions.len() as u32);
        self.partitions.get(partition as usize)?.tables.get(key)
    }

    pub(crate) fn handle<E: Env<Restate>>(&mut self, input: Input<Restate>, env: &mut E) {
        match input {
            Input::Job { job, .. } => self.on_job(job, env),
            Input::Received { connection, message } => match message {
                Message::Request(job, method) => self.request(connection, job, method, env),
                message => self.endpoint_says(connection, message, env),
            },
            Input::Timer { payload, .. } => self.on_timer(payload, env),
            Input::Opened { connection, from, label } => self.ingress.accept(connection, from, label),
            Input::Closed { connection, how } => {
                if !self.ingress.forget(connection) {
                    self.stream_ended(connection, how, env);
                }
            }
            Input::Start => self.recover(env),
            Input::Message { .. } | Input::Disk { .. } => {}
        }
    }

    /// Puts a command into the consensus queue of a partition.
    #[inline]
    pub(crate) fn propose<E: Env<Restate>>(&mut self, partition: u16, origin: Origin, command: Command, env: &mut E) {
        let state = &mut self.partitions[usize::from(partition)];
        let took = self.cluster.costs.command.draw(env.draw(&mut state.stream));
        env.submit(actor::partition(partition), took, Job::Command(partition, origin, command));
    }

    /// The partition that owns a key.
    #[inline]
    pub(crate) fn owner(&self, key: crate::invocation::Key) -> u16 {
        partition_of(key.hash, self.partitions.len() as u32) as u16
    }

    fn on_job<E: Env<Restate>>(&mut self, job: Job, env: &mut E) {
        match job {
            Job::Command(partition, origin, command) => {
                let (settings, wal) = (&self.cluster.settings, &mut self.wal);
                let partition = &mut self.partitions[usize::from(partition)];
                let mut kept = partition.handle(origin, command, settings.resumable_check, wal, env);
                if kept.is_ok() && wal.records() >= settings.checkpoint_after {
                    let tables: Vec<_> = self.partitions.iter().map(|partition| partition.tables.clone()).collect();
                    kept = wal.checkpoint(&tables, env);
                }
                if kept.is_err() {
                    self.exit(env);
                }
            }
            Job::Act(partition, count) => {
                for _ in 0..count {
                    let action = self.partitions[usize::from(partition)].actions.pop_front();
                    action.into_iter().for_each(|action| self.act(partition, action, env));
                }
            }
            Job::Shuffle(partition) => self.shuffle(partition, env),
            Job::Acknowledged(partition, seq) => self.acknowledged(partition, seq, env),
            Job::Step(_) => {}
        }
    }

    fn act<E: Env<Restate>>(&mut self, partition: u16, action: Action, env: &mut E) {
        match action {
            Action::Invoke(invocation) => self.invoke(invocation, env),
            Action::Forward(id, index, completion) => self.forward(id, index, completion, env),
            Action::Stored(id, index) => self.stored(id, index, env),
            Action::Abort(id) => self.abort(id, env),
            Action::Hint => self.hint_shuffle(partition, env),
            Action::Timer(wake_at, key, id, index) => self.watch(wake_at, key, id, index, env),
            Action::Acknowledge(from, seq) => env.submit(actor::ACTUATOR, 0, Job::Acknowledged(from, seq)),
        }
    }

    /// Watches a timer row. The wake time is of the endpoint's clock; it is compared with this node's.
    fn watch<E: Env<Restate>>(
        &mut self,
        wake_at: Nanos,
        key: crate::invocation::Key,
        id: InvocationId,
        index: u32,
        env: &mut E,
    ) {
        let after = wake_at.saturating_sub(env.wall());
        env.set_timer(after, Timer::Wake(wake_at, key, id, index));
    }

    fn on_timer<E: Env<Restate>>(&mut self, timer: Timer, env: &mut E) {
        match timer {
            Timer::Wake(wake_at, key, id, index) => {
                self.propose(self.owner(key), Origin::Own, Command::Timer(wake_at, key, id, index), env);
            }
            Timer::Retry(id) => self.retry_due(id, env),
            Timer::Inactive(id, activity) => self.inactive(id, activity, env),
            Timer::Suspend(..) | Timer::Pod | Timer::PodStarted => {}
        }
    }

    /// The store has failed, and every partition with it: upstream's worker ends, and so does the process. Its sockets go
    /// with it; what it had sent before stays sent. Nothing here starts it again.
    #[cold]
    fn exit<E: Env<Restate>>(&mut self, env: &mut E) {
        env.emit(Event::Exited);
        let mut connections: Vec<_> = self.ingress.connections().chain(self.invoker.connections()).collect();
        connections.sort_unstable();
        connections.into_iter().for_each(|connection| env.abort(connection));
        self.exited = true;
    }

    /// Comes back from the disk: every invocation that should run is invoked, every timer watched, every outbox read.
    fn recover<E: Env<Restate>>(&mut self, env: &mut E) {
        let me = u64::from(env.me().0) << 16;
        let Ok((wal, tables)) = Wal::open(self.cluster.settings.partitions, env) else { return self.exit(env) };
        self.wal = wal;
        let partition =
            |(number, tables)| Partition::new(number, tables, env.stream(PARTITION, me | u64::from(number)));
        self.partitions = (0..).zip(tables).map(partition).collect();
        self.invoker = Invoker::new(env);
        let mut running = Vec::new();
        let mut timers = Vec::new();
        for partition in &self.partitions {
            for (_, instance) in partition.tables.iter() {
                if let Status::Invoked(holder) = &instance.status {
                    running.push(holder.clone());
                }
            }
            timers.extend(partition.tables.timers.iter().copied());
        }
        if !running.is_empty() {
            env.emit(Event::Recovered(running.len() as u64));
        }
        running.into_iter().for_each(|invocation| self.invoke(invocation, env));
        timers.into_iter().for_each(|(wake_at, key, id, index)| self.watch(wake_at, key, id, index, env));
        (0..self.cluster.settings.partitions).for_each(|number| self.hint_shuffle(number, env));
    }
}
