//! Election Safety: at most one leader can be elected in a given term.
//!
//! Not covered: a leader of one term that goes on as if it led another ([`super::append_only`] sees what it appends).
//= Ongaro, Ousterhout, In Search of an Understandable Consensus Algorithm (2014), figure 3

use super::history::History;
use super::{Property, Violation};
use kernel::identity::NodeId;
use raft::Event;
use std::collections::BTreeMap;

/// The check's name.
pub const NAME: &str = "raft/election-safety";

/// Leaders by term.
#[derive(Clone, Debug, Default)]
pub struct Leaders(BTreeMap<u64, NodeId>);

impl Property for Leaders {
    fn see(&mut self, node: NodeId, event: &Event, _: &History) -> Option<Violation> {
        let Event::Elected { term, .. } = event else { return None };
        let before = self.0.insert(*term, node)?;
        Some(Violation { check: NAME, story: format!("{before} and {node} were elected in term {term}") })
    }
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::{broken, elected};
    use super::NAME;

    #[test]
    fn two_leaders_of_one_term_are_reported() {
        assert_eq!(broken(&[(0, elected(1, 0, 0)), (1, elected(1, 0, 0))]), [NAME]);
    }

    #[test]
    fn a_leader_that_is_elected_again_in_its_term_is_reported() {
        assert_eq!(broken(&[(0, elected(1, 0, 0)), (0, elected(1, 0, 0))]), [NAME]);
    }

    #[test]
    fn leaders_of_different_terms_are_fine() {
        assert_eq!(broken(&[(0, elected(1, 0, 0)), (1, elected(2, 0, 0)), (0, elected(3, 0, 0))]), [""; 0]);
    }
}
