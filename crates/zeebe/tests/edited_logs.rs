//! Logs that no broker can have written, though every record in them is one that brokers write: each is told from its twin
//! that a broker can.

mod edited;

use edited::{Log, create, golden, number, partition};
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::verify::{Outcome, Request, every_snapshot, verify};
use serde_json::{Value, json};

/// What a replay from the beginning comes to; the pass over all snapshots must say the same of it.
#[track_caller]
fn outcome(log: &Log) -> Outcome {
    let file = log.file();
    let (log, toggles) = (partition(&file), Toggles::preset("0.24.4").expect("a preset"));
    let ranges = every_snapshot(log, &toggles).expect("it begins at 1");
    let report = verify(&Request { log, from: -1, toggles, confirmations: Vec::new() }).expect("a replay");
    assert_eq!(report.outcome, ranges[0].outcome);
    report.outcome
}

/// Where the difference is that a replay finds last, when all else is as it should be.
#[track_caller]
fn stray(log: &Log) -> i64 {
    match outcome(log) {
        Outcome::Differs(difference) => difference.position.expect("a record"),
        other => panic!("{other:?}"),
    }
}

fn is_asynchronous(record: &Value) -> bool {
    let intent = record["intent"].as_str().expect("an intent");
    let of = (record["valueType"].as_str().expect("a type"), intent);
    let beside = [("DEPLOYMENT", "DISTRIBUTED"), ("JOB", "TIME_OUT"), ("TIMER", "TRIGGER"), ("MESSAGE", "DELETE")];
    record["recordType"] != "COMMAND_REJECTION" && beside.contains(&of)
}

fn source(record: &Value) -> i64 {
    number(record, "sourceRecordPosition")
}

/// The source of what processing wrote.
fn processed(record: &Value) -> Option<i64> {
    Some(source(record)).filter(|source| *source > 0 && !is_asynchronous(record))
}

/// Puts in a record with a source.
fn insert(log: &mut Log, position: i64, record: &Value, source: i64) {
    let mut record = record.clone();
    record["sourceRecordPosition"] = json!(-1);
    log.insert(position, record);
    log.at(position)["sourceRecordPosition"] = json!(source);
}

/// The refusal of a command.
fn refusal(command: &Value, reason: &str) -> Value {
    let mut refusal = command.clone();
    (refusal["recordType"], refusal["rejectionType"]) = (json!("COMMAND_REJECTION"), json!("NOT_FOUND"));
    refusal["rejectionReason"] = json!(reason);
    refusal
}

fn no_job(command: &Value, verb: &str) -> Value {
    let key = number(command, "key");
    refusal(command, &format!("Expected to {verb} job with key '{key}', but no such job was found"))
}

const LOG: &str = "quiet/log-2.jsonl";
const ACTIVATE: i64 = 107;
const TIME_OUT: i64 = 110;
const COMPLETE: i64 = 112;

/// The log up to the job's activation.
fn activated() -> Log {
    let mut log = golden(LOG);
    log.0.truncate(TIME_OUT as usize - 1);
    log
}

#[test]
fn a_job_that_is_gone_is_not_timed_out() {
    let whole = golden(LOG);
    let time_out = whole.0[TIME_OUT as usize - 1].clone();
    for source in [-1, 207, 209] {
        let mut log = whole.clone();
        let end = log.len() + 1;
        insert(&mut log, end, &time_out, source);
        assert_eq!(stray(&log), end, "{source}, not processed");
        insert(&mut log, end + 1, &no_job(&time_out, "time out activated"), end);
        assert_eq!(stray(&log), end, "{source}");
    }
}

/// A job that fails is activated again: in the time between it has no deadline.
#[test]
fn a_job_that_failed_is_not_timed_out_until_it_is_activated_again() {
    let log = golden("quiet/log-1.jsonl");
    let activated = |log: &Log, at: usize| {
        let mut time_out = log.0[at - 1].clone();
        (time_out["intent"], time_out["recordType"]) = (json!("TIME_OUT"), json!("COMMAND"));
        time_out["value"]["variables"] = json!({});
        time_out["timestamp"] = json!(number(&time_out["value"], "deadline") + 1);
        time_out
    };
    for (len, form, source, stands) in [
        (204, 203, 202, true),
        (204, 203, -1, true),
        (204, 203, 201, false),
        (205, 203, 202, true),
        (206, 203, 205, false),
        (206, 203, 202, false),
        (206, 203, -1, false),
        (209, 203, 207, false),
        (209, 208, 207, true),
        (211, 208, 210, false),
        (213, 208, -1, false),
    ] {
        let mut cut = log.clone();
        cut.0.truncate(len);
        let time_out = activated(&log, form);
        insert(&mut cut, len as i64 + 1, &time_out, source);
        assert_eq!(outcome(&cut).is_clean(), stands, "{form} behind {len} under {source}: {:?}", outcome(&cut));
    }
}

