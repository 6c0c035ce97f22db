//! Faults as parts of a plan that can be left out: what every system's plan says to a shrinker.

use std::collections::BTreeSet;

use faults::plan::Plan;

/// The parts of a plan of faults, by their ids.
pub fn names(faults: &Plan) -> Vec<String> {
    faults.entries().iter().map(|entry| format!("fault {}", entry.id)).collect()
}

/// Without these, and without what waits for them.
pub fn without(faults: &Plan, parts: &[usize]) -> Plan {
    let gone: BTreeSet<&str> = parts.iter().map(|part| faults.entries()[*part].id.as_str()).collect();
    faults.without(&gone)
}
