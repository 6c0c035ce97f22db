//! A replica's snapshot: the one on its disk, the one being written, and pieces of one that come from the leader.
//!
//! A leader sends each new snapshot to the other replicas that it can reach, piece by piece, and hears nothing of what
//! becomes of it. Who misses a piece, is down or in a transition, keeps the snapshot it has.
//!
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/snapshot/impl/FileBasedSnapshotStore.java (one current)
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/partitions/impl/StateReplication.java (multicast)

use super::Shell;
use super::partition::{Partition, Rest};
use crate::cluster::{Batch, Event, Message, Stored, Zeebe};
use crate::state::State;
use kernel::disk::DiskError;
use kernel::identity::{FileName, NodeId};
use kernel::system::{DiskOp, Env, Target};
use raft::{Role, Snapshot};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Bit of the disk tokens that are the broker's own; the partition stands below.
pub(super) const OWN: u64 = 1 << 62;
/// Pieces of a snapshot, and bytes of each: upstream sends one piece per file of the database.
pub(super) const CHUNKS: u32 = 4;
pub(super) const CHUNK_BYTES: u64 = 256 * 1024;

/// Where the snapshot of a partition is.
pub(super) fn file(number: u16) -> FileName {
    FileName { kind: "snapshot", number: u64::from(number) }
}

/// A replica's snapshots.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshots {
    /// The newest one that is durable here.
    pub current: Option<Snapshot<Batch>>,
    /// Being written, and the notice of the Raft member that waits for it, if one does.
    writing: Option<(Snapshot<Batch>, Option<u64>)>,
    /// What has come of a snapshot of another replica: its index and term, and which pieces.
    incoming: Option<((u64, u64), BTreeSet<u32>)>,
}

impl Rest {
    /// What the disk has.
    pub(super) fn load_snapshot<E: Env<Zeebe>>(&mut self, env: &E) {
        self.snapshots.current = match env.record(file(self.number), 0) {
            Ok(Stored::Snapshot(snapshot)) => Some(snapshot.clone()),
            _ => None,
        };
    }

    /// Writes a snapshot over the one that is there; `notice` is that of a Raft member that waits for it.
    pub(super) fn write_snapshot<E: Env<Zeebe>>(
        &mut self,
        snapshot: Snapshot<Batch>,
        notice: Option<u64>,
        env: &mut E,
    ) {
        let (file, record) = (file(self.number), Stored::Snapshot(snapshot.clone()));
        // An earlier one that the disk refused has left nothing to be overwritten.
        let write = if env.file_len(file).is_some_and(|len| len > 0) {
            DiskOp::Write(file, 0, record)
        } else {
            DiskOp::Append(file, record)
        };
        env.disk(write, None);
        self.snapshots.writing = Some((snapshot, notice));
        env.disk(DiskOp::Sync(file), Some(OWN | u64::from(self.number)));
    }

    fn is_newer(&self, index: u64) -> bool {
        self.snapshots.current.as_ref().is_none_or(|current| index > current.index) && self.snapshots.writing.is_none()
    }
}

impl Partition {
    /// The snapshot that this replica has: what it covers of the Raft log, and the position that its state holds as
    /// processed last.
    #[must_use]
    pub fn snapshot(&self) -> Option<(u64, i64)> {
        self.rest.snapshots.current.as_ref().map(|snapshot| (snapshot.index, snapshot.data.state.last_processed()))
    }

    /// The state in that snapshot.
    #[must_use]
    pub fn snapshot_state(&self) -> Option<Arc<State>> {
        self.rest.snapshots.current.as_ref().map(|snapshot| snapshot.data.state.clone())
    }

    /// A snapshot is durable, or could not be written.
    pub(super) fn snapshot_written<E: Env<Zeebe>>(
        &mut self,
        result: Result<(), DiskError>,
        shell: &mut Shell,
        env: &mut E,
    ) {
        let Some((snapshot, notice)) = self.rest.snapshots.writing.take() else { return };
        if result.is_ok() {
            let (partition, index) = (self.rest.number, snapshot.index);
            let position = snapshot.data.state.last_processed();
            env.emit(Event::Snapshot { partition, index, position });
            self.rest.snapshots.current = Some(snapshot.clone());
        }
        match notice {
            Some(notice) => self.with(shell, env, |member, host| member.disk_done(notice, result, host)),
            None if result.is_ok() => {
                if self.rest.installed == Some(Role::Leader) {
                    self.replicate(&snapshot, shell, env);
                }
                let index = snapshot.index;
                self.with(shell, env, |member, host| member.snapshot_available(snapshot, host));
                self.with(shell, env, |member, host| member.compact(index, host));
            }
            None => {}
        }
    }

    fn replicate<E: Env<Zeebe>>(&self, snapshot: &Snapshot<Batch>, shell: &Shell, env: &mut E) {
        let others: Vec<NodeId> = shell.settings.nodes().filter(|node| *node != env.me()).collect();
        let others = shell.neighbours.reachable(&others);
        for chunk in 0..snapshot.chunks {
            for node in &others {
                let piece = Message::SnapshotChunk { partition: self.rest.number, snapshot: snapshot.clone(), chunk };
                env.send(Target::Node(*node), piece);
            }
        }
    }

    /// A piece of a leader's snapshot. Only a follower's services listen.
    pub(super) fn snapshot_chunk<E: Env<Zeebe>>(&mut self, snapshot: Snapshot<Batch>, chunk: u32, env: &mut E) {
        let follows = self.rest.installed.is_some_and(|role| !matches!(role, Role::Leader | Role::Inactive));
        if !follows || !self.rest.is_newer(snapshot.index) {
            return;
        }
        let id = (snapshot.index, snapshot.term);
        let incoming = &mut self.rest.snapshots.incoming;
        if incoming.as_ref().is_none_or(|(of, _)| *of != id) {
            *incoming = Some((id, BTreeSet::new()));
        }
        let complete = incoming.as_mut().is_some_and(|(_, chunks)| {
            chunks.insert(chunk);
            chunks.len() == snapshot.chunks as usize
        });
        if complete {
            *incoming = None;
            self.rest.write_snapshot(snapshot, None, env);
        }
    }
}
