//! The cone of a change grows along messages and connections, through the state of nodes, and nowhere else.

use crate::stage::*;
use relapse_kernel::budget::Budget;
use relapse_kernel::cone::Cone;
use relapse_kernel::identity::{MILLIS, Nanos, NodeId};
use relapse_kernel::system::Target;

const C: NodeId = NodeId(2);

fn send(stage: Stage, from: NodeId, to: NodeId, at: Nanos) -> Stage {
    stage.act(from, at * MILLIS, Act::Send(Target::Node(to), at, 0))
}

/// The nodes in the cone of a change of A at 10 ms.
fn reached(stage: Stage) -> Vec<(NodeId, Nanos)> {
    let mut cone = Cone::of([(A, 10 * MILLIS)]);
    stage.play().world.run(Budget::UNLIMITED, &mut cone);
    cone.roots().collect()
}

#[test]
fn a_message_carries_it_on_through_the_state_of_who_got_it() {
    let through_b = send(send(Stage::new(3), A, B, 11), B, C, 20);

    // B's message at 20 ms has a cause of its own: a timer from before.
    let at = [(A, 10 * MILLIS), (B, 11 * MILLIS + LATENCY), (C, 20 * MILLIS + LATENCY)];
    assert_eq!(reached(through_b), at);
}

#[test]
fn what_was_sent_before_carries_nothing() {
    let before = send(send(Stage::new(3), A, B, 9), B, C, 20);
    assert_eq!(reached(before), [(A, 10 * MILLIS)]);

    let too_early = send(send(Stage::new(3), A, B, 11), B, C, 5);
    assert_eq!(reached(too_early).len(), 2);
}

#[test]
fn who_is_only_sent_to_reaches_nobody() {
    assert_eq!(reached(send(Stage::new(3), C, A, 20)), [(A, 10 * MILLIS)]);
}

#[test]
fn a_lost_message_reaches_nobody() {
    let never = |link: &mut relapse_kernel::network::LinkProfile| link.loss = relapse_kernel::dice::Probability::ALWAYS;

    assert_eq!(reached(send(Stage::new(3), A, B, 11).link(never)), [(A, 10 * MILLIS)]);
}

#[test]
fn the_refusal_of_a_connection_comes_from_who_refuses() {
    // B opens a connection to A, which is gone: the end of it is an answer to B's own piece.
    let mut play = Stage::new(3).act(B, 20 * MILLIS, Act::Open(Target::Node(A), 1)).play();
    play.kill(10 * MILLIS, A, relapse_kernel::disk::Unsynced::Keep);
    let mut cone = Cone::of([(A, 10 * MILLIS)]);

    play.world.run(Budget::UNLIMITED, &mut cone);

    assert!(cone.has_node(B, 21 * MILLIS) && !cone.has_node(B, 20 * MILLIS) && !cone.has_node(C, Nanos::MAX));
}

#[test]
fn a_changed_link_reaches_who_gets_something_over_it_afterwards() {
    let both = || send(send(Stage::new(3), A, B, 9), C, B, 30);
    let reached = |stage: Stage, link: (NodeId, NodeId)| {
        let mut cone = Cone::of([]).and_links([(link, 10 * MILLIS)]);
        stage.play().world.run(Budget::UNLIMITED, &mut cone);
        cone.roots().collect::<Vec<_>>()
    };

    assert_eq!(reached(both(), (A, B)), []);
    assert_eq!(reached(both(), (B, C)), []);
    assert_eq!(reached(send(both(), A, B, 20), (A, B)), [(B, 20 * MILLIS + LATENCY)]);
    // What comes on a connection needs the way back as well.
    let opened = || both().act(A, 20 * MILLIS, Act::Open(Target::Node(B), 1));
    assert_eq!(reached(opened(), (B, A)), [(B, 20 * MILLIS + LATENCY)]);
    assert_eq!(reached(opened(), (B, C)), []);
}
