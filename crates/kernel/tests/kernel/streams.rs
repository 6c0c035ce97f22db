//! Dice: streams do not influence one another, and each is a function of its name alone.

use proptest::prelude::*;
use relapse_kernel::dice::{Dice, Probability, Purpose, Stream, below};

const PURPOSES: [Purpose; 2] = [Purpose::new("one"), Purpose::new("two")];

fn name(index: usize) -> (Purpose, u64) {
    (PURPOSES[index % 2], (index / 2) as u64)
}

/// Draws of one stream when nobody else draws.
fn alone(seed: u64, fork_after: usize, index: usize, before: usize, after: usize) -> Vec<u64> {
    let mut dice = Dice::new(seed);
    let (purpose, identity) = name(index);
    let mut stream = dice.stream(purpose, identity);
    let mut draws: Vec<u64> = (0..before).map(|_| dice.draw(&mut stream)).collect();
    dice.fork(9, fork_after as u64);
    draws.extend((0..after).map(|_| dice.draw(&mut stream)));
    draws
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn draws_of_one_identity_do_not_depend_on_the_use_of_others(
        seed: u64,
        users in prop::collection::vec(0..6_usize, 0..200),
        fork_after in 0..200_usize,
    ) {
        let mut dice = Dice::new(seed);
        let mut streams: Vec<Stream> = (0..6).map(|index| dice.stream(name(index).0, name(index).1)).collect();
        let mut draws = vec![Vec::new(); 6];

        for (turn, user) in users.iter().enumerate() {
            if turn == fork_after {
                dice.fork(9, fork_after as u64);
            }
            draws[*user].push(dice.draw(&mut streams[*user]));
        }

        for (index, drawn) in draws.iter().enumerate() {
            let before = users.iter().take(fork_after).filter(|user| **user == index).count();
            prop_assert_eq!(drawn, &alone(seed, fork_after, index, before, drawn.len() - before));
        }
    }

    #[test]
    fn streams_of_different_names_seeds_or_salts_differ(seed: u64, identity: u64) {
        let first = |seed, purpose, identity, salt: Option<u64>| {
            let mut dice = Dice::new(seed);
            salt.into_iter().for_each(|salt| dice.fork(salt, 0));
            let mut stream = dice.stream(purpose, identity);
            dice.draw(&mut stream)
        };
        let draws = [
            first(seed, PURPOSES[0], identity, None),
            first(seed, PURPOSES[1], identity, None),
            first(seed, PURPOSES[0], identity ^ 1, None),
            first(seed ^ 1, PURPOSES[0], identity, None),
            first(seed, PURPOSES[0], identity, Some(0)),
            first(seed, PURPOSES[0], identity, Some(1)),
        ];

        prop_assert!((0..6).all(|one| (0..one).all(|two| draws[one] != draws[two])));
    }

    #[test]
    fn futures_that_part_at_different_times_differ_and_have_one_past(seed: u64, salt: u64, at: u64, later: u64) {
        let draws = |at| {
            let mut dice = Dice::new(seed);
            let mut stream = dice.stream(PURPOSES[0], 0);
            let before = [0; 4].map(|_| dice.draw(&mut stream));
            dice.fork(salt, at);
            let mut fresh = dice.stream(PURPOSES[1], 0);
            (before, [0; 4].map(|_| dice.draw(&mut stream)), dice.draw(&mut fresh))
        };
        let (one, again, other) = (draws(at), draws(at), draws(at ^ later.max(1)));

        prop_assert_eq!(one, again);
        prop_assert_eq!(one.0, other.0);
        prop_assert!((0..4).all(|nth| one.1[nth] != other.1[nth]));
        prop_assert_ne!(one.2, other.2);
    }

    #[test]
    fn a_whole_number_is_below_its_bound(draw: u64, bound in 1..u64::MAX) {
        prop_assert!(below(draw, bound) < bound && below(u64::MAX, bound) == bound - 1);
    }
}

#[test]
fn a_probability_hits_as_often_as_it_says() {
    let mut dice = Dice::new(1);
    let mut stream = dice.stream(PURPOSES[0], 0);
    let draws: Vec<u64> = (0..100_000).map(|_| dice.draw(&mut stream)).collect();

    for (ppm, hits) in [(0, 0..=0), (10_000, 900..=1_100), (500_000, 49_000..=51_000), (1_000_000, 100_000..=100_000)] {
        let hit = draws.iter().filter(|draw| Probability::ppm(ppm).hits(**draw)).count();
        assert!(hits.contains(&hit), "{ppm}: {hit}");
    }
}

#[test]
fn a_stream_in_use_takes_a_new_key_at_a_fork_and_its_first_draw_is_that_of_a_new_stream() {
    let mut dice = Dice::new(1);
    let mut stream = dice.stream(PURPOSES[0], 0);
    dice.draw(&mut stream);
    let (mut fork, mut forked_stream) = (dice.clone(), stream.clone());

    fork.fork(9, 7);
    let mut fresh = fork.stream(PURPOSES[0], 0);
    let (forked, new, old) = (fork.draw(&mut forked_stream), fork.draw(&mut fresh), dice.draw(&mut stream));

    assert_eq!(forked, new);
    assert_ne!(forked, old);
}
