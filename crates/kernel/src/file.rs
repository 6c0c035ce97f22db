//! A file: records in order, and what a crash of the machine would leave of them.

use crate::log::Log;
use crate::system::Payload;
use std::collections::VecDeque;

/// A file: its records, which of them are damaged, and what a crash would leave.
#[derive(Clone, Debug)]
pub struct File<R> {
    pub(crate) records: Log<R>,
    pub(crate) damaged: Vec<u64>,
    pub(crate) bytes: u64,
    pub(crate) durable: Durable<R>,
    /// What the syncs underway will make durable, the oldest first.
    pub(crate) syncing: VecDeque<Durable<R>>,
    /// Room of what was saved once and is done with: a file that is overwritten after each sync needs no more.
    spare: Vec<Saved<R>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Durable<R> {
    /// The first so many records, as they are.
    Prefix(u64),
    /// Something that has since been overwritten or cut off; the first `same` records still are as they were.
    Saved { saved: Saved<R>, same: u64 },
}

/// Records as they were.
#[derive(Clone, Debug)]
pub(crate) struct Saved<R> {
    records: Log<R>,
    damaged: Vec<u64>,
}

impl<R> Default for File<R> {
    fn default() -> Self {
        let (records, durable) = (Log::default(), Durable::Prefix(0));
        File { records, damaged: Vec::new(), bytes: 0, durable, syncing: VecDeque::new(), spare: Vec::new() }
    }
}

impl<R: Payload> File<R> {
    /// The records, damaged ones included.
    pub fn records(&self) -> &Log<R> {
        &self.records
    }

    /// How many records, as they are now, a crash of the machine would take.
    pub fn unsynced(&self) -> u64 {
        let (Durable::Prefix(same) | Durable::Saved { same, .. }) = &self.durable;
        self.records.len().saturating_sub(*same)
    }

    /// Keeps what is durable, or about to be, before the records from `index` on change.
    pub(crate) fn save(&mut self, index: u64) {
        for durable in std::iter::once(&mut self.durable).chain(&mut self.syncing) {
            match durable {
                Durable::Prefix(len) if index < *len => {
                    let mut saved = self.spare.pop().unwrap_or_else(Saved::nothing);
                    saved.records.copy_prefix(&self.records, *len);
                    saved.damaged.extend(self.damaged.iter().filter(|damaged| *damaged < len));
                    *durable = Durable::Saved { saved, same: index };
                }
                Durable::Prefix(_) => {}
                Durable::Saved { same, .. } => *same = index.min(*same),
            }
        }
    }

    /// A sync covers the file as it is now.
    pub(crate) fn start_sync(&mut self) {
        self.syncing.push_back(Durable::Prefix(self.records.len()));
    }

    /// The oldest sync underway is done.
    pub(crate) fn finish_sync(&mut self) {
        if let Some(synced) = self.syncing.pop_front()
            && let Durable::Saved { mut saved, .. } = std::mem::replace(&mut self.durable, synced)
        {
            // Emptied at once: what it shares with the file would be copied at the next change, and what it holds by
            // each fork of the world.
            saved.records.clear();
            saved.damaged.clear();
            self.spare.push(saved);
        }
    }

    /// Damages a record, in the page cache and on the medium; whether it was whole.
    pub(crate) fn damage(&mut self, index: u64) -> bool {
        if index >= self.records.len() || self.damaged.contains(&index) {
            return false;
        }
        self.damaged.push(index);
        for durable in std::iter::once(&mut self.durable).chain(&mut self.syncing) {
            if let Durable::Saved { saved, same } = durable
                && index < *same
            {
                saved.damaged.push(index);
            }
        }
        true
    }

    /// Back to what is durable and `kept` records of what is not; the last of those is torn if so wished. Returns how many
    /// records, as they were, are gone. What was overwritten or cut off comes back whole: writes in place do not tear.
    pub(crate) fn fall_back(&mut self, kept: u64, torn: bool) -> u64 {
        let mut lost = self.unsynced();
        match std::mem::replace(&mut self.durable, Durable::Prefix(0)) {
            Durable::Prefix(len) => {
                self.records.truncate(len + kept);
                lost -= kept;
                if torn && kept > 0 {
                    self.damaged.push(len + kept - 1);
                    lost += 1;
                }
            }
            Durable::Saved { saved, .. } => {
                self.records = saved.records;
                self.damaged = saved.damaged;
            }
        }
        let len = self.records.len();
        self.damaged.retain(|index| *index < len);
        self.harden();
        self.bytes = self.records.iter().map(R::bytes).sum();
        lost
    }

    /// Everything is durable as it is, and no sync is underway.
    pub(crate) fn harden(&mut self) {
        self.syncing.clear();
        self.durable = Durable::Prefix(self.records.len());
    }
}

impl<R> Saved<R> {
    fn nothing() -> Self {
        Saved { records: Log::default(), damaged: Vec::new() }
    }
}
