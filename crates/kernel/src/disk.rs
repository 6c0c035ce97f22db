//! Disks: what a write, a sync and a crash leave behind.
//!
//! Kept: one queue per disk; a write is visible at once (page cache) and durable only after a sync that was submitted
//! later; a sync covers one file; directory changes become durable with the next sync of any file. Simplified: files are
//! sequences of typed records, so damage is per record. Left out: blocks, metadata of their own, read errors of the
//! directory.

mod damage;
mod profile;

pub use profile::{DiskError, DiskFaults, DiskProfile, DiskToll, Unsynced};

use crate::dice::{Dice, Purpose, Stream};
use crate::file::File;
use crate::identity::{FileName, Nanos};
use crate::latency::Latency;
use crate::system::{DiskOp, Payload};
use std::collections::{BTreeMap, VecDeque};

const DISK: Purpose = Purpose::new("disk");

/// What became of a submitted operation.
pub(crate) struct Submitted {
    pub done_at: Nanos,
    pub result: Result<(), DiskError>,
    /// The sync was a lie.
    pub lied: bool,
    /// When it is done, something becomes durable.
    pub syncs: bool,
}

/// A node's disk.
#[derive(Clone, Debug)]
pub struct Disk<R> {
    profile: DiskProfile,
    pub(crate) faults: DiskFaults,
    toll: DiskToll,
    files: BTreeMap<u32, File<R>>,
    directory: BTreeMap<FileName, u32>,
    /// How to undo the changes of the directory that are not durable: a name and what it stood for. The oldest first.
    undo: Vec<(FileName, Option<u32>)>,
    /// The syncs underway, the oldest first: the file, and how many changes of the directory it covers.
    syncing: VecDeque<(u32, usize)>,
    made: u32,
    used: u64,
    free_at: Nanos,
    /// An error of an operation without notice, for the next sync.
    pending_error: Option<DiskError>,
    identity: u64,
    stream: Option<Box<Stream>>,
}

impl<R: Payload> Disk<R> {
    pub(crate) fn new(profile: DiskProfile, identity: u64) -> Self {
        Disk {
            profile,
            faults: DiskFaults::default(),
            toll: DiskToll::default(),
            files: BTreeMap::new(),
            directory: BTreeMap::new(),
            undo: Vec::new(),
            syncing: VecDeque::new(),
            made: 0,
            used: 0,
            free_at: 0,
            pending_error: None,
            identity,
            stream: None,
        }
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used
    }

    /// The faults in force.
    pub fn faults(&self) -> DiskFaults {
        self.faults
    }

    /// How many operations have met faults.
    pub fn toll(&self) -> DiskToll {
        self.toll
    }

    /// The file of that name.
    pub fn file(&self, name: FileName) -> Option<&File<R>> {
        self.files.get(self.directory.get(&name)?)
    }

    /// Names of all files, in order.
    pub fn names(&self) -> impl Iterator<Item = FileName> {
        self.directory.keys().copied()
    }

    /// A record, if it is there and whole.
    ///
    /// # Errors
    /// It is missing or damaged.
    pub fn record(&self, name: FileName, index: u64) -> Result<&R, DiskError> {
        let file = self.file(name).ok_or(DiskError::Missing)?;
        if file.damaged.contains(&index) {
            return Err(DiskError::Damaged);
        }
        file.records.get(index).ok_or(DiskError::Missing)
    }

    pub(crate) fn submit(&mut self, now: Nanos, op: DiskOp<R>, silent: bool, dice: &mut Dice) -> Submitted {
        let took = self.duration(&op, dice);
        self.operate(now, took, silent, |disk, submitted| match op {
            DiskOp::Sync(name) => disk.start_sync(name, submitted),
            op => submitted.result = disk.apply(op),
        })
    }

