//! The state after a record follows from the log up to it: whichever leader has processed or replayed that record holds the
//! same, in every column family.
//!
//! Left out: the table of deployments under way, which confirmations change at any time (specs/zeebe.md 4.1), and a record
//! whose processing failed, since the state names the one before it as processed last. Not covered: a replay that brings
//! about the same state by other records, which `divergences` counts; what is in memory only.
//= specs/zeebe.md 5.3; 11.1, Oracles (c)

use super::{Broker, Finding};
use kernel::identity::NodeId;
use zeebe::state::State;

/// The check's name.
pub const NAME: &str = "zeebe/state-differs";

/// Number of column families.
const COLUMNS: usize = State::COLUMNS.len();
/// Fingerprints of a state, by column family.
pub type Fingerprints = [u64; COLUMNS];

/// How a leader came by a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It was in its snapshot.
    Opened,
    /// It has run the record again.
    Replayed,
    /// It has processed the record.
    Processed,
}

/// The state after each record, as the leader had it that processed it first.
#[derive(Clone, Debug)]
pub struct States {
    /// By position: all columns in one, 0 for nothing; and how many of the changes had been made by then.
    known: Vec<(u64, u32)>,
    /// Columns that changed, one after the other, with what they changed to.
    changes: Vec<(u8, u64)>,
    last: Fingerprints,
    /// Who processed, from which position on.
    leaders: Vec<(i64, NodeId)>,
    /// States that were compared with known ones.
    pub compared: u64,
    differs: bool,
}

impl Default for States {
    fn default() -> Self {
        let (known, changes, leaders) = (Vec::new(), Vec::new(), Vec::new());
        States { known, changes, last: [0; COLUMNS], leaders, compared: 0, differs: false }
    }
}

fn is_compared(column: usize) -> bool {
    State::COLUMNS[column] != "pending"
}

/// All columns in one; never 0.
fn total(columns: &Fingerprints) -> u64 {
    let spread = |sum: u64, column: &u64| (sum ^ column).wrapping_mul(0x9fb2_1c65_1e98_df25).rotate_left(32);
    columns.iter().fold(1, spread) | 1
}

impl States {
    /// A leader holds this state, and a position is the last one in it.
    pub fn see(&mut self, node: NodeId, how: How, position: i64, state: &State) -> Option<Finding> {
        self.compare(node, how, position, state.fingerprints())
    }

    fn compare(&mut self, node: NodeId, how: How, position: i64, columns: Fingerprints) -> Option<Finding> {
        let place = usize::try_from(position).ok()?;
        // What follows from a difference is none of its own.
        if self.differs {
            return None;
        }
        let mut columns = columns;
        (0..COLUMNS).filter(|column| !is_compared(*column)).for_each(|column| columns[column] = 0);
        let sum = total(&columns);
        match self.known.get(place) {
            Some((0, _)) => None,
            Some((known, _)) => {
                self.compared += 1;
                (*known != sum).then(|| self.differ(node, how, position, &columns))
            }
            None if how == How::Processed => {
                self.learn(node, place, sum, &columns);
                None
            }
            None => None,
        }
    }

    /// The processing of the record after this one failed: the state after it is told by no position.
    pub fn forget(&mut self, position: i64) {
        if let Some((sum, _)) = usize::try_from(position).ok().and_then(|place| self.known.get_mut(place)) {
            *sum = 0;
        }
    }

    fn learn(&mut self, node: NodeId, place: usize, sum: u64, columns: &Fingerprints) {
        let so_far = self.changes.len() as u32;
        self.known.resize(place, (0, so_far));
        for (column, (is, was)) in columns.iter().zip(&self.last).enumerate() {
            if is != was {
                self.changes.push((column as u8, *is));
            }
        }
        self.last = *columns;
        self.known.push((sum, self.changes.len() as u32));
        if self.leaders.last().is_none_or(|(_, leader)| *leader != node) {
            self.leaders.push((place as i64, node));
        }
    }

