//! The invoker: attempts of invocations at the service endpoints.
//!
//= restatedev/restate@4296470d3:src/invoker/src/service
//!
//! Kept: one machine per invocation (in flight, or waiting to be repeated); a retry needs both its timer and the
//! acknowledgement of every entry that the failed attempt had sent (so that a replay never reads a journal which is
//! still growing); no attempt number in the effects; an endpoint for every attempt, chosen anew; an idle stream is half
//! closed. A machine is new after a resumption, so its back-off starts again.

use crate::Restate;
use crate::event::Event;
use crate::invocation::{Call, Invocation, InvocationId, Key, Sink};
use crate::journal::{Completion, Entry, NewEntry};
use crate::message::{Command, Effect, Message, Origin, Start, Stored, Timer};
use crate::node::server::Server;
use hashbrown::HashMap;
use kernel::dice::{Purpose, below};
use kernel::identity::{ConnectionId, TimerId, mix};
use kernel::system::{Ended, Env, Target};
use rustc_hash::FxBuildHasher;
use std::sync::Arc;

const BALANCE: Purpose = Purpose::new("restate/balance");

/// An invocation that the invoker works on.
#[derive(Clone, Debug)]
pub struct Machine {
    invocation: Arc<Invocation>,
    /// The stream of the attempt; none while it waits to be repeated.
    stream: Option<ConnectionId>,
    /// Attempts so far.
    attempts: u32,
    /// How the running attempt has said that it will end.
    ending: Option<Ending>,
    /// The largest index sent to the partition, and the largest known to be stored.
    sent: u32,
    stored: u32,
    /// The back-off is over.
    retry_due: bool,
    /// Counts what travels on the stream, to see whether it is idle.
    activity: u64,
    /// Watches the idle stream, or ends the back-off.
    timer: Option<TimerId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Output,
    Suspension,
}

/// All machines.
#[derive(Clone, Debug, Default)]
pub struct Invoker {
    machines: HashMap<u64, Machine, FxBuildHasher>,
    streams: HashMap<ConnectionId, u64, FxBuildHasher>,
    /// What spreads invocations over the endpoints in this process.
    balance: u64,
}

impl Invoker {
    pub(crate) fn new<E: Env<Restate>>(env: &mut E) -> Self {
        let mut stream = env.stream(BALANCE, u64::from(env.me().0) << 32 | u64::from(env.incarnation()));
        Invoker { balance: env.draw(&mut stream), ..Invoker::default() }
    }

    /// The connections of all attempts, in no order.
    pub(crate) fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.streams.keys().copied()
    }

    fn machine(&mut self, id: InvocationId) -> Option<&mut Machine> {
        self.machines.get_mut(&id.identity).filter(|machine| machine.invocation.id == id)
    }
}

impl Server {
    /// The key of an invocation that the invoker works on.
    pub fn key_of(&self, id: InvocationId) -> Option<Key> {
        self.invoker.machines.get(&id.identity).map(|machine| machine.invocation.key)
    }

    /// The key of the invocation whose attempt has this stream.
    pub fn key_of_stream(&self, stream: ConnectionId) -> Option<Key> {
        let identity = self.invoker.streams.get(&stream)?;
        self.invoker.machines.get(identity).map(|machine| machine.invocation.key)
    }

    /// Begins with an invocation, or goes on with it from its journal.
    pub(crate) fn invoke<E: Env<Restate>>(&mut self, invocation: Arc<Invocation>, env: &mut E) {
        let identity = invocation.id.identity;
        self.drop_machine(identity, env);
        let machine = Machine {
            invocation,
            stream: None,
            attempts: 0,
            ending: None,
            sent: 0,
            stored: 0,
            retry_due: false,
            activity: 0,
            timer: None,
        };
        self.invoker.machines.insert(identity, machine);
        self.attempt(identity, env);
    }

