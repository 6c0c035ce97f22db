//! The polls of the recordings: which partition each ACTIVATE went to follows from the order alone.

use crate::recording::Recording;
use relapse_zeebe::gateway::{RoundRobin, Topology, Turns};
use relapse_zeebe::protocol::{JobBatchIntent, Record, RecordType, Text, Value};
use std::collections::BTreeMap;

struct AllLed([u16; 3]);

impl Topology for AllLed {
    fn is_known(&self) -> bool {
        true
    }

    fn partitions_count(&self) -> u16 {
        3
    }

    fn partitions(&self) -> &[u16] {
        &self.0
    }

    fn leader(&self, _: u16) -> Option<u16> {
        Some(0)
    }
}

struct Ask {
    at: i64,
    partition: u16,
    job_type: Text,
    wanted: i32,
    got: i32,
}

fn asks(recording: &Recording) -> Vec<Ask> {
    let mut asks = Vec::new();
    for (partition, log) in &recording.logs {
        let of = |record: &Record, intent: JobBatchIntent| record.intent == intent.into();
        for record in log.records.iter().filter(|record| of(record, JobBatchIntent::Activate)) {
            let Value::JobBatch(asked) = &record.value else { continue };
            if record.kind != RecordType::Command {
                continue;
            }
            let activated = log
                .records
                .iter()
                .find(|event| event.source == record.position && of(event, JobBatchIntent::Activated));
            let got = match activated.map(|event| &event.value) {
                Some(Value::JobBatch(batch)) => batch.jobs.len() as i32,
                _ => 0,
            };
            let (at, job_type, wanted) = (record.timestamp, asked.r#type.clone(), asked.max_jobs_to_activate);
            asks.push(Ask { at, partition: *partition, job_type, wanted, got });
        }
    }
    asks.sort_by_key(|ask| ask.at);
    asks
}

/// How many ACTIVATEs went where a counter per type and ascending turns send them, and the first one that did not.
fn followed(recording: &Recording, order: [u16; 3]) -> (usize, Option<i64>) {
    let topology = AllLed(order);
    let mut rounds: BTreeMap<Text, (RoundRobin, Option<(Turns, i32)>)> = BTreeMap::new();
    let mut followed = 0;
    for ask in asks(recording) {
        let (counter, round) = rounds.entry(ask.job_type.clone()).or_default();
        let mut next = round.as_mut().filter(|(_, left)| *left > 0).and_then(|(turns, _)| turns.next(&topology));
        if next.is_none() {
            let mut turns = Turns::new(counter, &topology);
            next = turns.next(&topology);
            *round = Some((turns, ask.wanted));
        }
        let left = round.as_mut().map(|(_, left)| left).unwrap();
        if next != Some(ask.partition) || *left != ask.wanted {
            return (followed, Some(ask.at));
        }
        *left -= ask.got;
        followed += 1;
    }
    (followed, None)
}

#[test]
fn every_poll_of_the_recordings_goes_round_as_the_counters_say() {
    assert_eq!(followed(&Recording::read("quiet"), [3, 1, 2]), (66, None));
    assert_eq!(followed(&Recording::read("variables"), [1, 2, 3]), (65, None));
}

#[test]
fn in_another_order_they_would_have_gone_elsewhere() {
    for (folder, order) in [("quiet", [1, 2, 3]), ("quiet", [3, 2, 1]), ("variables", [1, 3, 2])] {
        assert!(followed(&Recording::read(folder), order).1.is_some(), "{folder} {order:?}");
    }
}
