//! The twins of the scenarios of #5688 do not dodge: with the fix, the broker that dies without it leads just the same, from the
//! same snapshot, over the same log, and runs the record again that it dies of.

use super::plan;
use super::watched::{Driven, Recovery, deployments};
use zeebe::protocol::Record;

/// Scenarios, and the seeds that they name.
const TWINS: &[(&str, u64)] = &[("issue-5688.toml", 9), ("issue-5688-down.toml", 8), ("issue-5688-grown.toml", 22)];

/// The log up to a position.
fn up_to(log: &[Record], position: i64) -> &[Record] {
    &log[..usize::try_from(position).expect("a position")]
}

#[test]
fn with_the_fix_the_same_broker_replays_the_same_two_creates() {
    for (scenario, seed) in TWINS {
        let mut fails = Driven::new(&plan(scenario, &[]), *seed);
        fails.until(60);
        let [death] = &fails.seen.deaths[..] else { panic!("{scenario}: {:?}", fails.seen.deaths) };
        let log = fails.log(death.partition);
        let [first, second] = deployments(&log).0[..] else { panic!("{scenario}: not accepted twice") };
        let source = death.number("sourceRecordPosition");
        assert_eq!(death.number("position"), second, "{scenario}");
        let is_its = |recovery: &&Recovery| (recovery.node, recovery.partition) == (death.node, death.partition);
        let died = *fails.seen.recoveries.iter().rfind(is_its).expect("it came up");
        assert!(died.snapshot < first && died.last_source >= Some(source), "{scenario}: {died:?}");

        let mut twin = Driven::new(&plan(scenario, &["toggles.fix_5760=on"]), *seed);
        twin.until(60);
        let seen = &twin.seen;
        assert!(seen.deaths.is_empty(), "{scenario}: {:?}", seen.deaths);
        let comes_through = seen.recovered.contains(&(died.node, died.partition));
        assert!(seen.recoveries.contains(&died) && comes_through, "{scenario}: {died:?} in {seen:?}");
        assert_eq!(up_to(&twin.log(died.partition), second), up_to(&log, second), "{scenario}");
    }
}
