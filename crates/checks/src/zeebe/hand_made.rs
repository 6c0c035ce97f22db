//! Histories made by hand, for the tests of the properties.

use super::{Checks, Violation};
use kernel::identity::NodeId;
use std::sync::Arc;
use zeebe::bpmn::Definitions;
use zeebe::cluster::{Event, Settings};
use zeebe::processor::Notice;
use zeebe::protocol::{Intent, Record, RecordType, Value};
use zeebe::settings::Toggles;
use zeebe::state::Workflow;

/// What a stream processor tells.
pub const fn notice(node: u16, partition: u16, notice: Notice) -> (u16, Event) {
    (node, Event::Processor(partition, notice))
}

/// Checks of three brokers and three partitions.
pub fn checks() -> Checks {
    Checks::new(&Settings::new(Toggles::preset("fixed").expect("a preset")))
}

/// What a history breaks. No broker is there to be looked into.
pub fn broken(history: &[(u16, Event)]) -> Vec<Violation> {
    let mut checks = checks();
    history.iter().zip(1..).for_each(|((node, event), at)| checks.see(NodeId(*node), event, None, at));
    checks.broken().to_vec()
}

/// A record of which only this counts; where the intent is a command, it is one.
pub fn record(position: i64, source: i64, intent: Intent) -> Record {
    let is_command = matches!(intent.name(), "TIME_OUT" | "TRIGGER" | "CREATE");
    Record {
        position,
        source,
        key: -1,
        timestamp: 0,
        kind: if is_command { RecordType::Command } else { RecordType::Event },
        intent,
        rejection: None,
        value: Value::Job(Arc::default()),
        request: None,
    }
}

/// A workflow.
pub fn workflow(key: i64, process_id: &str, version: i32) -> Workflow {
    const BENCHMARK: &[u8] = include_bytes!("../../../../tests/fixtures/zeebe/benchmark.bpmn");
    let definitions = Definitions::read(BENCHMARK).expect("a process");
    let process = definitions.processes.into_iter().next().expect("it has one");
    Workflow { key, process_id: process_id.into(), version, resource_name: "p.bpmn".into(), process: process.into() }
}
