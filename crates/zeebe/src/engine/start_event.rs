//! Instances that the clock or a message starts.
//!
//! Upstream keeps one record for all events of this kind and does not clear it in between: process id, version and scope in
//! such an event can be those of an earlier one. Here they are as in a leader's first.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/EventHandle.java (triggerStartEvent)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/nwe/behavior/BpmnEventSubscriptionBehavior.java (triggerStartEvent, publishTriggeredStartEvent)

use super::{Engine, Exception};
use crate::bpmn::Process;
use crate::protocol::{Document, ElementType, Text, Value, WorkflowInstance, WorkflowInstanceIntent};
use crate::state::{Trigger, Workflow};
use std::sync::Arc;

impl Engine<'_> {
    /// Triggers a start event; the instance's key, unless the workflow does not accept events. A key is drawn in any case.
    pub(super) fn trigger_start_event(
        &mut self,
        workflow_key: i64,
        element_id: &Text,
        variables: &Document,
    ) -> Option<i64> {
        let event_key = self.state.next_key(self.partition);
        if !self.state.accepts_start_events(workflow_key) {
            return None;
        }
        let trigger = Trigger { element_id: element_id.clone(), variables: variables.clone() };
        self.state.put_trigger(workflow_key, event_key, trigger);
        let instance_key = self.state.next_key(self.partition);
        let occurred = WorkflowInstance {
            bpmn_element_type: ElementType::StartEvent,
            workflow_key,
            workflow_instance_key: instance_key,
            element_id: element_id.clone(),
            ..WorkflowInstance::default()
        };
        let key = self.state.next_key(self.partition);
        self.out.event(key, WorkflowInstanceIntent::EventOccurred, Value::WorkflowInstance(Arc::new(occurred)));
        Some(instance_key)
    }

    /// EVENT_OCCURRED of a start event: the instance begins; the start event itself waits until the process is active.
    pub(super) fn start_event_occurred(
        &mut self,
        value: &WorkflowInstance,
        workflow: &Workflow,
    ) -> Result<(), Exception> {
        let (workflow_key, instance_key) = (workflow.key, value.workflow_instance_key);
        let Some((event_key, trigger)) = self.state.first_trigger(workflow_key).map(|(key, t)| (key, t.clone())) else {
            return Err(Exception(format!(
                "Expected to create an instance of workflow with key '{workflow_key}', but no triggered event could be \
                 found"
            )));
        };
        let instance = Arc::new(WorkflowInstance {
            bpmn_process_id: workflow.process_id.clone(),
            version: workflow.version,
            workflow_key,
            workflow_instance_key: instance_key,
            element_id: workflow.process.id.clone(),
            bpmn_element_type: ElementType::Process,
            ..WorkflowInstance::default()
        });
        self.state.new_instance(instance_key, instance.clone());
        let start = WorkflowInstance {
            element_id: trigger.element_id,
            bpmn_element_type: ElementType::StartEvent,
            flow_scope_key: instance_key,
            ..(*instance).clone()
        };
        self.out.event(instance_key, WorkflowInstanceIntent::ElementActivating, Value::WorkflowInstance(instance));
        let start_key = self.state.next_key(self.partition);
        self.state.defer(instance_key, start_key, Arc::new(start));
        self.state.temporary_variables.put(start_key, trigger.variables);
        self.state.delete_trigger(workflow_key, event_key);
        Ok(())
    }

    /// Activates the start event that was triggered; whether there was one.
    pub(super) fn activate_triggered(&mut self, scope: i64, process: &Process) -> bool {
        if !process.has_event_start() {
            return false;
        }
        let Some((key, start)) = self.state.first_deferred(scope).map(|(key, value)| (key, value.clone())) else {
            return false;
        };
        self.out.event(key, WorkflowInstanceIntent::ElementActivating, Value::WorkflowInstance(start.clone()));
        self.state.new_instance(key, start);
        self.state.spawn_token(scope);
        true
    }
}
