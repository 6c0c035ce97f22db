//! Datagrams: lost, doubled, overtaken, serialised, blocked, sent to who has moved.

use crate::stage::*;
use relapse_kernel::control::Command;
use relapse_kernel::dice::Probability;
use relapse_kernel::disk::Unsynced;
use relapse_kernel::identity::{Address, MICROS, MILLIS, Nanos, SECONDS};
use relapse_kernel::latency::Latency;
use relapse_kernel::network::LinkProfile;
use relapse_kernel::system::Target;

const TO_B: Target = Target::Node(B);

fn hundred(mut stage: Stage) -> Stage {
    for value in 0..100 {
        stage = stage.act(A, MILLIS + value * MICROS, Act::Send(TO_B, value, 0));
    }
    stage
}

#[test]
fn a_datagram_arrives_after_its_latency_and_not_before() {
    let mut play = Stage::new(2).act(A, MILLIS, Act::Send(TO_B, 7, 0)).play();

    play.until(MILLIS + LATENCY - 1);
    assert_eq!(play.seen(B, "value"), []);

    play.until(MILLIS + LATENCY);
    assert_eq!(play.seen(B, "value"), [(MILLIS + LATENCY, 7)]);
}

#[test]
fn no_loss_loses_none_and_certain_loss_all() {
    for (loss, arrive) in [(Probability::NEVER, 100), (Probability::ALWAYS, 0)] {
        let mut play = hundred(Stage::new(2)).link(|link| link.loss = loss).play();

        play.finish();

        assert_eq!(play.values(B, "value").len(), arrive);
        assert_eq!(play.seen(A, "lost").len(), 100 - arrive);
        assert_eq!(play.world.traffic(A, B).lost as usize, 100 - arrive);
    }
}

#[test]
fn half_the_datagrams_are_lost_at_half_a_chance() {
    let mut play = hundred(Stage::new(2)).link(|link| link.loss = Probability::ppm(500_000)).play();

    play.finish();

    assert!((30..=70).contains(&play.values(B, "value").len()));
}

#[test]
fn certain_duplication_doubles_each_and_none_doubles_none() {
    for (duplication, times) in [(Probability::NEVER, 1), (Probability::ALWAYS, 2)] {
        let mut play = hundred(Stage::new(2)).link(|link| link.duplication = duplication).play();

        play.finish();

        let values = play.values(B, "value");
        assert!((0..100).all(|value| values.iter().filter(|seen| **seen == value).count() == times));
    }
}

#[test]
fn held_back_datagrams_are_overtaken_and_without_reordering_none_is() {
    for (reorder, in_order) in [(Probability::NEVER, true), (Probability::ppm(300_000), false)] {
        let stage = hundred(Stage::new(2)).link(|link| link.reorder = reorder);
        let mut play = stage.link(|link| link.reorder_max = MILLIS).play();

        play.finish();

        assert_eq!(play.values(B, "value").is_sorted(), in_order);
        assert_eq!(play.values(B, "value").len(), 100);
    }
}

/// How long each of many datagrams is underway.
fn underway(change: impl FnOnce(&mut LinkProfile)) -> Vec<Nanos> {
    let mut stage = Stage::new(2);
    for at in (1..=5_000).map(|nth| nth * MILLIS) {
        stage = stage.act(A, at, Act::Send(TO_B, at, 0));
    }
    let mut play = stage.link(change).play();
    play.finish();
    let took: Vec<Nanos> = play.seen(B, "value").into_iter().map(|(at, sent_at)| at - sent_at).collect();
    assert_eq!(took.len(), 5_000);
    took
}

/// Whether they are spread from one bound to the other, and none beyond. The upper one is never quite reached.
fn assert_fill(took: &[Nanos], from: Nanos, below: Nanos) {
    let (least, most) = (took.iter().min(), took.iter().max());
    let near = (below - from) / 200;
    assert!(least.is_some_and(|least| (from..from + near).contains(least)), "{least:?}");
    assert!(most.is_some_and(|most| (below - near..below).contains(most)), "{most:?}");
}

#[test]
fn jitter_reaches_to_its_bounds_and_not_beyond() {
    let jitter = Latency::uniform(3 * MILLIS, 5 * MILLIS).unwrap();

    assert_fill(&underway(|link| link.latency = jitter), 3 * MILLIS, 5 * MILLIS);
    assert_eq!((jitter.at(0), jitter.at(u32::MAX)), (3 * MILLIS, 5 * MILLIS - 1));
}

#[test]
fn a_datagram_is_held_back_for_up_to_the_longest_time_and_no_longer() {
    let took = underway(|link| (link.reorder, link.reorder_max) = (Probability::ALWAYS, 2 * MILLIS));

    assert_fill(&took, LATENCY, LATENCY + 2 * MILLIS);
}

#[test]
fn bandwidth_sends_one_datagram_after_the_other() {
    for (bandwidth, apart) in [(0, 0), (1_000, SECONDS)] {
        let send = |value| Act::Send(TO_B, value, 1_000);
        let stage = Stage::new(2).act(A, 0, send(1)).act(A, 0, send(2)).link(|link| link.bandwidth = bandwidth);
        let mut play = stage.play();

        play.finish();

        assert_eq!(play.seen(B, "value"), [(apart + LATENCY, 1), (2 * apart + LATENCY, 2)]);
    }
}

