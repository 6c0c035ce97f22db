//! Every scenario of the repository does what its `[expect]` says, and its twins do not.
//!
//! A scenario that expects a failure names a seed with which it occurs: that run must end so, in one of the rings that it
//! names if it names any. Over the first seeds it may pass or fail so, and nothing else; with each toggle that fixes it, the
//! same seeds must pass. A scenario that expects nothing must pass. (What a given tree comes to no toggle fixes, so
//! `golden-tree` has no twin here; its twins are the safe trees, see tests/restate.)

use std::path::{Path, PathBuf};

use kernel::verdict::{Outcome, Verdict};
use relapse::host::Host;
use relapse::registry;
use relapse::scenario::edit::Edit;
use relapse::scenario::find;
use relapse::scenario::{Expect, Scenario};

/// Seeds of each scenario and each twin, beside the one that it names.
const SEEDS: u64 = 4;

fn run(path: &Path, toggle: Option<(&str, &str)>, seeds: &[u64]) -> Vec<(u64, Verdict)> {
    let edits: Vec<Edit> =
        toggle.map(|(name, value)| Edit::toggle(&format!("{name}={value}")).expect("a toggle")).into_iter().collect();
    let scenario = Scenario::load(path, &edits).expect("a scenario that loads");
    let runner = registry::runner(&scenario, Host::Plain).expect("its files are there");
    let mut verdicts = Vec::new();
    runner.each(&mut seeds.iter().copied(), &mut |seed, result| verdicts.push((seed, result.verdict)));
    verdicts
}

/// Whether a run failed as expected, in a ring that is expected.
fn is_expected(expect: &Expect, verdict: &Verdict) -> bool {
    let rings: Vec<&str> = verdict.detail.split(", ").filter_map(|part| part.strip_prefix("ring ")).collect();
    let in_ring = expect.rings.is_empty() || rings.iter().any(|ring| expect.rings.iter().any(|known| known == ring));
    verdict.outcome == Outcome::Fail && expect.is_met_by(&verdict.signature) && in_ring
}

fn assert_holds(scenario: &Scenario) {
    let Scenario { path, expect, .. } = scenario;
    let place = path.display();
    let mut seeds: Vec<u64> = (0..SEEDS).collect();
    match expect.seed {
        Some(seed) if !seeds.contains(&seed) => seeds.push(seed),
        Some(_) => {}
        None => assert_eq!(expect.fail, None, "{place}: name a seed with which it fails: `seed = ..` in [expect]"),
    }

    for (seed, verdict) in run(path, None, &seeds) {
        let passes = verdict.outcome == Outcome::Pass && expect.seed != Some(seed);
        assert!(passes || is_expected(expect, &verdict), "{place} seed {seed}: {verdict:#?}");
    }
    for twin in &expect.fixed_by {
        for (seed, verdict) in run(path, Some(*twin), &seeds) {
            assert_eq!(verdict.outcome, Outcome::Pass, "{place} with {twin:?}, seed {seed}: {verdict:#?}");
        }
    }
}

fn scenarios() -> Vec<Scenario> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(find::DIRECTORY);
    let found = find::all(&root).expect("the scenarios of the repository");
    found.into_iter().map(|found| found.scenario.unwrap_or_else(|error| panic!("{error:?}"))).collect()
}

#[test]
fn every_scenario_does_what_it_says_and_its_twins_do_not() {
    let scenarios = scenarios();
    assert!(scenarios.iter().any(|scenario| scenario.expect.fail.is_some()), "nothing is expected to fail");

    scenarios.iter().for_each(assert_holds);
}

#[test]
fn names_of_scenarios_are_unique() {
    let mut names: Vec<String> = scenarios().into_iter().map(|scenario| scenario.name).collect();
    names.sort();

    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}
