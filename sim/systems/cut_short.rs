//! The verdict on a run that a budget ended: which budget, who was at work, and what to do about it.

use explore::{Cost, RunResult};
use kernel::budget::Stop;
use kernel::system::System;
use kernel::verdict::{Outcome, Verdict};
use kernel::world::World;

/// Why a run was not seen to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// By a budget.
    Budget(Stop),
    /// By somebody at the keyboard.
    Keyboard,
}

/// The verdict, naming the busiest actor. `roles` are what the nodes are to people, by number.
pub fn verdict<S: System>(world: &World<S>, cut: Cut, roles: &[String]) -> Verdict {
    let (signature, why, way_out) = match cut {
        Cut::Budget(Stop::Idle) => ("budget/idle", "nothing is underway", "nothing more would come of it"),
        Cut::Budget(Stop::Events) => {
            ("budget/events", "the event budget is used up", "`events` of the scenario raises it")
        }
        Cut::Budget(Stop::Time) => {
            ("budget/virtual-time", "virtual time is over", "`duration` of the scenario gives it more")
        }
        Cut::Budget(Stop::Wall) => (
            explore::WALL_TIME,
            "the budget of host time is used up",
            "`wall_time` of the scenario raises it, fewer --workers make each run faster",
        ),
        Cut::Keyboard => ("stopped", "it was stopped", "run it again"),
    };
    Verdict::new(Outcome::Inconclusive, signature, vec![format!("{why}; {}; {way_out}", busiest(world, roles))])
}

/// Who has handled most.
pub fn busiest<S: System>(world: &World<S>, roles: &[String]) -> String {
    let (node, actor, handled) = world.busiest();
    let role = roles.get(usize::from(node.0)).map_or(String::new(), |role| format!(" ({role})"));
    let actor = actor.map_or(String::new(), |actor| format!(", actor {}", actor.0));
    format!("busiest: {node}{role}{actor} with {handled} inputs")
}

/// What a run gave. Where the host's time ended it is a fact about the host, and so has no digest.
pub fn result(verdict: Verdict, digest: u128, cost: Cost) -> RunResult {
    let result = RunResult { verdict, digest, cost };
    if result.is_cut_by_host() { RunResult { digest: 0, ..result } } else { result }
}
