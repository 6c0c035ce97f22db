//! One record as one line of JSON.

use super::error::Problem;
use crate::protocol::{Intent, Pool, Record, RecordType, Rejection, RejectionType, Share, Value, ValueType};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// How a line says that a record is no rejection.
const NO_REJECTION: &str = "NULL_VAL";

/// A line's members. This order is the order in which they are written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Members<'a, V> {
    /// Since 0.26 only.
    #[serde(rename = "brokerVersion", skip_serializing, default)]
    _broker_version: Option<IgnoredAny>,
    #[serde(borrow)]
    intent: Cow<'a, str>,
    key: i64,
    partition_id: u16,
    position: i64,
    record_type: RecordType,
    #[serde(borrow)]
    rejection_reason: Cow<'a, str>,
    #[serde(borrow)]
    rejection_type: Cow<'a, str>,
    source_record_position: i64,
    timestamp: i64,
    value: V,
    #[serde(borrow)]
    value_type: Cow<'a, str>,
}

/// Reads a line's record, and the partition that it is of. Its strings come from the pool.
///
/// # Errors
/// If it is not the JSON of one record, has a member too many or too few, or contradicts itself. Its place among other
/// lines is not looked at.
pub fn read_line(line: &str, pool: &mut Pool) -> Result<(u16, Record), Problem> {
    if line.trim().is_empty() {
        return Err(Problem::Json { column: 1, message: "the line is blank".into() });
    }
    let members: Members<&RawValue> = serde_json::from_str(line).map_err(|error| problem_of(&error, 0))?;
    if members.partition_id == 0 {
        return Err(Problem::NoPartition);
    }
    let value_type = ValueType::named(&members.value_type)
        .ok_or_else(|| Problem::ValueType { found: members.value_type.clone().into_owned() })?;
    let intent = Intent::named(value_type, &members.intent)
        .ok_or_else(|| Problem::Intent { value_type, found: members.intent.clone().into_owned() })?;
    let rejection = rejection_of(&members, pool);
    let json = members.value.get();
    // The raw value is a part of the line.
    let before = json.as_ptr().addr() - line.as_ptr().addr();
    let value = read_value(value_type, json, pool).map_err(|error| problem_of(&error, before))?;
    let record = Record {
        position: members.position,
        source: members.source_record_position,
        key: members.key,
        timestamp: members.timestamp,
        kind: members.record_type,
        intent,
        rejection,
        value,
        request: None,
    };
    Ok((members.partition_id, record))
}

/// The line of a record, without a line break.
///
/// # Panics
/// If a document holds what is no JSON: a bug of the model that wrote it.
#[must_use]
pub fn write_line(partition: u16, record: &Record) -> String {
    let (rejection_type, rejection_reason) = match &record.rejection {
        Some(rejection) => (rejection.kind.name(), rejection.reason.as_str()),
        None => (NO_REJECTION, ""),
    };
    let members = Members {
        _broker_version: None,
        intent: record.intent.name().into(),
        key: record.key,
        partition_id: partition,
        position: record.position,
        record_type: record.kind,
        rejection_reason: rejection_reason.into(),
        rejection_type: rejection_type.into(),
        source_record_position: record.source,
        timestamp: record.timestamp,
        value: Written(&record.value),
        value_type: record.value_type().name().into(),
    };
    serde_json::to_string(&members).expect("SIMULATOR BUG: a variable's value is no JSON")
}

/// Why it was refused. Half a refusal is kept as it stands: no model writes one, so it differs from all of them.
fn rejection_of<V>(members: &Members<'_, V>, pool: &mut Pool) -> Option<Rejection> {
    if members.rejection_type == NO_REJECTION && members.rejection_reason.is_empty() {
        return None;
    }
    let mut kind = RejectionType::from(&*members.rejection_type);
    kind.share(pool);
    Some(Rejection { kind, reason: pool.text(&members.rejection_reason) })
}

/// The reader's complaint at its column of the line, `before` bytes of which stand before what was read.
fn problem_of(error: &serde_json::Error, before: usize) -> Problem {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
    let column = before + error.column().max(1);
    match error.classify() {
        Category::Data => Problem::Member { column, message },
        Category::Io | Category::Syntax | Category::Eof => Problem::Json { column, message },
    }
}

/// A value as it is written.
struct Written<'a>(&'a Value);

/// Reading and writing, for each kind of value.
macro_rules! kinds {
    ($($kind:ident)+) => {
        fn read_value(value_type: ValueType, json: &str, pool: &mut Pool) -> Result<Value, serde_json::Error> {
            Ok(match value_type {
                $(ValueType::$kind => Value::$kind(read(json, pool)?),)+
            })
        }

        impl Serialize for Written<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    $(Value::$kind(value) => value.serialize(serializer),)+
                }
            }
        }
    };
}

