//! What was stored while which record was the last one processed.
//!
//! A log is read ahead of its leader: between a command and its follow-ups stands what was written while the command was
//! not processed yet. So what a leader found in its state is asked for by the position that it had processed, not by
//! the place of what it wrote.

use std::collections::BTreeMap;

/// One form of a row.
#[derive(Debug)]
struct Form<T> {
    value: T,
    /// The record whose processing stored it.
    from: i64,
    /// The record whose processing changed or removed it.
    until: i64,
}

/// Rows by key, in every form that they had.
#[derive(Debug)]
pub(super) struct Stored<T> {
    forms: BTreeMap<i64, Vec<Form<T>>>,
}

impl<T> Default for Stored<T> {
    fn default() -> Self {
        Stored { forms: BTreeMap::new() }
    }
}

impl<T: PartialEq + Clone> Stored<T> {
    /// The row as it is when the record at a position has been processed; nothing if there is none.
    pub fn note(&mut self, key: i64, position: i64, row: Option<&T>) {
        let last = self.forms.get_mut(&key).and_then(|forms| forms.last_mut());
        if let Some(last) = last.filter(|last| last.until == i64::MAX) {
            if row == Some(&last.value) {
                return;
            }
            last.until = position;
        }
        if let Some(row) = row {
            let form = Form { value: row.clone(), from: position, until: i64::MAX };
            self.forms.entry(key).or_default().push(form);
        }
    }

    /// Whether it had this form when the record at a position had been processed and no later one.
    pub fn was(&self, key: i64, position: i64, value: &T) -> bool {
        self.at(key, position) == Some(value)
    }

    /// The form that it had when the record at a position had been processed and no later one.
    pub fn at(&self, key: i64, position: i64) -> Option<&T> {
        let forms = self.forms.get(&key)?;
        forms.iter().find(|form| (form.from..form.until).contains(&position)).map(|form| &form.value)
    }
}

#[cfg(test)]
mod tests {
    use super::Stored;

    #[test]
    fn a_form_holds_from_its_record_to_the_next() {
        let mut stored = Stored::default();
        stored.note(1, 3, Some(&'a'));
        stored.note(1, 5, Some(&'a'));
        stored.note(1, 7, Some(&'b'));
        stored.note(1, 9, None);
        stored.note(1, 11, Some(&'a'));
        let held = |value| (1..13).filter(|at| stored.was(1, *at, &value)).collect::<Vec<_>>();

        assert_eq!((held('a'), held('b')), (vec![3, 4, 5, 6, 11, 12], vec![7, 8]));
        assert!(!stored.was(2, 3, &'a'));
    }
}
