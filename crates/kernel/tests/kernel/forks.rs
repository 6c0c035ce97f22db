//! Forks: another future, the same past.

use crate::two_toys::both;
use proptest::prelude::*;
use relapse_kernel::budget::Budget;
use relapse_kernel::control::Command;
use relapse_kernel::disk::Unsynced;
use relapse_kernel::identity::{MILLIS, NodeId};
use relapse_kernel::latency::Latency;
use relapse_kernel::network::LinkProfile;
use relapse_kernel::pair::Pair;
use relapse_kernel::toys::ping_pong::Config;
use relapse_kernel::toys::{ping_pong::PingPong, token_ring::TokenRing};
use relapse_kernel::world::World;

type Both = World<Pair<PingPong, TokenRing>>;

fn after(seed: u64, steps: usize) -> Both {
    let mut world = both(seed, true, true);
    for _ in 0..steps {
        world.step(&mut ());
    }
    world
}

/// The digest half a second later, with a kill on the way.
fn future(mut world: Both) -> u128 {
    let now = world.now();
    world.run(Budget::until(now + 100 * MILLIS), &mut ());
    world.control(Command::Kill { node: NodeId(4), unsynced: Unsynced::Tear, dark: true }, &mut ());
    world.run(Budget::until(now + 200 * MILLIS), &mut ());
    world.control(Command::Start { node: NodeId(4), readdress: false }, &mut ());
    world.run(Budget::until(now + 500 * MILLIS), &mut ());
    world.digest()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn forks_at_any_event_are_equal_for_equal_salts_and_differ_for_others(
        seed in 0..1_000_u64,
        steps in 0..2_000_usize,
        salt: u64,
        other: u64,
    ) {
        prop_assume!(salt != other);
        let world = after(seed, steps);
        let past = world.digest();

        let (one, twin, another) = (world.fork(salt), world.fork(salt), world.fork(other));
        prop_assert_eq!([one.digest(), twin.digest(), another.digest()], [past; 3]);
        let (one, twin, another) = (future(one), future(twin), future(another));

        prop_assert_eq!(one, twin);
        prop_assert_ne!(one, another);
    }

    #[test]
    fn a_clone_has_the_future_of_its_original_and_forks_do_not_touch_it(
        seed in 0..1_000_u64,
        steps in 0..2_000_usize,
        salt: u64,
    ) {
        let world = after(seed, steps);
        let past = world.digest();
        let expected = future(after(seed, steps));

        let forked = future(world.fork(salt));
        let cloned = future(world.clone());

        prop_assert_eq!((world.digest(), cloned), (past, expected));
        prop_assert_ne!(forked, expected);
        prop_assert_eq!(future(world), expected);
    }

    #[test]
    fn a_fork_of_a_fork_is_a_future_of_its_own(seed in 0..1_000_u64, salt: u64) {
        let fork = after(seed, 100).fork(salt);

        prop_assert_ne!(future(fork.fork(salt)), future(fork.clone()));
        prop_assert_eq!(future(fork.fork(salt)), future(fork.fork(salt)));
    }
}

#[test]
fn a_fork_changes_the_draws_of_links_that_are_in_use_already() {
    let latency = Latency::uniform(MILLIS, 5 * MILLIS).unwrap();
    let link = LinkProfile { latency, ..LinkProfile::default() };
    let mut world = Config::default().builder(1).links(move |_, _| link).build();
    world.run(Budget::until(100 * MILLIS), &mut ());

    let [one, twin, another] = [1, 1, 2].map(|salt| {
        let mut fork = world.fork(salt);
        fork.run(Budget::until(200 * MILLIS), &mut ());
        fork.digest()
    });

    assert_eq!(one, twin);
    assert_ne!(one, another);
}
