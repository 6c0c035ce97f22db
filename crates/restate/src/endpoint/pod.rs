//! The process of a pod: attempts, their streams, and the one event loop that they share.

use crate::Restate;
use crate::config::Cluster;
use crate::endpoint::interpreter::Interpreter;
use crate::endpoint::sdk::{Progress, Sdk, Surroundings};
use crate::endpoint::verifier::Verifier;
use crate::invocation::{Invocation, Value};
use crate::journal::{Completion, NewEntry};
use crate::message::{Job, Message, Start, Timer};
use crate::workload::{Rule, Service};
use hashbrown::HashMap;
use kernel::dice::{Purpose, Stream};
use kernel::identity::{ActorId, ConnectionId, TimerId, mix};
use kernel::system::{Env, Input};
use rustc_hash::FxBuildHasher;
use std::sync::Arc;

const HANDLER: Purpose = Purpose::new("restate/handler");
const EVENT_LOOP: ActorId = ActorId(0);

/// User code of a handler.
#[derive(Clone, Debug)]
pub enum Code {
    /// Of the interpreter.
    Interpreter(Interpreter),
    /// Of the verifier.
    Verifier(Box<Verifier>),
}

impl Code {
    /// The code that an invocation runs, at its beginning.
    pub fn of(invocation: &Invocation) -> Self {
        match invocation.key.service {
            Service::Interpreter => Code::Interpreter(Interpreter::default()),
            Service::Verifier => Code::Verifier(Box::default()),
        }
    }

    /// Runs on until it waits or ends.
    pub fn run(&mut self, invocation: &Invocation, rule: Rule, sdk: &mut Sdk, around: Surroundings<'_>) -> Progress {
        match self {
            Code::Interpreter(code) => code.run(invocation, sdk, around),
            Code::Verifier(code) => code.run(invocation, rule, sdk, around),
        }
    }
}

/// One attempt at an invocation.
#[derive(Clone, Debug)]
struct Attempt {
    connection: ConnectionId,
    invocation: Arc<Invocation>,
    sdk: Sdk,
    code: Code,
    /// What it waits for: the first and the last index.
    waits_for: Option<(u32, u32)>,
    /// Counts its waits, so that an old timer is told from the present one.
    waits: u32,
    timer: Option<TimerId>,
    /// It is in the queue of the event loop.
    queued: bool,
    /// Its stream is gone.
    gone: bool,
    /// The runtime will send no more completions.
    half_closed: bool,
    durations: Stream,
}

/// A service pod.
#[derive(Clone, Debug)]
pub struct Endpoint {
    cluster: Arc<Cluster>,
    rule: Rule,
    attempts: Vec<Option<Attempt>>,
    free: Vec<u32>,
    streams: HashMap<ConnectionId, u32, FxBuildHasher>,
}

impl Endpoint {
    /// A pod of an image with this generator.
    pub fn new(cluster: Arc<Cluster>, rule: Rule) -> Self {
        Endpoint { cluster, rule, attempts: Vec::new(), free: Vec::new(), streams: HashMap::default() }
    }

    pub(crate) fn handle<E: Env<Restate>>(&mut self, input: Input<Restate>, env: &mut E) {
        match input {
            Input::Received { connection, message } => match message {
                Message::Start(start) => self.begin(connection, *start, env),
                Message::Completion(index, completion) => self.complete(connection, index, completion, env),
                Message::HalfClosed => self.half_closed(connection, env),
                _ => {}
            },
            Input::Job { job: Job::Step(slot), .. } => self.step(slot, env),
            Input::Timer { payload: Timer::Suspend(slot, wait), .. } => {
                let waits = |attempt: &Attempt| attempt.waits == wait && attempt.waits_for.is_some();
                if self.attempts[slot as usize].as_ref().is_some_and(waits) {
                    self.suspend(slot, env);
                }
            }
            Input::Closed { connection, .. } => {
                if let Some(slot) = self.streams.remove(&connection) {
                    self.drop_attempt(slot, env);
                }
            }
            _ => {}
        }
    }

