//! A broker as a partition's stream processor sees it.

use super::Shell;
use super::partition::Rest;
use super::pushes::Attempt;
use crate::cluster::{Batch, Event, Message, Push, Timer, Zeebe};
use crate::engine::Answer;
use crate::membership::Topic;
use crate::processor::{Host, Notice, StorageError, StoragePoint, Wait};
use crate::protocol::{Deployment, Record, RequestId, Text};
use kernel::identity::{MILLIS, NodeId};
use kernel::system::{Env, Target};
use raft::{Body, Member};
use std::sync::Arc;

pub(super) struct Seat<'a, E> {
    pub env: &'a mut E,
    pub shell: &'a mut Shell,
    pub rest: &'a mut Rest,
    pub member: Option<&'a Member<Batch>>,
}

impl<E> Seat<'_, E> {
    /// The index of the entry that holds a position, found from where the last one was.
    fn index_of(&self, position: u64) -> Option<u64> {
        let log = self.member?.log();
        let positions = |index: u64| log.get(index).and_then(raft::Entry::positions);
        let holds = |index: u64| positions(index).is_some_and(|at| (at.lowest..=at.highest).contains(&position));
        let near = self.rest.found.get();
        if let Some(index) = (near..near + 3).find(|index| holds(*index)) {
            return Some(index);
        }
        // Entries without positions, the first ones of terms, stand between the others: step over them.
        let (mut low, mut high) = (log.first_index().max(1), self.rest.committed);
        while low <= high {
            let middle = low + (high - low) / 2;
            let known = (middle..=high).find_map(|index| Some((index, positions(index)?)));
            match known {
                Some((index, at)) if at.highest < position => low = index + 1,
                Some((index, at)) if at.lowest <= position => return Some(index),
                _ if middle == 0 => return None,
                _ => high = middle - 1,
            }
        }
        None
    }
}

impl<E: Env<Zeebe>> Host for Seat<'_, E> {
    fn now(&self) -> i64 {
        (self.env.wall() / MILLIS).cast_signed()
    }

    fn record(&self, position: i64) -> Option<Record> {
        if position < 1 || position > self.rest.commit_position {
            return None;
        }
        let index = self.index_of(position.unsigned_abs())?;
        self.rest.found.set(index);
        match &self.member?.log().get(index)?.body {
            Body::Application(at, batch) => {
                let offset = usize::try_from(position.unsigned_abs() - at.lowest).ok()?;
                batch.records().get(offset).cloned()
            }
            Body::Initialize => None,
        }
    }

    fn commit_position(&self) -> i64 {
        self.rest.commit_position
    }

    fn append(&mut self, batch: Vec<Record>) -> Option<i64> {
        let now = self.now();
        self.rest.log.as_mut()?.claim(batch, now)
    }

    fn wait(&mut self, milliseconds: u64, wait: Wait) {
        let (partition, epoch) = (self.rest.number, self.rest.epoch);
        let timer = self.env.set_timer(milliseconds * MILLIS, Timer::Processor { partition, epoch, wait });
        self.rest.waits.push((wait, timer));
    }

    fn cancel(&mut self, wait: Wait) {
        let (taken, kept): (Vec<_>, Vec<_>) = self.rest.waits.drain(..).partition(|(set, _)| *set == wait);
        self.rest.waits = kept;
        for (_, timer) in taken {
            self.env.cancel_timer(timer);
        }
    }

    fn leader_of(&self, partition: u16) -> Option<NodeId> {
        self.rest.leaders.get(partition).map(NodeId)
    }

    fn listen_for_confirmations(&mut self, key: i64) {
        let handler = u64::from(self.rest.epoch);
        self.shell.neighbours.listen(Topic::DeploymentResponse(key), handler);
    }

    fn push(&mut self, key: i64, partition: u16, node: NodeId, deployment: &Arc<Deployment>) {
        let attempt = Attempt { key, partition, node, epoch: self.rest.epoch };
        if !self.shell.neighbours.knows(node) {
            return self.shell.pushes.fail(attempt);
        }
        let deployment = deployment.clone();
        self.shell.pushes.push(attempt, |request| Push { request, key, partition, deployment }, self.env);
    }

    fn confirm(&mut self, key: i64) {
        let partition = self.rest.number;
        for node in self.shell.neighbours.recipients(Topic::DeploymentResponse(key)) {
            if node == self.env.me() {
                self.shell.local.push((key, partition));
            } else {
                self.env.send(Target::Node(node), Message::Confirmed { key, partition });
            }
        }
    }

    fn command_processed(&mut self, request: RequestId) {
        self.rest.command_processed(request, self.env);
    }

    fn answer(&mut self, answer: Answer) {
        // One that came to another leader, or on a connection that has ended, is answered to nobody.
        if let Some(connection) = self.shell.gateways.get(&answer.request.stream) {
            self.env.write(*connection, Message::Answer(Box::new(answer)));
        }
    }

    /// A broker that is known to take the topic repeats what a gateway announced, and has nobody for it.
    fn jobs_available(&mut self, kind: &Text) {
        for node in self.shell.neighbours.recipients(Topic::JobsAvailable) {
            if node != self.env.me() {
                self.env.send(Target::Node(node), Message::JobsAvailable(kind.clone()));
            }
        }
    }

    /// Writes within a transaction stay in memory, and fail only if that is asked for; commits reach the database.
    fn storage_fails(&mut self, point: StoragePoint) -> Option<StorageError> {
        if point == StoragePoint::Commit {
            return self.rest.database.is_stopped().then_some(StorageError::Recoverable);
        }
        // Nobody's clock is read where nobody asked for an error.
        if self.rest.store_errors.is_empty() {
            return None;
        }
        let error = self.rest.store_errors.meet(point, self.env.monotonic())?;
        self.env.emit(Event::StoreError { partition: self.rest.number });
        Some(error)
    }

    fn notice(&mut self, notice: Notice) {
        if let Notice::Positions { .. } = notice {
            return self.rest.positions.push(notice);
        }
        let died = matches!(notice, Notice::Failed { .. });
        self.env.emit(Event::Processor(self.rest.number, notice));
        if died {
            self.rest.processor_is(false, self.env);
        }
    }
}
