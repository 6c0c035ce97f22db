//! Wrong input: always status 2, always with the way out, never on standard output.

use crate::{call, fixture, relapse, said};

#[track_caller]
fn refused(arguments: &[&str], parts: &[&str]) {
    let said = call(arguments);

    assert_eq!(said.status, 2, "{}", said.err);
    assert_eq!(said.out, "");
    for part in parts {
        assert!(said.err.contains(part), "no {part:?} in:\n{}", said.err);
    }
}

#[test]
fn usage_errors_have_status_two() {
    refused(&[], &["Usage: relapse"]);
    refused(&["runn"], &["unrecognized subcommand", "similar", "'run'"]);
    refused(&["run"], &["<SCENARIO>"]);
    refused(&["run", "planted", "--sed", "1"], &["--seed"]);
    refused(&["run", "planted", "--seed", "1", "--seeds", "0..2"], &["cannot be used with"]);
    refused(&["run", "planted", "--seeds", "0..2", "--trace", "t"], &["cannot be used with"]);
    refused(&["run", "planted", "--workers", "2"], &["--seeds"]);
    refused(&["run", "planted", "--seeds", "0..2", "--workers", "0"], &["--workers"]);
    refused(&["tree"], &["--job"]);
    refused(&["tree", "--job", ""], &["--job <NAME>"]);
    refused(&["tree", "--job", "j", "--max-sleep", "10"], &["--max-sleep", "has no unit"]);
}

#[test]
fn a_range_of_seeds_that_is_none_says_why() {
    refused(&["run", "planted", "--seeds", "5..5"], &["empty"]);
    refused(&["run", "planted", "--seeds", "9..3"], &["reversed", "3..9"]);
    refused(&["run", "planted", "--seeds", "0..18446744073709551616"], &["beyond the largest seed"]);
    refused(&["run", "planted", "--seeds", "7"], &["write A..B"]);
    refused(&["run", "planted", "--seeds", "-1..5"], &["`-1` is no seed"]);
}

#[test]
fn a_seed_that_is_none_says_why_and_nothing_else() {
    for (seed, why) in [
        ("-1", "`-1` is no seed: write a whole number from 0"),
        ("x", "`x` is no seed: write a whole number from 0"),
        ("18446744073709551616", "18446744073709551616 is beyond the largest seed, 18446744073709551615"),
    ] {
        refused(&["run", "planted", "--seed", seed], &["--seed <N>", why]);
        assert_eq!(call(&["run", "planted", "--seed", seed]).err.matches("error:").count(), 1);
    }
    assert_eq!(call(&["run", "planted", "--seed=-1"]).status, 2);
}

#[test]
fn an_unknown_scenario_is_told_with_the_nearest() {
    refused(&["run", "plantd"], &["no scenario is named `plantd`", "did you mean `planted`?"]);
    refused(&["run", "deep/quite"], &["did you mean `deep/quiet`?"]);
    refused(&["run", "scenarios/plantd.toml"], &["no scenario file", "did you mean `scenarios/planted.toml`?"]);
}

#[test]
fn without_a_directory_of_scenarios_a_name_means_nothing() {
    let said = said(relapse(&["run", "planted"]).current_dir(fixture("")));

    assert_eq!(said.status, 2);
    assert!(said.err.contains("scenarios: cannot be searched") && said.err.contains("give the path"), "{}", said.err);
}

