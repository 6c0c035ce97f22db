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
    let ended = call(&["run", "../endpoint-kill.toml", "--set", "duration=3s"]);

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
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("wrong.toml");
    let text = std::fs::read_to_string(crate::fixture("endpoint-kill.toml")).expect("the fixture");
    let line = text.lines().position(|line| line.starts_with("do = ")).expect("an action") + 1;
    std::fs::write(&path, text.replace("\"endpoints\"", "\"endpoint\"")).expect("it is written");

    let ended = call(&["run", path.to_str().expect("a plain path")]);

    assert_eq!(ended.status, 2, "{}", ended.out);
    assert!(ended.err.contains(&format!("wrong.toml:{line}:")), "{}", ended.err);
    assert!(ended.err.contains("did you mean `endpoints`?"), "{}", ended.err);
}

#[test]
fn a_driver_is_struck_by_its_name() {
    let ended = call(&["run", "../endpoint-kill.toml", "--set", "fault.0.do.kill.node=driver"]);

    assert!(ended.out.contains("fault pod-dies: kill driver"), "{}{}", ended.out, ended.err);
    assert!(ended.out.contains("1 processes"), "{}", ended.out);
}
