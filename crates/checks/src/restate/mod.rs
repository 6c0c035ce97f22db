//! Properties of verification jobs on the model Restate node.

pub mod counters;
pub mod down;
pub mod job;
pub mod judge;
pub mod reach;
pub mod rings;
pub mod rows;
mod story;

#[cfg(test)]
mod hand_made;

use ::restate::node::server::Server;
use ::restate::{Process, Restate};
use kernel::world::World;

/// The Restate node of a world, if its process runs.
pub fn server(world: &World<Restate>) -> Option<&Server> {
    world.ids().find_map(|id| match world.node(id) {
        Some(Process::Server(server)) => Some(&**server),
        _ => None,
    })
}
