//! A member's log: segments in memory, cheap to clone, and the files behind them.
//!
//! Kept: one file per segment, named by its first index; truncation that refuses to go below the commit index; a reset
//! that drops everything; compaction that drops whole segments; at start, segments that do not follow the ones before
//! them are dropped. Simplified: a segment is full after so many entries and not bytes. Left out: the sparse index, segment
//! descriptors (an empty segment has no file), memory-mapped segments.
//= camunda/zeebe@0.24.4:atomix/storage/src/main/java/io/atomix/storage/journal/SegmentedJournal.java (segments)
//= camunda/zeebe@0.24.4:atomix/storage/src/main/java/io/atomix/storage/journal/SegmentedJournalWriter.java (writes)

use crate::entry::{Content, Entry, Positions, Record, meta_file, segment_file, segment_of};
use crate::event::{Event, Uncaught};
use crate::host::Host;
use kernel::disk::DiskError;
use kernel::identity::FileName;
use kernel::log::Log;
use kernel::system::DiskOp;
use std::sync::Arc;

#[derive(Clone, Debug)]
struct Segment<E> {
    first: u64,
    entries: Log<Entry<E>>,
    /// Whether there is a file.
    filed: bool,
}

impl<E: Clone> Segment<E> {
    fn new(first: u64) -> Self {
        Segment { first, entries: Log::default(), filed: false }
    }

    /// The index after its last entry.
    fn end(&self) -> u64 {
        self.first + self.entries.len()
    }
}

/// A log of a group, from its first index on. Indexes count from 1.
#[derive(Clone, Debug)]
pub struct RaftLog<E> {
    group: u64,
    segment_entries: u64,
    /// At least one; only the first may be empty, and then it is the only one.
    segments: Vec<Arc<Segment<E>>>,
    commit: u64,
}

impl<E: Content> RaftLog<E> {
    pub(crate) fn new(group: u64, segment_entries: u64) -> Self {
        RaftLog { group, segment_entries, segments: vec![Arc::new(Segment::new(1))], commit: 0 }
    }

    /// The first index that it holds, or would hold.
    pub fn first_index(&self) -> u64 {
        self.segments[0].first
    }

    /// The last index that it holds; the one before its first, if it is empty.
    pub fn last_index(&self) -> u64 {
        self.tail().end() - 1
    }

    /// Whether it holds no entry.
    pub fn is_empty(&self) -> bool {
        self.tail().entries.is_empty()
    }

    /// The entry at an index.
    pub fn get(&self, index: u64) -> Option<&Entry<E>> {
        let after = self.segments.partition_point(|segment| segment.first <= index);
        let segment = &self.segments[after.checked_sub(1)?];
        segment.entries.get(index - segment.first)
    }

    /// The last entry, with its index.
    pub fn last(&self) -> Option<(u64, &Entry<E>)> {
        let index = self.last_index();
        self.get(index).map(|entry| (index, entry))
    }

    /// The positions of the last entry of the application's.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/LeaderRole.java (findLastZeebeEntry)
    pub fn last_positions(&self) -> Option<Positions> {
        (self.first_index()..=self.last_index()).rev().find_map(|index| self.get(index)?.positions())
    }

    fn tail(&self) -> &Segment<E> {
        self.segments.last().expect("a log has a segment")
    }

    fn tail_mut(&mut self) -> &mut Segment<E> {
        Arc::make_mut(self.segments.last_mut().expect("a log has a segment"))
    }

    /// What is committed cannot be truncated from now on.
    pub(crate) fn commit(&mut self, index: u64) {
        self.commit = self.commit.max(index);
    }

    /// What is committed is this, whatever was said before.
    pub(crate) fn committed(&mut self, index: u64) {
        self.commit = index;
    }

    /// The term before the entry to come: of the last one, or of the snapshot that the log follows.
    fn last_term(&self, snapshot: (u64, u64)) -> u64 {
        match self.last() {
            Some((_, last)) => last.term,
            None if snapshot.0 == self.last_index() => snapshot.1,
            None => 0,
        }
    }

