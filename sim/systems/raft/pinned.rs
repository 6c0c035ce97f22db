//! What a seed draws on this system, written out: its faults.

use miette::Report;
use serde_json::json;

use super::plan::Plan;
use crate::scenario::Scenario;
use crate::scenario::pinned::Change;

/// The draws of a seed.
pub fn draws(scenario: &Scenario, seed: u64) -> Result<Vec<Change>, Report> {
    let Some(drawn) = Plan::of(scenario)?.drawn else { return Ok(Vec::new()) };
    let faults = drawn.plan(seed).map_err(|error| scenario.fault_places.problem(&error))?;
    // A seed that draws nothing must not draw again.
    Ok(vec![Change::Faults(faults), Change::Set("toggles", "faults", json!("none"))])
}