#[test]
fn an_unknown_key_is_told_with_file_line_and_nearest_name() {
    let said = said(relapse(&["run", "scenarios/broken.toml"]).current_dir(fixture("broken")));

    assert_eq!((said.status, &*said.out), (2, ""));
    insta::assert_snapshot!(said.err, @r"
      × unknown key `fails_im` in [workload]
       ╭─[scenarios/broken.toml:7:1]
     6 │ [workload]
     7 │ fails_im = 10
       · ────┬───
       ·     ╰── here
       ╰────
      help: did you mean `fails_in`? (valid here: label, fails_in, vacuous_in, panics_in, leaks, busy_us)
    ");
}

#[test]
fn a_wrong_flag_is_told_with_the_flag_and_the_nearest_path() {
    refused(&["run", "planted", "--set", "workload.fails_im=3"], &["--set workload.fails_im=3", "`workload.fails_in`"]);
    refused(&["run", "planted", "--set", "workload.fails_in=x"], &["--set workload.fails_in=x", "must be an integer"]);
    refused(&["run", "planted", "--set", "workload.fails_in"], &["--set", "write a path and a value"]);
    refused(&["run", "planted", "--set", "a..b=1"], &["--set", "empty name"]);
    refused(&["run", "planted", "--toggle", "planed=fix"], &["--toggle planed=fix", "did you mean `planted`?"]);
    refused(&["run", "planted", "--toggle", "planted=fixx"], &["--toggle planted=fixx", "did you mean `fix`?"]);
    let twice = ["run", "planted", "--toggle", "planted=defect", "--toggle", "planted=fix"];
    refused(&twice, &["--toggle planted=fix: the toggle is set by --toggle planted=defect already"]);
    let twice = ["run", "planted", "--toggle", "planted=fix", "--set", "toggles.planted=fix"];
    refused(&twice, &["--toggle planted=fix: the toggle is set by --set toggles.planted=fix already"]);
}

const RESTATE: &str = "../../../scenarios/restate/verification.toml";

#[test]
fn a_tree_that_is_too_large_is_told_at_the_key_that_makes_it_so() {
    let depth = ["run", RESTATE, "--set", "workload.depth=60"];
    refused(&depth, &["--set workload.depth=60", "1000000 invocations", "choose a smaller"]);

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep.toml");
    let text = std::fs::read_to_string(fixture("listing").join(RESTATE)).expect("a scenario");
    std::fs::write(&path, text.replace("depth = 14", "depth = 60")).expect("a file");
    let line = text.lines().position(|line| line.starts_with("depth = 14")).expect("its line") + 1;
    refused(&["run", path.to_str().expect("a path")], &[&format!("deep.toml:{line}:9]"), "depth = 60", "1000000"]);
}

#[test]
fn a_job_without_a_name_is_told_at_its_key() {
    let job = ["run", RESTATE, "--set", "workload.job="];
    refused(&job, &["--set workload.job=: `workload.job` is empty", "give the job's name"]);
}

#[test]
fn sleeps_are_whole_milliseconds_or_left_to_upstream() {
    for short in ["1us", "999us"] {
        let set = format!("workload.max_sleep={short}");
        refused(&["run", RESTATE, "--set", &set], &[&format!("--set {set}"), "out of range", "take 1ms"]);
    }
    refused(&["tree", "--job", "j", "--max-sleep", "1us"], &["--max-sleep: out of range", "take 1ms"]);
    let sized = |sleep: &str| call(&["tree", "--job", "test-1", "--max-sleep", sleep]).out;
    assert_eq!(sized("0s"), sized("32768ms"));
    assert_ne!(sized("0s"), sized("1ms"));
}

#[test]
fn a_tree_that_cannot_be_read_is_told_at_its_key() {
    for (file, why) in [("no-such.json", "No such file"), ("/dev/zero", "no regular file")] {
        let set = format!("workload.tree={file}");
        refused(&["run", RESTATE, "--set", &set], &[&format!("--set {set}"), file, why, "relapse tree --out"]);
    }
}

#[test]
fn what_the_service_will_stumble_over_in_a_given_tree_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("odd.json");
    let text = r#"{"target": 1, "commands": [{"t": "inc"}, {"t": "await", "id": 7}, {"t": "inc"}]}"#;
    std::fs::write(&path, text).expect("a file");

    let said = call(&["run", RESTATE, "--set", &format!("workload.tree={}", path.display())]);

    let warning = "workload.tree: r, command 1: awaits call id 7, which no earlier command of the list makes";
    assert!(said.out.contains(warning), "{}", said.out);
}

#[test]
fn a_trace_does_not_overwrite_what_the_run_is_made_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("copy.toml");
    std::fs::copy(fixture("listing").join("scenarios/planted.toml"), &path).expect("a copy");
    let text = std::fs::read(&path).expect("a file");
    let plain = path.to_str().expect("a path");

    refused(&["run", plain, "--trace", plain], &["--trace", "the run is made of this file"]);

    assert_eq!(std::fs::read(&path).expect("a file"), text);
}

#[test]
fn rows_are_kept_in_a_regular_file_only() {
    let window = ["jobs", RESTATE, "--window", "28113360..28113364", "--seeds", "0..1"];
    refused(&[&window[..], &["--out", "/dev/full"]].concat(), &["--out /dev/full", "no regular file"]);
}

#[cfg(not(madsim))]
#[test]
fn a_plain_binary_has_no_guarded_host() {
    refused(&["run", "planted", "--host", "guarded"], &["--host guarded", "--host plain"]);
}
