//! `relapse log verify` on logs of real brokers: what it says, and how it ends.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::{Said, call, fixture, json as json_of, relapse, said};

/// A recorded log, from the directory that the command runs in.
fn golden(name: &str) -> String {
    format!("../../golden/zeebe/{name}")
}

fn text(name: &str) -> String {
    fs::read_to_string(fixture("listing").join(golden(name))).expect("a recorded log")
}

fn verify(name: &str, more: &[&str]) -> Said {
    call(&[&["log", "verify", &golden(name)], more].concat())
}

/// What is said of a log that was edited.
fn edited(lines: &[String], more: &[&str]) -> (Said, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("edited.jsonl");
    fs::write(&path, lines.join("\n") + "\n").expect("a file");
    let path = path.to_str().expect("a path").to_owned();
    // Long paths are not broken by the width of a report.
    (call(&[&["log", "verify", &path], more].concat()), path)
}

fn lines(name: &str) -> Vec<String> {
    text(name).lines().map(str::to_owned).collect()
}

/// A report without its frame and line breaks.
fn flat(report: &str) -> String {
    report.split_whitespace().filter(|word| !["│", "×"].contains(word)).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn refused(said: &Said, parts: &[&str]) {
    assert_eq!((said.status, &*said.out), (2, ""), "{}", said.err);
    assert_eq!(said.err.matches('×').count() + said.err.matches("error:").count(), 1, "{}", said.err);
    for part in parts {
        assert!(flat(&said.err).contains(&flat(part)), "no {part:?} in:\n{}", said.err);
    }
}

#[test]
fn a_clean_log_is_told_in_three_lines() {
    let said = verify("quiet/log-2.jsonl", &[]);

    assert_eq!((said.status, &*said.err), (0, ""));
    insta::assert_snapshot!(said.out, @r"
    ../../golden/zeebe/quiet/log-2.jsonl: partition 2, 209 records; read by 0.24.4
    from no snapshot: 171 records run again, up to 207

    clean
    ");
}

#[test]
fn silent_divergences_are_no_failure_and_are_told_with_their_positions() {
    let said = verify("quiet/log-3.jsonl", &["--from", "119"]);

    assert_eq!((said.status, &*said.err), (0, ""));
    insta::assert_snapshot!(said.out, @r"
    ../../golden/zeebe/quiet/log-3.jsonl: partition 3, 191 records; read by 0.24.4
    from the snapshot at 119: 52 records run again, up to 190

    clean, with 2 silent divergences at 122 124
    silent: the log refused a deployment that the replay accepts, or the reverse, and this release does not notice
    ");
}

#[test]
fn the_exception_of_5688_is_told_in_full() {
    for from in ["-1", "1", "2"] {
        let said = verify("issue-5688/log-3.jsonl", &["--from", from]);

        assert_eq!((said.status, &*said.err), (1, ""));
        assert!(said.out.contains("exception at 32 (source 31): intent"), "{}", said.out);
        assert!(said.out.contains("  Reprocessing issue detected! Restore the data from a backup and"), "{}", said.out);
        assert!(said.out.contains("The intent of the record on the log stream doesn't match to the"), "{}", said.out);
        let end = "reprocessing-record: {key=2251799813685250, sourceRecordPosition=31, intent=DeploymentIntent:CREATE, \
                   recordType=COMMAND_REJECTION}]\n";
        assert!(said.out.contains(end), "{}", said.out);
    }
    assert_eq!(verify("issue-5688/log-3.jsonl", &["--from", "2"]).out.matches("silent divergence at 4").count(), 1);
    assert_eq!(verify("issue-5688/log-3.jsonl", &["--from", "3"]).status, 0);
    assert_eq!(verify("issue-5688/log-3.jsonl", &["--preset", "0.24.5"]).status, 0);
    assert_eq!(verify("issue-5688/log-3.jsonl", &["--toggle", "fix_5760"]).status, 0);
    assert_eq!(verify("issue-5688/log-3.jsonl", &["--preset", "fixed", "--toggle", "fix_5760=false"]).status, 1);
    assert!(verify("issue-5688/log-3.jsonl", &["--from", "50"]).out.contains("nothing to replay"));
}

#[test]
fn the_ranges_of_5688_say_which_snapshots_kill_a_leader() {
    let said = verify("issue-5688/log-3.jsonl", &["--every-snapshot"]);

    assert_eq!((said.status, &*said.err), (1, ""));
    let table: Vec<&str> = said.out.lines().skip(2).take(6).collect();
    insta::assert_snapshot!(table.join("\n"), @r"
    from    to  outcome                              silent
    none  none  exception at 32 (source 31): intent
       1     2  exception at 32 (source 31): intent  4
       3    30  clean
      31    32  clean                                35
      33    33  clean                                36
    ");
    assert_eq!(said.out.matches("Reprocessing issue detected!").count(), 1, "{}", said.out);
}

#[test]
fn where_every_snapshot_is_clean_so_is_the_end() {
    let said = verify("issue-3124/log-1.jsonl.gz", &["--every-snapshot"]);

    assert_eq!((said.status, &*said.err), (0, ""));
    insta::assert_snapshot!(said.out, @r"
    ../../golden/zeebe/issue-3124/log-1.jsonl.gz: partition 1, 11,604 records; read by 0.24.4

    from     to  outcome  silent
    none  10904  clean

    all responses for a deployment kill a leader that replays its DISTRIBUTE, if they come
          deployment  DISTRIBUTE  just before
    2251799813689455        9843  10205 .. 10904
    ");
}

#[test]
fn responses_kill_inside_their_window_and_not_beside_it() {
    for (position, status) in [(10_204, 0), (10_205, 1), (10_461, 1), (10_904, 1), (10_905, 0)] {
        let said = verify("issue-3124/log-1.jsonl.gz", &["--responses", &format!("2251799813689455@{position}")]);

        assert_eq!((said.status, &*said.err), (status, ""), "{position}");
        let told = format!("all responses for deployment 2251799813689455 just before {position} is read");
        assert!(said.out.contains(&told), "{}", said.out);
        assert_eq!(
            said.out.contains(&format!("exception at {position} (source 9843): key")),
            status == 1,
            "{position}"
        );
    }
}

#[test]
fn a_log_of_a_mended_release_needs_that_release() {
    for name in ["lost-deployment-0.26.0/log-2.jsonl", "lost-deployment-0.26.0/log-3.jsonl"] {
        assert_eq!(verify(name, &["--preset", "0.26.0"]).status, 0);
        let said = verify(name, &[]);
        assert!(said.status == 1 && said.out.contains("exception at 4 (source 3): intent"), "{}", said.out);
    }
}

#[test]
fn a_difference_is_told_with_the_member_and_both_records() {
    let mut lines = lines("quiet/log-2.jsonl");
    let at = lines.iter().position(|line| line.contains(r#""elementId":"task""#)).expect("a task");
    lines[at] = lines[at].replace(r#""elementId":"task""#, r#""elementId":"tusk""#);
    let (said, _) = edited(&lines, &[]);
    let (as_json, _) = edited(&lines, &["--json"]);

    assert_eq!((said.status, as_json.status), (1, 1), "{}", said.err);
    let record = |name: &str| {
        let line = said.out.lines().find_map(|line| line.strip_prefix(name)).expect("a record");
        serde_json::from_str::<Value>(line.trim()).expect("a line of an exporter")
    };
    let (expected, found) = (record("  expected"), record("  found"));
    let source = found["sourceRecordPosition"].clone();
    assert!(said.out.contains(&format!("differs at {} (source {source})", at + 1)), "{}", said.out);
    assert!(said.out.contains("  differs   value\n"), "{}", said.out);
    assert_eq!((&expected["value"]["elementId"], &found["value"]["elementId"]), (&json!("task"), &json!("tusk")));
    assert_eq!(expected["position"], found["position"]);
    let outcome = serde_json::from_str::<Value>(&as_json.out).expect("one object")["outcome"].clone();
    let member = json!({"kind": "differs", "member": "value", "position": at + 1, "source": source, "expected": expected,
        "found": found});
    assert_eq!(outcome, member);
}

#[test]
fn a_record_that_the_log_lacks_is_expected_and_nothing_found() {
    let lines = lines("quiet/log-2.jsonl");
    // The first batch of two records or more, cut behind its first.
    let source = |line: &String| serde_json::from_str::<Value>(line).expect("JSON")["sourceRecordPosition"].as_i64();
    let at = (1..lines.len()).find(|at| source(&lines[at - 1]) == source(&lines[*at]) && source(&lines[*at]) > Some(0));
    let (said, _) = edited(&lines[..at.expect("a batch")], &[]);

    assert_eq!(said.status, 1, "{}", said.err);
    assert!(said.out.contains("differs behind its source"), "{}", said.out);
    assert!(said.out.contains("  found     nothing\n"), "{}", said.out);
}

#[test]
fn a_processor_that_fails_for_ever_is_a_failure() {
    // The deployment names a process that its resource does not have.
    let (one, two) =
        [r#""deployedWorkflows":[{"bpmnProcessId":"one""#, r#""deployedWorkflows":[{"bpmnProcessId":"two""#].into();
    let lines: Vec<String> = lines("quiet/log-2.jsonl").iter().map(|line| line.replace(one, two)).collect();
    let (said, _) = edited(&lines, &[]);
    let (every, _) = edited(&lines, &["--every-snapshot"]);
    let (as_json, _) = edited(&lines, &["--json"]);

    assert_eq!((said.status, every.status, as_json.status), (1, 1, 1), "{}{}{}", said.err, every.err, as_json.err);
    assert!(said.out.ends_with("\n\na processor fails for ever at 1\n  No value present\n"), "{}", said.out);
    assert!(every.out.contains("the recovery fails"), "no state is known behind it: {}", every.out);
    let outcome = serde_json::from_str::<Value>(&as_json.out).expect("one object")["outcome"].clone();
    assert_eq!(outcome, json!({"kind": "stuck", "position": 1, "text": "No value present"}));
}

#[test]
fn the_object_of_one_replay_and_that_of_all() {
    let one = json_of(&["log", "verify", &golden("quiet/log-3.jsonl"), "--from", "119", "--json"]);
    assert_eq!(
        one,
        json!({
            "file": golden("quiet/log-3.jsonl"), "partition": 3, "records": 191, "preset": "0.24.4", "toggles": [],
            "from": 119, "responses": [], "outcome": {"kind": "clean"}, "silent": [122, 124], "replayed": 52,
            "last_source": 190,
        })
    );
    let key: i64 = 2_251_799_813_689_455;
    let died = ["--responses", "2251799813689455@10461", "--json", "--toggle", "filter_5583=true"];
    let died = json_of(&[&["log", "verify", &golden("issue-3124/log-1.jsonl.gz")], &died[..]].concat());
    assert_eq!(died["responses"], json!([{"key": key, "before": 10_461}]));
    assert_eq!(died["toggles"], json!(["filter_5583=true"]));
    let of = |name: &str| died["outcome"][name].clone();
    assert_eq!(
        [of("kind"), of("cause"), of("position"), of("source")],
        [json!("exception"), json!("key"), json!(10_461), json!(9_843)]
    );
    assert!(of("text").as_str().is_some_and(|text| text.starts_with("Reprocessing issue detected!")));

    let all = json_of(&["log", "verify", &golden("issue-3124/log-1.jsonl.gz"), "--every-snapshot", "--json"]);
    assert_eq!(all["ranges"], json!([{"from": -1, "to": 10_904, "outcome": {"kind": "clean"}, "silent": []}]));
    assert_eq!(all["kill_windows"], json!([{"key": key, "distribute": 9_843, "from": 10_205, "to": 10_904}]));
    let other = json_of(&["log", "verify", &golden("quiet/log-2.jsonl"), "--every-snapshot", "--json"]);
    assert_eq!(other["kill_windows"], json!(null));
}

#[test]
fn standard_input_is_a_log_as_well() {
    let bytes = fs::File::open(fixture("listing").join(golden("issue-3124/log-1.jsonl.gz"))).expect("a recorded log");
    let ended = said(relapse(&["log", "verify", "-"]).stdin(bytes));
    assert_eq!((ended.status, &*ended.err), (0, ""));
    assert!(ended.out.starts_with("standard input: partition 1, 11,604 records"), "{}", ended.out);

    let ended = said(relapse(&["log", "verify", "-"]).stdin(Stdio::null()));
    refused(&ended, &["standard input:1: the log is empty"]);
}

#[test]
fn a_closed_pipe_ends_quietly_with_the_verdict() {
    let log = golden("issue-5688/log-3.jsonl");
    for arguments in [&["log", "verify", &log][..], &["log", "verify", &log, "--every-snapshot", "--json"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let child = relapse(arguments).stdout(writer).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let ended = child.wait_with_output().expect("it ends");

        assert_eq!((ended.status.code(), &*String::from_utf8_lossy(&ended.stderr)), (Some(1), ""), "{arguments:?}");
    }
}

#[test]
fn help_tells_the_exit_statuses_and_the_object() {
    let said = call(&["log", "verify", "--help"]);

    assert_eq!((said.status, &*said.err), (0, ""));
    for part in ["Exit status:", "0    clean", "kill_windows", "kind: \"differs\"", "--responses <KEY@POS>"] {
        assert!(said.out.contains(part), "no {part:?} in:\n{}", said.out);
    }
    assert!(call(&["log", "verify", "-h"]).out.contains("Exit status:"));
}

#[test]
fn flags_that_do_not_go_together_or_mean_nothing_are_refused() {
    let log = golden("quiet/log-1.jsonl");
    let refuse = |more: &[&str], parts: &[&str]| refused(&call(&[&["log", "verify", &log], more].concat()), parts);

    refuse(&["--every-snapshot", "--from", "1"], &["'--every-snapshot' cannot be used with '--from <POS>'"]);
    refuse(&["--every-snapshot", "--responses", "1@2"], &["cannot be used with '--responses <KEY@POS>"]);
    for malformed in ["7", "7@", "@7", "x@7", "7@x", "7@0", "-7@1", "7@8@9"] {
        refuse(&[&format!("--responses={malformed}")], &["'--responses <KEY@POS>': ", "write KEY@POS"]);
    }
    refuse(&["--responses", "7@8", "--responses", "7@9"], &["--responses 7@9: the distribution", "complete each"]);
    refuse(&["--preset", "0.24.44"], &["--preset 0.24.44: no such release", "did you mean `0.24.4`?"]);
    refuse(&["--toggle", "fix_576"], &["--toggle fix_576: no such toggle", "did you mean `fix_5760`?"]);
    refuse(&["--toggle", "fix_5760=yes"], &["--toggle fix_5760=yes", "valid here: on, off"]);
    refuse(
        &["--toggle", "fix_5760=off", "--toggle", "fix_5420", "--toggle", "fix_5760"],
        &["--toggle fix_5760: the toggle is set by --toggle fix_5760=off already", "set each toggle once"],
    );
    refuse(&["--from", "x"], &["--from <POS>"]);
    refused(&call(&["log", "verify"]), &["<FILE>"]);
    refused(&call(&["log", "verify", "no-such.jsonl"]), &["no-such.jsonl: cannot be read: No such file"]);
    refused(&call(&["log", "verify", "scenarios"]), &["scenarios: cannot be read: Is a directory"]);
}

#[test]
fn a_position_that_no_snapshot_can_have_is_refused_with_its_line() {
    let refuse = |from: &str, parts: &[&str]| refused(&verify("issue-5688/log-3.jsonl", &["--from", from]), parts);

    refuse("4", &["--from 4: ../../golden/zeebe/issue-5688/log-3.jsonl:4: no snapshot can be at 4", "no processor"]);
    refuse("54", &["--from 54: ../../golden/zeebe/issue-5688/log-3.jsonl:54:", "never processed", "--every-snapshot"]);
    refuse("0", &["--from 0: ../../golden/zeebe/issue-5688/log-3.jsonl:1:", "no such position"]);
    refuse("-2", &["--from -2: ", "no such position"]);
    refuse("56", &["log-3.jsonl:55: no snapshot can be at 56: the log has no such position"]);
}

#[test]
fn the_snapshot_that_is_offered_instead_of_an_impossible_one_is_possible() {
    let mut offers = Vec::new();
    for from in 1..=57 {
        let said = verify("issue-5688/log-3.jsonl", &["--from", &from.to_string()]);
        if said.status != 2 {
            continue;
        }
        let words = flat(&said.err);
        let offered = words.split_once(" for the last one before").and_then(|(words, _)| words.rsplit(' ').next());
        let offered = offered.expect("an offer").to_owned();
        let taken = verify("issue-5688/log-3.jsonl", &["--from", &offered]);
        assert_ne!(taken.status, 2, "{from}: {}", taken.err);
        offers.push((from, offered));
    }
    assert!(offers.len() > 10, "{offers:?}");
}

#[test]
fn responses_before_the_push_are_refused_with_the_place_of_the_push() {
    let refuse = |more: &[&str], parts: &[&str]| refused(&verify("issue-3124/log-1.jsonl.gz", more), parts);

    refuse(
        &["--responses", "2251799813689455@9843"],
        &["log-1.jsonl.gz:9843: deployment 2251799813689455", "from 9844"],
    );
    refuse(&["--responses", "2251799813689455@10461", "--from", "9843"], &["has not pushed it", "DISTRIBUTE at 9843"]);
    refuse(
        &["--responses", "2251799813689455@11605"],
        &["log-1.jsonl.gz:11604: deployment 2251799813689455", "beyond the log, which ends at 11604", "from 9844"],
    );
    refuse(&["--responses", "5@10461"], &["the log distributes no such deployment; it distributes 2251799813685250"]);
}

#[test]
fn a_log_that_is_none_is_refused_with_file_and_line() {
    let whole = lines("quiet/log-2.jsonl");
    let refuse = |lines: &[String], line: usize, part: &str| {
        let (said, path) = edited(lines, &[]);
        refused(&said, &[part]);
        // The frame may break a long line, but never inside of a path.
        assert!(flat(&said.err).contains(&format!("{path}:{line}:")), "{}", said.err);
    };
    let with = |at: usize, from: &str, to: &str| {
        let mut lines = whole.clone();
        assert!(lines[at].contains(from), "{}", lines[at]);
        lines[at] = lines[at].replace(from, to);
        lines
    };

    refuse(&whole[1..], 1, "expected position 1, found 2");
    refuse(&[&whole[..4], &whole[5..]].concat(), 5, "expected position 5, found 6");
    refuse(
        &with(2, r#""partitionId":2"#, r#""partitionId":3"#),
        3,
        "a record of partition 3 among those of partition 2",
    );
    refuse(&with(0, r#""intent":"CREATE""#, r#""intent":"CREAT""#), 1, "unknown intent `CREAT` of a DEPLOYMENT");
    refuse(&with(6, "}", ""), 7, "broken JSON");
    refuse(&with(3, r#""valueType":""#, r#""valueType":"X"#), 4, "unknown valueType");
    refuse(&[], 1, "broken JSON");
}

#[test]
fn a_deployment_beyond_the_model_is_refused_with_its_element_and_line() {
    let lines = lines("quiet/log-1.jsonl");
    let command: Value = serde_json::from_str(&lines[0]).expect("JSON");
    let resource = command["value"]["resources"][0]["resource"].as_str().expect("a resource");
    let bpmn = String::from_utf8(zeebe_bytes(resource)).expect("text");
    let other = bpmn.replace("bpmn:serviceTask", "bpmn:callActivity");
    assert_ne!(bpmn, other);
    let line = 1 + other.lines().position(|line| line.contains("bpmn:callActivity")).expect("the element");
    let other = zeebe::bpmn::encode(other.as_bytes());
    let lines: Vec<String> = lines.iter().map(|line| line.replace(resource, &other)).collect();
    for more in [&[][..], &["--every-snapshot"]] {
        let (said, path) = edited(&lines, more);
        refused(&said, &[&format!("line {line}, element `task`"), "is beyond the model"]);
        assert!(flat(&said.err).contains(&format!("{path}:1:")), "{}", said.err);
    }
}

fn zeebe_bytes(resource: &str) -> Vec<u8> {
    zeebe::bpmn::decode(resource).expect("Base64")
}
