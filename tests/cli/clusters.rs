//! Scenarios on Zeebe, through the whole command: what a run tells, a broker's log at any time, and what is refused.

use std::fs;

use crate::{Said, call};

const QUIET: &str = "../../../scenarios/zeebe/quiet.toml";
const SOAK: &str = "../../../scenarios/zeebe/soak.toml";

fn show(scenario: &str, more: &[&str]) -> Said {
    call(&[&["log", "show", scenario], more].concat())
}

#[track_caller]
fn refused(said: &Said, parts: &[&str]) {
    assert_eq!((said.status, &*said.out), (2, ""), "{}", said.err);
    for part in parts {
        assert!(said.err.contains(part), "no {part:?} in:\n{}", said.err);
    }
}

#[test]
fn a_run_tells_leaders_snapshots_health_and_who_knows_a_deployment() {
    let said = call(&["run", QUIET, "--set", "duration=2m", "--set", "cluster.snapshot_period=60s"]);

    assert_eq!((said.status, &*said.err), (0, ""), "{}", said.out);
    for partition in 1..=3 {
        assert!(said.out.contains(&format!("partition {partition} led by: broker-")), "{}", said.out);
    }
    assert!(said.out.contains("snapshots: broker-0 at position "), "{}", said.out);
    assert_eq!(said.out.matches(": ready, healthy").count(), 3, "{}", said.out);
    let known = "(version 1), answered at 12.00 s: known on partitions 1, 2, 3\n";
    assert!(said.out.contains(known), "{}", said.out);
}

#[test]
fn a_brokers_log_is_shown_as_it_was_at_a_time_and_as_far_as_it_is_asked_for() {
    let whole = show(QUIET, &["--partition", "2", "--at", "30s"]);
    let early = show(QUIET, &["--partition", "2", "--at", "20s"]);
    let late = show(QUIET, &["--partition", "2", "--at", "30s", "--from", "20"]);
    let none = show(QUIET, &["--partition", "2", "--at", "1s"]);

    assert_eq!((whole.status, &*whole.err), (0, ""));
    let records = |said: &Said| said.out.lines().skip(2).map(str::to_owned).collect::<Vec<_>>();
    let (whole, early, late) = (records(&whole), records(&early), records(&late));
    assert!(early.len() > 20 && whole.len() > early.len(), "{} {}", early.len(), whole.len());
    assert_eq!(whole[..early.len()], early[..]);
    assert_eq!(whole[19..], late[..]);
    let creates = whole.iter().filter(|line| line.contains("command   DEPLOYMENT CREATE ")).count();
    assert!(creates >= 2, "the deployer's and the starter's: {whole:#?}");
    assert!(records(&none).is_empty() && none.out.contains("no committed record"), "{}", none.out);
}

#[test]
fn a_key_selects_an_instance_with_all_that_belongs_to_it() {
    let all = show(QUIET, &["--partition", "1", "--at", "60s"]);
    let created = all.out.lines().find(|line| line.contains("WORKFLOW_INSTANCE_CREATION CREATED")).expect("one");
    let key = created.rsplit(' ').next().expect("its instance");

    let said = show(QUIET, &["--partition", "1", "--at", "60s", "--key", key]);

    let of_it = said.out.lines().skip(2).collect::<Vec<_>>();
    assert!(of_it.len() > 10, "{}", said.out);
    assert!(of_it.iter().all(|line| line.contains(key)), "{}", said.out);
    assert!(of_it.iter().any(|line| line.contains("ELEMENT_COMPLETED") && line.contains("PROCESS")), "{}", said.out);
}

#[test]
fn the_log_at_the_end_is_that_of_the_end_of_the_run() {
    let cut = show(QUIET, &["--set", "events=30000"]);
    assert!(cut.out.starts_with("partition 1 on broker-0 at ") && !cut.out.contains("at 10 min"), "{}", cut.out);
    refused(&show(QUIET, &["--set", "events=30000", "--at", "9m"]), &["--at 9 min 0 s", "the run ended before"]);
}

#[test]
fn a_log_that_lost_its_beginning_is_shown_with_a_warning() {
    let said = show(SOAK, &["--seed", "1", "--at", "5m", "--json"]);

    assert_eq!(said.status, 0, "{}", said.err);
    assert!(!said.out.contains("\"position\":1,"), "{}", said.out);
    assert!(said.err.contains("note: the log begins at position"), "{}", said.err);
}

