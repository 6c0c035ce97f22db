//! The gateway and its clients against what real ones said: the commands of two recordings, done again.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which the lint does not know as tests")]

mod cluster;
mod partition;
mod recording;
mod rounds;

use cluster::Cluster;
use recording::{Line, Recording};
use relapse_zeebe::client::{Close, Course, Operation, Scripted, When, WorkerSettings};
use relapse_zeebe::gateway::{Activate, File, LATEST_VERSION, Reply, Request, Response};
use relapse_zeebe::protocol::{
    DeploymentIntent, Document, Intent, JobIntent, Record, RecordType, Value, VariableDocument, partition_of,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys of the recording and the model's for the same things. Polls that find nothing draw keys, so they differ.
#[derive(Default)]
struct Keys(BTreeMap<i64, i64>);

impl Keys {
    fn model(&self, recorded: i64) -> i64 {
        self.0.get(&recorded).copied().unwrap_or(recorded)
    }

    /// Whether two answers are the same but for keys, which must be of the same partitions and pair up.
    fn same(&mut self, recorded: &str, model: &str) -> Result<(), String> {
        let (recorded_words, model_words) = (words(recorded), words(model));
        let differ = || format!("recorded: {recorded}\nmodel:    {model}");
        if recorded_words.len() != model_words.len() {
            return Err(differ());
        }
        for (one, two) in recorded_words.iter().zip(&model_words) {
            let same = match (key(one), key(two)) {
                (Some(one), Some(two)) => {
                    partition_of(one) == partition_of(two) && *self.0.entry(one).or_insert(two) == two
                }
                _ => one == two,
            };
            if !same {
                return Err(differ());
            }
        }
        Ok(())
    }
}

/// Runs of digits, and what is between them; spaces are all one.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut digits = None;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for character in text.chars() {
        if digits != Some(character.is_ascii_digit()) {
            words.push(String::new());
        }
        digits = Some(character.is_ascii_digit());
        words.last_mut().unwrap().push(character);
    }
    words
}

fn key(word: &str) -> Option<i64> {
    word.parse().ok().filter(|_| word.len() >= 16)
}

fn read(json: &str) -> Document {
    serde_json::from_str(json).unwrap()
}

/// The requests of a line, in order, and the milliseconds that the client waits.
fn requests(line: &Line, keys: &Keys, cluster: &Cluster) -> (Vec<Request>, u64) {
    let words: Vec<&str> = line.command.split(' ').collect();
    let key = |place: usize| keys.model(words[place].parse().unwrap());
    let number = |place: usize| words[place].parse::<i32>().unwrap();
    let (process_id, variables, none) = (words[1].into(), words.get(2).copied(), Document::default());
    let create = |version, variables| Request::CreateInstance { process_id: words[1].into(), version, variables };
    let fail = |text: &str| Request::FailJob { job_key: key(1), retries: number(2), error_message: text.into() };
    let one = |request| (vec![request], 10_000);
    match words[0] {
        "deploy" => one(Request::Deploy([File { name: words[1].into(), content: recording::bpmn(words[1]) }].into())),
        "create" => (vec![create(LATEST_VERSION, none); number(2) as usize], 10_000),
        "createj" => one(create(LATEST_VERSION, read(variables.unwrap()))),
        "createv" => one(create(number(2), none)),
        "createresult" => {
            let variables = read(variables.unwrap());
            let version = LATEST_VERSION;
            let request = Request::CreateInstanceWithResult { process_id, version, variables, request_timeout: 20_000 };
            (vec![request], 20_000)
        }
        "activate" => {
            let (timeout, request_timeout) = (number(3).into(), 5_000);
            let (job_type, worker, max_jobs) = (words[1].into(), "manual".into(), number(2));
            (vec![Request::ActivateJobs(Activate { job_type, worker, timeout, max_jobs, request_timeout })], 5_000)
        }
        "complete" => one(Request::CompleteJob { job_key: key(1), variables: none }),
        "completej" => one(Request::CompleteJob { job_key: key(1), variables: read(variables.unwrap()) }),
        "fail" => one(fail("")),
        "failm" => one(fail(words[3])),
        "cancel" => one(Request::CancelInstance { workflow_instance_key: key(1) }),
        "retries" => one(Request::UpdateJobRetries { job_key: key(1), retries: number(2) }),
        "setvars" => {
            let (variables, local) = (read(variables.unwrap()), false);
            one(Request::SetVariables { element_instance_key: key(1), variables, local })
        }
        "resolve" => {
            // The client was told the incident's key by other means: the last one of that partition.
            let known = keys.0.contains_key(&key(1));
            let incident = cluster.last_incident(partition_of(key(1))).filter(|_| !known);
            one(Request::ResolveIncident { incident_key: incident.unwrap_or(key(1)) })
        }
        other => panic!("{other}"),
    }
}

