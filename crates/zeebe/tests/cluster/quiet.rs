//! The commands of the quiet recording at their times, with its first leaders and its order of partitions: where one client
//! action ran alone, the cluster writes the records that the real one wrote.

use super::{leader, log};
use kernel::identity::{MILLIS, Nanos, SECONDS};
use kernel::world::World;
use relapse_zeebe::client::{Close, Operation, Subject, When, WorkerSettings};
use relapse_zeebe::client_node::ClientRole;
use relapse_zeebe::cluster::{Settings, Zeebe, builder};
use relapse_zeebe::exported::LogFile;
use relapse_zeebe::gateway::{self, Activate, File, LATEST_VERSION, Request};
use relapse_zeebe::protocol::{Document, Record, Text, Value};
use relapse_zeebe::settings::Toggles;
use std::collections::BTreeMap;
use std::sync::Arc;

/// When the recording's first command is done in the model's time: brokers know each other by then.
const FIRST: Nanos = 15 * SECONDS;

fn golden(name: &str) -> Vec<u8> {
    let path = format!("{}/../../tests/golden/zeebe/quiet/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn recorded(partition: u16) -> Vec<Record> {
    let name = format!("log-{partition}.jsonl");
    LogFile::read(&name, &golden(&name)).expect("a log").records
}

/// A deployed file, as the log has it.
fn file(name: &str) -> File {
    let content = recorded(1).into_iter().find_map(|record| match &record.value {
        Value::Deployment(deployment) => {
            deployment.resources.iter().find(|one| &*one.resource_name == name).map(|one| one.resource.clone())
        }
        _ => None,
    });
    File { name: name.into(), content: content.unwrap_or_else(|| panic!("{name} was deployed")) }
}

/// What the recording's clients did. A line has the time at which its command had ended; it begins when the one before it
/// has ended, or is a worker's.
#[derive(Default)]
struct Script {
    operations: Vec<Operation>,
    workers: BTreeMap<String, (Nanos, WorkerSettings, Option<Nanos>)>,
    /// Which operation brought a job or an instance of the recording.
    subjects: BTreeMap<i64, Subject>,
}

impl Script {
    fn add(&mut self, at: Nanos, timeout: u64, request: Request, subject: Option<Subject>) -> u64 {
        let id = self.operations.len() as u64;
        self.operations.push(Operation { id, when: When::At(at), request, subject, timeout: Some(timeout * MILLIS) });
        id
    }

    fn line(&mut self, at: Nanos, command: &str, answer: &str) {
        let words: Vec<&str> = command.split(' ').collect();
        let number = |place: usize| words[place].parse::<i64>().expect("a number");
        let keys: Vec<i64> = answer.split(' ').skip(1).filter_map(|word| word.parse().ok()).collect();
        let about = |script: &Script| (number(1), script.subjects.get(&number(1)).copied());
        match words[0] {
            "deploy" => {
                self.add(at, 10_000, Request::Deploy([file(words[1])].into()), None);
            }
            "create" => {
                for nth in 0..number(2) {
                    let (process_id, version, variables) = (words[1].into(), LATEST_VERSION, Document::default());
                    // One after the other: they took 160 ms each.
                    let at = at - (number(2) - 1 - nth).unsigned_abs() * 160 * MILLIS;
                    let id = self.add(at, 10_000, Request::CreateInstance { process_id, version, variables }, None);
                    if let Some(key) = keys.get(nth as usize) {
                        self.subjects.insert(*key, Subject::Instance(id));
                    }
                }
            }
            "activate" => {
                let (job_type, worker, max_jobs) = (words[1].into(), "manual".into(), number(2) as i32);
                let poll = Activate { job_type, worker, timeout: number(3), max_jobs, request_timeout: 5_000 };
                // One that brought nothing waited all its time.
                let begun = if keys.is_empty() { at - 6 * SECONDS } else { at };
                let id = self.add(begun, 5_000, Request::ActivateJobs(poll), None);
                for (nth, key) in keys.iter().enumerate() {
                    self.subjects.insert(*key, Subject::Job(id, nth));
                }
            }
            "complete" => {
                let (job_key, subject) = about(self);
                self.add(at, 10_000, Request::CompleteJob { job_key, variables: Document::default() }, subject);
            }
            "fail" => {
                let (job_key, subject) = about(self);
                let (retries, error_message) = (number(2) as i32, Text::default());
                self.add(at, 10_000, Request::FailJob { job_key, retries, error_message }, subject);
            }
            "cancel" => {
                let (workflow_instance_key, subject) = about(self);
                self.add(at, 10_000, Request::CancelInstance { workflow_instance_key }, subject);
            }
            "worker" => {
                let settings = WorkerSettings {
                    job_type: words[2].into(),
                    name: words[1].into(),
                    threads: 1,
                    capacity: number(5) as i32,
                    polling_delay: 100 * MILLIS,
                    completion_delay: number(4).unsigned_abs() * MILLIS,
                    job_timeout: Some(number(3).unsigned_abs() * MILLIS),
                    request_timeout: 10 * SECONDS,
                    returns_variables: false,
                    waits_for_answer: true,
                };
                self.workers.insert(words[1].to_owned(), (at, settings, None));
            }
            "close" => self.workers.get_mut(words[1]).expect("a worker").2 = Some(at),
            "done" => {}
            other => panic!("{other}"),
        }
    }

    fn clients(self) -> Vec<ClientRole> {
        let mut clients = vec![ClientRole::Scripted(self.operations.into())];
        for (opens_at, settings, closed) in self.workers.into_values() {
            let closes = closed.map(|at| (at, Close::Worker));
            clients.push(ClientRole::Worker { settings: Arc::new(settings), opens_at, closes });
        }
        clients
    }
}

fn nanos(time: &str) -> Nanos {
    let parts: Vec<u64> = time.split([':', '.']).map(|part| part.parse().expect("a time")).collect();
    (((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1_000 + parts[3]) * MILLIS
}

fn script() -> Script {
    let mut script = Script::default();
    let text = String::from_utf8(golden("commands.txt")).expect("text");
    let lines = text.lines().filter_map(|line| {
        let (time, rest) = line.split_once(' ')?;
        let (command, answer) = rest.strip_prefix("client ")?.split_once(" -> ")?;
        Some((nanos(time), command, answer))
    });
    let lines: Vec<_> = lines.collect();
    let first = lines[0].0;
    for (at, command, answer) in lines {
        script.line(FIRST + at - first, command, answer);
    }
    script
}

fn run(seed: u64, order: [u16; 3]) -> World<Zeebe> {
    let mut settings = Settings::new(Toggles::preset("0.24.4").expect("a preset"));
    settings.first_leaders = [2, 2, 0].into();
    settings.gateway = Arc::new(gateway::Settings { partition_order: order.into(), ..gateway::Settings::default() });
    let mut world = builder(seed, &Arc::new(settings), script().clients()).build();
    while world.step_until(FIRST + 90 * SECONDS, &mut ()) {}
    world
}

/// A record as far as it must be the same: key, position and source count from the first one of its stretch.
type Shape = (String, Text, i64, Option<i64>, Option<i64>);

fn shapes(records: &[Record]) -> Vec<Shape> {
    let base = records.iter().map(|record| record.key).find(|key| *key >= 0).unwrap_or(0);
    let first = records.first().map_or(0, |record| record.position);
    let shape = |record: &Record| {
        let element = match &record.value {
            Value::WorkflowInstance(instance) => instance.element_id.clone(),
            Value::Job(job) => job.element_id.clone(),
            _ => Text::default(),
        };
        let key = (record.key >= 0 && base >> 51 == record.key >> 51).then_some(record.key - base);
        let source = (record.source >= first).then_some(record.source - first);
        (format!("{:?} {:?}", record.kind, record.intent), element, record.position - first, key, source)
    };
    records.iter().map(shape).collect()
}

/// Stretches of the logs in which one client action ran alone.
const ALONE: [(u16, usize, usize); 9] = [
    (1, 1, 3),
    (1, 118, 120),
    (1, 127, 138),
    (1, 189, 213),
    (2, 1, 2),
    (2, 92, 122),
    (2, 190, 209),
    (3, 1, 29),
    (3, 119, 120),
];

/// The stretches that a cluster's logs have not, each behind the one before it; empty polls in between may differ.
fn missing(world: &World<Zeebe>) -> Vec<(u16, usize, usize)> {
    let mut missing = Vec::new();
    let mut behind = BTreeMap::new();
    for (partition, from, to) in ALONE {
        let model = log(world, leader(world, partition).expect("a leader"), partition);
        let wanted = shapes(&recorded(partition)[from - 1..to]);
        let begin = behind.entry(partition).or_insert(0);
        match model[*begin..].windows(wanted.len()).position(|window| shapes(window) == wanted) {
            Some(at) => *begin += at + wanted.len(),
            None => missing.push((partition, from, to)),
        }
    }
    missing
}

#[test]
fn where_one_client_action_ran_alone_the_recorded_records_are_written() {
    for seed in 0..20 {
        let world = run(seed, [3, 1, 2]);
        assert_eq!([1, 2, 3].map(|partition| leader(&world, partition)), [Some(2), Some(2), Some(0)], "{seed}");
        assert_eq!(missing(&world), [], "{seed}");
    }
}

#[test]
fn in_another_order_of_partitions_they_are_not() {
    for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
        assert!(missing(&run(1, order)).len() > 2, "{order:?}");
    }
}
