//! Positions of what is committed follow one another without a gap; what a record's processing wrote lies behind it, in one
//! piece, and behind what the processing of earlier records wrote.
//!
//! A batch is claimed as one, so it is whole in one entry. What is written beside processing (DISTRIBUTED, TIME_OUT, a
//! timer's TRIGGER, a message's DELETE) may carry the source of a record that was processed long ago (camunda/zeebe#5420):
//! of it only that its source lies before it is asked. Not covered: whether a batch holds all that it should.
//= specs/zeebe.md 1.3, 2.1; 11.1, Oracles (d)

use super::Finding;
use zeebe::protocol::{DeploymentIntent, Intent, JobIntent, MessageIntent, Record, RecordType, TimerIntent};

/// A position is missing, or there twice.
pub const NOT_CONTIGUOUS: &str = "zeebe/positions/not-contiguous";
/// A record names a source that does not lie before it.
pub const SOURCE_NOT_BELOW: &str = "zeebe/positions/source-not-below";
/// What one record's processing wrote stands in two places.
pub const BATCH_TORN: &str = "zeebe/positions/batch-torn";

/// The end of what is committed.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// The last position; nothing where it is not known.
    last: Option<i64>,
    /// The highest source of what processing wrote.
    source: i64,
    /// Whether the last record is of this source.
    open: bool,
    began: bool,
}

fn beside_processing(record: &Record) -> bool {
    record.kind != RecordType::CommandRejection
        && matches!(
            record.intent,
            Intent::Deployment(DeploymentIntent::Distributed)
                | Intent::Job(JobIntent::TimeOut)
                | Intent::Timer(TimerIntent::Trigger)
                | Intent::Message(MessageIntent::Delete)
        )
}

impl Order {
    /// The next committed entry was not seen: what follows begins anew.
    pub fn skip(&mut self) {
        (self.last, self.open, self.began) = (None, false, true);
    }

    /// The records of the next committed entry.
    pub fn see(&mut self, records: &[Record]) -> Option<Finding> {
        let mut finding = None;
        self.open = false;
        for record in records {
            let found = self.next(record);
            finding = finding.or(found);
        }
        finding
    }

    fn next(&mut self, record: &Record) -> Option<Finding> {
        let Record { position, source, .. } = *record;
        let expected = if self.began { self.last.map(|last| last + 1) } else { Some(1) };
        (self.last, self.began) = (Some(position), true);
        let was_open = std::mem::replace(&mut self.open, false);
        let finding =
            |signature, story| Some(Finding { signature, detail: String::new(), key: None, story: vec![story] });
        if let Some(expected) = expected
            && position != expected
        {
            return finding(NOT_CONTIGUOUS, format!("position {position} is committed where {expected} is due"));
        }
        if source >= position {
            return finding(SOURCE_NOT_BELOW, format!("the record at {position} names {source} as its source"));
        }
        if source < 0 || beside_processing(record) {
            return None;
        }
        let before = self.source;
        self.source = before.max(source);
        self.open = source >= before;
        if source > before || (source == before && was_open) {
            return None;
        }
        finding(
            BATCH_TORN,
            format!(
                "the record at {position} has the source {source}, after others of source {before} in another batch"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::record;
    use super::{BATCH_TORN, NOT_CONTIGUOUS, Order, SOURCE_NOT_BELOW};
    use zeebe::protocol::{Intent, JobIntent, WorkflowInstanceIntent};

    const STEP: Intent = Intent::WorkflowInstance(WorkflowInstanceIntent::ElementActivated);
    const TIME_OUT: Intent = Intent::Job(JobIntent::TimeOut);

    /// What entries of records, by position, source and intent, break.
    fn broken(entries: &[&[(i64, i64, Intent)]]) -> Vec<&'static str> {
        let mut order = Order::default();
        let see = |entry: &&[(i64, i64, Intent)]| {
            let records: Vec<_> = entry.iter().map(|(at, source, intent)| record(*at, *source, *intent)).collect();
            order.see(&records).map(|finding| finding.signature)
        };
        entries.iter().filter_map(see).collect()
    }

    #[test]
    fn a_gap_a_repetition_and_a_late_beginning_are_reported() {
        assert_eq!(broken(&[&[(1, -1, STEP)], &[(3, -1, STEP)]]), [NOT_CONTIGUOUS]);
        assert_eq!(broken(&[&[(1, -1, STEP), (1, -1, STEP)]]), [NOT_CONTIGUOUS]);
        assert_eq!(broken(&[&[(2, -1, STEP)]]), [NOT_CONTIGUOUS]);
    }

    #[test]
    fn a_source_that_does_not_lie_before_is_reported() {
        assert_eq!(broken(&[&[(1, 1, STEP)]]), [SOURCE_NOT_BELOW]);
        assert_eq!(broken(&[&[(1, 9, TIME_OUT)]]), [SOURCE_NOT_BELOW]);
    }

    #[test]
    fn a_batch_in_two_entries_and_a_second_batch_of_one_source_are_reported() {
        assert_eq!(broken(&[&[(1, -1, STEP), (2, 1, STEP)], &[(3, 1, STEP)]]), [BATCH_TORN]);
        assert_eq!(broken(&[&[(1, -1, STEP), (2, 1, STEP), (3, -1, STEP), (4, 1, STEP)]]), [BATCH_TORN]);
        assert_eq!(broken(&[&[(1, -1, STEP), (2, -1, STEP), (3, 2, STEP)], &[(4, 1, STEP)]]), [BATCH_TORN]);
    }

    #[test]
    fn batches_in_the_order_of_their_sources_are_fine_and_stale_sources_are_too() {
        let first = [(1, -1, STEP), (2, -1, STEP), (3, 1, STEP), (4, 1, STEP)];
        let second = [(5, 2, STEP), (6, 1, TIME_OUT), (7, 4, STEP), (8, 4, STEP)];

        assert_eq!(broken(&[&first, &second]), [""; 0]);
    }

    #[test]
    fn after_an_entry_that_was_not_seen_it_begins_anew() {
        let mut order = Order::default();
        order.skip();

        assert!(order.see(&[record(40, -1, STEP)]).is_none());
        assert_eq!(order.see(&[record(42, -1, STEP)]).map(|finding| finding.signature), Some(NOT_CONTIGUOUS));
    }
}
