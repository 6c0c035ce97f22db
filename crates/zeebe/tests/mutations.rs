//! The verifier can fail: logs that were cut, shifted and changed.

mod edited;

use edited::{change, leaves};
use relapse_zeebe::exported::LogFile;
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::verify::{Outcome, PartitionLog, Request, verify};
use serde_json::Value;
use std::path::PathBuf;

fn text(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../tests/golden/zeebe", name].iter().collect();
    std::fs::read_to_string(path).expect("a golden log")
}

fn outcome(lines: &[String]) -> Option<Outcome> {
    let file = LogFile::read("log", lines.join("\n").as_bytes()).ok()?;
    let log = PartitionLog { partition: file.partition, records: &file.records };
    let toggles = Toggles::preset("0.24.4").expect("a preset");
    verify(&Request { log, from: -1, toggles, confirmations: Vec::new() }).ok().map(|report| report.outcome)
}

/// Leaves that make a line no record of this log at all: the reader refuses it.
const READERS: [&str; 5] = ["/partitionId", "/position", "/recordType", "/intent", "/valueType"];

#[test]
fn a_log_that_is_cut_inside_a_batch_lacks_records() {
    let lines: Vec<String> = text("quiet/log-1.jsonl").lines().map(str::to_owned).collect();
    let mut differing = 0;
    for len in 1..lines.len() {
        match outcome(&lines[..len]) {
            Some(Outcome::Clean) => {}
            Some(Outcome::Differs(difference)) => {
                assert!(difference.found.is_none(), "{len}: {difference:?}");
                differing += 1;
            }
            other => panic!("{len}: {other:?}"),
        }
    }
    assert!(differing > 10, "{differing}");
}

/// Commands that come to nothing, put before a log, move its positions and nothing else.
#[test]
fn a_log_behind_a_prefix_is_clean_too() {
    let lines: Vec<String> = text("variables/log-2.jsonl").lines().map(str::to_owned).collect();
    let mut shifted = Vec::new();
    for pair in 0..5 {
        let (command, rejection) = (pair * 2 + 1, pair * 2 + 2);
        let value =
            r#"{"type":"","retries":-1,"worker":"","deadline":-1,"variables":{},"customHeaders":{},"errorMessage":"",
            "errorCode":"","bpmnProcessId":"","workflowKey":-1,"workflowDefinitionVersion":-1,"workflowInstanceKey":-1,
            "elementId":"","elementInstanceKey":-1}"#
                .replace('\n', "");
        let line = |position: i64, source: i64, kind: &str, rejection: &str, reason: &str| {
            format!(
                r#"{{"intent":"COMPLETE","key":7,"partitionId":2,"position":{position},"recordType":"{kind}","rejectionReason":"{reason}","rejectionType":"{rejection}","sourceRecordPosition":{source},"timestamp":1,"value":{value},"valueType":"JOB"}}"#
            )
        };
        let reason = "Expected to complete job with key '7', but no such job was found";
        shifted.push(line(command, -1, "COMMAND", "NULL_VAL", ""));
        shifted.push(line(rejection, command, "COMMAND_REJECTION", "NOT_FOUND", reason));
    }
    for line in &lines {
        let mut record: Value = serde_json::from_str(line).expect("JSON");
        for member in ["position", "sourceRecordPosition"] {
            let at = record[member].as_i64().expect("a position");
            record[member] = Value::from(if at < 0 { at } else { at + 10 });
        }
        shifted.push(record.to_string());
    }
    assert_eq!(outcome(&shifted), Some(Outcome::Clean));
}

/// Another number of retries in the process shows in its jobs.
#[test]
fn another_process_writes_other_jobs() {
    use relapse_zeebe::bpmn::{decode, encode};
    let lines = text("quiet/log-2.jsonl");
    let record: Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    let resource = record["value"]["resources"][0]["resource"].as_str().expect("a resource").to_owned();
    let bpmn = String::from_utf8(decode(&resource).expect("Base64")).expect("text");
    let other = bpmn.replace(r#"type="one-task""#, r#"type="one-task" retries="5""#);
    assert_ne!(bpmn, other);
    let lines: Vec<String> = lines.lines().map(|line| line.replace(&resource, &encode(other.as_bytes()))).collect();
    let Some(Outcome::Differs(difference)) = outcome(&lines) else { panic!("it differs") };
    assert_eq!(difference.what, "value");
    assert_eq!(difference.expected.map(|expected| expected.intent.name()), Some("CREATE"));
}

/// Upstream does not look at a rejection, but what it says must be what a leader says that remembers.
#[test]
fn every_leaf_of_a_silent_rejection_counts() {
    let lines: Vec<String> = text("issue-5688/log-2.jsonl").lines().map(str::to_owned).collect();
    let file = LogFile::read("log", lines.join("\n").as_bytes()).expect("a log");
    let log = PartitionLog { partition: file.partition, records: &file.records };
    let toggles = Toggles::preset("0.24.4").expect("a preset");
    let request = Request { log, from: 1, toggles: toggles.clone(), confirmations: Vec::new() };
    let silent = verify(&request).expect("a replay").silent;
    let [position] = silent[..] else { panic!("{silent:?}") };
    let index = usize::try_from(position - 1).expect("a rejection");
    let position = file.records[index].source;
    let record: Value = serde_json::from_str(&lines[index]).expect("JSON");
    let mut paths = Vec::new();
    leaves(&record, "", &mut paths);
    let mut changed = 0;
    for path in paths.iter().filter(|path| *path != "/timestamp" && !READERS.contains(&path.as_str())) {
        let mut other = record.clone();
        change(other.pointer_mut(path).expect("a leaf"));
        let mut lines = lines.clone();
        lines[index] = other.to_string();
        let file = LogFile::read("log", lines.join("\n").as_bytes()).expect("a log");
        let log = PartitionLog { partition: file.partition, records: &file.records };
        let report = verify(&Request { log, ..request.clone() }).expect("a replay");
        let place = report.outcome.place();
        assert_eq!(place.map(|place| place.1), Some(position), "{path}: {:?}", report.outcome);
        changed += 1;
    }
    assert!(changed > 8, "{changed}");
}

/// A source that is no earlier record is no client's command.
#[test]
fn a_command_from_nowhere_is_a_stray() {
    let lines: Vec<String> = text("quiet/log-2.jsonl").lines().map(str::to_owned).collect();
    for source in ["0", "-2", "1", "5000"] {
        let mut lines = lines.clone();
        lines[0] = lines[0].replace(r#""sourceRecordPosition":-1"#, &format!(r#""sourceRecordPosition":{source}"#));
        let Some(Outcome::Differs(difference)) = outcome(&lines) else { panic!("{source}: {:?}", outcome(&lines)) };
        assert_eq!(difference.position, Some(1), "{source}: {difference:?}");
    }
}
