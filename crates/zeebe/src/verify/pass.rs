//! One pass over a log that finds what replays from all its snapshots meet.

use super::compare::Difference;
use super::course::{Course, Finding};
use super::index::BySource;
use super::leader::{Leader, unknown_state};
use super::outcome::Outcome;
use crate::engine::has_processor;
use crate::protocol::{NO_POSITION, Record};
use crate::replay::{Cause, Inconsistency, Listed, ReprocessingList, Scan, is_verified};
use std::collections::BTreeMap;

/// Snapshots from the first on, the second left out.
type Snapshots = (i64, i64);

/// Something that replays from some snapshots meet.
struct Happening {
    /// At this record.
    position: i64,
    snapshots: Snapshots,
    finding: Finding,
}

/// What there is to meet.
#[derive(Default)]
pub(super) struct Found {
    /// In the order of the log.
    happenings: Vec<Happening>,
    /// Records that no processing accounts for, in the order of the log.
    strays: Vec<Difference>,
    /// From which record on replays from which snapshots have another state than the pass.
    partings: Vec<(i64, Snapshots)>,
    /// The record behind which no state is known, and why.
    unknown: Option<(i64, String)>,
}

impl Found {
    /// Snapshots at which something else can come to be.
    pub fn turns(&self) -> impl Iterator<Item = i64> {
        let strays = self.strays.iter().filter_map(|stray| stray.position);
        let bounds = self.happenings.iter().map(|one| one.snapshots);
        let bounds = bounds.chain(self.partings.iter().map(|(_, snapshots)| *snapshots));
        let unknown = self.unknown.iter().map(|(position, _)| *position);
        bounds.flat_map(|(from, to)| [from, to]).chain(strays).chain(unknown)
    }

    /// Why no state is known behind a snapshot, if none is.
    pub fn failure(&self, snapshot: i64) -> Option<Outcome> {
        let (_, why) = self.unknown.as_ref().filter(|(position, _)| snapshot >= *position)?;
        Some(Outcome::Failed(why.clone()))
    }

    /// What a replay from one snapshot comes to; nothing if the pass does not tell.
    pub fn come_to(&self, snapshot: i64, scan: &Scan, by_source: &BySource) -> Option<(Outcome, Vec<i64>)> {
        if let Some(failed) = self.failure(snapshot) {
            return Some((failed, Vec::new()));
        }
        let stray = || self.strays.iter().find(|stray| stray.position > Some(snapshot)).cloned();
        let mut course = Course::default();
        if snapshot >= scan.last_source {
            return Some(course.end(stray));
        }
        let concerns = |(from, to): Snapshots| (from..to).contains(&snapshot);
        let partings = self.partings.iter().filter(|(_, snapshots)| concerns(*snapshots));
        let parting = partings.map(|(position, _)| *position).min();
        let behind = self.happenings.partition_point(|one| one.position <= snapshot);
        for one in self.happenings[behind..].iter().filter(|one| concerns(one.snapshots)) {
            if parting.is_some_and(|parting| one.position > parting) {
                break;
            }
            course.read(one.position, by_source);
            if !course.is_over() {
                course.meet(one.finding.clone());
            }
            if course.is_over() {
                return Some(course.end(stray));
            }
        }
        if let Some(parting) = parting {
            course.read(parting, by_source);
            return course.is_over().then(|| course.end(stray));
        }
        Some(course.end(stray))
    }
}

/// A pass under way.
pub(super) struct Pass<'a, 'l> {
    leader: Leader<'l>,
    scan: &'a Scan,
    /// What a replay from no snapshot has on its list; one from a snapshot has those of later sources.
    list: ReprocessingList,
    /// The last CREATE of each deployment that was processed.
    creates: BTreeMap<i64, i64>,
    /// What replays from which snapshots have on their list of a CREATE instead.
    variants: BTreeMap<i64, Vec<(Snapshots, Listed)>>,
    /// The replays from all snapshots before this one are over.
    ended: i64,
    found: Found,
}

impl<'a, 'l> Pass<'a, 'l> {
    /// Reads the whole log.
    pub fn over(leader: Leader<'l>, scan: &'a Scan) -> Found {
        let records = leader.log.records;
        let mut pass = Pass {
            leader,
            scan,
            list: ReprocessingList::default(),
            creates: BTreeMap::new(),
            variants: BTreeMap::new(),
            ended: NO_POSITION,
            found: Found::default(),
        };
        for record in records {
            if record.position > scan.last_follow_up || pass.found.unknown.is_some() {
                break;
            }
            pass.read(record);
        }
        pass.found.strays = pass.leader.strays(records, scan.last_follow_up).collect();
        pass.execute_beyond();
        pass.found
    }

    /// A record whose source lies ahead of it lets snapshots be where no replay reads: they need a state all the same.
    fn execute_beyond(&mut self) {
        let Scan { last_source, last_follow_up, .. } = *self.scan;
        let behind = self.leader.log.records.iter().skip(usize::try_from(last_follow_up).unwrap_or(0));
        for record in behind.take_while(|record| record.position <= last_source) {
            if self.found.unknown.is_some() {
                break;
            }
            if let Err(exception) = self.leader.execute(record, self.scan) {
                self.found.unknown = Some((record.position, unknown_state(record, &exception)));
            }
        }
    }

