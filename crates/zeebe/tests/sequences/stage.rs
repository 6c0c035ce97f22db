//! Stream processors of three partitions on a stage: every batch is committed as it is written, confirmations arrive when
//! the test says so, and time passes when it says so.

use kernel::identity::NodeId;
use relapse_zeebe::engine::Answer;
use relapse_zeebe::processor::{Host, Job, Notice, StorageError, StoragePoint, StreamProcessor, Wait};
use relapse_zeebe::protocol::{
    Deployment, DeploymentIntent, Intent, NO_KEY, NO_POSITION, Record, RecordType, RequestId, Text, Value,
};
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::state::State;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What lies between the processors.
#[derive(Default)]
pub struct World {
    pub now: i64,
    pub logs: BTreeMap<u16, Vec<Record>>,
    pub waits: Vec<(i64, u16, Wait)>,
    pub pushes: VecDeque<(u16, i64, Arc<Deployment>)>,
    pub confirmations: VecDeque<(i64, u16)>,
    pub answers: Vec<Answer>,
    pub notices: Vec<(u16, Notice)>,
    /// Confirmations wait for `release`.
    pub held: bool,
    /// Storage errors to come: point, and how many times it still works before.
    pub storage: Vec<(StoragePoint, u32)>,
    /// Of partition 1 nothing behind this position is committed.
    pub uncommitted_behind: Option<i64>,
}

struct Seat<'a> {
    world: &'a mut World,
    partition: u16,
}

impl World {
    fn commit_position(&self, partition: u16) -> i64 {
        let end = self.logs.get(&partition).map_or(0, |log| log.len() as i64);
        self.uncommitted_behind.filter(|_| partition == 1).map_or(end, |bound| bound.min(end))
    }

    fn append(&mut self, partition: u16, batch: Vec<Record>) -> i64 {
        let log = self.logs.entry(partition).or_default();
        for mut record in batch {
            record.position = log.len() as i64 + 1;
            record.timestamp = self.now;
            log.push(record);
        }
        log.len() as i64
    }
}

