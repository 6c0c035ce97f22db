//! What was done to three real brokers, done to the model: counts of many runs, with the place that the real ones have among them.
//!
//! `RELAPSE_REAL_SOAK=0..1000 cargo test --release --test zeebe real_soak -- --nocapture` prints the table of docs/zeebe.md.
//= golden/zeebe/README.md: three runs of 12 to 14 minutes

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use kernel::control::Command;
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{Nanos, NodeId, SECONDS};
use kernel::world::World;
use raft::{Body, Role};
use zeebe::cluster::{Event, Process, Zeebe};
use zeebe::gateway::{Reply, Response};
use zeebe::processor::Notice;
use zeebe::protocol::{DeploymentIntent, Record, RecordType};

use super::plan;

/// What the real runs had: kills, answered, accepted and rejected on partition 2, and on partition 3.
const REAL: [[f64; 6]; 3] = [
    [26.0, 63.0, 80.0, 134.0, 72.0, 129.0],
    [22.0, 54.0, 56.0, 62.0, 54.0, 53.0],
    [21.0, 54.0, 54.0, 92.0, 56.0, 89.0],
];
/// Median of the time from a leader's death to its recovered successor in three recordings, in seconds.
const REAL_MEDIANS: [f64; 3] = [3.5, 3.9, 3.9];

/// What happened in a run.
#[derive(Default)]
struct Counts {
    kills: f64,
    answered: f64,
    /// By partition, from 1 on: what was committed of deployments.
    accepted: [f64; 3],
    rejected: [f64; 3],
    keys: [BTreeSet<i64>; 3],
    deaths: f64,
    /// By partition: who leads; and since when nobody does, because the leader was killed.
    leads: BTreeMap<u16, NodeId>,
    killed_at: BTreeMap<u16, Nanos>,
    successions: Vec<f64>,
    /// By partition: the last index that is counted.
    read: [u64; 3],
}

impl Counts {
    fn committed(&mut self, node: NodeId, partition: u16, to: u64, world: &World<Zeebe>) {
        let place = usize::from(partition) - 1;
        let Some(Process::Broker(broker)) = world.node(node) else { return };
        let Some(member) = broker.partition(partition).and_then(|replica| replica.member()) else { return };
        for index in self.read[place] + 1..=to {
            if let Some(Body::Application(_, batch)) = member.log().get(index).map(|entry| &entry.body) {
                batch.records().iter().for_each(|record| self.record(place, record));
            }
        }
        self.read[place] = self.read[place].max(to);
    }

    fn record(&mut self, place: usize, record: &Record) {
        if record.kind == RecordType::Event && record.intent == DeploymentIntent::Created.into() {
            self.accepted[place] += 1.0;
            self.keys[place].insert(record.key);
        } else if record.kind == RecordType::CommandRejection && record.intent == DeploymentIntent::Create.into() {
            self.rejected[place] += 1.0;
        }
    }

    fn twice(&self, place: usize) -> f64 {
        self.accepted[place] - self.keys[place].len() as f64
    }
}

impl Observer<Zeebe> for Counts {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, world: &World<Zeebe>) {
        match &event.what {
            What::Control(Command::Kill { node, .. }) => {
                self.kills += 1.0;
                let led: Vec<u16> =
                    self.leads.iter().filter(|(_, leader)| *leader == node).map(|(led, _)| *led).collect();
                for partition in led {
                    self.leads.remove(&partition);
                    self.killed_at.insert(partition, event.at);
                }
            }
            What::Emitted(Event::Installed { partition, role: Role::Leader, .. }) => {
                self.leads.insert(*partition, event.node);
            }
            What::Emitted(Event::Processor(partition, Notice::Recovered)) => {
                if let Some(killed_at) = self.killed_at.remove(partition) {
                    self.successions.push((event.at - killed_at) as f64 / SECONDS as f64);
                }
            }
            What::Emitted(Event::Processor(_, Notice::Failed { .. })) => self.deaths += 1.0,
            What::Emitted(Event::Told(_, Reply::Response(Response::Deployed { .. }))) => self.answered += 1.0,
            What::Emitted(Event::Raft(partition, raft::Event::Committed { to, .. })) => {
                self.committed(event.node, *partition, *to, world);
            }
            _ => {}
        }
    }
}

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("RELAPSE_REAL_SOAK") else { return 0..6 };
    let (from, to) = text.split_once("..").expect("as 0..100");
    from.parse().expect("a number")..to.parse().expect("a number")
}

