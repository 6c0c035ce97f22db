//! The rooms and their forbidden edges, read from cargo's own metadata and from the sources.

mod tidy;

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What each room may use of ours; design: a model knows no fault and no check, `explore` knows no model.
const MAY_USE: &[(&str, &[&str])] = &[
    ("relapse-kernel", &[]),
    ("relapse-faults", &["relapse-kernel"]),
    ("relapse-raft", &["relapse-kernel"]),
    ("relapse-restate", &["relapse-kernel"]),
    ("relapse-zeebe", &["relapse-kernel", "relapse-raft"]),
    ("relapse-checks", &["relapse-kernel", "relapse-raft", "relapse-restate"]),
    ("relapse-explore", &["relapse-kernel"]),
];

/// Only the root package may name these.
const HOST_ONLY: &[&str] = &["madsim", "madsim-tokio", "tokio", "clap"];

fn edges() -> BTreeMap<String, Vec<String>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo metadata");
    let of = |package: &cargo_metadata::Package| {
        let uses = package.dependencies.iter().filter(|used| used.kind != DependencyKind::Development);
        (package.name.to_string(), uses.map(|used| used.name.clone()).collect())
    };
    metadata.packages.iter().map(of).collect()
}

#[test]
fn every_room_uses_only_what_it_may() {
    let edges = edges();
    for (room, uses) in &edges {
        if room == "relapse" {
            continue;
        }
        let allowed = MAY_USE.iter().find(|(name, _)| name == room);
        let (_, allowed) =
            allowed.unwrap_or_else(|| panic!("{room} is not on the map: add it here and in ARCHITECTURE.md"));
        for used in uses.iter().filter(|used| edges.contains_key(*used)) {
            assert!(allowed.contains(&used.as_str()), "{room} must not use {used}");
        }
    }
    assert!(MAY_USE.iter().all(|(room, _)| edges.contains_key(*room)), "a room on the map does not exist");
}

#[test]
fn only_the_root_package_names_madsim_tokio_or_clap() {
    for (room, uses) in edges().iter().filter(|(room, _)| *room != "relapse") {
        let named: Vec<&String> = uses.iter().filter(|used| HOST_ONLY.contains(&used.as_str())).collect();
        assert!(named.is_empty(), "{room} names {named:?}");
    }
}

#[test]
fn the_architecture_page_maps_every_room() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ARCHITECTURE.md")).expect("the page");
    for room in edges().keys().filter_map(|room| room.strip_prefix("relapse-")) {
        assert!(page.contains(&format!("`crates/{room}`")), "ARCHITECTURE.md does not map crates/{room}");
    }
}

#[test]
fn an_observer_cannot_reach_the_dice_or_change_a_world() {
    let event =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/crates/kernel/src/event.rs")).expect("event.rs");
    let world =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/crates/kernel/src/world.rs")).expect("world.rs");

    assert!(event.contains("fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>);"));
    // The world shows draws that were kept, and never the dice themselves.
    assert!(!world.contains("pub fn dice") && !world.contains("-> &mut Dice") && !world.contains("-> &Dice"));
}
