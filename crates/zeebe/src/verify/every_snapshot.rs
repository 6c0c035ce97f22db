//! What a replay comes to from each snapshot that the log allows.
//!
//! Replays from different snapshots differ in two things. They verify and run only what stands behind their snapshot; and
//! their memory of seen deployments starts empty there, so a CREATE is refused if an earlier one of the same key lies
//! behind the snapshot, and accepted otherwise. The state is the same in all of them, because accepting twice stores the
//! same. So one pass finds what any of them would meet, each finding with the snapshots that it concerns, and the course
//! of each replay follows from those.
//!
//! Where that reasoning does not hold, the snapshots concerned are replayed one by one, at the price of a replay each: where
//! the memory does change the state (a deployment that was seen and lost), and for logs that no leader writes, with a
//! record before its source.

use super::PartitionLog;
use super::index::Index;
use super::leader::Leader;
use super::outcome::Outcome;
use super::pass::Pass;
use super::request::Refused;
use crate::engine::has_processor;
use crate::protocol::{NO_POSITION, Record, Value};
use crate::replay::Scan;
use crate::settings::Toggles;
use std::collections::BTreeSet;

/// Snapshots that lead to the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first and the last snapshot; -1 is none.
    pub snapshots: (i64, i64),
    /// How the replay ends.
    pub outcome: Outcome,
    /// Silent divergences on the way: positions of the log's answers.
    pub silent: Vec<i64>,
}

/// What replays come to: from no snapshot, and from every position with a processor up to the last source.
///
/// # Errors
/// If the log cannot be read from its beginning.
pub fn every_snapshot(log: PartitionLog<'_>, toggles: &Toggles) -> Result<Vec<Range>, Refused> {
    let index = Index::of(log.records);
    let scan =
        Scan::of(NO_POSITION, log.records.iter()).map_err(|why| Refused::Snapshot { position: NO_POSITION, why })?;
    let found = Pass::over(Leader::new(log, toggles, &index), &scan);
    let one_by_one = !log.records.iter().all(follows_its_source);
    let turns: BTreeSet<i64> = found.turns().chain([scan.last_source]).collect();

    let mut ranges: Vec<Range> = Vec::new();
    let mut known: Option<(i64, Outcome, Vec<i64>)> = None;
    for snapshot in candidates(log, &scan) {
        // Nothing turns between the last snapshot and this one.
        let same = known.take().filter(|(before, ..)| turns.range(before + 1..=snapshot).next().is_none());
        let by_pass = || if one_by_one { None } else { found.come_to(snapshot, &scan, &index.by_source) };
        let (outcome, silent) = match same.map(|(_, outcome, silent)| (outcome, silent)).or_else(by_pass) {
            Some(end) => {
                if !one_by_one {
                    known = Some((snapshot, end.0.clone(), end.1.clone()));
                }
                end
            }
            None => replayed(log, toggles, &index, snapshot)?,
        };
        match ranges.last_mut().filter(|range| range.outcome == outcome && range.silent == silent) {
            Some(range) => range.snapshots.1 = snapshot,
            None => ranges.push(Range { snapshots: (snapshot, snapshot), outcome, silent }),
        }
    }
    Ok(ranges)
}

/// No snapshot, and every position that one can have while something is left to replay; the last source itself leaves
/// nothing.
fn candidates<'a>(log: PartitionLog<'a>, scan: &'a Scan) -> impl Iterator<Item = i64> + use<'a> {
    let possible = |record: &&Record| {
        let position = record.position;
        has_processor(record.kind, record.intent) && position <= scan.last_source && !scan.failed.contains(&position)
    };
    std::iter::once(NO_POSITION).chain(log.records.iter().filter(possible).map(|record| record.position))
}

/// Whether a record stands behind what it names as its source or, as an ERROR, as its cause.
fn follows_its_source(record: &Record) -> bool {
    let cause = match &record.value {
        Value::Error(error) => error.error_event_position,
        _ => NO_POSITION,
    };
    record.source.max(cause) < record.position
}

/// What a replay of its own comes to. A snapshot whose state is not known fails the recovery.
fn replayed(
    log: PartitionLog<'_>,
    toggles: &Toggles,
    index: &Index,
    snapshot: i64,
) -> Result<(Outcome, Vec<i64>), Refused> {
    let mut leader = Leader::new(log, toggles, index);
    match leader.execute_to(snapshot) {
        Err(Refused::Snapshot { why, .. }) => return Ok((Outcome::Failed(why), Vec::new())),
        executed => executed?,
    }
    leader.replay(snapshot, &[]).map(|report| (report.outcome, report.silent))
}
