//! The world: nodes, and a core that moves time, messages and disk operations between them.

use crate::context::Context;
use crate::core::{Core, Pending};
use crate::disk::Disk;
use crate::event::{Event, Observer, What};
use crate::identity::{ActorId, Address, ConnectionId, Nanos, NodeId};
use crate::network::{LinkProfile, Traffic};
use crate::process::{NodeToll, Process, State};
use crate::queue::Due;
use crate::system::{Input, Node, System};

/// A cluster of one system, at one instant. A clone is another world with the same past and, until it is forked, the
/// same future.
#[derive(Clone)]
pub struct World<S: System> {
    pub(crate) nodes: Vec<Option<S::Node>>,
    pub(crate) processes: Vec<Process<S>>,
    pub(crate) core: Core<S>,
}

/// Something that has yet to reach a node.
#[derive(Debug)]
pub enum Underway<'a, S: System> {
    /// An input of the node's own making or held for it: a timer, a job, a disk completion.
    Input(NodeId, &'a Input<S>),
    /// A job that waits for its actor.
    Job(NodeId, &'a S::Job),
    /// A datagram.
    Datagram(NodeId, &'a S::Message),
    /// A piece of a connection, on the way or stalled; no message for its opening and its end.
    Piece(NodeId, ConnectionId, Option<&'a S::Message>),
    /// A timer.
    Timer(NodeId, &'a S::Timer),
    /// The kernel's own business: a wake-up, a connection's time-out, a process start.
    Kernel,
}

impl<S: System> World<S> {
    /// Virtual time.
    pub fn now(&self) -> Nanos {
        self.core.now
    }

    /// Number of events so far: inputs handled, events emitted, notes and control.
    pub fn events(&self) -> u64 {
        self.core.events
    }

    /// Number of entries taken from the event queue so far.
    pub fn queue_events(&self) -> u64 {
        self.core.taken
    }

    /// The digest of everything so far.
    pub fn digest(&self) -> u128 {
        self.core.digest.value()
    }

    /// 64 bits of the digest of everything so far, cheap enough to be asked for at every event.
    #[inline]
    pub fn lane(&self) -> u64 {
        self.core.digest.lane()
    }

    /// The digest after every `CHECKPOINT` events.
    pub fn checkpoints(&self) -> &[u128] {
        &self.core.checkpoints
    }

    /// The run's seed.
    pub fn seed(&self) -> u64 {
        self.core.dice.seed()
    }

    /// All node ids.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<S> {
        (0..self.nodes.len() as u16).map(NodeId)
    }

    /// The process of a node, if one runs.
    pub fn node(&self, id: NodeId) -> Option<&S::Node> {
        self.nodes[id.index()].as_ref()
    }

    /// What a node is started as.
    pub fn role(&self, id: NodeId) -> &S::Role {
        &self.processes[id.index()].role
    }

    /// Whether it runs.
    pub fn state(&self, id: NodeId) -> State {
        self.processes[id.index()].state
    }

    /// How many processes it has had.
    pub fn incarnation(&self, id: NodeId) -> u32 {
        self.processes[id.index()].incarnation
    }

    /// Its present address.
    pub fn address(&self, id: NodeId) -> Address {
        self.processes[id.index()].address
    }

    /// Its disk.
    pub fn disk(&self, id: NodeId) -> &Disk<S::Record> {
        &self.processes[id.index()].disk
    }

    /// What its clocks say: monotonic and wall.
    pub fn clock(&self, id: NodeId) -> (Nanos, Nanos) {
        let clock = &self.processes[id.index()].clock;
        (clock.monotonic(self.core.now), clock.wall(self.core.now))
    }

    /// What a node has done that slowness or clocks that are off can touch.
    pub fn toll(&self, id: NodeId) -> NodeToll {
        self.processes[id.index()].toll()
    }

    /// What a link has carried.
    pub fn traffic(&self, from: NodeId, to: NodeId) -> Traffic {
        self.core.network.link(from, to).traffic
    }

    /// What a link is like now.
    pub fn link(&self, from: NodeId, to: NodeId) -> LinkProfile {
        self.core.network.link(from, to).profile
    }

    /// The actor that has handled most, and how much: what to name when a budget runs out.
    pub fn busiest(&self) -> (NodeId, Option<ActorId>, u64) {
        let mut busiest = (NodeId(0), None, 0);
        for (process, id) in self.processes.iter().zip(self.ids()) {
            let of_actors: u64 = process.actors().iter().map(|actor| actor.handled).sum();
            if process.handled - of_actors > busiest.2 {
                busiest = (id, None, process.handled - of_actors);
            }
            for (actor, index) in process.actors().iter().zip(0..) {
                if actor.handled > busiest.2 {
                    busiest = (id, Some(ActorId(index)), actor.handled);
                }
            }
        }
        busiest
    }

    /// Everything that is underway, in no meaningful order.
    pub fn underway(&self) -> impl Iterator<Item = Underway<'_, S>> {
        let queued = self.core.queue.iter().map(|(_, pending)| pending.underway(&self.core));
        let ready = self.core.ready.iter().map(|local| Underway::Input(local.node, &local.input));
        let stalled = self.core.connections.ids().flat_map(|id| {
            let connection = self.core.connections.get(id);
            connection.into_iter().flat_map(move |connection| {
                let towards = |direction: usize| connection.sides[1 - direction].node;
                let pieces = move |direction: usize| {
                    let piece =
                        move |stalled| Underway::Piece(towards(direction), id, crate::core::message_of(stalled));
                    connection.stalled[direction].iter().map(|stalled| &stalled.piece).map(piece)
                };
                pieces(0).chain(pieces(1))
            })
        });
        let held = self.processes.iter().zip(self.ids()).flat_map(|(process, id)| {
            let jobs = process.actors().iter().flat_map(move |actor| actor.waiting.iter());
            let held = process.held.iter().map(move |(input, _)| Underway::Input(id, input));
            held.chain(jobs.map(move |waiting| Underway::Job(id, &waiting.job)))
        });
        queued.chain(ready).chain(stalled).chain(held)
    }

    /// When something will happen next, if anything will.
    pub fn next_at(&mut self) -> Option<Nanos> {
        if self.core.ready.is_empty() { self.core.queue.next_at() } else { Some(self.core.now) }
    }

    /// Gives the world another future from now on; the past is shared. Forks with the same salt are equal.
    pub fn fork(&self, salt: u64) -> Self {
        let mut fork = self.clone();
        fork.divert(salt);
        fork
    }

    /// The same without a copy: this world itself takes the other future.
    pub fn divert(&mut self, salt: u64) {
        self.core.dice.fork(salt, self.core.now);
    }

    /// Keeps every draw from now on; see `draws`.
    pub fn keep_draws(&mut self) {
        self.core.dice.keep_log();
    }

    /// The draws kept so far.
    pub fn draws(&self) -> &[crate::dice::Draw] {
        self.core.dice.log()
    }

    /// Asks for a `Command::Wake` event at a time (now, if it is past).
    pub fn wake_at(&mut self, at: Nanos, token: u64) {
        let at = at.max(self.core.now);
        let order = self.core.control.next(self.core.dice.seed(), at);
        self.core.queue.push(order, Pending::Wake(token));
    }

    /// Takes the next thing that happens to its end. False when nothing is left.
    #[inline]
    pub fn step<O: Observer<S>>(&mut self, observer: &mut O) -> bool {
        self.step_until(Nanos::MAX, observer)
    }

    /// The same, if it happens by then. (False also when something is left for later.)
    #[inline(always)]
    pub fn step_until<O: Observer<S>>(&mut self, until: Nanos, observer: &mut O) -> bool {
        if let Some(local) = self.core.ready.pop_front() {
            self.deliver(local.node, local.incarnation, local.input, local.parent, observer);
            return true;
        }
        let Some((order, due)) = self.core.queue.next_until(until) else { return false };
        assert!(order.at >= self.core.now, "SIMULATOR BUG: time ran backwards to {}", order.at);
        self.core.now = order.at;
        self.core.taken += 1;
        self.arrive_due(due, observer);
        true
    }

    /// What is due comes to where it goes. The usual thing is an input for a process at work: it is traced where it lies.
    #[inline(always)]
    fn arrive_due<O: Observer<S>>(&mut self, due: Due, observer: &mut O) {
        if let Some(Pending::Input { node, whose, parent, input }) = self.core.queue.look(due) {
            let (node, parent) = (*node, *parent);
            let process = &self.processes[node.index()];
            let incarnation = process.incarnation;
            if process.state == State::Up && self.incarnation_of(node, *whose) == Some(incarnation) {
                self.core.events += 1;
                let id = self.core.events;
                let event = Event { id, parent, at: self.core.now, node, incarnation, what: What::Input(input) };
                event.absorb(&mut self.core.digest);
                if id.is_multiple_of(crate::core::CHECKPOINT) {
                    self.core.checkpoints.push(self.core.digest.value());
                }
                observer.on_event(&event, self);
                if let Some(Pending::Input { input, .. }) = self.core.queue.take(due) {
                    self.handle(node, incarnation, input, id, observer);
                }
                return;
            }
        }
        if let Some(pending) = self.core.queue.take(due) {
            self.arrive(pending, observer);
        }
    }

    /// Gives an input to the process it is meant for, or says why not.
    #[inline(always)]
    pub(crate) fn deliver<O: Observer<S>>(
        &mut self,
        node: NodeId,
        incarnation: u32,
        input: Input<S>,
        parent: u64,
        observer: &mut O,
    ) {
        let process = &mut self.processes[node.index()];
        if process.state == State::Up && process.incarnation == incarnation {
            let id = self.trace(node, incarnation, parent, What::Input(&input), observer);
            self.handle(node, incarnation, input, id, observer);
        } else {
            self.refuse(node, incarnation, input, parent, observer);
        }
    }

    /// The process handles an input, which is event `id`.
    #[inline(always)]
    fn handle<O: Observer<S>>(&mut self, node: NodeId, incarnation: u32, input: Input<S>, id: u64, observer: &mut O) {
        let actor = if let Input::Job { actor, .. } = &input { Some(*actor) } else { None };
        let process = &mut self.processes[node.index()];
        process.handled += 1;
        let state = self.nodes[node.index()].as_mut().expect("a node that is up has a process");
        let mut context = Context { core: &mut self.core, process, node, cause: id };
        state.handle(input, &mut context);
        if let Some(actor) = actor {
            context.next_job(actor);
        }
        if !self.core.said.is_empty() {
            let mut said = std::mem::take(&mut self.core.said);
            for event in said.drain(..) {
                self.trace(node, incarnation, id, What::Emitted(&event), observer);
            }
            self.core.said = said;
        }
        if !self.core.notes.is_empty() {
            self.trace_notes(observer);
        }
    }

    /// Traces what the core noted meanwhile.
    #[cold]
    pub(crate) fn trace_notes<O: Observer<S>>(&mut self, observer: &mut O) {
        let mut notes = std::mem::take(&mut self.core.notes);
        for (node, parent, note) in notes.drain(..) {
            let incarnation = self.processes.get(node.index()).map_or(0, |process| process.incarnation);
            self.trace(node, incarnation, parent, What::Note(note), observer);
        }
        self.core.notes = notes;
    }

    /// One event: numbered, digested, shown.
    #[inline(always)]
    pub(crate) fn trace<O: Observer<S>>(
        &mut self,
        node: NodeId,
        incarnation: u32,
        parent: u64,
        what: What<'_, S>,
        observer: &mut O,
    ) -> u64 {
        self.core.events += 1;
        let id = self.core.events;
        let event = Event { id, parent, at: self.core.now, node, incarnation, what };
        event.absorb(&mut self.core.digest);
        if id.is_multiple_of(crate::core::CHECKPOINT) {
            self.core.checkpoints.push(self.core.digest.value());
        }
        observer.on_event(&event, self);
        id
    }
}