    fn attempt<E: Env<Restate>>(&mut self, identity: u64, env: &mut E) {
        let Some(machine) = self.invoker.machines.get(&identity) else { return };
        let (invocation, attempt) = (machine.invocation.clone(), machine.attempts);
        let journal: Vec<Entry> = self.instance(invocation.key).map(|rows| rows.journal.clone()).unwrap_or_default();
        let place = mix(identity, u64::from(attempt) << 32 | journal.len() as u64);
        let endpoints = &self.cluster.endpoints;
        let endpoint = endpoints[below(mix(self.invoker.balance, place), endpoints.len() as u64) as usize];
        env.emit(Event::Invoked(invocation.id, invocation.key, u32::from(endpoint.0)));
        let stream = env.open(Target::Node(endpoint), place);
        let stored = journal.len() as u32;
        // A journal with its output in it was complete but for the end of its stream.
        let ending = matches!(journal.last(), Some(Entry::Output(_))).then_some(Ending::Output);
        env.write(stream, Message::Start(Box::new(Start { invocation: invocation.clone(), attempt, journal })));
        self.invoker.streams.insert(stream, identity);
        let inactivity = self.cluster.settings.inactivity;
        let Some(machine) = self.invoker.machines.get_mut(&identity) else { return };
        machine.stream = Some(stream);
        machine.attempts += 1;
        machine.ending = ending;
        machine.retry_due = false;
        (machine.sent, machine.stored) = (stored, stored);
        machine.timer = Some(env.set_timer(inactivity, Timer::Inactive(invocation.id, machine.activity)));
    }

    /// Forgets a machine; a stream that it still has is broken off.
    fn drop_machine<E: Env<Restate>>(&mut self, identity: u64, env: &mut E) {
        let Some(machine) = self.invoker.machines.remove(&identity) else { return };
        if let Some(stream) = machine.stream {
            self.invoker.streams.remove(&stream);
            env.abort(stream);
        }
        if let Some(timer) = machine.timer {
            env.cancel_timer(timer);
        }
    }

    /// A completion for a running attempt. If there is none, the next one finds it in the journal.
    pub(crate) fn forward<E: Env<Restate>>(
        &mut self,
        id: InvocationId,
        index: u32,
        completion: Completion,
        env: &mut E,
    ) {
        let Some(machine) = self.invoker.machine(id) else { return };
        machine.activity += 1;
        if let Some(stream) = machine.stream {
            env.write(stream, Message::Completion(index, completion));
        }
    }

    /// An entry is stored.
    pub(crate) fn stored<E: Env<Restate>>(&mut self, id: InvocationId, index: u32, env: &mut E) {
        let Some(machine) = self.invoker.machine(id) else { return };
        machine.stored = machine.stored.max(index);
        self.retry_if_ready(id, env);
    }

    /// The partition does not know the invocation any more.
    pub(crate) fn abort<E: Env<Restate>>(&mut self, id: InvocationId, env: &mut E) {
        if self.invoker.machine(id).is_some() {
            self.drop_machine(id.identity, env);
        }
    }

    /// A message of an attempt.
    pub(crate) fn endpoint_says<E: Env<Restate>>(&mut self, stream: ConnectionId, message: Message, env: &mut E) {
        let Some(identity) = self.invoker.streams.get(&stream).copied() else { return };
        let Some(machine) = self.invoker.machines.get_mut(&identity) else { return };
        machine.activity += 1;
        let (id, key) = (machine.invocation.id, machine.invocation.key);
        match message {
            Message::Entry(index, entry) => {
                machine.sent = machine.sent.max(index);
                if matches!(entry, NewEntry::Output(_)) {
                    machine.ending = Some(Ending::Output);
                }
                let stored = name_calls(id, key, index, entry, env);
                self.report(id, key, Effect::Journal(index, stored), env);
            }
            Message::Suspend(indexes) => {
                machine.ending = Some(Ending::Suspension);
                self.report(id, key, Effect::Suspended(indexes), env);
            }
            // The attempt is as good as dead: the end of its stream follows.
            _ => {}
        }
    }

