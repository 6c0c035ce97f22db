//! Disks: what a sync covers, what a crash leaves, and every fault at its edge.

use crate::stage::*;
use relapse_kernel::control::Command;
use relapse_kernel::disk::{DiskError, DiskFaults, Unsynced};
use relapse_kernel::identity::{FileName, MICROS, MILLIS, Nanos};

/// When a sync is done that was submitted at 1 ms behind one write.
const SYNCED: Nanos = 2 * MILLIS + MICROS;
const FULL: u64 = 1 + DiskError::Full as u64;
const IO: u64 = 1 + DiskError::Io as u64;

fn append(value: u64) -> Act {
    Act::Append(WAL, Value(value, 10))
}

fn one_and_sync() -> Stage {
    Stage::new(1).act(A, MILLIS, append(1)).act(A, MILLIS, Act::Sync(WAL, 7))
}

/// The results of operations with notice, by token.
fn results(play: &Play) -> Vec<(u64, u64)> {
    let lines = play.seen.0.iter().filter(|line| line.name == "disk-done");
    lines.map(|line| (line.data[0], line.data[1])).collect()
}

#[test]
fn a_kill_just_before_a_sync_completes_loses_the_record_and_just_after_it_does_not() {
    for (at, unsynced, kept) in [
        (SYNCED - 1, Unsynced::Lose, 0),
        (SYNCED, Unsynced::Lose, 1),
        (SYNCED - 1, Unsynced::Keep, 1),
        (SYNCED, Unsynced::Keep, 1),
        (SYNCED, Unsynced::Tear, 1),
    ] {
        let mut play = one_and_sync().play();

        let effect = play.kill(at, A, unsynced);

        assert_eq!((play.records(A, WAL).len(), effect.records), (kept, 1 - kept as u64), "{at} {unsynced:?}");
        assert_eq!(play.seen(A, "disk-done").len(), usize::from(at == SYNCED));
    }
}

#[test]
fn a_kill_during_a_sync_tears_at_most_the_last_record_that_stays() {
    let mut outcomes = [0; 11];
    for seed in 0..200 {
        // The file's name is durable, and nothing in it: another file was synced since.
        let mut stage = Stage { seed, ..Stage::new(1) }.act(A, 0, Act::Append(WAL, Value(99, 10)));
        stage = stage.act(A, 0, Act::Truncate(WAL, 0)).act(A, 0, Act::Append(OTHER, Value(5, 10)));
        stage = stage.act(A, 0, Act::Sync(OTHER, 6));
        for value in 0..10 {
            stage = stage.act(A, 3 * MILLIS, append(value));
        }
        let mut play = stage.act(A, 3 * MILLIS, Act::Sync(WAL, 7)).play();

        let effect = play.kill(4 * MILLIS, A, Unsynced::Tear);

        assert_eq!(results(&play), [(6, 0)], "the kill is during the sync");
        let len = play.world.disk(A).file(WAL).expect("its name is durable").records().len();
        let whole = play.records(A, WAL);
        assert_eq!(whole, (0..len.saturating_sub(1)).collect::<Vec<_>>());
        assert_eq!(effect.records, 10 - whole.len() as u64);
        outcomes[len as usize] += 1;
    }
    assert!(outcomes.iter().all(|count| *count > 0), "{outcomes:?}");
}

