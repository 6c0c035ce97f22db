//! The write-ahead log: how committed transactions reach the disk, and how the tables come back.
//!
//= restatedev/restate@4296470d3:src/storage_rocksdb/src/lib.rs (WriteBatch, WAL on, not synced)
//!
//! One log for all partitions, as one RocksDB has: what a dead machine leaves is a prefix of the commits of the whole
//! node. Nothing syncs it, so a killed process loses no commit and a dead machine loses what no checkpoint holds.

use crate::store::op::Op;
use crate::store::tables::Tables;
use kernel::identity::FileName;
use kernel::system::{DiskOp, Env};
use std::sync::Arc;

/// The log.
pub const WAL: FileName = FileName { kind: "wal", number: 0 };
/// The tables as of the last checkpoint.
pub const TABLES: FileName = FileName { kind: "sst", number: 0 };
const NEXT_TABLES: FileName = FileName { kind: "sst", number: 1 };
/// Records of the log after which the tables are written out and the log starts anew. RocksDB's measure is 64 MiB of
/// memtable; some 160 bytes a record make this about 42 MiB.
pub const CHECKPOINT_AFTER: u64 = 1 << 18;

/// Tables of all partitions, as the disk has them. A torn or unfinished transaction at the end never happened.
pub fn recover<S, E>(partitions: u16, env: &E) -> Vec<Arc<Tables>>
where
    S: kernel::system::System<Record = Op>,
    E: Env<S>,
{
    let mut tables: Vec<Tables> = vec![Tables::default(); usize::from(partitions)];
    for file in [TABLES, WAL] {
        let mut transaction: Vec<&Op> = Vec::new();
        for index in 0..env.file_len(file).unwrap_or(0) {
            let Ok(op) = env.record(file, index) else { break };
            match op {
                Op::Checkpoint(partition, _) | Op::Commit(partition) => {
                    transaction.push(op);
                    let tables = &mut tables[usize::from(*partition)];
                    transaction.drain(..).for_each(|op| tables.apply(op));
                }
                _ => transaction.push(op),
            }
        }
    }
    tables.into_iter().map(Arc::new).collect()
}

/// Appends one transaction; it is committed when this returns.
#[inline]
pub fn commit<S, E>(transaction: &mut Vec<Op>, env: &mut E)
where
    S: kernel::system::System<Record = Op>,
    E: Env<S>,
{
    env.append_all(WAL, transaction);
}

/// Writes all tables out and starts a new log. Synced in this order, a crash in between leaves the old tables with the
/// old log, or the new tables with it; to apply a log to tables that hold it already would be wrong, so the log goes
/// in the same directory change that puts the new tables in place.
pub fn checkpoint<S, E>(partitions: &[Arc<Tables>], env: &mut E)
where
    S: kernel::system::System<Record = Op>,
    E: Env<S>,
{
    for (tables, index) in partitions.iter().zip(0..) {
        env.disk(DiskOp::Append(NEXT_TABLES, Op::Checkpoint(index, tables.clone())), None);
    }
    env.disk(DiskOp::Sync(NEXT_TABLES), None);
    env.disk(DiskOp::Rename(NEXT_TABLES, TABLES), None);
    env.disk(DiskOp::Delete(WAL), None);
    env.disk(DiskOp::Sync(TABLES), None);
}
