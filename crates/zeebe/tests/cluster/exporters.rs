//! Exporters bound snapshots by what they have acknowledged, and export again what a successor's snapshot does not have.

use super::{create, deploy, leader, script};
use kernel::control::Command;
use kernel::disk::Unsynced;
use kernel::identity::{MICROS, MILLIS, Nanos, NodeId, SECONDS};
use kernel::world::World;
use relapse_zeebe::broker::Partition;
use relapse_zeebe::client_node::ClientRole;
use relapse_zeebe::cluster::{Acknowledges, Exporter, Process, Settings, Zeebe, builder};
use relapse_zeebe::settings::Toggles;
use std::sync::Arc;

fn partition(world: &World<Zeebe>, broker: u16) -> &Partition {
    match world.node(NodeId(broker)) {
        Some(Process::Broker(broker)) => broker.partition(1).expect("a partition"),
        other => panic!("{other:?}"),
    }
}

/// Sixty instances by 26 s, then nothing; a snapshot of partition 1 at 30 s.
fn run(exporters: &[(&str, Nanos, Acknowledges)]) -> (World<Zeebe>, u16) {
    let mut settings = Settings::new(Toggles::preset("0.24.4").expect("a preset"));
    settings.index_density = 1;
    settings.exporters = exporters
        .iter()
        .map(|(id, takes, acknowledges)| Exporter { id: (*id).into(), takes: *takes, acknowledges: *acknowledges })
        .collect();
    let mut operations = vec![deploy(12 * SECONDS)];
    operations.extend((0..60).map(|number| create(20 * SECONDS + number * 100 * MILLIS)));
    let operator = ClientRole::Operator([(30 * SECONDS, 1)].into());
    let mut world = builder(11, &Arc::new(settings), vec![script(operations), operator]).build();
    while world.step_until(34 * SECONDS, &mut ()) {}
    let led_by = leader(&world, 1).expect("a leader");
    (world, led_by)
}

#[test]
fn one_that_acknowledges_at_once_is_at_the_end_and_bounds_nothing() {
    let (without, _) = run(&[]);
    let (with, led_by) = run(&[("quick", 20 * MICROS, Acknowledges::AtOnce)]);
    let end = with.node(NodeId(led_by)).map(|_| partition(&with, led_by).records().count() as i64);
    assert_eq!(partition(&with, led_by).exported("quick"), end);
    assert_eq!(partition(&with, led_by).exported("other"), None);
    let last = |world: &World<Zeebe>| partition(world, led_by).snapshot().map(|(_, position)| position);
    assert!(last(&with).is_some() && last(&with) == last(&without));
}

#[test]
fn one_that_never_acknowledges_prevents_every_snapshot() {
    let (world, led_by) = run(&[("quick", 20 * MICROS, Acknowledges::AtOnce), ("silent", 0, Acknowledges::Never)]);
    assert_eq!(partition(&world, led_by).exported("silent"), Some(-1));
    assert!(partition(&world, led_by).exported("quick") > Some(100));
    assert_eq!(partition(&world, led_by).snapshot(), None);
}

/// It writes in bulk every 18 s, from some 4 s on: at 30 s it has acknowledged what came in the first 2 or so of the 6 s
/// under load. The snapshot's index stands there, its state at the end.
#[test]
fn one_that_lags_holds_the_log_back_and_not_the_state() {
    let (quick, _) = run(&[]);
    let (world, led_by) = run(&[("bulk", 0, Acknowledges::Every(18 * SECONDS))]);
    let (index, position) = partition(&world, led_by).snapshot().expect("a snapshot");
    let (bound, end) = partition(&quick, led_by).snapshot().expect("a snapshot");
    assert_eq!(position, end);
    assert!(index + 20 < bound, "{index} against {bound}");
    // Its successor has the position of the snapshot, and exports again from there.
    let exported = partition(&world, led_by).exported("bulk").expect("a position");
    let mut world = world;
    let kill = Command::Kill { node: NodeId(led_by), unsynced: Unsynced::Keep, dark: false };
    world.control(kill, &mut ());
    while world.step_until(50 * SECONDS, &mut ()) {}
    let successor = leader(&world, 1).expect("a successor");
    assert!(partition(&world, successor).snapshot().is_some());
    assert_eq!(partition(&world, successor).exported("bulk"), Some(exported));
    while world.step_until(80 * SECONDS, &mut ()) {}
    assert_eq!(
        partition(&world, successor).exported("bulk"),
        Some(partition(&world, successor).records().count() as i64)
    );
}
