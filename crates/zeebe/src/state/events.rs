//! What starts an instance or ends a wait: events that were triggered, and what they put off.
//!
//! Of the scopes that accept events only those of workflows with start events are kept: those of elements are there exactly
//! while the element is active, which is asked first.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/instance/EventScopeInstanceState.java (scopes, triggers)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/instance/ElementInstanceState.java (deferred records)

use super::State;
use crate::protocol::{Document, Text, WorkflowInstance};
use std::sync::Arc;

/// An event that was triggered and not yet handled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Trigger {
    /// The element that waited for it.
    pub element_id: Text,
    /// What it brings.
    pub variables: Document,
}

impl State {
    /// Whether a workflow's start events are accepted.
    #[must_use]
    pub fn accepts_start_events(&self, workflow_key: i64) -> bool {
        self.start_scopes.contains(&workflow_key)
    }

    /// Accepts a workflow's start events from now on.
    pub fn accept_start_events(&mut self, workflow_key: i64) {
        self.start_scopes.put(workflow_key, ());
    }

    /// Accepts no start events of a workflow any more; those that were triggered are gone.
    pub fn refuse_start_events(&mut self, workflow_key: i64) {
        self.start_scopes.delete(&workflow_key);
        self.forget_triggers(workflow_key);
    }

    /// Stores an event of a scope: of an element under way, or of a workflow.
    pub fn put_trigger(&mut self, scope: i64, event_key: i64, trigger: Trigger) {
        self.triggers.put((scope, event_key), trigger);
    }

    /// The first event of a scope.
    #[must_use]
    pub fn first_trigger(&self, scope: i64) -> Option<(i64, &Trigger)> {
        self.triggers.range((scope, i64::MIN)..=(scope, i64::MAX)).next().map(|((_, key), trigger)| (*key, trigger))
    }

    /// An event is handled.
    pub fn delete_trigger(&mut self, scope: i64, event_key: i64) {
        self.triggers.delete(&(scope, event_key));
    }

    /// Forgets the events of a scope.
    pub fn forget_triggers(&mut self, scope: i64) {
        while let Some((key, _)) = self.first_trigger(scope) {
            self.delete_trigger(scope, key);
        }
    }

    /// Puts an element off until its scope is active.
    pub fn defer(&mut self, scope: i64, key: i64, value: Arc<WorkflowInstance>) {
        self.deferred.put((scope, key), value);
    }

    /// The first element that waits for its scope.
    #[must_use]
    pub fn first_deferred(&self, scope: i64) -> Option<(i64, &Arc<WorkflowInstance>)> {
        self.deferred.range((scope, i64::MIN)..=(scope, i64::MAX)).next().map(|((_, key), value)| (*key, value))
    }

    pub(super) fn forget_deferred(&mut self, scope: i64) {
        while let Some((key, _)) = self.first_deferred(scope) {
            self.deferred.delete(&(scope, key));
        }
    }
}