    /// Reads one record as all replays do from snapshots before it, and as the log's leader did for those behind it.
    fn read(&mut self, record: &Record) {
        let position = record.position;
        self.verify(record);
        if let Some(difference) = self.leader.asynchronous(record) {
            self.meet(record, (NO_POSITION, position), Finding::Differs(Box::new(difference)));
        }
        if position <= self.scan.last_source && has_processor(record.kind, record.intent) {
            self.run(record);
        }
        self.list.remove(record.key, record.source);
    }

    fn run(&mut self, record: &Record) {
        let position = record.position;
        if self.leader.is_pushed(record) && !self.scan.failed.contains(&position) {
            self.create(record);
        } else if let Err(exception) = self.leader.execute(record, self.scan) {
            self.found.unknown = Some((position, unknown_state(record, &exception)));
            self.meet(record, (NO_POSITION, position), Finding::Stuck { position, exception });
        } else {
            if let Some(finding) = self.leader.difference(record, self.scan) {
                self.meet(record, (NO_POSITION, position), finding);
            }
            self.list.add(position, &self.leader.out.follow_ups);
        }
    }

    /// What upstream's comparison of a record comes to.
    fn verify(&mut self, record: &Record) {
        if record.source <= self.ended || !is_verified(record, &self.leader.toggles) {
            return;
        }
        let missing: Vec<Listed> = self.list.missing(record.source, &self.leader.toggles).copied().collect();
        for listed in missing {
            for (snapshots, listed) in self.versions(listed) {
                self.raise(record, snapshots, Inconsistency::new(Cause::NotOnLog, record, listed));
            }
        }
        let Some(listed) = self.list.counterpart(record.source).copied() else { return };
        for (snapshots, listed) in self.versions(listed) {
            if let Err(inconsistency) = listed.verify(record, &self.leader.toggles) {
                self.raise(record, snapshots, inconsistency);
            }
        }
    }

    /// An entry of the list as replays from which snapshots have it.
    fn versions(&self, listed: Listed) -> impl Iterator<Item = (Snapshots, Listed)> + use<> {
        let variants = self.variants.get(&listed.source);
        let one = variants.is_none().then_some(((NO_POSITION, listed.source), listed));
        one.into_iter().chain(variants.cloned().into_iter().flatten())
    }

    /// A CREATE is refused by replays from before an earlier one of the same key, accepted by the others.
    fn create(&mut self, record: &Record) {
        let position = record.position;
        let earlier = self.creates.insert(record.key, position).unwrap_or(NO_POSITION);
        let (seen, unseen) = ((NO_POSITION, earlier), (earlier, position));
        let seen_stores = earlier != NO_POSITION && self.create_as(record, true, seen);
        let unseen_stores = self.create_as(record, false, unseen);
        let stores = unseen_stores && !self.leader.is_refused(record);
        for (snapshots, other) in [(seen, seen_stores), (unseen, unseen_stores)] {
            if other != stores {
                self.found.partings.push((position, snapshots));
            }
        }
        if let Err(exception) = self.leader.execute(record, self.scan) {
            self.found.unknown = Some((position, unknown_state(record, &exception)));
            self.found.partings.push((position, seen));
        }
    }

    /// A CREATE in replays from these snapshots; whether it changes their state.
    fn create_as(&mut self, record: &Record, seen: bool, snapshots: Snapshots) -> bool {
        let position = record.position;
        match self.leader.try_create(record, seen) {
            Err(exception) => {
                self.meet(record, snapshots, Finding::Stuck { position, exception });
                false
            }
            Ok(stores) => {
                if let Some(finding) = self.leader.difference(record, self.scan) {
                    self.meet(record, snapshots, finding);
                }
                let [one] = &*self.leader.out.follow_ups else {
                    panic!("SIMULATOR BUG: a CREATE from another partition is accepted or refused")
                };
                let listed = Listed { key: one.key, source: position, intent: one.intent, kind: one.kind };
                let variants = self.variants.entry(position).or_default();
                if variants.is_empty() {
                    self.list.push(listed);
                }
                variants.push((snapshots, listed));
                stores
            }
        }
    }

    /// Replays from these snapshots meet something.
    fn meet(&mut self, record: &Record, (from, to): Snapshots, finding: Finding) {
        let (position, snapshots) = (record.position, (from.max(self.ended), to));
        if snapshots.0 < snapshots.1 {
            self.found.happenings.push(Happening { position, snapshots, finding });
        }
    }

    /// Replays from these snapshots meet an exception, which ends them.
    fn raise(&mut self, record: &Record, snapshots: Snapshots, inconsistency: Box<Inconsistency>) {
        self.meet(record, snapshots, Finding::Raises(inconsistency));
        if snapshots.0 <= self.ended {
            self.ended = self.ended.max(snapshots.1);
            self.list.forget(self.ended);
        }
    }
}
