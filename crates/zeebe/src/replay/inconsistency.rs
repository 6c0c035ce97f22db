//! Upstream's exception when a replay meets a log that says something else.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/InconsistentReprocessingException.java (text)

use super::list::Listed;
use crate::protocol::{Record, Value};
use serde_json::{Map, json};

/// What does not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// The log lacks a record.
    NotOnLog,
    /// The keys differ.
    Key,
    /// The intents differ.
    Intent,
}

impl Cause {
    /// Upstream's words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Cause::NotOnLog => "Records were created on reprocessing but not written on the log stream.",
            Cause::Key => "The key of the record on the log stream doesn't match to the record from reprocessing.",
            Cause::Intent => {
                "The intent of the record on the log stream doesn't match to the record from reprocessing."
            }
        }
    }

    /// A word for signatures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Cause::NotOnLog => "not-on-log",
            Cause::Key => "key",
            Cause::Intent => "intent",
        }
    }
}

/// The exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inconsistency {
    /// What does not match.
    pub cause: Cause,
    /// What the log has.
    pub logged: Record,
    /// What the replay would have written.
    pub listed: Listed,
}

impl Inconsistency {
    pub(crate) fn new(cause: Cause, logged: &Record, listed: Listed) -> Box<Self> {
        Box::new(Inconsistency { cause, logged: logged.clone(), listed })
    }

    /// Upstream's text, on one line. The members of its JSON come in one order of ours; upstream's varies from process to
    /// process.
    #[must_use]
    pub fn text(&self, partition: u16) -> String {
        let (cause, record) = (self.cause.text(), record_json(partition, &self.logged));
        format!(
            "Reprocessing issue detected! Restore the data from a backup and follow the recommended upgrade procedure. \
             [cause: \"{cause}\", log-stream-record: {record}, reprocessing-record: {}]",
            self.listed
        )
    }
}

/// A record as upstream's `toJson` has it.
fn record_json(partition: u16, record: &Record) -> String {
    let rejection = record.rejection.as_ref();
    let mut members = Map::new();
    members.insert("partitionId".to_owned(), json!(partition));
    members.insert("value".to_owned(), value_json(&record.value));
    members.insert("sourceRecordPosition".to_owned(), json!(record.source));
    members.insert("timestamp".to_owned(), json!(record.timestamp));
    members.insert("position".to_owned(), json!(record.position));
    members.insert("valueType".to_owned(), json!(record.value_type().name()));
    members.insert("intent".to_owned(), json!(record.intent.name()));
    members.insert("recordType".to_owned(), json!(record.kind.name()));
    members.insert("rejectionReason".to_owned(), json!(rejection.map_or("", |rejection| &rejection.reason)));
    members.insert("rejectionType".to_owned(), json!(rejection.map_or("NULL_VAL", |rejection| rejection.kind.name())));
    members.insert("key".to_owned(), json!(record.key));
    serde_json::Value::Object(members).to_string()
}

/// A value as JSON.
fn value_json(value: &Value) -> serde_json::Value {
    let json = match value {
        Value::Deployment(value) => serde_json::to_value(&**value),
        Value::WorkflowInstance(value) => serde_json::to_value(&**value),
        Value::WorkflowInstanceCreation(value) => serde_json::to_value(&**value),
        Value::WorkflowInstanceResult(value) => serde_json::to_value(&**value),
        Value::Job(value) => serde_json::to_value(&**value),
        Value::JobBatch(value) => serde_json::to_value(&**value),
        Value::Incident(value) => serde_json::to_value(&**value),
        Value::Variable(value) => serde_json::to_value(&**value),
        Value::VariableDocument(value) => serde_json::to_value(&**value),
        Value::Timer(value) => serde_json::to_value(&**value),
        Value::Message(value) => serde_json::to_value(&**value),
        Value::MessageStartEventSubscription(value) => serde_json::to_value(&**value),
        Value::Error(value) => serde_json::to_value(&**value),
    };
    json.unwrap_or_default()
}
