//! State Machine Safety: if a member has committed an entry at an index, no member ever commits another one there.
//!
//! Not covered: what the application does with it.
//= Ongaro, Ousterhout, In Search of an Understandable Consensus Algorithm (2014), figure 3

use super::history::History;
use super::{Property, Violation};
use kernel::identity::NodeId;
use raft::Event;

/// The check's name.
pub const NAME: &str = "raft/state-machine-safety";

/// The terms of the committed entries, from index 1 on.
#[derive(Clone, Debug, Default)]
pub struct Committed(Vec<u64>);

impl Property for Committed {
    fn see(&mut self, node: NodeId, event: &Event, history: &History) -> Option<Violation> {
        let Event::Committed { to, term, .. } = *event else { return None };
        if term == 0 {
            let story = format!("{node} committed up to {to}, and its log does not hold that");
            return Some(Violation { check: NAME, story });
        }
        let known = self.0.len() as u64;
        let (index, is) = if to <= known { (to, Some(term)) } else { (known, history.term_at((to, term), known)) };
        // By log matching the last common index decides for all below.
        let was = index.checked_sub(1).map(|place| self.0[place as usize]);
        if let Some(was) = was
            && is != Some(was)
        {
            let is = is.map_or("an unknown term".to_owned(), |is| format!("term {is}"));
            let story = format!("{node} committed entry {index} of {is}, where one of term {was} was committed before");
            return Some(Violation { check: NAME, story });
        }
        let more: Option<Vec<u64>> = (known + 1..=to).map(|index| history.term_at((to, term), index)).collect();
        self.0.extend(more.unwrap_or_default());
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::{appended, broken, committed, only};
    use super::NAME;

    #[test]
    fn two_entries_committed_at_one_index_are_reported() {
        let history = [
            (0, appended(1, 1, 0, 0)),
            (1, appended(1, 2, 0, 0)),
            (0, committed(0, 1, 1, 1)),
            (1, committed(0, 1, 2, 2)),
        ];

        assert_eq!(only(NAME, &history), 1);
    }

    #[test]
    fn a_later_commit_on_another_history_is_reported() {
        let one = [(0, appended(1, 1, 0, 0)), (0, committed(0, 1, 1, 1))];
        let other = [(1, appended(1, 2, 0, 0)), (1, appended(2, 2, 2, 0)), (1, committed(0, 2, 2, 2))];

        assert_eq!(only(NAME, &[&one[..], &other[..]].concat()), 1);
    }

    #[test]
    fn a_commit_of_what_is_not_in_the_log_is_reported() {
        assert_eq!(broken(&[(0, committed(0, 1, 0, 1))]), [NAME]);
    }

    #[test]
    fn members_that_commit_the_same_entries_are_fine() {
        let entries = [(0, appended(1, 1, 0, 0)), (0, appended(2, 1, 1, 0))];
        let commits = [(0, committed(0, 2, 1, 1)), (1, committed(0, 1, 1, 1)), (1, committed(1, 2, 1, 1))];

        assert_eq!(broken(&[&entries[..], &commits[..]].concat()), [""; 0]);
    }
}
