//! The steps of an element's life: what each event of a workflow instance leads to.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/nwe/BpmnStreamProcessor.java (dispatch)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/nwe/WorkflowInstanceStateTransitionGuard.java (guard)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/nwe/{container,event,task,sequenceflow}/*.java (elements)

use super::{Effect, Engine, Exception, output::Answer};
use crate::bpmn::{Element, Kind, Process};
use crate::protocol::{
    ElementType, IncidentIntent, Job, JobIntent, NO_KEY, Value, WorkflowInstance, WorkflowInstanceIntent,
    WorkflowInstanceResult, WorkflowInstanceResultIntent,
};
use crate::state::JobState;
use WorkflowInstanceIntent::{
    ElementActivated, ElementActivating, ElementCompleted, ElementCompleting, ElementTerminated, ElementTerminating,
    EventOccurred, SequenceFlowTaken,
};
use std::sync::Arc;

impl Engine<'_> {
    pub(super) fn element_event(
        &mut self,
        key: i64,
        intent: WorkflowInstanceIntent,
        value: &Arc<WorkflowInstance>,
    ) -> Result<(), Exception> {
        let workflow_key = value.workflow_key;
        let Some(workflow) = self.state.workflow(workflow_key) else {
            return Err(Exception(format!(
                "Error while processing workflow. Workflow with {workflow_key} is not deployed"
            )));
        };
        let workflow = workflow.clone();
        let process = workflow.process.clone();
        if !self.is_valid_step(key, intent, value) {
            return Ok(());
        }
        let id = &value.element_id;
        if value.bpmn_element_type == ElementType::Process {
            return self.process_step(key, intent, value, &process);
        }
        let element = process.element(id).ok_or_else(|| {
            Exception(format!("Expected element with id '{id}' to be instance of class, but it is not there"))
        })?;
        match (&value.bpmn_element_type, intent) {
            (ElementType::SequenceFlow, SequenceFlowTaken) => self.flow_taken(value, element, &process),
            (_, ElementActivating) => self.activating(key, value, element),
            (_, ElementActivated) => self.activated(key, value, element),
            (_, ElementCompleting) => self.completing(key, value),
            (_, ElementCompleted) => self.completed(key, value, element, &process),
            (_, ElementTerminating) => self.terminating(key, value),
            (_, ElementTerminated) => self.terminated(key, value),
            (ElementType::StartEvent, EventOccurred) => self.start_event_occurred(value, &workflow),
            (_, EventOccurred) => {
                self.event_occurred(key, value);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Whether the step is still what the element is at, and its scope still active.
    fn is_valid_step(&self, key: i64, intent: WorkflowInstanceIntent, value: &WorkflowInstance) -> bool {
        let at = |state| self.state.instance(key).is_some_and(|instance| instance.state == state);
        let in_scope = || {
            value.bpmn_element_type == ElementType::Process
                || self.state.instance(value.flow_scope_key).is_some_and(|scope| scope.is_active())
        };
        match intent {
            ElementActivating | ElementActivated | ElementCompleting | ElementCompleted => at(intent) && in_scope(),
            ElementTerminating | ElementTerminated => at(intent),
            EventOccurred => value.bpmn_element_type == ElementType::StartEvent || at(ElementActivated),
            SequenceFlowTaken => in_scope(),
            WorkflowInstanceIntent::Cancel => false,
        }
    }

    fn process_step(
        &mut self,
        key: i64,
        intent: WorkflowInstanceIntent,
        value: &Arc<WorkflowInstance>,
        process: &Process,
    ) -> Result<(), Exception> {
        match intent {
            ElementActivating => self.transition(key, ElementActivated, value),
            ElementActivated => {
                if self.activate_triggered(key, process) {
                    return Ok(());
                }
                let start = process.none_start_event().ok_or_else(|| {
                    Exception("Expected to activate the none start event of the process but not found.".to_owned())
                })?;
                self.activate_child(key, value, start);
            }
            ElementCompleting => self.transition(key, ElementCompleted, value),
            ElementCompleted => {
                self.send_result(key, value);
                if process.has_message_start() {
                    self.correlate_next_message(value);
                }
                self.state.remove_instance(key)?;
            }
            ElementTerminating if self.terminate_children(key)? => {
                self.transition(key, ElementTerminated, value);
            }
            ElementTerminated => {
                self.resolve_element_incident(key);
                if process.has_message_start() {
                    self.correlate_next_message(value);
                }
                self.state.remove_instance(key)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn flow_taken(
        &mut self,
        value: &Arc<WorkflowInstance>,
        flow: &Element,
        process: &Process,
    ) -> Result<(), Exception> {
        if let Kind::SequenceFlow(flow) = &flow.kind {
            self.activate_in_scope(value, process.target(*flow));
        }
        Ok(())
    }

    fn activating(&mut self, key: i64, value: &Arc<WorkflowInstance>, element: &Element) -> Result<(), Exception> {
        self.subscribe_to_timer(key, value, element);
        self.transition(key, ElementActivated, value);
        Ok(())
    }

    fn activated(&mut self, key: i64, value: &Arc<WorkflowInstance>, element: &Element) -> Result<(), Exception> {
        match &element.kind {
            Kind::ServiceTask(task) => {
                let job = Job {
                    r#type: task.job_type.clone(),
                    retries: task.retries,
                    custom_headers: task.headers.clone(),
                    bpmn_process_id: value.bpmn_process_id.clone(),
                    workflow_definition_version: value.version,
                    workflow_key: value.workflow_key,
                    workflow_instance_key: value.workflow_instance_key,
                    element_id: element.id.clone(),
                    element_instance_key: key,
                    ..Job::default()
                };
                self.out.command(NO_KEY, JobIntent::Create, Value::Job(Arc::new(job)));
            }
            Kind::TimerCatchEvent(_) => {}
            _ => self.transition(key, ElementCompleting, value),
        }
        Ok(())
    }

    fn completing(&mut self, key: i64, value: &Arc<WorkflowInstance>) -> Result<(), Exception> {
        if value.bpmn_element_type != ElementType::EndEvent
            && let Some(document) = self.state.temporary_variables.get(&key).cloned()
        {
            self.propagate_variables(key, value.workflow_key, &document);
            self.state.temporary_variables.delete(&key);
        }
        self.unsubscribe_from_events(key);
        self.transition(key, ElementCompleted, value);
        Ok(())
    }

    fn completed(
        &mut self,
        key: i64,
        value: &Arc<WorkflowInstance>,
        element: &Element,
        process: &Process,
    ) -> Result<(), Exception> {
        let mut any = false;
        for flow in process.outgoing(element) {
            any = true;
            self.take_flow(value, flow);
        }
        if !any {
            self.child_completed(value.flow_scope_key)?;
        }
        self.state.consume_token(value.flow_scope_key)?;
        self.state.remove_instance(key)?;
        Ok(())
    }

    fn terminating(&mut self, key: i64, value: &Arc<WorkflowInstance>) -> Result<(), Exception> {
        if value.bpmn_element_type == ElementType::ServiceTask {
            let job_key = self.state.instance(key).map_or(0, |instance| instance.job_key);
            if job_key > 0 {
                self.end_job(job_key);
            }
        }
        self.unsubscribe_from_events(key);
        self.transition(key, ElementTerminated, value);
        Ok(())
    }

    fn end_job(&mut self, job_key: i64) {
        let job = self.state.job(job_key).filter(|job| job.state != JobState::ErrorThrown);
        if let Some(job) = job.map(|job| job.record.clone()) {
            self.out.command(job_key, JobIntent::Cancel, Value::Job(job));
        }
        // The incident is told to be resolved, but stays in the state.
        if let Some(key) = self.state.job_incident(job_key)
            && let Some(incident) = self.state.incident(key).cloned()
        {
            self.out.event(key, IncidentIntent::Resolved, Value::Incident(incident));
        }
    }

    fn terminated(&mut self, key: i64, value: &Arc<WorkflowInstance>) -> Result<(), Exception> {
        self.resolve_element_incident(key);
        self.child_terminated(value.flow_scope_key)?;
        self.state.consume_token(value.flow_scope_key)?;
        self.state.remove_instance(key)?;
        Ok(())
    }

    fn resolve_element_incident(&mut self, key: i64) {
        if let Some(incident_key) = self.state.element_incident(key)
            && let Some(incident) = self.state.incident(incident_key).cloned()
        {
            self.out.event(incident_key, IncidentIntent::Resolved, Value::Incident(incident));
        }
    }

    fn send_result(&mut self, key: i64, value: &WorkflowInstance) {
        let Some(request) = self.state.awaiting.get(&value.workflow_instance_key).copied() else { return };
        let result = WorkflowInstanceResult {
            bpmn_process_id: value.bpmn_process_id.clone(),
            version: value.version,
            workflow_key: value.workflow_key,
            workflow_instance_key: value.workflow_instance_key,
            variables: self.state.visible_variables(key, &[]),
        };
        self.out.effects.push(Effect::Answer(Answer {
            request,
            key: value.workflow_instance_key,
            intent: WorkflowInstanceResultIntent::Completed.into(),
            rejection: None,
            value: Value::WorkflowInstanceResult(Arc::new(result)),
        }));
    }
}
