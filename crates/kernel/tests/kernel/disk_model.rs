//! A kill loses exactly what it should: random operations on a disk against a model that keeps whole snapshots.

use crate::stage::*;
use proptest::prelude::*;
use relapse_kernel::disk::Unsynced;
use relapse_kernel::identity::{FileName, MICROS, MILLIS, Nanos};
use std::collections::BTreeMap;

/// Names and inodes, inodes and values: all of a disk at an instant.
#[derive(Clone, Debug, Default)]
struct Snapshot {
    names: BTreeMap<FileName, u32>,
    files: BTreeMap<u32, Vec<u64>>,
}

/// What processes see, what the medium holds, and what each sync underway will have put there.
#[derive(Debug, Default)]
struct Model {
    cache: Snapshot,
    medium: Snapshot,
    syncing: Vec<(Nanos, u32, Snapshot)>,
    free_at: Nanos,
    failed: bool,
    made: u32,
}

fn file(number: u64) -> FileName {
    FileName { kind: "file", number }
}

impl Model {
    fn act(&mut self, now: Nanos, act: &Act) {
        self.finish_syncs(now);
        let cost = if let Act::Sync(..) = act { MILLIS } else { MICROS };
        self.free_at = self.free_at.max(now) + cost;
        if let Act::Sync(name, _) = act {
            // An operation that failed with nobody asking makes the next sync fail.
            let failed = std::mem::take(&mut self.failed);
            if let Some(inode) = self.cache.names.get(name).filter(|_| !failed) {
                self.syncing.push((self.free_at, *inode, self.cache.clone()));
            }
        } else if !self.change(act) {
            self.failed = true;
        }
    }

    /// Changes the page cache; whether that could be done.
    fn change(&mut self, act: &Act) -> bool {
        let Snapshot { names, files } = &mut self.cache;
        let inode = |name| names.get(name).copied();
        match act {
            Act::Append(name, value) => {
                self.made += 1;
                let inode = *names.entry(*name).or_insert(self.made);
                files.entry(inode).or_default().push(value.0);
                true
            }
            Act::Put(name, index, value) => {
                let records = inode(name).and_then(|inode| files.get_mut(&inode));
                let place = records.and_then(|records| records.get_mut(*index as usize));
                place.map(|place| *place = value.0).is_some()
            }
            Act::Truncate(name, len) => {
                let records = inode(name).and_then(|inode| files.get_mut(&inode));
                records.map(|records| records.truncate(*len as usize)).is_some()
            }
            Act::Rename(from, to) => names.remove(from).map(|inode| names.insert(*to, inode)).is_some(),
            Act::Delete(name) => names.remove(name).is_some(),
            other => panic!("not an operation of a disk: {other:?}"),
        }
    }

    fn finish_syncs(&mut self, now: Nanos) {
        while self.syncing.first().is_some_and(|sync| sync.0 <= now) {
            let (_, inode, then) = self.syncing.remove(0);
            self.medium.files.insert(inode, then.files[&inode].clone());
            self.medium.names = then.names;
        }
    }

    fn kill(&mut self, now: Nanos, unsynced: Unsynced) {
        self.finish_syncs(now);
        self.syncing.clear();
        self.failed = false;
        self.free_at = now;
        if unsynced == Unsynced::Lose {
            self.cache = self.medium.clone();
            for inode in self.cache.names.values() {
                self.cache.files.entry(*inode).or_default();
            }
        }
    }

    fn visible(&self) -> Vec<(FileName, Vec<u64>)> {
        let files = &self.cache.files;
        self.cache.names.iter().map(|(name, inode)| (*name, files[inode].clone())).collect()
    }
}

fn visible(play: &Play) -> Vec<(FileName, Vec<u64>)> {
    play.world.disk(A).names().map(|name| (name, play.records(A, name))).collect()
}

fn act() -> impl Strategy<Value = Act> {
    let name = || (0..3_u64).prop_map(file);
    prop_oneof![
        4 => (name(), any::<u64>()).prop_map(|(name, value)| Act::Append(name, Value(value, value % 7))),
        2 => (name(), 0..4_u64, any::<u64>()).prop_map(|(name, at, value)| Act::Put(name, at, Value(value, value % 7))),
        1 => (name(), 0..4_u64).prop_map(|(name, len)| Act::Truncate(name, len)),
        1 => (name(), name()).prop_map(|(from, to)| Act::Rename(from, to)),
        1 => name().prop_map(Act::Delete),
        3 => name().prop_map(|name| Act::Sync(name, 1)),
    ]
}

type Acts = Vec<(Nanos, Act)>;

/// Operations at times that differ below the microsecond, so that none ties with the end of another.
fn acts() -> impl Strategy<Value = Acts> {
    prop::collection::vec((0..900 * MICROS / 1_000, act()), 0..40).prop_map(|steps| {
        let mut at = 0;
        let timed = |(nth, (step, act)): (usize, (Nanos, Act))| {
            at += step * 1_000;
            (at + nth as u64, act)
        };
        steps.into_iter().enumerate().map(timed).collect()
    })
}

/// One process's life: what it does until a kill, and what then is there.
fn live(play: &mut Play, model: &mut Model, acts: &Acts, from: Nanos, kill_at: Nanos, unsynced: Unsynced) {
    for (after, act) in acts.iter().filter(|(after, _)| from + after <= kill_at) {
        model.act(from + after, act);
    }
    play.until(kill_at);
    assert_eq!(visible(play), model.visible(), "before the kill");

    play.kill(kill_at, A, unsynced);
    model.kill(kill_at, unsynced);
    assert_eq!(visible(play), model.visible(), "after the kill");
    let used: u64 = model.visible().iter().flat_map(|(_, values)| values).map(|value| value % 7).sum();
    assert_eq!(play.world.disk(A).used(), used);
}

fn unsynced() -> impl Strategy<Value = Unsynced> {
    prop_oneof![3 => Just(Unsynced::Lose), 1 => Just(Unsynced::Keep)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_lives_of_a_process_leave_on_disk_what_the_model_says(
        lives in prop::collection::vec((acts(), 0..20_000_u64, unsynced()), 1..4),
    ) {
        let mut stage = Stage::new(1);
        for ((acts, _, _), incarnation) in lives.iter().zip(1..) {
            for (after, act) in acts {
                stage = stage.again(A, incarnation, *after, act.clone());
            }
        }
        let (mut play, mut model) = (stage.play(), Model::default());

        let mut from = 0;
        for (acts, micros, unsynced) in &lives {
            let kill_at = from + micros * MICROS + 999;
            live(&mut play, &mut model, acts, from, kill_at, *unsynced);
            play.start(kill_at, A);
            from = kill_at;
        }
    }
}
