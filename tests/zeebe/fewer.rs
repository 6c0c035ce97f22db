//! A replay that reads fewer CREATEs than the leader that wrote the log: seen by the ledger of what replays would have written, and
//! by nothing else.

use kernel::verdict::Outcome;

use super::watched::{Driven, deployments};
use super::{plan, run};

const SCENARIO: &str = "issue-5753-fewer.toml";
const SEED: u64 = 0;

/// As 0.24.4 is: it does not verify rejections.
#[test]
fn a_release_passes_over_it_and_the_run_tells_it() {
    let verdict = run(&plan(SCENARIO, &["toggles.strict_verify=off"]), SEED).verdict;

    assert_eq!(verdict.outcome, Outcome::Pass, "{verdict:#?}");
    let told =
        |parts: &[&str]| verdict.story.iter().filter(|line| parts.iter().all(|part| line.contains(part))).count();
    assert_eq!(told(&["partition 3", "the log has something else at 4", "intent=DeploymentIntent:CREATED"]), 1);
    let compared = verdict.story.iter().find_map(|line| line.strip_suffix(" states compared")?.rsplit(' ').next());
    assert_ne!(compared.expect("the last line has it"), "0", "{verdict:#?}");
}

#[test]
fn with_the_fix_the_same_broker_runs_the_same_create_again_and_nothing_diverges() {
    let mut fails = Driven::new(&plan(SCENARIO, &[]), SEED);
    fails.until(60);
    let [death] = &fails.seen.deaths[..] else { panic!("{:?}", fails.seen.deaths) };
    let (created, refused) = deployments(&fails.log(3));
    assert_eq!((&created[..], &refused[..]), (&[2][..], &[death.number("position")][..]));
    let died = *fails.seen.recoveries.last().expect("it came up");
    assert!((died.node, died.snapshot, died.last_source) == (death.node, 2, Some(3)), "{died:?}");

    let mut twin = Driven::new(&plan(SCENARIO, &["toggles.fix_5760=on"]), SEED);
    twin.until(60);
    assert!(twin.seen.deaths.is_empty() && twin.seen.recoveries.contains(&died), "{:?}", twin.seen);
    assert_eq!(deployments(&twin.log(3)), (vec![2, 4], Vec::new()));
    let story = run(&plan(SCENARIO, &["toggles.fix_5760=on"]), SEED).verdict.story;
    assert!(story.iter().all(|line| !line.contains("something else")), "{story:#?}");
}
