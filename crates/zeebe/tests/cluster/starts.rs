//! Logs that the cluster writes under faults, replayed from every snapshot that any node had and from none: what `verify`
//! says of the log alone is what a real start of a stream processor from that snapshot's state comes to, to the text.
//!
//! 200 seeds; `RELAPSE_STARTS=200..1000` runs others. `--nocapture` says what they came to.

use super::{create, deploy, script};
use kernel::control::Command;
use kernel::disk::Unsynced;
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{Nanos, NodeId, SECONDS, mix};
use kernel::world::World;
use relapse_zeebe::client::{Close, WorkerSettings};
use relapse_zeebe::client_node::ClientRole;
use relapse_zeebe::cluster::{Event, Process, Settings, Zeebe, builder};
use relapse_zeebe::engine::Answer;
use relapse_zeebe::processor::{Host, Notice, StorageError, StoragePoint, StreamProcessor, Wait};
use relapse_zeebe::protocol::{Deployment, NO_POSITION, Record, Text};
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::state::State;
use relapse_zeebe::verify::{Outcome, PartitionLog, Refused, Request, verify};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

const END: Nanos = 360 * SECONDS;

/// The snapshots that nodes had, by partition and position, and how often leaders recovered or died.
#[derive(Default)]
pub(super) struct Collected {
    states: BTreeMap<(u16, i64), Arc<State>>,
    records: BTreeMap<(u16, i64), Record>,
    /// By node and partition, up to where it was looked at.
    looked: BTreeMap<(u16, u16), i64>,
    recovered: u32,
    pub(super) died: u32,
}

impl Collected {
    /// What has been committed since the last look: a replica that is sent a snapshot may throw away what is before it.
    pub(super) fn look(&mut self, world: &World<Zeebe>) {
        for node in 0..3 {
            let Some(Process::Broker(broker)) = world.node(NodeId(node)) else { continue };
            for partition in (1..=3).filter_map(|number| broker.partition(number)) {
                let looked = self.looked.entry((node, partition.number())).or_default();
                let mut last = *looked;
                for record in partition.records().skip_while(|record| record.position <= *looked) {
                    let kept = self.records.entry((partition.number(), record.position));
                    assert_eq!(kept.or_insert_with(|| record.clone()).timestamp, record.timestamp);
                    last = record.position;
                }
                *looked = last;
            }
        }
    }

    /// A partition's log, from its beginning.
    pub(super) fn log(&self, partition: u16) -> Vec<Record> {
        let records = self.records.range((partition, 1)..=(partition, i64::MAX));
        let log: Vec<Record> = records.map(|(_, record)| record.clone()).collect();
        assert!(log.iter().zip(1..).all(|(record, position)| record.position == position), "it has no gap");
        log
    }
}

impl Observer<Zeebe> for Collected {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, world: &World<Zeebe>) {
        match event.what {
            What::Emitted(Event::Snapshot { partition, position, .. }) => {
                let Some(Process::Broker(broker)) = world.node(event.node) else { return };
                if let Some(state) = broker.partition(*partition).and_then(|partition| partition.snapshot_state()) {
                    self.states.insert((*partition, *position), state);
                }
            }
            What::Emitted(Event::Processor(_, Notice::Recovered)) => self.recovered += 1,
            What::Emitted(Event::Processor(_, Notice::Failed { .. })) => self.died += 1,
            _ => {}
        }
    }
}

