//! Writes of many records: one write as the disk sees it, and no other than writes of one.

use crate::stage::*;
use relapse_kernel::control::Command;
use relapse_kernel::disk::{DiskError, DiskFaults, Unsynced};
use relapse_kernel::identity::{MICROS, MILLIS};

const IO: u64 = 1 + DiskError::Io as u64;
const FULL: u64 = 1 + DiskError::Full as u64;

fn values(sizes: &[u64]) -> Vec<Value> {
    (0..).zip(sizes).map(|(value, bytes)| Value(value, *bytes)).collect()
}

/// These records as one write at 1 ms, then a sync of token 7.
fn batch(sizes: &[u64]) -> Stage {
    Stage::new(1).act(A, MILLIS, Act::AppendAll(WAL, values(sizes))).act(A, MILLIS, Act::Sync(WAL, 7))
}

/// The same records one by one.
fn singles(sizes: &[u64]) -> Stage {
    let one = |stage: Stage, value| stage.act(A, MILLIS, Act::Append(WAL, value));
    values(sizes).into_iter().fold(Stage::new(1), one).act(A, MILLIS, Act::Sync(WAL, 7))
}

/// What is in the file, how much of the disk is used, how many writes found no space, and what the sync said.
fn left(stage: Stage, capacity: u64, faults: DiskFaults) -> (Vec<u64>, u64, u64, u64) {
    let mut play = stage.disk(|disk| disk.capacity = capacity).play();
    play.at(0, Command::Disk(A, faults));
    play.finish();
    let disk = play.world.disk(A);
    let (used, refused) = (disk.used(), disk.toll().refused);
    let line = play.seen.0.iter().find(|line| line.name == "disk-done").expect("the sync's end");
    (play.records(A, WAL), used, refused, line.data[1])
}

#[test]
fn many_records_at_once_take_the_time_of_one_write() {
    for (stage, writes) in [(batch(&[10; 5]), 1), (singles(&[10; 5]), 5)] {
        assert_eq!(stage.play().finish().seen(A, "disk-done"), [(2 * MILLIS + writes * MICROS, 7)]);
    }
}

#[test]
fn a_disk_takes_the_records_that_fit_and_refuses_the_write_once() {
    let none = DiskFaults::default();
    for (capacity, sizes, kept, refused) in [
        (0, [10, 10, 10], 3, 0),
        (30, [10, 10, 10], 3, 0),
        (29, [10, 10, 10], 2, 1),
        (20, [10, 10, 0], 3, 0),
        (9, [10, 10, 10], 0, 1),
    ] {
        let (records, used, refusals, said) = left(batch(&sizes), capacity, none);

        assert_eq!((records.len(), refusals), (kept, refused), "{capacity} {sizes:?}");
        assert_eq!(used, sizes[..kept].iter().sum::<u64>());
        let mut play = batch(&sizes).disk(|disk| disk.capacity = capacity).play();
        assert_eq!(play.finish().world.disk(A).file(WAL).is_some(), kept > 0);
        // A file of which not even the first record fits is not made, and the error shows before its absence.
        assert_eq!(said, if refused > 0 { FULL } else { 0 });
        if refused == 0 || kept == 2 {
            assert_eq!((records, used, refusals, said), left(singles(&sizes), capacity, none));
        }
    }
    // One by one a smaller one behind may fit still.
    assert_eq!(left(batch(&[10, 10, 5]), 15, none).0, [0]);
    assert_eq!(left(singles(&[10, 10, 5]), 15, none).0, [0, 2]);
}

#[test]
fn a_full_disk_takes_what_has_no_size_and_nothing_else() {
    let full = DiskFaults { full: true, ..DiskFaults::default() };

    assert_eq!(left(batch(&[0, 0, 1, 0]), 0, full), (vec![0, 1], 0, 1, FULL));
    assert_eq!(left(singles(&[0, 0, 1, 0]), 0, full), (vec![0, 1, 3], 0, 1, FULL));
}

#[test]
fn a_failing_device_loses_the_whole_write_and_says_so_at_the_next_sync() {
    let failing = DiskFaults { failing: 1, ..DiskFaults::default() };

    assert_eq!(left(batch(&[10, 10]), 0, failing), (vec![], 0, 0, IO));
    assert_eq!(left(singles(&[10, 10]), 0, failing), (vec![1], 10, 0, IO));
}

#[test]
fn a_write_of_nothing_makes_the_file() {
    assert_eq!(left(batch(&[]), 0, DiskFaults::default()), (vec![], 0, 0, 0));
}

#[test]
fn what_was_written_at_once_is_durable_with_the_sync_behind_it() {
    for (at, kept) in [(2 * MILLIS + MICROS - 1, 0), (2 * MILLIS + MICROS, 3)] {
        let mut play = batch(&[10, 10, 10]).play();

        play.kill(at, A, Unsynced::Lose);

        assert_eq!(play.records(A, WAL).len(), kept);
    }
}
