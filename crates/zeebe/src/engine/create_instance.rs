//! CREATE of an instance, with or without waiting for its end.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/instance/CreateWorkflowInstance*.java

use super::Engine;
use crate::protocol::{
    ElementType, Record, RejectionType, Value, WorkflowInstance, WorkflowInstanceCreation,
    WorkflowInstanceCreationIntent, WorkflowInstanceIntent,
};
use crate::state::Workflow;
use std::sync::Arc;

impl Engine<'_> {
    pub(super) fn create_instance(
        &mut self,
        record: &Record,
        intent: WorkflowInstanceCreationIntent,
        value: &WorkflowInstanceCreation,
    ) {
        let workflow = match self.wanted_workflow(value) {
            Ok(workflow) => workflow,
            Err((kind, reason)) => return self.out.reject(record, kind, reason),
        };
        if workflow.process.none_start_event().is_none() {
            let reason = "Expected to create instance of workflow with none start event, but there is no such event";
            return self.out.reject(record, RejectionType::InvalidState, reason.to_owned());
        }
        let instance_key = self.state.next_key(self.partition);
        self.set_local_variables(instance_key, workflow.key, &value.variables);
        let instance = Arc::new(WorkflowInstance {
            bpmn_process_id: workflow.process_id.clone(),
            version: workflow.version,
            workflow_key: workflow.key,
            workflow_instance_key: instance_key,
            element_id: workflow.process.id.clone(),
            flow_scope_key: -1,
            bpmn_element_type: ElementType::Process,
            parent_workflow_instance_key: -1,
            parent_element_instance_key: -1,
        });
        self.state.new_instance(instance_key, instance.clone());
        let activating = WorkflowInstanceIntent::ElementActivating;
        self.out.event(instance_key, activating, Value::WorkflowInstance(instance));
        let created = Value::WorkflowInstanceCreation(Arc::new(WorkflowInstanceCreation {
            bpmn_process_id: workflow.process_id.clone(),
            version: workflow.version,
            workflow_key: workflow.key,
            workflow_instance_key: instance_key,
            variables: value.variables.clone(),
        }));
        let key = if record.key < 0 { self.state.next_key(self.partition) } else { record.key };
        let intent_created = WorkflowInstanceCreationIntent::Created;
        if intent == WorkflowInstanceCreationIntent::CreateWithAwaitingResult {
            if let Some(request) = record.request {
                self.state.awaiting.put(instance_key, request);
            }
            self.out.event(key, intent_created, created);
        } else {
            self.out.accept(record, key, intent_created, created);
        }
    }

    fn wanted_workflow(&self, value: &WorkflowInstanceCreation) -> Result<Arc<Workflow>, (RejectionType, String)> {
        let (id, version, key) = (&value.bpmn_process_id, value.version, value.workflow_key);
        let (found, missing) = if id.is_empty() {
            if key < 0 {
                let reason = "Expected at least a bpmnProcessId or a key greater than -1, but none given";
                return Err((RejectionType::InvalidArgument, reason.to_owned()));
            }
            (self.state.workflow(key), format!("key '{key}'"))
        } else if version >= 0 {
            (self.state.workflow_version(id, version), format!("process ID '{id}' and version '{version}'"))
        } else {
            (self.state.latest_workflow(id), format!("process ID '{id}'"))
        };
        found.cloned().ok_or_else(|| {
            let reason = format!("Expected to find workflow definition with {missing}, but none found");
            (RejectionType::NotFound, reason)
        })
    }
}
