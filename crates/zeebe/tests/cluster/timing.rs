//! Times that follow from upstream's constants: how long a partition is without a leader, and what becomes of the first
//! confirmation of a deployment.

use super::{deploy, leader, script, world};
use kernel::control::Command;
use kernel::disk::Unsynced;
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{MILLIS, Nanos, NodeId, SECONDS};
use kernel::system::Input;
use kernel::world::World;
use relapse_zeebe::cluster::{Event, Message, Zeebe};
use relapse_zeebe::processor::Notice;
use std::collections::BTreeMap;

/// When a partition has a candidate, and when a leader that has recovered.
#[derive(Default)]
struct Successions {
    candidate: BTreeMap<u16, Nanos>,
    recovered: BTreeMap<u16, Nanos>,
}

impl Observer<Zeebe> for Successions {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, _: &World<Zeebe>) {
        match event.what {
            What::Emitted(Event::Raft(partition, raft::Event::Became { role: raft::Role::Candidate, .. })) => {
                self.candidate.entry(*partition).or_insert(event.at);
            }
            What::Emitted(Event::Processor(partition, Notice::Recovered)) => {
                self.recovered.entry(*partition).or_insert(event.at);
            }
            _ => {}
        }
    }
}

fn quantile(sorted: &[Nanos], percent: usize) -> f64 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)] as f64 / SECONDS as f64
}

fn near(found: f64, expected: f64) -> bool {
    (found / expected - 1.0).abs() <= 0.1
}

#[test]
fn a_killed_leader_has_a_successor_after_the_time_that_was_recorded() {
    let (mut candidates, mut recovered) = (Vec::new(), Vec::new());
    for seed in 0..1_000 {
        let mut world = world(seed, "0.24.4", Vec::new());
        let kill_at = 20 * SECONDS + seed % 250 * MILLIS;
        while world.step_until(kill_at, &mut ()) {}
        let partition = (seed % 3) as u16 + 1;
        let Some(victim) = leader(&world, partition) else { continue };
        let mut successions = Successions::default();
        let kill = Command::Kill { node: NodeId(victim), unsynced: Unsynced::Keep, dark: false };
        world.control(kill, &mut successions);
        while world.step_until(kill_at + 30 * SECONDS, &mut successions) {}
        candidates.push(successions.candidate[&partition] - kill_at);
        recovered.push(successions.recovered[&partition] - successions.candidate[&partition]);
    }
    assert!(candidates.len() > 950, "{}", candidates.len());
    candidates.sort_unstable();
    recovered.sort_unstable();
    let (median, late) = (quantile(&candidates, 50), quantile(&candidates, 90));
    assert!(near(median, 3.2) && near(late, 3.95), "candidate: median {median:.2} s, 90 % {late:.2} s");
    let after = quantile(&recovered, 50);
    assert!(near(after, 0.7), "from candidate to recovered: median {after:.2} s");
}

/// Pushes that arrive at other brokers, and confirmations that arrive at the broker of partition 1's leader.
#[derive(Default)]
struct Pushes {
    pushed: BTreeMap<u16, Vec<Nanos>>,
    confirmed: BTreeMap<u16, Nanos>,
}

impl Observer<Zeebe> for Pushes {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, _: &World<Zeebe>) {
        match event.what {
            What::Input(Input::Received { message: Message::Push(push), .. }) => {
                self.pushed.entry(push.partition).or_default().push(event.at);
            }
            What::Input(Input::Message { message: Message::Confirmed { partition, .. }, .. }) => {
                self.confirmed.entry(*partition).or_insert(event.at);
            }
            _ => {}
        }
    }
}

#[test]
fn most_first_confirmations_between_brokers_are_lost_and_the_push_comes_again_after_15_s() {
    let (mut first, mut lost) = (0_u32, 0_u32);
    for seed in 0..700 {
        let mut world = world(seed, "0.24.4", vec![script(vec![deploy(40 * SECONDS)])]);
        while world.step_until(39 * SECONDS, &mut ()) {}
        let at = |world: &World<Zeebe>, partition| leader(world, partition);
        let home = at(&world, 1);
        let leaders: Vec<(u16, Option<u16>)> = (2..=3).map(|partition| (partition, at(&world, partition))).collect();
        let mut pushes = Pushes::default();
        while world.step_until(60 * SECONDS, &mut pushes) {}
        for (partition, led_by) in leaders {
            if led_by == home || home.is_none() {
                continue;
            }
            let times = &pushes.pushed[&partition];
            first += 1;
            if let Some(second) = times.get(1) {
                lost += 1;
                let between = second - times[0];
                assert!(between.abs_diff(15 * SECONDS) < 20 * MILLIS, "{between}");
            } else {
                assert!(pushes.confirmed.contains_key(&partition), "{seed}: neither confirmed nor pushed again");
            }
        }
    }
    assert!(first > 900, "{first}");
    let share = f64::from(lost) / f64::from(first);
    assert!((0.7..=1.0).contains(&share), "{lost} of {first} lost");
}