/// What the recording's client would have said.
fn answer(courses: &BTreeMap<u64, Course>) -> String {
    let mut said = Vec::new();
    for course in courses.values() {
        said.extend(course.jobs.iter().map(i64::to_string));
        match course.reply.as_ref().unwrap() {
            Reply::Error(status) => return format!("err io.grpc.StatusRuntimeException: {status}"),
            Reply::Response(Response::Created { workflow_instance_key, .. }) => {
                said.push(workflow_instance_key.to_string());
            }
            Reply::Response(Response::Result { variables, .. }) => {
                said.push(serde_json::to_string(variables).unwrap());
            }
            Reply::Response(Response::Deployed { key, workflows }) => {
                let shown = workflows.iter().map(|one| {
                    format!(
                        "WorkflowImpl{{workflowKey={}, bpmnProcessId='{}', version={}, resourceName='{}'}}",
                        one.workflow_key, one.bpmn_process_id, one.version, one.resource_name
                    )
                });
                said.push(format!("{key} [{}]", shown.collect::<Vec<_>>().join(", ")));
            }
            _ => {}
        }
    }
    format!("ok {}", said.join(" "))
}

fn worker(words: &[&str]) -> WorkerSettings {
    let millis = |place: usize| words[place].parse::<u64>().unwrap() * 1_000_000;
    WorkerSettings {
        job_type: words[2].into(),
        name: words[1].into(),
        threads: 1,
        capacity: words[5].parse().unwrap(),
        polling_delay: 100_000_000,
        completion_delay: millis(4),
        job_timeout: Some(millis(3)),
        request_timeout: 10_000_000_000,
        returns_variables: false,
        waits_for_answer: true,
    }
}

/// Does a recording's commands again, at its times, and compares each answer.
fn again(recording: &Recording, order: &[u16]) -> (Cluster, Keys, usize) {
    let (mut cluster, mut keys) = (Cluster::new(order), Keys::default());
    let mut compared = 0;
    for line in &recording.lines {
        cluster.run_until(line.at);
        let words: Vec<&str> = line.command.split(' ').collect();
        match words[0] {
            "worker" => cluster.add_worker(words[1], worker(&words)),
            "close" => cluster.close_worker(words[1], Close::Worker),
            // Counts of a moment: the machine of the recording was slower.
            "done" => assert!(cluster.completed(words[1]) >= words_of(&line.answer), "{}", line.command),
            _ => {
                let (requests, timeout) = requests(line, &keys, &cluster);
                if words[0] == "resolve" {
                    let Request::ResolveIncident { incident_key } = requests[0] else { unreachable!() };
                    keys.0.insert(words[1].parse().unwrap(), incident_key);
                }
                let operations = (0..).zip(requests).map(|(id, request)| Operation {
                    id,
                    when: if id == 0 { When::At(0) } else { When::After { operation: id - 1, delay: 0 } },
                    request,
                    subject: None,
                    timeout: Some(timeout * 1_000_000),
                });
                let courses = cluster.run_script(Scripted::new(operations.collect()).unwrap());
                let same = keys.same(&line.answer, &answer(&courses));
                assert_eq!(same, Ok(()), "{}", line.command);
                compared += 1;
            }
        }
    }
    (cluster, keys, compared)
}

fn words_of(done: &str) -> u64 {
    done.trim_start_matches("ok ").trim().parse().unwrap()
}

/// A client's commands on a log, but those of polls and workers.
fn commands(records: &[Record], keys: &Keys) -> Vec<(i64, Intent, Value)> {
    let of_client = |record: &&Record| {
        let pushed = record.intent == Intent::from(DeploymentIntent::Create) && record.key >= 0;
        let left_out = match (&record.value, record.intent) {
            (Value::JobBatch(_), _) => true,
            (Value::Job(job), intent) => {
                intent == JobIntent::TimeOut.into()
                    || (intent == JobIntent::Complete.into() && job.variables.is_empty())
            }
            _ => false,
        };
        record.kind == RecordType::Command && record.source < 0 && !pushed && !left_out
    };
    let renamed = |record: &Record| {
        let value = match &record.value {
            Value::VariableDocument(set) => {
                let scope_key = keys.model(set.scope_key);
                Value::VariableDocument(Arc::new(VariableDocument { scope_key, ..(**set).clone() }))
            }
            value => value.clone(),
        };
        (keys.model(record.key), record.intent, value)
    };
    records.iter().filter(of_client).map(renamed).collect()
}

fn holds(folder: &str, order: &[u16], answers: usize) {
    let recording = Recording::read(folder);
    let (cluster, keys, compared) = again(&recording, order);
    assert_eq!(compared, answers);
    for partition in 1..=3 {
        let recorded = commands(&recording.logs[&partition].records, &keys);
        let model = commands(cluster.log(partition), &Keys::default());
        assert_eq!(model, recorded, "commands on partition {partition}");
    }
}

#[test]
fn every_answer_and_every_command_of_the_quiet_recording_comes_again() {
    holds("quiet", &[3, 1, 2], 24);
}

#[test]
fn every_answer_and_every_command_of_the_recording_of_variables_comes_again() {
    holds("variables", &[1, 2, 3], 38);
}

#[test]
fn with_partitions_in_another_order_the_recordings_do_not_come_again() {
    for (folder, order) in [("quiet", [1, 2, 3]), ("quiet", [3, 2, 1]), ("variables", [3, 1, 2])] {
        let recording = Recording::read(folder);
        let failed = std::panic::catch_unwind(|| again(&recording, &order).2);
        assert!(failed.is_err(), "{folder} {order:?}");
    }
}
