//! Leader Completeness: if an entry is committed in a term, it is in the logs of the leaders of all later terms.
//!
//! What a member commits while its own term is `t` was committed in `t` at the latest. A commit may become known after a
//! later leader was elected: then the earlier election is looked at again. Not covered: commits that nobody told.
//= Ongaro, Ousterhout, In Search of an Understandable Consensus Algorithm (2014), figure 3

use super::history::History;
use super::{Property, Violation};
use kernel::identity::NodeId;
use raft::Event;

/// The check's name.
pub const NAME: &str = "raft/leader-completeness";

#[derive(Clone, Copy, Debug)]
struct Elected {
    node: NodeId,
    term: u64,
    /// The last entry of its log: index and term.
    last: (u64, u64),
}

#[derive(Clone, Copy, Debug)]
struct Commit {
    index: u64,
    term: u64,
    /// It was committed in this term at the latest.
    by: u64,
}

/// Leaders, and the commits that no later one covers.
#[derive(Clone, Debug, Default)]
pub struct Completeness {
    elected: Vec<Elected>,
    /// In rising order of both index and `by`: what is below in both is implied.
    commits: Vec<Commit>,
}

fn lacks(leader: Elected, commit: Commit, history: &History) -> Option<Violation> {
    let term = history.term_at(leader.last, commit.index);
    if term == Some(commit.term) {
        return None;
    }
    let Elected { node, term: leads, last } = leader;
    let Commit { index, term: of_entry, by } = commit;
    let instead = term.map_or("nothing".to_owned(), |term| format!("one of term {term}"));
    let story = format!(
        "{node} was elected in term {leads} with a log that ends at {} (term {}) and has {instead} in place of entry \
         {index} of term {of_entry}, committed by term {by}",
        last.0, last.1
    );
    Some(Violation { check: NAME, story })
}

impl Property for Completeness {
    fn see(&mut self, node: NodeId, event: &Event, history: &History) -> Option<Violation> {
        match *event {
            Event::Elected { term, last, last_term } => {
                let leader = Elected { node, term, last: (last, last_term) };
                self.elected.push(leader);
                let binding = self.commits.iter().rev().find(|commit| commit.by < term)?;
                lacks(leader, *binding, history)
            }
            Event::Committed { to, term, current, .. } => {
                let commit = Commit { index: to, term, by: current };
                if self.commits.iter().any(|known| known.index >= to && known.by <= current) {
                    return None;
                }
                self.commits.retain(|known| known.index > to || known.by < current);
                let place = self.commits.partition_point(|known| known.index < to);
                self.commits.insert(place, commit);
                let later = self.elected.iter().filter(|leader| leader.term > current);
                later.filter_map(|leader| lacks(*leader, commit, history)).next()
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::{appended, broken, committed, elected};
    use super::NAME;

    #[test]
    fn a_leader_without_a_committed_entry_is_reported() {
        let history =
            [(0, elected(1, 0, 0)), (0, appended(1, 1, 0, 0)), (0, committed(0, 1, 1, 1)), (1, elected(2, 0, 0))];

        assert_eq!(broken(&history), [NAME]);
    }

    #[test]
    fn a_leader_with_another_entry_there_is_reported() {
        let old = [(1, appended(1, 1, 0, 5)), (0, elected(2, 0, 0)), (0, appended(1, 2, 0, 6))];
        let new = [(0, committed(0, 1, 2, 2)), (1, elected(3, 1, 1))];

        assert_eq!(broken(&[&old[..], &new[..]].concat()), [NAME]);
    }

    #[test]
    fn a_commit_that_becomes_known_after_the_election_is_reported() {
        let history =
            [(0, elected(1, 0, 0)), (0, appended(1, 1, 0, 0)), (1, elected(2, 0, 0)), (0, committed(0, 1, 1, 1))];

        assert_eq!(broken(&history), [NAME]);
    }

    #[test]
    fn a_leader_with_all_committed_entries_and_more_is_fine() {
        let first = [(0, elected(1, 0, 0)), (0, appended(1, 1, 0, 0)), (0, appended(2, 1, 1, 0))];
        let second = [(0, committed(0, 1, 1, 1)), (1, elected(2, 2, 1)), (1, appended(3, 2, 1, 0))];

        assert_eq!(broken(&[&first[..], &second[..]].concat()), [""; 0]);
    }
}
