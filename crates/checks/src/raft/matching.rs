//! Log Matching: if two logs hold an entry with the same index and term, they are the same up to there.
//!
//! By induction it is enough that index and term fix what the entry holds and the term before it. Not covered: entries that
//! change on the disk after they were written.
//= Ongaro, Ousterhout, In Search of an Understandable Consensus Algorithm (2014), figure 3

use super::Violation;
use super::history::{History, Known};
use kernel::identity::NodeId;
use raft::Event;

/// The check's name.
pub const NAME: &str = "raft/log-matching";

/// Adds an entry to the history, and says what that contradicts.
pub fn see(node: NodeId, event: &Event, history: &mut History) -> Option<Violation> {
    let Event::Appended { index, term, previous_term, fingerprint } = *event else { return None };
    let known = history.add(index, term, Known { previous_term, fingerprint })?;
    let differs = if known.previous_term == previous_term { "holds something else" } else { "follows another entry" };
    let (was, is) = (known.previous_term, previous_term);
    let story =
        format!("{node} wrote entry {index} of term {term}, which {differs} than before (after term {is}, was {was})");
    Some(Violation { check: NAME, story })
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::{appended, broken};
    use super::NAME;

    #[test]
    fn one_index_and_term_with_two_contents_is_reported() {
        assert_eq!(broken(&[(0, appended(1, 1, 0, 7)), (1, appended(1, 1, 0, 8))]), [NAME]);
    }

    #[test]
    fn one_index_and_term_after_two_histories_is_reported() {
        let history = [appended(1, 1, 0, 7), appended(2, 3, 1, 9), appended(2, 3, 2, 9)];

        assert_eq!(broken(&history.map(|event| (0, event))), [NAME]);
    }

    #[test]
    fn two_terms_at_one_index_are_fine() {
        assert_eq!(broken(&[(0, appended(1, 1, 0, 7)), (1, appended(1, 2, 0, 8)), (1, appended(1, 1, 0, 7))]), [""; 0]);
    }
}