/// Six minutes: an instance a second, a worker that is away for a minute, a deployment every 40 s, snapshots on request every
/// 25 s; brokers are killed, cut off and stopped, one at a time.
fn run(seed: u64, preset: &str) -> Collected {
    let mut settings = Settings::new(Toggles::preset(preset).expect("a preset"));
    settings.index_density = 3;
    let mut operations: Vec<_> = (0..9).map(|number| deploy((12 + number * 40) * SECONDS)).collect();
    operations.extend((14..350).map(|second| create(second * SECONDS)));
    let asks = (1..13).flat_map(|number| (1..=3).map(move |partition| (number * 25 * SECONDS, partition))).collect();
    let settings_of_worker = Arc::new(WorkerSettings::kubernetes());
    let worker = |opens, closes| {
        let (settings, opens_at) = (settings_of_worker.clone(), opens * SECONDS);
        ClientRole::Worker { settings, opens_at, closes: Some((closes * SECONDS, Close::Client)) }
    };
    let clients = vec![script(operations), ClientRole::Operator(asks), worker(15, 150), worker(210, 355)];
    let mut world = builder(seed, &Arc::new(settings), clients).build();
    let mut collected = Collected::default();
    let (mut dice, mut at) = (seed, 25 * SECONDS);
    let mut draw = |below: u64| {
        dice = mix(dice, 1);
        dice % below
    };
    while at < END - 60 * SECONDS {
        while world.step_until(at, &mut collected) {}
        let (victim, lasts) = (NodeId(draw(3) as u16), 4 + draw(14));
        let others = || (0..5).map(NodeId).filter(move |other| *other != victim);
        match draw(4) {
            0 => others().for_each(|other| {
                world.control(Command::Block(victim, other), &mut collected);
                world.control(Command::Block(other, victim), &mut collected);
            }),
            1 => {
                world.control(Command::Pause(victim), &mut collected);
            }
            _ => {
                let kill = Command::Kill { node: victim, unsynced: Unsynced::Keep, dark: draw(2) == 0 };
                world.control(kill, &mut collected);
            }
        }
        while world.step_until(at + lasts * SECONDS, &mut collected) {}
        for other in others() {
            world.control(Command::Unblock(victim, other), &mut collected);
            world.control(Command::Unblock(other, victim), &mut collected);
        }
        collected.look(&world);
        world.control(Command::Resume(victim), &mut collected);
        world.control(Command::Start { node: victim, readdress: false }, &mut collected);
        at += (lasts + 8 + draw(20)) * SECONDS;
    }
    while world.step_until(END, &mut collected) {}
    collected.look(&world);
    collected
}

/// What a replay comes to: its end, and the answers to deployments that differ in silence.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Came {
    end: End,
    silent: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Recovers,
    Dies(String),
    Stuck(i64, String),
}

/// A broker around a stream processor that starts: a log that nobody adds to, and nobody else.
struct Alone<'a> {
    log: &'a [Record],
    silent: Vec<i64>,
    end: Option<End>,
}

impl Host for Alone<'_> {
    fn now(&self) -> i64 {
        self.log.last().map_or(0, |record| record.timestamp)
    }
    fn record(&self, position: i64) -> Option<Record> {
        self.log.get(usize::try_from(position - 1).ok()?).cloned()
    }
    fn commit_position(&self) -> i64 {
        self.log.len() as i64
    }
    fn append(&mut self, _: Vec<Record>) -> Option<i64> {
        panic!("a start writes nothing")
    }
    fn wait(&mut self, _: u64, _: Wait) {}
    fn cancel(&mut self, _: Wait) {}
    fn leader_of(&self, _: u16) -> Option<NodeId> {
        None
    }
    fn listen_for_confirmations(&mut self, _: i64) {}
    fn push(&mut self, _: i64, _: u16, _: NodeId, _: &Arc<Deployment>) {}
    fn confirm(&mut self, _: i64) {}
    fn answer(&mut self, _: Answer) {}
    fn jobs_available(&mut self, _: &Text) {}
    fn storage_fails(&mut self, _: StoragePoint) -> Option<StorageError> {
        None
    }
    fn notice(&mut self, notice: Notice) {
        match notice {
            Notice::Diverged { position, .. } => self.silent.push(position),
            Notice::Recovered => self.end = Some(End::Recovers),
            Notice::Failed { why, .. } => self.end = Some(End::Dies(why)),
            Notice::RunsAgain { position, why } => self.end = Some(End::Stuck(position, why)),
            _ => {}
        }
    }
}

