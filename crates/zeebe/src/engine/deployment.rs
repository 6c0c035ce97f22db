//! Deployments: made on partition 1, pushed to the others, accepted there once.
//!
//! The set of keys that `SeenDeployments` holds is upstream's only memory of having accepted a deployment. It is in no
//! transaction and in no snapshot; a new leader starts with an empty one.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/deployment/** (processors)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/deployment/WorkflowPersistenceCache.java (the set)

use super::{DEPLOYMENT_PARTITION, Effect, Engine, Exception, Output};
use crate::bpmn::{self, Definitions};
use crate::protocol::{DeployedWorkflow, Deployment, DeploymentIntent, Record, RecordType, RejectionType, Text, Value};
use crate::state::{IndexSize, Pending, Workflow};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The deployments that this leader has accepted since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SeenDeployments {
    keys: BTreeSet<i64>,
    /// Added since the transaction was opened: only the mended memory goes back with it.
    added: Vec<i64>,
    /// A leader remembers this in the same way.
    index: IndexSize,
}

impl SeenDeployments {
    /// Whether a deployment was accepted here.
    #[must_use]
    pub fn contains(&self, key: i64) -> bool {
        self.keys.contains(&key)
    }

    /// The memory of having accepted one deployment.
    #[must_use]
    pub fn with(key: i64) -> Self {
        SeenDeployments { keys: BTreeSet::from([key]), ..SeenDeployments::default() }
    }

    fn insert(&mut self, key: i64) {
        if self.keys.insert(key) {
            self.added.push(key);
        }
    }

    /// How far the leader's index of documents has grown.
    pub(super) const fn index_size(&mut self) -> &mut IndexSize {
        &mut self.index
    }

    /// The transaction is committed.
    pub fn commit(&mut self) {
        self.added.clear();
    }

    /// The transaction is rolled back; the memory is not, unless that is mended.
    pub fn rollback(&mut self, mended: bool) {
        for key in self.added.drain(..) {
            if mended {
                self.keys.remove(&key);
            }
        }
    }
}