    /// Adds an entry; its index. `snapshot` is index and term of the newest one. With a notice, the host is told when the
    /// entry is in the page cache.
    pub(crate) fn append<H: Host<E>>(
        &mut self,
        entry: Entry<E>,
        snapshot: (u64, u64),
        notice: Option<u64>,
        host: &mut H,
    ) -> u64 {
        let previous_term = self.last_term(snapshot);
        if self.tail().entries.len() >= self.segment_entries {
            // The full segment is flushed before a new one is made; an error shows at the next flush.
            host.disk(DiskOp::Sync(segment_file(self.group, self.tail().first)), None);
            let next = self.tail().end();
            self.segments.push(Arc::new(Segment::new(next)));
        }
        let group = self.group;
        let tail = self.tail_mut();
        let (index, file) = (tail.end(), segment_file(group, tail.first));
        let (term, fingerprint) = (entry.term, entry.fingerprint());
        host.disk(DiskOp::Append(file, Record::Entry { index, previous_term, entry: entry.clone() }), notice);
        tail.entries.push(entry);
        tail.filed = true;
        host.emit(Event::Appended { index, term, previous_term, fingerprint });
        index
    }

    /// Flushes the current segment.
    pub(crate) fn flush<H: Host<E>>(&self, notice: Option<u64>, host: &mut H) {
        host.disk(DiskOp::Sync(segment_file(self.group, self.tail().first)), notice);
    }

    /// The files of the segments before the current one.
    pub(crate) fn full_files(&self) -> Vec<FileName> {
        let full = &self.segments[..self.segments.len() - 1];
        full.iter().map(|segment| segment_file(self.group, segment.first)).collect()
    }

    /// Whether there is anything to flush.
    pub(crate) fn has_file(&self) -> bool {
        self.tail().filed
    }

    /// Keeps what is up to an index.
    pub(crate) fn truncate<H: Host<E>>(&mut self, last: u64, host: &mut H) -> Result<(), Uncaught> {
        if last < self.commit {
            return Err(Uncaught::TruncateCommitted);
        }
        if last >= self.last_index() {
            return Ok(());
        }
        while last < self.tail().first && self.segments.len() > 1 {
            self.drop_file(self.segments.len() - 1, host);
            self.segments.pop();
        }
        let group = self.group;
        let tail = self.tail_mut();
        let kept = (last + 1).saturating_sub(tail.first);
        if tail.filed && kept < tail.entries.len() {
            host.disk(DiskOp::Truncate(segment_file(group, tail.first), kept), None);
        }
        tail.entries.truncate(kept);
        host.emit(Event::Truncated { last: self.last_index() });
        Ok(())
    }

    /// The next entry will have this index: upstream's reset, with both its branches.
    pub(crate) fn reset<H: Host<E>>(&mut self, index: u64, host: &mut H) -> Result<(), Uncaught> {
        if index > self.tail().first {
            self.replace(index, host);
            Ok(())
        } else {
            self.truncate(index.saturating_sub(1), host)
        }
    }

    /// Throws everything away.
    pub(crate) fn replace<H: Host<E>>(&mut self, first: u64, host: &mut H) {
        for nth in 0..self.segments.len() {
            self.drop_file(nth, host);
        }
        self.segments = vec![Arc::new(Segment::new(first))];
        host.emit(Event::Reset { first });
    }

    /// Drops the segments that lie entirely before the one that holds an index.
    pub(crate) fn compact<H: Host<E>>(&mut self, index: u64, host: &mut H) {
        let holding = self.segments.partition_point(|segment| segment.first <= index);
        let dropped = holding.saturating_sub(1);
        if dropped == 0 {
            return;
        }
        for nth in 0..dropped {
            self.drop_file(nth, host);
        }
        self.segments.drain(..dropped);
        host.emit(Event::Compacted { first: self.first_index() });
    }

    fn drop_file<H: Host<E>>(&self, nth: usize, host: &mut H) {
        if self.segments[nth].filed {
            host.disk(DiskOp::Delete(segment_file(self.group, self.segments[nth].first)), None);
        }
    }

