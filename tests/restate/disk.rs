//! What the server's disk refuses, keeps and gives back.

use std::sync::Arc;

use kernel::budget::{Budget, Stop};
use kernel::builder::Builder;
use kernel::control::Command;
use kernel::disk::{DiskProfile, Unsynced};
use kernel::identity::NodeId;
use kernel::verdict::Outcome;
use kernel::world::World;
use relapse::systems::restate::{Plan, judged};
use restate::config::{Cluster, Role, Settings};
use restate::store::Tables;
use restate::store::wal::log;
use restate::{Process, Restate};

use crate::{Struck, fixture, struck};

const SERVER: NodeId = NodeId(0);

/// The fixture without its faults, and with so few records to a log.
fn with_checkpoints(checkpoint_after: u64) -> Plan {
    let plan = fixture("server-kill.toml", &[]);
    let settings = Settings { checkpoint_after, ..plan.cluster.settings };
    Plan { cluster: Arc::new(Cluster { settings, ..(*plan.cluster).clone() }), faults: Arc::default(), ..plan }
}

fn tables(world: &World<Restate>) -> Vec<Arc<Tables>> {
    match world.node(SERVER) {
        Some(Process::Server(server)) => server.partitions.iter().map(|partition| partition.tables.clone()).collect(),
        _ => panic!("the server is up"),
    }
}

fn restart(world: &mut World<Restate>, unsynced: Unsynced) {
    world.control(Command::Kill { node: SERVER, unsynced, dark: false }, &mut ());
    world.control(Command::Start { node: SERVER, readdress: false }, &mut ());
}

fn generation(world: &World<Restate>) -> u64 {
    let tables = world.disk(SERVER).names().filter(|name| name.kind == "sst");
    tables.map(|name| name.number).max().unwrap_or(0)
}

#[test]
fn a_server_that_comes_back_has_the_tables_it_had_whatever_was_in_its_log() {
    for checkpoint_after in [1, 7, 40, 1 << 18] {
        let plan = with_checkpoints(checkpoint_after);
        let mut world = plan.build(3);
        let mut rounds = 0;
        while world.run(Budget { events: world.events() + 150, ..plan.budget }, &mut ()) == Stop::Events {
            let before = tables(&world);

            restart(&mut world, Unsynced::Keep);

            assert!(tables(&world) == before, "checkpoint after {checkpoint_after}, round {rounds}");
            rounds += 1;
        }
        assert!(rounds > 10, "only {rounds} rounds");
        assert_eq!(generation(&world) > 2, checkpoint_after < 100, "generation {}", generation(&world));
        assert!(world.disk(SERVER).names().count() <= 2, "old files are left");
        // So often killed, it may have used up its pods; but what the first one began is done.
        let (findings, verdict) = judged(&plan, &world, None, Some(Stop::Idle));
        let findings = findings.expect("a node that is up");
        let settled = findings.differences.is_empty() && findings.locked.is_empty() && !findings.reachable;
        assert!(settled, "checkpoint after {checkpoint_after}: {verdict:?}");
    }
}

#[test]
fn a_machine_that_dies_comes_back_with_its_last_checkpoint() {
    let plan = with_checkpoints(40);
    let mut world = plan.build(3);
    while generation(&world) < 3 {
        world.run(Budget { events: world.events() + 1, ..plan.budget }, &mut ());
    }
    let checkpoint = tables(&world);
    // A slow sync takes 20 ms; what the server does meanwhile is less than another checkpoint, for nobody answers it.
    plan.cluster.endpoints.iter().for_each(|endpoint| {
        world.control(Command::Pause(*endpoint), &mut ());
    });
    world.run(Budget { until: world.now() + 40_000_000, ..plan.budget }, &mut ());
    assert!(tables(&world) != checkpoint, "nothing is to be lost");

    restart(&mut world, Unsynced::Lose);

    assert_eq!(generation(&world), 3);
    assert!(tables(&world) == checkpoint);
}