    /// One write of many records, without notice.
    pub(crate) fn append_all(&mut self, now: Nanos, name: FileName, records: &mut Vec<R>, dice: &mut Dice) {
        let took = self.slowed(self.profile.write, 1, dice);
        self.operate(now, took, true, |disk, submitted| submitted.result = disk.append(name, records.drain(..)));
        records.clear();
    }

    /// One operation behind those before it: it fails if the device does, and else does its work.
    fn operate(
        &mut self,
        now: Nanos,
        took: Nanos,
        silent: bool,
        work: impl FnOnce(&mut Self, &mut Submitted),
    ) -> Submitted {
        self.free_at = self.free_at.max(now) + took;
        let mut submitted = Submitted { done_at: self.free_at, result: Ok(()), lied: false, syncs: false };
        if self.faults.failing > 0 {
            self.faults.failing -= 1;
            self.toll.failed += 1;
            submitted.result = Err(DiskError::Io);
        } else {
            work(self, &mut submitted);
        }
        if silent && let Err(error) = submitted.result {
            self.pending_error.get_or_insert(error);
        }
        submitted
    }

    /// The oldest sync underway is done: what it covered is durable.
    pub(crate) fn finish_sync(&mut self) {
        let Some((inode, changes)) = self.syncing.pop_front() else { return };
        if let Some(file) = self.files.get_mut(&inode) {
            file.finish_sync();
        }
        self.undo.drain(..changes);
        self.syncing.iter_mut().for_each(|(_, later)| *later -= changes);
        if changes > 0 {
            self.forget_unlinked();
        }
    }

    /// Drops the files that no name leads to, not even after a crash.
    fn forget_unlinked(&mut self) {
        // Every name leads to a file of its own: if there are as many of one as of the other, none is without a name.
        if self.undo.is_empty() && self.files.len() == self.directory.len() {
            return;
        }
        let undone = self.undo.iter().filter_map(|(_, old)| *old);
        let mut linked: Vec<_> = self.directory.values().copied().chain(undone).collect();
        linked.sort_unstable();
        self.files.retain(|inode, _| linked.binary_search(inode).is_ok());
    }

    fn draw(&mut self, dice: &mut Dice) -> u64 {
        let identity = self.identity;
        let stream = self.stream.get_or_insert_with(|| Box::new(dice.stream(DISK, identity)));
        dice.draw(stream)
    }

    fn duration(&mut self, op: &DiskOp<R>, dice: &mut Dice) -> Nanos {
        match op {
            DiskOp::Sync(_) => self.slowed(self.profile.sync, 1, dice),
            DiskOp::Read(_, records) => self.slowed(self.profile.read, *records, dice),
            _ => self.slowed(self.profile.write, 1, dice),
        }
    }

    #[inline]
    fn slowed(&mut self, latency: Latency, times: u64, dice: &mut Dice) -> Nanos {
        // A constant needs no draw: most writes go into the page cache at a fixed cost.
        let one = if latency.min() == latency.max() { latency.min() } else { latency.draw(self.draw(dice)) };
        if self.faults.slow_percent == 0 {
            return one * times;
        }
        self.toll.slowed += 1;
        one * times + one * times * u64::from(self.faults.slow_percent) / 100
    }

    fn start_sync(&mut self, name: FileName, submitted: &mut Submitted) {
        if let Some(error) = self.pending_error.take() {
            submitted.result = Err(error);
            return;
        }
        let Some(&inode) = self.directory.get(&name) else {
            submitted.result = Err(DiskError::Missing);
            return;
        };
        if self.faults.lying_syncs > 0 {
            self.faults.lying_syncs -= 1;
            self.toll.lied += 1;
            submitted.lied = true;
            return;
        }
        if let Some(file) = self.files.get_mut(&inode) {
            file.start_sync();
            self.syncing.push_back((inode, self.undo.len()));
            submitted.syncs = true;
        }
    }

