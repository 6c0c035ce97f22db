//! Polls, votes, and what is kept of them over a restart.

use crate::hand::{ME, ONE, Scene, TWO, append, candidacy, granted, snapshot};
use kernel::identity::SECONDS;
use relapse_raft::{Message, Role, Settings, Timer, Toggles};

fn settings() -> Settings {
    Settings::default()
}

#[test]
fn a_follower_polls_before_it_raises_the_term() {
    let mut scene = Scene::new(settings());

    scene.fires(Timer::Heartbeat);

    assert_eq!(scene.hand.names(), ["raft-poll", "raft-poll"]);
    assert_eq!((scene.member.term(), scene.member.role()), (0, Role::Follower));
}

#[test]
fn one_yes_of_two_makes_a_candidate_whose_requests_wait_for_its_own_vote() {
    let mut scene = Scene::new(settings());
    scene.fires(Timer::Heartbeat);

    scene.agreed_by(ONE);

    assert_eq!((scene.member.term(), scene.member.vote(), scene.member.role()), (1, Some(ME), Role::Candidate));
    assert_eq!(scene.hand.names(), [""; 0]);
    scene.finish_disk();
    assert_eq!(scene.hand.names(), ["raft-vote", "raft-vote"]);
}

#[test]
fn a_vote_is_answered_when_it_is_durable() {
    let mut scene = Scene::new(settings());

    scene.gets(ONE, Message::Vote(candidacy(1, 0, 0)));

    assert_eq!(granted(&scene.hand.take()), [false; 0]);
    scene.finish_disk();
    assert_eq!(granted(&scene.hand.take()), [true]);
}

#[test]
fn a_member_votes_once_in_a_term_also_after_a_restart() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, Message::Vote(candidacy(1, 0, 0)));
    scene.gets(TWO, Message::Vote(candidacy(1, 0, 0)));
    scene.finish_disk();
    assert_eq!(granted(&scene.hand.take()), [true, false]);

    let mut scene = scene.restarted(settings());
    scene.gets(TWO, Message::Vote(candidacy(1, 0, 0)));
    scene.finish_disk();

    assert_eq!((scene.member.vote(), granted(&scene.hand.take())), (Some(ONE), vec![false]));
}

#[test]
fn a_voter_compares_terms_first_and_then_lengths() {
    for (last_index, last_term, yes) in [(2, 1, true), (1, 1, false), (1, 2, true), (9, 0, false)] {
        let mut scene = Scene::new(settings());
        scene.gets(ONE, append(1, (0, 0), 0, &[1, 1]));
        scene.settle();

        scene.gets(TWO, Message::Vote(candidacy(2, last_index, last_term)));
        scene.finish_disk();

        assert_eq!(granted(&scene.hand.take()), [yes], "a log that ends at {last_index} of term {last_term}");
    }
}

#[test]
fn a_voter_with_nothing_but_a_snapshot_votes_for_anybody_unless_that_is_fixed() {
    for (snapshot_votes, yes) in [(false, true), (true, false)] {
        let toggles = Toggles { snapshot_votes, ..Toggles::upstream() };
        let mut scene = Scene::new(Settings { toggles, ..settings() });
        scene.member.snapshot_available(snapshot(50, 1, 1), &mut scene.hand);

        scene.gets(TWO, Message::Vote(candidacy(2, 10, 1)));
        scene.finish_disk();

        assert_eq!(granted(&scene.hand.take()), [yes]);
    }
}

#[test]
fn a_follower_that_has_not_applied_the_first_commit_index_polls_nobody() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, append(1, (0, 0), 3, &[1]));
    scene.settle();
    scene.fires(Timer::Heartbeat);
    assert_eq!(scene.hand.names(), [""; 0]);

    scene.gets(ONE, append(1, (1, 1), 3, &[1, 1]));
    scene.settle();
    scene.fires(Timer::Heartbeat);

    assert_eq!(scene.hand.names(), ["raft-poll", "raft-poll"]);
}

#[test]
fn gossip_about_a_leader_that_is_gone_starts_a_poll_at_once() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, append(1, (0, 0), 0, &[]));
    scene.settle();

    scene.member.member_removed(TWO, &mut scene.hand);
    assert_eq!(scene.hand.names(), [""; 0]);
    scene.member.member_removed(ONE, &mut scene.hand);

    assert_eq!(scene.hand.names(), ["raft-poll", "raft-poll"]);
}

#[test]
fn a_poll_without_answers_is_repeated_after_its_timeout_and_another_heartbeat_timeout() {
    let mut scene = Scene::new(settings());
    scene.fires(Timer::Heartbeat);
    scene.hand.sent.clear();
    let polled_at = scene.hand.now;

    scene.fires(Timer::Heartbeat);
    assert_eq!(scene.hand.names(), [""; 0]);
    scene.fires(Timer::Heartbeat);

    assert_eq!((scene.hand.now - polled_at, scene.hand.names().len()), (5 * SECONDS, 2));
}

#[test]
fn an_inactive_member_refuses_and_the_next_leader_s_configure_request_revives_it() {
    let mut scene = Scene::new(settings());
    scene.gets(ONE, append(1, (0, 0), 1, &[1]));
    scene.settle();
    // Another leader contradicts what is committed: upstream's assertion.
    scene.gets(TWO, append(2, (0, 0), 0, &[2]));
    scene.finish_disk();
    assert_eq!((scene.member.role(), scene.hand.failed), (Role::Inactive, true));
    scene.hand.sent.clear();

    scene.gets(TWO, append(2, (1, 1), 0, &[]));
    assert_eq!(scene.hand.names(), ["raft-refused"]);
    scene.gets(TWO, Message::Configure { id: 2, term: 2 });

    assert_eq!(scene.member.role(), Role::Follower);
}

#[test]
fn a_member_that_its_host_stopped_stays_stopped() {
    let mut scene = Scene::new(settings());
    scene.member.stop(&mut scene.hand);

    scene.gets(TWO, Message::Configure { id: 2, term: 2 });

    assert_eq!((scene.member.role(), scene.hand.names()), (Role::Inactive, vec!["raft-refused"]));
}
