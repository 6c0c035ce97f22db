//! Documents as clients wrote them: the variables come out in the order in which real brokers set them.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which the lint does not know as tests")]

mod leader;

use leader::{Leader, log};
use relapse_zeebe::engine::has_processor;
use relapse_zeebe::protocol::{Document, Job, Message, Record, Value, VariableDocument, WorkflowInstanceCreation};
use std::sync::Arc;

/// All documents that a recording's client sent, with their members in its order.
fn documents(folder: &str) -> Vec<Document> {
    let path = format!("{}/../../tests/golden/zeebe/{folder}/commands.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let sent = text.lines().filter_map(|line| line.split(" -> ").next());
    sent.flat_map(|line| line.split(' ')).filter_map(|word| serde_json::from_str(word).ok()).collect()
}

/// The record with its document in the client's order.
fn as_sent(record: &Record, documents: &[Document]) -> Record {
    let sent = |document: &Document| documents.iter().find(|sent| *sent == document).unwrap_or(document).clone();
    let value = match &record.value {
        Value::Job(job) => Value::Job(Arc::new(Job { variables: sent(&job.variables), ..(**job).clone() })),
        Value::Message(message) => {
            Value::Message(Arc::new(Message { variables: sent(&message.variables), ..(**message).clone() }))
        }
        Value::VariableDocument(value) => {
            let variables = sent(&value.variables);
            Value::VariableDocument(Arc::new(VariableDocument { variables, ..(**value).clone() }))
        }
        Value::WorkflowInstanceCreation(value) => {
            let variables = sent(&value.variables);
            Value::WorkflowInstanceCreation(Arc::new(WorkflowInstanceCreation { variables, ..(**value).clone() }))
        }
        other => other.clone(),
    };
    Record { value, ..record.clone() }
}

#[test]
fn variables_are_set_in_the_order_of_the_leaders_index() {
    let (mut compared, mut longest) = (0, 0);
    for folder in ["quiet", "variables", "timers", "messages", "errors"] {
        let documents = documents(folder);
        for partition in 1..=3 {
            let file = log(&format!("{folder}/log-{partition}.jsonl"));
            let mut leader = Leader::of(partition);
            for record in file.records.iter().filter(|record| has_processor(record.kind, record.intent)) {
                leader.now = record.timestamp;
                let variable = |value: &Value| match value {
                    Value::Variable(variable) => Some((variable.scope_key, variable.name.clone())),
                    _ => None,
                };
                let written = leader.process(&as_sent(record, &documents));
                let written: Vec<_> =
                    written.iter().filter_map(|one| Some((one.key, one.intent, variable(&one.value)?))).collect();
                let logged = file.records.iter().filter(|other| other.source == record.position);
                let logged: Vec<_> =
                    logged.filter_map(|one| Some((one.key, one.intent, variable(&one.value)?))).collect();
                assert_eq!(written, logged, "{folder}/{partition} at {}", record.position);
                compared += logged.len();
                longest = longest.max(logged.len());
            }
        }
    }
    assert!(compared >= 300 && longest == 40, "{compared}, {longest}");
}
