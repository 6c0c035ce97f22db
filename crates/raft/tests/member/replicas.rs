//! Appends, conflicts, snapshots and files, as a follower sees them.

use crate::hand::{ONE, Scene, TWO, Word, append, appended, snapshot};
use kernel::identity::FileName;
use relapse_raft::{Body, Entry, Flush, Message, Record, Role, Settings, Toggles};
use std::collections::BTreeMap;

fn settings() -> Settings {
    Settings::default()
}

fn sound() -> Settings {
    Settings { toggles: Toggles::sound(), ..settings() }
}

#[test]
fn an_append_that_leaves_a_gap_is_refused_with_where_the_log_ends() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, append(1, (0, 0), 0, &[1]));
    scene.settle();

    scene.gets(ONE, append(1, (5, 1), 0, &[1]));

    assert_eq!(appended(&scene.hand.take()), [(false, 1)]);
}

#[test]
fn an_append_behind_another_entry_is_refused_with_the_index_before() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, append(1, (0, 0), 0, &[1, 1, 1]));
    scene.settle();

    scene.gets(TWO, append(3, (3, 2), 0, &[3]));
    scene.gets(TWO, append(3, (2, 2), 0, &[3]));
    scene.finish_disk();

    assert_eq!(appended(&scene.hand.take()), [(false, 2), (false, 1)]);
}

#[test]
fn a_conflict_cuts_the_log_and_what_agrees_stays() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, append(1, (0, 0), 0, &[1, 1, 1]));
    scene.settle();

    scene.gets(TWO, append(2, (1, 1), 0, &[1, 2]));
    scene.finish_disk();

    let terms: Vec<u64> = (1..=3).filter_map(|index| scene.member.log().get(index)).map(|entry| entry.term).collect();
    assert_eq!((appended(&scene.hand.take()), terms), (vec![(true, 3)], vec![1, 1, 2]));
}

#[test]
fn an_overwritten_entry_of_the_same_index_is_answered_after_its_flush() {
    let mut scene = Scene::new(sound());
    scene.gets(ONE, append(1, (0, 0), 0, &[1]));
    scene.settle();
    scene.gets(TWO, append(2, (0, 0), 0, &[]));
    scene.settle();

    scene.gets(TWO, append(2, (0, 0), 0, &[2]));

    assert_eq!(appended(&scene.hand.take()), []);
    scene.finish_disk();
    assert_eq!(appended(&scene.hand.take()), [(true, 1)]);
}

#[test]
fn the_commit_index_comes_along_and_not_beyond_what_was_sent() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, append(1, (0, 0), 9, &[1, 1]));
    scene.finish_disk();

    assert_eq!((scene.member.commit_index(), &*scene.hand.committed), (2, &[2][..]));
}

#[test]
fn upstream_answers_from_the_page_cache_and_the_fix_after_the_flush() {
    for (flush, waits) in [(Flush::OnCommit, 1), (Flush::BeforeAnswer, 2)] {
        let toggles = Toggles { flush, ..Toggles::sound() };
        let mut scene = Scene::new(Settings { toggles, ..settings() });
        // The term is written first, with a flush of its own.
        scene.gets(ONE, Message::Configure { id: 3, term: 1 });
        scene.settle();

        scene.gets(ONE, append(1, (0, 0), 0, &[1, 1]));

        let notices = scene.hand.notices.len();
        assert_eq!(notices, if waits == 1 { 2 } else { 1 }, "two writes, or one flush");
        scene.finish_disk();
        assert_eq!(appended(&scene.hand.take()), [(true, 2)]);
    }
}

#[test]
fn pieces_of_a_snapshot_are_taken_in_order_and_the_log_that_ends_before_it_goes() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, append(1, (0, 0), 0, &[1]));
    scene.settle();
    let install = |chunk| Message::Install { id: 7, term: 1, snapshot: snapshot(20, 1, 3), chunk };

    for chunk in [1, 0, 0, 2, 1, 2] {
        scene.gets(ONE, install(chunk));
    }
    assert_eq!(
        scene.hand.names(),
        ["raft-refused", "raft-installed", "raft-installed", "raft-refused", "raft-installed"]
    );
    assert_eq!(scene.member.snapshot(), None);
    scene.finish_disk();

    assert_eq!((scene.hand.names(), &*scene.hand.stored), (vec!["raft-installed"], &[20][..]));
    assert_eq!((scene.member.log().first_index(), scene.member.log().last_index()), (21, 20));
}

#[test]
fn a_log_that_reaches_beyond_a_snapshot_stays() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, append(1, (0, 0), 0, &[1, 1, 1]));
    scene.settle();

    scene.member.snapshot_available(snapshot(2, 1, 1), &mut scene.hand);

    assert_eq!((scene.member.log().first_index(), scene.member.log().last_index()), (1, 3));
}

#[test]
fn entries_from_the_beginning_go_behind_a_snapshot_that_came_meanwhile_unless_that_is_fixed() {
    for (snapshot_appends, answer, last) in [(false, (true, 2), 51), (true, (false, 50), 50)] {
        let toggles = Toggles { snapshot_appends, ..Toggles::upstream() };
        let mut scene = Scene::new(Settings { toggles, ..settings() });
        scene.member.snapshot_available(snapshot(50, 1, 1), &mut scene.hand);

        scene.gets(ONE, append(1, (0, 0), 0, &[1, 1]));
        scene.finish_disk();

        assert_eq!((appended(&scene.hand.take()), scene.member.log().last_index()), (vec![answer], last));
    }
}