#[test]
fn a_broker_that_hangs_or_whose_stream_processor_is_dead_is_not_called_well() {
    let hang = "fault=[{at = \"60s\", do = {hang = {node = \"broker-1\"}}, for = \"10m\"}]";
    let hung = call(&["run", QUIET, "--set", "duration=90s", "--set", hang]);
    assert!(hung.out.contains("\nbroker-1: hung\n"), "{}", hung.out);

    let scenario = "../../../scenarios/zeebe/issue-5688.toml";
    let text = fs::read_to_string(crate::fixture("listing").join(scenario)).expect("the scenario");
    let seed = text.lines().find_map(|line| line.strip_prefix("seed = ")).expect("a seed that fails");
    let dead = call(&["run", scenario, "--seed", seed]);
    assert_eq!(dead.status, 1, "{}{}", dead.out, dead.err);
    assert!(dead.out.contains(": ready, unhealthy: partition 3 (its stream processor is dead)"), "{}", dead.out);
    let mended = call(&["run", scenario, "--seed", seed, "--toggle", "fix_5760"]);
    assert_eq!(mended.status, 0, "{}{}", mended.out, mended.err);
}

#[test]
fn a_log_that_is_shown_for_machines_verifies() {
    let folder = tempfile::tempdir().expect("a folder");
    for partition in ["1", "2", "3"] {
        let said = show(QUIET, &["--partition", partition, "--node", "broker-2", "--at", "60s", "--json"]);
        assert_eq!((said.status, &*said.err), (0, ""));
        let path = folder.path().join(format!("log-{partition}.jsonl"));
        fs::write(&path, &said.out).expect("a file");
        let path = path.to_str().expect("a path");

        let verified = call(&["log", "verify", path, "--every-snapshot"]);

        assert_eq!((verified.status, &*verified.err), (0, ""), "{}", verified.out);
        let edited = said.out.replacen("\"ELEMENT_ACTIVATED\"", "\"ELEMENT_COMPLETED\"", 1);
        assert_ne!(edited, said.out);
        fs::write(path, edited).expect("a file");
        assert_eq!(call(&["log", "verify", path]).status, 1);
    }
}

#[test]
fn what_cannot_be_shown_is_refused_with_what_can() {
    refused(&show(QUIET, &["--partition", "4"]), &["--partition 4", "there are 1 to 3"]);
    refused(&show(QUIET, &["--node", "broker-3"]), &["--node broker-3", "broker-0, broker-1, broker-2"]);
    refused(&show(QUIET, &["--at", "11m"]), &["--at", "the run ends before"]);
    refused(&show(QUIET, &["--at", "soon"]), &["--at", "soon"]);
    refused(&show("../endpoint-kill.toml", &[]), &["brokers' logs are of system zeebe", "of system restate"]);
}

#[test]
fn the_log_of_a_broker_that_is_down_is_that_on_its_disk() {
    let kill = "fault=[{at = \"20s\", do = {kill = {node = \"broker-0\"}}}]";
    let of = |at: &str, more: &[&str]| {
        show(QUIET, &[&["--set", kill, "--partition", "1", "--node", "broker-0", "--at", at], more].concat())
    };
    let (before, down) = (of("19999ms", &[]), of("30s", &[]));
    assert_eq!((down.status, &*down.err), (0, ""));
    let heading = down.out.lines().next().expect("a heading");
    assert!(
        heading.contains(": down, term ") && heading.contains(" on its disk, the last 0 not committed"),
        "{heading}"
    );
    let lines = |said: &Said| said.out.lines().skip(2).map(str::to_owned).collect::<Vec<_>>();
    let (before, on_disk) = (lines(&before), lines(&down));
    assert!(before.len() > 10 && on_disk.starts_with(&before), "{before:?} {on_disk:?}");

    let machines = of("30s", &["--json"]);
    assert_eq!(machines.out.lines().count(), on_disk.len());
    assert!(machines.err.contains("note: broker-0 is down"), "{}", machines.err);
}

/// A leader that was killed in the middle of an append has records on its disk that nobody has committed.
#[test]
fn what_a_dead_leader_had_not_committed_is_shown_to_people_and_not_to_machines() {
    let of = |node: &str, at: &str, more: &[&str]| {
        show(SOAK, &[&["--seed", "0", "--partition", "3", "--node", node, "--at", at], more].concat())
    };
    let (people, machines) = (of("broker-1", "111s", &[]), of("broker-1", "111s", &["--json"]));
    let later = of("broker-0", "160s", &["--json"]).out;

    let heading = people.out.lines().next().expect("a heading");
    let not = heading.split("the last ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a count");
    let not: usize = not.parse().expect("a number");
    let (shown, all) = (machines.out.lines().count(), people.out.lines().skip(2).count());
    assert!(not > 0 && shown > 100 && shown + not == all, "{heading}: {shown} of {all}");
    // What machines get is what is committed: the log of another broker goes on from its last record.
    let last = machines.out.lines().next_back().expect("a record");
    assert!(later.lines().any(|line| line == last) && later.lines().next_back() != Some(last), "{last}");
}

