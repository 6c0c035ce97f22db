//! The state machine of a partition: which changes and which actions a command leads to.
//!
//= restatedev/restate@4296470d3:src/worker/src/partition/state_machine/mod.rs
//!
//! Kept: the lock is the status row; effects carry no attempt number, so those of an old attempt of the same invocation
//! pass; a late completion of another invocation is dropped; the answer goes out with the output entry, before the end.

use crate::Restate;
use crate::event::Event;
use crate::invocation::{Invocation, InvocationId, Key, Sink, Value};
use crate::journal::{Completion, Entry};
use crate::message::{Command, Effect, Stored};
use crate::node::partition::{Action, Partition};
use crate::store::{Op, Outgoing, Status};
use kernel::system::Env;
use std::sync::Arc;

impl Partition {
    #[inline]
    pub(crate) fn transition<E: Env<Restate>>(&mut self, command: Command, resumable_check: bool, env: &mut E) {
        match command {
            Command::Invoke(invocation) => self.on_invocation(invocation, env),
            Command::Response { id, key, index, value } => {
                self.on_completion(id, key, index, Completion::Answer(value), env)
            }
            Command::Effect(id, key, effect) => self.on_effect(id, key, effect, resumable_check, env),
            Command::Timer(at, key, id, index) => {
                self.changes.push(Op::TimerDeleted(at, key, id, index));
                env.emit(Event::Slept(id, index));
                self.on_completion(id, key, index, Completion::Slept, env);
            }
            Command::Truncate(seq) => self.changes.push(Op::Truncated(seq)),
            Command::Kill(id, key) => self.on_kill(id, key, env),
        }
    }

    fn on_invocation<E: Env<Restate>>(&mut self, invocation: Arc<Invocation>, env: &mut E) {
        let (id, key) = (invocation.id, invocation.key);
        if self.tables.status(key).holder().is_none() {
            env.emit(Event::Locked(id, key));
            self.changes.push(Op::Invoked(invocation.clone()));
            self.actions.push_back(Action::Invoke(invocation));
        } else {
            env.emit(Event::Inbox(id, key));
            self.changes.push(Op::Queued(self.tables.inbox_seq, invocation));
        }
    }

    fn on_completion<E: Env<Restate>>(
        &mut self,
        id: InvocationId,
        key: Key,
        index: u32,
        completion: Completion,
        env: &mut E,
    ) {
        let status = self.tables.status(key);
        if status.holder().is_none_or(|holder| holder.id != id) {
            env.emit(Event::Ignored(id));
            return;
        }
        env.emit(Event::Completed(id, index));
        match status {
            Status::Suspended(holder, waiting) if waiting.contains(&index) => {
                env.emit(Event::Resumed(id, key));
                self.actions.push_back(Action::Invoke(holder.clone()));
                self.changes.push(Op::Resumed(key));
            }
            Status::Invoked(_) => self.actions.push_back(Action::Forward(id, index, completion.clone())),
            _ => {}
        }
        self.changes.push(Op::Completed(key, index, completion));
    }

    fn on_effect<E: Env<Restate>>(
        &mut self,
        id: InvocationId,
        key: Key,
        effect: Effect,
        resumable_check: bool,
        env: &mut E,
    ) {
        let holder = match self.tables.status(key) {
            Status::Invoked(holder) if holder.id == id => holder.clone(),
            _ => {
                env.emit(Event::Ignored(id));
                self.actions.push_back(Action::Abort(id));
                return;
            }
        };
        match effect {
            Effect::Journal(index, entry) => self.on_entry(&holder, index, entry, env),
            Effect::Suspended(waiting) => {
                // A completion may have come between the decision to suspend and this command: without the check the
                // handler would wait for what it already has.
                let instance = self.tables.get(key);
                let complete =
                    |index: &u32| instance.and_then(|rows| rows.entry(*index)).is_some_and(Entry::is_complete);
                if resumable_check && waiting.iter().any(complete) {
                    env.emit(Event::ResumedAtOnce(id, key));
                    self.actions.push_back(Action::Invoke(holder));
                } else {
                    env.emit(Event::Suspended(id, key));
                    self.changes.push(Op::Suspended(key, waiting));
                }
            }
            Effect::End => self.complete_invocation(id, key, env),
        }
    }

    fn on_entry<E: Env<Restate>>(&mut self, holder: &Arc<Invocation>, index: u32, entry: Stored, env: &mut E) {
        let (id, key) = (holder.id, holder.key);
        env.emit(Event::Journaled(id, index));
        let stored = match entry {
            Stored::GetState => {
                let state = self.tables.get(key).and_then(|instance| instance.state);
                self.actions.push_back(Action::Forward(id, index, Completion::State(state)));
                Entry::GetState(state)
            }
            Stored::SetState(state) => {
                self.changes.push(Op::State(key, state));
                Entry::SetState(state)
            }
            Stored::Sleep(wake_at) => {
                self.changes.push(Op::TimerSet(wake_at, key, id, index));
                self.actions.push_back(Action::Timer(wake_at, key, id, index));
                Entry::Sleep(false)
            }
            Stored::Invoke(callee) => {
                self.send(Outgoing::Invoke(callee.clone()), env);
                Entry::Invoke(callee, None)
            }
            Stored::Background(callee) => {
                self.send(Outgoing::Invoke(callee.clone()), env);
                Entry::Background(callee)
            }
            Stored::Output(value) => {
                self.respond(holder, value.clone(), env);
                Entry::Output(value)
            }
        };
        self.changes.push(Op::Journaled(key, stored));
        self.actions.push_back(Action::Stored(id, index));
    }

    fn on_kill<E: Env<Restate>>(&mut self, id: InvocationId, key: Key, env: &mut E) {
        let holder = self.tables.status(key).holder().filter(|holder| holder.id == id).cloned();
        if let Some(holder) = holder {
            self.respond(&holder, Value::Failure("killed".into()), env);
            self.complete_invocation(id, key, env);
        }
        self.actions.push_back(Action::Abort(id));
    }

    /// The invocation is over. Its key goes straight to the first that waits for it and is never free in between.
    fn complete_invocation<E: Env<Restate>>(&mut self, id: InvocationId, key: Key, env: &mut E) {
        env.emit(Event::Ended(id, key));
        let next = self.tables.get(key).and_then(|instance| instance.inbox.front()).map(|(_, next)| next.clone());
        match next {
            Some(next) => {
                env.emit(Event::Locked(next.id, key));
                self.changes.push(Op::HandedOver(key));
                self.actions.push_back(Action::Invoke(next));
            }
            None => self.changes.push(Op::Freed(key)),
        }
    }

    fn respond<E: Env<Restate>>(&mut self, invocation: &Invocation, value: Value, env: &mut E) {
        match invocation.sink {
            Some(Sink::Caller { id, key, index }) => self.send(Outgoing::Response { id, key, index, value }, env),
            Some(Sink::Ingress) => self.send(Outgoing::Ingress(invocation.id, value), env),
            None => {}
        }
    }

    /// Adds an outbox row. One command adds at most one, so its number is known before the commit.
    fn send<E: Env<Restate>>(&mut self, outgoing: Outgoing, env: &mut E) {
        env.emit(Event::Outbox(self.number, self.tables.outbox_seq + 1));
        self.changes.push(Op::Sent(outgoing));
        self.actions.push_back(Action::Hint);
    }
}
