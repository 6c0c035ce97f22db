//! What a replay comes to from each snapshot that the log allows.
//!
//! Replays from different snapshots differ in one thing only, the memory of seen deployments: it starts empty at each
//! snapshot, so a CREATE of a deployment is refused if an earlier one of the same key lies behind the snapshot, and accepted
//! otherwise. The state is the same either way, because accepting twice stores the same. So one pass tells what follows
//! for all of them: for every CREATE, from which snapshots it is accepted, and what the log has. Where that reasoning does
//! not hold (a deployment that was seen and lost), the snapshots concerned are replayed one by one.

use super::PartitionLog;
use super::index::{BySource, is_asynchronous};
use super::outcome::Outcome;
use super::run::{Judgement, Refused, Runner};
use crate::engine::{DEPLOYMENT_PARTITION, has_processor};
use crate::protocol::{DeploymentIntent, Intent, NO_POSITION, Record, RecordType};
use crate::replay::Scan;
use crate::settings::Toggles;
use std::collections::{BTreeMap, BTreeSet};

/// Snapshots that lead to the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first and the last snapshot; -1 is none.
    pub snapshots: (i64, i64),
    /// How the replay ends.
    pub outcome: Outcome,
    /// Silent divergences on the way.
    pub silent: Vec<i64>,
}

/// Something that happens to replays from some snapshots.
struct Happening {
    /// When the record at this position is run or read.
    position: i64,
    /// To replays from these snapshots, the end left out.
    snapshots: (i64, i64),
    /// What it is; nothing is a silent divergence.
    end: Option<Outcome>,
}

/// What replays come to: from no snapshot, and from every position with a processor up to the last source.
///
/// # Errors
/// If the log cannot be read from its beginning.
pub fn every_snapshot(log: PartitionLog<'_>, toggles: &Toggles) -> Result<Vec<Range>, Refused> {
    let by_source = BySource::of(log.records);
    let scan =
        Scan::of(NO_POSITION, log.records.iter()).map_err(|why| Refused::Snapshot { position: NO_POSITION, why })?;
    let mut pass = Pass {
        runner: Runner::new(log, toggles, &by_source),
        scan: &scan,
        last_create: BTreeMap::new(),
        happenings: Vec::new(),
        one_by_one: NO_POSITION,
    };
    pass.read(log)?;
    let Pass { happenings, one_by_one, .. } = pass;

    let mut ranges: Vec<Range> = Vec::new();
    let mut turns: BTreeSet<i64> = BTreeSet::new();
    turns.extend(happenings.iter().flat_map(|one| [one.position, one.snapshots.0, one.snapshots.1]));
    let mut known: Option<(Outcome, Vec<i64>)> = None;
    let mut before = NO_POSITION;
    for snapshot in candidates(log, &scan) {
        let (outcome, silent) = if snapshot < one_by_one {
            let mut runner = Runner::new(log, toggles, &by_source);
            runner.execute_to(snapshot)?;
            let report = runner.replay(snapshot, &[])?;
            (report.outcome, report.silent)
        } else {
            match known.take().filter(|_| turns.range(before + 1..=snapshot).next().is_none()) {
                Some(known) => known,
                None => come_to(&happenings, snapshot),
            }
        };
        before = snapshot;
        known = Some((outcome.clone(), silent.clone()));
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

/// What a replay from one snapshot comes to.
fn come_to(happenings: &[Happening], snapshot: i64) -> (Outcome, Vec<i64>) {
    let mut silent = Vec::new();
    for one in happenings {
        if !(one.snapshots.0..one.snapshots.1).contains(&snapshot) {
            continue;
        }
        match &one.end {
            None => silent.push(one.position),
            Some(end) => return (end.clone(), silent),
        }
    }
    (Outcome::Clean, silent)
}

struct Pass<'a> {
    runner: Runner<'a>,
    scan: &'a Scan,
    /// The last CREATE of each deployment that was processed.
    last_create: BTreeMap<i64, i64>,
    happenings: Vec<Happening>,
    /// Snapshots before this position are to be replayed one by one.
    one_by_one: i64,
}

impl Pass<'_> {
    fn read(&mut self, log: PartitionLog<'_>) -> Result<(), Refused> {
        for record in log.records {
            let position = record.position;
            if is_asynchronous(record)
                && position <= self.scan.last_follow_up
                && let Some(difference) = self.runner.asynchronous(record, NO_POSITION)
            {
                self.end((NO_POSITION, position), position, Outcome::Differs(Box::new(difference)));
            }
            let runs = position <= self.scan.last_source && has_processor(record.kind, record.intent);
            let failed = self.scan.failed.contains(&position);
            if runs && !failed && self.is_remembered(log, record) {
                self.create(record)?;
                continue;
            }
            if let Err(exception) = self.runner.execute(record, self.scan) {
                self.end((NO_POSITION, position), position, Outcome::Stuck { position, exception: exception.clone() });
                self.end((position, i64::MAX), position, Outcome::Failed(exception));
                return Ok(());
            }
            if !runs {
                continue;
            }
            let end = if failed {
                self.runner.failed_follow_ups(record).map(|difference| Outcome::Differs(Box::new(difference)))
            } else {
                match self.runner.judge(position) {
                    Judgement::Same => None,
                    Judgement::Silent => {
                        let snapshots = (NO_POSITION, position);
                        self.happenings.push(Happening { position, snapshots, end: None });
                        None
                    }
                    Judgement::Ends(outcome) => Some(outcome),
                }
            };
            if let Some(outcome) = end {
                self.end((NO_POSITION, position), position, outcome);
            }
        }
        let strays: Vec<_> = self.runner.strays(log.records).collect();
        for (position, difference) in strays {
            self.end((NO_POSITION, position), i64::MAX, Outcome::Differs(Box::new(difference)));
        }
        Ok(())
    }

    /// Whether what becomes of the record hangs on the memory of seen deployments.
    fn is_remembered(&self, log: PartitionLog<'_>, record: &Record) -> bool {
        log.partition != DEPLOYMENT_PARTITION
            && record.kind == RecordType::Command
            && record.intent == Intent::Deployment(DeploymentIntent::Create)
    }

    /// A CREATE is refused by leaders whose snapshot is before an earlier one of the same key, accepted by the others.
    fn create(&mut self, record: &Record) -> Result<(), Refused> {
        let position = record.position;
        let earlier = self.last_create.insert(record.key, position).unwrap_or(NO_POSITION);
        if earlier != NO_POSITION && !self.runner.has_workflows(record) {
            self.one_by_one = position;
        }
        for (seen, snapshots) in [(true, (NO_POSITION, earlier)), (false, (earlier, position))] {
            self.runner.try_create(record, seen);
            match self.runner.judge(position) {
                Judgement::Same => {}
                Judgement::Silent => self.happenings.push(Happening { position, snapshots, end: None }),
                Judgement::Ends(outcome) => self.end(snapshots, position, outcome),
            }
        }
        self.runner.execute(record, self.scan).map_err(|why| Refused::Snapshot { position, why })
    }

    fn end(&mut self, snapshots: (i64, i64), position: i64, outcome: Outcome) {
        self.happenings.push(Happening { position, snapshots, end: Some(outcome) });
    }
}
