//! Ten instances a second, without a fault, for ten minutes: all are completed, and nothing is rejected.

use super::{benchmark, leader, log};
use kernel::identity::{NodeId, SECONDS};
use relapse_zeebe::client::{StarterSettings, WorkerSettings};
use relapse_zeebe::client_node::{Client, ClientRole};
use relapse_zeebe::cluster::{Process, Settings, builder};
use relapse_zeebe::protocol::{
    DeploymentIntent, ElementType, Intent, Record, RecordType, RejectionType, Value, WorkflowInstanceIntent,
};
use relapse_zeebe::settings::Toggles;
use std::sync::Arc;

const SEEDS: u64 = 5;
const MINUTES: u64 = 10;
/// So many instances are started in that time, but for the first seconds, in which there is no leader.
const INSTANCES: u64 = MINUTES * 60 * 10;

fn clients(instances: u64) -> Vec<ClientRole> {
    let starter = StarterSettings {
        rate: 10,
        instances_max: Some(instances),
        ..StarterSettings::benchmark([benchmark()].into())
    };
    vec![
        ClientRole::Starter { settings: Arc::new(starter), opens_at: 10 * SECONDS },
        ClientRole::Worker { settings: Arc::new(WorkerSettings::benchmark()), opens_at: 10 * SECONDS, closes: None },
    ]
}

/// A deployment that is pushed twice, its first confirmation being lost.
fn is_pushed_twice(partition: u16, record: &Record) -> bool {
    partition > 1
        && record.intent == DeploymentIntent::Create.into()
        && record.rejection.as_ref().is_some_and(|rejection| rejection.kind == RejectionType::AlreadyExists)
}

#[allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "wall time is printed; no run sees it")]
#[test]
fn every_instance_is_completed_and_nothing_is_rejected_but_what_upstream_rejects() {
    for seed in 1..=SEEDS {
        let started = std::time::Instant::now();
        let events = every_instance_is_completed(seed);
        let wall = started.elapsed().as_secs_f64();
        println!(
            "seed {seed}: {events} events in {wall:.2} s: {:.2} M events/s, {:.0} virtual seconds per second",
            events as f64 / wall / 1e6,
            (MINUTES * 60) as f64 / wall
        );
    }
}

fn every_instance_is_completed(seed: u64) -> u64 {
    let settings = Arc::new(Settings::new(Toggles::preset("0.24.4").expect("a preset")));
    let instances = INSTANCES - 200;
    let mut world = builder(seed, &settings, clients(instances)).build();
    while world.step_until(MINUTES * 60 * SECONDS, &mut ()) {}
    let (mut completed, mut rejections) = (0, Vec::new());
    for partition in 1..=3 {
        let records = log(&world, leader(&world, partition).expect("a leader"), partition);
        for record in records {
            if let (
                Value::WorkflowInstance(instance),
                Intent::WorkflowInstance(WorkflowInstanceIntent::ElementCompleted),
            ) = (&record.value, record.intent)
                && instance.bpmn_element_type == ElementType::Process
            {
                completed += 1;
            }
            if record.kind == RecordType::CommandRejection && !is_pushed_twice(partition, &record) {
                rejections.push(record);
            }
        }
    }
    let Some(Process::Client(node)) = world.node(NodeId(4)) else { panic!("the starter") };
    let Client::Starter(starter) = node.client() else { panic!("the starter") };
    assert_eq!(starter.counts(), (instances, 0), "{seed}");
    assert_eq!((completed, rejections.as_slice()), (instances, &[][..]), "{seed}");
    let Some(Process::Client(node)) = world.node(NodeId(5)) else { panic!("the worker") };
    let Client::Worker(worker) = node.client() else { panic!("the worker") };
    assert_eq!((worker.completed(), worker.lost()), (instances, 0), "{seed}");
    world.events()
}
