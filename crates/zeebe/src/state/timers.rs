//! Timers, by the element that waits for them, or -1 for start events, and by due date.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/instance/TimerInstanceState.java (tables)

use super::State;
use crate::protocol::Timer;
use std::sync::Arc;

/// A timer that has not been triggered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimerRow {
    /// Its record.
    pub record: Arc<Timer>,
}

impl State {
    /// A timer.
    #[must_use]
    pub fn timer(&self, element_instance_key: i64, key: i64) -> Option<&TimerRow> {
        self.timers.get(&(element_instance_key, key))
    }

    /// All timers, by element and key.
    pub fn all_timers(&self) -> impl Iterator<Item = &TimerRow> {
        self.timers.iter().map(|(_, row)| row)
    }

    /// Keys of the timers of an element, in their order.
    pub fn timers_of(&self, element_instance_key: i64) -> impl Iterator<Item = (i64, &TimerRow)> {
        let range = (element_instance_key, i64::MIN)..=(element_instance_key, i64::MAX);
        self.timers.range(range).map(|((_, key), row)| (*key, row))
    }

    /// Stores a timer.
    pub fn create_timer(&mut self, key: i64, record: &Arc<Timer>) {
        self.due_dates.put((record.due_date, record.element_instance_key, key), ());
        self.timers.put((record.element_instance_key, key), TimerRow { record: record.clone() });
    }

    /// Removes a timer; nothing if it is not there.
    pub fn delete_timer(&mut self, element_instance_key: i64, key: i64) {
        if let Some(row) = self.timers.get(&(element_instance_key, key)) {
            let due = row.record.due_date;
            self.timers.delete(&(element_instance_key, key));
            self.due_dates.delete(&(due, element_instance_key, key));
        }
    }

    /// Timers whose due date has come, in the order of due date, element and key.
    pub fn due_timers(&self, now: i64) -> impl Iterator<Item = (i64, &Arc<Timer>)> {
        self.due_dates
            .range(..=(now, i64::MAX, i64::MAX))
            .filter_map(|((_, element, key), ())| self.timers.get(&(*element, *key)).map(|row| (*key, &row.record)))
    }

    /// The earliest due date.
    #[must_use]
    pub fn next_due_date(&self) -> Option<i64> {
        self.due_dates.iter().next().map(|((due, _, _), ())| *due)
    }
}