#[test]
fn what_a_damaged_end_of_the_log_leaves_behind_is_no_part_of_what_is_written_later() {
    let plan = with_checkpoints(1 << 18);
    for seed in 0..20 {
        let mut world = plan.build(seed);
        world.run(Budget { events: 200 + seed * 31, ..plan.budget }, &mut ());
        let whole = tables(&world);
        let damaged = world.control(Command::FlipBit(SERVER, log(0), None), &mut ());
        restart(&mut world, Unsynced::Keep);
        let cut_off = tables(&world);
        world.run(Budget { events: world.events() + 300, ..plan.budget }, &mut ());
        let before = tables(&world);

        restart(&mut world, Unsynced::Keep);

        assert!(damaged.changed && cut_off != whole, "seed {seed}");
        assert!(before != cut_off, "seed {seed}: nothing was written later");
        assert!(tables(&world) == before, "seed {seed}");
    }
}

#[test]
fn damaged_tables_open_no_store() {
    let plan = with_checkpoints(7);
    let mut world = plan.build(1);
    while generation(&world) == 0 {
        world.run(Budget { events: world.events() + 1, ..plan.budget }, &mut ());
    }
    world.control(Command::FlipBit(SERVER, restate::store::wal::tables(1), Some(0)), &mut ());

    restart(&mut world, Unsynced::Keep);

    assert!(matches!(world.node(SERVER), Some(Process::Exited)));
}

#[test]
fn a_server_whose_disk_is_full_ends_and_loses_nothing_that_it_acknowledged() {
    for (nth, seed) in (1..120).step_by(3).zip(0..) {
        let plan = fixture("disk-full.toml", &[&format!("fault.0.on.nth={nth}")]);

        let Struck { reports, findings, verdict, .. } = struck(&plan, seed);

        let refused = reports[0].effects.disk_operations;
        // A process that has ended asks for nothing any more.
        assert_eq!((refused, &reports[0].nothing), (1, &None), "commit {nth}: {:?}", reports[0]);
        assert_eq!(verdict.outcome, Outcome::Pass, "commit {nth}: {verdict:?}");
        assert!(findings.expect("a node that is up").differences.is_empty(), "commit {nth}");
    }
}

/// The plan's world, with so little room on the server's disk.
fn with_room(plan: &Plan, bytes: u64) -> World<Restate> {
    let mut builder = Builder::new(1);
    builder.node(Role::Server(plan.cluster.clone()), DiskProfile { capacity: bytes, ..DiskProfile::default() });
    for _ in &plan.cluster.endpoints {
        builder.node(Role::Endpoint(plan.cluster.clone(), plan.rule), DiskProfile::default());
    }
    builder.node(Role::Driver(plan.cluster.clone(), 0, plan.job_rules), DiskProfile::default());
    builder.build()
}

#[test]
fn a_commit_that_finds_no_room_never_happened_and_a_checkpoint_that_finds_none_keeps_the_log() {
    let plan = with_checkpoints(40);
    let (mut commits, mut checkpoints) = (0, 0);
    for bytes in (1_000..7_500).step_by(90) {
        let mut world = with_room(&plan, bytes);
        world.run(Budget::until(1), &mut ());
        let mut before = Vec::new();
        while matches!(world.node(SERVER), Some(Process::Server(_))) {
            before = tables(&world);
            let ended = world.run(Budget { events: world.events() + 1, ..plan.budget }, &mut ());
            assert_eq!(ended, Stop::Events, "{bytes} bytes are enough");
        }

        restart(&mut world, Unsynced::Keep);

        let kept = world.disk(SERVER).file(log(generation(&world))).map_or(0, |file| file.records().len());
        if kept >= 40 {
            // The commit before it was good, and is the last thing in the log.
            checkpoints += 1;
            assert!(tables(&world) != before, "{bytes} bytes: the commit is gone");
        } else {
            commits += 1;
            assert!(tables(&world) == before, "{bytes} bytes: other tables than before");
        }
    }
    assert!(commits > 5 && checkpoints > 5, "{commits} commits and {checkpoints} checkpoints were refused");
}

#[test]
fn a_server_that_nobody_starts_again_is_not_judged() {
    let plan = fixture("disk-full.toml", &["fault.1.after.delay=2h"]);

    let Struck { world, findings, verdict, .. } = struck(&plan, 1);

    assert!(matches!(world.node(SERVER), Some(Process::Exited)));
    assert_eq!(findings, None);
    assert_eq!((&*verdict.signature, &*verdict.detail), ("restate/faults-not-over/server", "ended"));
}
