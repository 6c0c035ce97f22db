//! What a leader does: announcements, commits, windows, back-off, step-down.

use crate::hand::{ONE, Scene, TWO, append, yes};
use kernel::identity::SECONDS;
use relapse_raft::message::Appended;
use relapse_raft::{Body, Message, Outcome, Role, Settings, Timer, Toggles};

fn settings() -> Settings {
    Settings::default()
}

fn entries(message: &Message<crate::hand::Word>) -> Option<usize> {
    match message {
        Message::Append(append) => Some(append.entries.len()),
        _ => None,
    }
}

/// Sizes of the appends that were sent to one.
fn batches(scene: &mut Scene) -> Vec<usize> {
    let to_one = scene.hand.take().into_iter().filter(|(to, _)| *to == ONE);
    to_one.filter_map(|(_, message)| entries(&message)).collect()
}

#[test]
fn leadership_is_announced_when_the_first_entry_of_the_term_is_committed() {
    let mut scene = Scene::elected(settings());
    assert_eq!(scene.hand.announced, [(Role::Follower, 0), (Role::Candidate, 1)]);

    scene.agreed_by(ONE);
    scene.agreed_by(ONE);
    scene.finish_disk();

    assert_eq!(scene.hand.announced.last(), Some(&(Role::Leader, 1)));
    assert_eq!(scene.hand.committed, [1]);
}

#[test]
fn the_first_request_to_a_member_is_a_configure_request() {
    let mut scene = Scene::elected(settings());

    assert_eq!(scene.hand.names(), ["raft-configure", "raft-configure"]);
    scene.fires(Timer::Append);
    assert_eq!(scene.hand.names(), ["raft-heartbeat", "raft-heartbeat"]);
}

#[test]
fn an_entry_of_an_older_term_is_not_committed_by_counting() {
    let mut scene = Scene::new(settings());
    scene.gets(TWO, append(1, (0, 0), 0, &[1]));
    scene.settle();
    scene.fires(Timer::Heartbeat);
    for _ in 0..3 {
        scene.agreed_by(ONE);
        scene.finish_disk();
    }
    let answers: Vec<_> = scene.hand.take();
    let first = answers.iter().find_map(|(_, message)| match message {
        Message::Append(append) if !append.entries.is_empty() => Some(append.clone()),
        _ => None,
    });
    let first = first.expect("the leader's first entry");

    // As if only the older entry had arrived.
    let answer = Appended { id: first.id, term: 2, succeeded: true, last_index: 1, snapshot_index: 0 };
    scene.gets(ONE, Message::Appended(answer));

    assert_eq!((scene.member.term(), scene.member.commit_index()), (2, 0));
}

#[test]
fn an_entry_is_written_and_committed_under_its_ticket() {
    let mut scene = Scene::leading(settings());

    scene.given(1, 10);
    scene.agreed_by(ONE);
    scene.finish_disk();

    assert_eq!(scene.hand.outcomes, [(1, Outcome::Written(2)), (1, Outcome::Committed(2))]);
}

#[test]
fn a_member_that_does_not_lead_takes_no_entry() {
    let mut scene = Scene::new(settings());

    scene.given(1, 10);

    assert_eq!(scene.hand.outcomes, [(1, Outcome::NotLeader)]);
}

#[test]
fn an_entry_with_a_gap_before_it_ends_the_leadership_and_with_6316_is_appended_all_the_same() {
    for (fix_6316, last) in [(true, 2), (false, 3)] {
        let toggles = Toggles { fix_6316, ..Toggles::upstream() };
        let mut scene = Scene::leading(Settings { toggles, ..settings() });
        scene.given(1, 10);

        scene.given(3, 10);

        assert_eq!((scene.member.role(), scene.member.log().last_index()), (Role::Follower, last));
        assert_eq!(scene.hand.outcomes[1], (3, Outcome::Invalid));
    }
}

#[test]
fn a_batch_ends_with_the_entry_that_fills_32_kib() {
    let mut scene = Scene::leading(settings());
    // While the first append is underway nothing else is sent: it had no entries to learn a latency from.
    scene.given(1, 10);
    let first = scene.hand.take();
    for number in 2..=6 {
        scene.given(number, 16 * 1024);
    }
    scene.hand.sent.clear();

    for (to, message) in first.into_iter().filter(|(to, _)| *to == ONE) {
        scene.gets(to, yes(&message).expect("an append"));
    }
    scene.finish_disk();

    assert_eq!(batches(&mut scene)[0], 2);
}

