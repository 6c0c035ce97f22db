//! What brokers refuse: commands over the limit, and commands that come while a former leader's handler goes.

use super::{create, deploy, leader, script, scripted};
use kernel::control::Command;
use kernel::disk::{DiskFaults, Unsynced};
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{MILLIS, Nanos, NodeId, SECONDS};
use kernel::system::Input;
use kernel::world::World;
use relapse_zeebe::client_node::ClientRole;
use relapse_zeebe::cluster::{Message, Process, Settings, Zeebe, builder};
use relapse_zeebe::gateway::{Code, ErrorCode, Reply};
use relapse_zeebe::settings::Toggles;
use std::sync::Arc;

/// What comes to the gateway instead of an answer.
#[derive(Default)]
struct Refusals {
    exhausted: Vec<Nanos>,
    mismatch: Vec<Nanos>,
    nobody: Vec<Nanos>,
}

impl Observer<Zeebe> for Refusals {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, _: &World<Zeebe>) {
        if let What::Input(Input::Received { message, .. }) = event.what {
            match message {
                Message::Refused(_, ErrorCode::ResourceExhausted) => self.exhausted.push(event.at),
                Message::Refused(_, ErrorCode::PartitionLeaderMismatch) => self.mismatch.push(event.at),
                Message::NoHandler(_) => self.nobody.push(event.at),
                _ => {}
            }
        }
    }
}

fn settings() -> Settings {
    let mut settings = Settings::new(Toggles::preset("0.24.4").expect("a preset"));
    settings.first_leaders = [0, 0, 1].into();
    settings.index_density = 1;
    settings
}

/// One of three partitions is stuck after an error of its leader's disk. Twenty commands are accepted and never answered;
/// after that the gateway hears at once that it is full, and the next partition takes the command.
#[test]
fn a_stuck_partition_takes_twenty_commands_and_no_more() {
    for limited in [true, false] {
        let settings = Settings { backpressure: limited, ..settings() };
        let mut operations = vec![deploy(12 * SECONDS)];
        operations.extend((0..3).map(|number| create(20 * SECONDS + number * SECONDS)));
        operations.extend((0..180).map(|number| create(50 * SECONDS + number * SECONDS / 5)));
        let operator = ClientRole::Operator([(40 * SECONDS, 3)].into());
        let mut world = builder(5, &Arc::new(settings), vec![script(operations), operator]).build();
        let mut refusals = Refusals::default();
        while world.step_until(40 * SECONDS - MILLIS, &mut refusals) {}
        let led_by = leader(&world, 3).expect("a leader");
        let failing = DiskFaults { failing: 1, ..DiskFaults::default() };
        world.control(Command::Disk(NodeId(led_by), failing), &mut refusals);
        while world.step_until(120 * SECONDS, &mut refusals) {}
        let late = |reply: &Option<Reply>| matches!(reply, Some(Reply::Error(status)) if status.code == Code::DeadlineExceeded);
        let courses = scripted(&world).courses();
        let (lost, all) = (courses.values().filter(|course| late(&course.reply)).count(), courses.len());
        let told = courses.values().filter(|course| matches!(course.reply, Some(Reply::Response(_)))).count();
        assert_eq!((lost + told, all), (184, 184));
        if limited {
            assert_eq!((lost, refusals.exhausted.len()), (20, 40), "of 60 that come to it first");
        } else {
            assert_eq!((lost, refusals.exhausted.len()), (60, 0));
        }
        let Some(Process::Broker(broker)) = world.node(NodeId(led_by)) else { panic!("it is up") };
        let under_way = broker.partition(3).expect("a partition").under_way();
        assert_eq!(under_way, limited.then_some((20, 20)));
    }
}

/// The other brokers die: the leader steps down. First it tells of a mismatch, then nobody is there.
#[test]
fn a_former_leader_tells_of_a_mismatch_until_its_handler_is_gone() {
    let mut settings = settings();
    settings.first_leaders = [0, 0, 0].into();
    settings.costs.unsubscribe = 3 * SECONDS;
    let mut operations = vec![deploy(12 * SECONDS)];
    operations.extend((0..300).map(|number| create(25 * SECONDS + number * SECONDS / 10)));
    let mut world = builder(9, &Arc::new(settings), vec![script(operations)]).build();
    let mut refusals = Refusals::default();
    while world.step_until(30 * SECONDS, &mut refusals) {}
    assert!((1..=3).all(|partition| leader(&world, partition) == Some(0)));
    for node in [1, 2] {
        world.control(Command::Kill { node: NodeId(node), unsynced: Unsynced::Keep, dark: false }, &mut refusals);
    }
    while world.step_until(55 * SECONDS, &mut refusals) {}
    let (first, last) = (refusals.mismatch[0], refusals.mismatch[refusals.mismatch.len() - 1]);
    assert!((30 * SECONDS..45 * SECONDS).contains(&first), "{first}");
    // Three partitions, none of which steps down at quite the same time.
    assert!((2 * SECONDS..6 * SECONDS).contains(&(last - first)), "{first} to {last}");
    assert!(refusals.nobody.iter().all(|at| *at > first + 2 * SECONDS) && refusals.nobody.len() > 20);
}
