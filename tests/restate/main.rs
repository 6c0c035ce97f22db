//! The Restate model against what the real server did, and against what follows from the rules.

mod disk;
mod golden;
mod jobs;
mod kills;
mod pins;
mod random_trees;
mod reach;
mod suspension;
mod unended;

use std::path::{Path, PathBuf};

use checks::restate::job::Findings;
use faults::report::Report;
use kernel::verdict::Verdict;
use kernel::world::World;
use relapse::scenario::Scenario;
use relapse::scenario::edit::Edit;
use relapse::systems::restate::{Plan, judged, look};
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

/// A run under its faults: the world at its end, what each fault did, what was found and what it came to.
struct Struck {
    world: World<Restate>,
    reports: Vec<Report>,
    findings: Option<Findings>,
    verdict: Verdict,
}

fn struck(plan: &Plan, seed: u64) -> Struck {
    let mut world = plan.build(seed);
    let mut injector = plan.injector(&mut world).expect("a plan that fits its world");
    let ended = faults::injector::run(&mut world, &mut injector, plan.budget, &mut ());
    let (findings, verdict) = judged(plan, &world, Some(&injector), Some(ended));
    let reports = injector.reports(&world);
    Struck { world, reports, findings, verdict }
}

/// What is found in a run whose server is up at its end, and what it came to.
fn seen(plan: &Plan, seed: u64) -> (Findings, Verdict) {
    let seen = look(plan, seed);
    (seen.findings.expect("a node that is up"), seen.verdict)
}

/// The plan of a tree in a file, on the costs of the machine that recorded the golden trees.
fn tree_plan(tree: &Path) -> Plan {
    plan("golden-tree.toml", &[&format!("workload.tree={}", tree.display())])
}
