//! The shuffle of a partition: one outbox row in flight at a time, in order.
//!
//= restatedev/restate@4296470d3:src/worker/src/partition/shuffle.rs
//!
//! Kept: stop and wait; after a restart it begins with the first row that is still there; messages of a partition to
//! itself take the same way. Left out: its 60 s wait for an acknowledgement, since channels inside one process lose none.

use crate::Restate;
use crate::event::Event;
use crate::message::{Command, Job, Origin};
use crate::node::actor;
use crate::node::server::Server;
use crate::store::Outgoing;
use crate::workload::partition_of;
use kernel::system::Env;

/// What a shuffle does at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is in the outbox, as far as it knows.
    #[default]
    Idle,
    /// It reads the next row.
    Reading,
    /// This row waits for its acknowledgement.
    WaitingForAck(u64),
}

/// The shuffle of one partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shuffle {
    /// What it does.
    pub progress: Progress,
    /// The row that it reads next, or the first one after it that is there.
    pub next: u64,
}

impl Server {
    /// There may be something in the outbox of a partition.
    #[inline]
    pub(crate) fn hint_shuffle<E: Env<Restate>>(&mut self, partition: u16, env: &mut E) {
        let state = &mut self.partitions[usize::from(partition)];
        if state.shuffle.progress == Progress::Idle {
            state.shuffle.progress = Progress::Reading;
            let took = self.cluster.costs.shuffle.draw(env.draw(&mut state.stream));
            env.submit(actor::shuffle(partition), took, Job::Shuffle(partition));
        }
    }

    /// The row is read: it goes to the partition that owns its key, or to the ingress.
    pub(crate) fn shuffle<E: Env<Restate>>(&mut self, partition: u16, env: &mut E) {
        let state = &mut self.partitions[usize::from(partition)];
        let Some((seq, row)) = state.tables.outbox_from(state.shuffle.next) else {
            state.shuffle.progress = Progress::Idle;
            return;
        };
        state.shuffle.progress = Progress::WaitingForAck(seq);
        let (key, command) = match row.clone() {
            Outgoing::Invoke(invocation) => (invocation.key, Command::Invoke(invocation)),
            Outgoing::Response { id, key, index, value } => (key, Command::Response { id, key, index, value }),
            Outgoing::Ingress(id, value) => {
                self.reply(id, value, env);
                env.submit(actor::ACTUATOR, 0, Job::Acknowledged(partition, seq));
                return;
            }
        };
        let target = partition_of(key.hash, self.partitions.len() as u32) as u16;
        env.emit(Event::Shuffled(partition, target, seq));
        self.propose(target, Origin::Shuffle(partition, seq), command, env);
    }

    /// A row has arrived: its truncation is proposed, and the next one is read.
    pub(crate) fn acknowledged<E: Env<Restate>>(&mut self, partition: u16, seq: u64, env: &mut E) {
        let state = &mut self.partitions[usize::from(partition)];
        if state.shuffle.progress != Progress::WaitingForAck(seq) {
            return;
        }
        state.shuffle = Shuffle { progress: Progress::Idle, next: seq + 1 };
        let more = state.tables.outbox_from(seq + 1).is_some();
        self.propose(partition, Origin::Own, Command::Truncate(seq), env);
        if more {
            self.hint_shuffle(partition, env);
        }
    }
}
