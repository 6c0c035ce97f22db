//! All entries that ever were in a log of the group, by index and term: each knows the term of the one before it, so that
//! the last entry of a log stands for the whole log.

/// An entry, as its index and term name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The term of the entry before it.
    pub previous_term: u64,
    /// What it holds.
    pub fingerprint: u64,
}

/// All entries.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// By index: the terms that entries there had, and what is known of them. There is one term most of the time.
    entries: Vec<Vec<(u64, Known)>>,
}

impl History {
    /// Adds an entry; what was known of this index and term before, if that is something else.
    pub fn add(&mut self, index: u64, term: u64, known: Known) -> Option<Known> {
        let place = index as usize;
        if self.entries.len() <= place {
            self.entries.resize_with(place + 1, Vec::new);
        }
        let before = self.entries[place].iter().find(|(of, _)| *of == term).map(|(_, before)| *before);
        if before.is_none() {
            self.entries[place].push((term, known));
        }
        before.filter(|before| *before != known)
    }

    fn get(&self, index: u64, term: u64) -> Option<Known> {
        self.entries.get(index as usize)?.iter().find(|(of, _)| *of == term).map(|(_, known)| *known)
    }

    /// The term of the entry at `index` in the log that ends with this entry. `None`: it does not reach so far, or an entry
    /// on the way was never seen.
    pub fn term_at(&self, last: (u64, u64), index: u64) -> Option<u64> {
        let (mut at, mut term) = last;
        if at < index {
            return None;
        }
        while at > index {
            term = self.get(at, term)?.previous_term;
            at -= 1;
        }
        Some(term)
    }
}