fn run(seed: u64) -> Counts {
    let plan = plan("real-soak.toml", &[]);
    let mut world = plan.build(seed);
    let mut injector = plan.injector(&mut world).expect("a plan that can be carried out");
    let mut counts = Counts::default();
    let until = plan.budget.until;
    while world.next_at().is_some_and(|at| at <= until) && injector.step(&mut world, &mut counts) {}
    counts
}

/// The value below which this share of a sorted list lies.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted[((sorted.len() as f64 * share) as usize).min(sorted.len() - 1)]
}

/// A line of the table.
fn line(what: &str, mut model: Vec<f64>, real: &[f64]) {
    model.sort_by(f64::total_cmp);
    let [low, median, high] = [0.025, 0.5, 0.975].map(|share| quantile(&model, share));
    let place = |value: &f64| {
        let below = model.iter().filter(|one| *one < value).count();
        format!("{value:.2} ({:.0} %)", 100.0 * below as f64 / model.len() as f64)
    };
    let places = real.iter().map(place).collect::<Vec<_>>().join(", ");
    println!("| {what} | {low:.2} | {median:.2} | {high:.2} | {places} |");
}

#[test]
fn the_model_does_what_three_real_brokers_did() {
    let runs: Vec<Counts> = seeds().map(run).collect();
    let of = |value: &dyn Fn(&Counts) -> f64| runs.iter().map(value).collect::<Vec<f64>>();
    let real = |value: &dyn Fn(&[f64; 6]) -> f64| REAL.iter().map(value).collect::<Vec<f64>>();

    println!(
        "| {} runs of the model | 2.5 % | median | 97.5 % | real runs (so much of the model is less) |",
        runs.len()
    );
    println!("|---|---|---|---|---|");
    line("kills a minute", of(&|run| run.kills / 13.0), &[26.0 / 14.0, 22.0 / 12.0, 21.0 / 12.0]);
    for (partition, place) in [(2, 1), (3, 2)] {
        let (accepted, rejected) = (2 * place, 2 * place + 1);
        line(
            &format!("accepted on partition {partition} per deployment"),
            of(&|run| run.accepted[place] / run.answered),
            &real(&|run| run[accepted] / run[1]),
        );
        line(
            &format!("rejected on partition {partition} per deployment"),
            of(&|run| run.rejected[place] / run.answered),
            &real(&|run| run[rejected] / run[1]),
        );
        line(&format!("keys accepted again on partition {partition}"), of(&|run| run.twice(place)), &[]);
    }
    let median = |run: &Counts| {
        let mut times = run.successions.clone();
        times.sort_by(f64::total_cmp);
        quantile(&times, 0.5)
    };
    line("kill to recovered, median of a run, s", of(&median), &REAL_MEDIANS);
    let hours = runs.len() as f64 * 14.0 / 60.0;
    let deaths: f64 = of(&|run| run.deaths).iter().sum();
    println!("{deaths} leaders died in {hours:.1} h: {:.3} an hour; real: none in 0.6 h", deaths / hours);

    assert!(runs.iter().all(|run| run.kills > 10.0 && run.answered > 30.0 && run.successions.len() > 10));
    assert!(of(&|run| run.twice(1) + run.twice(2)).iter().sum::<f64>() > 0.0, "keys come again");
    for place in [1, 2] {
        let answered: f64 = of(&|run| run.answered).iter().sum();
        let accepted = of(&|run| run.accepted[place]).iter().sum::<f64>() / answered;
        let rejected = of(&|run| run.rejected[place]).iter().sum::<f64>() / answered;
        // A tenth to each side of what was recorded. Whether each real figure lies within the model's is for the table.
        assert!((0.9..1.4).contains(&accepted) && (0.88..2.34).contains(&rejected), "{accepted} {rejected}");
    }
}
