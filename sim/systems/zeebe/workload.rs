//! The clients of a scenario: one that deploys, one that starts instances, and job workers.

use std::path::Path;
use std::sync::Arc;

use kernel::identity::{Nanos, SECONDS};
use miette::Report;
use zeebe::bpmn::{BpmnError, Definitions, Kind, encode};
use zeebe::client::{Close, Operation, StarterSettings, When, WorkerSettings};
use zeebe::client_node::ClientRole;
use zeebe::gateway::{File, LATEST_VERSION, Request};
use zeebe::protocol::{Document, Text};

use crate::scenario::nearest::suggest;
use crate::scenario::problem::Problem;
use crate::scenario::{Scenario, Settings};

/// The process of upstream's benchmarks: one service task.
//= camunda/zeebe@0.24.4:benchmarks/project/src/main/resources/bpmn/one_task.bpmn (its shape)
const BENCHMARK: &[u8] = include_bytes!("../../../scenarios/zeebe/benchmark.bpmn");
/// From the first deployment to the starter, so that its process is known by then.
const STARTS_AFTER: Nanos = 3 * SECONDS;

/// No run needs more deployments, each of which is held ready from the start.
const DEPLOYMENTS_MAX: u64 = 10_000;

/// What is deployed.
struct Resource {
    name: String,
    bytes: Vec<u8>,
    process_id: Text,
    /// Of its service tasks.
    job_types: Vec<Text>,
}

/// The clients, with what they are to people.
pub fn clients(scenario: &Scenario) -> Result<Vec<(String, ClientRole)>, Report> {
    let workload = &scenario.workload;
    let count = |name| workload.count(name).expect("it has a default");
    let resource = resource(scenario, workload.file("bpmn"))?;
    let opens_at = workload.duration("opens_at").expect("it has a default");
    let (every, _) = workload.range("deploy_every").unwrap_or((u64::MAX, u64::MAX));
    if scenario.duration_ns.saturating_sub(opens_at) / every > DEPLOYMENTS_MAX {
        let message =
            format!("{}: workload.deploy_every: more than {DEPLOYMENTS_MAX} deployments", scenario.path.display());
        return Err(
            Problem::Usage { message, help: Some("deploy less often, or for a shorter time".to_owned()) }.into()
        );
    }
    if let Some((every, _)) = workload.range("snapshot_every")
        && scenario.duration_ns / every > DEPLOYMENTS_MAX
    {
        let message =
            format!("{}: workload.snapshot_every: more than {DEPLOYMENTS_MAX} snapshots", scenario.path.display());
        return Err(Problem::Usage { message, help: Some("ask less often, or for a shorter time".to_owned()) }.into());
    }
    let mut clients = vec![("deployer".to_owned(), deployer(scenario, &resource, opens_at))];
    let rate = u32::try_from(count("instances_per_second")).expect("bounded by the table");
    if rate > 0 {
        let settings = StarterSettings {
            rate,
            process_id: resource.process_id.clone(),
            instances_max: workload.count("instances"),
            ..StarterSettings::benchmark([file(&resource, 0)].into())
        };
        let starter =
            ClientRole::Starter { settings: Arc::new(settings), opens_at: opens_at.saturating_add(STARTS_AFTER) };
        clients.push(("starter".to_owned(), starter));
    }
    let like = worker(scenario)?;
    let closes = workload.duration("workers_close_at").map(|at| (at, Close::Client));
    for number in 0..count("workers") {
        for (nth, job_type) in resource.job_types.iter().enumerate() {
            let settings = WorkerSettings { job_type: job_type.clone(), ..like.clone() };
            let role = ClientRole::Worker { settings: Arc::new(settings), opens_at, closes };
            let name = if resource.job_types.len() == 1 {
                format!("worker-{number}")
            } else {
                format!("worker-{number}.{nth}")
            };
            clients.push((name, role));
        }
    }
    clients.extend(operator(scenario)?.map(|role| ("operator".to_owned(), role)));
    Ok(clients)
}

/// Who asks for snapshots, if anybody does; when those are asked for that a seed draws, is for [`super::drawn`].
fn operator(scenario: &Scenario) -> Result<Option<ClientRole>, Report> {
    let partitions = scenario.cluster.count("partitions").expect("it has a default");
    let mut asks = Vec::new();
    for ask in scenario.workload.tables("snapshots") {
        let partition = ask.count("partition").expect("required");
        if partition > partitions {
            let message = format!("{}: workload.snapshots: there is no partition {partition}", scenario.path.display());
            let help = Some(format!("name one from 1 to {partitions}"));
            return Err(Problem::Usage { message, help }.into());
        }
        asks.push((ask.duration("at").expect("required"), u16::try_from(partition).expect("bounded by the table")));
    }
    let draws = scenario.workload.range("snapshot_every").is_some();
    Ok((draws || !asks.is_empty()).then(|| ClientRole::Operator(asks.into())))
}

