//! What disks do to the database of a leader: a flush that fails stops it, and the stream processor with it.

use super::{create, deploy, leader, log, script};
use kernel::control::Command;
use kernel::disk::{DiskFaults, Unsynced};
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{MILLIS, Nanos, NodeId, SECONDS};
use kernel::world::World;
use raft::Role;
use relapse_zeebe::broker::{Health, OnDisk, Partition};
use relapse_zeebe::client_node::ClientRole;
use relapse_zeebe::cluster::{Event, Process, Settings, Zeebe, builder};
use relapse_zeebe::settings::Toggles;
use std::sync::Arc;

const PARTITION: u16 = 2;

#[derive(Default)]
struct Diary {
    database: Vec<(Nanos, u16, bool)>,
    snapshots: u32,
    without: u32,
}

impl Observer<Zeebe> for Diary {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, _: &World<Zeebe>) {
        match event.what {
            What::Emitted(Event::Database { partition, works }) => self.database.push((event.at, *partition, *works)),
            What::Emitted(Event::Snapshot { partition: PARTITION, .. }) => self.snapshots += 1,
            What::Emitted(Event::NoSnapshot { partition: PARTITION, .. }) => self.without += 1,
            _ => {}
        }
    }
}

fn partition(world: &World<Zeebe>, broker: u16) -> &Partition {
    match world.node(NodeId(broker)) {
        Some(Process::Broker(broker)) => broker.partition(PARTITION).expect("a partition"),
        other => panic!("{other:?}"),
    }
}

/// Instances from 20 s and from 60 s on, and a snapshot at 40 s and at 80 s, with such a disk at the leader from just before
/// the first.
fn run(faults: DiskFaults) -> (World<Zeebe>, Diary, u16) {
    let mut settings = Settings::new(Toggles::preset("0.24.4").expect("a preset"));
    settings.index_density = 1;
    settings.first_leaders = [0, 1, 2].into();
    let mut operations = vec![deploy(12 * SECONDS)];
    operations.extend((0..6).map(|number| create(20 * SECONDS + number * SECONDS)));
    operations.extend((0..6).map(|number| create(60 * SECONDS + number * SECONDS)));
    let operator = ClientRole::Operator([(40 * SECONDS, PARTITION), (80 * SECONDS, PARTITION)].into());
    let mut world = builder(5, &Arc::new(settings), vec![script(operations), operator]).build();
    let mut diary = Diary::default();
    while world.step_until(40 * SECONDS - MILLIS, &mut diary) {}
    let led_by = leader(&world, PARTITION).expect("a leader");
    world.control(Command::Disk(NodeId(led_by), faults), &mut diary);
    (world, diary, led_by)
}

fn pass(world: &mut World<Zeebe>, diary: &mut Diary, until: Nanos) {
    while world.step_until(until, diary) {}
}

fn processed(world: &World<Zeebe>, broker: u16) -> i64 {
    partition(world, broker).processor().expect("it leads").last_processed()
}

#[test]
fn after_an_error_of_the_disk_no_commit_works_until_somebody_else_leads() {
    let (mut world, mut diary, led_by) = run(DiskFaults { failing: 1, ..DiskFaults::default() });
    pass(&mut world, &mut diary, 59 * SECONDS);
    let before = processed(&world, led_by);
    assert!(matches!(diary.database[..], [(_, PARTITION, false)]), "{:?}", diary.database);
    assert_eq!((diary.snapshots, diary.without), (0, 1));
    assert_eq!(partition(&world, led_by).health(), Health::Healthy, "nothing was to be processed");
    pass(&mut world, &mut diary, 190 * SECONDS);
    assert_eq!(processed(&world, led_by), before, "stuck at the commit of the next record");
    assert_eq!(leader(&world, PARTITION), Some(led_by));
    assert_eq!(partition(&world, led_by).health(), Health::Unhealthy, "it shows no sign of life");
    assert_eq!(diary.snapshots, 0, "nor does it answer the director");
    let kill = Command::Kill { node: NodeId(led_by), unsynced: Unsynced::Keep, dark: false };
    world.control(kill, &mut diary);
    pass(&mut world, &mut diary, 200 * SECONDS);
    let successor = leader(&world, PARTITION).expect("a successor");
    assert_ne!(successor, led_by);
    assert!(processed(&world, successor) > before);
    assert_eq!(partition(&world, successor).health(), Health::Healthy);
    super::is_clean(PARTITION, &log(&world, successor, PARTITION), "0.24.4");
}

