//! Moves of tokens: from step to step, into a scope, along a flow, and out again.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/nwe/behavior/BpmnStateTransitionBehavior.java
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/nwe/container/ProcessProcessor.java (children)

use super::{Engine, Exception};
use crate::bpmn::Element;
use crate::protocol::{Value, WorkflowInstance, WorkflowInstanceIntent};
use WorkflowInstanceIntent::{
    ElementActivating, ElementCompleted, ElementCompleting, ElementTerminated, ElementTerminating, SequenceFlowTaken,
};
use std::sync::Arc;

impl Engine<'_> {
    /// The next step of an element.
    pub(super) fn transition(&mut self, key: i64, next: WorkflowInstanceIntent, value: &Arc<WorkflowInstance>) {
        self.out.event(key, next, Value::WorkflowInstance(value.clone()));
        self.state.update_instance(key, |instance| instance.state = next);
    }

    /// A token enters a scope at an element.
    pub(super) fn activate_child(&mut self, scope: i64, value: &WorkflowInstance, element: &Element) {
        let value = at(value, element, scope);
        let key = self.state.next_key(self.partition);
        self.out.event(key, ElementActivating, Value::WorkflowInstance(value.clone()));
        self.state.spawn_token(scope);
        self.state.new_instance(key, value);
    }

    /// A token reaches an element.
    pub(super) fn activate_in_scope(&mut self, value: &WorkflowInstance, element: &Element) {
        let value = at(value, element, value.flow_scope_key);
        let key = self.state.next_key(self.partition);
        self.out.event(key, ElementActivating, Value::WorkflowInstance(value.clone()));
        self.state.new_instance(key, value);
    }

    /// A token leaves an element along a flow.
    pub(super) fn take_flow(&mut self, value: &WorkflowInstance, flow: &Element) {
        let value = at(value, flow, value.flow_scope_key);
        let scope = value.flow_scope_key;
        let key = self.state.next_key(self.partition);
        self.out.event(key, SequenceFlowTaken, Value::WorkflowInstance(value));
        self.state.spawn_token(scope);
    }

    /// The last token of a scope is at its end.
    pub(super) fn child_completed(&mut self, scope: i64) -> Result<(), Exception> {
        if self.has_last_token(scope)? {
            self.end_scope(scope, ElementCompleting);
        }
        Ok(())
    }

    /// An element of a scope is terminated.
    pub(super) fn child_terminated(&mut self, scope: i64) -> Result<(), Exception> {
        let terminating = self.state.instance(scope).is_some_and(|scope| scope.state == ElementTerminating);
        if terminating && self.has_last_token(scope)? {
            self.end_scope(scope, ElementTerminated);
        }
        Ok(())
    }

    /// Terminates what a scope contains; whether nothing is left in it.
    pub(super) fn terminate_children(&mut self, scope: i64) -> Result<bool, Exception> {
        let children: Vec<i64> = self.state.children_of(scope).collect();
        for child in children {
            let Some(instance) = self.state.instance(child) else { continue };
            if instance.can_terminate() {
                let value = instance.value.clone();
                self.transition(child, ElementTerminating, &value);
            } else if instance.state == ElementCompleted {
                self.state.remove_instance(child)?;
            }
        }
        let Some(instance) = self.state.instance(scope) else { return Ok(true) };
        let (tokens, children) = (instance.active_tokens, instance.child_count);
        if children > 0 && tokens > children {
            self.state.update_instance(scope, |instance| instance.active_tokens = children);
        }
        Ok(children == 0)
    }

    fn has_last_token(&self, scope: i64) -> Result<bool, Exception> {
        match self.state.instance(scope).map(|scope| scope.active_tokens) {
            Some(tokens) if tokens < 0 => Err(Exception(format!(
                "Expected number of active paths to be positive but got {tokens} for instance {scope}"
            ))),
            tokens => Ok(tokens == Some(1)),
        }
    }

    fn end_scope(&mut self, scope: i64, next: WorkflowInstanceIntent) {
        if let Some(value) = self.state.instance(scope).map(|instance| instance.value.clone()) {
            self.transition(scope, next, &value);
        }
    }
}

fn at(value: &WorkflowInstance, element: &Element, scope: i64) -> Arc<WorkflowInstance> {
    Arc::new(WorkflowInstance {
        element_id: element.id.clone(),
        bpmn_element_type: element.element_type(),
        flow_scope_key: scope,
        ..value.clone()
    })
}