    fn apply(&mut self, op: DiskOp<R>) -> Result<(), DiskError> {
        match op {
            DiskOp::Append(name, record) => self.append(name, std::iter::once(record))?,
            DiskOp::Write(name, index, record) => {
                let bytes = record.bytes();
                let file = self.existing(name)?;
                let old = file.records.get(index).ok_or(DiskError::Missing)?.bytes();
                self.reserve(bytes.saturating_sub(old))?;
                let file = self.existing(name)?;
                file.save(index);
                file.damaged.retain(|damaged| *damaged != index);
                file.records.set(index, record);
                file.bytes = file.bytes + bytes - old;
                self.used -= old.saturating_sub(bytes);
            }
            DiskOp::Truncate(name, len) => {
                let file = self.existing(name)?;
                file.save(len);
                let cut: u64 =
                    (len..file.records.len()).filter_map(|index| file.records.get(index)).map(R::bytes).sum();
                file.records.truncate(len);
                file.damaged.retain(|damaged| *damaged < len);
                file.bytes -= cut;
                self.used -= cut;
            }
            DiskOp::Rename(from, to) => {
                let inode = *self.directory.get(&from).ok_or(DiskError::Missing)?;
                if from != to {
                    self.link(from, None);
                    let replaced = self.link(to, Some(inode));
                    self.used -= self.size(replaced);
                }
            }
            DiskOp::Delete(name) => {
                self.directory.get(&name).ok_or(DiskError::Missing)?;
                let gone = self.link(name, None);
                self.used -= self.size(gone);
            }
            DiskOp::Read(name, _) => {
                self.existing(name)?;
            }
            DiskOp::Sync(_) => {}
        }
        Ok(())
    }

    /// Adds records at the end of a file, which is made if it is missing: all of them or, for want of space, those before
    /// the first that does not fit. A file of which not even the first fits is not made.
    fn append(&mut self, name: FileName, records: impl Iterator<Item = R>) -> Result<(), DiskError> {
        let free = self.free();
        let mut records = records.peekable();
        let fits = |record: &R, added| record.bytes() == 0 || added + record.bytes() <= free;
        if records.peek().is_none_or(|first| fits(first, 0)) {
            let file = self.file_or_new(name);
            let mut added = 0;
            while let Some(record) = records.next_if(|record| fits(record, added)) {
                added += record.bytes();
                file.records.push(record);
            }
            file.bytes += added;
            self.used += added;
        }
        if records.peek().is_none() { Ok(()) } else { Err(self.refuse()) }
    }

    /// Bytes that still fit.
    fn free(&self) -> u64 {
        match (self.faults.full, self.profile.capacity) {
            (true, _) => 0,
            (false, 0) => u64::MAX,
            (false, capacity) => capacity.saturating_sub(self.used),
        }
    }

    fn refuse(&mut self) -> DiskError {
        self.toll.refused += 1;
        DiskError::Full
    }

    fn reserve(&mut self, bytes: u64) -> Result<(), DiskError> {
        if bytes > self.free() {
            return Err(self.refuse());
        }
        self.used += bytes;
        Ok(())
    }

    fn existing(&mut self, name: FileName) -> Result<&mut File<R>, DiskError> {
        self.directory.get(&name).and_then(|inode| self.files.get_mut(inode)).ok_or(DiskError::Missing)
    }

    fn file_or_new(&mut self, name: FileName) -> &mut File<R> {
        let inode = match self.directory.get(&name) {
            Some(inode) => *inode,
            None => {
                self.made += 1;
                self.undo.push((name, None));
                self.directory.insert(name, self.made);
                self.made
            }
        };
        self.files.entry(inode).or_default()
    }

    /// Changes what a name stands for, until a crash or for good; what it stood for before.
    fn link(&mut self, name: FileName, inode: Option<u32>) -> Option<u32> {
        let old = match inode {
            Some(inode) => self.directory.insert(name, inode),
            None => self.directory.remove(&name),
        };
        self.undo.push((name, old));
        old
    }

    fn size(&self, inode: Option<u32>) -> u64 {
        inode.and_then(|inode| self.files.get(&inode)).map_or(0, |file| file.bytes)
    }
}
