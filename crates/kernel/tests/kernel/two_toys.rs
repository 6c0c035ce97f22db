//! Two systems in one world, and the promise of keyed dice: who is removed takes nothing of the others with it.

use crate::stage::{Line, Seen};
use relapse_kernel::budget::Budget;
use relapse_kernel::builder::Builder;
use relapse_kernel::control::Command;
use relapse_kernel::dice::{Draw, Probability};
use relapse_kernel::disk::{DiskProfile, Unsynced};
use relapse_kernel::event::words;
use relapse_kernel::hand::HandEnv;
use relapse_kernel::identity::{Address, MICROS, MILLIS, NodeId, SECONDS};
use relapse_kernel::latency::Latency;
use relapse_kernel::network::LinkProfile;
use relapse_kernel::pair::{Either, Pair};
use relapse_kernel::system::{Input, Node, System};
use relapse_kernel::toys::ping_pong::{self, PingPong};
use relapse_kernel::toys::token_ring::{self, TokenRing};
use relapse_kernel::world::World;
use std::collections::BTreeSet;

/// Nodes 0..3 play ping-pong, nodes 3..6 are a ring.
const PLAYERS: u16 = 3;
const NODES: u16 = 6;

fn rough(_: NodeId, _: NodeId) -> LinkProfile {
    LinkProfile {
        latency: Latency::uniform(50 * MICROS, 5 * MILLIS).expect("a range"),
        loss: Probability::ppm(20_000),
        duplication: Probability::ppm(20_000),
        reorder: Probability::ppm(20_000),
        reorder_max: 10 * MILLIS,
        ..LinkProfile::default()
    }
}

fn player(node: u16) -> ping_pong::Role {
    let config = ping_pong::Config { servers: 2, in_flight: 4, retry_after: 30 * MILLIS, ..Default::default() };
    if node < 2 { ping_pong::Role::Server } else { config.client(0) }
}

fn member() -> token_ring::Role {
    token_ring::Role { first: PLAYERS, ..Default::default() }
}

/// A world of both toys, of which some nodes are not started.
pub fn both(seed: u64, players: bool, members: bool) -> World<Pair<PingPong, TokenRing>> {
    let mut builder = Builder::new(seed).links(rough);
    for node in 0..NODES {
        let (role, starts) = match node {
            0..PLAYERS => (Either::Left(player(node)), players),
            _ => (Either::Right(member()), members),
        };
        let add = if starts { Builder::node } else { Builder::idle_node };
        add(&mut builder, role, DiskProfile::default());
    }
    builder.build()
}

#[test]
fn every_name_of_an_event_is_one_of_the_words_that_the_system_tells() {
    let words = words::<Pair<PingPong, TokenRing>>().expect("both toys tell their words");
    let mut world = both(1, true, true);
    let (mut seen, kill) = (Seen::default(), Command::Kill { node: NodeId(4), unsynced: Unsynced::Lose, dark: false });
    world.wake_at(SECONDS, 1);
    world.run(Budget::until(SECONDS), &mut seen);
    world.control(kill, &mut seen);
    world.control(Command::Start { node: NodeId(4), readdress: false }, &mut seen);
    world.run(Budget::until(3 * SECONDS), &mut seen);

    let names: BTreeSet<&str> = seen.0.iter().map(|line| line.name).collect();
    let strangers: Vec<&&str> = names.iter().filter(|name| !words.contains(*name)).collect();
    assert!(strangers.is_empty() && names.len() > 15, "{strangers:?} of {names:?}");
    assert!(words.windows(2).all(|two| two[0] < two[1]), "{words:?}");
}

/// A run of three seconds: all events, and all draws in the order of their streams.
fn run<S: System>(mut world: World<S>) -> (Vec<Line>, Vec<Draw>) {
    let mut seen = Seen::default();
    world.keep_draws();
    world.run(Budget::until(3 * SECONDS), &mut seen);
    let mut draws = world.draws().to_vec();
    draws.sort();
    (seen.0, draws)
}

