//! The processors: what the processing of one record does to the state, writes, and sets going.
//!
//! The same code runs when a record is processed for the first time and when a new leader replays it. What differs is
//! where its output goes; that is the caller's affair (`Output`).
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/EngineProcessors.java (the table)

mod cancel;
mod create_instance;
mod deployment;
mod element;
mod incident;
mod job;
mod job_batch;
mod message;
mod output;
mod start_event;
mod timer;
mod transition;
mod variable;

pub use deployment::SeenDeployments;
pub(crate) use deployment::tell_create;
pub use output::{Answer, Effect, FollowUp, Output};

use crate::protocol::{
    DeploymentIntent, IncidentIntent, Intent, JobBatchIntent, JobIntent, MessageIntent,
    MessageStartEventSubscriptionIntent, Record, RecordType, TimerIntent, Value, VariableDocumentIntent,
    WorkflowInstanceCreationIntent, WorkflowInstanceIntent,
};
use crate::settings::Toggles;
use crate::state::State;

/// The partition that deployments are made on.
pub const DEPLOYMENT_PARTITION: u16 = 1;

/// What stops a processor: upstream's exception.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exception(pub String);

impl From<String> for Exception {
    fn from(text: String) -> Self {
        Exception(text)
    }
}

/// What a processor works with. `seen` is upstream's memory outside of the store: no transaction covers it.
pub struct Engine<'a> {
    /// Of which partition.
    pub partition: u16,
    /// Which defects are mended.
    pub toggles: &'a Toggles,
    /// The leader's wall clock, in milliseconds since 1970.
    pub now: i64,
    /// The store, in a transaction.
    pub state: &'a mut State,
    /// Deployments that this leader has seen.
    pub seen: &'a mut SeenDeployments,
    /// Where the output goes.
    pub out: &'a mut Output,
}

/// Whether a record has a processor. One without is passed over: neither processed, nor replayed, nor verified.
#[must_use]
pub fn has_processor(kind: RecordType, intent: Intent) -> bool {
    use WorkflowInstanceCreationIntent as Creation;
    match kind {
        RecordType::CommandRejection => false,
        RecordType::Command => match intent {
            Intent::Deployment(intent) => matches!(intent, DeploymentIntent::Create | DeploymentIntent::Distribute),
            Intent::WorkflowInstanceCreation(intent) => {
                matches!(intent, Creation::Create | Creation::CreateWithAwaitingResult)
            }
            Intent::WorkflowInstance(intent) => intent == WorkflowInstanceIntent::Cancel,
            Intent::Job(intent) => matches!(
                intent,
                JobIntent::Create
                    | JobIntent::Complete
                    | JobIntent::Fail
                    | JobIntent::ThrowError
                    | JobIntent::TimeOut
                    | JobIntent::UpdateRetries
                    | JobIntent::Cancel
            ),
            Intent::JobBatch(intent) => intent == JobBatchIntent::Activate,
            Intent::Timer(intent) => matches!(intent, TimerIntent::Create | TimerIntent::Trigger | TimerIntent::Cancel),
            Intent::Incident(intent) => matches!(intent, IncidentIntent::Create | IncidentIntent::Resolve),
            Intent::VariableDocument(intent) => intent == VariableDocumentIntent::Update,
            Intent::Message(intent) => matches!(intent, MessageIntent::Publish | MessageIntent::Delete),
            Intent::MessageStartEventSubscription(intent) => {
                use MessageStartEventSubscriptionIntent::{Close, Open};
                matches!(intent, Open | Close)
            }
            _ => false,
        },
        RecordType::Event => match intent {
            Intent::Deployment(intent) => intent == DeploymentIntent::Created,
            Intent::WorkflowInstance(intent) => intent != WorkflowInstanceIntent::Cancel,
            Intent::Job(intent) => {
                matches!(intent, JobIntent::Created | JobIntent::Completed | JobIntent::Failed | JobIntent::ErrorThrown)
            }
            _ => false,
        },
    }
}

/// Whether the failed processing of such a record puts its instance on the blacklist: not if a user asked for it.
#[must_use]
pub fn blacklists(intent: Intent) -> bool {
    match intent {
        Intent::WorkflowInstance(intent) => intent != WorkflowInstanceIntent::Cancel,
        Intent::WorkflowInstanceCreation(intent) => intent == WorkflowInstanceCreationIntent::Created,
        Intent::Job(intent) => {
            !matches!(intent, JobIntent::Complete | JobIntent::Fail | JobIntent::UpdateRetries | JobIntent::ThrowError)
        }
        Intent::Incident(intent) => intent != IncidentIntent::Resolve,
        Intent::Timer(_) | Intent::Variable(_) => true,
        _ => false,
    }
}

impl Engine<'_> {
    /// Whether the record belongs to an instance that is passed over.
    #[must_use]
    pub fn is_blacklisted(&self, record: &Record) -> bool {
        record.value.workflow_instance_key().is_some_and(|key| self.state.is_blacklisted(key))
    }

    /// Puts the record's instance on the blacklist, if such a record does that.
    pub fn try_to_blacklist(&mut self, record: &Record) {
        if blacklists(record.intent)
            && let Some(key) = record.value.workflow_instance_key()
        {
            self.state.blacklist(key);
        }
    }

    /// Runs the processor of a record; nothing if it has none.
    ///
    /// # Errors
    /// The processor's exception. What it had written and changed by then stays until the caller takes it back.
    pub fn process(&mut self, record: &Record) -> Result<(), Exception> {
        match (&record.value, record.intent, record.kind) {
            (Value::WorkflowInstance(value), Intent::WorkflowInstance(intent), RecordType::Event) => {
                self.element_event(record.key, intent, value)
            }
            (Value::Job(value), Intent::Job(intent), RecordType::Command) => self.job_command(record, intent, value),
            (Value::Job(value), Intent::Job(intent), RecordType::Event) => self.job_event(record.key, intent, value),
            (Value::WorkflowInstanceCreation(value), Intent::WorkflowInstanceCreation(intent), RecordType::Command) => {
                self.create_instance(record, intent, value);
                Ok(())
            }
            (Value::JobBatch(value), _, RecordType::Command) => {
                self.activate_jobs(record, value);
                Ok(())
            }
            (Value::Deployment(value), Intent::Deployment(intent), kind) => {
                self.deployment(record, kind, intent, value)
            }
            (Value::WorkflowInstance(_), Intent::WorkflowInstance(_), RecordType::Command) => {
                self.cancel_instance(record);
                Ok(())
            }
            (Value::Incident(value), Intent::Incident(intent), RecordType::Command) => {
                self.incident_command(record, intent, value)
            }
            (Value::VariableDocument(value), _, RecordType::Command) => {
                self.update_variables(record, value);
                Ok(())
            }
            (Value::Timer(value), Intent::Timer(intent), RecordType::Command) => {
                self.timer_command(record, intent, value)
            }
            (Value::Message(value), Intent::Message(intent), RecordType::Command) => {
                self.message_command(record, intent, value);
                Ok(())
            }
            (
                Value::MessageStartEventSubscription(value),
                Intent::MessageStartEventSubscription(intent),
                RecordType::Command,
            ) => {
                self.start_subscription_command(record, intent, value);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
