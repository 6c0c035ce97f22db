//! What a connection keeps while it is stalled, sends again, gives up, or takes along with its machine.

use crate::stage::*;
use relapse_kernel::control::Command;
use relapse_kernel::dice::Probability;
use relapse_kernel::disk::Unsynced;
use relapse_kernel::identity::{MICROS, MILLIS, Nanos, NodeId, SECONDS};
use relapse_kernel::latency::Latency;
use relapse_kernel::network::LinkProfile;
use relapse_kernel::system::Target;

#[test]
fn what_was_stalled_is_sent_again_in_its_order_under_jitter_and_loss() {
    let jitter = Latency::uniform(MICROS, 10 * MILLIS).unwrap();
    let times: Vec<Nanos> = (0..100).map(|nth| 2 * MILLIS + nth * MICROS).collect();
    for loss in [Probability::NEVER, Probability::ppm(200_000)] {
        let mut play = writes(&times).link(|link| (link.latency, link.loss) = (jitter, loss)).play();

        play.at(MILLIS, Command::Block(A, B));
        play.at(100 * MILLIS, Command::Unblock(A, B));
        play.finish();

        assert_eq!(play.values(B, "value"), (1..=100).collect::<Vec<_>>());
        assert_eq!(play.world.traffic(A, B).stalled, 100);
    }
}

#[test]
fn a_timer_of_an_earlier_stall_does_not_end_the_connection_in_a_later_one() {
    // The first stall, from 2 ms on, is over at 202 ms; its timer is due at 60.002 s, the second one's at 100 s.
    let stalled_twice = |lifted_at| {
        let mut play = writes(&[2 * MILLIS, 40 * SECONDS]).play();
        play.at(MILLIS, Command::Block(A, B));
        play.at(201 * MILLIS, Command::Unblock(A, B));
        play.at(30 * SECONDS, Command::Block(A, B));
        play.at(lifted_at, Command::Unblock(A, B));
        play.finish();
        (play.values(B, "value"), play.closed(A))
    };

    assert_eq!(stalled_twice(100 * SECONDS - 1), (vec![1, 2], vec![]));
    assert_eq!(stalled_twice(100 * SECONDS), (vec![1], vec![(40 * SECONDS + GIVE_UP, TIMED_OUT)]));
}

#[test]
fn a_timer_of_an_earlier_darkness_does_not_end_the_connection_in_a_later_one() {
    let mut play = writes(&[2 * MILLIS, 30 * SECONDS]).play();

    play.darken(MILLIS, B);
    // The machine comes back, and its reset gets no further than the machine, which goes dark again.
    play.at(500 * MILLIS, Command::Block(B, A));
    play.start(SECONDS, B);
    play.darken(2 * SECONDS, B);
    play.at(3 * SECONDS, Command::Unblock(B, A));
    play.finish();

    assert_eq!(play.closed(A), [(30 * SECONDS + LATENCY + GIVE_UP, TIMED_OUT)]);
}

#[test]
fn a_machine_whose_reset_went_dark_with_it_resets_again_when_it_is_back() {
    let mut play = writes(&[2 * SECONDS]).play();

    play.at(MILLIS, Command::Block(B, A));
    play.kill(2 * MILLIS, B, Unsynced::Keep);
    play.darken(3 * MILLIS, B);
    play.at(4 * MILLIS, Command::Unblock(B, A));
    play.start(SECONDS, B);
    play.finish();

    assert_eq!(play.closed(A), [(2 * SECONDS + 2 * LATENCY, RESET)]);
}

#[test]
fn a_machine_whose_end_went_dark_with_it_resets_when_it_is_back() {
    let mut play = writes(&[2 * SECONDS]).act(B, 2 * MILLIS, Act::Close(1)).play();

    play.at(MILLIS, Command::Block(B, A));
    play.darken(3 * MILLIS, B);
    play.at(4 * MILLIS, Command::Unblock(B, A));
    play.start(SECONDS, B);
    play.finish();

    assert_eq!(play.closed(A), [(2 * SECONDS + 2 * LATENCY, RESET)]);
}

