//! Workflows, and the deployments that not all partitions have confirmed.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/deployment/WorkflowPersistenceCache.java (tables)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/deployment/DeploymentsState.java (pending)

use super::State;
use crate::bpmn::Process;
use crate::protocol::{Deployment, Text};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A workflow that instances can be made of.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// Its key.
    pub key: i64,
    /// Its process.
    pub process_id: Text,
    /// Its version of the process.
    pub version: i32,
    /// The file that it came in.
    pub resource_name: Text,
    /// Its elements, as read from the file.
    pub process: Arc<Process>,
}

/// The process follows from the rest.
impl PartialEq for Workflow {
    fn eq(&self, other: &Self) -> bool {
        (self.key, &self.process_id, self.version, &self.resource_name)
            == (other.key, &other.process_id, other.version, &other.resource_name)
    }
}

impl Hash for Workflow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.key, &self.process_id, self.version, &self.resource_name).hash(state);
    }
}

/// A deployment under way to the other partitions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pending {
    /// Confirmations that are still to come, counted by confirmation and not by partition.
    pub count: i64,
    /// Where DISTRIBUTE stands on the log.
    pub source_position: i64,
    /// What is distributed.
    pub deployment: Arc<Deployment>,
}

impl State {
    /// A workflow by its key.
    #[must_use]
    pub fn workflow(&self, key: i64) -> Option<&Arc<Workflow>> {
        self.workflows.get(&key)
    }

    /// All workflows, by key.
    pub fn all_workflows(&self) -> impl Iterator<Item = &Arc<Workflow>> {
        self.workflows.iter().map(|(_, workflow)| workflow)
    }

    /// A certain version of a process.
    #[must_use]
    pub fn workflow_version(&self, process_id: &Text, version: i32) -> Option<&Arc<Workflow>> {
        self.workflows_by_version.get(&(process_id.clone(), version))
    }

    /// The highest version of a process.
    #[must_use]
    pub fn latest_workflow(&self, process_id: &Text) -> Option<&Arc<Workflow>> {
        self.workflow_version(process_id, *self.latest_version.get(process_id)?)
    }

    /// Stores a workflow; the latest version of its process only rises.
    pub fn put_workflow(&mut self, workflow: Workflow) {
        let workflow = Arc::new(workflow);
        let (id, version) = (workflow.process_id.clone(), workflow.version);
        self.workflows.put(workflow.key, workflow.clone());
        self.workflows_by_version.put((id.clone(), version), workflow);
        if version > self.latest_version.get(&id).copied().unwrap_or(-1) {
            self.latest_version.put(id, version);
        }
    }

    /// The next version number of a process.
    pub fn next_workflow_version(&mut self, process_id: &Text) -> i32 {
        let version = self.next_version.get(process_id).copied().unwrap_or(0) + 1;
        self.next_version.put(process_id.clone(), version);
        version
    }

    /// A deployment under way.
    #[must_use]
    pub fn pending(&self, key: i64) -> Option<&Pending> {
        self.pending.get(&key)
    }

    /// All deployments under way, by key.
    pub fn all_pending(&self) -> impl Iterator<Item = (i64, &Pending)> {
        self.pending.iter().map(|(key, pending)| (*key, pending))
    }

    /// Stores a deployment under way, over what is there.
    pub fn put_pending(&mut self, key: i64, pending: Pending) {
        self.pending.put(key, pending);
    }

    /// Forgets a deployment under way; what was known of it.
    pub fn remove_pending(&mut self, key: i64) -> Option<Pending> {
        let pending = self.pending.get(&key).cloned();
        self.pending.delete(&key);
        pending
    }
}
