//! Suspicion, death, refutation, return.

use crate::cluster::Event;
use crate::stage::{GATEWAY, Stage, others, percentile};
use kernel::control::Command;
use kernel::identity::{MILLIS, Nanos, NodeId, SECONDS};
use relapse_zeebe::membership::{Change, State};

const VICTIM: NodeId = NodeId(1);
const SEEDS: u64 = 60;

/// When a node first saw the victim this way, counted from `since`.
fn after(stage: &Stage, node: NodeId, since: Nanos, change: Change, state: State) -> Option<Nanos> {
    stage.first(node, since, |what| what.is(change, VICTIM, state)).map(|at| at - since)
}

fn milliseconds(values: &mut [Nanos]) -> [Nanos; 3] {
    [0, 50, 100].map(|percent| percentile(values, percent) / MILLIS)
}

#[test]
fn a_killed_broker_is_suspected_in_five_seconds_and_removed_ten_later() {
    let (mut suspected, mut removed) = (Vec::new(), Vec::new());
    for seed in 0..SEEDS {
        let mut stage = Stage::settled(seed);
        let at = stage.world.now();
        stage.kill(VICTIM);
        stage.run_for(20 * SECONDS);
        for node in others(VICTIM) {
            let gone = after(&stage, node, at, Change::Removed, State::Dead);
            removed.push(gone.unwrap_or_else(|| panic!("seed {seed}: {node} has it still")));
            suspected.extend(after(&stage, node, at, Change::ReachabilityChanged, State::Suspect));
            assert_eq!(stage.member(node).members().count(), 3, "seed {seed}: {node} took it in again");
        }
    }

    // Two seeds and three members take five turns of a second; connections are refused at once.
    let [first, half, last] = milliseconds(&mut suspected);
    println!("suspected after ms: {first} {half} {last}");
    assert!(last < 5_500, "{last}");
    let [first, half, last] = milliseconds(&mut removed);
    println!("removed after ms: {first} {half} {last}");
    assert!(first > 10_000 && last < 15_500, "{first} {last}");
}

#[test]
fn one_that_is_cut_off_is_noticed_later_for_connections_take_their_time_to_fail() {
    let mut suspected = Vec::new();
    let mut removed = Vec::new();
    for seed in 0..SEEDS {
        let mut stage = Stage::settled(seed);
        let at = stage.world.now();
        stage.cut(VICTIM, true);
        stage.run_for(40 * SECONDS);
        for node in others(VICTIM) {
            suspected.extend(after(&stage, node, at, Change::ReachabilityChanged, State::Suspect));
            let gone = after(&stage, node, at, Change::Removed, State::Dead);
            removed.push(gone.unwrap_or_else(|| panic!("seed {seed}: {node} has it still")));
        }
        assert_eq!(stage.member(VICTIM).members().count(), 1, "seed {seed}: and it has removed all others");
    }

    // A failed turn takes a second more; so does the second opinion.
    let [first, half, last] = milliseconds(&mut suspected);
    println!("cut off, suspected after ms: {first} {half} {last}");
    assert!(first >= 2_000 && last < 10_000, "{first} {last}");
    let [first, half, last] = milliseconds(&mut removed);
    println!("cut off, removed after ms: {first} {half} {last}");
    assert!(first > 12_000 && last < 20_000, "{first} {last}");
}

#[test]
fn a_suspicion_is_refuted_when_the_partition_heals_in_time() {
    let mut refuted = Vec::new();
    for seed in 0..SEEDS {
        let mut stage = Stage::settled(seed);
        stage.cut(VICTIM, true);
        stage.run_for(9 * SECONDS);
        stage.cut(VICTIM, false);
        let healed = stage.world.now();
        stage.run_for(10 * SECONDS);
        for node in others(VICTIM) {
            refuted.extend(after(&stage, node, healed, Change::ReachabilityChanged, State::Alive));
            let known = stage.member(node).get(VICTIM).expect("it was not removed");
            assert_eq!(known.state, State::Alive, "seed {seed}: {node}");
        }
        let removals = stage.count(0, |_, what| matches!(what, Event::Saw(Change::Removed, _)));
        assert_eq!(removals, 0, "seed {seed}");
    }

    assert!(refuted.len() as u64 > 2 * SEEDS, "{} refutations", refuted.len());
    let [first, half, last] = milliseconds(&mut refuted);
    println!("refuted after ms: {first} {half} {last} ({} times)", refuted.len());
    assert!(last < 7_000, "{last}");
}

