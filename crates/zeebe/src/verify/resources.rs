//! Whether the model reaches as far as the deployments of a log.
//!
//! A replay of what the model does not have would end in a difference that says nothing about the log. So all resources are
//! read beforehand. What upstream rejects is no obstacle: the log has the rejection.

use super::PartitionLog;
use crate::bpmn::{self, BpmnError, Definitions};
use crate::protocol::{Resource, Text, Value};
use std::collections::BTreeSet;

/// The resource type that the model reads.
const BPMN: &str = "BPMN_XML";

/// A deployment that the model cannot follow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("resource `{resource}`, {problem}")]
pub struct Beyond {
    /// The record that carries it. In a whole log, this is the line as well.
    pub position: i64,
    /// The resource.
    pub resource: Text,
    /// What is beyond the model, with its place in the resource.
    pub problem: BpmnError,
}

/// Reads the resources of all deployments of a log.
///
/// # Errors
/// At the first that uses what the model does not have, or that is no Base64.
pub fn check_resources(log: PartitionLog<'_>) -> Result<(), Beyond> {
    let mut known = BTreeSet::new();
    for record in log.records {
        let Value::Deployment(deployment) = &record.value else { continue };
        for resource in &deployment.resources {
            if known.insert((&resource.resource_type, &resource.resource)) {
                check(resource).map_err(|problem| Beyond {
                    position: record.position,
                    resource: resource.resource_name.clone(),
                    problem,
                })?;
            }
        }
    }
    Ok(())
}

fn check(resource: &Resource) -> Result<(), BpmnError> {
    if &*resource.resource_type != BPMN {
        let what = format!("a resource of the type {}", &*resource.resource_type);
        return Err(BpmnError::unsupported(&resource.resource_name, 1, what));
    }
    let bytes = bpmn::decode(&resource.resource)?;
    match Definitions::read(&bytes) {
        // The model goes on as upstream does: with the rejection that the log has.
        Ok(_) | Err(BpmnError::Invalid { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