fn worker(scenario: &Scenario) -> Result<WorkerSettings, Report> {
    let workload = &scenario.workload;
    let like = match workload.text("worker").expect("it has a default") {
        "benchmark" => WorkerSettings::benchmark(),
        "kubernetes" => WorkerSettings::kubernetes(),
        other => {
            let message = format!("{}: workload.worker: there is no worker `{other}`", scenario.path.display());
            return Err(Problem::Usage { message, help: Some(suggest(other, ["benchmark", "kubernetes"])) }.into());
        }
    };
    let capacity = workload.count("capacity").map(|jobs| i32::try_from(jobs).expect("bounded by the table"));
    Ok(WorkerSettings {
        capacity: capacity.unwrap_or(like.capacity),
        completion_delay: workload.duration("job_takes").unwrap_or(like.completion_delay),
        job_timeout: workload.duration("job_timeout").or(like.job_timeout),
        ..like
    })
}

/// As many deployments as there may be; drawn times are for [`super::drawn`]. The first one has number 0 and the resource as it
/// is, which the starter deploys as well.
fn deployer(scenario: &Scenario, resource: &Resource, opens_at: Nanos) -> ClientRole {
    let versions = scenario.workload.flag("versions").expect("it has a default");
    let every = scenario.workload.range("deploy_every").map(|(least, _)| least);
    let times = std::iter::successors(Some(opens_at), |at| every.and_then(|every| at.checked_add(every)));
    let times = times.take_while(|at| *at < scenario.duration_ns);
    let operation = |(id, at)| {
        let number = if versions { id } else { 0 };
        let request = Request::Deploy([file(resource, number)].into());
        Operation { id, when: When::At(at), request, subject: None, timeout: None }
    };
    let mut operations: Vec<Operation> = if scenario.workload.has("deployments") {
        let of = |one: &Settings| (one.count("id").expect("required"), one.duration("at").expect("required"));
        scenario.workload.tables("deployments").iter().map(of).map(operation).collect()
    } else {
        (0..).zip(times).map(operation).collect()
    };
    for batch in scenario.workload.tables("by_hand") {
        let first = When::At(batch.duration("at").expect("required"));
        let first_id = batch.count("id").unwrap_or(operations.len() as u64);
        for nth in 0..batch.count("instances").expect("it has a default") {
            let id = first_id + nth;
            let when = if nth == 0 { first } else { When::After { operation: id - 1, delay: 0 } };
            let (process_id, variables) = (resource.process_id.clone(), Document::default());
            let request = Request::CreateInstance { process_id, version: LATEST_VERSION, variables };
            operations.push(Operation { id, when, request, subject: None, timeout: None });
        }
    }
    ClientRole::Scripted(operations.into())
}

/// A comment makes a resource another one.
fn file(resource: &Resource, number: u64) -> File {
    let comment = if number == 0 { String::new() } else { format!("<!-- {number} -->") };
    let content = encode(&[&resource.bytes[..], comment.as_bytes()].concat());
    File { name: resource.name.as_str().into(), content: content.into() }
}

fn resource(scenario: &Scenario, path: Option<&Path>) -> Result<Resource, Report> {
    let (name, bytes) = match path {
        None => ("benchmark.bpmn".to_owned(), BENCHMARK.to_vec()),
        Some(path) => {
            let wrong = |reason: String| Problem::File { path: path.to_owned(), reason, help: None };
            let name = path.file_name().map_or_else(|| "process.bpmn".into(), |name| name.to_string_lossy());
            (name.into_owned(), scenario.read(path).map_err(|error| wrong(error.to_string()))?)
        }
    };
    let wrong = |reason: String, help: &str| Problem::File {
        path: path.map_or_else(|| name.clone().into(), Path::to_owned),
        reason,
        help: Some(help.to_owned()),
    };
    let definitions = Definitions::read(&bytes).map_err(|error| match error {
        BpmnError::Invalid { message, line } => {
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            wrong(place + &message, "upstream would reject a deployment of it; mend it")
        }
        other => wrong(other.to_string(), "workload.bpmn takes a BPMN file that the model can execute"),
    })?;
    let executable = definitions.processes.iter().find(|process| process.executable);
    let process = executable.ok_or_else(|| wrong("it has no executable process".to_owned(), "set isExecutable"))?;
    let mut job_types: Vec<Text> = Vec::new();
    for element in process.elements() {
        if let Kind::ServiceTask(task) = &element.kind
            && !job_types.contains(&task.job_type)
        {
            job_types.push(task.job_type.clone());
        }
    }
    Ok(Resource { process_id: process.id.clone(), name, bytes, job_types })
}
