//! Twins do not dodge: with the fix, the broker that dies without it leads just the same, from the same snapshot, over the same log,
//! and comes through the record that it dies of.

use zeebe::protocol::Record;

use super::plan;
use super::watched::{Driven, Recovery, deployments};

/// Scenarios, the seeds that they name, their fixes, and how often the partition accepts the deployment.
const TWINS: &[(&str, u64, &str, usize)] = &[
    ("issue-5688.toml", 9, "fix_5760", 2),
    ("issue-5688-down.toml", 8, "fix_5760", 2),
    ("issue-5688-grown.toml", 22, "fix_5760", 2),
    ("issue-5568.toml", 0, "filter_5583", 2),
];

/// The log up to a position.
fn up_to(log: &[Record], position: i64) -> &[Record] {
    &log[..usize::try_from(position).expect("a position")]
}

#[test]
fn with_the_fix_the_same_broker_replays_the_same_records() {
    for (scenario, seed, fix, accepted) in TWINS {
        let mut fails = Driven::new(&plan(scenario, &[]), *seed);
        fails.until(60);
        let [death] = &fails.seen.deaths[..] else { panic!("{scenario}: {:?}", fails.seen.deaths) };
        let log = fails.log(death.partition);
        let (created, _) = deployments(&log);
        assert_eq!(created.len(), *accepted, "{scenario}: {created:?}");
        let (position, source) = (death.number("position"), death.number("sourceRecordPosition"));
        let is_its = |recovery: &&Recovery| (recovery.node, recovery.partition) == (death.node, death.partition);
        let died = *fails.seen.recoveries.iter().rfind(is_its).expect("it came up");
        assert!(died.snapshot < created[0] && died.last_source >= Some(source), "{scenario}: {died:?}");

        let mut twin = Driven::new(&plan(scenario, &[&format!("toggles.{fix}=on")]), *seed);
        twin.until(60);
        let seen = &twin.seen;
        assert!(seen.deaths.is_empty(), "{scenario}: {:?}", seen.deaths);
        let comes_through = seen.recovered.contains(&(died.node, died.partition));
        assert!(seen.recoveries.contains(&died) && comes_through, "{scenario}: {died:?} in {seen:?}");
        assert_eq!(up_to(&twin.log(died.partition), position), up_to(&log, position), "{scenario}");
    }
}
