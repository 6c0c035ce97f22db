//! A run is a run: `prove` holds on a real scenario, and a leak of the host into a model is found with its event.

mod hosts;
mod leaks;
mod other_builds;

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const GUARDED: bool = cfg!(madsim);

/// The command, in the directory of the repository or of a fixture.
fn relapse(directory: &str, arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_relapse"));
    command.args(arguments).current_dir(root.join(directory)).output().expect("the binary starts")
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("it ends by itself")
}

/// The JSON object that it prints.
fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("standard output is no object: {error}: {}", String::from_utf8_lossy(&output.stderr))
    })
}

/// A proof of the leaky system, and its exit status.
fn proof(arguments: &[&str]) -> (i32, Value) {
    let output =
        relapse("tests/fixtures/leaks", &[&["prove", "leaky", "--json", "--seeds", "0..3"], arguments].concat());
    (status(&output), json(&output))
}

/// What a proof says of one way.
fn way<'a>(proof: &'a Value, name: &str) -> &'a Value {
    let ways = proof["ways"].as_array().expect("a proof has ways");
    ways.iter().find(|way| way["way"].as_str().is_some_and(|way| way.contains(name))).expect("it was tried")
}

/// How many seeds came out otherwise that way.
fn divergent(proof: &Value, name: &str) -> u64 {
    way(proof, name)["divergent"].as_u64().expect("a count")
}
