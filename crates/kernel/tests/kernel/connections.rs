//! Connections: ordered, stalled, given up, reset, half open.

use crate::stage::*;
use relapse_kernel::control::Command;
use relapse_kernel::dice::Probability;
use relapse_kernel::disk::Unsynced;
use relapse_kernel::identity::{Address, MICROS, MILLIS, Nanos, NodeId, SECONDS};
use relapse_kernel::latency::Latency;
use relapse_kernel::system::Target;

#[test]
fn pieces_stay_in_order_under_jitter() {
    let times: Vec<Nanos> = (1..=100).map(|at| at * MICROS).collect();
    let jitter = Latency::uniform(MICROS, 10 * MILLIS).unwrap();
    let mut play = writes(&times).link(|link| link.latency = jitter).play();

    play.finish();

    assert_eq!(play.values(B, "value"), (1..=100).collect::<Vec<_>>());
}

#[test]
fn a_lost_piece_comes_after_a_retransmission_and_holds_up_the_ones_behind() {
    let times: Vec<Nanos> = (1..=100).map(|at| at * MICROS).collect();
    let mut play = writes(&times).link(|link| link.loss = Probability::ppm(100_000)).play();

    play.finish();

    assert_eq!(play.values(B, "value"), (1..=100).collect::<Vec<_>>());
    let late = play.seen(B, "value").iter().filter(|(at, _)| *at >= SECONDS / 5 + LATENCY).count();
    assert!(late > 0 && play.world.traffic(A, B).lost > 0);
}

#[test]
fn a_connection_that_loses_everything_times_out_and_delivers_nothing() {
    let mut play = writes(&[MILLIS]).link(|link| link.loss = Probability::ALWAYS).play();

    play.finish();

    assert_eq!(play.closed(A), [(GIVE_UP, TIMED_OUT)]);
    assert_eq!((play.values(B, "opened").len(), play.values(B, "value").len()), (0, 0));
}

#[test]
fn what_certain_loss_held_arrives_when_the_link_is_good_again() {
    let mut play = writes(&[MILLIS]).link(|link| link.loss = Probability::ALWAYS).play();

    play.until(SECONDS);
    let good = relapse_kernel::network::LinkProfile::default();
    let effect = play.at(SECONDS, Command::Link(A, B, good));
    play.finish();

    assert_eq!((effect.connections, play.values(B, "value").len(), play.closed(A).len()), (1, 1, 0));
}

#[test]
fn a_block_lifted_before_give_up_delivers_what_waited() {
    let mut play = writes(&[2 * MILLIS]).play();

    play.at(MILLIS, Command::Block(A, B));
    let effect = play.at(2 * MILLIS + GIVE_UP - 1, Command::Unblock(A, B));
    play.finish();

    assert_eq!((effect.connections, play.values(B, "value").len(), play.closed(A).len()), (1, 1, 0));
}

#[test]
fn a_block_lifted_at_give_up_finds_the_connection_timed_out() {
    let mut play = writes(&[2 * MILLIS]).play();

    play.at(MILLIS, Command::Block(A, B));
    let effect = play.at(2 * MILLIS + GIVE_UP, Command::Unblock(A, B));
    play.finish();

    assert_eq!((effect.connections, play.values(B, "value").len()), (0, 0));
    assert_eq!(play.closed(A), [(2 * MILLIS + GIVE_UP, TIMED_OUT)]);
}

#[test]
fn a_stalled_piece_is_sent_again_at_the_next_retransmission_and_not_at_once() {
    // Sent at 2 ms; tries at 202 ms and 602 ms.
    for (lifted_at, arrives_at) in [(201, 202), (202, 202), (203, 602)] {
        let mut play = writes(&[2 * MILLIS]).play();

        play.at(MILLIS, Command::Block(A, B));
        play.at(lifted_at * MILLIS, Command::Unblock(A, B));
        play.finish();

        assert_eq!(play.seen(B, "value"), [(arrives_at * MILLIS + LATENCY, 1)]);
    }
}

#[test]
fn a_block_that_returns_before_the_retransmission_holds_the_piece_again() {
    let mut play = writes(&[2 * MILLIS]).play();

    play.at(MILLIS, Command::Block(A, B));
    play.at(210 * MILLIS, Command::Unblock(A, B));
    play.at(220 * MILLIS, Command::Block(A, B));
    play.until(SECONDS);
    assert_eq!(play.values(B, "value"), []);

    play.at(SECONDS, Command::Unblock(A, B));
    play.finish();
    assert_eq!(play.seen(B, "value"), [(1_402 * MILLIS + LATENCY, 1)]);
}

