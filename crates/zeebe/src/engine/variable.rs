//! Variables: set by a client, at creation, at completion; each change is told by an event of its own.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/variable/UpdateVariableDocumentProcessor.java

use super::Engine;
use crate::protocol::{
    Document, Record, RejectionType, Value, Variable, VariableDocument, VariableDocumentIntent, VariableIntent,
    WorkflowInstanceIntent,
};
use crate::settings::{DocumentOrder, recorded};
use crate::state::{DocumentIndex, VariableWrite};
use std::sync::Arc;

impl Engine<'_> {
    pub(super) fn update_variables(&mut self, record: &Record, value: &VariableDocument) {
        let scope_key = value.scope_key;
        let ended = |state| state == WorkflowInstanceIntent::ElementTerminating;
        let scope = self.state.instance(scope_key).filter(|scope| !ended(scope.state) && !scope.is_final());
        let Some(workflow_key) = scope.map(|scope| scope.value.workflow_key) else {
            let reason = format!(
                "Expected to update variables for element with key '{scope_key}', but no such element was found"
            );
            return self.out.reject(record, RejectionType::NotFound, reason);
        };
        if &*value.update_semantics == "LOCAL" {
            self.set_local_variables(scope_key, workflow_key, &value.variables);
        } else {
            self.propagate_variables(scope_key, workflow_key, &value.variables);
        }
        let key = if record.key < 0 { self.state.next_key(self.partition) } else { record.key };
        self.out.accept(record, key, VariableDocumentIntent::Updated, record.value.clone());
    }

    pub(super) fn set_local_variables(&mut self, scope: i64, workflow_key: i64, document: &Document) {
        let mut writes = Vec::new();
        match &self.toggles.document_order {
            DocumentOrder::Index => {
                self.state.set_variables_local(self.partition, scope, document.members(), &mut writes);
            }
            DocumentOrder::Recorded(names) => {
                let members = recorded(document, names);
                self.state.set_variables_local(self.partition, scope, &members, &mut writes);
            }
        }
        self.tell_variables(workflow_key, writes);
    }

    /// Sets variables from a scope upward, in the order in which upstream's index of the document yields them.
    pub(super) fn propagate_variables(&mut self, scope: i64, workflow_key: i64, document: &Document) {
        if document.is_empty() {
            return;
        }
        let index = match &self.toggles.document_order {
            DocumentOrder::Index => DocumentIndex::of(document, self.seen.index_size()),
            DocumentOrder::Recorded(names) => DocumentIndex::listed(recorded(document, names)),
        };
        let mut writes = Vec::new();
        self.state.set_variables(self.partition, scope, index, &mut writes);
        self.tell_variables(workflow_key, writes);
    }

    fn tell_variables(&mut self, workflow_key: i64, writes: Vec<VariableWrite>) {
        for write in writes {
            let intent = if write.created { VariableIntent::Created } else { VariableIntent::Updated };
            let workflow_instance_key = self.state.root_scope(write.scope);
            let (name, value, scope_key) = (write.name, write.value, write.scope);
            let variable = Variable { name, value, scope_key, workflow_instance_key, workflow_key };
            self.out.event(write.key, intent, Value::Variable(Arc::new(variable)));
        }
    }
}
