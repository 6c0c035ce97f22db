//! A broker's partitions as its disk has them, for who looks at a broker that has no process.

use super::snapshots;
use crate::cluster::{Batch, Stored};
use crate::protocol::Record;
use kernel::disk::Disk;
use kernel::identity::FileName;
use raft::log::{entries_on_disk, term_on_disk};

/// What a disk has of a partition: what a process that starts from it would find.
#[derive(Clone, Debug)]
pub struct OnDisk {
    /// The newest term.
    pub term: u64,
    /// What the snapshot holds as processed last, if there is one.
    pub snapshot: Option<i64>,
    /// The log, in order of its positions. Its end may be uncommitted, and may never be: which of it is committed is on no
    /// disk.
    pub records: Vec<Record>,
    /// The entries that they came in.
    pub entries: Vec<EntryOnDisk>,
}

/// An entry of a log with records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryOnDisk {
    /// Position of its first record.
    pub lowest: u64,
    /// Of all its records.
    pub fingerprint: u64,
    /// How many.
    pub records: usize,
}

impl OnDisk {
    /// Reads a partition.
    #[must_use]
    pub fn read(disk: &Disk<Stored>, partition: u16) -> Self {
        let group = u64::from(partition);
        let names: Vec<FileName> = disk.names().collect();
        let record = |file, index| match disk.record(file, index) {
            Ok(Stored::Raft(record)) => Some(record),
            _ => None,
        };
        let (mut records, mut entries) = (Vec::new(), Vec::new());
        for entry in entries_on_disk::<Batch>(group, &names, record) {
            if let raft::Body::Application(_, batch) = &entry.body {
                records.extend_from_slice(batch.records());
                let (lowest, fingerprint) = (batch.positions().lowest, entry.fingerprint());
                entries.push(EntryOnDisk { lowest, fingerprint, records: batch.records().len() });
            }
        }
        let snapshot = match disk.record(snapshots::file(partition), 0) {
            Ok(Stored::Snapshot(snapshot)) => Some(snapshot.data.state.last_processed()),
            _ => None,
        };
        OnDisk { term: term_on_disk::<Batch>(group, record), snapshot, records, entries }
    }
}