    #[cold]
    fn differ(&mut self, node: NodeId, how: How, position: i64, columns: &Fingerprints) -> Finding {
        self.differs = true;
        let mut known = [0; COLUMNS];
        let made = self.known[position as usize].1 as usize;
        self.changes[..made].iter().for_each(|(column, print)| known[usize::from(*column)] = *print);
        let differing = (0..COLUMNS).filter(|column| known[*column] != columns[*column]);
        let names: Vec<&str> = differing.map(|column| State::COLUMNS[column]).collect();
        let first = self.leaders.iter().rev().find(|(from, _)| *from <= position);
        let first = first.map_or("another leader".to_owned(), |(_, leader)| Broker(*leader).to_string());
        let names = names.join(", ");
        let how = match how {
            How::Opened => "opened in a snapshot",
            How::Replayed => "came to by its replay",
            How::Processed => "came to by processing",
        };
        let story = format!(
            "the state that {} {how} is not the one that {first} had when it processed {position}: {names} differ",
            Broker(node)
        );
        Finding { signature: NAME, detail: format!("columns {names}"), key: None, story: vec![story] }
    }
}

#[cfg(test)]
mod tests {
    use super::How::{Opened, Processed, Replayed};
    use super::{NAME, States};
    use kernel::identity::NodeId;
    use zeebe::state::State;

    /// A state that has processed these positions and drawn that many keys.
    fn state(position: i64, keys: u32) -> State {
        let mut state = State::default();
        state.watch();
        state.alone(|state| {
            state.mark_processed(position);
            for _ in 0..keys {
                state.next_key(1);
            }
        });
        state
    }

    /// One leader's run over three records.
    fn led() -> States {
        let mut states = States::default();
        for (position, keys) in [(1, 1), (2, 1), (4, 3)] {
            assert!(states.see(NodeId(0), Processed, position, &state(position, keys)).is_none());
        }
        states
    }

    #[test]
    fn another_state_after_a_replay_is_reported_with_its_columns() {
        let mut states = led();

        let finding = states.see(NodeId(1), Replayed, 4, &state(4, 2)).expect("they differ");

        assert_eq!((finding.signature, finding.detail.as_str()), (NAME, "columns latest_key"));
        assert!(finding.story[0].contains("broker-1"), "{finding:?}");
        assert!(states.see(NodeId(1), Processed, 4, &state(4, 1)).is_none(), "once");
    }

    #[test]
    fn a_difference_in_an_earlier_record_is_told_by_what_was_there_then() {
        let mut states = led();
        let mut other = state(2, 1);
        other.alone(|state| state.blacklist(7));

        let finding = states.see(NodeId(1), Opened, 2, &other).expect("they differ");

        assert_eq!(finding.detail, "columns blacklist");
    }

    #[test]
    fn equal_states_are_fine_and_counted() {
        let mut states = led();

        assert!(states.see(NodeId(1), Opened, 2, &state(2, 1)).is_none());
        assert!(states.see(NodeId(1), Replayed, 4, &state(4, 3)).is_none());
        assert!(states.see(NodeId(1), Processed, 5, &state(5, 3)).is_none());

        assert_eq!(states.compared, 2);
    }

    #[test]
    fn what_is_under_way_to_the_others_does_not_count() {
        let mut states = led();
        let mut other = state(4, 3);
        let deployment = zeebe::protocol::Deployment { resources: Vec::new(), deployed_workflows: Vec::new() };
        let pending = zeebe::state::Pending { count: 2, source_position: 3, deployment: deployment.into() };
        other.alone(|state| state.put_pending(9, pending));

        assert!(states.see(NodeId(1), Replayed, 4, &other).is_none());
    }

    #[test]
    fn a_position_before_a_failed_record_is_compared_no_more() {
        let mut states = led();
        states.forget(4);

        assert!(states.see(NodeId(1), Replayed, 4, &state(4, 2)).is_none());
        assert!(states.see(NodeId(1), Replayed, 2, &state(2, 2)).is_some());
    }
}
