//! Three brokers and a client on the kernel: leaders are elected, records are replicated and processed, deployments reach all
//! partitions, and leaders that die have successors that replay to the same state.

use kernel::identity::{NodeId, SECONDS};
use kernel::world::World;
use relapse_zeebe::bpmn::encode;
use relapse_zeebe::client_node::Operation;
use relapse_zeebe::cluster::{Process, Settings, Zeebe, builder};
use relapse_zeebe::protocol::{
    Deployment, DeploymentIntent, Document, NO_KEY, Record, Resource, Value, WorkflowInstanceCreation,
    WorkflowInstanceCreationIntent,
};
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::verify::{PartitionLog, Request, verify};
use std::sync::Arc;

const BENCHMARK: &[u8] = include_bytes!("../../../../tests/fixtures/zeebe/benchmark.bpmn");

fn deploy(at: u64) -> Operation {
    let resource = Resource {
        resource: encode(BENCHMARK).into(),
        resource_type: "BPMN_XML".into(),
        resource_name: "benchmark.bpmn".into(),
    };
    let value = Deployment { resources: vec![resource], deployed_workflows: Vec::new() };
    let value = Value::Deployment(Arc::new(value));
    Operation { at, partition: 1, key: NO_KEY, intent: DeploymentIntent::Create.into(), value }
}

fn create(at: u64, partition: u16) -> Operation {
    let value = WorkflowInstanceCreation {
        bpmn_process_id: "benchmark".into(),
        version: -1,
        workflow_key: 0,
        workflow_instance_key: -1,
        variables: Document::default(),
    };
    let value = Value::WorkflowInstanceCreation(Arc::new(value));
    Operation { at, partition, key: NO_KEY, intent: WorkflowInstanceCreationIntent::Create.into(), value }
}

fn world(seed: u64, preset: &str, operations: Vec<Operation>) -> World<Zeebe> {
    let settings = Arc::new(Settings::new(Toggles::preset(preset).expect("a preset")));
    builder(seed, &settings, operations).build()
}

fn log(world: &World<Zeebe>, broker: u16, partition: u16) -> Vec<Record> {
    match world.node(NodeId(broker)) {
        Some(Process::Broker(broker)) => {
            broker.partition(partition).map(|partition| partition.records().cloned().collect()).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn leader(world: &World<Zeebe>, partition: u16) -> Option<u16> {
    (0..3).find(|broker| match world.node(NodeId(*broker)) {
        Some(Process::Broker(broker)) => {
            broker.partition(partition).is_some_and(|partition| partition.processor().is_some())
        }
        _ => false,
    })
}

fn is_clean(partition: u16, records: &[Record], preset: &str) {
    let toggles = Toggles::preset(preset).expect("a preset");
    let log = PartitionLog { partition, records };
    let report = verify(&Request { log, from: -1, toggles, confirmations: Vec::new() }).expect("a replay");
    assert!(report.outcome.is_clean(), "{partition}: {:?}", report.outcome);
}

#[test]
fn a_quiet_cluster_deploys_everywhere_and_its_logs_verify() {
    let mut operations = vec![deploy(12 * SECONDS)];
    for number in 0..30 {
        operations.push(create(20 * SECONDS + number * SECONDS / 10, (number % 3) as u16 + 1));
    }
    let mut world = world(7, "0.24.4", operations);
    while world.step_until(60 * SECONDS, &mut ()) {}
    let Some(Process::Client(client)) = world.node(NodeId(3)) else { panic!("the client") };
    assert_eq!(client.answers().len(), 31);
    assert!(client.answers().values().all(|answer| answer.rejection.is_none()), "{:?}", client.answers());
    for partition in 1..=3 {
        let led_by = leader(&world, partition).expect("a leader");
        let records = log(&world, led_by, partition);
        assert!(records.len() > 130, "{partition}: {}", records.len());
        assert!(records.iter().zip(1..).all(|(record, position)| record.position == position));
        is_clean(partition, &records, "0.24.4");
        for broker in 0..3 {
            let replica = log(&world, broker, partition);
            assert_eq!(replica[..], records[..replica.len()], "{partition} on {broker}");
            assert_eq!(replica.len(), records.len(), "{partition} on {broker}");
        }
    }
}

mod soak;
mod timing;