/// The job's worker was late: its command is on the log, and not processed when the timer looks.
#[test]
fn a_time_out_may_stand_between_a_command_and_its_processing() {
    let whole = golden(LOG);
    let of = |position: i64| whole.0[position as usize - 1].clone();
    let (time_out, complete, completed) = (of(TIME_OUT), of(COMPLETE), of(COMPLETE + 1));
    let refused = no_job(&time_out, "time out activated");

    let mut late = activated();
    insert(&mut late, 110, &complete, -1);
    insert(&mut late, 111, &time_out, ACTIVATE);
    assert_eq!(outcome(&late), Outcome::Clean, "nothing is processed yet");
    insert(&mut late, 112, &completed, 110);
    insert(&mut late, 113, &refused, 111);
    assert_eq!(outcome(&late), Outcome::Clean);
    for source in [-1, ACTIVATE, 110] {
        let mut after = activated();
        insert(&mut after, 110, &complete, -1);
        insert(&mut after, 111, &completed, 110);
        insert(&mut after, 112, &time_out, source);
        assert_eq!(stray(&after), 112, "{source}");
    }
}

/// Two looks of the timer before the first command is processed.
#[test]
fn a_job_may_be_timed_out_twice() {
    let whole = golden(LOG);
    let time_out = whole.0[TIME_OUT as usize - 1].clone();
    for (position, source, stands) in [(111, ACTIVATE, true), (112, ACTIVATE, false), (112, 110, false)] {
        let mut log = whole.clone();
        let key = number(&time_out, "key");
        let reason = format!("Expected to time out activated job with key '{key}', but it must be activated first");
        insert(&mut log, position, &time_out, source);
        insert(&mut log, 113, &refusal(&time_out, &reason), position);
        assert_eq!(outcome(&log).is_clean(), stands, "{position}: {:?}", outcome(&log));
    }
}

#[test]
fn timers_and_messages_that_are_gone_are_not_triggered_and_not_deleted() {
    for (name, intent) in [("timers/log-1.jsonl", "TRIGGER"), ("messages/log-1.jsonl", "DELETE")] {
        let whole = golden(name);
        let (at, command) = whole.0.iter().enumerate().find(|(_, record)| record["intent"] == intent).expect("one");
        let twice = at as i64 + 2;
        let mut log = whole.clone();
        log.0.truncate(at + 1);
        insert(&mut log, twice, command, source(command));
        assert_eq!(outcome(&log), Outcome::Clean, "{name}: not processed yet");
        for source in [-1, whole.len()] {
            let mut log = whole.clone();
            let end = log.len() + 1;
            insert(&mut log, end, command, source);
            assert_eq!(stray(&log), end, "{name} under {source}");
        }
    }
}

/// What is written beside processing is looked at behind the last follow-up too.
#[test]
fn the_end_of_a_log_counts() {
    let end = |log: &Log, change: &dyn Fn(&mut Value), of: &Value| {
        let mut log = log.clone();
        let end = log.len() + 1;
        insert(&mut log, end, of, -1);
        change(log.at(end));
        assert_eq!(stray(&log), end);
    };
    for (name, intent) in [
        (LOG, "TIME_OUT"),
        ("quiet/log-1.jsonl", "DISTRIBUTED"),
        ("timers/log-1.jsonl", "TRIGGER"),
        ("messages/log-1.jsonl", "DELETE"),
    ] {
        let log = golden(name);
        let record = log.0.iter().find(|record| record["intent"] == intent).expect("one").clone();
        end(&log, &|record| record["key"] = json!(42), &record);
    }
    let time_out = golden(LOG).0[TIME_OUT as usize - 1].clone();
    end(&activated(), &|record| record["value"]["type"] = json!("garbage"), &time_out);
    end(&activated(), &|record| record["timestamp"] = json!(number(&record["value"], "deadline")), &time_out);
    let mut fits = activated();
    insert(&mut fits, TIME_OUT, &time_out, -1);
    assert_eq!(outcome(&fits), Outcome::Clean);
}

/// Commands that only processing writes, without a source: behind the log, and in its middle.
#[test]
fn no_client_asks_for_what_only_processing_does() {
    let mut seen = Vec::new();
    for name in ["quiet/log-1", "quiet/log-2", "variables/log-1", "timers/log-1", "messages/log-1"] {
        let log = golden(&format!("{name}.jsonl"));
        for record in &log.0 {
            let what = format!("{} {}", record["valueType"], record["intent"]);
            if record["recordType"] != "COMMAND" || source(record) < 0 || seen.contains(&what) {
                continue;
            }
            seen.push(what);
            for position in [log.len() + 1, log.len() / 2] {
                let mut log = log.clone();
                insert(&mut log, position, record, -1);
                assert!(!outcome(&log).is_clean(), "{name}: {record} at {position}");
            }
        }
    }
    assert!(seen.len() >= 9, "{seen:?}");
}

