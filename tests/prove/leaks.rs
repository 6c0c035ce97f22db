//! Each leak of the host into a model is found, by the guard or by a way to run, and the event is named.

use crate::{GUARDED, divergent, json, proof, relapse, status, way};
use serde_json::{Value, json};

/// The node sees at tick 5,000 what it may not: that is event 5,002, after its start and 5,000 ticks.
const EVENT: u64 = 5_002;

/// The first event that differs that way is the one where the leak shows, on both sides or on one.
fn assert_named(proof: &Value, name: &str) {
    let place = &way(proof, name)["first"]["place"]["event"];
    let sides: Vec<&Value> = [&place["expected"], &place["found"]].into_iter().filter(|side| !side.is_null()).collect();

    assert_eq!(place["id"], EVENT, "{name}: {proof:#}");
    assert!(!sides.is_empty());
    for side in sides {
        let shown = (&side["name"], &side["node"], &side["role"], &side["at_ns"], &side["data"][0]);
        assert_eq!(shown, (&json!("saw"), &json!("n0"), &json!("ticker"), &json!(5_000_000_000_u64), &json!(5_000)));
    }
}

#[test]
fn without_a_leak_every_way_is_equal() {
    let (status, proof) = proof(&["--toggle", "leak=none"]);

    assert_eq!((status, &proof["holds"]), (0, &json!(true)));
    assert!(proof["ways"].as_array().expect("ways").iter().all(|way| way["first"].is_null()));
}

#[test]
fn a_host_clock_is_virtual_under_the_guard_and_found_on_the_plain_host() {
    let (status, proof) = proof(&["--toggle", "leak=clock"]);

    let name = if GUARDED { "plain host" } else { "another process" };
    assert_eq!((status, divergent(&proof, name)), (4, 3));
    assert_named(&proof, name);
    let event = &way(&proof, name)["first"]["place"]["event"];
    assert_ne!(event["expected"]["data"][1], event["found"]["data"][1], "what the clocks said is shown");
    assert_eq!(divergent(&proof, "another process"), if GUARDED { 0 } else { 3 });
}

#[test]
fn the_order_of_a_hash_map_is_found_on_another_thread() {
    let (status, proof) = proof(&["--toggle", "leak=hash-order"]);

    assert_eq!(status, 4);
    assert!(divergent(&proof, "thread of its own") >= 2, "seed 0 may be the first of its thread in both ways");
    for name in ["thread of its own", "in order", "in reverse"] {
        assert_named(&proof, name);
    }
    if !GUARDED {
        assert_named(&proof, "another process");
    }
}

#[test]
fn a_thread_is_a_simulator_bug_under_the_guard() {
    let (status, proof) = proof(&["--toggle", "leak=thread"]);

    if GUARDED {
        assert_eq!((status, &proof["simulator_bugs"]), (4, &json!(3)));
        assert_named(&proof, "plain host");
        assert!(way(&proof, "plain host")["first"]["place"]["event"]["expected"].is_null(), "the guard ended that run");
    } else {
        assert_eq!(status, 0, "the plain host does not see a thread that changes nothing");
    }
}

#[test]
fn a_run_that_starts_a_thread_ends_with_the_guards_verdict_and_its_trace_up_to_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("trace");
    let trace = path.to_str().expect("a plain path");

    let output =
        relapse("tests/fixtures/leaks", &["run", "leaky", "--toggle", "leak=thread", "--json", "--trace", trace]);

    let verdict = if GUARDED { (4, json!("simulator-bug")) } else { (0, json!("pass")) };
    assert_eq!((status(&output), json(&output)["verdict"].clone()), verdict);
    let lines = std::fs::read_to_string(&path).expect("it is there").lines().count() as u64;
    assert_eq!(lines, if GUARDED { EVENT - 1 } else { 6_002 });
}

#[test]
fn a_counter_of_the_process_is_found_when_other_seeds_ran_before() {
    let (status, proof) = proof(&["--toggle", "leak=counter"]);

    assert_eq!((status, divergent(&proof, "in reverse")), (4, 3));
    for name in ["in order", "in reverse", "thread of its own"] {
        assert_named(&proof, name);
    }
}

#[test]
fn a_sweep_finds_a_counter_of_the_process_by_its_canary() {
    let arguments = ["run", "leaky", "--seeds", "0..100", "--workers", "1", "--json"];

    let leaking = relapse("tests/fixtures/leaks", &[&arguments[..], &["--toggle", "leak=counter"]].concat());
    let clean = relapse("tests/fixtures/leaks", &arguments);

    assert_eq!((status(&leaking), status(&clean)), (4, 0));
    let outcome = json(&leaking)["outcomes"][0].clone();
    assert_eq!((&outcome["signature"], &outcome["count"]), (&json!("divergence/canary"), &json!(1)));
}

#[test]
fn a_proof_for_people_names_the_event() {
    let output = relapse("tests/fixtures/leaks", &["prove", "leaky", "--seeds", "0..2", "--toggle", "leak=counter"]);

    let text = String::from_utf8(output.stdout).expect("output is text");
    assert!(text.contains("the first event that differs is number 5002"), "{text}");
    assert!(text.contains("expected 5.000000000 s n0 (ticker) emitted saw [5000, "), "{text}");
}
