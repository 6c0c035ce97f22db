//! Processes that are not at work. Whatever waits for one of them has neither been lost nor got stuck.
//!
//! A server that has ended by itself is one of them: to the kernel it is up, but nobody answers.

use ::restate::config::Role;
use ::restate::{Process, Restate};
use kernel::State;
use kernel::identity::NodeId;
use kernel::world::World;

/// A process that is not at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// What it is in the cluster.
    pub role: Part,
    /// Where.
    pub node: NodeId,
    /// Why it does nothing: down, paused, hung or ended.
    pub how: &'static str,
}

/// What a process is in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The Restate node.
    Server,
    /// A service pod.
    Endpoint,
    /// The job's controller and pods.
    Driver,
}

impl Part {
    /// Its word in signatures.
    pub const fn word(self) -> &'static str {
        match self {
            Part::Server => "server",
            Part::Endpoint => "endpoint",
            Part::Driver => "driver",
        }
    }
}

/// All that are not at work, of the cluster and of a job's own.
pub fn of(world: &World<Restate>, job: u16) -> Vec<Down> {
    let part = |node| match world.role(node) {
        Role::Server(_) => Some(Part::Server),
        Role::Endpoint(..) => Some(Part::Endpoint),
        Role::Driver(_, of, _) => (*of == job).then_some(Part::Driver),
    };
    let how = |node| match world.state(node) {
        State::Up if matches!(world.node(node), Some(Process::Exited)) => Some("ended"),
        State::Up => None,
        State::Down | State::Dark => Some("down"),
        State::Paused => Some("paused"),
        State::Hung => Some("hung"),
    };
    world.ids().filter_map(|node| Some(Down { role: part(node)?, node, how: how(node)? })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restate::hand_made;
    use kernel::budget::Budget;
    use kernel::control::Command;
    use kernel::disk::Unsynced;

    fn world() -> World<Restate> {
        let mut world = hand_made::world(&hand_made::tree(r#"{"target": 1, "commands": []}"#));
        world.run(Budget::until(100), &mut ());
        world
    }

    fn after(command: Command) -> Vec<(&'static str, u16, &'static str)> {
        let mut world = world();
        world.control(command, &mut ());
        of(&world, 0).iter().map(|down| (down.role.word(), down.node.0, down.how)).collect()
    }

    #[test]
    fn who_is_up_is_not_down() {
        assert_eq!(of(&world(), 0), []);
    }

    #[test]
    fn down_paused_and_hung_are_told_with_what_they_are() {
        for (node, role) in [(0, "server"), (1, "endpoint"), (2, "driver")] {
            let kill = |dark| Command::Kill { node: NodeId(node), unsynced: Unsynced::Keep, dark };
            assert_eq!(after(kill(false)), [(role, node, "down")]);
            assert_eq!(after(kill(true)), [(role, node, "down")]);
            assert_eq!(after(Command::Pause(NodeId(node))), [(role, node, "paused")]);
            assert_eq!(after(Command::Hang(NodeId(node))), [(role, node, "hung")]);
        }
        assert_eq!(after(Command::Hang(NodeId(3))), [], "another job's driver");
    }
}
