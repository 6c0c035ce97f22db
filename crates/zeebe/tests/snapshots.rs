//! The one pass over all snapshots says what a replay from each of them comes to: on recorded logs, and on logs that were
//! edited so that the two could disagree.

mod edited;

use edited::{Log, create, golden, number};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use relapse_zeebe::exported::LogFile;
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::verify::{Outcome, Range, Refused, Request, every_snapshot, verify};
use serde_json::Value;

/// A deployment that no recording has.
const KEY: i64 = 2_251_799_813_700_000;

fn preset(name: &str) -> Toggles {
    Toggles::preset(name).expect("a preset")
}

/// What the pass says; checked against a replay from each snapshot, and against the snapshots that a replay refuses.
#[track_caller]
fn agreed(log: &Log, toggles: &Toggles) -> Vec<Range> {
    let file = log.file();
    let log = edited::partition(&file);
    let ranges = every_snapshot(log, toggles).expect("it begins at 1");
    let of = |snapshot: i64| ranges.iter().find(|range| (range.snapshots.0..=range.snapshots.1).contains(&snapshot));
    let mut told = 0;
    for from in (1..=file.records.len() as i64).chain([-1]) {
        let request = Request { log, from, toggles: toggles.clone(), confirmations: Vec::new() };
        let (outcome, silent) = match verify(&request) {
            Ok(report) => (report.outcome, report.silent),
            Err(Refused::Snapshot { why, .. }) => (Outcome::Failed(why), Vec::new()),
            Err(refused) => panic!("{refused}"),
        };
        // Behind the last source nothing is left to replay, so the pass does not speak of it.
        let Some(range) = of(from) else { continue };
        if matches!(&outcome, Outcome::Failed(why) if !why.starts_with("the state there is not known")) {
            continue;
        }
        let (found, expected) = ((&range.outcome, &range.silent), (&outcome, &silent));
        assert!(found == expected, "from {from}: the pass has {}, a replay {}", brief(found), brief(expected));
        told += 1;
    }
    assert!(told > 0);
    ranges
}

/// An end without the resources that it names.
fn brief(end: (&Outcome, &Vec<i64>)) -> String {
    let text = format!("{end:?}");
    let parts = text.split('"').map(|part| if part.len() > 300 { ".." } else { part });
    parts.collect::<Vec<_>>().join("\"")
}

#[test]
fn recorded_logs_of_every_preset() {
    let logs =
        ["issue-5688/log-1", "issue-5688/log-2", "issue-5688/log-3", "quiet/log-3", "lost-deployment-0.26.0/log-2"];
    for log in logs.map(|name| golden(&format!("{name}.jsonl"))) {
        for name in ["0.24.3", "0.24.4", "0.24.6", "0.26.0", "fixed"] {
            agreed(&log, &preset(name));
        }
        agreed(&log, &Toggles { strict_verify: true, ..preset("0.24.4") });
    }
}

/// CREATE three times, accepted or refused in every way that a log can have it.
#[test]
fn a_deployment_that_comes_three_times() {
    let mut ends = 0;
    for answers in 0..8 {
        for gap in [0, 3] {
            let mut log = golden("issue-5688/log-2.jsonl");
            let (create, start) = (create(&log), log.len() / 2);
            for nth in 0..3 {
                let at = start + 1 + (2 + gap) * nth;
                log.insert_create(at, &create, KEY, answers & (1 << nth) != 0);
                (0..gap).for_each(|n| log.insert_nothing(at + 2 + n, &create));
            }
            for name in ["0.24.4", "0.24.6", "0.26.0"] {
                ends += agreed(&log, &preset(name)).iter().filter(|range| !range.outcome.is_clean()).count();
            }
        }
    }
    assert!(ends > 10, "{ends}");
}

/// The log's leader refused a deployment that it had not stored: a replay stores it, and goes on in another state.
#[test]
fn a_deployment_that_was_seen_and_lost() {
    let mut log = golden("issue-5688/log-2.jsonl");
    let mut other = create(&log);
    for member in ["/value/deployedWorkflows/0/workflowKey", "/value/deployedWorkflows/0/version"] {
        let value = other.pointer_mut(member).expect("a member");
        *value = (value.as_i64().expect("a number") + 10).into();
    }
    log.insert_create(5, &other, KEY, false);
    let ranges = agreed(&log, &preset("0.24.4"));
    assert_eq!(ranges[0].silent, [6]);
    assert!(!ranges[0].outcome.is_clean(), "later instances are of the newest version: {ranges:?}");
    assert!(ranges.last().is_some_and(|range| range.outcome.is_clean()), "{ranges:?}");
}

