//! Runs and sweeps: the exit status is the verdict.

use serde_json::{Value, json};

use crate::{call, json as json_of};

fn status(arguments: &[&str]) -> i32 {
    call(arguments).status
}

#[test]
fn the_status_of_one_run_is_its_verdict() {
    assert_eq!(status(&["run", "planted"]), 0);
    assert_eq!(status(&["run", "planted", "--seed", "9"]), 1);
    assert_eq!(status(&["run", "quiet", "--set", "workload.vacuous_in=1"]), 3);
    assert_eq!(status(&["run", "quiet", "--set", "workload.panics_in=1"]), 4);
}

#[test]
fn over_seeds_the_worst_verdict_counts() {
    let sets = |sets: &[&'static str]| {
        let flags = sets.iter().flat_map(|set| ["--set", *set]);
        status(&["run", "quiet", "--seeds", "0..20"].into_iter().chain(flags).collect::<Vec<_>>())
    };

    assert_eq!(sets(&[]), 0);
    assert_eq!(sets(&["workload.vacuous_in=5"]), 3);
    assert_eq!(sets(&["workload.vacuous_in=5", "workload.fails_in=7"]), 1);
    assert_eq!(sets(&["workload.vacuous_in=5", "workload.fails_in=7", "workload.panics_in=11"]), 4);
}

#[test]
fn the_expectation_does_not_change_the_status() {
    assert_eq!(status(&["run", "planted", "--seeds", "0..9"]), 0, "it passes, though it is expected to fail");
    assert_eq!(status(&["run", "planted", "--seeds", "0..100", "--toggle", "planted=fix"]), 0);
}

