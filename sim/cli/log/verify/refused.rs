//! A replay that cannot be: the flag that asks for it, the line that forbids it, and what could be asked instead.

use miette::Report;
use zeebe::protocol::{DeploymentIntent, Intent, Record, RecordType};
use zeebe::settings::Toggles;
use zeebe::verify::{PartitionLog, Refused, last_snapshot};

use super::input::Source;
use crate::scenario::problem::Problem;

/// The error for people.
pub fn refused(file: &Source, log: PartitionLog<'_>, toggles: &Toggles, error: &Refused) -> Report {
    // Records stand one a line from position 1.
    let line = |position: i64| position.clamp(1, log.records.len().try_into().unwrap_or(i64::MAX));
    let (said, position, help) = match error {
        Refused::Snapshot { position, .. } => {
            (format!("--from {position}"), *position, other_snapshot(log, toggles, *position))
        }
        Refused::Confirmation { key, position } | Refused::Beyond { key, position, .. } => {
            (format!("--responses {key}@{position}"), *position, other_response(log, *key))
        }
    };
    let message = format!("{file}:{}: {error}", line(position));
    Problem::Flag { said, message, help: Some(help) }.into()
}

fn other_snapshot(log: PartitionLog<'_>, toggles: &Toggles, position: i64) -> String {
    let earlier = last_snapshot(log, toggles, position);
    let earlier = earlier.map_or(String::new(), |earlier| format!(", {earlier} for the last one before"));
    format!("take a position that a leader processed{earlier}, or -1 for no snapshot; --every-snapshot tries all")
}

fn other_response(log: PartitionLog<'_>, key: i64) -> String {
    let distribute = |record: &&Record| {
        (record.kind, record.intent) == (RecordType::Command, Intent::Deployment(DeploymentIntent::Distribute))
    };
    let mut all = log.records.iter().filter(distribute);
    let mut keys: Vec<String> = Vec::new();
    match all.clone().find(|record| record.key == key) {
        Some(record) => format!(
            "a replay from before its DISTRIBUTE at {} pushes it there, unless the release pushes after the commit; it can \
             be completed from {} to the last follow-up",
            record.position,
            record.position + 1
        ),
        None => {
            keys.extend(all.by_ref().take(5).map(|record| record.key.to_string()));
            let keys = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
            format!("the log distributes no such deployment; it distributes {keys}")
        }
    }
}