#[test]
fn one_that_cannot_reach_one_other_is_vouched_for_by_the_rest() {
    for seed in 0..20 {
        let mut stage = Stage::settled(seed);
        for (from, to) in [(NodeId(0), VICTIM), (VICTIM, NodeId(0))] {
            stage.command(Command::Block(from, to));
        }

        stage.run_for(60 * SECONDS);

        let doubts = stage.count(0, |_, what| matches!(what, Event::Saw(Change::ReachabilityChanged, _)));
        assert_eq!(doubts, 0, "seed {seed}");
    }
}

#[test]
fn after_a_long_partition_the_seeds_bring_all_together_again() {
    for seed in 0..20 {
        let mut stage = Stage::settled(seed);
        stage.cut(VICTIM, true);
        stage.run_for(60 * SECONDS);
        assert!(stage.member(GATEWAY).get(VICTIM).is_none(), "seed {seed}");

        stage.cut(VICTIM, false);
        stage.run_for(20 * SECONDS);

        for node in others(VICTIM) {
            assert!(stage.member(node).get(VICTIM).is_some(), "seed {seed}: {node}");
            assert!(stage.member(VICTIM).get(node).is_some(), "seed {seed}: {node} from the other side");
        }
    }
}

#[test]
fn a_restart_in_time_is_no_death_but_other_news() {
    let mut stage = Stage::settled(4);
    let at = stage.world.now();
    let before = stage.member(VICTIM).me().incarnation;
    stage.kill(VICTIM);
    stage.run_for(500 * MILLIS);
    stage.start(VICTIM);

    stage.run_for(15 * SECONDS);

    assert_eq!(stage.count(at, |_, what| what.is(Change::Removed, VICTIM, State::Dead)), 0);
    assert!(others(VICTIM).all(|node| stage.member(node).get(VICTIM).is_some_and(|known| known.incarnation > before)));
}

#[test]
fn a_clock_set_back_before_a_restart_is_overtaken_by_a_dispute() {
    let mut stage = Stage::settled(5);
    let before = stage.member(VICTIM).me().incarnation;
    stage.kill(VICTIM);
    stage.command(Command::Jump(VICTIM, -3_600_000_000_000));
    stage.start(VICTIM);
    assert!(stage.member(VICTIM).me().incarnation < before);

    stage.run_for(10 * SECONDS);

    assert!(stage.member(VICTIM).me().incarnation > before);
    assert!(others(VICTIM).all(|node| stage.member(node).get(VICTIM).is_some_and(|known| known.incarnation > before)));
}

#[test]
fn loss_and_duplication_of_datagrams_raise_no_suspicion_and_news_arrive() {
    let mut stage = Stage::settled(6);
    for from in others(GATEWAY) {
        for to in others(from) {
            let mut lossy = stage.world.link(from, to);
            lossy.loss = kernel::dice::Probability::ppm(200_000);
            lossy.duplication = kernel::dice::Probability::ppm(200_000);
            stage.command(Command::Link(from, to, lossy));
        }
    }
    let at = stage.world.now();
    stage.kill(VICTIM);
    stage.start(VICTIM);
    stage.run_for(60 * SECONDS);

    let incarnation = stage.member(VICTIM).me().incarnation;
    assert_eq!(stage.count(at, |_, what| matches!(what, Event::Saw(Change::Removed, _))), 0);
    assert!(
        others(VICTIM).all(|node| stage.member(node).get(VICTIM).is_some_and(|known| known.incarnation == incarnation))
    );
}

#[test]
fn a_death_raises_no_storm_and_no_lasting_talk() {
    for seed in 0..20 {
        let mut stage = Stage::settled(seed);
        let sent = |stage: &mut Stage| {
            let before = stage.sent();
            stage.run_for(30 * SECONDS);
            stage.sent() - before
        };
        let quiet = sent(&mut stage);
        stage.kill(VICTIM);
        let (noisy, after) = (sent(&mut stage), sent(&mut stage));

        assert!(noisy < quiet * 5 / 4, "seed {seed}: {quiet} then {noisy}");
        assert!(after < quiet, "seed {seed}: {quiet} then {after}");
    }
}