/// A start of a leader from a state.
fn start(partition: u16, log: &[Record], state: State, toggles: &Arc<Toggles>) -> Came {
    let mut alone = Alone { log, silent: Vec::new(), end: None };
    let mut processor = StreamProcessor::new(partition, 3, toggles.clone(), state);
    while alone.end.is_none() {
        let job = processor.next_job().expect("it goes on until it has recovered or died");
        processor.execute(job, &mut alone);
    }
    Came { end: alone.end.expect("it ended"), silent: alone.silent }
}

/// What the log alone says of it.
fn verified(partition: u16, records: &[Record], from: i64, toggles: &Toggles) -> Came {
    let log = PartitionLog { partition, records };
    let report = match verify(&Request { log, from, toggles: toggles.clone(), confirmations: Vec::new() }) {
        Ok(report) => report,
        Err(Refused::Snapshot { why, .. }) => return Came { end: End::Dies(why), silent: Vec::new() },
        Err(refused) => panic!("{refused}"),
    };
    let end = match report.outcome {
        Outcome::Clean => End::Recovers,
        Outcome::Exception(inconsistency) => End::Dies(inconsistency.text(partition)),
        Outcome::Failed(why) => End::Dies(why),
        Outcome::Stuck { position, exception } => End::Stuck(position, exception),
        Outcome::Differs(difference) => panic!("partition {partition} from {from}: {difference:?}"),
    };
    Came { end, silent: report.silent }
}

#[derive(Debug, Default)]
struct Tally {
    logs: u32,
    starts: u32,
    died: u32,
    stuck: u32,
    with_silence: u32,
    silent: usize,
    recovered_in_runs: u32,
    died_in_runs: u32,
}

fn hold(preset: &str, seeds: Range<u64>) -> Tally {
    let toggles = Arc::new(Toggles::preset(preset).expect("a preset"));
    let mut tally = Tally::default();
    for seed in seeds {
        let collected = run(seed, preset);
        tally.recovered_in_runs += collected.recovered;
        tally.died_in_runs += collected.died;
        for partition in 1..=3 {
            let log = collected.log(partition);
            tally.logs += 1;
            let of_partition = collected.states.range((partition, i64::MIN)..=(partition, i64::MAX));
            let snapshots = of_partition.map(|((_, position), state)| (*position, State::clone(state)));
            for (from, state) in snapshots.chain([(NO_POSITION, State::default())]) {
                let (found, said) =
                    (start(partition, &log, state, &toggles), verified(partition, &log, from, &toggles));
                assert_eq!(found, said, "{preset}, seed {seed}, partition {partition}, from {from}");
                tally.starts += 1;
                tally.died += u32::from(matches!(found.end, End::Dies(_)));
                tally.stuck += u32::from(matches!(found.end, End::Stuck(..)));
                tally.with_silence += u32::from(!found.silent.is_empty());
                tally.silent += found.silent.len();
            }
        }
    }
    println!("{preset}: {tally:?}");
    tally
}

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var("RELAPSE_STARTS") else { return 0..200 };
    let (from, to) = text.split_once("..").expect("as 0..200");
    from.parse().expect("a number")..to.parse().expect("a number")
}

#[test]
fn a_log_verifies_as_a_leader_starts_from_it() {
    let seeds = seeds();
    let tally = hold("0.24.4", seeds.clone());
    assert!(u64::from(tally.logs) == 3 * (seeds.end - seeds.start) && tally.starts > 5 * tally.logs, "{tally:?}");
    assert!(seeds.end - seeds.start < 20 || tally.died > 0 && tally.silent > 0, "{tally:?}");
}

#[test]
fn mended_every_start_recovers() {
    let seeds = seeds();
    let tally = hold("fixed", seeds.clone());
    assert!(u64::from(tally.logs) == 3 * (seeds.end - seeds.start) && tally.starts > 5 * tally.logs, "{tally:?}");
    assert_eq!((tally.died, tally.stuck, tally.silent, tally.died_in_runs), (0, 0, 0, 0), "{tally:?}");
}
