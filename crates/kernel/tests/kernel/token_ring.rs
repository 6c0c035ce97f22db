//! The token ring under faults: the token is neither lost nor doubled.

use crate::stage::{Line, Seen};
use proptest::prelude::*;
use relapse_kernel::budget::{Budget, Stop};
use relapse_kernel::control::Command;
use relapse_kernel::dice::Probability;
use relapse_kernel::disk::Unsynced;
use relapse_kernel::identity::{MILLIS, Nanos, NodeId, SECONDS};
use relapse_kernel::network::LinkProfile;
use relapse_kernel::toys::token_ring::{Role, TokenRing};
use relapse_kernel::world::World;
use std::collections::BTreeMap;

const HOPS: u64 = 60;

fn ring(seed: u64, loss: Probability) -> World<TokenRing> {
    let role = Role { hops: HOPS, ..Role::default() };
    role.builder(seed).links(move |_, _| LinkProfile { loss, ..LinkProfile::default() }).build()
}

/// Who took each hop first, and that nobody else ever did.
fn takers(lines: &[Line]) -> BTreeMap<u64, NodeId> {
    let mut takers = BTreeMap::new();
    for line in lines.iter().filter(|line| line.name == "took") {
        let taker = *takers.entry(line.data[0]).or_insert(line.node);
        assert_eq!(taker, line.node, "hop {} was taken twice", line.data[0]);
        assert!(takers.keys().zip(1..).all(|(hop, nth)| *hop == nth), "a hop is missing");
    }
    takers
}

#[test]
fn a_quiet_ring_passes_the_token_from_member_to_member_and_stops() {
    let mut world = ring(1, Probability::NEVER);
    let mut seen = Seen::default();

    let stop = world.run(Budget::UNLIMITED, &mut seen);

    let takers = takers(&seen.0);
    assert_eq!((stop, takers.len() as u64), (Stop::Idle, HOPS));
    assert!(takers.iter().all(|(hop, node)| u64::from(node.0) == (hop - 1) % 3));
}

#[derive(Clone, Debug)]
struct Blow {
    after: Nanos,
    node: u16,
    unsynced: Unsynced,
    dark: bool,
    back_after: Nanos,
    readdress: bool,
}

fn blow() -> impl Strategy<Value = Blow> {
    let unsynced = prop_oneof![Just(Unsynced::Keep), Just(Unsynced::Lose), Just(Unsynced::Tear)];
    (0..20 * MILLIS, 0..3_u16, unsynced, any::<bool>(), 0..300 * MILLIS, any::<bool>()).prop_map(
        |(after, node, unsynced, dark, back_after, readdress)| Blow {
            after,
            node,
            unsynced,
            dark,
            back_after,
            readdress,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_kill_loses_or_doubles_the_token(seed: u64, lossy: bool, blows in prop::collection::vec(blow(), 0..10)) {
        let mut world = ring(seed, if lossy { Probability::ppm(50_000) } else { Probability::NEVER });
        let mut seen = Seen::default();
        let run = |world: &mut World<TokenRing>, seen: &mut Seen, time| {
            world.wake_at(world.now() + time, 0);
            world.run(Budget::until(world.now() + time), seen)
        };

        for Blow { after, node, unsynced, dark, back_after, readdress } in blows {
            let node = NodeId(node);
            run(&mut world, &mut seen, after);
            world.control(Command::Kill { node, unsynced, dark }, &mut seen);
            run(&mut world, &mut seen, back_after);
            world.control(Command::Start { node, readdress }, &mut seen);
        }
        run(&mut world, &mut seen, 600 * SECONDS);

        prop_assert_eq!(takers(&seen.0).len() as u64, HOPS);
    }
}
