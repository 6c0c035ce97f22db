//! One digest per scenario and seed, on whatever host and in whatever way.

use crate::{GUARDED, json, relapse, status};
use serde_json::{Value, json};

/// A verification job that is small: some dozens of invocations.
const SMALL: &[&str] =
    &["scenarios/restate/verification.toml", "--set", "workload.width=2", "--set", "workload.depth=4"];

fn run(arguments: &[&str]) -> Value {
    let output = relapse(".", &[&["run"], SMALL, &["--json"], arguments].concat());
    json(&output)
}

fn digest(arguments: &[&str]) -> String {
    run(arguments)["digest"].as_str().expect("a run has a digest").to_owned()
}

/// Two hundred seeds, each in every way there is.
fn assert_is_the_same_run_in_every_way(scenario: &[&str]) {
    let output = relapse(".", &[&["prove"], scenario, &["--seeds", "0..200", "--json"]].concat());

    let proof = json(&output);
    assert_eq!((status(&output), &proof["holds"], &proof["runs"]), (0, &json!(true), &json!(200)), "{proof:#}");
    assert_eq!(proof["ways"].as_array().map(Vec::len), Some(if GUARDED { 5 } else { 4 }));
}

#[test]
fn a_small_job_is_the_same_run_in_every_way() {
    assert_is_the_same_run_in_every_way(&[SMALL, &["--set", "workload.job=test-1"]].concat());
}

#[test]
fn a_golden_tree_is_the_same_run_in_every_way() {
    assert_is_the_same_run_in_every_way(&["golden-tree"]);
}

#[test]
fn both_hosts_give_the_same_digest() {
    let built = run(&["--seed", "7"]);
    let plain = run(&["--seed", "7", "--host", "plain"]);

    assert_eq!(built["host"], if GUARDED { "guarded" } else { "plain" });
    assert_eq!(
        (&built["digest"], &built["verdict"], &built["cost"]),
        (&plain["digest"], &plain["verdict"], &plain["cost"])
    );
}

#[test]
fn another_seed_or_another_job_has_another_digest() {
    let seven = digest(&["--seed", "7"]);

    assert_eq!(digest(&["--seed", "7"]), seven);
    assert_ne!(digest(&["--seed", "8"]), seven);
    assert_ne!(digest(&["--seed", "7", "--set", "workload.job=test-2"]), seven);
}

#[test]
fn a_traced_run_is_the_same_run_and_its_trace_has_every_event() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("trace.jsonl");

    let traced = run(&["--seed", "7", "--trace", path.to_str().expect("a plain path")]);

    assert_eq!(traced, run(&["--seed", "7"]));
    let text = std::fs::read_to_string(&path).expect("it is there");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line is an object")).collect();
    assert!(lines.iter().map(|line| line["id"].as_u64()).eq((1..=lines.len() as u64).map(Some)));
    assert_eq!(Some(lines.len() as u64), traced["cost"]["events"].as_u64());
    let roles: std::collections::BTreeSet<&str> = lines.iter().filter_map(|line| line["role"].as_str()).collect();
    assert!(roles.into_iter().eq(["driver", "endpoint-1", "endpoint-2", "endpoint-3", "server"]));
}

#[test]
fn a_trace_to_standard_output_leaves_the_report_to_standard_error() {
    let output = relapse("tests/fixtures/leaks", &["run", "leaky", "--trace", "-"]);

    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!((status(&output), out.lines().count()), (0, 6_002));
    assert!(out.lines().all(|line| line.starts_with("{\"id\":")) && err.starts_with("pass\n"), "{err}");
}
