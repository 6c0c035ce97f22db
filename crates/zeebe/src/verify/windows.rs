//! When confirmations of a deployment that a replay pushes kill the leader.
//!
//! A deployment confirmed by all others before the replay is over puts DISTRIBUTED on the list, with the position of
//! DISTRIBUTE as its source. The log's own DISTRIBUTED takes it off again. If a verified record with that source comes
//! first (a TIME_OUT whose writer had kept it), the two are compared, and the leader is dead.

use super::PartitionLog;
use crate::engine::{DEPLOYMENT_PARTITION, has_processor};
use crate::protocol::{DeploymentIntent, Intent, Record, RecordType};
use crate::settings::Toggles;

/// Positions before whose reading a confirmation kills the replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillWindow {
    /// The deployment.
    pub key: i64,
    /// Where its DISTRIBUTE stands: only a replay from before it pushes.
    pub distribute: i64,
    /// The first and the last such position.
    pub positions: (i64, i64),
}

/// The windows of all deployments that a replay from the beginning pushes, in the order of the log.
#[must_use]
pub fn kill_windows(log: PartitionLog<'_>, toggles: &Toggles) -> Vec<KillWindow> {
    let last_source = log.records.iter().map(|record| record.source).max().unwrap_or(-1);
    let distribute = |record: &&Record| {
        record.intent == Intent::Deployment(DeploymentIntent::Distribute)
            && record.kind == RecordType::Command
            && record.position <= last_source
    };
    if log.partition != DEPLOYMENT_PARTITION || toggles.fix_5758 || !toggles.detect_reprocessing {
        return Vec::new();
    }
    log.records.iter().filter(distribute).flat_map(|record| windows_of(log, record, toggles)).collect()
}

fn windows_of(log: PartitionLog<'_>, distribute: &Record, toggles: &Toggles) -> Vec<KillWindow> {
    let (key, source) = (distribute.key, distribute.position);
    let distributed = |record: &Record| {
        record.intent == Intent::Deployment(DeploymentIntent::Distributed)
            && (record.key, record.source) == (key, source)
    };
    let kills = |record: &Record| {
        let verified = has_processor(record.kind, record.intent);
        let compared = record.source == source && !distributed(record);
        verified && (compared || (!toggles.filter_5583 && record.source > source))
    };
    // A confirmation must come after the push, so before the record behind DISTRIBUTE at the earliest.
    let mut windows: Vec<KillWindow> = Vec::new();
    let mut from = source + 1;
    for record in log.records.iter().filter(|record| record.position > source) {
        let position = record.position;
        if kills(record) {
            match windows.last_mut().filter(|window| window.positions.1 + 1 == from) {
                Some(window) => window.positions.1 = position,
                None => windows.push(KillWindow { key, distribute: source, positions: (from, position) }),
            }
            from = position + 1;
        } else if distributed(record) {
            from = position + 1;
        }
    }
    windows
}
