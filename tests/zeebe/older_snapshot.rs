//! Partition 3 of the scenarios of #5688, looked at while they run: which replica has no snapshot and why, when that is fatal,
//! and what heals it.

use kernel::State;
use kernel::identity::NodeId;
use zeebe::broker::Health;

use super::plan;
use super::watched::{Driven, Recovery, deployments};

/// The replica that keeps no snapshot in these scenarios.
const OLD: NodeId = NodeId(2);

#[test]
fn a_replica_that_was_down_keeps_no_snapshot_if_its_log_reaches_further() {
    let mut run = Driven::new(&plan("issue-5688-down.toml", &[]), 8);
    run.until(15);
    let snapshot = run.replica(NodeId(1), 3).snapshot();
    assert!(snapshot.is_some() && run.world.state(OLD) == State::Down, "taken while it was down: {snapshot:?}");
    run.until(19);

    let caught_up = run.replica(OLD, 3);

    assert_eq!((caught_up.snapshot(), run.replica(NodeId(0), 3).snapshot()), (None, snapshot));
    assert!(caught_up.member().expect("it runs").log().first_index() <= 1, "nothing was installed");
    assert_eq!(caught_up.commit_position(), run.replica(NodeId(1), 3).commit_position(), "caught up by appends");
}

#[test]
fn the_same_snapshot_is_fatal_once_the_log_has_grown_and_another_leader_heals() {
    let mut run = Driven::new(&plan("issue-5688-grown.toml", &[]), 22);
    let of_old = |run: &Driven| -> Vec<Recovery> {
        let all = run.seen.recoveries.iter().copied();
        all.filter(|recovery| (recovery.node, recovery.partition) == (OLD, 3)).collect()
    };

    // It leads with no snapshot, and replays well.
    run.until(33);
    let [first] = of_old(&run)[..] else { panic!("{:?}", run.seen) };
    assert!(run.seen.recovered.contains(&(OLD, 3)) && run.seen.deaths.is_empty());
    assert_eq!(deployments(&run.log(3)).0.len(), 1);

    // It leads again with none, over a log that another leader accepted the deployment in anew, and dies.
    run.until(60);
    let [_, second] = of_old(&run)[..] else { panic!("{:?}", run.seen) };
    assert_eq!((first.snapshot, second.snapshot), (-1, -1));
    assert!(second.last_source > first.last_source, "{first:?} {second:?}");
    let [death] = &run.seen.deaths[..] else { panic!("{:?}", run.seen.deaths) };
    assert_eq!((death.node, death.partition), (OLD, 3));
    assert_eq!(deployments(&run.log(3)).0.len(), 2);

    // It leads on, ready and unhealthy, and takes what the new leader of partition 1 pushes; nobody processes it.
    assert!(run.broker(OLD).is_ready() && !run.broker(OLD).is_healthy());
    assert_eq!(run.replica(OLD, 3).health(), Health::Unhealthy);
    let pushed: Vec<i64> =
        run.log(3).iter().map(|record| record.position).filter(|at| *at > death.number("position")).collect();
    let ends = *pushed.last().expect("a CREATE was pushed to it");
    assert!(run.log(3).iter().all(|record| record.source < pushed[0]), "nothing follows from it");

    // The leader moves to a replica with the newer snapshot.
    run.kill(OLD);
    run.until(66);
    run.start(OLD);
    run.until(80);
    let healed = (0..2).map(NodeId).find(|node| run.replica(*node, 3).processor().is_some()).expect("another leads");
    let processor = run.replica(healed, 3).processor().expect("it leads");
    assert!(run.replica(healed, 3).snapshot().is_some() && run.replica(healed, 3).health() == Health::Healthy);
    assert!(processor.last_processed() >= ends, "what was pushed to the dead one is processed");
    assert!((0..3).all(|node| run.broker(NodeId(node)).is_healthy()) && run.seen.deaths.len() == 1);
}