#[test]
fn a_block_stops_what_is_sent_during_it_and_nothing_else() {
    let mut stage = Stage::new(2);
    for at in [MILLIS, MILLIS + 1, 2 * MILLIS, 2 * MILLIS + 1] {
        stage = stage.act(A, at, Act::Send(TO_B, at, 0));
    }
    let mut play = stage.play();

    play.at(MILLIS, Command::Block(A, B));
    play.at(2 * MILLIS, Command::Unblock(A, B));
    play.finish();

    assert_eq!(play.values(B, "value"), [MILLIS, 2 * MILLIS + 1]);
    assert_eq!(play.world.traffic(A, B).blocked, 2);
}

#[test]
fn a_block_of_one_way_leaves_the_way_back_open() {
    let stage = Stage::new(2).act(A, MILLIS, Act::Send(TO_B, 1, 0));
    let mut play = stage.act(B, MILLIS, Act::Send(Target::Node(A), 2, 0)).play();

    play.at(0, Command::Block(A, B));
    play.finish();

    assert_eq!((play.values(B, "value").len(), play.values(A, "value").len()), (0, 1));
}

#[test]
fn a_link_is_free_when_each_of_its_blocks_is_lifted() {
    let stage = Stage::new(2).act(A, 2 * MILLIS, Act::Send(TO_B, 1, 0));
    let mut play = stage.act(A, 4 * MILLIS, Act::Send(TO_B, 2, 0)).play();

    play.at(0, Command::Block(A, B));
    assert!(!play.at(0, Command::Block(A, B)).changed);
    assert!(!play.at(MILLIS, Command::Unblock(A, B)).changed);
    assert!(play.at(3 * MILLIS, Command::Unblock(A, B)).changed);
    assert!(!play.at(3 * MILLIS, Command::Unblock(A, B)).changed);
    play.finish();

    assert_eq!(play.values(B, "value"), [2]);
}

#[test]
fn a_datagram_to_an_old_address_is_lost_and_one_to_the_node_arrives() {
    let old = Stage::new(2).play().until(0).world.address(B);
    let stage = Stage::new(2).act(A, 3 * MILLIS, Act::Send(Target::Address(old), 1, 0));
    let mut play = stage.act(A, 3 * MILLIS, Act::Send(TO_B, 2, 0)).play();

    play.kill(MILLIS, B, Unsynced::Keep);
    play.at(2 * MILLIS, Command::Start { node: B, readdress: true });
    play.finish();

    assert_eq!(play.values(B, "value"), [2]);
    assert_eq!(play.seen(B, "undeliverable"), [(3 * MILLIS + LATENCY, 0)]);
}

#[test]
fn a_datagram_to_the_address_of_a_restarted_process_arrives() {
    let address = Stage::new(2).play().until(0).world.address(B);
    let mut play = Stage::new(2).act(A, 3 * MILLIS, Act::Send(Target::Address(address), 1, 0)).play();

    play.kill(MILLIS, B, Unsynced::Keep);
    play.start(2 * MILLIS, B);
    play.finish();

    assert_eq!(play.values(B, "value"), [1]);
}

#[test]
fn a_block_by_identity_outlives_a_move_and_a_block_by_address_does_not() {
    for by_address in [false, true] {
        let mut play = Stage::new(2).act(A, 3 * MILLIS, Act::Send(TO_B, 1, 0)).play();
        let address = play.until(0).world.address(B);
        let block = if by_address { Command::BlockAddress(None, Some(address)) } else { Command::Block(A, B) };

        play.at(MILLIS, block);
        play.kill(MILLIS, B, Unsynced::Keep);
        play.at(2 * MILLIS, Command::Start { node: B, readdress: true });
        play.finish();

        assert_eq!(play.values(B, "value").len(), usize::from(by_address));
    }
}

#[test]
fn a_block_by_address_holds_while_the_address_stays() {
    let mut play = Stage::new(2).act(A, 3 * MILLIS, Act::Send(TO_B, 1, 0)).play();
    let address = play.until(0).world.address(B);

    play.at(MILLIS, Command::BlockAddress(None, Some(address)));
    play.kill(MILLIS, B, Unsynced::Keep);
    play.start(2 * MILLIS, B);
    play.finish();

    assert_eq!(play.values(B, "value"), []);
}

#[test]
fn a_datagram_to_nobody_is_noted_and_does_no_harm() {
    let stage = Stage::new(1).act(A, 0, Act::Send(Target::Address(Address(0)), 1, 0));
    let stage = stage.act(A, 0, Act::Send(Target::Address(Address(u32::MAX)), 1, 0));
    let mut play = stage.act(A, 0, Act::Send(Target::Node(relapse_kernel::identity::NodeId(9)), 1, 0)).play();

    play.finish();

    assert_eq!(play.seen(A, "undeliverable").len(), 3);
}