#[test]
fn what_a_cluster_cannot_be_is_refused_with_the_nearest_that_it_can() {
    let run = |set: &str| call(&["run", QUIET, "--set", set]);

    refused(&run("cluster.first_leaders=[\"broker-1\", \"brokr-2\"]"), &["brokr-2", "did you mean `broker-2`?"]);
    let four = "cluster.first_leaders=[\"broker-0\", \"broker-0\", \"broker-0\", \"broker-0\"]";
    refused(&run(four), &["more leaders than partitions"]);
    refused(&run("workload.worker=benchmrk"), &["benchmrk", "did you mean `benchmark`?"]);
    refused(&run("workload.bpmn=../zeebe/nothing.bpmn"), &["nothing.bpmn"]);
    refused(
        &run("workload.bpmn=../zeebe/gateway.bpmn"),
        &["gateway.bpmn", "line 6, element `which`: `exclusiveGateway` is beyond the model"],
    );
    refused(&run("workload.bpmn=../zeebe/broken.bpmn"), &["broken.bpmn", "line 5: SAXException while parsing"]);
    refused(&run("preset=0.24.9"), &["0.24.9", "did you mean `0.24."]);
    let fault = "fault=[{at = \"20s\", do = {kill = {node = \"leeder-of(1)\"}}}]";
    refused(&run(fault), &["leeder-of(1)", "leader-of"]);
    for nobody in ["leader-of(4)", "leader-of(x)", "followers-of(0)", "leader-of"] {
        let fault = format!("fault=[{{at = \"20s\", do = {{kill = {{node = \"random({nobody})\"}}}}}}]");
        refused(&run(&fault), &[nobody, "leader-of(1)"]);
    }
    refused(&run("workload.deploy_every=1ms"), &["workload.deploy_every", "more than 10000 deployments"]);
    refused(&run("workload.snapshot_every=1ms"), &["workload.snapshot_every", "more than 10000 snapshots"]);
    refused(
        &run("workload.deploy_every=[\"60s\", \"30s\"]"),
        &["`workload.deploy_every` is no range", "shortest first"],
    );
    refused(&run("cluster.snapshot_period=[\"60s\"]"), &["`cluster.snapshot_period`", "a list of two"]);
    refused(&run("cluster.snapshot_period=[\"0s\", \"30s\"]"), &["`cluster.snapshot_period`", "at least"]);
}

#[test]
fn a_profile_that_draws_nothing_is_refused_at_its_place() {
    let run = |set: &str| call(&["run", SOAK, "--set", set]);

    refused(&run("profile.kind.kill.gap=[\"9s\", \"1s\"]"), &["gap", "is no range"]);
    refused(&run("profile.kind.kill.gab=1"), &["gab", "gap"]);
    refused(&run("profile.until=soon"), &["soon"]);
    refused(&run("profile.until=10s"), &["`until` is not after `from`"]);
    refused(&run("profile.kind={}"), &["it has no kind of fault"]);
    refused(&run("profile.kind.kill.for=[\"10h\", \"10h\"]"), &["`kill` lasts longer"]);
    // Whatever the seed draws: the word is wrong in every run.
    let wrong = "profile.kind.kill.do=[{kill = {node = \"broker-0\"}}, {kill = {node = \"broker-7\"}}]";
    refused(&run(wrong), &["broker-7", "known are"]);
    refused(&run("cluster.partitions=2"), &["leader-of(3)", "soak.toml"]);
    refused(&run("fault=[{at = \"20s\", do = {pause = {node = \"broker-0\"}}}]"), &["or draws them, not both"]);
    let other = call(&["run", "../endpoint-kill.toml", "--set", "profile.until=1s"]);
    refused(&other, &["restate draws no faults from a profile"]);
}

#[test]
fn drawn_faults_that_all_do_nothing_make_a_run_vacuous() {
    // It is up, so that nothing can start it.
    let kind = "profile.kind={nothing = {do = [{restart = {node = \"broker-0\"}}], gap = [\"20s\", \"20s\"]}}";
    let run =
        |more: &[&str]| call(&[&["run", SOAK, "--set", "duration=5m", "--set", "profile.until=200s"], more].concat());

    let vacuous = run(&["--set", kind]);

    assert_eq!(vacuous.status, 3, "{}{}", vacuous.out, vacuous.err);
    assert!(vacuous.out.contains("vacuous/faults") && vacuous.out.contains("all faults that were drawn did nothing"));
    assert_eq!(run(&["--set", "profile.kind.kill.gap=[\"20s\", \"20s\"]"]).status, 0);
}

#[test]
fn drawn_faults_are_those_of_the_seed_and_are_told() {
    let sets = ["--set", "duration=5m", "--set", "profile.until=200s", "--set", "profile.swarm=false", "--seed"];
    let run = |seed: &str| call(&[&["run", SOAK][..], &sets, &[seed]].concat());

    let (one, again, two) = (run("1"), run("1"), run("2"));

    assert_eq!(one.out, again.out);
    fn faults(said: &Said) -> Vec<&str> {
        said.out.lines().filter(|line| line.starts_with("  fault ")).collect()
    }
    assert!(!faults(&one).is_empty() && !faults(&two).is_empty(), "{}{}", one.out, two.out);
    assert_ne!(faults(&one), faults(&two));
}
