//! What a disk is like, what may be wrong with it, and what it says then.

use crate::identity::MICROS;
use crate::latency::Latency;

/// Why a disk operation or a read failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiskError {
    /// No space left.
    Full,
    /// The device failed.
    Io,
    /// There is no such file or record.
    Missing,
    /// The record fails its checksum: a flipped bit, or a write that was torn.
    Damaged,
}

/// How fast a disk is and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DiskProfile {
    /// Time of an append, a write, a truncation, a rename or a deletion: a copy into the page cache.
    pub write: Latency,
    /// Time of a sync.
    pub sync: Latency,
    /// Time to read one record.
    pub read: Latency,
    /// Bytes that it holds; 0 for no limit.
    pub capacity: u64,
}

impl Default for DiskProfile {
    /// A cloud volume: writes of 2 microseconds into the page cache, syncs of 0.5 to 20 ms with a median of 1 ms.
    fn default() -> Self {
        let sync = [500 * MICROS, 1_000 * MICROS, 2_000 * MICROS, 8_000 * MICROS, 20_000 * MICROS];
        DiskProfile {
            write: Latency::constant(2 * MICROS),
            sync: Latency::quantiles(sync).unwrap_or(Latency::constant(1_000 * MICROS)),
            read: Latency::constant(MICROS),
            capacity: 0,
        }
    }
}

/// What a crash does to data that was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unsynced {
    /// It stays: the process died, the page cache did not.
    Keep,
    /// It is gone: the machine died.
    Lose,
    /// A prefix of it stays, and its last record is damaged: the machine died while it wrote.
    Tear,
}

/// Faults that a disk has at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DiskFaults {
    /// Every operation takes this many percent of its time more.
    pub slow_percent: u32,
    /// No space, whatever the capacity.
    pub full: bool,
    /// So many of the next operations fail.
    pub failing: u32,
    /// So many of the next syncs do nothing and say that they did.
    pub lying_syncs: u32,
}

/// How many operations have met faults so far: what tells a fault from one that nobody noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DiskToll {
    /// Operations that took longer.
    pub slowed: u64,
    /// Writes that found no space, by a fault or by the capacity.
    pub refused: u64,
    /// Operations that failed.
    pub failed: u64,
    /// Syncs that lied.
    pub lied: u64,
}
