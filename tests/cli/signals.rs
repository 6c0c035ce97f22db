//! Ctrl-C.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::relapse;

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
