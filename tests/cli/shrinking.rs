//! `relapse shrink` on scenarios of the models: what is left fails by itself, holds what the failure needs, and says so.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::{call, json};

fn scenario(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name).display().to_string()
}

#[test]
fn a_job_shrinks_to_the_two_calls_that_block_each_other() {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("small.toml").display().to_string();
    let job = "workload.job=test-28113175";

    let shrunk =
        json(&["shrink", &scenario("restate/verification.toml"), "--set", job, "--seed", "3", "--out", &out, "--json"]);

    assert_eq!(shrunk["signature"], json!("restate/deadlock/ring-of-2: ring 566>956"));
    let calls = shrunk["calls"].as_u64().expect("it is a tree");
    assert!((2..=12).contains(&calls), "{calls} calls");
    assert_eq!((&shrunk["complete"], &shrunk["certificate"]["holds"]), (&json!(true), &json!(true)));
    let seed = shrunk["seed"].to_string();
    let again = call(&["run", &out, "--seed", &seed]);
    assert_eq!(again.status, 1, "{}", again.err);
    assert!(again.out.contains("ring 566>956"), "{}", again.out);
    // The tree that it names lies beside it, and nothing else is needed.
    assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 2);
}

#[test]
fn a_cluster_shrinks_to_what_the_scripted_scenario_has_and_not_beyond() {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("small.toml").display().to_string();
    // A deployment and a fault that have nothing to do with it.
    let more = "workload.deploy_every=50s";
    let args = ["shrink", &scenario("zeebe/issue-5688.toml"), "--set", more, "--out", &out, "--json"];

    let shrunk = json(&args);

    let parts: Vec<&str> = shrunk["certificate"]["parts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|part| part["part"].as_str().expect("a name"))
        .collect();
    assert_eq!(parts, ["fault multicast-lost", "fault first-leader-dies", "fault second-leader-dies", "deployment 0"]);
    assert_eq!(shrunk["parts"]["before"], json!(7), "three faults and four deployments");
    assert!(shrunk["certificate"]["failing"].as_u64() >= Some(1), "{}", shrunk["certificate"]);
    for part in shrunk["certificate"]["parts"].as_array().expect("a list") {
        assert!(part["judged"].as_u64() >= Some(1) && part["still"] == json!(0), "{part}");
    }
    let seed = shrunk["seed"].to_string();
    assert_eq!(call(&["run", &out, "--seed", &seed]).status, 1);
    let fixed = json(&["run", &out, "--seed", &seed, "--toggle", "fix_5760=on", "--json"]);
    assert_ne!(fixed["verdict"], json!("fail"), "the smaller scenario has the same twin");
    let twice: Value = json(&["shrink", &out, "--json"]);
    assert_eq!(twice["parts"], json!({ "before": 4, "left": 4 }), "what is small stays so");
}

#[test]
fn the_result_does_not_depend_on_the_number_of_workers() {
    let of = |workers: &str| {
        let args = ["shrink", &scenario("zeebe/issue-5568.toml"), "--certify", "4", "--workers", workers, "--json"];
        let mut shrunk = json(&args);
        // Runs that others began ahead.
        shrunk["runs"] = Value::Null;
        shrunk
    };

    assert_eq!(of("1"), of("3"));
}

#[test]
fn a_budget_of_runs_gives_the_best_so_far() {
    let few = json(&["shrink", &scenario("zeebe/issue-5688.toml"), "--runs", "3", "--certify", "0", "--json"]);

    assert_eq!((&few["complete"], &few["ended"]), (&json!(false), &json!("ended with its runs: more might go")));
    assert!(few["smaller"].as_str().expect("a scenario").contains("seed = 9"));
}

#[test]
fn what_cannot_be_shrunk_says_why() {
    let refused = |arguments: &[&str], why: &str| {
        let said = call(arguments);
        assert_eq!((said.status, &*said.out), (2, ""), "{arguments:?}");
        assert!(said.err.contains(why), "{arguments:?}: {}", said.err);
    };

    refused(&["shrink", "quiet", "--seed", "4"], "seed 4 does not fail: pass");
    refused(&["shrink", "planted", "--seed", "9", "--out", "small.json"], "ends with .toml");
    refused(&["shrink", "planted", "--seed", "9", "--out", "no/such/small.toml"], "no such directory");
    refused(&["shrink", "planted", "--seed", "9", "--out", "scenarios/planted.toml"], "the run is made of this file");
    refused(&["shrink", "planted", "--salts", "many"], "--salts");
}