#[test]
fn a_stalled_connection_does_not_hold_up_datagrams_on_its_link() {
    let stage = writes(&[2 * MILLIS]).act(A, 211 * MILLIS, Act::Send(Target::Node(B), 9, 1_000));
    let mut play = stage.link(|link| link.bandwidth = 1_000_000).play();

    play.at(MILLIS, Command::Block(A, B));
    play.at(210 * MILLIS, Command::Unblock(A, B));
    play.finish();

    assert_eq!(play.seen(B, "value")[0], (212 * MILLIS + LATENCY, 9));
}

#[test]
fn a_write_is_not_delivered_to_a_blocked_side_but_the_way_back_works() {
    let stage = writes(&[2 * MILLIS]).act(B, 2 * MILLIS, Act::Write(1, 9));
    let mut play = stage.play();

    play.at(MILLIS, Command::Block(A, B));
    play.until(SECONDS);

    assert_eq!((play.values(A, "value"), play.values(B, "value")), (vec![9], vec![]));
}

#[test]
fn closing_delivers_what_was_written_and_then_the_end() {
    let mut play = writes(&[MILLIS]).act(A, MILLIS + 1, Act::Close(1)).play();

    play.finish();

    assert_eq!(play.seen(B, "value"), [(MILLIS + LATENCY, 1)]);
    assert_eq!(play.closed(B), [(MILLIS + LATENCY + 1, FINISHED)]);
    assert_eq!(play.closed(A), []);
}

#[test]
fn aborting_resets_the_other_side() {
    let mut play = writes(&[]).act(B, MILLIS, Act::Abort(1)).play();

    play.finish();

    assert_eq!(play.closed(A), [(MILLIS + LATENCY, RESET)]);
    assert_eq!(play.closed(B), []);
}

#[test]
fn a_killed_process_resets_its_connections() {
    let mut play = writes(&[]).play();

    let effect = play.kill(MILLIS, B, Unsynced::Keep);
    play.finish();

    assert_eq!(effect.connections, 1);
    assert_eq!(play.closed(A), [(MILLIS + LATENCY, RESET)]);
}

#[test]
fn a_dark_machine_says_nothing_to_a_silent_peer() {
    let mut play = writes(&[]).play();

    play.darken(MILLIS, B);
    play.finish();

    assert_eq!(play.closed(A), []);
}

#[test]
fn a_peer_of_a_dark_machine_times_out_after_its_first_write() {
    let mut play = writes(&[2 * MILLIS, SECONDS]).play();

    play.darken(MILLIS, B);
    play.finish();

    assert_eq!(play.closed(A), [(2 * MILLIS + LATENCY + GIVE_UP, TIMED_OUT)]);
}

#[test]
fn a_block_on_the_way_to_a_dark_machine_does_not_delay_the_time_out() {
    let mut play = writes(&[2 * MILLIS, 20 * SECONDS]).play();

    play.darken(MILLIS, B);
    play.at(10 * SECONDS, Command::Block(A, B));
    play.finish();

    assert_eq!(play.closed(A), [(2 * MILLIS + LATENCY + GIVE_UP, TIMED_OUT)]);
}

#[test]
fn a_machine_that_is_back_resets_what_was_half_open() {
    let mut play = writes(&[2 * MILLIS]).play();

    play.darken(MILLIS, B);
    play.start(SECONDS, B);
    play.finish();

    assert_eq!(play.closed(A), [(SECONDS + LATENCY, RESET)]);
    assert_eq!(play.values(B, "value"), []);
}

#[test]
fn a_peer_that_writes_only_after_the_machine_is_back_is_reset_then() {
    let mut play = writes(&[2 * SECONDS]).play();

    play.darken(MILLIS, B);
    play.start(SECONDS, B);
    play.finish();

    assert_eq!(play.closed(A), [(2 * SECONDS + 2 * LATENCY, RESET)]);
}

