//! One partition: its consensus queue, its state machine, and the commit before the act.
//!
//= restatedev/restate@4296470d3:src/worker/src/partition/mod.rs
//!
//! A command is read, turned into changes, committed, and only then acted upon; what was not committed at a crash never
//! happened, and what was not acted upon is done again by recovery. Simplified: the consensus queue is an actor's queue,
//! unbounded where upstream's is 64 deep with back-pressure.

use crate::event::Event;
use crate::invocation::{Invocation, InvocationId, Key};
use crate::journal::Completion;
use crate::message::{Command, Job, Origin};
use crate::node::shuffle::Shuffle;
use crate::store::wal::{Refused, Wal};
use crate::store::{Op, Tables};
use crate::{Restate, node::actor};
use kernel::dice::Stream;
use kernel::identity::Nanos;
use kernel::system::Env;
use std::collections::VecDeque;
use std::sync::Arc;

/// An actuator message: what is done after a commit.
#[derive(Clone, Debug)]
pub enum Action {
    /// Start an attempt; with the journal, unless it is a new invocation.
    Invoke(Arc<Invocation>),
    /// Hand a completion to the running attempt.
    Forward(InvocationId, u32, Completion),
    /// Tell the invoker that an entry is stored.
    Stored(InvocationId, u32),
    /// Tell the invoker to give an attempt up.
    Abort(InvocationId),
    /// There is something in the outbox.
    Hint,
    /// Watch a timer.
    Timer(Nanos, Key, InvocationId, u32),
    /// Tell a shuffle that its row has arrived.
    Acknowledge(u16, u64),
}

/// A partition and its leader's volatile state.
#[derive(Clone, Debug)]
pub struct Partition {
    /// Its number.
    pub number: u16,
    /// The committed tables.
    pub tables: Arc<Tables>,
    /// The shuffle of its outbox.
    pub shuffle: Shuffle,
    /// The changes of the transaction that is being made.
    pub(crate) changes: Vec<Op>,
    /// What is to be done after the commit.
    pub(crate) actions: VecDeque<Action>,
    /// Service times.
    pub(crate) stream: Stream,
}

impl Partition {
    /// A partition as it comes from the disk.
    pub fn new(number: u16, tables: Arc<Tables>, stream: Stream) -> Self {
        let shuffle = Shuffle::default();
        Partition { number, tables, shuffle, changes: Vec::new(), actions: VecDeque::new(), stream }
    }

    /// Handles one command to its commit, and has the rest done right after.
    ///
    /// # Errors
    /// The disk refused the commit. Nothing may be done with these tables any more.
    #[inline]
    pub fn handle<E: Env<Restate>>(
        &mut self,
        origin: Origin,
        command: Command,
        resumable_check: bool,
        wal: &mut Wal,
        env: &mut E,
    ) -> Result<(), Refused> {
        let (partition, waiting) = (self.number, self.actions.len());
        if let Origin::Shuffle(from, seq) = origin {
            // The row is acknowledged either way: a duplicate has been handled before.
            self.actions.push_back(Action::Acknowledge(from, seq));
            if seq <= self.tables.seen.get(&from).copied().unwrap_or(0) {
                env.emit(Event::Duplicate(from, partition, seq));
                self.act(waiting, env);
                return Ok(());
            }
            env.emit(Event::Accepted(from, partition, seq));
            self.changes.push(Op::Seen(from, seq));
        }
        self.transition(command, resumable_check, env);
        self.commit(wal, env)?;
        self.act(waiting, env);
        Ok(())
    }

    /// The write takes the changes, so the tables get them first: nobody reads those before it is known to be good.
    fn commit<E: Env<Restate>>(&mut self, wal: &mut Wal, env: &mut E) -> Result<(), Refused> {
        if self.changes.is_empty() {
            return Ok(());
        }
        let committed = Event::Committed(self.number, self.changes.len() as u32);
        let tables = Arc::make_mut(&mut self.tables);
        self.changes.iter().for_each(|op| tables.apply(op));
        self.changes.push(Op::Commit(self.number));
        wal.commit(&mut self.changes, env)?;
        env.emit(committed);
        Ok(())
    }

    fn act<E: Env<Restate>>(&mut self, waiting: usize, env: &mut E) {
        let count = self.actions.len() - waiting;
        if count > 0 {
            env.submit(actor::ACTUATOR, 0, Job::Act(self.number, count as u32));
        }
    }
}
