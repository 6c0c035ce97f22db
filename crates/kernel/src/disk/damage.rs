//! What happens to a disk from outside: crashes, flipped bits, files and volumes that vanish or are replaced.

use crate::dice::{Dice, below};
use crate::disk::{Disk, Unsynced};
use crate::file::File;
use crate::identity::{FileName, Nanos};
use crate::system::Payload;
use std::collections::BTreeMap;

/// What a sync covers whose file is gone: inodes count from 1.
const NOTHING: (u32, usize) = (0, 0);

impl<R: Payload> Disk<R> {
    /// The machine or the process died. Returns how many records were lost.
    pub(crate) fn crash(&mut self, unsynced: Unsynced, now: Nanos, dice: &mut Dice) -> u64 {
        self.free_at = now;
        self.pending_error = None;
        self.syncing.clear();
        self.files.values_mut().for_each(|file| file.syncing.clear());
        if unsynced == Unsynced::Keep {
            return 0;
        }
        while let Some((name, old)) = self.undo.pop() {
            match old {
                Some(inode) => self.directory.insert(name, inode),
                None => self.directory.remove(&name),
            };
        }
        let mut lost = 0;
        let mut files = std::mem::take(&mut self.files);
        for (inode, file) in &mut files {
            let all = file.records().len();
            let kept = match unsynced {
                Unsynced::Tear => below(self.draw(dice), file.unsynced() + 1),
                _ => 0,
            };
            let of_file = file.fall_back(kept, unsynced == Unsynced::Tear);
            let linked = self.directory.values().any(|linked| linked == inode);
            lost += if linked { of_file } else { all };
        }
        self.files = files;
        self.forget_unlinked();
        self.used = self.files.values().map(|file| file.bytes).sum();
        lost
    }

    /// Damages one record, the newest for `None`; whether there was one.
    pub(crate) fn flip_bit(&mut self, name: FileName, index: Option<u64>) -> bool {
        let Some(file) = self.directory.get(&name).and_then(|inode| self.files.get_mut(inode)) else { return false };
        let newest = file.records.len().checked_sub(1);
        index.or(newest).is_some_and(|index| file.damage(index))
    }

    /// Removes a file for good; its number of records, if it was there.
    pub(crate) fn remove(&mut self, name: FileName) -> Option<u64> {
        let inode = self.directory.remove(&name)?;
        for (changed, old) in &mut self.undo {
            if *changed == name || *old == Some(inode) {
                *old = None;
            }
        }
        let file = self.files.remove(&inode)?;
        self.used -= file.bytes;
        Some(file.records.len())
    }

    /// Removes every file; the number of records.
    pub(crate) fn wipe(&mut self) -> u64 {
        let names: Vec<FileName> = self.names().collect();
        let records = names.into_iter().filter_map(|name| self.remove(name)).sum();
        self.replace(BTreeMap::new(), BTreeMap::new());
        records
    }

    /// Takes over the files of another disk as they are; everything in the copy is durable.
    pub(crate) fn copy_from(&mut self, other: &Disk<R>) -> u64 {
        self.replace(other.files.clone(), other.directory.clone());
        self.files.values_mut().for_each(File::harden);
        self.forget_unlinked();
        self.made = other.made;
        self.used = other.used;
        self.files.values().map(|file| file.records.len()).sum()
    }

    /// Other files, all changes of the directory durable; the syncs underway find nothing of theirs.
    fn replace(&mut self, files: BTreeMap<u32, File<R>>, directory: BTreeMap<FileName, u32>) {
        self.files = files;
        self.directory = directory;
        self.undo.clear();
        self.syncing.iter_mut().for_each(|covers| *covers = NOTHING);
    }
}
