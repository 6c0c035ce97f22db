//! CANCEL of an instance.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/instance/CancelWorkflowInstanceHandler.java

use super::Engine;
use crate::protocol::{Record, RejectionType, Value, WorkflowInstanceIntent};

impl Engine<'_> {
    /// Starts the end of a root instance. Upstream writes the event through the output that changes the state with it.
    pub(super) fn cancel_instance(&mut self, record: &Record) {
        let key = record.key;
        let found = self.state.instance(key).filter(|instance| instance.can_terminate() && instance.parent_key <= 0);
        let Some(value) = found.map(|instance| instance.value.clone()) else {
            let reason =
                format!("Expected to cancel a workflow instance with key '{key}', but no such workflow was found");
            return self.out.reject(record, RejectionType::NotFound, reason);
        };
        let terminating = WorkflowInstanceIntent::ElementTerminating;
        self.state.update_instance(key, |instance| instance.state = terminating);
        self.out.accept(record, key, terminating, Value::WorkflowInstance(value));
    }
}