fn of(lines: &[Line], nodes: std::ops::Range<u16>) -> Vec<Line> {
    lines.iter().copied().filter(|line| nodes.contains(&line.node.0)).collect()
}

#[test]
fn both_toys_work_side_by_side() {
    let mut world = both(1, true, true);

    world.run(Budget::until(3 * SECONDS), &mut ());

    let Some(Either::Left(client)) = world.node(NodeId(2)) else { panic!("a client") };
    let Some(Either::Right(member)) = world.node(NodeId(3)) else { panic!("a member") };
    assert!(client.client().unwrap().replies > 1_000 && member.durable() > 50);
}

#[test]
fn removing_one_toy_leaves_the_events_and_draws_of_the_other_where_they_were() {
    for seed in 0..3 {
        let (lines, draws) = run(both(seed, true, true));

        for (players, own) in [(true, 0..PLAYERS), (false, PLAYERS..NODES)] {
            let (lines_alone, draws_alone) = run(both(seed, players, !players));

            let (before, after) = (of(&lines, own.clone()), of(&lines_alone, own));
            assert!(before.len() >= 1_000, "{}", before.len());
            assert_eq!(before, after);
            assert!(draws_alone.len() >= 300 && draws_alone.iter().all(|draw| draws.binary_search(draw).is_ok()));
        }
    }
}

#[test]
fn a_toy_in_a_pair_does_what_it_does_alone() {
    let (in_a_pair, _) = run(both(7, true, true));
    let mut builder = Builder::<PingPong>::new(7).links(rough);
    for node in 0..PLAYERS {
        builder.node(player(node), DiskProfile::default());
    }

    let (alone, _) = run(builder.build());

    assert_eq!(of(&in_a_pair, 0..PLAYERS), alone);
}

#[test]
fn faults_of_one_toy_do_not_move_the_other() {
    let (undisturbed, _) = run(both(3, true, true));
    let mut world = both(3, true, true);
    let mut seen = Seen::default();

    for (at, member) in [(100, 3), (400, 4), (800, 5)] {
        world.run(Budget::until(at * MILLIS), &mut seen);
        let node = NodeId(member);
        world.control(Command::Kill { node, unsynced: Unsynced::Tear, dark: false }, &mut seen);
        world.control(Command::Start { node, readdress: true }, &mut seen);
    }
    world.run(Budget::until(3 * SECONDS), &mut seen);

    assert_eq!(of(&seen.0, 0..PLAYERS), of(&undisturbed, 0..PLAYERS));
    assert_ne!(of(&seen.0, PLAYERS..NODES), of(&undisturbed, PLAYERS..NODES));
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the claim is about threads")]
fn a_run_is_the_same_on_another_thread_and_after_other_seeds() {
    let digest = |seed| {
        let mut world = both(seed, true, true);
        world.run(Budget::until(SECONDS), &mut ());
        (world.digest(), world.events(), world.checkpoints().to_vec())
    };
    let first = digest(5);

    let on_another_thread = std::thread::spawn(move || (digest(6), digest(5)).1).join().unwrap();
    let after_others = [7, 8, 5].map(digest)[2].clone();

    assert_eq!((&first, &first), (&on_another_thread, &after_others));
    assert_ne!(first.0, digest(6).0);
}

#[test]
#[should_panic(expected = "SIMULATOR BUG: a node of one system met something of the other system")]
fn a_node_that_is_given_a_message_of_the_other_system_is_a_simulator_bug() {
    let mut env = HandEnv::<Pair<PingPong, TokenRing>>::new(NodeId(0), 1);
    let mut server = Pair::<PingPong, TokenRing>::boot(&Either::Left(player(0)));
    let message = Either::Right(token_ring::Message::Token(1));

    server.handle(Input::Message { from: NodeId(3), address: Address(1), message }, &mut env);
}
