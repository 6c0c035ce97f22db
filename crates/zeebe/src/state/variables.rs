//! Variables by scope.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/instance/VariablesState.java (scopes, propagation)

use super::{DocumentIndex, State};
use crate::protocol::{Document, Text};
use std::cmp::Ordering;

/// A variable's name as part of a key: upstream writes the length before the characters, so short names come first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VariableName(pub Text);

impl Ord for VariableName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for VariableName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A variable's key and value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VariableRow {
    /// Drawn when it was created.
    pub key: i64,
    /// JSON text.
    pub value: Text,
}

/// A change that is worth a VARIABLE event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableWrite {
    /// The variable.
    pub key: i64,
    /// Whether it is new.
    pub created: bool,
    /// Where it lives.
    pub scope: i64,
    /// Its name.
    pub name: Text,
    /// JSON text.
    pub value: Text,
}

impl State {
    /// Sets one variable of a scope. Equal values write nothing.
    pub fn set_variable(&mut self, partition: u16, scope: i64, name: &Text, value: &Text) -> Option<VariableWrite> {
        let at = (scope, VariableName(name.clone()));
        let (key, created) = match self.variables.get(&at) {
            Some(row) if crate::protocol::same_json(&row.value, value) => return None,
            Some(row) => (row.key, false),
            None => (self.next_key(partition), true),
        };
        self.variables.put(at, VariableRow { key, value: value.clone() });
        Some(VariableWrite { key, created, scope, name: name.clone(), value: value.clone() })
    }

    /// Sets variables of one scope, in the order of the document.
    pub fn set_variables_local(
        &mut self,
        partition: u16,
        scope: i64,
        members: &[(Text, Text)],
        writes: &mut Vec<VariableWrite>,
    ) {
        for (name, value) in members {
            writes.extend(self.set_variable(partition, scope, name, value));
        }
    }

    /// Sets variables from a scope upward: where a name is found below the top it is set there, the rest at the top.
    pub fn set_variables(
        &mut self,
        partition: u16,
        scope: i64,
        mut index: DocumentIndex,
        writes: &mut Vec<VariableWrite>,
    ) {
        let mut scope = scope;
        while let Some(parent) = self.instances.get(&scope).map(|instance| instance.parent_key).filter(|key| *key > 0) {
            for slot in index.walk() {
                let Some((name, value)) = index.member(slot) else { continue };
                if self.variables.contains(&(scope, VariableName(name.clone()))) {
                    writes.extend(self.set_variable(partition, scope, name, value));
                    index.remove(slot);
                }
            }
            scope = parent;
        }
        for (name, value) in index.walk().into_iter().filter_map(|slot| index.member(slot)) {
            writes.extend(self.set_variable(partition, scope, name, value));
        }
    }

    /// The variables that an element sees: its own, then those of the scopes above that it does not hide.
    #[must_use]
    pub fn visible_variables(&self, scope: i64, only: &[Text]) -> Document {
        let mut members: Vec<(Text, Text)> = Vec::new();
        let mut scope = scope;
        loop {
            for ((_, name), row) in self.variables_of(scope) {
                let wanted = only.is_empty() || only.contains(&name.0);
                if wanted && !members.iter().any(|(seen, _)| *seen == name.0) {
                    members.push((name.0.clone(), row.value.clone()));
                }
            }
            match self.instances.get(&scope) {
                Some(instance) if instance.parent_key >= 0 => scope = instance.parent_key,
                _ => return Document::new(members),
            }
        }
    }

    /// The top of the scopes that a scope lies in.
    #[must_use]
    pub fn root_scope(&self, scope: i64) -> i64 {
        let mut scope = scope;
        while let Some(parent) = self.instances.get(&scope).map(|instance| instance.parent_key).filter(|key| *key >= 0)
        {
            scope = parent;
        }
        scope
    }

    /// Removes the variables of a scope.
    pub(super) fn remove_variables(&mut self, scope: i64) {
        let keys: Vec<(i64, VariableName)> = self.variables_of(scope).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.variables.delete(&key);
        }
    }

    fn variables_of(&self, scope: i64) -> impl Iterator<Item = (&(i64, VariableName), &VariableRow)> {
        let first = (scope, VariableName(Text::default()));
        self.variables.range(first..).take_while(move |((of, _), _)| *of == scope)
    }
}
