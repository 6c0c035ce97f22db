//! Ctrl-C.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::{Said, relapse, said};

/// A sweep that would take hours.
fn endless(sets: &[&str]) -> Child {
    let arguments = ["run", "quiet", "--seeds", "0..100000000", "--json", "--set", "workload.busy_us=2000"];
    let sets = sets.iter().flat_map(|set| ["--set", *set]);
    let mut command = relapse(&arguments);
    command.args(sets).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
}

/// Waits until the process minds Ctrl-C, and then some.
fn let_it_run(child: &Child) {
    let minds = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
        caught.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & 0b10 != 0)
    };
    for _ in 0..1_000 {
        if minds() {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    sleep(Duration::from_millis(500));
}

fn interrupt(child: &Child) {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.expect("kill starts").success());
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_prints_what_was_found_and_ends_with_its_verdict() {
    for (sets, status) in [(&[][..], 3), (&["workload.fails_in=2"], 1)] {
        let child = endless(sets);
        let_it_run(&child);
        interrupt(&child);

        let ended = child.wait_with_output().expect("it ends");

        let sweep: serde_json::Value = serde_json::from_slice(&ended.stdout).expect("one object");
        assert_eq!(sweep["interrupted"], true);
        assert!(sweep["runs"].as_u64().is_some_and(|runs| runs > 0), "{sweep}");
        assert_eq!(ended.status.code(), Some(status));
        assert!(String::from_utf8_lossy(&ended.stderr).contains("Ctrl-C again aborts"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_a_proof_and_a_measurement_with_what_there_is() {
    let prove = ["prove", "quiet", "--seeds", "0..100000000", "--json", "--set", "workload.busy_us=2000"];
    for arguments in [&prove[..], &["bench", "--json", "--quick"]] {
        let child = relapse(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let_it_run(&child);
        interrupt(&child);

        let ended = child.wait_with_output().expect("it ends");

        let said: serde_json::Value = serde_json::from_slice(&ended.stdout).expect("one object");
        assert_eq!(said["interrupted"], true, "{said}");
        assert!(matches!(ended.status.code(), Some(3 | 1)), "{:?} {said}", ended.status);
        assert!(String::from_utf8_lossy(&ended.stderr).contains("Ctrl-C again aborts"));
    }
}

/// Another build of which three seeds differ, or none; Ctrl-C comes when it has run two of them and half of a line.
fn interrupted_by_the_other_build(second: &str, json: bool) -> Said {
    let directory = tempfile::tempdir().expect("a directory");
    let script = directory.path().join("other");
    let lines = ["#!/bin/sh", "echo 0 9e3779b97f4a7c15f39cc0605cedc835 pass", second, "printf '2 00 fa'"];
    std::fs::write(&script, lines.join("\n") + "\nkill -INT $PPID\nsleep 1\nexit 130\n").expect("it is written");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("it can be run");
    let against = script.to_str().expect("a plain path");
    let arguments = ["prove", "planted", "--seeds", "0..5", "--against", against];
    said(relapse(&arguments).args(json.then_some("--json")))
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_way_under_way_had_found_when_ctrl_c_came_is_told() {
    let other = "echo 1 00 fail other";
    let ended = interrupted_by_the_other_build(other, true);

    let proof: serde_json::Value = serde_json::from_str(&ended.out).expect("one object");
    let way = proof["ways"].as_array().and_then(|ways| ways.last()).expect("it was under way");
    assert_eq!((ended.status, &proof["holds"], &proof["interrupted"]), (4, &false.into(), &true.into()), "{way}");
    assert_eq!((&way["finished"], &way["compared"], &way["divergent"]), (&false.into(), &2.into(), &1.into()));
    assert_eq!((&way["first"]["seed"], &way["first"]["found"]), (&1.into(), &"00 fail other".into()));
    assert_eq!(proof["ways"][0]["finished"], true);

    let shown = interrupted_by_the_other_build(other, false).out;
    assert!(shown.contains("other: 1 of 2; not finished, 2 of 5 ran"), "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_way_under_way_that_was_equal_so_far_is_no_proof() {
    let ended = interrupted_by_the_other_build("exec 1>&1", false);

    assert_eq!(ended.status, 3, "{}", ended.out);
    assert!(ended.out.contains("other: 1 of 1; not finished, 1 of 5 ran"), "{}", ended.out);
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_is_asked_for_digests_ends_with_whole_lines() {
    let digest = ["digest", "quiet", "--seeds", "0..100000000", "--set", "workload.busy_us=2000"];
    let child = relapse(&digest).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let_it_run(&child);
    interrupt(&child);

    let ended = child.wait_with_output().expect("it ends");

    let text = String::from_utf8(ended.stdout).expect("text");
    let seeds: Vec<u64> =
        text.lines().map(|line| line.split(' ').next().unwrap_or("").parse().expect("a seed")).collect();
    assert!(text.ends_with('\n') && seeds.iter().copied().eq(0..seeds.len() as u64), "{text}");
    assert_eq!(ended.status.code(), Some(3));
}

#[cfg(target_os = "linux")]
#[test]
fn a_second_ctrl_c_aborts() {
    let mut child = endless(&["workload.busy_us=60000000"]);
    let_it_run(&child);
    interrupt(&child);
    let mut first = String::new();
    BufReader::new(child.stderr.take().expect("it is piped")).read_line(&mut first).expect("it says something");
    interrupt(&child);

    let ended = child.wait_with_output().expect("it ends");

    assert!(first.contains("Ctrl-C again aborts"), "{first}");
    assert_eq!(ended.status.code(), Some(130));
    assert!(ended.stdout.is_empty());
}
