//! Recorded logs, edited: records are put in, taken out and changed, and positions and sources move along.

#![allow(dead_code, reason = "no test needs all of it")]

use relapse_zeebe::exported::LogFile;
use relapse_zeebe::verify::PartitionLog;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The lines of a log.
#[derive(Clone, Debug)]
pub struct Log(pub Vec<Value>);

/// A recorded log.
pub fn golden(name: &str) -> Log {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../tests/golden/zeebe", name].iter().collect();
    let text = std::fs::read_to_string(path).expect("a golden log");
    Log(text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

/// The log as the verifier takes it.
pub fn partition(file: &LogFile) -> PartitionLog<'_> {
    PartitionLog { partition: file.partition, records: &file.records }
}

/// A record's number of this name.
pub fn number(record: &Value, name: &str) -> i64 {
    record[name].as_i64().expect("a number")
}

impl Log {
    pub fn len(&self) -> i64 {
        self.0.len() as i64
    }

    pub fn file(&self) -> LogFile {
        let lines: Vec<String> = self.0.iter().map(Value::to_string).collect();
        LogFile::read("edited", lines.join("\n").as_bytes()).expect("a log")
    }

    pub fn at(&mut self, position: i64) -> &mut Value {
        &mut self.0[usize::try_from(position - 1).expect("a position")]
    }

    /// Puts a record in; what stands there and behind moves up, and so do the sources that name it.
    pub fn insert(&mut self, position: i64, mut record: Value) {
        self.renumber(|old| if old >= position { old + 1 } else { old });
        record["position"] = json!(position);
        self.0.insert(usize::try_from(position - 1).expect("a position"), record);
    }

    /// Takes a record out. Those that it brought about come from nothing then.
    pub fn remove(&mut self, position: i64) {
        self.0.remove(usize::try_from(position - 1).expect("a position"));
        self.renumber(|old| match old.cmp(&position) {
            std::cmp::Ordering::Less => old,
            std::cmp::Ordering::Equal => -1,
            std::cmp::Ordering::Greater => old - 1,
        });
    }

    /// Puts two neighbours in the other order; sources stay with what they name.
    pub fn swap(&mut self, position: i64) {
        let at = usize::try_from(position - 1).expect("a position");
        self.0.swap(at, at + 1);
        self.renumber(|old| match old - position {
            0 => old + 1,
            1 => old - 1,
            _ => old,
        });
    }

    /// Puts in a CREATE like this one, and its answer.
    pub fn insert_create(&mut self, position: i64, create: &Value, key: i64, accepted: bool) {
        let mut command = create.clone();
        (command["key"], command["sourceRecordPosition"]) = (json!(key), json!(-1));
        let mut answer = command.clone();
        answer["sourceRecordPosition"] = json!(position);
        if accepted {
            (answer["intent"], answer["recordType"]) = (json!("CREATED"), json!("EVENT"));
        } else {
            (answer["recordType"], answer["rejectionType"]) = (json!("COMMAND_REJECTION"), json!("ALREADY_EXISTS"));
            answer["rejectionReason"] = json!(format!(
                "Expected to create a new deployment with key '{key}', but there is already an existing deployment with \
                 that key"
            ));
        }
        self.insert(position, command);
        self.insert(position + 1, answer);
    }

    /// Puts in a command that no processor knows: nothing comes of it.
    pub fn insert_nothing(&mut self, position: i64, create: &Value) {
        let mut record = create.clone();
        (record["intent"], record["sourceRecordPosition"]) = (json!("CREATED"), json!(-1));
        self.insert(position, record);
    }

    /// The processing of the record failed: its follow-ups are gone, with all that followed them, and the ERROR is there.
    pub fn fail(&mut self, position: i64) {
        let mut gone = vec![position];
        for record in &self.0 {
            let (source, at) = (number(record, "sourceRecordPosition"), number(record, "position"));
            if at > position && gone.contains(&source) {
                gone.push(at);
            }
        }
        gone[1..].iter().rev().for_each(|position| self.remove(*position));
        let failed = self.at(position).clone();
        let mut next = position + 1;
        if failed["recordType"] == "COMMAND" {
            let mut refused = failed.clone();
            (refused["recordType"], refused["rejectionType"]) = (json!("COMMAND_REJECTION"), json!("PROCESSING_ERROR"));
            (refused["rejectionReason"], refused["sourceRecordPosition"]) = (json!("because"), json!(position));
            self.insert(next, refused);
            next += 1;
        }
        let mut error = failed;
        for (member, value) in [("intent", "CREATED"), ("recordType", "EVENT"), ("valueType", "ERROR")] {
            error[member] = json!(value);
        }
        let instance = error["value"]["workflowInstanceKey"].as_i64().unwrap_or(-1);
        error["sourceRecordPosition"] = json!(position);
        error["value"] = json!({
            "exceptionMessage": "because", "stacktrace": "", "errorEventPosition": position,
            "workflowInstanceKey": instance,
        });
        self.insert(next, error);
    }

    /// Puts in an ERROR that comes from nowhere and says that the processing of this record failed.
    pub fn insert_error(&mut self, position: i64, create: &Value, failed: i64) {
        let mut error = create.clone();
        for (member, value) in [("intent", "CREATED"), ("recordType", "EVENT"), ("valueType", "ERROR")] {
            error[member] = json!(value);
        }
        error["sourceRecordPosition"] = json!(-1);
        error["value"] = json!({
            "exceptionMessage": "because", "stacktrace": "", "errorEventPosition": -1, "workflowInstanceKey": -1,
        });
        self.insert(position, error);
        self.at(position)["value"]["errorEventPosition"] = json!(failed);
    }

    fn renumber(&mut self, new: impl Fn(i64) -> i64) {
        for record in &mut self.0 {
            for member in ["position", "sourceRecordPosition"] {
                record[member] = json!(new(number(record, member)));
            }
            if let Some(position) = record["value"].get("errorEventPosition").and_then(Value::as_i64) {
                record["value"]["errorEventPosition"] = json!(new(position));
            }
        }
    }
}

/// The first CREATE of a deployment.
pub fn create(log: &Log) -> Value {
    let is_it = |record: &&Value| record["valueType"] == "DEPLOYMENT" && record["intent"] == "CREATE";
    log.0.iter().find(is_it).expect("a deployment").clone()
}

/// All leaves below a value, as paths.
pub fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| leaves(value, &format!("{path}/{name}"), found))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| leaves(value, &format!("{path}/{index}"), found));
        }
        _ => found.push(path.to_owned()),
    }
}

/// Another value of the same kind.
pub fn change(leaf: &mut Value) {
    *leaf = match leaf {
        Value::Number(number) => Value::from(number.as_i64().unwrap_or(0) + 1),
        Value::String(text) => Value::from(format!("{text}x")),
        Value::Bool(value) => Value::from(!*value),
        _ => Value::from("x"),
    };
}