    /// Whether the files hold these entries and no others, as far as they can be read.
    pub(crate) fn is_written<H: Host<E>>(&self, host: &H) -> bool {
        let filed = || self.segments.iter().filter(|segment| segment.filed);
        let holds = |segment: &Segment<E>| {
            let file = segment_file(self.group, segment.first);
            let same = |place: u64, entry: &Entry<E>| match host.record(file, place) {
                Ok(Record::Entry { index, entry: there, .. }) => {
                    *index == segment.first + place && there.term == entry.term
                }
                Ok(Record::Meta { .. }) => false,
                Err(error) => error == DiskError::Damaged,
            };
            let len = segment.entries.len();
            host.file_len(file) == Some(len)
                && (0..len).all(|place| segment.entries.get(place).is_some_and(|entry| same(place, entry)))
        };
        firsts(self.group, &host.files()).into_iter().eq(filed().map(|segment| segment.first))
            && filed().all(|segment| holds(segment))
    }

    /// Reads what is on disk, and cuts off what is not whole. The commit index stays.
    pub(crate) fn load<H: Host<E>>(&mut self, host: &mut H) {
        let group = self.group;
        let files = host.files();
        let whole = whole_segments(group, &files, |file, place| host.record(file, place).ok());
        let mut segments: Vec<Arc<Segment<E>>> = Vec::new();
        for (first, entries) in whole {
            let mut segment = Segment { filed: true, ..Segment::new(first) };
            entries.into_iter().for_each(|entry| segment.entries.push(entry.clone()));
            segments.push(Arc::new(segment));
        }
        let mut kept = segments.iter().peekable();
        for first in firsts(group, &files) {
            let file = segment_file(group, first);
            let Some(segment) = kept.next_if(|segment| segment.first == first) else {
                host.disk(DiskOp::Delete(file), None);
                continue;
            };
            let whole = segment.entries.len();
            if whole < host.file_len(file).unwrap_or(0) {
                host.disk(DiskOp::Truncate(file, whole), None);
            }
        }
        // An empty segment behind others cannot be: truncation would have dropped it.
        while segments.len() > 1 && segments.last().is_some_and(|last| last.entries.is_empty()) {
            if let Some(empty) = segments.pop() {
                host.disk(DiskOp::Delete(segment_file(group, empty.first)), None);
            }
        }
        if segments.is_empty() {
            segments.push(Arc::new(Segment::new(1)));
        }
        self.segments = segments;
    }
}

fn firsts(group: u64, files: &[FileName]) -> Vec<u64> {
    let mut firsts: Vec<u64> = files.iter().filter_map(|file| segment_of(*file, group)).collect();
    firsts.sort_unstable();
    firsts
}

/// The segments on a disk that follow one another, by their first indexes, and what of each is whole.
fn whole_segments<'a, E: Content>(
    group: u64,
    files: &[FileName],
    record: impl Fn(FileName, u64) -> Option<&'a Record<E>>,
) -> Vec<(u64, Vec<&'a Entry<E>>)> {
    let mut segments: Vec<(u64, Vec<&Entry<E>>)> = Vec::new();
    for first in firsts(group, files) {
        let before = segments.last();
        if before.is_some_and(|(before, entries)| before + entries.len() as u64 != first) {
            continue;
        }
        let mut last = before.and_then(|(_, entries)| entries.last()).map(|entry| entry.term);
        let mut entries = Vec::new();
        for place in 0.. {
            let Some(Record::Entry { index, previous_term, entry }) = record(segment_file(group, first), place) else {
                break;
            };
            if *index != first + place || last.is_some_and(|term| term != *previous_term) {
                break;
            }
            last = Some(entry.term);
            entries.push(entry);
        }
        segments.push((first, entries));
    }
    segments
}

/// The log of a group as it is on a disk, for who looks at that without a process: what one that starts there would find.
/// How much of it is committed is not on the disk.
pub fn entries_on_disk<'a, E: Content>(
    group: u64,
    files: &[FileName],
    record: impl Fn(FileName, u64) -> Option<&'a Record<E>>,
) -> Vec<&'a Entry<E>> {
    whole_segments(group, files, record).into_iter().flat_map(|(_, entries)| entries).collect()
}

/// The term on a disk.
pub fn term_on_disk<'a, E: Content>(group: u64, record: impl Fn(FileName, u64) -> Option<&'a Record<E>>) -> u64 {
    match record(meta_file(group), 0) {
        Some(Record::Meta { term, .. }) => *term,
        _ => 0,
    }
}
