//! Elements under way: the process, and inside it the element that a token stands in.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/instance/ElementInstanceState.java (tables)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/instance/ElementInstance.java (tokens, children)

use super::State;
use crate::protocol::{WorkflowInstance, WorkflowInstanceIntent};
use std::sync::Arc;

/// An element under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ElementInstance {
    /// The element that contains it, or -1.
    pub parent_key: i64,
    /// The step of its life that was written last.
    pub state: WorkflowInstanceIntent,
    /// What its records say.
    pub value: Arc<WorkflowInstance>,
    /// Elements that it contains.
    pub child_count: i32,
    /// Tokens inside it.
    pub active_tokens: i32,
    /// Its job; 0 before there is one, -1 after it is done.
    pub job_key: i64,
}

impl ElementInstance {
    /// Whether it can still be terminated.
    #[must_use]
    pub const fn can_terminate(&self) -> bool {
        use WorkflowInstanceIntent::{ElementActivated, ElementActivating, ElementCompleting};
        matches!(self.state, ElementActivating | ElementActivated | ElementCompleting)
    }

    /// Whether it is active.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.state, WorkflowInstanceIntent::ElementActivated)
    }

    /// Whether it is at its end.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self.state, WorkflowInstanceIntent::ElementCompleted | WorkflowInstanceIntent::ElementTerminated)
    }
}

impl State {
    /// An element under way.
    #[must_use]
    pub fn instance(&self, key: i64) -> Option<&ElementInstance> {
        self.instances.get(&key)
    }

    /// Adds an element that is activating, inside its scope if it has one.
    pub fn new_instance(&mut self, key: i64, value: Arc<WorkflowInstance>) {
        let scope = value.flow_scope_key;
        let parent_key = match self.instances.get(&scope).filter(|_| scope >= 0) {
            Some(parent) => {
                let mut parent = parent.clone();
                parent.child_count += 1;
                self.instances.put(scope, parent);
                scope
            }
            None => -1,
        };
        let state = WorkflowInstanceIntent::ElementActivating;
        let instance = ElementInstance { parent_key, state, value, child_count: 0, active_tokens: 0, job_key: 0 };
        self.instances.put(key, instance);
        self.children.put((parent_key, key), ());
    }

    /// Changes an element under way; nothing if it is not there.
    pub fn update_instance(&mut self, key: i64, change: impl FnOnce(&mut ElementInstance)) {
        if let Some(instance) = self.instances.get(&key) {
            let mut instance = instance.clone();
            change(&mut instance);
            self.instances.put(key, instance);
        }
    }

    /// Takes a token out of a scope; nothing if it is not there.
    ///
    /// # Errors
    /// There was no token: upstream's text.
    pub fn consume_token(&mut self, scope: i64) -> Result<(), String> {
        let Some(instance) = self.instances.get(&scope) else { return Ok(()) };
        let mut instance = instance.clone();
        instance.active_tokens -= 1;
        if instance.active_tokens < 0 {
            let tokens = instance.active_tokens;
            return Err(format!("Expected the active token count to be positive but was {tokens}"));
        }
        self.instances.put(scope, instance);
        Ok(())
    }

    /// Puts a token into a scope; nothing if it is not there.
    pub fn spawn_token(&mut self, scope: i64) {
        self.update_instance(scope, |instance| instance.active_tokens += 1);
    }

    /// Keys of the elements that an element contains, in their order.
    pub fn children_of(&self, key: i64) -> impl Iterator<Item = i64> + '_ {
        self.children.range((key, i64::MIN)..=(key, i64::MAX)).map(|((_, child), ())| *child)
    }

    /// Removes an element with its variables; nothing if it is not there.
    ///
    /// # Errors
    /// Its scope is not there, or has no such child: upstream's text.
    pub fn remove_instance(&mut self, key: i64) -> Result<(), String> {
        let Some(instance) = self.instances.get(&key) else { return Ok(()) };
        let parent_key = instance.parent_key;
        self.children.delete(&(parent_key, key));
        self.instances.delete(&key);
        self.forget_deferred(key);
        self.remove_variables(key);
        self.awaiting.delete(&key);
        if parent_key > 0 {
            let Some(parent) = self.instances.get(&parent_key) else {
                return Err(format!(
                    "Expected to find parent instance for element instance with key {parent_key}, but none was found."
                ));
            };
            let mut parent = parent.clone();
            parent.child_count -= 1;
            if parent.child_count < 0 {
                let count = parent.child_count;
                return Err(format!("Expected the child count to be positive but was {count}"));
            }
            self.instances.put(parent_key, parent);
        }
        Ok(())
    }
}
