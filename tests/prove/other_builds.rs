//! `prove --against` a binary that does not know how to show its events: the divergence is reported all the same.

use crate::{proof, way};
use std::os::unix::fs::PermissionsExt;

/// What is said about the place of a divergence from a binary that answers so when it is asked for its events.
fn reason(answer: &str) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let script = directory.path().join("other");
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *--look*) {answer};; *) for seed in 0 1 2; do echo $seed 00 pass; done;; esac\n"
    );
    std::fs::write(&script, text).expect("it is written");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("it can be run");

    let (status, proof) = proof(&["--against", script.to_str().expect("a plain path")]);

    assert_eq!(status, 4, "{proof:#}");
    let first = &way(&proof, "/other")["first"];
    assert_eq!((&first["seed"], &first["found"]), (&0.into(), &"00 pass".into()));
    first["place"]["unknown"].as_str().expect("a reason").to_owned()
}

#[test]
fn a_build_without_the_option_is_said_to_be_of_another_version() {
    let reason = reason("echo \"error: unexpected argument '--look' found\" >&2; exit 2");

    assert!(reason.contains("cannot be asked for its events") && reason.contains("another version"), "{reason}");
    assert!(reason.contains("unexpected argument '--look'"), "{reason}");
}

#[test]
fn a_build_with_another_format_is_told_by_its_number() {
    let reason = reason("echo '{\"format\": 7, \"steps\": []}'");

    assert!(reason.contains("shows its events in format 7, this build reads format 1"), "{reason}");
}

#[test]
fn a_build_that_prints_something_else_is_told() {
    let reason = reason("echo 0 00 pass");

    assert!(reason.contains("does not show its events"), "{reason}");
}
