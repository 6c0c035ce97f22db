//! Commit monotonic: a member's commit index never goes back while its process lives, and nothing up to it is cut off.
//!
//! Not covered: a restart, after which a member learns the commit index anew (it is kept in memory only).
//= camunda/zeebe@0.24.4:atomix/storage/src/main/java/io/atomix/storage/journal/SegmentedJournalWriter.java (truncate)

use super::history::History;
use super::{Property, Violation};
use kernel::identity::NodeId;
use raft::Event;
use std::collections::BTreeMap;

/// The check's name.
pub const NAME: &str = "raft/commit-monotonic";

/// Commit indexes.
#[derive(Clone, Debug, Default)]
pub struct Commits(BTreeMap<NodeId, u64>);

impl Property for Commits {
    fn see(&mut self, node: NodeId, event: &Event, _: &History) -> Option<Violation> {
        let commit = self.0.entry(node).or_default();
        let was = *commit;
        let story = match *event {
            Event::Started { .. } => {
                *commit = 0;
                return None;
            }
            Event::Committed { from, to, .. } => {
                *commit = to;
                (to <= was || from < was).then(|| format!("{node} committed up to {to} (from {from}) after {was}"))
            }
            Event::Truncated { last } if last < was => {
                Some(format!("{node} cut its log to {last}, below its commit index {was}"))
            }
            Event::Reset { first } if first <= was => {
                Some(format!("{node} reset its log to {first}, below its commit index {was}"))
            }
            _ => None,
        };
        story.map(|story| Violation { check: NAME, story })
    }
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::{appended, broken, committed, started};
    use super::NAME;
    use raft::Event;

    #[test]
    fn a_commit_index_that_goes_back_is_reported() {
        let history = [appended(1, 1, 0, 0), appended(2, 1, 1, 0), committed(0, 2, 1, 1), committed(0, 1, 1, 1)];

        assert_eq!(broken(&history.map(|event| (0, event))), [NAME]);
    }

    #[test]
    fn a_log_that_is_cut_below_it_is_reported() {
        let history = [appended(1, 1, 0, 0), committed(0, 1, 1, 1), Event::Truncated { last: 0 }];

        assert_eq!(broken(&history.map(|event| (0, event))), [NAME]);
    }

    #[test]
    fn a_log_that_is_reset_below_it_is_reported() {
        let history = [appended(1, 1, 0, 0), committed(0, 1, 1, 1), Event::Reset { first: 1 }];

        assert_eq!(broken(&history.map(|event| (0, event))), [NAME]);
    }

    #[test]
    fn a_restart_begins_anew_and_a_reset_beyond_it_is_fine() {
        let history =
            [appended(1, 1, 0, 0), committed(0, 1, 1, 1), Event::Reset { first: 2 }, started(1), committed(0, 1, 1, 1)];

        assert_eq!(broken(&history.map(|event| (0, event))), [""; 0]);
    }
}
