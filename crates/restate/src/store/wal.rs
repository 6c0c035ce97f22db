//! The write-ahead log: how committed transactions reach the disk, and how the tables come back.
//!
//= restatedev/restate@4296470d3:src/storage_rocksdb/src/lib.rs (WriteBatch, WAL on, not synced)
//!
//! Kept: one log for all partitions, as one RocksDB has: what a dead machine leaves is a prefix of the commits of the
//! whole node. Nothing syncs it, so a killed process loses no commit and a dead machine loses what no checkpoint holds.
//! A log is read up to its first damage (point-in-time recovery) and cut off there; damaged tables open no store.
//! Simplified: tables are written out whole, where RocksDB flushes and compacts level by level. A checkpoint makes the
//! next generation of both files, so that no failure in between leaves new tables with an old log.

use crate::store::op::Op;
use crate::store::tables::Tables;
use kernel::identity::FileName;
use kernel::system::{DiskOp, Env, System};
use std::sync::Arc;

/// Records of the log after which the tables are written out and the log starts anew, by default. RocksDB's measure is
/// 64 MiB of memtable; some 160 bytes a record make this about 42 MiB.
pub const CHECKPOINT_AFTER: u64 = 1 << 18;

/// Tables that are being written out.
const NEXT_TABLES: FileName = FileName { kind: "sst-next", number: 0 };

/// The log of a generation.
pub const fn log(generation: u64) -> FileName {
    FileName { kind: "wal", number: generation }
}

/// The tables that a generation begins with. Generation 0 begins with none.
pub const fn tables(generation: u64) -> FileName {
    FileName { kind: "sst", number: generation }
}

/// The disk has refused a write, or is damaged where nothing may be missing. The process cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// The open log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wal {
    generation: u64,
    /// Records in it, if the disk took them all.
    len: u64,
}

impl Wal {
    /// Opens the log with the tables of all partitions as the disk has them. A torn or unfinished transaction at the end
    /// never happened, and is cut off: what is written later must not become part of it.
    ///
    /// # Errors
    /// The tables are damaged, or the log cannot be cut off.
    pub fn open<S, E>(partitions: u16, env: &mut E) -> Result<(Self, Vec<Arc<Tables>>), Refused>
    where
        S: System<Record = Op>,
        E: Env<S>,
    {
        let files = env.files();
        let generation = files.iter().filter(|file| file.kind == "sst").map(|file| file.number).max().unwrap_or(0);
        let mut state: Vec<Tables> = vec![Tables::default(); usize::from(partitions)];
        if replay(tables(generation), &mut state, env) < env.file_len(tables(generation)).unwrap_or(0) {
            return Err(Refused);
        }
        let len = replay(log(generation), &mut state, env);
        if env.file_len(log(generation)).is_some_and(|written| written > len) {
            env.disk(DiskOp::Truncate(log(generation), len), None);
            if env.file_len(log(generation)) != Some(len) {
                return Err(Refused);
            }
        }
        for file in files.into_iter().filter(|file| ![tables(generation), log(generation)].contains(file)) {
            env.disk(DiskOp::Delete(file), None);
        }
        Ok((Wal { generation, len }, state.into_iter().map(Arc::new).collect()))
    }

    /// Number of records in it.
    pub fn records(&self) -> u64 {
        self.len
    }

    /// Appends one transaction; it is committed when this returns. There is no notice of a write, but a log that did not
    /// grow by all of it was refused some.
    ///
    /// # Errors
    /// The disk did not take it.
    #[inline]
    pub fn commit<S, E>(&mut self, transaction: &mut Vec<Op>, env: &mut E) -> Result<(), Refused>
    where
        S: System<Record = Op>,
        E: Env<S>,
    {
        self.len += transaction.len() as u64;
        env.append_all(log(self.generation), transaction);
        if env.file_len(log(self.generation)) == Some(self.len) { Ok(()) } else { Err(Refused) }
    }

    /// Writes all tables out and starts a new log. The rename is the moment: before it the old generation is whole, and
    /// after it the new one is, whatever becomes of the old files. A machine that dies before the last sync comes back
    /// with the old ones.
    ///
    /// # Errors
    /// The disk did not take the tables.
    pub fn checkpoint<S, E>(&mut self, partitions: &[Arc<Tables>], env: &mut E) -> Result<(), Refused>
    where
        S: System<Record = Op>,
        E: Env<S>,
    {
        for (tables, index) in partitions.iter().zip(0..) {
            env.disk(DiskOp::Append(NEXT_TABLES, Op::Checkpoint(index, tables.clone())), None);
        }
        if env.file_len(NEXT_TABLES) != Some(partitions.len() as u64) {
            return Err(Refused);
        }
        let old = self.generation;
        env.disk(DiskOp::Sync(NEXT_TABLES), None);
        env.disk(DiskOp::Rename(NEXT_TABLES, tables(old + 1)), None);
        if env.file_len(tables(old + 1)).is_none() {
            return Err(Refused);
        }
        *self = Wal { generation: old + 1, len: 0 };
        for file in [log(old), tables(old)].into_iter().filter(|file| env.file_len(*file).is_some()).collect::<Vec<_>>()
        {
            env.disk(DiskOp::Delete(file), None);
        }
        env.disk(DiskOp::Sync(tables(old + 1)), None);
        Ok(())
    }
}

/// Applies the whole transactions of a file; how many records they are.
fn replay<S, E>(file: FileName, state: &mut [Tables], env: &E) -> u64
where
    S: System<Record = Op>,
    E: Env<S>,
{
    let mut whole = 0;
    let mut transaction: Vec<&Op> = Vec::new();
    for index in 0..env.file_len(file).unwrap_or(0) {
        let Ok(op) = env.record(file, index) else { break };
        transaction.push(op);
        if let Op::Checkpoint(partition, _) | Op::Commit(partition) = op {
            let tables = &mut state[usize::from(*partition)];
            transaction.drain(..).for_each(|op| tables.apply(op));
            whole = index + 1;
        }
    }
    whole
}
