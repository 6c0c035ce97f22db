//! What clients ask, and the commands that brokers get for it.
//!
//! Left out: variables that a worker wishes to have or a result to hold (`fetchVariables`): all come.
//!
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/RequestMapper.java (from request to command)
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/broker/request/*.java (partitions and records)

use crate::engine::DEPLOYMENT_PARTITION;
use crate::protocol::{
    Deployment, DeploymentIntent, Document, ErrorType, Incident, IncidentIntent, Intent, Job, JobBatch, JobBatchIntent,
    JobIntent, Message, MessageIntent, NO_KEY, Resource, Text, Value, VariableDocument, VariableDocumentIntent,
    WorkflowInstance, WorkflowInstanceCreation, WorkflowInstanceCreationIntent, WorkflowInstanceIntent, partition_of,
};
use std::sync::Arc;

/// The version that stands for the latest one.
pub const LATEST_VERSION: i32 = -1;

/// A file to be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct File {
    /// Its name; the ending says what it is.
    pub name: Text,
    /// Its bytes, in Base64.
    pub content: Text,
}

/// A poll for jobs. Times are milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Activate {
    /// Of which type.
    pub job_type: Text,
    /// For which worker.
    pub worker: Text,
    /// How long the worker may keep a job.
    pub timeout: i64,
    /// How many jobs at most.
    pub max_jobs: i32,
    /// How long the poll may wait for jobs; 0 is the gateway's own, below 0 not at all.
    pub request_timeout: i64,
}

/// A client's request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The members' names are the protocol's; they are explained where they need it.
pub enum Request {
    /// Who is there.
    Topology,
    /// Deploy files.
    Deploy(Arc<[File]>),
    /// A new instance, by the name of its process.
    CreateInstance { process_id: Text, version: i32, variables: Document },
    /// A new instance; the answer comes at its end. Milliseconds; 0 is the gateway's own timeout.
    CreateInstanceWithResult { process_id: Text, version: i32, variables: Document, request_timeout: i64 },
    /// End an instance.
    CancelInstance { workflow_instance_key: i64 },
    /// Poll for jobs.
    ActivateJobs(Activate),
    /// A job is done.
    CompleteJob { job_key: i64, variables: Document },
    /// A job failed.
    FailJob { job_key: i64, retries: i32, error_message: Text },
    /// A job met an error of the workflow's.
    ThrowError { job_key: i64, error_code: Text, error_message: Text },
    /// A job may be tried so often.
    UpdateJobRetries { job_key: i64, retries: i32 },
    /// What an incident was about is mended.
    ResolveIncident { incident_key: i64 },
    /// Set variables of an element, and of the ones around it unless they are local.
    SetVariables { element_instance_key: i64, variables: Document, local: bool },
    /// Publish a message. Milliseconds.
    PublishMessage { name: Text, correlation_key: Text, message_id: Text, time_to_live: i64, variables: Document },
}

impl Request {
    /// Names another key, in requests that name one.
    pub fn set_key(&mut self, key: i64) {
        match self {
            Request::CancelInstance { workflow_instance_key: own }
            | Request::CompleteJob { job_key: own, .. }
            | Request::FailJob { job_key: own, .. }
            | Request::ThrowError { job_key: own, .. }
            | Request::UpdateJobRetries { job_key: own, .. }
            | Request::ResolveIncident { incident_key: own }
            | Request::SetVariables { element_instance_key: own, .. } => *own = key,
            Request::Topology
            | Request::Deploy(_)
            | Request::CreateInstance { .. }
            | Request::CreateInstanceWithResult { .. }
            | Request::ActivateJobs(_)
            | Request::PublishMessage { .. } => {}
        }
    }

    kernel::plain_words! {
        Request::Topology => "topology",
        Request::Deploy(_) => "deploy",
        Request::CreateInstance { .. } => "create-instance",
        Request::CreateInstanceWithResult { .. } => "create-instance-with-result",
        Request::CancelInstance { .. } => "cancel-instance",
        Request::ActivateJobs(_) => "activate-jobs",
        Request::CompleteJob { .. } => "complete-job",
        Request::FailJob { .. } => "fail-job",
        Request::ThrowError { .. } => "throw-error",
        Request::UpdateJobRetries { .. } => "update-job-retries",
        Request::ResolveIncident { .. } => "resolve-incident",
        Request::SetVariables { .. } => "set-variables",
        Request::PublishMessage { .. } => "publish-message",
    }
}

/// What a broker is to write to a partition's log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Command {
    /// What it is about, or `NO_KEY`.
    pub key: i64,
    /// What shall happen.
    pub intent: Intent,
    /// The particulars.
    pub value: Value,
}

impl Command {
    fn new(key: i64, intent: impl Into<Intent>, value: Value) -> Self {
        Command { key, intent: intent.into(), value }
    }
}

/// Where a command goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Route {
    /// To this partition, whether or not there is one.
    Partition(i64),
    /// To the partition of a correlation key's hash.
    Hash(i32),
}

/// The command of a request that goes to one partition, and to which.
///
/// # Errors
/// The text for the client: a file's ending says nothing.
///
/// # Panics
/// SIMULATOR BUG: of requests that are no single command, or go round the partitions.
pub(crate) fn command_of(request: &Request) -> Result<(Route, Command), String> {
    let by_key =
        |key: i64, intent: Intent, value: Value| (Route::Partition(partition_of(key)), Command { key, intent, value });
    let of_job = |key, intent: JobIntent, job: Job| by_key(key, intent.into(), Value::Job(Arc::new(job)));
    Ok(match request {
        Request::Deploy(files) => {
            let resources = files.iter().map(resource_of).collect::<Result<_, _>>()?;
            let deployment = Deployment { resources, deployed_workflows: Vec::new() };
            let command = Command::new(NO_KEY, DeploymentIntent::Create, Value::Deployment(Arc::new(deployment)));
            (Route::Partition(i64::from(DEPLOYMENT_PARTITION)), command)
        }
        Request::CancelInstance { workflow_instance_key } => {
            let value = Value::WorkflowInstance(Arc::new(WorkflowInstance::default()));
            by_key(*workflow_instance_key, WorkflowInstanceIntent::Cancel.into(), value)
        }
        Request::CompleteJob { job_key, variables } => {
            of_job(*job_key, JobIntent::Complete, Job { variables: variables.clone(), ..Job::default() })
        }
        Request::FailJob { job_key, retries, error_message } => {
            let job = Job { retries: *retries, error_message: error_message.clone(), ..Job::default() };
            of_job(*job_key, JobIntent::Fail, job)
        }
        Request::ThrowError { job_key, error_code, error_message } => {
            let (error_code, error_message) = (error_code.clone(), error_message.clone());
            of_job(*job_key, JobIntent::ThrowError, Job { error_code, error_message, ..Job::default() })
        }
        Request::UpdateJobRetries { job_key, retries } => {
            of_job(*job_key, JobIntent::UpdateRetries, Job { retries: *retries, ..Job::default() })
        }
        Request::ResolveIncident { incident_key } => {
            by_key(*incident_key, IncidentIntent::Resolve.into(), Value::Incident(Arc::new(no_incident())))
        }
        Request::SetVariables { element_instance_key, variables, local } => {
            let update_semantics = if *local { "LOCAL" } else { "PROPAGATE" }.into();
            let value =
                VariableDocument { scope_key: *element_instance_key, update_semantics, variables: variables.clone() };
            let command =
                Command::new(NO_KEY, VariableDocumentIntent::Update, Value::VariableDocument(Arc::new(value)));
            (Route::Partition(partition_of(*element_instance_key)), command)
        }
        Request::PublishMessage { name, correlation_key, message_id, time_to_live, variables } => {
            let message = Message {
                name: name.clone(),
                correlation_key: correlation_key.clone(),
                message_id: message_id.clone(),
                time_to_live: *time_to_live,
                variables: variables.clone(),
            };
            let command = Command::new(NO_KEY, MessageIntent::Publish, Value::Message(Arc::new(message)));
            (Route::Hash(hash_of(correlation_key)), command)
        }
        Request::Topology
        | Request::CreateInstance { .. }
        | Request::CreateInstanceWithResult { .. }
        | Request::ActivateJobs(_) => panic!("SIMULATOR BUG: {} has no partition of its own", request.name()),
    })
}

/// The command that creates an instance.
pub(crate) fn creation(process_id: &Text, version: i32, variables: &Document, awaits_result: bool) -> Command {
    let intent = if awaits_result {
        WorkflowInstanceCreationIntent::CreateWithAwaitingResult
    } else {
        WorkflowInstanceCreationIntent::Create
    };
    // A key that the client does not give is 0 here: that is what the wire has for no number.
    let value = WorkflowInstanceCreation {
        bpmn_process_id: process_id.clone(),
        version,
        workflow_key: 0,
        workflow_instance_key: -1,
        variables: variables.clone(),
    };
    Command::new(NO_KEY, intent, Value::WorkflowInstanceCreation(Arc::new(value)))
}

/// The command that activates up to so many jobs.
pub(crate) fn activation(poll: &Activate, max_jobs: i32) -> Command {
    let batch = JobBatch {
        r#type: poll.job_type.clone(),
        worker: poll.worker.clone(),
        timeout: poll.timeout,
        max_jobs_to_activate: max_jobs,
        job_keys: Vec::new(),
        jobs: Vec::new(),
        truncated: false,
    };
    Command::new(NO_KEY, JobBatchIntent::Activate, Value::JobBatch(Arc::new(batch)))
}

/// The partition of a correlation key's hash.
pub(crate) fn partition_of_hash(hash: i32, partitions_count: u16) -> u16 {
    (hash % i32::from(partitions_count)).unsigned_abs() as u16 + 1
}

//= camunda/zeebe@0.24.4:protocol-impl/src/main/java/io/zeebe/protocol/impl/SubscriptionUtil.java (hash of signed bytes)
fn hash_of(correlation_key: &str) -> i32 {
    correlation_key.bytes().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte as i8)))
}

//= camunda/zeebe@0.24.4:protocol-impl/src/main/java/io/zeebe/protocol/impl/record/value/deployment/DeploymentResource.java
fn resource_of(file: &File) -> Result<Resource, String> {
    let name = file.name.to_lowercase();
    let resource_type = if name.ends_with(".yaml") {
        "YAML_WORKFLOW"
    } else if name.ends_with(".bpmn") || name.ends_with(".bpmn20.xml") {
        "BPMN_XML"
    } else {
        return Err(format!(
            "Expected argument 'name' to be a string ending with either .bpmn or .yaml, but was {}",
            file.name
        ));
    };
    Ok(Resource {
        resource: file.content.clone(),
        resource_type: resource_type.into(),
        resource_name: file.name.clone(),
    })
}

/// The incident that a RESOLVE names by its key alone.
fn no_incident() -> Incident {
    Incident {
        error_type: ErrorType::Other("UNKNOWN".into()),
        error_message: Text::default(),
        bpmn_process_id: Text::default(),
        workflow_key: -1,
        workflow_instance_key: -1,
        element_id: Text::default(),
        element_instance_key: -1,
        job_key: -1,
        variable_scope_key: -1,
    }
}

#[cfg(test)]
mod tests {
    use super::{File, Request, Route, command_of, hash_of, partition_of_hash};

    #[test]
    fn a_key_names_its_partition_also_one_that_does_not_exist() {
        let route = |job_key| command_of(&Request::UpdateJobRetries { job_key, retries: 1 }).map(|sent| sent.0);
        assert_eq!(route(6_755_399_441_055_750), Ok(Route::Partition(3)));
        assert_eq!(route(12_345), Ok(Route::Partition(0)));
        assert_eq!(route(2_251_799_813_685_249_999), Ok(Route::Partition(1_000)));
        assert_eq!(route(-1), Ok(Route::Partition(-1)));
    }

    #[test]
    fn a_correlation_key_is_hashed_as_upstream_hashes_its_bytes() {
        assert_eq!(
            hash_of("order-123"),
            "order-123".bytes().fold(0, |hash: i32, byte| hash.wrapping_mul(31) + i32::from(byte))
        );
        assert_eq!(hash_of("\u{e9}"), 31 * -61 + -87);
        assert_eq!((partition_of_hash(7, 3), partition_of_hash(-7, 3), partition_of_hash(6, 3)), (2, 2, 1));
    }

    #[test]
    fn a_file_without_a_telling_name_is_refused_by_the_gateway() {
        let deploy = |name: &str| {
            command_of(&Request::Deploy([File { name: name.into(), content: "".into() }].into())).map(|sent| sent.0)
        };
        assert_eq!(deploy("One.BPMN"), Ok(Route::Partition(1)));
        assert_eq!(
            deploy("one.txt"),
            Err("Expected argument 'name' to be a string ending with either .bpmn or .yaml, but was one.txt".to_owned())
        );
    }
}
