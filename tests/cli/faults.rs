//! Faults of a scenario, through the whole command: what they did is told, and one that does nothing is not a pass.

use crate::call;

#[test]
fn a_killed_pod_is_told_and_loses_nothing() {
    let ended = call(&["run", "../endpoint-kill.toml", "--seed", "1"]);

    assert_eq!(ended.status, 0, "{}", ended.err);
    assert!(ended.out.contains("fault pod-dies: kill endpoint-0 endpoint-1 endpoint-2"), "{}", ended.out);
    assert!(ended.out.contains("3 processes"), "{}", ended.out);
}

#[test]
fn a_fault_that_strikes_nothing_makes_the_run_vacuous() {
    let ended = call(&["run", "../endpoint-kill.toml", "--set", "fault.0.on.nth=3000"]);

    assert_eq!(ended.status, 3, "{}", ended.err);
    assert!(ended.out.contains("there were fewer than 3000 events `invoke`"), "{}", ended.out);
}

#[test]
fn a_fault_on_nobody_is_an_error_of_the_scenario() {
    let ended = call(&["run", "../endpoint-kill.toml", "--set", "fault.0.do.kill.node=\"severs\""]);

    assert_eq!(ended.status, 2, "{}", ended.out);
    assert!(ended.err.contains("severs") && ended.err.contains("server"), "{}", ended.err);
}

#[test]
fn a_job_that_is_cut_short_is_not_called_lost() {
    let ended = call(&["run", "../endpoint-kill.toml", "--set", "duration=3s", "--set", "fault.0.for=100ms"]);

    assert_eq!(ended.status, 3, "{}", ended.out);
    assert!(ended.out.contains("inconclusive budget/virtual-time"), "{}", ended.out);
}

#[test]
fn a_node_that_stays_paused_is_no_bug_of_the_simulator() {
    let pause = "fault.0.do={ pause = { node = \"server\" } }";
    let ended = call(&["run", "../endpoint-kill.toml", "--set", pause, "--set", "fault.0.for=1h"]);

    assert_eq!(ended.status, 3, "{}{}", ended.out, ended.err);
}

#[test]
fn a_server_that_never_comes_back_is_no_lost_job_whether_it_is_killed_paused_or_hung() {
    for fault in ["kill", "pause", "hang"] {
        let set = format!("fault.0.do={{ {fault} = {{ node = \"server\" }} }}");
        let ended = call(&["run", "../endpoint-kill.toml", "--set", &set, "--set", "fault.0.for=2h"]);

        assert_eq!(ended.status, 3, "{fault}: {}{}", ended.out, ended.err);
        assert!(ended.out.contains("inconclusive restate/faults-not-over/server"), "{fault}: {}", ended.out);
    }
}

#[test]
fn a_run_that_uses_up_its_wall_time_is_inconclusive_and_says_who_was_at_work_and_what_helps() {
    let long = ["run", "../endpoint-kill.toml", "--set", "workload.width=4", "--set", "workload.job=test-28113175"];
    let ended = call(&[&long[..], &["--set", "wall_time=0s"]].concat());

    assert_eq!((ended.status, &*ended.err), (3, ""), "{}", ended.out);
    assert!(ended.out.contains("inconclusive budget/wall-time"), "{}", ended.out);
    assert!(ended.out.contains("busiest: n") && ended.out.contains("`wall_time` of the scenario"), "{}", ended.out);
    assert!(ended.out.contains(&format!("{:032x}", 0)), "where the host stopped it is no digest: {}", ended.out);
}

#[test]
fn a_wall_time_that_is_not_used_up_changes_no_digest() {
    let digest =
        |wall_time: &str| call(&["digest", "../endpoint-kill.toml", "--seeds", "0..2", "--set", wall_time]).out;

    assert_eq!(digest("wall_time=10m"), digest("wall_time=1h"));
    assert!(digest("wall_time=10m").lines().count() == 2 && !digest("wall_time=10m").contains("wall-time"));
}

#[test]
fn a_wrong_word_of_a_fault_is_told_at_its_line_with_the_nearest_name() {
    refused(&fixture().replace("\"endpoints\"", "\"endpoint\""), "do = ", &["did you mean `endpoints`?"]);
}

fn fixture() -> String {
    std::fs::read_to_string(crate::fixture("endpoint-kill.toml")).expect("the fixture")
}

/// A scenario of this text is refused: at the line that begins so, and with these words.
fn refused(text: &str, beginning: &str, words: &[&str]) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("wrong.toml");
    let line = text.lines().position(|line| line.starts_with(beginning)).expect("such a line") + 1;
    std::fs::write(&path, text).expect("it is written");

    let ended = call(&["run", path.to_str().expect("a plain path")]);

    assert_eq!(ended.status, 2, "{}{}", ended.out, ended.err);
    // Long messages are broken into lines with a bar before each.
    let err = ended.err.split(['\n', '│', '×', ' ']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    for word in [&format!("wrong.toml:{line}:"), "fault `pod-dies`"].iter().chain(words) {
        assert!(err.contains(word), "{word}: {}", ended.err);
    }
}

#[test]
fn an_event_that_a_system_does_not_have_is_refused_at_its_line_with_the_nearest_name() {
    let with = |event: &str| fixture().replace("\"invoke\"", &format!("\"{event}\""));

    refused(&with("invok"), "on = ", &["`on.event` says `invok`", "did you mean `invoke`?"]);
    refused(&with("sync-lst"), "on = ", &["did you mean `sync-lost`?"]);
    refused(&with("qqqqqqqqq"), "on = ", &["no event of this system has that name", "valid here, among others: "]);
}

#[test]
fn an_event_of_another_system_is_refused_as_well() {
    let of_raft = "name = \"r\"\ntitle = \"t\"\nsystem = \"raft\"\npreset = \"sound\"\nduration = \"20s\"\n\n\
                   [[fault]]\nid = \"pod-dies\"\non = { event = \"raft-elect\" }\n\
                   do = { kill = { node = \"members\" } }\nfor = \"1s\"\n";

    refused(of_raft, "on = ", &["`on.event` says `raft-elect`", "did you mean `raft-elected`?"]);
    let of_zeebe = "fault=[{on = {event = \"deployment-distribted\"}, do = {kill = {node = \"broker-0\"}}}]";
    let ended = call(&["run", "../../../scenarios/zeebe/quiet.toml", "--set", of_zeebe]);
    assert_eq!(ended.status, 2, "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("did you mean `deployment-distributed`?"), "{}", ended.err);
    refused(&of_raft.replace("raft-elect", "invoke"), "on = ", &["`on.event` says `invoke`"]);
    refused(&of_raft.replace("raft-elect", "raft-elected").replace("members", "membrs"), "do = ", &["`members`?"]);
}

#[test]
fn an_entry_that_waits_for_no_entry_is_refused_in_words() {
    let waits = fixture().replace("on = { event = \"invoke\", nth = 3 }", "after = { entry = \"nope\" }");
    let other = "\n[[fault]]\nid = \"nap\"\nat = \"1s\"\ndo = { kill = { node = \"server\" } }\nfor = \"1s\"\n";

    refused(&waits, "after = ", &["`nope`, which is no entry: there is no other entry to wait for"]);
    refused(&format!("{waits}{other}"), "after = ", &["`nope`, which is no entry: known are nap"]);
}

#[test]
fn a_driver_is_struck_by_its_name() {
    let ended = call(&["run", "../endpoint-kill.toml", "--set", "fault.0.do.kill.node=driver"]);

    assert!(ended.out.contains("fault pod-dies: kill driver"), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("1 processes"), "{}", ended.out);
}
