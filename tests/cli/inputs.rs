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
}

#[cfg(not(madsim))]
#[test]
fn a_plain_binary_has_no_guarded_host() {
    refused(&["run", "planted", "--host", "guarded"], &["--host guarded", "--host plain"]);
}
