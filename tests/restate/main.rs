//! The Restate model against what the real server did, and against what follows from the rules.

mod golden;
mod jobs;
mod random_trees;
mod reach;
mod suspension;

use std::path::{Path, PathBuf};

use relapse::scenario::Scenario;
use relapse::scenario::edit::Edit;
use relapse::systems::restate::Plan;

/// The repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A scenario of the repository with edits, resolved to a plan.
fn plan(scenario: &str, sets: &[&str]) -> Plan {
    let edits: Vec<Edit> = sets.iter().map(|set| Edit::set(set).expect("a set that parses")).collect();
    let path = root().join("scenarios/restate").join(scenario);
    let scenario = Scenario::load(&path, &edits).expect("a scenario that loads");
    Plan::of(&scenario).expect("a plan")
}

/// The plan of a tree in a file, on the costs of the machine that recorded the golden trees.
fn tree_plan(tree: &Path) -> Plan {
    plan("golden-tree.toml", &[&format!("workload.tree={}", tree.display())])
}
