//! The commands of golden/zeebe/issue-5688 given to the model: leaders of partition 3 are killed one after the other, one
//! replica keeps no snapshot, and in the end a leader dies of a deployment that its log accepted twice.

use super::{create, deploy, leader, log, script};
use kernel::control::Command;
use kernel::disk::Unsynced;
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{Nanos, NodeId, SECONDS};
use kernel::world::World;
use relapse_zeebe::broker::{Broker, Health};
use relapse_zeebe::client_node::ClientRole;
use relapse_zeebe::cluster::{Event, Process, Settings, Zeebe, builder};
use relapse_zeebe::processor::Notice;
use relapse_zeebe::protocol::{DeploymentIntent, Intent, RecordType};
use relapse_zeebe::settings::Toggles;
use std::sync::Arc;

/// What brokers tell of their health, and what stream processors die of.
#[derive(Default)]
struct Diary {
    ready: Vec<NodeId>,
    health: Vec<(Nanos, NodeId, u16, Health)>,
    deaths: Vec<(Nanos, NodeId, u16, String)>,
}

impl Observer<Zeebe> for Diary {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, _: &World<Zeebe>) {
        match event.what {
            What::Emitted(Event::Ready) => self.ready.push(event.node),
            What::Emitted(Event::Health { partition, health }) => {
                self.health.push((event.at, event.node, *partition, *health));
            }
            What::Emitted(Event::Processor(partition, Notice::Failed { why, .. })) => {
                self.deaths.push((event.at, event.node, *partition, why.clone()));
            }
            _ => {}
        }
    }
}

fn broker(world: &World<Zeebe>, node: NodeId) -> &Broker {
    match world.node(node) {
        Some(Process::Broker(broker)) => broker,
        other => panic!("{other:?}"),
    }
}

/// The rounds of the recording, until a stream processor dies or there were fourteen.
fn recorded(seed: u64, preset: &str) -> (World<Zeebe>, Diary) {
    let mut settings = Settings::new(Toggles::preset(preset).expect("a preset"));
    settings.index_density = 1;
    settings.first_leaders = [2, 2, 1].into();
    let mut operations = vec![deploy(33 * SECONDS)];
    operations.extend((0..6).map(|number| create(54 * SECONDS + number * SECONDS / 5)));
    let operator = ClientRole::Operator([(62 * SECONDS, 3)].into());
    let mut world = builder(seed, &Arc::new(settings), vec![script(operations), operator]).build();
    let mut diary = Diary::default();
    let mut now = 0;
    let mut pass = |world: &mut World<Zeebe>, diary: &mut Diary, seconds: Nanos| {
        now += seconds * SECONDS;
        while world.step_until(now, diary) {}
    };
    let kill = |world: &mut World<Zeebe>, diary: &mut Diary, node: u16| {
        let kill = Command::Kill { node: NodeId(node), unsynced: Unsynced::Keep, dark: false };
        world.control(kill, diary);
    };
    let start = |world: &mut World<Zeebe>, diary: &mut Diary, node: u16| {
        world.control(Command::Start { node: NodeId(node), readdress: false }, diary);
    };
    pass(&mut world, &mut diary, 59);
    kill(&mut world, &mut diary, 0);
    pass(&mut world, &mut diary, 11);
    start(&mut world, &mut diary, 0);
    pass(&mut world, &mut diary, 20);
    for _ in 0..14 {
        if !diary.deaths.is_empty() {
            break;
        }
        for partition in [3, 1] {
            let led_by = leader(&world, partition).expect("a leader");
            if partition == 1 && leader(&world, 3) == Some(led_by) {
                continue;
            }
            kill(&mut world, &mut diary, led_by);
            pass(&mut world, &mut diary, 9);
            start(&mut world, &mut diary, led_by);
            pass(&mut world, &mut diary, 14);
        }
        pass(&mut world, &mut diary, 6);
    }
    (world, diary)
}

#[test]
fn the_recorded_kills_end_in_the_recorded_exception_and_the_broker_stays_ready() {
    let (mut died, mut twice) = (0, 0);
    for seed in 0..20 {
        let (mut world, mut diary) = recorded(seed, "0.24.4");
        assert_eq!(&diary.ready[..3].iter().map(|node| node.0).sum::<u16>(), &3, "each once: {:?}", diary.ready);
        let created = |record: &&relapse_zeebe::protocol::Record| {
            record.kind == RecordType::Event && record.intent == Intent::Deployment(DeploymentIntent::Created)
        };
        twice += u32::from((0..3).any(|broker| log(&world, broker, 3).iter().filter(created).count() > 1));
        let Some((at, node, partition, why)) = diary.deaths.first().cloned() else { continue };
        died += 1;
        assert_eq!(partition, 3, "{why}");
        assert!(why.contains("The intent of the record on the log stream doesn't match"), "{why}");
        assert!(why.contains("intent=DeploymentIntent:CREATE, recordType=COMMAND_REJECTION"), "{why}");
        assert!(diary.health.contains(&(at, node, 3, Health::Unhealthy)), "told at once");
        let dead = broker(&world, node);
        assert_eq!(dead.partition(3).expect("a partition").health(), Health::Unhealthy);
        assert_eq!(dead.partition(2).expect("a partition").health(), Health::Healthy);
        assert!(dead.is_ready() && !dead.is_healthy());
        assert_eq!(leader(&world, 3), Some(node.0), "it goes on leading");
        // Nothing mends it while it leads.
        let later = world.now() + 300 * SECONDS;
        while world.step_until(later, &mut diary) {}
        assert_eq!(broker(&world, node).partition(3).expect("a partition").health(), Health::Unhealthy);
        assert!(broker(&world, node).is_ready());
    }
    // The first CREATE behind the snapshot decides. A leader that opened from it accepts; one that replayed all, or never
    // stopped, refuses, and then all later leaders have seen the key.
    assert!(died == twice && (4..=16).contains(&died), "{died} died, {twice} accepted twice");
}

#[test]
fn without_a_death_all_are_ready_and_healthy() {
    let (world, diary) = recorded(3, "fixed");
    assert!(diary.deaths.is_empty(), "{:?}", diary.deaths);
    for node in 0..3 {
        assert!(broker(&world, NodeId(node)).is_healthy(), "{node}");
    }
}