    /// The stream of an attempt has ended: with a result, with a suspension, or without either.
    pub(crate) fn stream_ended<E: Env<Restate>>(&mut self, stream: ConnectionId, how: Ended, env: &mut E) {
        let Some(identity) = self.invoker.streams.remove(&stream) else { return };
        let Some(machine) = self.invoker.machines.get_mut(&identity) else { return };
        let (id, key) = (machine.invocation.id, machine.invocation.key);
        machine.stream = None;
        match (how, machine.ending) {
            (Ended::Finished, Some(Ending::Output)) => {
                self.drop_machine(identity, env);
                self.report(id, key, Effect::End, env);
            }
            (_, Some(Ending::Suspension)) => self.drop_machine(identity, env),
            _ => {
                let attempt = machine.attempts;
                env.emit(Event::AttemptFailed(id, attempt));
                let settings = &self.cluster.settings;
                let doubled = settings.retry_min.saturating_mul(1 << (attempt - 1).min(30));
                let retry = env.set_timer(doubled.min(settings.retry_max), Timer::Retry(id));
                if let Some(idle) = machine.timer.replace(retry) {
                    env.cancel_timer(idle);
                }
            }
        }
    }

    /// The back-off of a failed attempt is over.
    pub(crate) fn retry_due<E: Env<Restate>>(&mut self, id: InvocationId, env: &mut E) {
        if let Some(machine) = self.invoker.machine(id).filter(|machine| machine.stream.is_none()) {
            machine.retry_due = true;
            self.retry_if_ready(id, env);
        }
    }

    /// Nothing has travelled on a stream for long: the runtime closes its half.
    pub(crate) fn inactive<E: Env<Restate>>(&mut self, id: InvocationId, activity: u64, env: &mut E) {
        let inactivity = self.cluster.settings.inactivity;
        let Some(machine) = self.invoker.machine(id) else { return };
        let Some(stream) = machine.stream else { return };
        if machine.activity == activity {
            env.write(stream, Message::HalfClosed);
        } else {
            machine.timer = Some(env.set_timer(inactivity, Timer::Inactive(id, machine.activity)));
        }
    }

    fn retry_if_ready<E: Env<Restate>>(&mut self, id: InvocationId, env: &mut E) {
        let ready = |machine: &mut Machine| machine.retry_due && machine.stored >= machine.sent;
        if self.invoker.machine(id).is_some_and(ready) {
            self.attempt(id.identity, env);
        }
    }

    #[inline]
    fn report<E: Env<Restate>>(&mut self, id: InvocationId, key: Key, effect: Effect, env: &mut E) {
        let partition = self.owner(key);
        env.emit(Event::Proposed(partition, id));
        self.propose(partition, Origin::Own, Command::Effect(id, key, effect), env);
    }
}

/// Gives a call its name: the id of the callee is fixed before the entry is stored, so a replay finds the same one.
fn name_calls<E: Env<Restate>>(caller: InvocationId, key: Key, index: u32, entry: NewEntry, env: &E) -> Stored {
    let named = |call: Call, sink| {
        let id = InvocationId::of_call(caller.identity, index, env.wall());
        let Call { key, method, argument } = call;
        Arc::new(Invocation { id, key, method, argument, sink })
    };
    match entry {
        NewEntry::GetState => Stored::GetState,
        NewEntry::SetState(state) => Stored::SetState(state),
        NewEntry::Sleep(wake_at) => Stored::Sleep(wake_at),
        NewEntry::Invoke(call) => Stored::Invoke(named(call, Some(Sink::Caller { id: caller, key, index }))),
        NewEntry::Background(call) => Stored::Background(named(call, None)),
        NewEntry::Output(value) => Stored::Output(value),
    }
}
