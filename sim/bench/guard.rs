//! The guarded host against the plain one: what the guard costs.

use kernel::budget::Budget;
use miette::Report;

use super::{Bar, Effort, Figure, ping_pong, timing};
use crate::host::Host;
use crate::render::thousands;

const NAME: &str = "guarded-against-plain";
const TITLE: &str = "guarded host against plain host, whole runs";
const BAR: Bar = Bar::AtMost(1.3);
/// Events of one run: the shortest that the bar speaks of, as a runtime is made for each.
const EVENTS: u64 = 10_000;

/// Measures.
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    if !Host::Guarded.available() {
        return Ok(vec![Figure::missing(NAME, TITLE, BAR, "not in this build: it holds the plain host only")]);
    }
    let runs = effort.of(100);
    let duel = timing::duel(effort, || play(Host::Guarded, runs), || play(Host::Plain, runs));
    let notes = vec![
        format!("guarded {:.1} ns, plain {:.1} ns per event at best, set-up included", duel.first_ns, duel.second_ns),
        format!("ping-pong, {runs} runs of {} events per turn", thousands(EVENTS.into())),
    ];
    Ok(vec![Figure::new(NAME, TITLE, "x", Some(BAR), duel.ratio, notes)])
}

fn play(host: Host, runs: u64) -> u64 {
    let budget = Budget { events: EVENTS, ..Budget::UNLIMITED };
    let events = |seed| {
        host.enter(seed, |clock| {
            let mut world = ping_pong::world(seed);
            clock.run(&mut world, budget, &mut ());
            world.events()
        })
    };
    (0..runs).map(events).sum()
}
