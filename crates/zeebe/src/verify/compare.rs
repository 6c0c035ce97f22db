//! What the model would have written against what the log has.

use crate::engine::FollowUp;
use crate::protocol::{
    ElementType, Intent, Record, RecordType, Timer, TimerIntent, Value, WorkflowInstance, WorkflowInstanceIntent,
};
use std::fmt;

/// The first follow-up of a record that is not as the model writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The record that was processed.
    pub source: i64,
    /// Where the differing record stands, if there is one.
    pub position: Option<i64>,
    /// What the model writes there.
    pub expected: Option<FollowUp>,
    /// What the log has there.
    pub found: Option<Record>,
    /// Which member differs, or what else is wrong.
    pub what: String,
}

impl Difference {
    pub(super) fn at(source: i64, found: &Record, what: impl Into<String>) -> Self {
        let (position, what) = (Some(found.position), what.into());
        Difference { source, position, expected: None, found: Some(found.clone()), what }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the follow-ups of the record at {} differ: {}", self.source, self.what)
    }
}

/// The first difference between what the model writes when it processes a record and what the log has.
pub fn compare<'a>(
    record: &Record,
    expected: &[FollowUp],
    mut logged: impl Iterator<Item = &'a Record>,
) -> Option<Difference> {
    let source = record.position;
    for one in expected {
        let Some(found) = logged.next() else {
            let what = "the log ends before it, or lacks it".to_owned();
            return Some(Difference { source, position: None, expected: Some(one.clone()), found: None, what });
        };
        if let Some(what) = differs(record, one, found) {
            let (position, what) = (Some(found.position), what.to_owned());
            return Some(Difference {
                source,
                position,
                expected: Some(one.clone()),
                found: Some(found.clone()),
                what,
            });
        }
    }
    logged.next().map(|found| Difference::at(source, found, "no processor writes it"))
}

/// The member that differs.
fn differs(record: &Record, one: &FollowUp, found: &Record) -> Option<&'static str> {
    if one.kind != found.kind {
        return Some("recordType");
    }
    if one.intent != found.intent {
        return Some(if one.intent.value_type() == found.value_type() { "intent" } else { "valueType" });
    }
    if one.key != found.key {
        return Some("key");
    }
    if one.rejection != found.rejection {
        return Some("rejection");
    }
    let lapse = found.timestamp - record.timestamp;
    (!same_value(one.intent, &one.value, &found.value, lapse)).then_some("value")
}

/// Whether two values are the same, as far as a log shows them.
///
/// A variable's value is JSON: the order of an object's members does not count. A timer that is asked for is due by the
/// clock of the leader that processed the record, at some moment within the `lapse` in milliseconds from that record to this
/// one; a fixed date is let off with that too. An event that starts an instance has process, version and scope left over
/// from whatever record that leader had written before; nothing reads them.
fn same_value(intent: Intent, one: &Value, two: &Value, lapse: i64) -> bool {
    match (one, two) {
        (Value::Variable(one), Value::Variable(two)) => {
            one.name == two.name
                && one.scope_key == two.scope_key
                && one.workflow_instance_key == two.workflow_instance_key
                && one.workflow_key == two.workflow_key
                && crate::protocol::same_json(&one.value, &two.value)
        }
        (Value::Timer(one), Value::Timer(two)) if intent == Intent::Timer(TimerIntent::Create) => {
            let later = two.due_date.saturating_sub(one.due_date);
            (lapse.min(0)..=lapse.max(0)).contains(&later)
                && **one == Timer { due_date: one.due_date, ..(**two).clone() }
        }
        (Value::WorkflowInstance(one), Value::WorkflowInstance(two))
            if intent == Intent::WorkflowInstance(WorkflowInstanceIntent::EventOccurred)
                && one.bpmn_element_type == ElementType::StartEvent =>
        {
            let left_over = WorkflowInstance {
                bpmn_process_id: two.bpmn_process_id.clone(),
                version: two.version,
                flow_scope_key: two.flow_scope_key,
                ..(**one).clone()
            };
            left_over == **two
        }
        _ => one == two,
    }
}

/// Whether a difference is the one that no release verifies: a deployment is accepted by one and refused by the other.
pub fn is_silent(difference: &Difference, detects: bool) -> bool {
    use crate::protocol::DeploymentIntent;
    let create = Intent::Deployment(DeploymentIntent::Create);
    let created = Intent::Deployment(DeploymentIntent::Created);
    let (Some(expected), Some(found)) = (&difference.expected, &difference.found) else { return false };
    let pair = ((expected.kind, expected.intent), (found.kind, found.intent));
    let accepts = pair == ((RecordType::Event, created), (RecordType::CommandRejection, create));
    let refuses = pair == ((RecordType::CommandRejection, create), (RecordType::Event, created));
    expected.key == found.key && (accepts || (refuses && !detects))
}