#[test]
fn a_reset_that_was_underway_when_its_machine_went_dark_is_not_sent_again() {
    let mut play = writes(&[950 * MICROS]).play();

    play.kill(1_000 * MICROS, B, Unsynced::Keep);
    play.darken(1_010 * MICROS, B);
    play.start(1_020 * MICROS, B);
    play.finish();

    // What A wrote came to the new process, which is not the one it was for.
    assert_eq!(play.seen(B, "undeliverable"), [(950 * MICROS + LATENCY, 0)]);
    assert_eq!(play.closed(A), [(1_000 * MICROS + LATENCY, RESET)]);
    assert_eq!(play.world.traffic(B, A).sent, 1);
}

#[test]
fn which_of_two_connections_gives_up_first_does_not_depend_on_which_stalled_first() {
    const C: NodeId = NodeId(2);
    const D: NodeId = NodeId(3);
    // Both give up at 61 s: one has waited for 60 s, and the other for 50 s.
    let order = |seed, waits_of_a| {
        let waits_of_c = 110 * SECONDS - waits_of_a;
        let open = |to| Act::Open(Target::Node(to), 1);
        let stage = Stage { seed, ..Stage::new(4) }.act(A, 0, open(B)).act(C, 0, open(D));
        let stage = stage.act(A, 61 * SECONDS - waits_of_a, Act::Write(1, 1));
        let mut play = stage.act(C, 61 * SECONDS - waits_of_c, Act::Write(1, 1)).play();
        for (from, to, give_up) in [(A, B, waits_of_a), (C, D, waits_of_c)] {
            play.at(MILLIS, Command::Link(from, to, LinkProfile { give_up, ..LinkProfile::default() }));
            play.at(MILLIS, Command::Block(from, to));
        }
        play.finish();
        let closed: Vec<Line> = play.seen.0.into_iter().filter(|line| line.name == "closed").collect();
        assert!(closed.iter().all(|line| line.at == 61 * SECONDS) && closed.len() == 2, "{closed:?}");
        closed[0].node
    };

    let firsts: Vec<NodeId> = (0..16).map(|seed| order(seed, 60 * SECONDS)).collect();

    assert_eq!(firsts, (0..16).map(|seed| order(seed, 50 * SECONDS)).collect::<Vec<_>>());
    assert!(firsts.contains(&A) && firsts.contains(&C), "the seed decides: {firsts:?}");
}

#[test]
fn a_piece_is_counted_as_lost_once_however_often_it_is_tried() {
    let always = |retransmit_max| LinkProfile { loss: Probability::ALWAYS, retransmit_max, ..LinkProfile::default() };
    let mut play = writes(&[MILLIS]).link(|link| *link = always(SECONDS)).play();

    // Each change of the link has the pieces tried again.
    for (nth, retransmit_max) in (1..=3).map(|nth| (nth, (1 + nth) * SECONDS)) {
        play.at(nth * 10 * SECONDS, Command::Link(A, B, always(retransmit_max)));
    }
    play.until(45 * SECONDS);
    let traffic = play.world.traffic(A, B);
    // The value waits behind the opening and has not been tried.
    assert_eq!((traffic.sent, traffic.lost, traffic.stalled), (2, 1, 2));

    play.at(45 * SECONDS, Command::Link(A, B, LinkProfile::default()));
    play.finish();
    assert_eq!(play.values(B, "value"), [1]);
    assert_eq!((play.world.traffic(A, B).sent, play.world.traffic(A, B).lost), (2, 1));
}

#[test]
fn as_many_pieces_are_lost_as_the_chance_says_though_some_take_many_tries() {
    let times: Vec<Nanos> = (1..=1_000).map(|at| at * MILLIS).collect();
    let mut play = writes(&times).link(|link| link.loss = Probability::ppm(500_000)).play();

    play.finish();

    let traffic = play.world.traffic(A, B);
    assert_eq!((traffic.sent, play.values(B, "value").len()), (1_001, 1_000));
    assert!((440..=560).contains(&traffic.lost), "{traffic:?}");
}