#[test]
fn two_appends_are_underway_at_most() {
    let mut scene = Scene::leading(settings());
    scene.given(1, 10);
    scene.agreed_by(ONE);
    scene.finish_disk();
    scene.hand.sent.clear();

    for number in 2..=6 {
        scene.passes(10);
        scene.given(number, 10);
    }

    assert_eq!(batches(&mut scene), [1, 1]);
}

#[test]
fn a_leader_steps_down_after_three_failures_and_more_than_five_seconds_without_a_quorum() {
    for (silent_ms, role) in [(5_000, Role::Leader), (5_001, Role::Follower)] {
        let mut scene = Scene::leading(settings());
        for failure in 1..=3 {
            scene.passes(if failure == 3 { silent_ms } else { 0 });
            scene.fires_now(Timer::Append);
            scene.member.unreachable(ONE, &mut scene.hand);
        }

        assert_eq!(scene.member.role(), role, "after {silent_ms} ms");
    }
}

#[test]
fn two_failures_are_not_enough() {
    let mut scene = Scene::leading(settings());
    for _ in 1..=2 {
        scene.passes(10_000);
        scene.fires_now(Timer::Append);
        scene.member.unreachable(ONE, &mut scene.hand);
    }

    assert_eq!(scene.member.role(), Role::Leader);
}

#[test]
fn after_five_failures_heartbeats_wait_for_twice_as_long_with_each() {
    let mut scene = Scene::leading(settings());
    for _ in 1..=5 {
        scene.fires_now(Timer::Append);
        scene.member.unreachable(ONE, &mut scene.hand);
        scene.hand.sent.clear();
    }
    // 250 ms times 2^5, from the first failure on.
    scene.passes(8_000);
    scene.fires_now(Timer::Append);
    assert_eq!(batches(&mut scene), [0; 0]);
    scene.passes(1);
    scene.fires_now(Timer::Append);

    assert_eq!(batches(&mut scene), [0]);
}

#[test]
fn a_poll_or_a_join_request_ends_the_back_off() {
    let poll = Message::Poll(crate::hand::candidacy(1, 1, 1));
    for message in [poll, Message::Join { id: 9 }] {
        let mut scene = Scene::leading(settings());
        for _ in 1..=5 {
            scene.fires_now(Timer::Append);
            scene.member.unreachable(ONE, &mut scene.hand);
        }
        scene.hand.sent.clear();

        scene.gets(ONE, message);
        scene.hand.sent.clear();
        scene.fires_now(Timer::Append);

        assert_eq!(batches(&mut scene), [0]);
    }
}

#[test]
fn a_request_without_an_answer_fails_after_five_seconds() {
    let mut scene = Scene::leading(settings());
    scene.fires_now(Timer::Append);
    let sent_at = scene.hand.now;

    scene.fires(Timer::Requests);

    assert!(scene.hand.now - sent_at <= 5 * SECONDS);
    scene.passes(5_000);
    scene.member.timer(Timer::Requests, &mut scene.hand);
    scene.hand.sent.clear();
    scene.fires_now(Timer::Append);
    assert_eq!(batches(&mut scene), [0]);
}

#[test]
fn a_group_of_one_commits_by_itself() {
    let mut hand = crate::hand::Hand::new();
    let mut member: relapse_raft::Member<crate::hand::Word> =
        relapse_raft::Member::new(std::sync::Arc::new(settings()), 0, crate::hand::ME, &[], 1);
    member.start(None, &mut hand);
    let scene = &mut Scene { member, hand };
    scene.finish_disk();

    assert_eq!((scene.member.role(), &*scene.hand.committed), (Role::Leader, &[1][..]));
    assert!(matches!(scene.member.log().get(1).map(|entry| &entry.body), Some(Body::Initialize)));
}

impl Scene {
    /// The heartbeat timer fires now, without waiting for it.
    fn fires_now(&mut self, timer: Timer) {
        self.member.timer(timer, &mut self.hand);
    }
}
