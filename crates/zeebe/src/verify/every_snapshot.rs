//! What a replay comes to from each snapshot that the log allows.
//!
//! Replays from different snapshots differ in two things. They verify and run only what stands behind their snapshot; and
//! their memory of seen deployments starts empty there, so a CREATE is refused if an earlier one of the same key lies
//! behind the snapshot, and accepted otherwise. The state is the same in all of them, because accepting twice stores the
//! same. So one pass finds what any of them would meet, each finding with the snapshots that it concerns, and the course
//! of each replay follows from those.
//!
//! A record before its source, which no leader writes, is not there for replays from behind it: they take another pass (see
//! `scans`). Where the memory does change the state (a deployment that was seen and lost), the snapshots concerned are
//! replayed one by one, at the price of a replay each.

use super::PartitionLog;
use super::index::{Index, is_asynchronous};
use super::leader::Leader;
use super::outcome::Outcome;
use super::pass::{Found, Pass};
use super::request::Refused;
use super::scans::scans;
use crate::engine::has_processor;
use crate::protocol::{NO_POSITION, Record};
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
    let whole = Pass::over(Leader::new(log, toggles, &index), &scan);
    let late = log.records.iter().any(|record| record.position > scan.last_follow_up && is_asynchronous(record));
    let mut scans = scans(&scan, log.records).into_iter().peekable();
    let mut read = None;

    let mut ranges: Vec<Range> = Vec::new();
    let mut known: Option<(i64, Outcome, Vec<i64>)> = None;
    for snapshot in candidates(log, &scan) {
        if let Some((_, next)) = std::iter::from_fn(|| scans.next_if(|(from, _)| *from <= snapshot)).last() {
            let found = (next != scan).then(|| Pass::over(Leader::new(log, toggles, &index), &next));
            let turns = found.iter().flat_map(Found::turns).chain(whole.turns()).chain([next.last_source]);
            let turns: BTreeSet<i64> = turns.collect();
            read = Some((next, found, turns));
            known = None;
        }
        let (scan, found, turns) = read.as_ref().expect("the first scan is that of no snapshot");
        // What is written beside processing behind all that is read is held against the state that a replay ends with, and
        // this snapshot's is a later one than the pass ends with.
        let is_later = late && snapshot > scan.last_source.min(scan.last_follow_up);
        // Nothing turns between the last snapshot and this one.
        let is_same = |before: i64| !is_later && turns.range(before + 1..=snapshot).next().is_none();
        let same = known.take().filter(|(before, ..)| is_same(*before));
        let by_pass = || match whole.failure(snapshot) {
            Some(failed) => Some((failed, Vec::new())),
            None if is_later => None,
            None => found.as_ref().unwrap_or(&whole).come_to(snapshot, scan, &index.by_source),
        };
        let (outcome, silent) = match same.map(|(_, outcome, silent)| (outcome, silent)).or_else(by_pass) {
            Some(end) => {
                known = Some((snapshot, end.0.clone(), end.1.clone()));
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
