//! A broker's log for people: one record a line.

use raft::Role;
use zeebe::protocol::{Record, RecordType, Value};

use crate::scenario::duration::show_duration;
use crate::systems::zeebe::NodeLog;

/// Longer texts of a value are cut.
const TEXT_MAX: usize = 60;

/// Whose log it is.
pub struct Heading<'a> {
    /// The broker.
    pub node: &'a str,
    /// The partition.
    pub partition: u16,
    /// In which run.
    pub seed: u64,
    /// The log.
    pub log: &'a NodeLog,
}

/// What stands above the records.
pub fn heading(of: &Heading<'_>) -> String {
    let Heading { node, partition, seed, log } = of;
    let role = match log.role {
        Some(Role::Leader) => "leader",
        Some(Role::Candidate) => "candidate",
        Some(Role::Follower) => "follower",
        Some(Role::Inactive) => "inactive",
        None => "down",
    };
    let (at, term) = (show_duration(log.at.into()), log.term);
    let records = match (log.records.first(), log.records.last(), log.role) {
        (Some(first), Some(last), Some(_)) => format!("committed records {} to {}", first.position, last.position),
        (Some(first), Some(last), None) => {
            let not = log.records.len() - log.committed;
            format!("records {} to {} on its disk, the last {not} not committed", first.position, last.position)
        }
        (.., Some(_)) => "no committed record".to_owned(),
        (.., None) => "no record on its disk".to_owned(),
    };
    let snapshot = log.snapshot.map_or("no snapshot".to_owned(), |position| format!("snapshot at position {position}"));
    let columns = format!("{:>8} {:>8} {:>18}  {:<9} {:<42} value", "position", "source", "key", "record", "intent");
    format!(
        "partition {partition} on {node} at {at}, seed {seed}: {role}, term {term}, {records}, {snapshot}\n{columns}\n"
    )
}

/// A record.
pub fn line(record: &Record) -> String {
    let kind = match record.kind {
        RecordType::Event => "event",
        RecordType::Command => "command",
        RecordType::CommandRejection => "rejection",
    };
    let intent = format!("{} {}", record.value_type().name(), record.intent.name());
    let Record { position, source, key, .. } = record;
    let line = format!("{position:>8} {source:>8} {key:>18}  {kind:<9} {intent:<42} {}", value(&record.value));
    match &record.rejection {
        None => line.trim_end().to_owned(),
        Some(rejection) => format!("{} {}: {}", line.trim_end(), rejection.kind.name(), cut(&rejection.reason)),
    }
}

/// What matters of a value.
fn value(value: &Value) -> String {
    match value {
        Value::Deployment(value) => {
            let one = |it: &zeebe::protocol::DeployedWorkflow| {
                format!("{} version {} ({})", it.bpmn_process_id, it.version, it.workflow_key)
            };
            let resources = value.resources.iter().map(|it| it.resource_name.to_string());
            let workflows: Vec<String> = value.deployed_workflows.iter().map(one).collect();
            if workflows.is_empty() { resources.collect::<Vec<_>>().join(", ") } else { workflows.join(", ") }
        }
        Value::WorkflowInstance(value) => {
            format!(
                "{} {} of instance {}",
                value.bpmn_element_type.name(),
                value.element_id,
                value.workflow_instance_key
            )
        }
        Value::WorkflowInstanceCreation(value) => {
            format!("{} version {} instance {}", value.bpmn_process_id, value.version, value.workflow_instance_key)
        }
        Value::WorkflowInstanceResult(value) => {
            format!("{} instance {}", value.bpmn_process_id, value.workflow_instance_key)
        }
        Value::Job(value) => {
            let (kind, retries, worker) = (&value.r#type, value.retries, &value.worker);
            format!("{kind} retries {retries} worker {worker} of instance {}", value.workflow_instance_key)
        }
        Value::JobBatch(value) => {
            let (wanted, got) = (value.max_jobs_to_activate, value.job_keys.len());
            format!("{} for {}: {got} of {wanted} at most", value.r#type, value.worker)
        }
        Value::Incident(value) => {
            let (kind, why) = (value.error_type.name(), cut(&value.error_message));
            format!("{kind} {why} of instance {}", value.workflow_instance_key)
        }
        Value::Variable(value) => {
            format!("{} = {} of instance {}", value.name, cut(&value.value), value.workflow_instance_key)
        }
        Value::VariableDocument(value) => format!("scope {} {}", value.scope_key, value.update_semantics),
        Value::Timer(value) => format!(
            "{} due {} repetitions {} of instance {}",
            value.target_element_id, value.due_date, value.repetitions, value.workflow_instance_key
        ),
        Value::Message(value) => format!("{} correlation {}", value.name, value.correlation_key),
        Value::MessageStartEventSubscription(value) => {
            format!("{} starts {} at {}", value.message_name, value.bpmn_process_id, value.start_event_id)
        }
        Value::Error(value) => {
            let (at, why) = (value.error_event_position, cut(&value.exception_message));
            format!("at {at}: {why}")
        }
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}
