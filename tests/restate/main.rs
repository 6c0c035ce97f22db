//! The Restate model against what the real server did, and against what follows from the rules.

mod disk;
mod golden;
mod jobs;
mod kills;
mod random_trees;
mod reach;
mod suspension;

use std::path::{Path, PathBuf};

use checks::restate::job::Findings;
use faults::report::Report;
use kernel::world::World;
use relapse::scenario::Scenario;
use relapse::scenario::edit::Edit;
use relapse::systems::restate::Plan;
use restate::Restate;

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

/// A scenario of `tests/fixtures` with edits, resolved to a plan.
fn fixture(scenario: &str, sets: &[&str]) -> Plan {
    let edits: Vec<Edit> = sets.iter().map(|set| Edit::set(set).expect("a set that parses")).collect();
    let scenario = Scenario::load(&root().join("tests/fixtures").join(scenario), &edits).expect("a fixture that loads");
    Plan::of(&scenario).expect("a plan")
}

/// A run under its faults: the world at its end, and what each fault did.
fn struck(plan: &Plan, seed: u64) -> (World<Restate>, Vec<Report>) {
    let mut world = plan.build(seed);
    let mut injector = plan.injector(&mut world).expect("a plan that fits its world");
    faults::injector::run(&mut world, &mut injector, plan.budget, &mut ());
    let reports = injector.reports(&world);
    (world, reports)
}

/// What is known of the job in a world.
fn found(plan: &Plan, world: &World<Restate>) -> Findings {
    Findings::of(world, 0, &plan.cluster.jobs[0], &plan.tree, plan.rule).expect("a node that is up")
}

/// The plan of a tree in a file, on the costs of the machine that recorded the golden trees.
fn tree_plan(tree: &Path) -> Plan {
    plan("golden-tree.toml", &[&format!("workload.tree={}", tree.display())])
}
