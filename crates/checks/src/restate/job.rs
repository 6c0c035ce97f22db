//! What is known of one verification job at an instant: its locks and rings, its counters, its rows, its pods.
//!
//! Source: specs/restate.md 9.2. These are facts about the tables and about what is underway. What they come to depends on
//! how the run ended and on who was at work then, and is said in one place: [`crate::restate::judge`].

use crate::restate::rings::{Locked, is_of_tree, locked, rings, write_ring};
use crate::restate::{counters, reach, rows, server};
use ::restate::config::Job;
use ::restate::driver::Phase;
use ::restate::invocation::Key;
use ::restate::workload::{Rule, Tree, expected_counters};
use ::restate::{Process, Restate};
use kernel::world::World;
use std::collections::BTreeMap;

/// All that is known of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// Held keys of the tree, by target.
    pub locked: BTreeMap<i32, Locked>,
    /// The verifier's own key is held.
    pub verifier_held: bool,
    /// Rings of waits, as they are written.
    pub rings: Vec<String>,
    /// Counters, without those that are 0.
    pub counters: BTreeMap<i32, u32>,
    /// Keys that differ: expected and found.
    pub differences: BTreeMap<i32, (u32, u32)>,
    /// Something underway can still give up, or hand on, a key of it.
    pub reachable: bool,
    /// Something underway may set in motion what stands still: the end of a fault, a time-out.
    pub unsettled: bool,
    /// Keys with calls in their inbox although nobody holds them.
    pub orphaned_inboxes: Vec<i32>,
    /// Other rows that nobody will remove, by table.
    pub rows_left: BTreeMap<&'static str, usize>,
    /// What its pods came to, if their controller is there to be asked.
    pub pods: Option<Phase>,
    /// Increments that the tree asks for.
    pub increments: u64,
    /// Whether it has a name.
    pub named: bool,
}

impl Findings {
    /// Looks at a job in a world; `None` if no server is there to be asked.
    pub fn of(world: &World<Restate>, number: u16, job: &Job, tree: &Tree, rule: Rule) -> Option<Self> {
        let server = server(world)?;
        let all = locked(server, number, job, rule);
        let rings = rings(&all).iter().map(|ring| write_ring(ring)).collect();
        let counters = counters::counters(server, number);
        let differences = counters::differences(&counters, tree);
        Some(Findings {
            verifier_held: all.keys().any(|key| !is_of_tree(*key)),
            orphaned_inboxes: rows::orphaned_inboxes(server, number),
            locked: all
                .into_iter()
                .filter(|(key, _)| is_of_tree(*key))
                .map(|(key, held): (Key, _)| (key.target, held))
                .collect(),
            rings,
            counters,
            differences,
            reachable: reach::is_reachable(world, number),
            unsettled: reach::is_unsettled(world, number),
            rows_left: rows::left(world, server, number),
            pods: phase(world, number),
            increments: expected_counters(tree).iter().map(|(_, count)| u64::from(*count)).sum(),
            named: !job.params.seed.is_empty(),
        })
    }

    /// Keys that fell short although nobody holds them: they answer a verification, and so name the error.
    pub fn victims(&self) -> Vec<i32> {
        let free = |target: &&i32| !self.locked.contains_key(target);
        self.differences.keys().filter(free).copied().collect()
    }

    /// Whether no pod of the job will come any more.
    pub fn is_over(&self) -> bool {
        matches!(self.pods, Some(Phase::Succeeded | Phase::GaveUp))
    }
}

/// Where the controller of a job stands, if its process is there.
fn phase(world: &World<Restate>, number: u16) -> Option<Phase> {
    world.ids().find_map(|id| match world.node(id) {
        Some(Process::Driver(driver)) if driver.job == number => Some(driver.phase.clone()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restate::hand_made::{held, quiet};

    #[test]
    fn victims_are_the_short_keys_that_nobody_holds() {
        let differences = BTreeMap::from([(5, (2, 1)), (117, (1, 0))]);

        assert_eq!(Findings { locked: held(5), differences, ..quiet() }.victims(), [117]);
    }

    #[test]
    fn a_job_is_over_when_its_last_pod_is() {
        let over = |pods| Findings { pods, ..quiet() }.is_over();

        assert!(over(Some(Phase::Succeeded)) && over(Some(Phase::GaveUp)));
        for pods in [None, Some(Phase::Waiting), Some(Phase::Starting), Some(Phase::Executing), Some(Phase::Verifying)]
        {
            assert!(!over(pods.clone()), "{pods:?}");
        }
    }
}
