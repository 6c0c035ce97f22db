//! A leader commits by counting members only what is of its own term; what is older is committed along with that.
//!
//! Without this rule the properties of [`super::completeness`] and [`super::state_machine`] break only after a rare
//! sequence of elections (figure 8 of the paper), so the rule is looked at itself. Not covered: what followers commit.
//= Ongaro, Ousterhout, In Search of an Understandable Consensus Algorithm (2014), section 5.4.2

use super::history::History;
use super::{Property, Violation};
use kernel::identity::NodeId;
use raft::{Event, Role};
use std::collections::BTreeSet;

/// The check's name.
pub const NAME: &str = "raft/commit-of-own-term";

/// Members that lead.
#[derive(Clone, Debug, Default)]
pub struct Counting(BTreeSet<NodeId>);

impl Property for Counting {
    fn see(&mut self, node: NodeId, event: &Event, _: &History) -> Option<Violation> {
        match *event {
            Event::Elected { .. } => {
                self.0.insert(node);
            }
            Event::Started { .. } => {
                self.0.remove(&node);
            }
            Event::Became { role, .. } if role != Role::Leader => {
                self.0.remove(&node);
            }
            Event::Committed { to, term, current, .. } if self.0.contains(&node) && term < current => {
                let story = format!("{node}, leader of term {current}, committed entry {to} of term {term} by itself");
                return Some(Violation { check: NAME, story });
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::{appended, broken, committed, elected};
    use super::NAME;

    #[test]
    fn a_leader_that_commits_an_older_entry_by_itself_is_reported() {
        assert_eq!(broken(&[(0, appended(1, 1, 0, 0)), (0, elected(2, 1, 1)), (0, committed(0, 1, 1, 2))]), [NAME]);
    }

    #[test]
    fn a_leader_that_commits_it_along_with_its_own_and_a_follower_are_fine() {
        let history = [
            (0, appended(1, 1, 0, 0)),
            (0, elected(2, 1, 1)),
            (0, appended(2, 2, 1, 0)),
            (1, committed(0, 1, 1, 2)),
            (0, committed(0, 2, 2, 2)),
        ];

        assert_eq!(broken(&history), [""; 0]);
    }
}
