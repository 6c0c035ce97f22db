//! What is looked up in a log: the records that processing wrote, by the record that was processed, and their order.

use super::order::Order;
use crate::protocol::{DeploymentIntent, Intent, JobIntent, MessageIntent, Record, TimerIntent};

/// What is looked up in a log.
pub(super) struct Index {
    pub by_source: BySource,
    pub order: Order,
}

impl Index {
    /// Of a log.
    pub fn of(records: &[Record]) -> Self {
        Index { by_source: BySource::of(records), order: Order::of(records) }
    }
}

/// Positions of synchronous follow-ups by source, each list in the order of the log.
pub struct BySource {
    /// For position p, follow-ups stand at `starts[p]..starts[p + 1]`.
    starts: Vec<usize>,
    positions: Vec<i64>,
}

/// Whether such a record is written beside processing, at a time of its own.
pub fn is_asynchronous(record: &Record) -> bool {
    matches!(
        record.intent,
        Intent::Deployment(DeploymentIntent::Distributed)
            | Intent::Job(JobIntent::TimeOut)
            | Intent::Timer(TimerIntent::Trigger)
            | Intent::Message(MessageIntent::Delete)
    ) && record.rejection.is_none()
}

impl BySource {
    /// Of a log.
    pub fn of(records: &[Record]) -> Self {
        let len = records.len();
        let source = |record: &Record| {
            usize::try_from(record.source).ok().filter(|source| (1..=len).contains(source) && !is_asynchronous(record))
        };
        let mut starts = vec![0; len + 2];
        for source in records.iter().filter_map(source) {
            starts[source + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut positions = vec![0; starts[len + 1]];
        let mut next = starts.clone();
        for record in records {
            if let Some(source) = source(record) {
                positions[next[source]] = record.position;
                next[source] += 1;
            }
        }
        BySource { starts, positions }
    }

    /// Positions of the follow-ups of the record at a position.
    pub fn of_source(&self, position: i64) -> &[i64] {
        let Ok(at) = usize::try_from(position) else { return &[] };
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(start), Some(end)) => &self.positions[*start..*end],
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BySource;

    #[test]
    fn an_empty_log_has_no_follow_ups() {
        assert!(BySource::of(&[]).of_source(1).is_empty());
    }
}