#[test]
fn a_record_whose_processing_failed_is_in_no_snapshot_and_blacklists_its_instance() {
    for name in ["issue-5688/log-3.jsonl", "quiet/log-2.jsonl", "issue-5688/log-1.jsonl"] {
        let base = golden(name);
        let mut clean = 0;
        for position in (1..base.len()).step_by(7) {
            let mut log = base.clone();
            log.fail(position);
            clean += agreed(&log, &preset("0.24.4")).iter().filter(|range| range.outcome.is_clean()).count();
        }
        assert!(clean > 0, "{name}");
    }
}

#[derive(Clone, Debug)]
enum Edit {
    Create { at: usize, key: i64, accepted: bool, other: bool },
    Nothing(usize),
    Fail(usize),
    Remove(usize),
    Swap(usize),
    Key(usize),
    Source(usize, i64),
    Intent(usize, bool),
    Value(usize),
    Error(usize, i64),
}

fn edit() -> impl Strategy<Value = Edit> {
    let at = || 0_usize..1000;
    prop_oneof![
        4 => (at(), 0_i64..3, any::<bool>(), any::<bool>())
            .prop_map(|(at, key, accepted, other)| Edit::Create { at, key, accepted, other }),
        1 => at().prop_map(Edit::Nothing),
        1 => at().prop_map(Edit::Fail),
        1 => at().prop_map(Edit::Remove),
        1 => at().prop_map(Edit::Swap),
        1 => at().prop_map(Edit::Key),
        1 => (at(), -2_i64..85).prop_map(|(at, source)| Edit::Source(at, source)),
        1 => (at(), any::<bool>()).prop_map(|(at, rejects)| Edit::Intent(at, rejects)),
        1 => at().prop_map(Edit::Value),
        1 => (at(), -2_i64..85).prop_map(|(at, failed)| Edit::Error(at, failed)),
    ]
}

/// Makes the edit, and forgets it if no exporter writes such lines.
fn make(log: &mut Log, edit: &Edit, create: &Value) {
    let whole = log.clone();
    let place = |at: usize| (at as i64 % log_len(&whole)) + 1;
    match *edit {
        Edit::Create { at, key, accepted, other } => {
            let mut create = create.clone();
            let key = if key == 0 { number(&create, "key") } else { KEY + key };
            if let Some(version) = create.pointer_mut("/value/deployedWorkflows/0/version").filter(|_| other) {
                *version = 7.into();
            }
            log.insert_create(place(at), &create, key, accepted);
        }
        Edit::Nothing(at) => log.insert_nothing(place(at), create),
        Edit::Fail(at) => log.fail(place(at)),
        Edit::Remove(at) => log.remove(place(at)),
        Edit::Swap(at) => log.swap(place(at).min(whole.len() - 1)),
        Edit::Key(at) => {
            let record = log.at(place(at));
            record["key"] = (number(record, "key") + 1).into();
        }
        Edit::Source(at, source) => log.at(place(at))["sourceRecordPosition"] = source.into(),
        Edit::Error(at, failed) => log.insert_error(place(at), create, failed),
        Edit::Intent(at, true) => log.at(place(at))["recordType"] = "COMMAND_REJECTION".into(),
        Edit::Intent(at, false) => {
            let record = log.at(place(at));
            let others = ["CREATE", "CREATED", "DISTRIBUTED", "TIME_OUT", "ELEMENT_COMPLETED"];
            record["intent"] = others[at % others.len()].into();
        }
        Edit::Value(at) => {
            let record = log.at(place(at));
            for member in ["deadline", "workflowKey", "version", "resourceName"] {
                if let Some(value) = record["value"].get_mut(member) {
                    *value = value.as_i64().map_or("x".into(), |number| (number + 1).into());
                }
            }
        }
    }
    let lines: Vec<String> = log.0.iter().map(ToString::to_string).collect();
    if log.0.is_empty() || LogFile::read("edited", lines.join("\n").as_bytes()).is_err() {
        *log = whole;
    }
}

fn log_len(log: &Log) -> i64 {
    log.len().max(1)
}

#[test]
fn logs_with_any_edits() {
    let bases =
        ["issue-5688/log-3", "issue-5688/log-2", "issue-5688/log-1", "quiet/log-2", "lost-deployment-0.26.0/log-2"]
            .map(|name| golden(&format!("{name}.jsonl")));
    let strategy = (0..bases.len(), proptest::collection::vec(edit(), 1..6), 0_usize..8);
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
        .run(&strategy, |(base, edits, variant)| {
            let mut log = bases[base].clone();
            log.0.truncate(80);
            let create = create(&log);
            edits.iter().for_each(|edit| make(&mut log, edit, &create));
            let toggles = Toggles {
                detect_reprocessing: variant != 1,
                strict_verify: variant == 2,
                fix_5760: variant == 3,
                filter_5583: variant != 4,
                ..preset("0.24.4")
            };
            agreed(&log, &toggles);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}
