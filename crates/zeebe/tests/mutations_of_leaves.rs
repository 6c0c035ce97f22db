//! One changed leaf of any record that was written in the course of processing or beside it is reported at its source: in
//! every clean recorded log, whether it becomes another valid word or none. In the log under load, one leaf of every seventh.

mod edited;

use edited::{change, leaves, number};
use relapse_zeebe::exported::{LogFile, read_line};
use relapse_zeebe::protocol::{Intent, Pool, Record, ValueType};
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::verify::{Outcome, PartitionLog, Request, verify};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A log, and how its lines say it.
struct Log {
    name: String,
    file: LogFile,
    lines: Vec<Value>,
    preset: &'static str,
    /// The snapshot from which it is replayed.
    from: i64,
}

/// What came of changed lines.
#[derive(Default)]
struct Changed {
    told: u64,
    /// They are no lines of this log.
    unread: u64,
    paths: BTreeSet<String>,
}

impl Log {
    fn read(name: &str, preset: &'static str) -> Self {
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../tests/golden/zeebe", name].iter().collect();
        let bytes = std::fs::read(path).expect("a golden log");
        let file = LogFile::read(name, &bytes).expect("a log");
        let write = |record| relapse_zeebe::exported::write_line(file.partition, record);
        let lines = file.records.iter().map(|record| serde_json::from_str(&write(record)).expect("JSON")).collect();
        Log { name: name.to_owned(), file, lines, preset, from: -1 }
    }

    fn outcome(&self) -> Outcome {
        let log = PartitionLog { partition: self.file.partition, records: &self.file.records };
        let toggles = Toggles::preset(self.preset).expect("a preset");
        verify(&Request { log, from: self.from, toggles, confirmations: Vec::new() }).expect("a replay").outcome
    }

    /// What comes of another line at a place; nothing if it is no record there.
    fn with(&mut self, at: usize, line: &Value) -> Option<Outcome> {
        let (partition, record) = read_line(&line.to_string(), &mut Pool::default()).ok()?;
        let before: &Record = &self.file.records[at];
        if (partition, record.position) != (self.file.partition, before.position) {
            return None;
        }
        assert_ne!(record, *before, "{} at {}: nothing is changed", self.name, record.position);
        let before = std::mem::replace(&mut self.file.records[at], record);
        let outcome = self.outcome();
        self.file.records[at] = before;
        Some(outcome)
    }

    /// The leaves of a record that count; none if no replay looks at it.
    fn leaves(&self, at: usize) -> Vec<String> {
        let record = &self.lines[at];
        if number(record, "sourceRecordPosition") <= self.from.max(0) {
            return Vec::new();
        }
        let mut paths = Vec::new();
        leaves(record, "", &mut paths);
        paths.retain(|path| counts(record, path));
        paths
    }

    /// Changes a leaf of a record to this value: that is told at the record's source, or the line is none of this log.
    fn counts(&mut self, at: usize, path: &str, value: &Value, changed: &mut Changed) {
        let mut other = self.lines[at].clone();
        let source = number(&other, "sourceRecordPosition");
        *other.pointer_mut(path).expect("a leaf") = value.clone();
        let what = format!("{} at {}: {path} is {value}", self.name, at + 1);
        match self.with(at, &other) {
            None => {
                assert!(is_read_over(path), "{what}: not read");
                changed.unread += 1;
            }
            Some(outcome) => {
                let place = outcome.place().unwrap_or_else(|| panic!("{what}: {outcome:?}"));
                // Another source makes it a follow-up of that one.
                let fits = place.1 == source || other["sourceRecordPosition"] == place.1;
                assert!(fits, "{what}: {place:?}");
                changed.told += 1;
            }
        }
        changed.paths.insert(path.to_owned());
    }

    /// Changes all leaves of every record.
    fn every_leaf_counts(&mut self) {
        assert_eq!(self.outcome(), Outcome::Clean, "{}", self.name);
        let mut changed = Changed::default();
        for at in 0..self.lines.len() {
            for path in self.leaves(at) {
                for value in others(&self.lines[at], &path) {
                    self.counts(at, &path, &value, &mut changed);
                }
            }
        }
        let Changed { told, unread, .. } = changed;
        assert!(told > 10 && unread > 10, "{}: {told} {unread}", self.name);
    }

