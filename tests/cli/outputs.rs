//! Where output goes: pipes that close, disks that are full, colours.

use std::fs::File;
use std::io::pipe;
use std::process::Stdio;

use crate::{call, relapse, said};

#[test]
fn a_closed_pipe_ends_quietly_with_the_verdict() {
    for (arguments, status) in [
        (&["run", "planted", "--seed", "9"][..], 1),
        (&["run", "planted", "--seeds", "0..5", "--json"], 0),
        (&["list"], 0),
        (&["--help"], 0),
        (&["--version"], 0),
    ] {
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);

        let child = relapse(arguments).stdout(writer).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let ended = child.wait_with_output().expect("it ends");

        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{arguments:?}");
        assert_eq!(ended.status.code(), Some(status), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_one_clear_error() {
    let full = || File::options().write(true).open("/dev/full").expect("Linux has it");
    for arguments in [&["run", "planted"][..], &["list"], &["--help"], &["run", "planted", "--seeds", "0..5", "--json"]]
    {
        let child = relapse(arguments).stdout(full()).stderr(Stdio::piped()).spawn().expect("the binary starts");
        let ended = child.wait_with_output().expect("it ends");

        let error = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{arguments:?}");
        assert_eq!(error.matches("standard output cannot be written: No space left").count(), 1, "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_trace_that_finds_no_room_names_flag_and_file() {
    let said = call(&["run", "planted", "--trace", "/dev/full"]);

    assert_eq!((said.status, &*said.out), (2, ""));
    assert!(said.err.contains("--trace /dev/full: cannot be written: No space left"), "{}", said.err);
}

#[test]
fn a_trace_in_no_directory_names_flag_and_file() {
    let said = call(&["run", "planted", "--trace", "no/such/place"]);

    assert_eq!(said.status, 2);
    assert!(said.err.contains("--trace no/such/place: cannot be written: No such file"), "{}", said.err);
}

#[test]
fn nothing_is_painted_where_there_is_no_terminal() {
    for arguments in [&["run", "planted", "--seed", "9"][..], &["run", "planted", "--seeds", "0..20"], &["--help"]] {
        let said = said(relapse(arguments).env("CLICOLOR_FORCE", "1"));

        assert!(!said.out.contains('\x1b') && !said.err.contains('\x1b'), "{}{}", said.out, said.err);
    }
}