#[test]
fn compaction_drops_whole_segments_and_a_restart_finds_the_others() {
    let small = || Settings { segment_entries: 4, ..sound() };
    let mut scene = Scene::new(small());
    scene.gets(ONE, append(1, (0, 0), 10, &[1; 10]));
    scene.settle();

    scene.member.compact(7, &mut scene.hand);

    assert_eq!((scene.member.log().first_index(), scene.member.log().last_index()), (5, 10));
    let scene = scene.restarted(small());
    assert_eq!((scene.member.log().first_index(), scene.member.log().last_index()), (5, 10));
    assert_eq!((scene.member.term(), scene.member.commit_index()), (1, 0));
}

#[test]
fn a_restart_flushes_full_segments_too_since_a_process_may_have_died_between_two() {
    let small = || Settings { segment_entries: 2, ..sound() };
    let mut scene = Scene::new(small());
    scene.gets(ONE, append(1, (0, 0), 0, &[1; 5]));
    scene.settle();

    let (_, unsettled) = scene.starting(small());

    // Two full segments, the current one, term and vote.
    assert_eq!(unsettled.notices.len(), 4);
}

#[test]
fn a_commit_index_goes_back_when_the_disk_takes_its_entries_back() {
    let mut scene = Scene::new(sound());
    scene.gets(ONE, append(1, (0, 0), 1, &[1]));
    scene.settle();
    scene.gets(ONE, append(1, (1, 1), 2, &[1]));
    assert_eq!(scene.member.commit_index(), 2);

    scene.fails_disk();

    assert_eq!((scene.member.commit_index(), &*scene.hand.committed), (1, &[1][..]));
}

#[test]
fn a_log_ends_where_an_entry_does_not_follow_the_one_before_it() {
    let mut scene = Scene::new(sound());
    scene.gets(ONE, append(3, (0, 0), 0, &[1, 2, 3]));
    scene.settle();
    let log = *scene.hand.files.keys().find(|file| file.kind == "raft-log").expect("a log");
    let entry = Entry { term: 1, body: Body::Initialize };
    scene.hand.files.get_mut(&log).expect("a log")[1] = Record::Entry { index: 2, previous_term: 1, entry };

    let scene = scene.restarted(sound());

    assert_eq!(scene.member.log().last_index(), 2);
}

#[test]
fn a_log_is_whole_up_to_the_first_record_that_does_not_follow() {
    let mut scene = Scene::new(sound());
    scene.gets(ONE, append(1, (0, 0), 0, &[1, 1, 1, 1]));
    scene.settle();
    let log = *scene.hand.files.keys().find(|file| file.kind == "raft-log").expect("a log");
    scene.hand.files.get_mut(&log).expect("a log").remove(2);

    let scene = scene.restarted(sound());

    assert_eq!((scene.member.log().last_index(), scene.hand.files[&log].len()), (2, 2));
}

#[test]
fn that_a_member_is_inactive_is_told_at_once_and_though_its_disk_goes_on_failing() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, append(1, (0, 0), 0, &[1]));
    scene.fails_disk();
    assert_eq!(scene.hand.announced, [(Role::Follower, 0), (Role::Inactive, 1)], "before the disk is done");
    for _ in 0..10 {
        scene.fails_disk();
    }
    scene.finish_disk();
    assert_eq!(scene.member.role(), Role::Inactive);
    assert_eq!(scene.hand.announced, [(Role::Follower, 0), (Role::Inactive, 1)]);
}

#[test]
fn that_a_member_is_inactive_is_told_though_the_flush_it_waits_for_fails() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, append(1, (0, 0), 1, &[1]));
    scene.member.stop(&mut scene.hand);
    assert_eq!(scene.hand.announced, [(Role::Follower, 0)], "it waits");
    scene.fails_disk();
    assert_eq!(scene.hand.announced.last().map(|(role, _)| *role), Some(Role::Inactive));
}

#[test]
fn an_error_that_somebody_else_is_told_is_that_of_the_member_whose_files_are_not_as_it_wrote_them() {
    type Lost = fn(&mut BTreeMap<FileName, Vec<Record<Word>>>);
    fn log(files: &BTreeMap<FileName, Vec<Record<Word>>>) -> FileName {
        *files.keys().find(|file| file.kind == "raft-log").expect("a log")
    }
    let fine: Lost = |_| {};
    let lost: [(&str, Lost); 5] = [
        ("an append", |files| {
            files.get_mut(&log(files)).expect("a log").pop();
        }),
        ("a cut", |files| {
            let records = files.get_mut(&log(files)).expect("a log");
            records.push(records[0].clone());
        }),
        ("a cut and the append that followed it", |files| {
            let entry = Entry { term: 0, body: Body::Initialize };
            files.get_mut(&log(files)).expect("a log")[1] = Record::Entry { index: 2, previous_term: 1, entry };
        }),
        ("the removal of a segment", |files| {
            let FileName { kind, number } = log(files);
            files.insert(FileName { kind, number: number + 7 }, Vec::new());
        }),
        ("a vote", |files| {
            let meta = files.iter_mut().find(|(file, _)| file.kind == "raft-meta").expect("a term");
            meta.1[0] = Record::Meta { term: 1, vote: None };
        }),
    ];
    for (what, lose) in [("nothing", fine)].into_iter().chain(lost) {
        let mut scene = Scene::leading(settings());
        scene.given(1, 10);
        lose(&mut scene.hand.files);

        scene.member.disk_failed(&mut scene.hand);

        let expected = if what == "nothing" { Role::Leader } else { Role::Inactive };
        assert_eq!(scene.member.role(), expected, "without {what}");
    }
}
