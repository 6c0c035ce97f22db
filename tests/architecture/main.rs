//! The rooms and their forbidden edges, read from cargo's own metadata and from the sources.

mod tidy;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// A room, what it may use of ours, and what it may use of others. Design: a model knows no fault and no check, `explore`
/// knows no model. A dependency from outside is written down here, so that none brings a runtime, a clock or entropy in
/// by the back door.
const MAY_USE: &[(&str, &[&str], &[&str])] = &[
    ("relapse-kernel", &[], &["rand_chacha", "serde"]),
    ("relapse-faults", &["relapse-kernel"], &["serde", "thiserror"]),
    ("relapse-raft", &["relapse-kernel"], &[]),
    (
        "relapse-restate",
        &["relapse-kernel"],
        &["hashbrown", "petgraph", "rustc-hash", "serde", "serde_json", "sha2", "thiserror", "xxhash-rust"],
    ),
    (
        "relapse-zeebe",
        &["relapse-kernel", "relapse-raft"],
        &["base64", "flate2", "hashbrown", "md-5", "quick-xml", "rustc-hash", "serde", "serde_json", "thiserror"],
    ),
    (
        "relapse-checks",
        &["relapse-kernel", "relapse-raft", "relapse-restate", "relapse-zeebe"],
        &["petgraph", "rustc-hash"],
    ),
    ("relapse-explore", &["relapse-kernel"], &[]),
];

/// What tests of a room may use besides. Of ours, no more than the room itself.
const TESTS_MAY_USE: &[&str] = &["proptest", "serde_json", "toml", "insta", "tempfile"];

/// Only the root package may name these.
const HOST_ONLY: &[&str] = &["madsim", "madsim-tokio", "tokio", "clap"];

/// A room's dependencies by the names of their packages, whatever they are called here: which, and whether only for tests.
type Edges = BTreeMap<String, Vec<(String, bool)>>;

fn edges() -> Edges {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo metadata");
    let of = |package: &cargo_metadata::Package| {
        let uses = package.dependencies.iter();
        let uses = uses.map(|used| (used.name.clone(), used.kind == DependencyKind::Development));
        (package.name.to_string(), uses.collect())
    };
    metadata.packages.iter().map(of).collect()
}

/// What is wrong with the edges, if anything is.
fn wrong(edges: &Edges) -> Vec<String> {
    let mut wrong = Vec::new();
    for (room, uses) in edges.iter().filter(|(room, _)| *room != "relapse") {
        let Some((_, ours, others)) = MAY_USE.iter().find(|(name, ..)| name == room) else {
            wrong.push(format!("{room} is not on the map: add it here and in ARCHITECTURE.md"));
            continue;
        };
        for (used, for_tests) in uses {
            let used = used.as_str();
            let allowed =
                ours.contains(&used) || others.contains(&used) || (*for_tests && TESTS_MAY_USE.contains(&used));
            if !allowed {
                wrong.push(format!("{room} must not use {used}"));
            }
        }
    }
    wrong
}

#[test]
fn every_room_uses_only_what_it_may() {
    let edges = edges();

    assert_eq!(wrong(&edges), Vec::<String>::new());
    assert!(MAY_USE.iter().all(|(room, ..)| edges.contains_key(*room)), "a room on the map does not exist");
    assert!(MAY_USE.iter().all(|(_, ours, others)| !ours.iter().chain(*others).any(|used| HOST_ONLY.contains(used))));
    assert!(!TESTS_MAY_USE.iter().any(|used| HOST_ONLY.contains(used)));
}

#[test]
fn a_forbidden_edge_is_found_whether_it_is_ours_or_not_and_in_tests_as_well() {
    for (room, used, for_tests, found) in [
        ("relapse-restate", "relapse-faults", false, true),
        ("relapse-zeebe", "relapse-checks", true, true),
        ("relapse-explore", "relapse-raft", false, true),
        ("relapse-kernel", "tokio", false, true),
        ("relapse-kernel", "tokio", true, true),
        ("relapse-kernel", "proptest", false, true),
        ("relapse-kernel", "proptest", true, false),
        ("relapse-nowhere", "serde", false, true),
        ("relapse", "tokio", false, false),
    ] {
        let edges = Edges::from([(room.to_owned(), vec![(used.to_owned(), for_tests)])]);
        assert_eq!(!wrong(&edges).is_empty(), found, "{room} {used} {for_tests}");
    }
}