#[test]
fn a_failing_run_is_shown_with_story_and_how_to_run_it_again() {
    let said = call(&["run", "planted", "--seed", "9", "--set", "workload.label=a b", "--host", "plain"]);

    assert_eq!((said.status, &*said.err), (1, ""));
    insta::assert_snapshot!(said.out, @r#"
    {"label": "a b", "seed": 9}

    fail toy/planted
      seed 9 was planted to fail

    scenario   planted (scenarios/planted.toml)
    seed       9
    took       1.0 ms of virtual time
    events     14
    operations 2
    digest     2e2ac13ef8e8d8db841f83c3a149d212 (plain host)
    again      relapse run scenarios/planted.toml --set 'workload.label=a b' --host plain --seed 9
    "#);
}

#[test]
fn a_panic_is_a_verdict_and_prints_nothing_of_its_own() {
    let said = call(&["run", "planted", "--seed", "3", "--set", "workload.panics_in=4"]);

    assert_eq!((said.status, &*said.err), (4, ""));
    assert!(said.out.contains("simulator-bug panic/sim/systems/toy.rs:"), "{}", said.out);
    assert!(said.out.contains("SIMULATOR BUG: planted for seed 3"), "{}", said.out);
}

#[test]
fn a_sweep_is_shown_as_a_table() {
    let said = call(&["run", "planted", "--seeds", "0..1000", "--set", "workload.vacuous_in=7"]);

    assert_eq!((said.status, &*said.err), (1, ""));
    let (table, speed) = said.out.trim_end().rsplit_once('\n').expect("it has lines");
    assert!(speed.contains("12,000 events in") && speed.contains("runs/s"), "{speed}");
    insta::assert_snapshot!(table, @r"
    planted (scenarios/planted.toml), seeds 0..1000: 1,000 runs

    verdict  signature         count     rate       95 % interval  first seed  fastest seed
    fail     toy/planted         100  10.00 %   8.29 % .. 12.02 %           9             9
    vacuous  toy/nothing-done    128  12.80 %  10.87 % .. 15.01 %           6            20
    pass                         772  77.20 %  74.50 % .. 79.69 %           0             0

    toy/planted: the same in a fresh process
    what was not seen: with 95 % confidence any other failure is rarer than 0.343 %
      seed 9 was planted to fail
    again relapse run scenarios/planted.toml --set workload.vacuous_in=7 --seed 9
    ");
}

#[test]
fn a_sweep_without_failure_bounds_the_rate() {
    let said = call(&["run", "quiet", "--seeds", "0..1000"]);

    assert!(said.out.contains("no failure: with 95 % confidence the rate is below 0.299 %"), "{}", said.out);
}

#[test]
fn runs_that_tested_nothing_bound_nothing() {
    let of = |every: &str| {
        let sets = ["--set", "workload.fails_in=0", "--set", every];
        let [said, json] = [
            call(&[&["run", "planted", "--seeds", "0..1000"][..], &sets].concat()),
            call(&[&["run", "planted", "--seeds", "0..1000", "--json"][..], &sets].concat()),
        ];
        (said.out, serde_json::from_str::<Value>(&json.out).expect("an object")["failures"].clone())
    };

    let (none, of_none) = of("workload.vacuous_in=1");
    let (some, of_some) = of("workload.vacuous_in=2");

    assert!(none.contains("no run was judged") && !none.contains("confidence"), "{none}");
    assert_eq!(of_none, json!({"count": 0, "judged": 0, "rate": 0.0, "interval": [0.0, 1.0]}));
    let judged = of_some["judged"].as_u64().expect("a number");
    assert!((400..600).contains(&judged) && of_some["interval"][1].as_f64().expect("an end") > 0.005, "{of_some}");
    assert!(some.contains(&format!("no failure in the {judged} runs that were judged")), "{some}");
}

#[test]
fn a_run_as_json_has_its_digest_as_32_hex_digits() {
    let run = json_of(&["run", "planted", "--seed", "9", "--json", "--host", "plain"]);

    assert_eq!(
        run,
        json!({
            "scenario": "planted", "system": "toy", "host": "plain", "seed": 9,
            "verdict": "fail", "signature": "toy/planted", "story": ["seed 9 was planted to fail"],
            "digest": "2e2ac13ef8e8d8db841f83c3a149d212",
            "cost": {"events": 14, "virtual_ns": 1_000_000, "operations": 2},
            "output": ["{\"label\": \"toy\", \"seed\": 9}"],
        })
    );
}

#[test]
fn a_sweep_as_json_is_one_object() {
    let sweep = json_of(&["run", "planted", "--seeds", "0..50", "--json", "--workers", "3"]);

    assert_eq!(sweep["seeds"], json!({"from": 0, "to": 50}));
    assert_eq!((&sweep["runs"], &sweep["interrupted"], &sweep["workers"]), (&json!(50), &json!(false), &json!(3)));
    let fail = &sweep["outcomes"][0];
    assert_eq!((&fail["verdict"], &fail["signature"]), (&json!("fail"), &json!("toy/planted")));
    assert_eq!((&fail["count"], &fail["rate"], &fail["first_seed"]), (&json!(5), &json!(0.1), &json!(9)));
    let ends: Vec<f64> = fail["interval"].as_array().expect("two ends").iter().filter_map(Value::as_f64).collect();
    assert!(ends.len() == 2 && 0.04 < ends[0] && ends[0] < 0.1 && 0.1 < ends[1] && ends[1] < 0.22, "{ends:?}");
    assert_eq!(sweep["failures"]["count"], 5);
}

#[test]
fn a_sweep_is_the_same_whatever_the_number_of_workers() {
    let without_host = |workers| {
        let mut sweep = json_of(&["run", "planted", "--seeds", "0..500", "--json", "--workers", workers]);
        for name in ["workers", "wall_ns"] {
            assert!(sweep.as_object_mut().expect("an object").remove(name).is_some());
        }
        sweep
    };

    assert_eq!(without_host("1"), without_host("7"));
}

#[test]
fn a_scenario_can_be_named_by_path_by_name_and_by_place() {
    for name in ["quiet", "deep/quiet", "scenarios/deep/quiet.toml"] {
        assert_eq!(json_of(&["run", name, "--json"])["scenario"], "quiet");
    }
}

#[test]
fn digests_are_printed_in_order_for_another_process() {
    let said = call(&["digest", "planted", "--seeds", "8..10"]);

    assert_eq!(said.status, 0);
    assert_eq!(
        said.out,
        "8 8ff34785799e5cc59082c363445c09dd pass\n9 2e2ac13ef8e8d8db841f83c3a149d212 fail toy/planted\n"
    );
}

#[test]
fn a_trace_is_written_to_its_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("trace.jsonl");

    let said = call(&["run", "planted", "--trace", path.to_str().expect("a plain path")]);

    assert_eq!((said.status, &*said.err), (0, ""));
    let trace = std::fs::read_to_string(&path).expect("it is there");
    assert_eq!(trace.lines().count(), 10);
}

/// The README shows a sweep; the ring that it tells of is the one of the run that it names.
#[test]
fn the_readme_shows_what_is_printed() {
    let readme = include_str!("../../README.md");
    let told: Vec<&str> = readme.lines().filter(|line| line.starts_with("  key ")).collect();
    assert_eq!(told.len(), 3);
    let scenario = "../../../scenarios/restate/verification.toml";
    let run = call(&["run", scenario, "--set", "workload.job=test-28113175", "--seed", "3"]);
    let printed: Vec<&str> = run.out.lines().filter(|line| line.starts_with("  key ")).collect();
    assert_eq!(told, printed);

    let story: Vec<&str> = readme.lines().filter(|line| line.starts_with("   ") && line.contains(" s  ")).collect();
    assert!(story.len() > 10);
    let run = call(&["run", "../../../scenarios/zeebe/issue-5688.toml", "--seed", "9"]);
    for line in story {
        assert!(run.out.lines().any(|printed| printed == line), "{line} is not in:\n{}", run.out);
    }
}
