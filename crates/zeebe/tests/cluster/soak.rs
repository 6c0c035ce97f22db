//! Kills every minute or two, deployments, instances and snapshots: with every fix on, no leader ever dies of its log.

use super::{create, deploy, is_clean, log, script};
use kernel::control::Command;
use kernel::disk::Unsynced;
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{NodeId, SECONDS, mix};
use kernel::world::World;
use relapse_zeebe::cluster::{Event, Settings, Zeebe, builder};
use relapse_zeebe::processor::Notice;
use relapse_zeebe::protocol::Record;
use relapse_zeebe::settings::Toggles;
use std::sync::Arc;

/// What dies, and how often leaders recover.
#[derive(Default)]
struct Deaths {
    why: Vec<(u16, String)>,
    recovered: u64,
    snapshots: u64,
}

impl Observer<Zeebe> for Deaths {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, _: &World<Zeebe>) {
        match event.what {
            What::Emitted(Event::Processor(partition, Notice::Failed { why, .. })) => {
                self.why.push((*partition, why.clone()))
            }
            What::Emitted(Event::Processor(_, Notice::Recovered)) => self.recovered += 1,
            What::Emitted(Event::Snapshot { .. }) => self.snapshots += 1,
            _ => {}
        }
    }
}

fn run(seed: u64, preset: &str, minutes: u64) -> (World<Zeebe>, Deaths) {
    let mut settings = Settings::new(Toggles::preset(preset).expect("a preset"));
    settings.snapshot_period = 120 * SECONDS;
    settings.index_density = 5;
    let mut operations = Vec::new();
    for second in 12..minutes * 60 {
        if second % 40 == 12 {
            operations.push(deploy(second * SECONDS));
        }
        operations.push(create(second * SECONDS));
    }
    let mut world = builder(seed, &Arc::new(settings), vec![script(operations)]).build();
    let mut deaths = Deaths::default();
    let mut dice = seed;
    let mut at = 30 * SECONDS;
    while at < (minutes - 1) * 60 * SECONDS {
        while world.step_until(at, &mut deaths) {}
        dice = mix(dice, 1);
        let victim = NodeId((dice % 3) as u16);
        let kill = Command::Kill { node: victim, unsynced: Unsynced::Keep, dark: false };
        world.control(kill, &mut deaths);
        let down = (5 + dice / 3 % 20) * SECONDS;
        while world.step_until(at + down, &mut deaths) {}
        world.control(Command::Start { node: victim, readdress: false }, &mut deaths);
        at += (40 + dice / 60 % 60) * SECONDS;
    }
    while world.step_until(minutes * 60 * SECONDS, &mut deaths) {}
    (world, deaths)
}

#[test]
fn mended_no_leader_dies_and_every_log_verifies() {
    let (mut verified, mut recovered) = (0, 0);
    for seed in 0..10 {
        let (world, deaths) = run(seed, "fixed", 10);
        assert!(deaths.why.is_empty(), "{seed}: {:?}", deaths.why);
        assert!(deaths.recovered > 3 && deaths.snapshots > 3, "{seed}: {} {}", deaths.recovered, deaths.snapshots);
        recovered += deaths.recovered;
        for partition in 1..=3 {
            if let Some(records) = whole(&world, partition) {
                is_clean(partition, &records, "fixed");
                verified += 1;
            }
        }
    }
    assert!(verified > 20 && recovered > 90, "{verified} {recovered}");
}

/// A partition's log as the replicas have it together: one that got a snapshot has thrown away what is before it.
fn whole(world: &World<Zeebe>, partition: u16) -> Option<Vec<Record>> {
    let mut records = std::collections::BTreeMap::new();
    for broker in 0..3 {
        for record in log(world, broker, partition) {
            let position = record.position;
            if let Some(other) = records.insert(position, record.clone()) {
                assert_eq!(other, record, "two committed records at {position}");
            }
        }
    }
    let whole = records.keys().zip(1..).all(|(position, expected)| *position == expected);
    whole.then(|| records.into_values().collect())
}
