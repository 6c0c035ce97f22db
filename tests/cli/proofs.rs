//! `relapse prove`: it holds where it should, and it bites.

use std::os::unix::fs::PermissionsExt;

use crate::{call, json as json_of};

#[test]
fn a_run_is_the_same_in_every_way() {
    let said = call(&["prove", "planted", "--seeds", "0..12", "--against", env!("CARGO_BIN_EXE_relapse")]);

    assert_eq!((said.status, &*said.err), (0, ""), "the failure of seed 9 is no divergence");
    assert_eq!(said.out.matches("12 of 12").count(), if cfg!(madsim) { 6 } else { 5 }, "{}", said.out);
}

#[test]
fn a_run_that_depends_on_what_ran_before_is_found() {
    let said = call(&["prove", "planted", "--seeds", "0..12", "--set", "workload.leaks=1"]);

    assert_eq!(said.status, 4);
    assert!(said.out.contains("DIVERGES in order, on the same memory: 11 of 12"), "{}", said.out);
    assert!(said.out.contains("first seed 1\n"), "{}", said.out);
    assert!(said.out.contains("is not known: this system records no events"), "{}", said.out);
    assert!(said.out.contains("equal    each on a thread of its own: 12 of 12"), "{}", said.out);
}

#[test]
fn another_build_that_differs_is_found_with_its_first_seed() {
    let directory = tempfile::tempdir().expect("a directory");
    let script = directory.path().join("other");
    let lines = "#!/bin/sh\necho 0 9e3779b97f4a7c15f39cc0605cedc835 pass\necho 1 00 fail other\n";
    std::fs::write(&script, lines).expect("it is written");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("it can be run");

    let against = script.to_str().expect("a plain path");
    let proof = json_of(&["prove", "planted", "--seeds", "0..3", "--json", "--against", against]);

    let way = proof["ways"].as_array().and_then(|ways| ways.last()).expect("it was tried");
    assert_eq!((&proof["holds"], &way["divergent"], &way["first"]["seed"]), (&false.into(), &2.into(), &1.into()));
    assert_eq!(way["first"]["found"], "00 fail other");
}

#[test]
fn what_is_no_build_is_told() {
    let all = [
        ("/no/such/binary", "cannot be started"),
        ("false", "ended with"),
        ("echo", "no digests"),
        ("true", "no digests"),
    ];
    for (binary, why) in all {
        let said = call(&["prove", "planted", "--seeds", "0..2", "--against", binary]);

        assert_eq!((said.status, &*said.out), (2, ""));
        assert!(said.err.contains(binary) && said.err.contains(why), "{}", said.err);
    }
}

#[test]
fn runs_that_cannot_be_trusted_prove_nothing() {
    let said = call(&["prove", "planted", "--seeds", "0..10", "--set", "workload.panics_in=5"]);

    assert_eq!(said.status, 4);
    assert!(said.out.contains("2 of 10 runs end with a simulator bug"), "{}", said.out);
}

#[test]
fn runs_that_the_hosts_time_ended_are_compared_with_nothing() {
    let mut prove = crate::relapse(&[
        "prove",
        "leaky",
        "--seeds",
        "0..2",
        "--set",
        "wall_time=0s",
        "--set",
        "workload.ticks=20000",
    ]);
    let said = crate::said(prove.current_dir(crate::fixture("leaks")));

    assert_eq!((said.status, &*said.out), (2, ""));
    assert!(said.err.contains("seed 0 used up its host time") && said.err.contains("wall_time"), "{}", said.err);
}
