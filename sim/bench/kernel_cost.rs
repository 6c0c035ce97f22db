//! Kernel cost per event of the heap, against the bare loop.

use std::hint::black_box;

use kernel::budget::Budget;
use miette::Report;

use super::bare_loop::BareLoop;
use super::{Bar, Effort, Figure, ping_pong, timing};
use crate::render::thousands;

/// Messages per turn.
const MESSAGES: u64 = 1_000_000;

/// The kernel with no host around it, so many more events.
pub fn play(world: &mut kernel::world::World<kernel::toys::ping_pong::PingPong>, messages: u64) -> u64 {
    let before = world.queue_events();
    let budget = Budget { events: world.events() + messages, ..Budget::UNLIMITED };
    world.run(budget, &mut ());
    black_box(world.digest());
    world.queue_events() - before
}

/// Measures.
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    let messages = effort.of(MESSAGES);
    let mut world = ping_pong::world(1);
    let mut game = BareLoop::new(1);
    let kernel = || play(&mut world, messages);
    let bare = || {
        let before = game.result().0;
        game.play(messages);
        black_box(game.result()).0 - before
    };
    let duel = timing::duel(effort, kernel, bare);
    let notes = vec![
        format!("kernel {:.1} ns, loop {:.1} ns per message at best", duel.first_ns, duel.second_ns),
        format!("3 nodes, 16 bytes, 1-10 ms, 3 in flight; {} messages per turn", thousands(messages.into())),
    ];
    let title = "kernel against a bare heap loop, per heap event";
    Ok(vec![Figure::new("kernel-against-loop", title, "x", Some(Bar::AtMost(1.3)), duel.ratio, notes)])
}