impl Engine<'_> {
    pub(super) fn deployment(
        &mut self,
        record: &Record,
        kind: RecordType,
        intent: DeploymentIntent,
        value: &Arc<Deployment>,
    ) -> Result<(), Exception> {
        match (kind, intent) {
            (RecordType::Command, DeploymentIntent::Create) if self.partition == DEPLOYMENT_PARTITION => {
                self.make_deployment(record, value)
            }
            (RecordType::Command, DeploymentIntent::Create) => self.accept_deployment(record, value),
            (RecordType::Event, DeploymentIntent::Created) => self.deployment_created(record, value),
            (RecordType::Command, DeploymentIntent::Distribute) => {
                self.distribute(record, value);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// CREATE on partition 1: reads the resources and gives keys and versions.
    fn make_deployment(&mut self, record: &Record, value: &Arc<Deployment>) -> Result<(), Exception> {
        let mut made = Deployment { resources: value.resources.clone(), deployed_workflows: Vec::new() };
        if let Err(reason) = self.transform(&mut made) {
            let made = Record { value: Value::Deployment(Arc::new(made)), ..record.clone() };
            self.out.reject(&made, RejectionType::InvalidArgument, reason);
            return Ok(());
        }
        let key = self.state.next_key(self.partition);
        let made = Arc::new(made);
        self.put_deployment(key, &made)?;
        for deployed in &made.deployed_workflows {
            if let Some(workflow) = self.state.workflow(deployed.workflow_key).cloned() {
                self.move_start_timers(&workflow);
            }
        }
        self.out.accept(record, key, DeploymentIntent::Created, Value::Deployment(made));
        Ok(())
    }

    /// Fills in the workflows of all executable processes; the reason of the rejection, if there is one.
    fn transform(&mut self, deployment: &mut Deployment) -> Result<(), String> {
        if deployment.resources.is_empty() {
            return Err("Expected to deploy at least one resource, but none given".to_owned());
        }
        let mut errors = String::new();
        let mut origins: Vec<(Text, Text)> = Vec::new();
        for resource in &deployment.resources {
            let name = &resource.resource_name;
            let read = bpmn::decode(&resource.resource)
                .and_then(|bytes| Ok((Definitions::read(&bytes)?.processes, bpmn::digest(&bytes))));
            let (definitions, digest) = match read {
                Ok(read) => read,
                Err(error) => {
                    errors.push_str(&format!("\n'{name}': {error}"));
                    continue;
                }
            };
            let twice = definitions.iter().find_map(|process| {
                let origin = origins.iter().find(|(id, _)| *id == process.id).map(|(_, origin)| origin.clone());
                origins.push((process.id.clone(), name.clone()));
                origin
            });
            if let Some(origin) = twice {
                errors.push_str(&format!("\nDuplicated process id in resources '{origin}' and '{name}'"));
                continue;
            }
            for process in definitions.iter().filter(|process| process.executable) {
                let deployed = self.identify(process, name, digest);
                deployment.deployed_workflows.push(deployed);
            }
        }
        if errors.is_empty() {
            return Ok(());
        }
        Err(format!("Expected to deploy new resources, but encountered the following errors:{errors}"))
    }

    /// Key and version of a process: those of the last version if it is the same file under the same name.
    fn identify(&mut self, process: &bpmn::Process, name: &Text, digest: [u8; 16]) -> DeployedWorkflow {
        let same = self.state.digests.get(&process.id) == Some(&digest);
        let latest = self.state.latest_workflow(&process.id).filter(|last| same && last.resource_name == *name);
        let (workflow_key, version) = match latest {
            Some(last) => (last.key, last.version),
            None => {
                let key = self.state.next_key(self.partition);
                let version = self.state.next_workflow_version(&process.id);
                self.state.digests.put(process.id.clone(), digest);
                (key, version)
            }
        };
        let (bpmn_process_id, resource_name) = (process.id.clone(), name.clone());
        DeployedWorkflow { version, bpmn_process_id, workflow_key, resource_name }
    }

    /// CREATE on another partition: accepted if this leader has not seen the key; confirmed in either case.
    fn accept_deployment(&mut self, record: &Record, value: &Arc<Deployment>) -> Result<(), Exception> {
        let accepted = self.put_deployment(record.key, value)?;
        tell_create(self.out, record, accepted);
        self.out.effects.push(Effect::ConfirmDeployment { key: record.key });
        Ok(())
    }

    /// Stores a deployment's workflows unless this leader has seen it; whether it had not.
    pub(crate) fn put_deployment(&mut self, key: i64, deployment: &Deployment) -> Result<bool, Exception> {
        if !self.toggles.fix_5760 && self.seen.contains(key) {
            return Ok(false);
        }
        for deployed in &deployment.deployed_workflows {
            let same = |resource: &&crate::protocol::Resource| resource.resource_name == deployed.resource_name;
            for resource in deployment.resources.iter().filter(same) {
                let known = self.state.workflow(deployed.workflow_key).map(|workflow| workflow.process.clone());
                let process = match known {
                    Some(process) => process,
                    None => {
                        let read = bpmn::decode(&resource.resource).and_then(|bytes| Definitions::read(&bytes));
                        let processes = read.map_err(|error| error.to_string())?.processes;
                        let wanted = processes.into_iter().find(|process| process.id == deployed.bpmn_process_id);
                        Arc::new(wanted.ok_or_else(|| Exception("No value present".to_owned()))?)
                    }
                };
                self.state.put_workflow(Workflow {
                    key: deployed.workflow_key,
                    process_id: deployed.bpmn_process_id.clone(),
                    version: deployed.version,
                    resource_name: deployed.resource_name.clone(),
                    process,
                });
            }
        }
        self.seen.insert(key);
        Ok(true)
    }

    /// CREATED: on partition 1 the distribution follows. The messages go to the latest version.
    fn deployment_created(&mut self, record: &Record, value: &Deployment) -> Result<(), Exception> {
        if self.partition == DEPLOYMENT_PARTITION {
            self.out.command(record.key, DeploymentIntent::Distribute, record.value.clone());
        }
        for deployed in &value.deployed_workflows {
            // Upstream asks for the latest version here and stumbles over none.
            let Some(latest) = self.state.latest_workflow(&deployed.bpmn_process_id) else {
                return Err(Exception("java.lang.NullPointerException".to_owned()));
            };
            if latest.version == deployed.version
                && let Some(workflow) = self.state.workflow(deployed.workflow_key).cloned()
            {
                self.move_start_subscriptions(&workflow);
            }
        }
        Ok(())
    }

    /// DISTRIBUTE: the deployment is under way from here on, and the push goes out at once.
    fn distribute(&mut self, record: &Record, value: &Arc<Deployment>) {
        let (key, position) = (record.key, record.position);
        if self.toggles.fix_5758 {
            if self.toggles.fix_pending_replay {
                let pending = Pending { count: 0, source_position: position, deployment: value.clone() };
                self.state.put_pending(key, pending);
            }
            self.out.effects.push(Effect::DistributeAfterCommit { key, position });
        } else {
            let pending = Pending { count: 0, source_position: position, deployment: value.clone() };
            self.state.put_pending(key, pending);
            self.out.effects.push(Effect::Distribute { key, position });
        }
    }
}

/// What a partition writes of a CREATE that was pushed to it.
pub(crate) fn tell_create(out: &mut Output, record: &Record, accepted: bool) {
    if accepted {
        return out.event(record.key, DeploymentIntent::Created, record.value.clone());
    }
    let key = record.key;
    let reason = format!(
        "Expected to create a new deployment with key '{key}', but there is already an existing deployment with that key"
    );
    out.reject(record, RejectionType::AlreadyExists, reason);
}