#[test]
fn the_architecture_page_maps_every_room() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ARCHITECTURE.md")).expect("the page");
    for room in edges().keys().filter_map(|room| room.strip_prefix("relapse-")) {
        assert!(page.contains(&format!("`crates/{room}`")), "ARCHITECTURE.md does not map crates/{room}");
    }
}

/// That an observer gets the world shared, and that neither its commands nor its dice are within reach then, the compiler
/// says: see the examples of `kernel::event::Observer`. This adds that no public way of a shared world leads to the dice, or
/// to something that changes behind a shared reference.
#[test]
fn no_public_way_leads_from_a_shared_world_to_its_dice() {
    let ways = ways_of_the_world();
    let names: Vec<&str> = ways.iter().filter_map(|way| way.split(['(', '<']).next()).collect();
    for known in ["now", "digest", "node", "clock", "draws", "underway", "fork", "traffic", "toll"] {
        assert!(names.contains(&known), "the search misses `{known}`: {names:?}");
    }

    let changes = ["Dice", "Stream", "Core", "Cell", "Mutex", "Atomic", "&mut", "Process<"];
    let leads = |way: &&String| way.contains("&self") && changes.iter().any(|word| gives(way).contains(word));
    assert_eq!(ways.iter().filter(leads).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// What follows the arrow.
fn gives(way: &str) -> &str {
    way.split_once(" -> ").map_or("", |(_, gives)| gives)
}

/// The public functions of `World`, each from its name to its body, on one line; from whatever file of the kernel.
fn ways_of_the_world() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/crates/kernel/src");
    let mut ways = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the kernel").map(|entry| entry.expect("an entry").path()) {
        let Ok(text) = std::fs::read_to_string(&entry) else { continue };
        for block in text.split("\nimpl").skip(1) {
            let Some((head, body)) = block.split_once('{') else { continue };
            if head.contains("World<S>") && !head.contains(" for ") {
                let body = body.split("\n}").next().unwrap_or("");
                let ends =
                    |way: &str| way.split('{').next().unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
                ways.extend(body.split("    pub fn ").skip(1).map(ends));
            }
        }
    }
    ways
}

/// A room without the workspace's lints would be free to use what they forbid.
#[test]
fn every_room_has_the_lints_of_the_workspace_and_none_but_the_host_lifts_the_one_that_guards_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = |path: PathBuf| -> toml::Table {
        std::fs::read_to_string(&path).expect("a manifest").parse().unwrap_or_else(|error| panic!("{path:?}: {error}"))
    };
    let workspace = table(root.join("Cargo.toml"));
    for lint in ["disallowed_types", "disallowed_methods", "disallowed_macros"] {
        assert_eq!(workspace["workspace"]["lints"]["clippy"][lint].as_str(), Some("deny"), "{lint}");
    }
    for room in edges().keys() {
        let folder = room.strip_prefix("relapse-").map_or(root.to_owned(), |room| root.join("crates").join(room));
        assert_eq!(table(folder.join("Cargo.toml"))["lints"]["workspace"].as_bool(), Some(true), "{room}");
    }
    // Workers of a sweep are threads of the host: `explore` and `sim` may.
    for path in tidy::sources().iter().filter(|path| tidy::is_of_a_run(path)) {
        let text = std::fs::read_to_string(path).expect("a source").replacen(FORBIDDEN, "", 1);
        assert!(!text.contains("clippy::disallowed"), "{} lifts the lint that guards runs", path.display());
    }
}

/// Nothing further down can lift what is forbidden, by whatever name: `clippy::all` would lift what is only denied.
const FORBIDDEN: &str =
    "\n#![forbid(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]\n";

#[test]
fn what_guards_runs_is_forbidden_in_every_room_of_a_run() {
    for room in tidy::OF_RUNS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates").join(room).join("src/lib.rs");
        let text = std::fs::read_to_string(&path).expect("a room");
        assert!(text.contains(FORBIDDEN), "{} does not forbid what breaks runs", path.display());
    }
}

#[test]
fn a_function_of_floats_is_banned_for_both_widths() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.clippy.toml")).expect("the lints");
    let table: toml::Table = text.parse().expect("they are TOML");
    let methods = table["disallowed-methods"].as_array().expect("a list");
    let of = |width: &str| -> Vec<&str> {
        methods.iter().filter_map(|entry| entry["path"].as_str()?.strip_prefix(width)).collect()
    };

    let named = ["::ln", "::exp", "::powf", "::sin"].iter().all(|name| of("f64").contains(name));
    assert!(named && of("f64").len() > 20, "{:?}", of("f64"));
    assert_eq!(of("f32"), of("f64"));
}
