//! A column family: an ordered table that can be rolled back, and cloned at the price of a counter.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::ops::RangeBounds;
use std::sync::Arc;

/// A table from keys to rows. Clones share the rows until one of them writes. What was there before each write of the
/// transaction under way is kept for a rollback.
#[derive(Clone, Debug)]
pub struct Column<K, V> {
    rows: Arc<BTreeMap<K, V>>,
    before: Vec<(K, Option<V>)>,
}

impl<K, V> Default for Column<K, V> {
    fn default() -> Self {
        Column { rows: Arc::default(), before: Vec::new() }
    }
}

impl<K: Ord + Clone, V: Clone> Column<K, V> {
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

    /// Keeps what the transaction wrote.
    #[inline]
    pub(super) fn commit(&mut self) {
        self.before.clear();
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