impl Host for Seat<'_> {
    fn now(&self) -> i64 {
        self.world.now
    }

    fn record(&self, position: i64) -> Option<Record> {
        let log = self.world.logs.get(&self.partition)?;
        let committed = position <= self.commit_position();
        log.get(usize::try_from(position - 1).ok()?).filter(|_| committed).cloned()
    }

    fn commit_position(&self) -> i64 {
        self.world.commit_position(self.partition)
    }

    fn append(&mut self, batch: Vec<Record>) -> Option<i64> {
        Some(self.world.append(self.partition, batch))
    }

    fn wait(&mut self, milliseconds: u64, wait: Wait) {
        self.world.waits.push((self.world.now + milliseconds as i64, self.partition, wait));
    }

    fn cancel(&mut self, wait: Wait) {
        let partition = self.partition;
        self.world.waits.retain(|(_, of, what)| (*of, *what) != (partition, wait));
    }

    fn leader_of(&self, partition: u16) -> Option<NodeId> {
        Some(NodeId(partition - 1))
    }

    fn listen_for_confirmations(&mut self, _: i64) {}

    fn push(&mut self, key: i64, partition: u16, _: NodeId, deployment: &Arc<Deployment>) {
        self.world.pushes.push_back((partition, key, deployment.clone()));
    }

    fn confirm(&mut self, key: i64) {
        self.world.confirmations.push_back((key, self.partition));
    }

    fn answer(&mut self, answer: Answer) {
        self.world.answers.push(answer);
    }

    fn jobs_available(&mut self, _: &Text) {}

    fn storage_fails(&mut self, point: StoragePoint) -> Option<StorageError> {
        let at = self.world.storage.iter().position(|(of, _)| *of == point)?;
        match self.world.storage[at].1 {
            0 => {
                self.world.storage.remove(at);
                Some(StorageError::Recoverable)
            }
            _ => {
                self.world.storage[at].1 -= 1;
                None
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        self.world.notices.push((self.partition, notice));
    }
}

/// The stage.
pub struct Stage {
    pub world: World,
    pub toggles: Arc<Toggles>,
    processors: BTreeMap<u16, StreamProcessor>,
    requests: u64,
}

impl Stage {
    pub fn new(preset: &str) -> Self {
        Stage::with(Toggles::preset(preset).expect("a preset"))
    }

    /// With 0.24.4, and one defect mended or not.
    pub fn toggled(toggle: &str, on: bool) -> Self {
        let mut toggles = Toggles::preset("0.24.4").expect("a preset");
        assert!(toggles.set(toggle, on), "{toggle}");
        Stage::with(toggles)
    }

    fn with(toggles: Toggles) -> Self {
        let toggles = Arc::new(toggles);
        let world = World { now: 1_600_000_000_000, ..World::default() };
        let mut stage = Stage { world, toggles, processors: BTreeMap::new(), requests: 0 };
        for partition in 1..=3 {
            stage.lead(partition, State::default());
        }
        stage.run();
        stage
    }

    /// A new leader of a partition, from a snapshot.
    pub fn lead(&mut self, partition: u16, snapshot: State) {
        self.world.waits.retain(|(_, of, _)| *of != partition);
        self.processors.insert(partition, StreamProcessor::new(partition, 3, self.toggles.clone(), snapshot));
    }

    pub fn processor(&self, partition: u16) -> &StreamProcessor {
        &self.processors[&partition]
    }

    /// A client's command; its answer is asked for.
    pub fn command(&mut self, partition: u16, key: i64, intent: impl Into<Intent>, value: Value) {
        self.requests += 1;
        let request = Some(RequestId { stream: 1, request: self.requests });
        let (kind, intent, position, source) = (RecordType::Command, intent.into(), NO_POSITION, NO_POSITION);
        let record = Record { position, source, key, timestamp: 0, kind, intent, rejection: None, value, request };
        self.world.append(partition, vec![record]);
        if let Some(processor) = self.processors.get_mut(&partition) {
            processor.committed();
        }
        self.run();
    }

    /// Of partition 1 all up to this position is committed, or simply all.
    pub fn commit(&mut self, bound: Option<i64>) {
        self.world.uncommitted_behind = bound;
        if let Some(processor) = self.processors.get_mut(&1) {
            processor.committed();
        }
        self.run();
    }

    /// What a stream processor died of.
    pub fn death(&self) -> Option<&str> {
        self.world.notices.iter().find_map(|(_, notice)| match notice {
            Notice::Failed { why, .. } => Some(&**why),
            _ => None,
        })
    }

    /// What a replay would have written where the log has something else, unnoticed.
    pub fn divergences(&self) -> Vec<(i64, String)> {
        let notices = self.world.notices.iter();
        let diverged = notices.filter_map(|(_, notice)| match notice {
            Notice::Diverged { position, listed } => Some((*position, listed.to_string())),
            _ => None,
        });
        diverged.collect()
    }

    /// One job of one processor; whether it had one.
    pub fn step(&mut self, partition: u16) -> bool {
        let Some(processor) = self.processors.get_mut(&partition) else { return false };
        let Some(job) = processor.next_job() else { return false };
        let before = self.world.logs.get(&partition).map_or(0, Vec::len);
        processor.execute(job, &mut Seat { world: &mut self.world, partition });
        if self.world.logs.get(&partition).map_or(0, Vec::len) > before {
            processor.committed();
        }
        true
    }

    /// A job for a processor.
    pub fn submit(&mut self, partition: u16, job: Job) {
        if let Some(processor) = self.processors.get_mut(&partition) {
            processor.submit(job);
        }
    }

    /// Everything that can happen without time passing.
    pub fn run(&mut self) {
        for _ in 0..100_000 {
            let mut busy = false;
            while let Some((partition, key, deployment)) = self.world.pushes.pop_front() {
                let (kind, intent) = (RecordType::Command, DeploymentIntent::Create.into());
                let (position, source, value) = (NO_POSITION, NO_POSITION, Value::Deployment(deployment));
                let record =
                    Record { position, source, key, timestamp: 0, kind, intent, rejection: None, value, request: None };
                self.world.append(partition, vec![record]);
                if let Some(processor) = self.processors.get_mut(&partition) {
                    processor.committed();
                }
                busy = true;
            }
            if !self.world.held {
                while let Some((key, partition)) = self.world.confirmations.pop_front() {
                    self.submit(1, Job::Confirmed { key, partition });
                    busy = true;
                }
            }
            for partition in 1..=3 {
                busy |= self.step(partition);
            }
            if !busy {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    /// Time passes, wait by wait.
    pub fn pass(&mut self, milliseconds: i64) {
        let end = self.world.now + milliseconds;
        while let Some(at) = (0..self.world.waits.len())
            .filter(|at| self.world.waits[*at].0 <= end)
            .min_by_key(|at| (self.world.waits[*at].0, *at))
        {
            let (due, partition, wait) = self.world.waits.remove(at);
            self.world.now = due;
            if let Some(processor) = self.processors.get_mut(&partition) {
                processor.wait_over(wait);
            }
            self.run();
        }
        self.world.now = end;
    }

    /// `position type value.INTENT key source` of a log from a position on, keys as k-numbers of partition 1.
    pub fn log(&self, partition: u16, from: i64) -> Vec<String> {
        let log = &self.world.logs[&partition];
        log.iter().filter(|record| record.position >= from).map(line).collect()
    }
}

/// One record on one line.
fn line(record: &Record) -> String {
    let kind = match record.kind {
        RecordType::Event => "E",
        RecordType::Command => "C",
        RecordType::CommandRejection => "R",
    };
    let first = 2_251_799_813_685_248;
    let key = match record.key {
        NO_KEY => "-".to_owned(),
        key => format!("k{}", key - first),
    };
    let source = if record.source == NO_POSITION { "-".to_owned() } else { record.source.to_string() };
    let (value, intent) = (record.value_type().name(), record.intent.name());
    let value = value.replace("WORKFLOW_INSTANCE", "WI").replace("_CREATION", "C");
    format!("{} {kind} {value}.{intent} {key} {source}", record.position)
}
