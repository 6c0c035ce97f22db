//! Records that no replay looks at, and that no broker writes all the same: those that stand where no follow-up belongs, and
//! those that come from nowhere.

use super::compare::Difference;
use super::index::is_asynchronous;
use super::leader::Leader;
use crate::engine::{DEPLOYMENT_PARTITION, has_processor};
use crate::protocol::{
    DeploymentIntent, IncidentIntent, Intent, JobBatchIntent, JobIntent, MessageIntent, NO_KEY, NO_POSITION, Record,
    RecordType, VariableDocumentIntent, WorkflowInstanceCreationIntent, WorkflowInstanceIntent, partition_of,
};

impl Leader<'_> {
    /// Records with a source that no processing accounts for, records without one that only processing writes, follow-ups
    /// out of their order, and what was written beside processing behind the `tail` up to which a replay reads.
    pub fn strays<'r>(&'r self, records: &'r [Record], tail: i64) -> impl Iterator<Item = Difference> + 'r {
        records.iter().filter_map(move |record| {
            if is_asynchronous(record) {
                return if record.position > tail { self.asynchronous(record) } else { None };
            }
            self.stray(record).map(|what| Difference::at(record.source, record, what))
        })
    }

    /// What is wrong with a record that is none of those that are written beside processing.
    fn stray(&self, record: &Record) -> Option<&'static str> {
        let source = self.log.at(record.source).filter(|source| source.position < record.position);
        match source {
            Some(source) if !has_processor(source.kind, source.intent) => Some("its source has no processor"),
            Some(_) if self.order.is_misplaced(record.position) => {
                Some("what processing writes of one record stands in one piece, behind that of earlier records")
            }
            Some(_) => None,
            None if record.source != NO_POSITION => Some("its source is no earlier record"),
            None if comes_from_outside(record, self.log.partition) => None,
            None => Some("only processing writes such a record, and it has no source"),
        }
    }
}

/// Whether clients write such a command, or the leader of the deployments' partition, which pushes them to the others.
///
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/broker/request/*.java (intents, and which have a key)
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/management/deployment/PushDeploymentRequestHandler.java
fn comes_from_outside(record: &Record, partition: u16) -> bool {
    use WorkflowInstanceCreationIntent as Creation;
    let no_key = record.key == NO_KEY;
    let fits = match record.intent {
        Intent::Deployment(intent) => {
            let is_pushed = partition_of(record.key) == i64::from(DEPLOYMENT_PARTITION);
            intent == DeploymentIntent::Create && if partition == DEPLOYMENT_PARTITION { no_key } else { is_pushed }
        }
        Intent::WorkflowInstanceCreation(intent) => {
            matches!(intent, Creation::Create | Creation::CreateWithAwaitingResult) && no_key
        }
        Intent::JobBatch(intent) => intent == JobBatchIntent::Activate && no_key,
        Intent::Message(intent) => intent == MessageIntent::Publish && no_key,
        Intent::VariableDocument(intent) => intent == VariableDocumentIntent::Update && no_key,
        Intent::WorkflowInstance(intent) => intent == WorkflowInstanceIntent::Cancel,
        Intent::Job(intent) => {
            matches!(intent, JobIntent::Complete | JobIntent::Fail | JobIntent::ThrowError | JobIntent::UpdateRetries)
        }
        Intent::Incident(intent) => intent == IncidentIntent::Resolve,
        _ => false,
    };
    record.kind == RecordType::Command && record.rejection.is_none() && fits
}
