//! The particulars of records, member by member as the exporter writes them.
//!
//= camunda/zeebe@0.24.4:protocol-impl/src/main/java/io/zeebe/protocol/impl/record/value/** (members and defaults)

use super::document::Document;
use super::intent::ValueType;
use super::open_enum::open_enum;
use super::pool::{Pool, Share};
use super::text::Text;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

open_enum! {
    /// What a workflow's element is.
    ElementType {
        /// The workflow as a whole.
        Process = "PROCESS",
        /// Where it starts.
        StartEvent = "START_EVENT",
        /// Where it ends.
        EndEvent = "END_EVENT",
        /// Work for a job worker.
        ServiceTask = "SERVICE_TASK",
        /// Waiting for a timer.
        IntermediateCatchEvent = "INTERMEDIATE_CATCH_EVENT",
        /// From one element to the next.
        SequenceFlow = "SEQUENCE_FLOW",
    }
}

open_enum! {
    /// Why there is an incident.
    ErrorType {
        /// A job failed for the last time.
        JobNoRetries = "JOB_NO_RETRIES",
        /// A job's thrown error met no catch event.
        UnhandledErrorEvent = "UNHANDLED_ERROR_EVENT",
        /// A job is too big to be sent.
        MessageSizeExceeded = "MESSAGE_SIZE_EXCEEDED",
        /// An expression could not be evaluated.
        ExtractValueError = "EXTRACT_VALUE_ERROR",
    }
}

