//! Leadership is announced to the application after an entry of the leader's term is committed, and not before: until then
//! the leader does not know what of its log is committed.
//!
//! Not covered: whether it is announced at all.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/impl/RaftContext.java (transition)

use super::history::History;
use super::{Property, Violation};
use kernel::identity::NodeId;
use raft::{Event, Role};
use std::collections::BTreeMap;

/// The check's name.
pub const NAME: &str = "raft/leader-announced";

/// The term of the entry that a member committed last.
#[derive(Clone, Debug, Default)]
pub struct Announcements(BTreeMap<NodeId, u64>);

impl Property for Announcements {
    fn see(&mut self, node: NodeId, event: &Event, _: &History) -> Option<Violation> {
        match *event {
            Event::Started { .. } => {
                self.0.remove(&node);
            }
            Event::Committed { term, .. } => {
                self.0.insert(node, term);
            }
            Event::Announced { role: Role::Leader, term } if self.0.get(&node) != Some(&term) => {
                let story = format!("{node} announced that it leads term {term}, of which nothing is committed");
                return Some(Violation { check: NAME, story });
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::{appended, broken, committed};
    use super::NAME;
    use raft::{Event, Role};

    const LEADS: Event = Event::Announced { role: Role::Leader, term: 2 };

    #[test]
    fn leadership_that_is_announced_too_early_is_reported() {
        assert_eq!(broken(&[(0, appended(1, 1, 0, 0)), (0, committed(0, 1, 1, 1)), (0, LEADS)]), [NAME]);
    }

    #[test]
    fn leadership_after_a_commit_of_its_term_is_fine() {
        assert_eq!(broken(&[(0, appended(1, 2, 0, 0)), (0, committed(0, 1, 2, 2)), (0, LEADS)]), [""; 0]);
    }
}
