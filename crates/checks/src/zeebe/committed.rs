//! What is committed stays: a record that any replica has committed at a position is the same on every other, and for ever.
//!
//! Positions follow from entries and their order (`order` sees to that), so entries are compared: their place, their
//! positions and a fingerprint of all members of all records. Raft's State Machine Safety says the same of what the members
//! tell; this one reads their logs.
//!
//! Not covered: what is compacted everywhere, which only the state of a snapshot stands for; a record that was appended and
//! never committed.
//= specs/zeebe.md 11.1, Oracles (e)

use super::{Broker, Finding};
use kernel::identity::NodeId;
use std::fmt;
use zeebe::cluster::Batch;

/// Two replicas have committed different records at a position.
pub const DIFFERS: &str = "zeebe/committed-differs";
/// A leader lacks what was committed.
pub const LOST: &str = "zeebe/committed-lost";

/// A replica's log, as far as this check reads it.
pub trait Entries {
    /// The entry at an index.
    fn entry(&self, index: u64) -> Option<Known>;
}

impl Entries for raft::Member<Batch> {
    fn entry(&self, index: u64) -> Option<Known> {
        let entry = self.log().get(index)?;
        let at = entry.positions();
        let positions = at.map_or((0, 0), |at| (at.lowest, at.highest));
        Some(Known { fingerprint: entry.fingerprint(), positions })
    }
}

/// What tells an entry from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Of all its records.
    pub fingerprint: u64,
    /// Of its first and its last record; 0 for an entry without any.
    pub positions: (u64, u64),
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Known { fingerprint, positions: (lowest, highest) } = self;
        write!(f, "records {lowest} to {highest} (fingerprint {fingerprint:016x})")
    }
}

/// All that is committed on a partition, from index 1 on; nothing where no replica's log had it any more.
#[derive(Clone, Debug, Default)]
pub struct Ledger(Vec<Option<Known>>);

impl Ledger {
    /// Position of the first record and fingerprint of each entry with records, as far as they are known.
    pub fn entries(&self) -> impl Iterator<Item = (u64, u64)> {
        let known = self.0.iter().flatten().filter(|known| known.positions.0 > 0);
        known.map(|known| (known.positions.0, known.fingerprint))
    }

    /// The last index that is known to be committed.
    pub fn last(&self) -> u64 {
        self.0.len() as u64
    }

    /// A replica has committed up to `to`; what does not agree with the others. The entries up to `from` were compared when
    /// it committed those.
    pub fn commit<L: Entries>(&mut self, node: NodeId, (from, to): (u64, u64), log: &L) -> Option<Finding> {
        let mut finding = None;
        for index in from + 1..=to {
            let entry = log.entry(index);
            match self.0.get_mut(index as usize - 1) {
                None => {
                    self.0.resize(index as usize - 1, None);
                    self.0.push(entry);
                }
                Some(known @ None) => *known = entry,
                Some(Some(known)) if entry.is_some_and(|entry| entry != *known) && finding.is_none() => {
                    let node = Broker(node);
                    let story =
                        format!("{node} committed other records in entry {index} than {known}, committed before");
                    finding =
                        Some(Finding { signature: DIFFERS, detail: String::new(), key: None, story: vec![story] });
                }
                Some(Some(_)) => {}
            }
        }
        finding
    }

    /// What the log of a leader lacks; `first` is the first index that it has not thrown away.
    pub fn missing<L: Entries>(&self, node: NodeId, first: u64, log: &L) -> Option<Finding> {
        let index = (first.max(1)..=self.last()).find(|index| {
            let known = self.0[*index as usize - 1];
            known.is_some_and(|known| log.entry(*index) != Some(known))
        })?;
        let known = self.0[index as usize - 1]?;
        let has = log.entry(index).map_or("nothing".to_owned(), |entry| entry.to_string());
        let node = Broker(node);
        let story = format!("{node} leads and has {has} where entry {index} was committed with {known}");
        Some(Finding { signature: LOST, detail: String::new(), key: None, story: vec![story] })
    }
}

#[cfg(test)]
mod tests {
    use super::{DIFFERS, Entries, Known, LOST, Ledger};
    use kernel::identity::NodeId;

    /// A log of entries with these fingerprints, from an index on.
    struct Log(u64, &'static [u64]);

    impl Entries for Log {
        fn entry(&self, index: u64) -> Option<Known> {
            let fingerprint = *self.1.get(usize::try_from(index.checked_sub(self.0)?).ok()?)?;
            Some(Known { fingerprint, positions: (index, index) })
        }
    }

    fn signature(finding: Option<super::Finding>) -> Option<&'static str> {
        finding.map(|finding| finding.signature)
    }

    #[test]
    fn another_record_at_a_committed_place_is_reported() {
        let mut ledger = Ledger::default();
        assert!(ledger.commit(NodeId(0), (0, 3), &Log(1, &[7, 8, 9])).is_none());

        assert_eq!(signature(ledger.commit(NodeId(1), (0, 2), &Log(1, &[7, 5]))), Some(DIFFERS));
    }

    #[test]
    fn a_leader_without_a_committed_record_is_reported() {
        let mut ledger = Ledger::default();
        ledger.commit(NodeId(0), (0, 3), &Log(1, &[7, 8, 9]));

        assert_eq!(signature(ledger.missing(NodeId(1), 1, &Log(1, &[7, 8]))), Some(LOST));
        assert_eq!(signature(ledger.missing(NodeId(1), 1, &Log(1, &[7, 8, 1]))), Some(LOST));
    }

    #[test]
    fn replicas_that_agree_are_fine_wherever_their_logs_begin() {
        let mut ledger = Ledger::default();
        assert!(ledger.commit(NodeId(0), (0, 2), &Log(1, &[7, 8])).is_none());
        assert!(ledger.commit(NodeId(1), (0, 3), &Log(1, &[7, 8, 9, 3])).is_none());
        assert!(ledger.commit(NodeId(2), (2, 3), &Log(3, &[9])).is_none(), "it has a snapshot of the others");

        assert!(ledger.missing(NodeId(2), 3, &Log(3, &[9, 5])).is_none());
        assert_eq!(ledger.last(), 3);
    }

    #[test]
    fn what_was_thrown_away_before_it_could_be_read_is_learnt_from_another() {
        let mut ledger = Ledger::default();
        assert!(ledger.commit(NodeId(0), (0, 2), &Log(2, &[8])).is_none());
        assert!(ledger.commit(NodeId(1), (0, 2), &Log(1, &[7, 8])).is_none());

        assert_eq!(signature(ledger.commit(NodeId(2), (0, 2), &Log(1, &[6, 8]))), Some(DIFFERS));
    }
}