/// A structure of record members, in camel case as in the exporter's form.
macro_rules! values {
    ($($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident: $type:ty,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            #[allow(missing_docs)] // The members' names are the protocol's; they are explained where they need it.
            pub struct $name { $($(#[$member_doc])* pub $member: $type,)+ }

            impl Share for $name {
                fn share(&mut self, pool: &mut Pool) {
                    $(self.$member.share(pool);)+
                }
            }
        )+
    };
}

values! {
    /// A file of a deployment.
    Resource {
        /// Its bytes, in Base64.
        resource: Text,
        resource_type: Text,
        resource_name: Text,
    }
    /// A workflow that a deployment brought, or confirmed.
    DeployedWorkflow { version: i32, bpmn_process_id: Text, workflow_key: i64, resource_name: Text, }
    /// A deployment.
    Deployment { resources: Vec<Resource>, deployed_workflows: Vec<DeployedWorkflow>, }
    /// A step of an element's life.
    WorkflowInstance {
        bpmn_process_id: Text,
        version: i32,
        workflow_key: i64,
        workflow_instance_key: i64,
        element_id: Text,
        flow_scope_key: i64,
        bpmn_element_type: ElementType,
        parent_workflow_instance_key: i64,
        parent_element_instance_key: i64,
    }
    /// A wish for a new instance.
    WorkflowInstanceCreation {
        bpmn_process_id: Text,
        version: i32,
        workflow_key: i64,
        workflow_instance_key: i64,
        variables: Document,
    }
    /// What a client that waits for the end of an instance gets. It is never on a log.
    WorkflowInstanceResult {
        bpmn_process_id: Text,
        version: i32,
        workflow_key: i64,
        workflow_instance_key: i64,
        variables: Document,
    }
    /// A job.
    Job {
        r#type: Text,
        retries: i32,
        worker: Text,
        /// Milliseconds since 1970, or -1.
        deadline: i64,
        variables: Document,
        custom_headers: Document,
        error_message: Text,
        error_code: Text,
        bpmn_process_id: Text,
        workflow_key: i64,
        workflow_definition_version: i32,
        workflow_instance_key: i64,
        element_id: Text,
        element_instance_key: i64,
    }
    /// A worker's wish for jobs, and what it got.
    JobBatch {
        r#type: Text,
        worker: Text,
        /// Milliseconds.
        timeout: i64,
        max_jobs_to_activate: i32,
        job_keys: Vec<i64>,
        jobs: Vec<Job>,
        truncated: bool,
    }
    /// Something that needs an operator.
    Incident {
        error_type: ErrorType,
        error_message: Text,
        bpmn_process_id: Text,
        workflow_key: i64,
        workflow_instance_key: i64,
        element_id: Text,
        element_instance_key: i64,
        job_key: i64,
        variable_scope_key: i64,
    }
    /// A variable's new value.
    Variable {
        name: Text,
        /// JSON text.
        value: Text,
        scope_key: i64,
        workflow_instance_key: i64,
        workflow_key: i64,
    }
    /// Variables that a client sets.
    VariableDocument { scope_key: i64, update_semantics: Text, variables: Document, }
    /// A timer.
    Timer {
        element_instance_key: i64,
        workflow_instance_key: i64,
        workflow_key: i64,
        /// Milliseconds since 1970.
        due_date: i64,
        target_element_id: Text,
        repetitions: i32,
    }
    /// A message.
    Message {
        name: Text,
        correlation_key: Text,
        message_id: Text,
        /// Milliseconds.
        time_to_live: i64,
        variables: Document,
    }
    /// What starts an instance when a message comes.
    MessageStartEventSubscription {
        workflow_key: i64,
        bpmn_process_id: Text,
        start_event_id: Text,
        message_name: Text,
    }
    /// What a processor stumbled over.
    ErrorRecord {
        exception_message: Text,
        stacktrace: Text,
        error_event_position: i64,
        workflow_instance_key: i64,
    }
}

/// The particulars of a record; shared by the records of one chain while nothing changes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Each is what its name says.
pub enum Value {
    Deployment(Arc<Deployment>),
    WorkflowInstance(Arc<WorkflowInstance>),
    WorkflowInstanceCreation(Arc<WorkflowInstanceCreation>),
    WorkflowInstanceResult(Arc<WorkflowInstanceResult>),
    Job(Arc<Job>),
    JobBatch(Arc<JobBatch>),
    Incident(Arc<Incident>),
    Variable(Arc<Variable>),
    VariableDocument(Arc<VariableDocument>),
    Timer(Arc<Timer>),
    Message(Arc<Message>),
    MessageStartEventSubscription(Arc<MessageStartEventSubscription>),
    Error(Arc<ErrorRecord>),
}

impl Value {
    /// Its type.
    #[must_use]
    pub const fn value_type(&self) -> ValueType {
        match self {
            Value::Deployment(_) => ValueType::Deployment,
            Value::WorkflowInstance(_) => ValueType::WorkflowInstance,
            Value::WorkflowInstanceCreation(_) => ValueType::WorkflowInstanceCreation,
            Value::WorkflowInstanceResult(_) => ValueType::WorkflowInstanceResult,
            Value::Job(_) => ValueType::Job,
            Value::JobBatch(_) => ValueType::JobBatch,
            Value::Incident(_) => ValueType::Incident,
            Value::Variable(_) => ValueType::Variable,
            Value::VariableDocument(_) => ValueType::VariableDocument,
            Value::Timer(_) => ValueType::Timer,
            Value::Message(_) => ValueType::Message,
            Value::MessageStartEventSubscription(_) => ValueType::MessageStartEventSubscription,
            Value::Error(_) => ValueType::Error,
        }
    }

    /// The instance that it belongs to, for values that belong to one.
    #[must_use]
    pub fn workflow_instance_key(&self) -> Option<i64> {
        match self {
            Value::WorkflowInstance(value) => Some(value.workflow_instance_key),
            Value::WorkflowInstanceCreation(value) => Some(value.workflow_instance_key),
            Value::WorkflowInstanceResult(value) => Some(value.workflow_instance_key),
            Value::Job(value) => Some(value.workflow_instance_key),
            Value::Incident(value) => Some(value.workflow_instance_key),
            Value::Variable(value) => Some(value.workflow_instance_key),
            Value::Timer(value) => Some(value.workflow_instance_key),
            Value::Deployment(_)
            | Value::JobBatch(_)
            | Value::VariableDocument(_)
            | Value::Message(_)
            | Value::MessageStartEventSubscription(_)
            | Value::Error(_) => None,
        }
    }
}

impl Default for Job {
    /// As a client's COMPLETE or FAIL has it, but for what it says.
    fn default() -> Self {
        Job {
            r#type: Text::default(),
            retries: -1,
            worker: Text::default(),
            deadline: -1,
            variables: Document::default(),
            custom_headers: Document::default(),
            error_message: Text::default(),
            error_code: Text::default(),
            bpmn_process_id: Text::default(),
            workflow_key: -1,
            workflow_definition_version: -1,
            workflow_instance_key: -1,
            element_id: Text::default(),
            element_instance_key: -1,
        }
    }
}

impl Default for WorkflowInstance {
    /// As a client's CANCEL has it.
    fn default() -> Self {
        WorkflowInstance {
            bpmn_process_id: Text::default(),
            version: -1,
            workflow_key: -1,
            workflow_instance_key: -1,
            element_id: Text::default(),
            flow_scope_key: -1,
            bpmn_element_type: ElementType::Other("UNSPECIFIED".into()),
            parent_workflow_instance_key: -1,
            parent_element_instance_key: -1,
        }
    }
}
