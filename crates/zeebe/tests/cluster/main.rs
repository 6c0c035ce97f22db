//! Three brokers, a gateway and clients on the kernel: leaders are elected, records are replicated and processed, deployments
//! reach all partitions, and leaders that die have successors that replay to the same state.

use kernel::identity::{Nanos, NodeId, SECONDS};
use kernel::world::World;
use relapse_zeebe::bpmn::encode;
use relapse_zeebe::client::{Operation, Scripted, When};
use relapse_zeebe::client_node::{Client, ClientRole};
use relapse_zeebe::cluster::{Process, Settings, Zeebe, builder};
use relapse_zeebe::gateway::{File, LATEST_VERSION, Reply, Request};
use relapse_zeebe::protocol::{Document, Record};
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::verify::{PartitionLog, Request as Verify, verify};
use std::sync::Arc;

const BENCHMARK: &[u8] = include_bytes!("../../../../tests/fixtures/zeebe/benchmark.bpmn");

fn benchmark() -> File {
    File { name: "benchmark.bpmn".into(), content: encode(BENCHMARK).into() }
}

fn deploy(at: Nanos) -> (Nanos, Request) {
    (at, Request::Deploy([benchmark()].into()))
}

fn create(at: Nanos) -> (Nanos, Request) {
    let (process_id, version, variables) = ("benchmark".into(), LATEST_VERSION, Document::default());
    (at, Request::CreateInstance { process_id, version, variables })
}

/// A client that does this at these times.
fn script(requests: Vec<(Nanos, Request)>) -> ClientRole {
    let operation = |(id, (at, request))| Operation { id, when: When::At(at), request, subject: None, timeout: None };
    ClientRole::Scripted((0..).zip(requests).map(operation).collect())
}

fn world(seed: u64, preset: &str, clients: Vec<ClientRole>) -> World<Zeebe> {
    let settings = Arc::new(Settings::new(Toggles::preset(preset).expect("a preset")));
    builder(seed, &settings, clients).build()
}

/// The first client, which has a script.
fn scripted(world: &World<Zeebe>) -> &Scripted {
    match world.node(NodeId(4)) {
        Some(Process::Client(node)) => match node.client() {
            Client::Scripted(scripted) => scripted,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
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
    let report = verify(&Verify { log, from: -1, toggles, confirmations: Vec::new() }).expect("a replay");
    assert!(report.outcome.is_clean(), "{partition}: {:?}", report.outcome);
}

#[test]
fn a_quiet_cluster_deploys_everywhere_and_its_logs_verify() {
    let mut operations = vec![deploy(12 * SECONDS)];
    for number in 0..30 {
        operations.push(create(20 * SECONDS + number * SECONDS / 10));
    }
    let mut world = world(7, "0.24.4", vec![script(operations)]);
    while world.step_until(60 * SECONDS, &mut ()) {}
    let client = scripted(&world);
    assert_eq!(client.courses().len(), 31);
    let accepted = |reply: &Option<Reply>| matches!(reply, Some(Reply::Response(_)));
    assert!(client.courses().values().all(|course| accepted(&course.reply)), "{:?}", client.courses());
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

mod backpressure;
mod exporters;
mod load;
mod pushes;
mod quiet;
mod recorded_5688;
mod soak;
mod starts;
mod storage;
mod timing;
