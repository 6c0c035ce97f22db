//! A column family: an ordered table that can be rolled back, and cloned at the price of a counter.

use kernel::identity::mix;
use rustc_hash::FxHasher;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::ops::RangeBounds;
use std::sync::Arc;

/// A table from keys to rows. Clones share the rows until one of them writes. What was there before each write of the
/// transaction under way is kept for a rollback.
///
/// One that is watched has a fingerprint of its committed rows: a sum over them, so that a transaction costs what it wrote,
/// and the order of writes does not count.
#[derive(Clone, Debug)]
pub struct Column<K, V> {
    rows: Arc<BTreeMap<K, V>>,
    before: Vec<(K, Option<V>)>,
    /// The fingerprint, if it is watched.
    fingerprint: Option<u64>,
}

fn fingerprint<K: Hash, V: Hash>(key: &K, row: &V) -> u64 {
    let mut hasher = FxHasher::default();
    (key, row).hash(&mut hasher);
    mix(hasher.finish(), 0)
}

impl<K, V> Default for Column<K, V> {
    fn default() -> Self {
        Column { rows: Arc::default(), before: Vec::new(), fingerprint: None }
    }
}

impl<K: Ord + Clone + Hash, V: Clone + Hash> Column<K, V> {
    /// A row.
    #[inline]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.rows.get(key)
    }

    /// Whether there is a row.
    #[inline]
    pub fn contains(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    /// Writes a row over what is there.
    #[inline]
    pub fn put(&mut self, key: K, row: V) {
        let before = Arc::make_mut(&mut self.rows).insert(key.clone(), row);
        self.before.push((key, before));
    }

    /// Removes a row, if it is there.
    #[inline]
    pub fn delete(&mut self, key: &K) {
        if let Some((key, before)) = Arc::make_mut(&mut self.rows).remove_entry(key) {
            self.before.push((key, Some(before)));
        }
    }

    /// Rows of a range of keys, in their order.
    pub fn range(&self, keys: impl RangeBounds<K>) -> impl Iterator<Item = (&K, &V)> {
        self.rows.range(keys)
    }

    /// All rows, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.rows.iter()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Watches it from now on, if it is not watched already. No transaction may be under way.
    pub(super) fn watch(&mut self) {
        if self.fingerprint.is_none() {
            let prints = self.rows.iter().map(|(key, row)| fingerprint(key, row));
            self.fingerprint = Some(prints.fold(0, u64::wrapping_add));
        }
    }

    /// The fingerprint of what is committed; 0 if it is not watched.
    #[inline]
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint.unwrap_or_default()
    }

    /// Keeps what the transaction wrote.
    #[inline]
    pub(super) fn commit(&mut self) {
        if !self.before.is_empty() {
            self.fingerprint = self.fingerprint.map(|sum| self.after_commit(sum));
            self.before.clear();
        }
    }

    /// Each row that the transaction wrote goes out of the sum as it was before its first write, and in as it is now.
    fn after_commit(&self, sum: u64) -> u64 {
        let mut sum = sum;
        for (place, (key, before)) in self.before.iter().enumerate() {
            if self.before[..place].iter().all(|(earlier, _)| earlier != key) {
                let print = |row: &V| fingerprint(key, row);
                let (was, is) = (before.as_ref().map_or(0, print), self.rows.get(key).map_or(0, print));
                sum = sum.wrapping_sub(was).wrapping_add(is);
            }
        }
        sum
    }

    /// Takes back what the transaction wrote.
    pub(super) fn rollback(&mut self) {
        if self.before.is_empty() {
            return;
        }
        let rows = Arc::make_mut(&mut self.rows);
        while let Some((key, before)) = self.before.pop() {
            match before {
                Some(row) => rows.insert(key, row),
                None => rows.remove(&key),
            };
        }
    }
}

/// Rows only: what a rollback would need is no part of the state.
impl<K: Hash, V: Hash> Hash for Column<K, V> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rows.hash(state);
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Column<K, V> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rows, &other.rows) || self.rows == other.rows
    }
}

#[cfg(test)]
mod tests {
    use super::Column;

    #[test]
    fn a_fingerprint_is_that_of_the_committed_rows_whatever_the_way_to_them() {
        let watched = || {
            let mut column = Column::default();
            column.watch();
            column
        };
        let (mut one, mut two) = (watched(), watched());
        one.put(1, "one");
        one.put(2, "two");
        one.put(1, "uno");
        one.delete(&2);
        one.put(2, "due");
        one.commit();
        two.put(2, "due");
        two.commit();
        two.put(3, "three");
        two.put(1, "one");
        two.commit();
        assert_ne!(one.fingerprint(), two.fingerprint());
        two.put(1, "uno");
        two.delete(&3);
        two.commit();
        assert_eq!(one.fingerprint(), two.fingerprint());
        two.put(1, "other");
        assert_eq!(one.fingerprint(), two.fingerprint(), "of what is committed");
        two.rollback();
        two.commit();
        assert_eq!(one.fingerprint(), two.fingerprint());
        let mut late = Column::default();
        late.put(1, "uno");
        late.put(2, "due");
        late.commit();
        late.watch();
        assert_eq!(late.fingerprint(), two.fingerprint(), "watched from the beginning or later");
    }

    #[test]
    fn a_rollback_brings_back_what_was_committed() {
        let mut column = Column::default();
        column.put(1, "one");
        column.commit();
        let committed = column.clone();
        column.put(1, "other");
        column.put(2, "two");
        column.delete(&1);
        column.put(1, "again");
        column.delete(&3);
        assert_ne!(column, committed);
        column.rollback();
        assert_eq!(column, committed);
        column.rollback();
        assert_eq!(column.get(&1), Some(&"one"), "what is committed stays");
    }
}