/// A client's deployment has no key yet; one that is pushed has.
#[test]
fn deployments_come_from_clients_to_partition_1_and_from_it_to_the_others() {
    for (name, stands) in [("quiet/log-1.jsonl", true), (LOG, false)] {
        let mut log = golden(name);
        let mut of_client = create(&log);
        of_client["key"] = json!(-1);
        let end = log.len() + 1;
        insert(&mut log, end, &of_client, -1);
        assert_eq!(outcome(&log).is_clean(), stands, "{name}");
        for (key, of_partition_1) in [(2_251_799_813_700_000_i64, true), (4_503_599_627_400_000, false), (77, false)] {
            log.at(end)["key"] = json!(key);
            assert_eq!(outcome(&log).is_clean(), !stands && of_partition_1, "{name}: {key}");
        }
    }
}

/// Any two neighbours that processing wrote, the other way round.
#[test]
fn follow_ups_stand_in_the_order_of_processing() {
    let mut swapped = 0;
    for name in ["quiet/log-1", "quiet/log-2", "quiet/log-3", "timers/log-2", "issue-5688/log-1"] {
        let log = golden(&format!("{name}.jsonl"));
        for pair in log.0.windows(2) {
            let [Some(_), Some(second)] = [processed(&pair[0]), processed(&pair[1])] else { continue };
            let position = number(&pair[0], "position");
            if second == position {
                continue;
            }
            let mut log = log.clone();
            log.swap(position);
            assert!(!outcome(&log).is_clean(), "{name} at {position}");
            swapped += 1;
        }
    }
    assert!(swapped > 100, "{swapped}");
}

/// A command that comes to nothing may be written anywhere but in the midst of what one record brought about.
#[test]
fn a_batch_stands_in_one_piece() {
    let command = {
        let mut command = golden(LOG).0[COMPLETE as usize - 1].clone();
        command["key"] = json!(7);
        command
    };
    let refused = no_job(&command, "complete");
    let (mut whole, mut torn) = (0, 0);
    for name in ["quiet/log-1", "quiet/log-2", "timers/log-2"] {
        let log = golden(&format!("{name}.jsonl"));
        for position in 1..=log.len() {
            let of = |at: i64| log.0.get(usize::try_from(at - 1).ok()?).and_then(processed);
            let tears = of(position).is_some() && of(position - 1) == of(position);
            let mut log = log.clone();
            let mut command = command.clone();
            command["partitionId"] = log.0[0]["partitionId"].clone();
            insert(&mut log, position, &command, -1);
            // It is answered before anything of a later record is.
            let behind = log.0.iter().find(|record| source(record) > position);
            let answer = behind.map_or(log.len() + 1, |record| number(record, "position"));
            let mut refused = refused.clone();
            refused["partitionId"] = command["partitionId"].clone();
            insert(&mut log, answer, &refused, position);
            let outcome = outcome(&log);
            assert_eq!(outcome.is_clean(), !tears, "{name} at {position}: {outcome:?}");
            *(if tears { &mut torn } else { &mut whole }) += 1;
        }
    }
    assert!(whole > 300 && torn > 40, "{whole} {torn}");
}

/// A timer may be due a moment earlier or later, by the leader's clock; a date may not.
#[test]
fn only_what_is_reckoned_from_the_clock_is_let_off() {
    let mut dated = 0;
    for name in ["timers/log-1", "timers/log-2", "timers/log-3"] {
        let log = golden(&format!("{name}.jsonl"));
        let is_create = |record: &&Value| record["valueType"] == "TIMER" && record["intent"] == "CREATE";
        for record in log.0.iter().filter(is_create) {
            let position = number(record, "position");
            let is_dated = record["value"]["targetElementId"] == "wait_date_timer";
            let mut log = log.clone();
            // What it brings about differs in any case.
            let due = number(&record["value"], "dueDate");
            log.at(position)["value"]["dueDate"] = json!(if is_dated { due + 1 } else { due - 1 });
            let place = outcome(&log).place().expect("a difference").1;
            assert_eq!(place, if is_dated { source(record) } else { position }, "{name} at {position}");
            dated += usize::from(is_dated);
        }
    }
    assert_eq!(dated, 3);
}

/// A leader that has triggered no element since it started writes the defaults; what stood there otherwise is that of the
/// last element.
#[test]
fn an_event_that_starts_an_instance_has_what_was_left_over_or_nothing() {
    let log = golden("timers/log-1.jsonl");
    for position in [143, 159, 208, 229] {
        for (member, default, other) in [
            ("bpmnProcessId", json!(""), json!("wait")),
            ("version", json!(-1), json!(2)),
            ("flowScopeKey", json!(-1), json!(1)),
        ] {
            let mut log = log.clone();
            log.at(position)["value"][member] = other;
            assert_eq!(stray(&log), position, "{member}");
            log.at(position)["value"][member] = default;
            assert_eq!(stray(&log), position, "{member}: all or none");
        }
        let mut log = log.clone();
        for (member, default) in [("bpmnProcessId", json!("")), ("version", json!(-1)), ("flowScopeKey", json!(-1))] {
            log.at(position)["value"][member] = default;
        }
        assert_eq!(outcome(&log), Outcome::Clean, "{position}");
    }
}
