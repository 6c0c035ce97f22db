//! The environment that a node gets while it handles an input.

use crate::connection::Piece;
use crate::core::{Core, Local, Pending, Whose};
use crate::dice::{Purpose, Stream};
use crate::disk::DiskError;
use crate::event::Note;
use crate::identity::{ActorId, Address, ConnectionId, FileName, Nanos, NodeId, TimerId};
use crate::process::{Process, Waiting};
use crate::system::{DiskOp, Ended, Env, Input, System, Target};

pub(crate) struct Context<'a, S: System> {
    pub core: &'a mut Core<S>,
    pub process: &'a mut Process<S>,
    pub node: NodeId,
    /// The event that is being handled.
    pub cause: u64,
}

impl<S: System> Context<'_, S> {
    /// The actor has handled a job: on to the next one.
    #[inline]
    pub fn next_job(&mut self, actor: ActorId) {
        let state = self.process.actor(actor);
        state.handled += 1;
        state.busy = false;
        if let Some(Waiting { service, parent, job }) = state.waiting.pop_front() {
            self.start_job(actor, service, job, parent);
        }
    }

    #[inline]
    fn start_job(&mut self, actor: ActorId, service: Nanos, job: S::Job, parent: u64) {
        self.process.actor(actor).busy = true;
        let (node, incarnation) = (self.node, self.process.incarnation);
        let input = Input::Job { actor, job };
        let service = self.process.service(service);
        if service == 0 {
            self.core.ready.push_back(Local { node, incarnation, parent, input });
        } else {
            let order = self.process.source.next(self.core.dice.seed(), self.core.now + service);
            self.core.queue.push(order, Pending::Input { node, whose: Whose::Incarnation(incarnation), parent, input });
        }
    }

    fn end(&mut self, connection: ConnectionId, how: Ended) {
        let Some(known) = self.core.connections.get(connection) else { return };
        let Some(direction) = known.direction_of(connection, self.node, self.process.incarnation) else { return };
        self.core.end(connection, direction, how, self.cause);
    }
}

impl<S: System> Env<S> for Context<'_, S> {
    fn me(&self) -> NodeId {
        self.node
    }

    fn incarnation(&self) -> u32 {
        self.process.incarnation
    }

    fn address(&self) -> Address {
        self.process.address
    }

    #[inline]
    fn monotonic(&self) -> Nanos {
        self.process.read_monotonic(self.core.now)
    }

    #[inline]
    fn wall(&self) -> Nanos {
        self.process.read_wall(self.core.now)
    }

    #[inline]
    fn send(&mut self, to: Target, message: S::Message) {
        self.core.send(self.node, to, message, self.cause);
    }

    fn open(&mut self, to: Target, label: u64) -> ConnectionId {
        self.core.open(self.node, self.process.incarnation, to, label, self.cause)
    }

    #[inline]
    fn write(&mut self, connection: ConnectionId, message: S::Message) {
        let Some(known) = self.core.connections.get(connection) else { return };
        let Some(direction) = known.direction_of(connection, self.node, self.process.incarnation) else { return };
        self.core.transmit(connection, direction, Piece::Data(message), self.cause);
    }

    fn close(&mut self, connection: ConnectionId) {
        self.end(connection, Ended::Finished);
    }

    fn abort(&mut self, connection: ConnectionId) {
        self.end(connection, Ended::Reset);
    }

    #[inline]
    fn set_timer(&mut self, after: Nanos, payload: S::Timer) -> TimerId {
        let at = self.core.now.saturating_add(self.process.timer_delay(after));
        let order = self.process.source.next(self.core.dice.seed(), at);
        let (node, whose, parent) = (self.node, Whose::Incarnation(self.process.incarnation), self.cause);
        let (slot, generation) = self.core.queue.push_with(order, |slot, generation| {
            let input = Input::Timer { timer: TimerId { slot, generation }, payload };
            Pending::Input { node, whose, parent, input }
        });
        TimerId { slot, generation }
    }

    fn cancel_timer(&mut self, timer: TimerId) -> bool {
        if self.core.queue.cancel(timer.slot, timer.generation).is_some() {
            return true;
        }
        // It may have fired into a pause, and wait behind the input that is being handled.
        let node = self.node;
        let is_it = |input: &Input<S>| matches!(input, Input::Timer { timer: fired, .. } if *fired == timer);
        let fired = self.core.ready.iter().position(|local| local.node == node && is_it(&local.input));
        fired.and_then(|index| self.core.ready.remove(index)).is_some()
    }

    #[inline]
    fn submit(&mut self, actor: ActorId, service: Nanos, job: S::Job) {
        let parent = self.cause;
        let state = self.process.actor(actor);
        if state.busy {
            state.waiting.push_back(Waiting { service, parent, job });
        } else {
            self.start_job(actor, service, job, parent);
        }
    }

    fn backlog(&self, actor: ActorId) -> usize {
        let actor = self.process.actors().get(usize::from(actor.0));
        actor.map_or(0, |actor| actor.waiting.len() + usize::from(actor.busy))
    }

    fn disk(&mut self, operation: DiskOp<S::Record>, notice: Option<u64>) {
        let now = self.core.now;
        let done = self.process.disk.submit(now, operation, notice.is_none(), &mut self.core.dice);
        if done.lied {
            self.core.notes.push((self.node, self.cause, Note::SyncLost(self.node)));
        }
        if !done.syncs && notice.is_none() {
            return;
        }
        let (node, incarnation, parent) = (self.node, self.process.incarnation, self.cause);
        let input = Input::Disk { token: notice.unwrap_or(0), result: done.result };
        let order = self.process.source.next(self.core.dice.seed(), done.done_at);
        let pending = if done.syncs {
            Pending::Synced { local: Local { node, incarnation, parent, input }, notice: notice.is_some() }
        } else {
            Pending::Input { node, whose: Whose::Incarnation(incarnation), parent, input }
        };
        self.core.queue.push(order, pending);
    }

    #[inline]
    fn append_all(&mut self, file: FileName, records: &mut Vec<S::Record>) {
        self.process.disk.append_all(self.core.now, file, records, &mut self.core.dice);
    }

    fn file_len(&self, file: FileName) -> Option<u64> {
        self.process.disk.file(file).map(|file| file.records().len())
    }

    fn record(&self, file: FileName, index: u64) -> Result<&S::Record, DiskError> {
        self.process.disk.record(file, index)
    }

    fn files(&self) -> Vec<FileName> {
        self.process.disk.names().collect()
    }

    fn stream(&self, purpose: Purpose, identity: u64) -> Stream {
        self.core.dice.stream(purpose, identity)
    }

    #[inline]
    fn draw(&mut self, stream: &mut Stream) -> u64 {
        self.core.dice.draw(stream)
    }

    #[inline]
    fn emit(&mut self, event: S::Event) {
        self.core.said.push(event);
    }
}