kinds! {
    Deployment WorkflowInstance WorkflowInstanceCreation WorkflowInstanceResult Job JobBatch Incident Variable
    VariableDocument Timer Message MessageStartEventSubscription Error
}

fn read<'a, T: Deserialize<'a> + Share>(json: &'a str, pool: &mut Pool) -> Result<Arc<T>, serde_json::Error> {
    let mut value: T = serde_json::from_str(json)?;
    value.share(pool);
    Ok(Arc::new(value))
}

#[cfg(test)]
mod tests {
    use super::{read_line, write_line};
    use crate::exported::Problem;
    use crate::protocol::{Intent, Pool, TimerIntent, ValueType};

    const TIMER: &str = concat!(
        r#"{"intent":"CREATED","key":5,"partitionId":2,"position":7,"recordType":"EVENT","rejectionReason":"","#,
        r#""rejectionType":"NULL_VAL","sourceRecordPosition":6,"timestamp":9,"value":{"elementInstanceKey":1,"#,
        r#""workflowInstanceKey":2,"workflowKey":3,"dueDate":4,"targetElementId":"wait","repetitions":1},"#,
        r#""valueType":"TIMER"}"#
    );

    fn problem(line: &str) -> Problem {
        read_line(line, &mut Pool::default()).expect_err("a problem")
    }

    #[test]
    fn a_line_is_written_as_it_was_read() {
        let (partition, record) = read_line(TIMER, &mut Pool::default()).expect("a record");
        assert_eq!((partition, record.position, record.intent), (2, 7, Intent::Timer(TimerIntent::Created)));
        assert_eq!(write_line(partition, &record), TIMER);
    }

    #[test]
    fn the_version_of_the_broker_is_read_over() {
        let newer = TIMER.replacen('{', r#"{"brokerVersion":"0.26.0","#, 1);
        let (partition, record) = read_line(&newer, &mut Pool::default()).expect("a record");
        assert_eq!(write_line(partition, &record), TIMER);
    }

    #[test]
    fn broken_json_is_named_by_its_column() {
        let cut = &TIMER[..30];
        assert!(matches!(problem(cut), Problem::Json { column: 30, .. }), "{:?}", problem(cut));
        let colon = TIMER.replacen(':', "", 1);
        assert!(matches!(problem(&colon), Problem::Json { column: 10, .. }), "{:?}", problem(&colon));
        assert!(matches!(problem("  "), Problem::Json { column: 1, .. }));
    }

    #[test]
    fn a_member_that_a_value_does_not_have_is_named_by_its_column_of_the_line() {
        let more = TIMER.replace(r#""dueDate":4"#, r#""due":4"#);
        let Problem::Member { column, message } = problem(&more) else { panic!("{:?}", problem(&more)) };
        assert!(message.starts_with("unknown field `due`, expected one of `elementInstanceKey`"), "{message}");
        assert_eq!(&more[column - 5..column], r#""due""#);
    }

    #[test]
    fn a_member_that_is_missing_or_of_another_type_is_named() {
        let less = TIMER.replace(r#""dueDate":4,"#, "");
        assert!(problem(&less).to_string().ends_with("missing field `dueDate`"), "{}", problem(&less));
        let text = TIMER.replace(r#""key":5"#, r#""key":"5""#);
        assert!(problem(&text).to_string().contains("expected i64"), "{}", problem(&text));
        let twice = TIMER.replace(r#""key":5"#, r#""key":5,"key":5"#);
        assert!(problem(&twice).to_string().contains("duplicate field `key`"), "{}", problem(&twice));
    }

    #[test]
    fn an_unknown_value_type_comes_with_the_supported_ones() {
        let found = problem(&TIMER.replace("TIMER", "MESSAGE_SUBSCRIPTION"));
        assert_eq!(found, Problem::ValueType { found: "MESSAGE_SUBSCRIPTION".into() });
        assert!(found.way_out().contains("supported are DEPLOYMENT, WORKFLOW_INSTANCE, "), "{}", found.way_out());
    }

    #[test]
    fn an_unknown_intent_comes_with_those_of_its_value() {
        let found = problem(&TIMER.replace("CREATED", "DISTRIBUTE"));
        assert_eq!(found, Problem::Intent { value_type: ValueType::Timer, found: "DISTRIBUTE".into() });
        assert_eq!(found.way_out(), "it can be CREATE, CREATED, TRIGGER, TRIGGERED, CANCEL, CANCELED");
    }

    #[test]
    fn half_a_rejection_is_kept_as_it_stands() {
        let told = TIMER.replace(r#""rejectionReason":"""#, r#""rejectionReason":"because""#);
        let typed = TIMER.replace(r#""rejectionType":"NULL_VAL""#, r#""rejectionType":"NOT_FOUND""#);
        for line in [told, typed] {
            let (partition, record) = read_line(&line, &mut Pool::default()).expect("a record");
            assert!(record.rejection.is_some());
            assert_eq!(write_line(partition, &record), line);
        }
    }
}
