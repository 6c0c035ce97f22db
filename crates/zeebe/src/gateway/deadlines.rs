//! Deadlines of many requests behind one timer.

use kernel::identity::Nanos;
use std::collections::BTreeSet;

/// What ends when, in that order. One timer is set for the first of them. A deadline that is taken out leaves its timer
/// set: it finds nothing due, and that is cheaper than a cancelled timer per request.
#[derive(Clone, Debug)]
pub(crate) struct Deadlines<K> {
    waiting: BTreeSet<(Nanos, K)>,
    armed: Option<Nanos>,
}

impl<K: Copy + Ord> Deadlines<K> {
    pub(crate) const fn new() -> Self {
        Deadlines { waiting: BTreeSet::new(), armed: None }
    }

    pub(crate) fn add(&mut self, at: Nanos, key: K) {
        self.waiting.insert((at, key));
    }

    pub(crate) fn remove(&mut self, at: Nanos, key: K) {
        self.waiting.remove(&(at, key));
    }

    /// When the timer must be set for, if it is not set already.
    pub(crate) fn arm(&mut self) -> Option<Nanos> {
        let first = self.waiting.first()?.0;
        if self.armed.is_some_and(|armed| armed <= first) {
            return None;
        }
        self.armed = Some(first);
        Some(first)
    }

    /// The timer fired.
    pub(crate) fn fired(&mut self) {
        self.armed = None;
    }

    /// Takes out the first one that is due.
    pub(crate) fn due(&mut self, now: Nanos) -> Option<K> {
        let (at, key) = *self.waiting.first()?;
        if at > now {
            return None;
        }
        self.waiting.remove(&(at, key));
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::Deadlines;

    #[test]
    fn the_timer_is_set_once_for_the_first_deadline_and_again_for_an_earlier_one() {
        let mut deadlines = Deadlines::new();
        deadlines.add(10, 'a');
        assert_eq!(deadlines.arm(), Some(10));
        deadlines.add(20, 'b');
        assert_eq!(deadlines.arm(), None);
        deadlines.add(5, 'c');
        assert_eq!(deadlines.arm(), Some(5));
        deadlines.remove(10, 'a');
        deadlines.fired();
        assert_eq!((deadlines.due(5), deadlines.due(5)), (Some('c'), None));
        assert_eq!(deadlines.arm(), Some(20));
    }
}
