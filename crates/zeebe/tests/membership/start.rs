//! Coming together, quiet, and the same again from the same seed.

use crate::cluster::Event;
use crate::stage::{GATEWAY, Stage, nodes, percentile};
use kernel::identity::{MILLIS, NodeId, SECONDS};
use relapse_zeebe::membership::{Change, State};

#[test]
fn all_know_all_by_the_second_synchronisation_and_mostly_before_the_first() {
    let mut together = Vec::new();
    for seed in 0..100 {
        let mut stage = Stage::new(seed);

        stage.run_to(32 * SECONDS);

        for node in nodes() {
            assert_eq!(stage.member(node).members().count(), 4, "seed {seed}: {node}");
        }
        let added = stage.log.0.iter().filter(|(.., what)| matches!(what, Event::Saw(Change::Added, _)));
        together.extend(added.map(|(at, ..)| *at).max());
    }

    let max = together.iter().copied().max().unwrap_or_default();
    let [half, ninety] = [50, 90].map(|percent| percentile(&mut together, percent));
    println!("all know all after ms: p50 {}, p90 {}, max {}", half / MILLIS, ninety / MILLIS, max / MILLIS);
    // By probes of seeds and gossip, which each passes on once; whom that leaves out, by the synchronisation after 10
    // or 20 s.
    assert!(half < 6 * SECONDS && ninety < 11 * SECONDS && max < 22 * SECONDS, "{half} {ninety} {max}");
}

#[test]
fn nobody_is_suspected_without_a_reason() {
    for seed in 0..10 {
        let mut stage = Stage::new(seed);

        stage.run_to(300 * SECONDS);

        let doubts =
            stage.count(0, |_, what| matches!(what, Event::Saw(Change::ReachabilityChanged | Change::Removed, _)));
        assert_eq!(doubts, 0, "seed {seed}");
    }
}

#[test]
fn a_quiet_cluster_probes_and_does_nothing_else() {
    let mut stage = Stage::settled(1);
    let before = stage.sent();

    stage.run_for(100 * SECONDS);

    // Per member 100 probes and 10 synchronisations, less their own time; five pieces each: opening, greeting, request,
    // answer, end. No gossip.
    let pieces = stage.sent() - before;
    let requests = 4 * (100 + 10);
    assert!((requests * 5 * 95 / 100..=requests * 5).contains(&pieces), "{pieces} pieces");
}

#[test]
fn a_gateway_sees_the_brokers_and_prints_them() {
    let stage = Stage::settled(2);

    let status = stage.process(GATEWAY).shell.gateway.status("0.24.4").expect("it knows brokers");

    assert!(status.starts_with("Cluster size: 3\nPartitions count: 3\nReplication factor: 3\n"), "{status}");
    assert!((0..3).all(|broker| status.contains(&format!("Broker {broker} - zeebe-{broker}:26501\n"))), "{status}");
}

#[test]
fn the_same_seed_is_the_same_run_and_a_fork_goes_on_as_its_original() {
    let run = |seed| {
        let mut stage = Stage::settled(seed);
        stage.kill(NodeId(1));
        stage.run_for(20 * SECONDS);
        stage
    };
    let (mut original, again, other) = (run(7), run(7), run(8));
    assert_eq!(original.world.digest(), again.world.digest());
    assert_ne!(original.world.digest(), other.world.digest());

    let clone = Stage { world: original.world.clone(), log: original.log.clone() };
    let (mut clone, mut fork) = (clone, Stage { world: original.world.fork(1), log: original.log.clone() });
    for stage in [&mut original, &mut clone, &mut fork] {
        stage.start(NodeId(1));
        stage.run_for(20 * SECONDS);
    }

    assert_eq!(original.world.digest(), clone.world.digest());
    assert_ne!(original.world.digest(), fork.world.digest());
    assert!(fork.member(NodeId(1)).members().all(|member| member.state == State::Alive));
}
