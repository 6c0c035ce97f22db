//! A log that is cheap to clone: sealed, shared segments and a private tail.

use std::sync::Arc;

/// Records per sealed segment.
pub const SEGMENT: usize = 256;

/// An append-mostly sequence. A clone shares all sealed segments and copies the tail (fewer than `SEGMENT` records).
#[derive(Clone, Debug)]
pub struct Log<R> {
    sealed: Arc<Vec<Arc<[R]>>>,
    tail: Vec<R>,
}

impl<R> Default for Log<R> {
    fn default() -> Self {
        Log { sealed: Arc::default(), tail: Vec::new() }
    }
}

impl<R: Clone> Log<R> {
    /// Number of records.
    pub fn len(&self) -> u64 {
        (self.sealed.len() * SEGMENT + self.tail.len()) as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a record.
    #[inline]
    pub fn push(&mut self, record: R) {
        self.tail.push(record);
        if self.tail.len() == SEGMENT {
            let segment = self.tail.drain(..).collect();
            Arc::make_mut(&mut self.sealed).push(segment);
        }
    }

    /// The record at an index.
    pub fn get(&self, index: u64) -> Option<&R> {
        let (segment, offset) = place(index);
        match self.sealed.get(segment) {
            Some(segment) => segment.get(offset),
            None if segment == self.sealed.len() => self.tail.get(offset),
            None => None,
        }
    }

    /// Replaces the record at an index; whether there was one. Copies a shared segment first.
    pub fn set(&mut self, index: u64, record: R) -> bool {
        let (segment, offset) = place(index);
        if segment < self.sealed.len() {
            let shared = &mut Arc::make_mut(&mut self.sealed)[segment];
            let mut copy = shared.to_vec();
            copy[offset] = record;
            *shared = copy.into();
            return true;
        }
        match self.tail.get_mut(offset).filter(|_| segment == self.sealed.len()) {
            Some(place) => {
                *place = record;
                true
            }
            None => false,
        }
    }

    /// Keeps the first `len` records; all of them, if there are fewer.
    pub fn truncate(&mut self, len: u64) {
        let (segment, offset) = place(len);
        if segment < self.sealed.len() {
            self.tail.clear();
            self.tail.extend_from_slice(&self.sealed[segment][..offset]);
            Arc::make_mut(&mut self.sealed).truncate(segment);
        } else if segment == self.sealed.len() {
            self.tail.truncate(offset);
        }
    }

    /// Becomes the first `len` records of another log, in the room that it has.
    pub(crate) fn copy_prefix(&mut self, other: &Self, len: u64) {
        let (segment, offset) = place(len);
        self.sealed.clone_from(&other.sealed);
        self.tail.clear();
        if segment < other.sealed.len() {
            self.tail.extend_from_slice(&other.sealed[segment][..offset]);
            Arc::make_mut(&mut self.sealed).truncate(segment);
        } else {
            self.tail.extend_from_slice(&other.tail[..offset]);
        }
    }

    /// Removes all records, and keeps the room of its tail.
    pub(crate) fn clear(&mut self) {
        self.tail.clear();
        if !self.sealed.is_empty() {
            self.sealed = Arc::default();
        }
    }

    /// All records in order.
    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.sealed.iter().flat_map(|segment| segment.iter()).chain(&self.tail)
    }
}

fn place(index: u64) -> (usize, usize) {
    ((index / SEGMENT as u64) as usize, (index % SEGMENT as u64) as usize)
}
