//! What stands on a partition's log: records with the real enums, keys, positions and values.
//!
//= camunda/zeebe@0.24.4:protocol/src/main/resources/protocol.xml (enums), protocol-impl/.../record (values)

mod document;
mod intent;
mod key;
mod open_enum;
mod pool;
mod record;
mod text;
mod value;

pub use document::{Document, same_json};
pub use intent::{
    DeploymentIntent, ErrorIntent, IncidentIntent, Intent, JobBatchIntent, JobIntent, MessageIntent,
    MessageStartEventSubscriptionIntent, TimerIntent, ValueType, VariableDocumentIntent, VariableIntent,
    WorkflowInstanceCreationIntent, WorkflowInstanceIntent, WorkflowInstanceResultIntent,
};
pub use key::{first_key, partition_of};
pub use pool::{Pool, Share};
pub use record::{NO_KEY, NO_POSITION, Record, RecordType, Rejection, RejectionType, RequestId};
pub use text::Text;
pub use value::{
    DeployedWorkflow, Deployment, ElementType, ErrorRecord, ErrorType, Incident, Job, JobBatch, Message,
    MessageStartEventSubscription, Resource, Timer, Value, Variable, VariableDocument, WorkflowInstance,
    WorkflowInstanceCreation, WorkflowInstanceResult,
};