#[test]
fn connecting_to_a_dead_process_is_refused_and_to_a_dark_machine_times_out() {
    for (dark, end) in [(false, (MILLIS + 2 * LATENCY, RESET)), (true, (MILLIS + LATENCY + GIVE_UP, TIMED_OUT))] {
        let mut play = Stage::new(2).act(A, MILLIS, Act::Open(Target::Node(B), 1)).play();

        play.at(0, Command::Kill { node: B, unsynced: Unsynced::Keep, dark });
        play.finish();

        assert_eq!(play.closed(A), [end]);
    }
}

#[test]
fn connecting_to_nobodys_address_is_refused() {
    let mut play = Stage::new(1).act(A, MILLIS, Act::Open(Target::Address(Address(0)), 1)).play();

    play.finish();

    assert_eq!(play.closed(A), [(MILLIS + 2 * LATENCY, RESET)]);
}

#[test]
fn who_writes_to_a_side_that_timed_out_is_reset() {
    let mut play = writes(&[2 * MILLIS]).act(B, 70 * SECONDS, Act::Write(1, 9)).play();

    play.at(MILLIS, Command::Block(A, B));
    play.at(65 * SECONDS, Command::Unblock(A, B));
    play.finish();

    assert_eq!(play.closed(A), [(2 * MILLIS + GIVE_UP, TIMED_OUT)]);
    assert_eq!(play.closed(B), [(70 * SECONDS + 2 * LATENCY, RESET)]);
}

#[test]
fn who_writes_to_a_side_whose_reset_was_given_up_is_reset_at_last() {
    let mut play = writes(&[]).act(A, 70 * SECONDS, Act::Write(1, 9)).play();

    play.at(MILLIS, Command::Block(B, A));
    play.kill(2 * MILLIS, B, Unsynced::Keep);
    play.at(65 * SECONDS, Command::Unblock(B, A));
    play.finish();

    assert_eq!(play.closed(A), [(70 * SECONDS + 2 * LATENCY, RESET)]);
}

#[test]
fn a_reset_that_waits_on_a_machine_goes_with_the_machine() {
    let mut play = writes(&[]).play();

    play.at(MILLIS, Command::Block(B, A));
    play.kill(2 * MILLIS, B, Unsynced::Keep);
    play.darken(3 * MILLIS, B);
    play.at(4 * MILLIS, Command::Unblock(B, A));
    play.finish();

    assert_eq!(play.closed(A), []);
}

#[test]
fn a_hung_process_keeps_its_connections_and_answers_nothing() {
    let mut play = writes(&[2 * MILLIS]).play();

    play.at(MILLIS, Command::Hang(B));
    play.finish();

    assert_eq!((play.closed(A), play.values(B, "value")), (vec![], vec![]));
    assert_eq!(play.seen(B, "swallowed"), [(2 * MILLIS + LATENCY, 0)]);
}

#[test]
#[should_panic(expected = "n0 has an open connection labelled 7 already")]
fn two_open_connections_of_one_process_may_not_have_one_label() {
    let open = || Act::Open(Target::Node(B), 7);

    Stage::new(2).act(A, 0, open()).act(A, MILLIS, open()).play().finish();
}

#[test]
fn a_label_is_free_for_others_and_again_after_the_end_and_for_the_next_process() {
    const C: NodeId = NodeId(2);
    let open = || Act::Open(Target::Node(C), 7);
    let stage = Stage::new(3).act(A, 0, open()).act(B, 0, open());
    let stage = stage.act(A, MILLIS, Act::Close(7)).act(A, 2 * MILLIS, open());
    let mut play = stage.again(A, 2, MILLIS, open()).play();

    play.kill(3 * MILLIS, A, Unsynced::Keep);
    play.start(4 * MILLIS, A);
    play.finish();

    assert_eq!(play.values(C, "opened"), [7; 4]);
}

#[test]
fn a_label_names_the_draws_of_its_connection() {
    let jitter = Latency::uniform(MICROS, MILLIS).unwrap();
    let arrives = |node, label| {
        let to = Target::Node(if node == A { B } else { A });
        let stage = Stage::new(2).act(node, 0, Act::Open(to, label)).act(node, SECONDS, Act::Write(label, 1));
        let mut play = stage.link(|link| link.latency = jitter).play();
        play.finish();
        play.seen(if node == A { B } else { A }, "value")[0].0
    };

    assert_eq!(arrives(A, 1), arrives(A, 1));
    assert_ne!(arrives(A, 1), arrives(A, 2));
    assert_ne!(arrives(A, 1), arrives(B, 1));
}
