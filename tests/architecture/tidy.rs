//! House rules that no lint knows: sizes, names, and what may not stand in a source file.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines of a module; tests and tables are left out.
const LINES_MAX: usize = 600;
const BANNED_NAMES: &[&str] = &["util.rs", "utils.rs", "common.rs", "misc.rs", "manager.rs"];
/// Put together here so that this file does not name them itself.
const BANNED_WORDS: &[(&str, &str)] = &[
    ("todo", "!("),
    ("unimplemented", "!("),
    ("#[ig", "nore"),
    ("std::collections::Hash", "Map;"),
    ("debug_", "assert!("),
];

fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
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

#[test]
fn no_module_is_too_long_or_has_a_name_that_says_nothing() {
    for path in sources() {
        let lines = fs::read_to_string(&path).expect("a source").lines().count();
        assert!(lines <= LINES_MAX, "{} has {lines} lines", path.display());
        let name = path.file_name().expect("a file").to_string_lossy();
        assert!(!BANNED_NAMES.contains(&&*name), "{} says nothing about what is in it", path.display());
    }
}

#[test]
fn nothing_unfinished_and_nothing_that_breaks_determinism_is_in_the_sources() {
    // The deliberate leaks of the tests, and the lints' own words.
    let excused = ["leaky.rs", "tidy.rs"];
    for path in sources() {
        let name = path.file_name().expect("a file").to_string_lossy();
        if excused.contains(&&*name) {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source");
        for (head, tail) in BANNED_WORDS {
            let word = format!("{head}{tail}");
            assert!(!text.contains(&word), "{} says {word}", path.display());
        }
    }
}

#[test]
fn every_kernel_and_model_file_says_what_it_is() {
    for path in sources().iter().filter(|path| path.to_string_lossy().contains("/src/")) {
        let text = fs::read_to_string(path).expect("a source");
        assert!(text.starts_with("//!"), "{} has no headline", path.display());
    }
}
