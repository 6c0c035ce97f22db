//! House rules that no lint knows: sizes, names, and what may not stand in a source file.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a file, its own tests included.
const LINES_MAX: usize = 400;
const BANNED_NAMES: &[&str] = &["util", "utils", "common", "misc", "helpers", "manager"];
/// Put together here so that this file does not name them itself. What lints can know (types, methods, macros of the
/// standard library, by whatever path they are reached) is theirs: `.clippy.toml`.
const BANNED_WORDS: &[(&str, &str)] = &[("todo", "!"), ("unimplemented", "!"), ("#[ig", "nore"), ("#![ig", "nore")];
/// What a run may not touch, in any spelling of the path; and one behaviour in every build.
const BANNED_IN_RUNS: &[&str] = &["fs", "net", "process", "env", "os", "thread"];
/// Rooms whose code runs within a world.
pub const OF_RUNS: &[&str] = &["kernel", "faults", "raft", "zeebe", "restate", "checks"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn sources() -> Vec<PathBuf> {
    let root = root();
    let mut found = Vec::new();
    let mut open = vec![root.join("crates"), root.join("sim"), root.join("tests")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                open.push(entry);
            } else if entry.extension().is_some_and(|ending| ending == "rs") {
                found.push(entry);
            }
        }
    }
    assert!(found.len() > 50, "the walk found only {} sources", found.len());
    found
}

/// Whether it is code that runs within a world.
pub fn is_of_a_run(path: &Path) -> bool {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates");
    OF_RUNS.iter().any(|room| path.starts_with(crates.join(room).join("src")))
}

/// The lines of a source that are no comments.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// Modules of the standard library that a source names, also as `use std::{fs, io}`.
fn of_std(text: &str) -> Vec<String> {
    let code: String = code(text).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for rest in code.split("std::").skip(1) {
        // One name, or those of a group: whatever stands deeper is named after its own module.
        let names = match rest.strip_prefix('{') {
            None => rest.split(|c: char| !c.is_alphanumeric() && c != '_').take(1).collect::<Vec<_>>(),
            Some(group) => group.split(';').next().unwrap_or("").split([',', '{', '}', ':', ' ', '\n']).collect(),
        };
        found.extend(names.into_iter().filter(|name| !name.is_empty()).map(str::to_owned));
    }
    found
}

#[test]
fn no_file_is_too_long_or_has_a_name_that_says_nothing() {
    for path in sources() {
        let lines = fs::read_to_string(&path).expect("a source").lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", path.display());
        let named = |path: &Path| path.file_stem().is_some_and(|name| BANNED_NAMES.contains(&&*name.to_string_lossy()));
        let says_nothing = path.ancestors().take_while(|path| *path != root()).any(named);
        assert!(!says_nothing, "{} says nothing about what is in it", path.display());
    }
}

#[test]
fn nothing_unfinished_is_in_the_sources() {
    let own = root().join(file!());
    for path in sources() {
        let text = fs::read_to_string(&path).expect("a source");
        for (head, tail) in BANNED_WORDS {
            let word = format!("{head}{tail}");
            assert!(path == own || !text.contains(&word), "{} says {word}", path.display());
        }
    }
}

#[test]
fn what_runs_within_a_world_touches_no_host_and_knows_no_build() {
    let mut seen = 0;
    for path in sources().iter().filter(|path| is_of_a_run(path)) {
        let text = fs::read_to_string(path).expect("a source");
        let touched: Vec<String> =
            of_std(&text).into_iter().filter(|name| BANNED_IN_RUNS.contains(&name.as_str())).collect();
        assert!(touched.is_empty(), "{} touches {touched:?}", path.display());
        for word in ["debug_assertions", "madsim"] {
            assert!(!code(&text).any(|line| line.contains(word)), "{} knows its build: {word}", path.display());
        }
        seen += 1;
    }
    assert!(seen > 100, "the walk found only {seen} sources of runs");
}

#[test]
fn a_module_of_the_standard_library_is_seen_however_it_is_named() {
    for text in ["use std::fs;", "use std::{io, fs};", "use std::{\n    fs::File,\n    io,\n};", "std::fs::read(x)"] {
        assert!(of_std(text).contains(&"fs".to_owned()), "{text}");
    }
    for text in ["// std::fs", "use std::io;", "crate::fs::x", "use std::collections::{BTreeMap, VecDeque};"] {
        assert!(!of_std(text).contains(&"fs".to_owned()), "{text}");
    }
}

#[test]
fn every_file_says_what_it_is() {
    for path in sources() {
        let text = fs::read_to_string(&path).expect("a source");
        assert!(text.starts_with("//!"), "{} has no headline", path.display());
    }
}
