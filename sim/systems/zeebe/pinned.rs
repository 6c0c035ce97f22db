//! What a seed draws on this system, written out: faults, the period of snapshots, deployments, and snapshots asked for.

use faults::duration::Span;
use faults::sample::sample;
use miette::Report;
use serde_json::json;
use zeebe::client::{Operation, When};
use zeebe::client_node::ClientRole;
use zeebe::gateway::Request;

use super::plan::Plan;
use crate::scenario::Scenario;
use crate::scenario::pinned::Change;

/// The draws of a seed.
pub fn draws(scenario: &Scenario, seed: u64) -> Result<Vec<Change>, Report> {
    let plan = Plan::of(scenario)?;
    let mut changes = Vec::new();
    if let Some(profile) = &plan.profile {
        let drawn = sample(profile, seed).map_err(|error| scenario.fault_places.problem(&error))?;
        changes.push(Change::Faults(drawn));
    }
    let period = plan.drawn.settings(&plan.settings, seed).snapshot_period;
    changes.push(Change::Set("cluster", "snapshot_period", json!(Span(period))));

    let count_before = |role: &ClientRole| match role {
        ClientRole::Scripted(operations) => operations.iter().filter(|operation| deploys(operation)).count(),
        _ => 0,
    };
    for (role, (_, before)) in plan.drawn.clients(&plan.clients, seed).iter().zip(plan.clients.iter()) {
        match role {
            ClientRole::Scripted(operations) => {
                changes.push(Change::Set("workload", "deployments", deployments(operations)));
                changes.push(Change::Remove("workload", "deploy_every"));
                changes.extend(by_hand(scenario, count_before(before)));
            }
            ClientRole::Operator(asks) => {
                let ask = |(at, partition): &(u64, u16)| json!({ "at": Span(*at), "partition": partition });
                changes.push(Change::Set("workload", "snapshots", asks.iter().map(ask).collect()));
                changes.push(Change::Remove("workload", "snapshot_every"));
            }
            _ => {}
        }
    }
    Ok(changes)
}

fn deploys(operation: &Operation) -> bool {
    matches!(operation.request, Request::Deploy(_))
}

fn deployments(operations: &[Operation]) -> serde_json::Value {
    let one = |operation: &Operation| match operation.when {
        When::At(at) => json!({ "id": operation.id, "at": Span(at) }),
        When::After { .. } => unreachable!("deployments have times of their own"),
    };
    operations.iter().filter(|operation| deploys(operation)).map(one).collect()
}

/// Batches by hand are numbered after the deployments, as many as there might have been.
fn by_hand(scenario: &Scenario, deployments: usize) -> Option<Change> {
    let mut id = deployments as u64;
    let batch = |batch: &crate::scenario::Settings| {
        let (at, instances) =
            (batch.duration("at").expect("required"), batch.count("instances").expect("it has a default"));
        let first = batch.count("id").unwrap_or(id);
        id = first + instances;
        json!({ "id": first, "at": Span(at), "instances": instances })
    };
    let batches: Vec<_> = scenario.workload.tables("by_hand").iter().map(batch).collect();
    (!batches.is_empty()).then(|| Change::Set("workload", "by_hand", batches.into()))
}