    /// Changes one leaf of every record in so many, each time the next one that a record of that kind has.
    fn one_leaf_in_turn_counts(&mut self, step: usize) -> Changed {
        assert_eq!(self.outcome(), Outcome::Clean, "{}", self.name);
        let mut changed = Changed::default();
        let mut turns: BTreeMap<String, usize> = BTreeMap::new();
        for at in (0..self.lines.len()).step_by(step) {
            let paths = self.leaves(at);
            if paths.is_empty() {
                continue;
            }
            let record = &self.lines[at];
            let turn = turns.entry(format!("{} {}", record["valueType"], record["intent"])).or_default();
            let path = &paths[*turn % paths.len()];
            let values = others(record, path);
            let value = values[*turn / paths.len() % values.len()].clone();
            *turn += 1;
            self.counts(at, path, &value, &mut changed);
        }
        changed
    }
}

/// Leaves that can make a line no record of this log at all, so that the reader refuses it.
fn is_read_over(path: &str) -> bool {
    ["/partitionId", "/position", "/recordType", "/intent", "/valueType"].contains(&path)
}

/// Whether a leaf is anything but the clock's or, beside processing, whatever was processed last.
fn counts(record: &Value, path: &str) -> bool {
    let beside = ["TIME_OUT", "TRIGGER", "DELETE"].contains(&record["intent"].as_str().expect("an intent"))
        && record["recordType"] == "COMMAND";
    path != "/timestamp" && !(beside && path == "/sourceRecordPosition")
}

/// Other values of a leaf: all other words where there are only so many, and one that is none.
fn others(record: &Value, path: &str) -> Vec<Value> {
    let leaf = record.pointer(path).expect("a leaf");
    let value_type = ValueType::named(record["valueType"].as_str().expect("a type")).expect("a type");
    let words: Vec<&str> = match path {
        "/recordType" => vec!["COMMAND", "EVENT", "COMMAND_REJECTION"],
        "/intent" => Intent::names(value_type).to_vec(),
        "/valueType" => ValueType::ALL.iter().map(|value_type| value_type.name()).collect(),
        "/rejectionType" => {
            vec!["INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "INVALID_STATE", "PROCESSING_ERROR", "NULL_VAL"]
        }
        _ => Vec::new(),
    };
    let mut one = leaf.clone();
    match path {
        // The leader's clock is known within the time that processing took.
        "/value/dueDate" => one = json!(leaf.as_i64().expect("a time") + 3_600_000),
        _ => change(&mut one),
    }
    words.into_iter().map(Value::from).filter(|word| word != leaf).chain([one]).collect()
}

fn folder(name: &str, preset: &'static str, partitions: &[u16]) {
    for partition in partitions {
        Log::read(&format!("{name}/log-{partition}.jsonl"), preset).every_leaf_counts();
    }
}

#[test]
fn of_quiet_logs() {
    folder("quiet", "0.24.4", &[1, 2, 3]);
}

#[test]
fn of_logs_with_variables_and_incidents() {
    folder("variables", "0.24.4", &[1, 2, 3]);
}

#[test]
fn of_logs_with_timers() {
    folder("timers", "0.24.4", &[1, 2, 3]);
}

#[test]
fn of_logs_with_messages() {
    folder("messages", "0.24.4", &[1, 2, 3]);
}

#[test]
fn of_logs_with_errors() {
    folder("errors", "0.24.4", &[1, 2, 3]);
}

#[test]
fn of_logs_of_many_leaders() {
    folder("issue-5688", "0.24.4", &[1, 2]);
    folder("lost-deployment-0.24.4-control", "0.24.4", &[1, 2, 3]);
    folder("lost-deployment-0.26.0", "0.26.0", &[1, 2, 3]);
}

/// From the first snapshot that its leaders recover from.
#[test]
fn of_the_log_that_kills_leaders() {
    Log { from: 3, ..Log::read("issue-5688/log-3.jsonl", "0.24.4") }.every_leaf_counts();
}

#[test]
fn of_a_log_under_load() {
    let changed = Log::read("issue-3124/log-1.jsonl.gz", "0.24.4").one_leaf_in_turn_counts(7);
    assert!(changed.told > 1_000 && changed.paths.len() > 25, "{} {:?}", changed.told, changed.paths);
}
