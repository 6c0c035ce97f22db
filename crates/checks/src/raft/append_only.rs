//! Leader Append-Only: a leader never overwrites or deletes entries of its log; it appends new ones, of its own term, at
//! the end.
//!
//! Not covered: what a member does to its log after it has stepped down; compaction, which drops what is committed.
//= Ongaro, Ousterhout, In Search of an Understandable Consensus Algorithm (2014), figure 3

use super::history::History;
use super::{Property, Violation};
use kernel::identity::NodeId;
use raft::{Event, Role};
use std::collections::BTreeMap;

/// The check's name.
pub const NAME: &str = "raft/leader-append-only";

/// Members that lead: their term, and the last index of their log.
#[derive(Clone, Debug, Default)]
pub struct Leading(BTreeMap<NodeId, (u64, u64)>);

impl Property for Leading {
    fn see(&mut self, node: NodeId, event: &Event, _: &History) -> Option<Violation> {
        let says = |story| Some(Violation { check: NAME, story });
        match *event {
            Event::Elected { term, last, .. } => {
                self.0.insert(node, (term, last));
            }
            Event::Became { role, .. } if role != Role::Leader => {
                self.0.remove(&node);
            }
            Event::Started { .. } => {
                self.0.remove(&node);
            }
            Event::Truncated { last: cut } => {
                let (term, last) = self.0.get(&node)?;
                return says(format!("{node} cut its log from {last} to {cut} while it led term {term}"));
            }
            Event::Reset { first } => {
                let (term, last) = self.0.get(&node)?;
                return says(format!("{node} reset its log from {last} to {first} while it led term {term}"));
            }
            Event::Appended { index, term: of_entry, .. } => {
                let (term, last) = self.0.get_mut(&node)?;
                if index != *last + 1 || of_entry != *term {
                    let after = *last;
                    return says(format!(
                        "{node}, leader of term {term}, wrote entry {index} of term {of_entry} after {after}"
                    ));
                }
                *last = index;
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::{appended, broken, elected};
    use super::NAME;
    use raft::{Event, Role};

    #[test]
    fn a_leader_that_cuts_its_log_is_reported() {
        let history = [elected(1, 0, 0), appended(1, 1, 0, 0), Event::Truncated { last: 0 }];

        assert_eq!(broken(&history.map(|event| (0, event))), [NAME]);
    }

    #[test]
    fn a_leader_that_resets_its_log_is_reported() {
        assert_eq!(broken(&[(0, elected(1, 0, 0)), (0, Event::Reset { first: 9 })]), [NAME]);
    }

    #[test]
    fn a_leader_that_writes_entries_of_another_term_is_reported() {
        assert_eq!(broken(&[(0, elected(1, 0, 0)), (0, appended(1, 2, 0, 0))]), [NAME]);
    }

    #[test]
    fn a_leader_that_leaves_a_gap_is_reported() {
        assert_eq!(broken(&[(0, elected(1, 0, 0)), (0, appended(2, 1, 0, 0))]), [NAME]);
    }

    #[test]
    fn a_former_leader_may_cut_its_log() {
        let follows = Event::Became { role: Role::Follower, term: 1 };
        let history = [elected(1, 0, 0), appended(1, 1, 0, 0), follows, Event::Truncated { last: 0 }];

        assert_eq!(broken(&history.map(|event| (0, event))), [""; 0]);
    }
}