#[test]
fn a_torn_write_leaves_a_prefix_behind_what_was_synced() {
    let mut lens = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let mut stage = Stage { seed, ..one_and_sync() };
        for value in 2..6 {
            stage = stage.act(A, 3 * MILLIS, append(value));
        }
        let mut play = stage.play();

        play.kill(4 * MILLIS, A, Unsynced::Tear);

        let len = play.world.disk(A).file(WAL).unwrap().records().len();
        let whole = if len == 1 { 1 } else { len - 1 };
        assert_eq!(play.records(A, WAL), (1..=whole).collect::<Vec<_>>());
        lens.insert(len);
    }
    assert_eq!(lens.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[test]
fn a_sync_covers_what_was_submitted_before_it_and_nothing_after() {
    let mut play = one_and_sync().act(A, MILLIS, append(2)).play();

    play.kill(SYNCED + MILLIS, A, Unsynced::Lose);

    assert_eq!(play.records(A, WAL), [1]);
}

#[test]
fn a_record_overwritten_during_a_sync_is_durable_as_it_was_when_the_sync_began() {
    let mut play = one_and_sync().act(A, MILLIS + MICROS, Act::Put(WAL, 0, Value(9, 10))).play();

    play.until(SYNCED + MILLIS);
    assert_eq!(play.records(A, WAL), [9]);
    play.kill(SYNCED + MILLIS, A, Unsynced::Lose);

    assert_eq!(play.records(A, WAL), [1]);
}

#[test]
fn records_cut_off_and_written_anew_during_a_sync_are_not_covered_by_it() {
    let mut stage = Stage::new(1).act(A, MILLIS, append(1)).act(A, MILLIS, append(2));
    stage = stage.act(A, MILLIS, Act::Sync(WAL, 7)).act(A, MILLIS, Act::Truncate(WAL, 1)).act(A, MILLIS, append(3));
    let mut play = stage.play();

    play.kill(4 * MILLIS, A, Unsynced::Lose);

    assert_eq!(play.records(A, WAL), [1, 2]);
}

#[test]
fn a_sync_of_one_file_does_not_cover_another() {
    let other = Act::Append(OTHER, Value(5, 10));
    let mut play = Stage::new(1).act(A, 0, other).act(A, MILLIS, append(1)).act(A, MILLIS, Act::Sync(WAL, 7)).play();

    play.kill(4 * MILLIS, A, Unsynced::Lose);

    assert_eq!((play.records(A, WAL).len(), play.records(A, OTHER).len()), (1, 0));
    assert_eq!(play.world.disk(A).names().collect::<Vec<_>>(), [OTHER, WAL]);
}

#[test]
fn a_lying_sync_says_done_and_the_next_one_makes_up_for_it() {
    for (syncs, kept) in [(1, 0), (2, 1)] {
        let mut stage = one_and_sync();
        if syncs == 2 {
            stage = stage.act(A, 3 * MILLIS, Act::Sync(WAL, 8));
        }
        let mut play = stage.play();
        play.at(0, Command::Disk(A, DiskFaults { lying_syncs: 1, ..DiskFaults::default() }));

        play.kill(5 * MILLIS, A, Unsynced::Lose);

        assert!(results(&play).iter().all(|(_, result)| *result == 0));
        assert_eq!((play.records(A, WAL).len(), play.seen(A, "sync-lost").len()), (kept, 1));
    }
}

#[test]
fn a_disk_takes_its_capacity_and_not_a_byte_more() {
    for (capacity, result) in [(20, 0), (19, FULL)] {
        let noticed = Act::Noticed(Box::new(append(2)), 7);
        let stage = Stage::new(1).disk(|disk| disk.capacity = capacity).act(A, 0, append(1)).act(A, 0, noticed);
        let mut play = stage.play();

        play.until(MILLIS);

        assert_eq!(results(&play), [(7, result)]);
        assert_eq!(play.records(A, WAL).len(), if result == 0 { 2 } else { 1 });
    }
}

#[test]
fn a_deleted_file_gives_its_room_back() {
    let noticed = Act::Noticed(Box::new(append(2)), 7);
    let stage = Stage::new(1).disk(|disk| disk.capacity = 10).act(A, 0, append(1)).act(A, 0, Act::Delete(WAL));
    let mut play = stage.act(A, 0, noticed).play();

    play.until(MILLIS);

    assert_eq!((results(&play), play.world.disk(A).used()), (vec![(7, 0)], 10));
}

#[test]
fn a_full_disk_refuses_writes_until_it_is_not_full() {
    let mut stage = Stage::new(1);
    for (token, at) in [(1, MILLIS), (2, 3 * MILLIS)] {
        stage = stage.act(A, at, Act::Noticed(Box::new(append(token)), token));
    }
    let mut play = stage.play();

    play.at(0, Command::Disk(A, DiskFaults { full: true, ..DiskFaults::default() }));
    play.at(2 * MILLIS, Command::Disk(A, DiskFaults::default()));
    play.finish();

    assert_eq!(results(&play), [(1, FULL), (2, 0)]);
}

#[test]
fn exactly_so_many_operations_fail() {
    let mut stage = Stage::new(1);
    for token in 1..=4 {
        stage = stage.act(A, MILLIS, Act::Noticed(Box::new(append(token)), token));
    }
    let mut play = stage.play();

    play.at(0, Command::Disk(A, DiskFaults { failing: 2, ..DiskFaults::default() }));
    play.finish();

    assert_eq!(results(&play), [(1, IO), (2, IO), (3, 0), (4, 0)]);
    assert_eq!(play.records(A, WAL), [3, 4]);
}

#[test]
fn an_error_that_nobody_asked_about_shows_at_the_next_sync_and_only_there() {
    let mut play = one_and_sync().act(A, 4 * MILLIS, append(2)).act(A, 4 * MILLIS, Act::Sync(WAL, 8)).play();

    play.at(0, Command::Disk(A, DiskFaults { failing: 1, ..DiskFaults::default() }));
    play.finish();

    assert_eq!(results(&play), [(7, IO), (8, 0)]);
}

#[test]
fn a_slow_disk_takes_longer_by_its_percentage() {
    for (slow_percent, done_at) in [(0, SYNCED), (50, MILLIS + 1_500 * MICROS + 1_500)] {
        let mut play = one_and_sync().play();

        play.at(0, Command::Disk(A, DiskFaults { slow_percent, ..DiskFaults::default() }));
        play.finish();

        assert_eq!(play.seen(A, "disk-done"), [(done_at, 7)]);
    }
}

#[test]
fn a_flipped_bit_damages_one_record_and_an_overwrite_heals_it() {
    let stage = one_and_sync().act(A, MILLIS, append(2)).act(A, 5 * MILLIS, Act::Put(WAL, 1, Value(9, 10)));
    let mut play = stage.play();

    assert!(!play.at(MILLIS, Command::FlipBit(A, OTHER, None)).changed);
    assert!(play.at(4 * MILLIS, Command::FlipBit(A, WAL, None)).changed);
    assert!(!play.at(4 * MILLIS, Command::FlipBit(A, WAL, Some(1))).changed);
    assert!(!play.at(4 * MILLIS, Command::FlipBit(A, WAL, Some(2))).changed);
    assert_eq!(play.records(A, WAL), [1]);
    assert_eq!(play.world.disk(A).record(WAL, 1).err(), Some(DiskError::Damaged));

    play.until(5 * MILLIS);
    assert_eq!(play.records(A, WAL), [1, 9]);
}

#[test]
fn a_record_that_was_healed_but_not_synced_is_damaged_again_after_a_crash() {
    let mut play = one_and_sync().act(A, 5 * MILLIS, Act::Put(WAL, 0, Value(9, 10))).play();

    play.at(4 * MILLIS, Command::FlipBit(A, WAL, None));
    play.kill(6 * MILLIS, A, Unsynced::Lose);

    assert_eq!(play.world.disk(A).record(WAL, 0).err(), Some(DiskError::Damaged));
}

#[test]
fn a_removed_file_is_gone_for_good_whatever_it_was_called() {
    let mut play = one_and_sync().act(A, 3 * MILLIS, Act::Rename(WAL, OTHER)).play();

    let effect = play.at(4 * MILLIS, Command::RemoveFile(A, OTHER));
    play.kill(5 * MILLIS, A, Unsynced::Lose);

    assert_eq!((effect.changed, effect.records), (true, 1));
    assert_eq!((play.world.disk(A).names().count(), play.world.disk(A).used()), (0, 0));
    assert!(!play.at(5 * MILLIS, Command::RemoveFile(A, WAL)).changed);
}

#[test]
fn a_rename_is_durable_with_the_next_sync_and_not_before() {
    for (syncs, name) in [(false, WAL), (true, OTHER)] {
        let mut stage = one_and_sync().act(A, 3 * MILLIS, Act::Rename(WAL, OTHER));
        if syncs {
            stage = stage.act(A, 3 * MILLIS, Act::Sync(OTHER, 8));
        }
        let mut play = stage.play();

        play.kill(5 * MILLIS, A, Unsynced::Lose);

        assert_eq!(play.world.disk(A).names().collect::<Vec<_>>(), [name]);
        assert_eq!(play.records(A, name), [1]);
    }
}

#[test]
fn a_rename_during_a_sync_is_not_durable_with_it() {
    let mut play = one_and_sync().act(A, MILLIS, Act::Rename(WAL, OTHER)).play();

    play.kill(5 * MILLIS, A, Unsynced::Lose);

    assert_eq!(play.world.disk(A).names().collect::<Vec<_>>(), [WAL]);
}

#[test]
fn a_file_renamed_over_comes_back_if_the_rename_was_not_durable() {
    let new = FileName { kind: "wal", number: 1 };
    let stage = one_and_sync().act(A, 3 * MILLIS, Act::Append(new, Value(2, 10)));
    let mut play = stage.act(A, 3 * MILLIS, Act::Rename(new, WAL)).play();

    play.until(4 * MILLIS);
    assert_eq!((play.records(A, WAL), play.world.disk(A).used()), (vec![2], 10));
    play.kill(4 * MILLIS, A, Unsynced::Lose);

    assert_eq!((play.records(A, WAL), play.world.disk(A).used()), (vec![1], 10));
}

#[test]
fn a_deleted_file_comes_back_if_the_deletion_was_not_durable() {
    for (unsynced, files) in [(Unsynced::Lose, 1), (Unsynced::Keep, 0)] {
        let mut play = one_and_sync().act(A, 3 * MILLIS, Act::Delete(WAL)).play();

        play.kill(4 * MILLIS, A, unsynced);

        assert_eq!(play.world.disk(A).names().count(), files);
    }
}

#[test]
fn a_file_that_is_cut_beyond_its_end_stays_as_it_is() {
    for len in [2, 256, 300, 1_000] {
        let mut play = one_and_sync().act(A, 3 * MILLIS, Act::Truncate(WAL, len)).play();

        play.until(4 * MILLIS);

        assert_eq!(play.records(A, WAL), [1]);
    }
}

#[test]
fn a_wiped_volume_is_empty_and_a_sync_underway_harms_nothing() {
    let mut play = one_and_sync().act(A, 2 * MILLIS, append(2)).play();

    let effect = play.at(MILLIS + MICROS, Command::Wipe(A));
    play.until(SYNCED);
    assert_eq!((effect.records, play.records(A, WAL)), (1, vec![2]));

    play.kill(5 * MILLIS, A, Unsynced::Lose);
    assert_eq!((play.records(A, WAL), play.world.disk(A).used()), (vec![], 0));
}

#[test]
fn a_copied_volume_holds_the_page_cache_of_its_source_as_durable_data() {
    let stage = Stage::new(2).act(A, 0, append(1)).act(B, 0, append(8)).act(B, 0, append(9));
    let mut play = stage.act(B, 0, Act::Sync(WAL, 7)).act(B, 2 * MILLIS, append(2)).play();

    let effect = play.at(500 * MICROS, Command::CopyVolume(A, B));
    play.kill(4 * MILLIS, B, Unsynced::Lose);

    assert_eq!((effect.records, play.records(B, WAL)), (1, vec![1]));
    assert_eq!(play.records(A, WAL), [1]);
}

#[test]
fn an_empty_wipe_did_nothing() {
    let mut play = Stage::new(1).play();

    assert!(!play.at(MILLIS, Command::Wipe(A)).changed);
}
