//! What a partition's Raft group replicates: batches of records, and the snapshots that stand in for them.

use crate::protocol::{Record, Text, Value};
use crate::state::State;
use kernel::digest::Digest;
use raft::{Content, Positions};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Bytes of a record beside what its value brings; about what upstream's descriptor, metadata and short values take.
const RECORD_BYTES: u64 = 250;

/// Records that one entry holds: one or more batches of the log stream, each whole.
#[derive(Clone, Debug)]
pub struct Batch {
    records: Arc<[Record]>,
    /// Of all members of all records, taken once: an entry passes through many events.
    fingerprint: u64,
    bytes: u64,
}

impl Batch {
    /// An entry of these records, whose positions follow one another.
    #[must_use]
    pub fn new(records: Vec<Record>) -> Self {
        let mut digest = Digest::default();
        records.hash(&mut digest);
        let bytes = records.iter().map(size_of).sum();
        Batch { records: records.into(), fingerprint: digest.finish(), bytes }
    }

    /// Its records.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The positions of the first and the last one.
    ///
    /// # Panics
    /// If there is none: the log stream writes no empty entry.
    #[must_use]
    pub fn positions(&self) -> Positions {
        let at = |record: Option<&Record>| record.map_or(0, |record| record.position.unsigned_abs());
        assert!(!self.records.is_empty(), "SIMULATOR BUG: an entry without a record");
        Positions { lowest: at(self.records.first()), highest: at(self.records.last()) }
    }
}

impl Hash for Batch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.fingerprint);
    }
}

impl Content for Batch {
    type Snapshot = Checkpoint;

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

fn size_of(record: &Record) -> u64 {
    let value = match &record.value {
        Value::Deployment(deployment) => {
            deployment.resources.iter().map(|resource| resource.resource.len() as u64 * 3 / 4).sum()
        }
        Value::WorkflowInstanceCreation(creation) => document_bytes(&creation.variables),
        Value::Job(job) => document_bytes(&job.variables),
        Value::JobBatch(batch) => batch.jobs.iter().map(|job| RECORD_BYTES + document_bytes(&job.variables)).sum(),
        _ => 0,
    };
    RECORD_BYTES + value
}

fn document_bytes(document: &crate::protocol::Document) -> u64 {
    document.members().iter().map(|(name, value)| (name.len() + value.len()) as u64).sum()
}

/// What a snapshot of a partition holds.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The state, as it was committed when the checkpoint was made.
    pub state: Arc<State>,
    /// The position that the leader had processed when it asked for the snapshot; the state may be ahead of it.
    pub position: i64,
    /// How far each exporter had acknowledged: a column family with transactions of its own.
    pub exported: BTreeMap<Text, i64>,
    fingerprint: u64,
}

impl Checkpoint {
    /// A checkpoint of a state.
    #[must_use]
    pub fn new(state: State, position: i64, exported: BTreeMap<Text, i64>) -> Self {
        let mut digest = Digest::default();
        (&state, &exported).hash(&mut digest);
        Checkpoint { state: Arc::new(state), position, exported, fingerprint: digest.finish() }
    }
}

impl Hash for Checkpoint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.position, self.fingerprint).hash(state);
    }
}
