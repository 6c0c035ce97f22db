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

/// What a log alone does not tell of the leader that wrote it, as far as the records before tell.
pub(super) struct Untold<'a> {
    /// What the record for the events of timers held when the record was processed, unless the leader had triggered none.
    pub left_over: Option<&'a WorkflowInstance>,
    /// Whether a timer is due at a date that its process names.
    pub is_dated: &'a dyn Fn(&Timer) -> bool,
}

/// The first difference between what the model writes when it processes a record and what the log has.
pub(super) fn compare<'a>(
    record: &Record,
    expected: &[FollowUp],
    mut logged: impl Iterator<Item = &'a Record>,
    untold: &Untold<'_>,
) -> Option<Difference> {
    let source = record.position;
    for one in expected {
        let Some(found) = logged.next() else {
            let what = "the log ends before it, or lacks it".to_owned();
            return Some(Difference { source, position: None, expected: Some(one.clone()), found: None, what });
        };
        if let Some(what) = differs(record, one, found, untold) {
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
fn differs(record: &Record, one: &FollowUp, found: &Record, untold: &Untold<'_>) -> Option<&'static str> {
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
    (!same_value(one.intent, &one.value, &found.value, lapse, untold)).then_some("value")
}

/// Whether two values are the same, as far as a log shows them. Let off are:
///
/// - the order of an object's members in a VARIABLE's value, which is JSON;
/// - `dueDate` of TIMER CREATE: it is reckoned from the clock of the leader that processed the record, at some moment within
///   the `lapse` in milliseconds from that record to this one. Not let off is a date that the process names;
/// - `bpmnProcessId`, `version` and `flowScopeKey` of the EVENT_OCCURRED of a start event: upstream does not clear them in
///   the record that its processor keeps for events, so after the event of an element they are that element's. Nothing reads
///   them. A leader that has triggered no element since it started has the defaults, so those and the last element's
///   stand; a message triggers no element here, so only the defaults do.
fn same_value(intent: Intent, one: &Value, two: &Value, lapse: i64, untold: &Untold<'_>) -> bool {
    match (one, two) {
        (Value::Variable(one), Value::Variable(two)) => {
            one.name == two.name
                && one.scope_key == two.scope_key
                && one.workflow_instance_key == two.workflow_instance_key
                && one.workflow_key == two.workflow_key
                && crate::protocol::same_json(&one.value, &two.value)
        }
        (Value::Timer(one), Value::Timer(two)) if intent == Intent::Timer(TimerIntent::Create) && one != two => {
            let later = two.due_date.saturating_sub(one.due_date);
            (lapse.min(0)..=lapse.max(0)).contains(&later)
                && **one == Timer { due_date: one.due_date, ..(**two).clone() }
                && !(untold.is_dated)(one)
        }
        (Value::WorkflowInstance(one), Value::WorkflowInstance(two))
            if intent == Intent::WorkflowInstance(WorkflowInstanceIntent::EventOccurred)
                && one.bpmn_element_type == ElementType::StartEvent
                && one != two =>
        {
            untold.left_over.is_some_and(|left_over| {
                let as_left = WorkflowInstance {
                    bpmn_process_id: left_over.bpmn_process_id.clone(),
                    version: left_over.version,
                    flow_scope_key: left_over.flow_scope_key,
                    ..(**one).clone()
                };
                as_left == **two
            })
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
