//! The command line, as people and programs meet it: the built binary on scenarios of the toy system.

mod bundles;
mod clusters;
mod deadlocks;
mod faults;
mod help;
mod inputs;
mod jobs;
mod listing;
mod logs;
mod outputs;
mod proofs;
mod runs;
mod shrinking;
mod signals;
mod stories;
mod sweeps;
mod trees;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory of `tests/fixtures`.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The command, in a directory with scenarios, without colours or a terminal's width.
fn relapse(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relapse"));
    command.args(arguments).current_dir(fixture("listing")).env_remove("NO_COLOR").env("COLUMNS", "100");
    command
}

/// What the command said, and how it ended.
struct Said {
    status: i32,
    out: String,
    err: String,
}

fn said(command: &mut Command) -> Said {
    let Output { status, stdout, stderr } = command.output().expect("the binary starts");
    Said {
        status: status.code().expect("it ends by itself"),
        out: String::from_utf8(stdout).expect("output is text"),
        err: String::from_utf8(stderr).expect("errors are text"),
    }
}

fn call(arguments: &[&str]) -> Said {
    said(&mut relapse(arguments))
}

/// The JSON object that the command prints.
fn json(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&call(arguments).out).expect("standard output is one object")
}