    fn begin<E: Env<Restate>>(&mut self, connection: ConnectionId, start: Start, env: &mut E) {
        let Start { invocation, attempt, journal } = start;
        let name = mix(invocation.id.identity, u64::from(attempt) << 32 | journal.len() as u64);
        let attempt = Attempt {
            connection,
            sdk: Sdk::new(&journal),
            code: Code::of(&invocation),
            invocation,
            waits_for: None,
            waits: 0,
            timer: None,
            queued: false,
            gone: false,
            half_closed: false,
            durations: env.stream(HANDLER, name),
        };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.attempts[slot as usize] = Some(attempt);
                slot
            }
            None => {
                self.attempts.push(Some(attempt));
                (self.attempts.len() - 1) as u32
            }
        };
        self.streams.insert(connection, slot);
        self.enqueue(slot, env);
    }

    fn complete<E: Env<Restate>>(&mut self, connection: ConnectionId, index: u32, completion: Completion, env: &mut E) {
        let Some(slot) = self.streams.get(&connection).copied() else { return };
        let Some(attempt) = &mut self.attempts[slot as usize] else { return };
        let fresh = attempt.sdk.complete(index, completion);
        if fresh && attempt.waits_for.is_some_and(|(first, last)| (first..=last).contains(&index)) {
            self.enqueue(slot, env);
        }
    }

    fn half_closed<E: Env<Restate>>(&mut self, connection: ConnectionId, env: &mut E) {
        let Some(slot) = self.streams.get(&connection).copied() else { return };
        let Some(attempt) = &mut self.attempts[slot as usize] else { return };
        attempt.half_closed = true;
        if attempt.waits_for.is_some() && !attempt.queued {
            self.suspend(slot, env);
        }
    }

    /// Puts a handler into the queue of the event loop.
    fn enqueue<E: Env<Restate>>(&mut self, slot: u32, env: &mut E) {
        let Some(attempt) = &mut self.attempts[slot as usize] else { return };
        if attempt.queued {
            return;
        }
        attempt.queued = true;
        if let Some(timer) = attempt.timer.take() {
            env.cancel_timer(timer);
        }
        let took = self.cluster.costs.handler.draw(env.draw(&mut attempt.durations));
        env.submit(EVENT_LOOP, took, Job::Step(slot));
    }

    /// The event loop has run a handler to its next wait.
    fn step<E: Env<Restate>>(&mut self, slot: u32, env: &mut E) {
        let Some(attempt) = &mut self.attempts[slot as usize] else { return };
        attempt.queued = false;
        if attempt.gone {
            self.release(slot);
            return;
        }
        let job = &self.cluster.jobs[usize::from(attempt.invocation.key.job)];
        let around = Surroundings { job, wall: env.wall() };
        let progress = attempt.code.run(&attempt.invocation, self.rule, &mut attempt.sdk, around);
        for (index, entry) in attempt.sdk.unsent.drain(..) {
            env.write(attempt.connection, Message::Entry(index, entry));
        }
        let (first, last) = match progress {
            Progress::WaitsFor(index) => (index, index),
            Progress::WaitsForAll(first, last) => (first, last),
            Progress::Done(value) => return self.finish(slot, value, env),
            Progress::Threw(text) => {
                let text = format!("Uncaught exception for invocation id {}: {text}", attempt.invocation.id);
                return self.finish(slot, Value::Failure(text.into()), env);
            }
        };
        attempt.waits_for = Some((first, last));
        attempt.waits += 1;
        if attempt.half_closed {
            self.suspend(slot, env);
        } else {
            let after = self.cluster.settings.sdk_suspends_after;
            attempt.timer = Some(env.set_timer(after, Timer::Suspend(slot, attempt.waits)));
        }
    }

    /// The answer goes out as the last entry, and the stream ends.
    fn finish<E: Env<Restate>>(&mut self, slot: u32, value: Value, env: &mut E) {
        let Some(attempt) = &mut self.attempts[slot as usize] else { return };
        // An output that the journal already holds is not sent again; the end of the stream is enough.
        if attempt.sdk.enter(NewEntry::Output(value)).is_ok() {
            for (index, entry) in attempt.sdk.unsent.drain(..) {
                env.write(attempt.connection, Message::Entry(index, entry));
            }
        }
        self.end(slot, env);
    }

    fn suspend<E: Env<Restate>>(&mut self, slot: u32, env: &mut E) {
        let Some(attempt) = &mut self.attempts[slot as usize] else { return };
        env.write(attempt.connection, Message::Suspend(attempt.sdk.pending()));
        self.end(slot, env);
    }

    fn end<E: Env<Restate>>(&mut self, slot: u32, env: &mut E) {
        let Some(attempt) = &self.attempts[slot as usize] else { return };
        let connection = attempt.connection;
        env.close(connection);
        self.streams.remove(&connection);
        self.drop_attempt(slot, env);
    }

    /// An attempt that is still queued keeps its slot until its turn comes.
    fn drop_attempt<E: Env<Restate>>(&mut self, slot: u32, env: &mut E) {
        let Some(attempt) = &mut self.attempts[slot as usize] else { return };
        if let Some(timer) = attempt.timer.take() {
            env.cancel_timer(timer);
        }
        attempt.gone = true;
        attempt.waits_for = None;
        if !attempt.queued {
            self.release(slot);
        }
    }

    fn release(&mut self, slot: u32) {
        self.attempts[slot as usize] = None;
        self.free.push(slot);
    }
}
