//! `relapse sweep`: several scenarios, limits, and what is kept.

use std::fs;

use serde_json::json;

use crate::{call, json};

#[test]
fn several_scenarios_are_swept_one_after_the_other() {
    let said = call(&["sweep", "quiet", "planted", "--seeds", "0..100"]);

    assert_eq!((said.status, &*said.err), (1, ""));
    let (quiet, planted) = (said.out.find("quiet (").expect("both"), said.out.find("planted (").expect("both"));
    assert!(quiet < planted && said.out.contains("no failure: with 95 % confidence"), "{}", said.out);
    let same = json(&["sweep", "quiet", "planted", "--seeds", "0..100", "--json"]);
    let sweeps = same["sweeps"].as_array().expect("a list");
    assert_eq!((sweeps.len(), &sweeps[1]["failures"]["count"]), (2, &json!(10)));
    assert_eq!(sweeps[1]["outcomes"][0]["reproducible"], json!(true));
}

#[test]
fn run_over_seeds_is_a_short_form_of_sweep() {
    let run = json(&["run", "planted", "--seeds", "0..100", "--json"]);
    let mut sweep = json(&["sweep", "planted", "--seeds", "0..100", "--json"])["sweeps"][0].clone();

    sweep["wall_ns"] = run["wall_ns"].clone();
    assert_eq!(run, sweep);
}

#[test]
fn a_sweep_ends_after_so_many_failures_and_after_its_time() {
    let few = json(&["sweep", "planted", "--seeds", "0..1000000", "--until-failures", "3", "--workers", "1", "--json"]);
    assert_eq!((&few["sweeps"][0]["runs"], &few["sweeps"][0]["ended"]), (&json!(30), &json!("failures")));

    let slow = "workload.busy_us=20000";
    let of_time = call(&["sweep", "quiet", "--set", slow, "--seeds", "0..1000000", "--for", "300ms", "--workers", "1"]);
    assert_eq!(of_time.status, 0, "{}", of_time.out);
    assert!(of_time.out.contains("ended with its time after"), "{}", of_time.out);
}

#[test]
fn each_signature_leaves_a_bundle() {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("deep/er").display().to_string();

    let said = call(&["sweep", "planted", "quiet", "--seeds", "5..60", "--out", &out]);

    let names: Vec<_> = fs::read_dir(&out).expect("a directory").map(|it| it.expect("an entry").file_name()).collect();
    assert_eq!(names, ["planted-toy-planted-seed-9.json"]);
    assert!(said.out.contains("; kept in ") && said.out.contains("seed-9.json"), "{}", said.out);
}

#[test]
fn a_failure_that_another_process_does_not_find_is_not_called_reproducible() {
    // Its digests tell how many ran before on the same thread: alone, a seed comes out otherwise.
    let said = call(&["sweep", "planted", "--set", "workload.leaks=1", "--seeds", "0..40", "--workers", "1"]);

    assert_eq!(said.status, 4, "{}", said.out);
    assert!(said.out.contains("toy/planted: ANOTHER RUN in a fresh process"), "{}", said.out);
}

#[test]
fn whatever_is_wrong_with_one_scenario_is_told_before_any_is_run() {
    let said = call(&["sweep", "planted", "plantet", "--seeds", "0..100"]);

    assert_eq!((said.status, &*said.out), (2, ""));
    assert!(said.err.contains("no scenario is named `plantet`") && said.err.contains("`planted`"), "{}", said.err);
}