#[test]
fn a_replica_whose_member_is_inactive_takes_no_snapshot() {
    let mut settings = Settings::new(Toggles::preset("0.24.4").expect("a preset"));
    settings.index_density = 1;
    settings.first_leaders = [0, 1, 2].into();
    let mut operations = vec![deploy(12 * SECONDS)];
    operations.extend((0..6).map(|number| create(20 * SECONDS + number * SECONDS)));
    let operator = ClientRole::Operator([(40 * SECONDS, PARTITION)].into());
    let mut world = builder(5, &Arc::new(settings), vec![script(operations), operator]).build();
    let mut diary = Diary::default();
    pass(&mut world, &mut diary, 19 * SECONDS);
    let led_by = leader(&world, PARTITION).expect("a leader");
    let follower = (0..3).find(|broker| *broker != led_by).expect("a follower");
    // One error at a time, until one meets the log of this partition.
    for at in 1..100 {
        if partition(&world, follower).installed() == Some(Role::Inactive) {
            break;
        }
        world.control(Command::Disk(NodeId(follower), DiskFaults { failing: 1, ..DiskFaults::default() }), &mut diary);
        pass(&mut world, &mut diary, 19 * SECONDS + at * 100 * MILLIS);
    }
    world.control(Command::Disk(NodeId(follower), DiskFaults::default()), &mut diary);
    assert_eq!(partition(&world, follower).installed(), Some(Role::Inactive));
    pass(&mut world, &mut diary, 60 * SECONDS);
    assert_eq!(diary.snapshots, 2, "the leader's and the other follower's");
    assert_eq!(partition(&world, follower).snapshot(), None);
}

#[test]
fn the_services_of_a_member_whose_disk_goes_on_failing_are_closed_and_unhealthy() {
    let settings = Settings::new(Toggles::preset("0.24.4").expect("a preset"));
    let creates = (0..30).map(|number| create(14 * SECONDS + number * SECONDS / 5));
    let mut world =
        builder(5, &Arc::new(settings), vec![script([deploy(12 * SECONDS)].into_iter().chain(creates).collect())])
            .build();
    let mut diary = Diary::default();
    pass(&mut world, &mut diary, 15 * SECONDS);
    let led_by = leader(&world, PARTITION).expect("a leader");
    let follower = (0..3).find(|broker| *broker != led_by).expect("a follower");
    assert_eq!(partition(&world, follower).health(), Health::Healthy);
    world.control(Command::Disk(NodeId(follower), DiskFaults { failing: 1_000, ..DiskFaults::default() }), &mut diary);
    pass(&mut world, &mut diary, 35 * SECONDS);
    let partition = partition(&world, follower);
    assert_eq!(partition.member().map(raft::Member::role), Some(Role::Inactive));
    assert_eq!((partition.installed(), partition.health()), (Some(Role::Inactive), Health::Unhealthy));
}

/// The three partitions share the disk, so that one is told of what the write of another met.
#[test]
fn no_member_takes_for_written_what_a_full_disk_refused() {
    let settings = Arc::new(Settings::new(Toggles::preset("0.24.4").expect("a preset")));
    for seed in 0..8 {
        let creates = (0..60).map(|number| create(14 * SECONDS + number * SECONDS / 10));
        let script = script([deploy(12 * SECONDS)].into_iter().chain(creates).collect());
        let mut world = builder(seed, &settings, vec![script]).build();
        let mut diary = Diary::default();
        for broker in (0..3).map(NodeId) {
            pass(&mut world, &mut diary, 15 * SECONDS + u64::from(broker.0) * 300 * MILLIS);
            world.control(Command::Disk(broker, DiskFaults { full: true, ..DiskFaults::default() }), &mut diary);
            pass(&mut world, &mut diary, 15 * SECONDS + u64::from(broker.0) * 300 * MILLIS + 200 * MILLIS);
            world.control(Command::Disk(broker, DiskFaults::default()), &mut diary);
        }
        pass(&mut world, &mut diary, 17 * SECONDS);
        let refused: u64 = (0..3).map(|broker| world.disk(NodeId(broker)).toll().refused).sum();
        assert!(refused > 2, "the disks were full in vain");
        for (broker, number) in (0..3).flat_map(|broker| (1..=3).map(move |number| (broker, number))) {
            let Some(Process::Broker(process)) = world.node(NodeId(broker)) else { panic!("a broker") };
            let member = process.partition(number).and_then(Partition::member).expect("a member");
            let entries = (member.log().first_index()..=member.log().last_index()).map(|index| member.log().get(index));
            let known: Vec<_> = entries.flatten().filter_map(raft::Entry::positions).map(|of| of.highest).collect();
            let on_disk = OnDisk::read(world.disk(NodeId(broker)), number).records;
            let last = on_disk.last().map(|record| record.position.cast_unsigned());
            assert_eq!(known.last().copied(), last, "broker {broker}, partition {number}, seed {seed}");
        }
    }
}

#[test]
fn after_want_of_space_commits_work_again_when_there_is_some() {
    let (mut world, mut diary, led_by) = run(DiskFaults { full: true, ..DiskFaults::default() });
    pass(&mut world, &mut diary, 53 * SECONDS);
    world.control(Command::Disk(NodeId(led_by), DiskFaults::default()), &mut diary);
    let before = processed(&world, led_by);
    pass(&mut world, &mut diary, 100 * SECONDS);
    let [(stopped, PARTITION, false), (goes_on, PARTITION, true)] = diary.database[..] else {
        panic!("{:?}", diary.database)
    };
    assert!(
        stopped.abs_diff(40 * SECONDS) < SECONDS && goes_on.abs_diff(55 * SECONDS) < SECONDS,
        "{stopped} {goes_on}"
    );
    assert!(processed(&world, led_by) > before, "instances from 60 s on");
    assert_eq!(diary.without, 1);
    assert_eq!(diary.snapshots, 3, "that of 80 s, on all three");
}
