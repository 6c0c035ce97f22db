//! Recording on against off.

use std::io;

use kernel::budget::Budget;
use kernel::record::Recorder;
use miette::Report;

use super::{Bar, Effort, Figure, job, kernel_cost, ping_pong, timing};

/// Measures: the job that one would record, and the ping-pong, where nothing but the kernel's own work is beside it.
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    let plan = job::plan()?;
    let seeds = effort.of(20);
    let run = |record: bool| {
        let events = |seed| {
            let mut world = plan.build(seed);
            if record {
                let mut recorder = Recorder::rows(io::sink());
                world.run(plan.budget, &mut recorder);
            } else {
                world.run(plan.budget, &mut ());
            }
            world.events()
        };
        (0..seeds).map(events).sum()
    };
    let duel = timing::duel(effort, || run(true), || run(false));

    let messages = effort.of(500_000);
    let (mut bare, mut recorded) = (ping_pong::world(1), ping_pong::world(1));
    let mut recorder = Recorder::rows(io::sink());
    let record = || {
        let before = recorded.queue_events();
        let budget = Budget { events: recorded.events() + messages, ..Budget::UNLIMITED };
        recorded.run(budget, &mut recorder);
        recorded.queue_events() - before
    };
    let toy = timing::duel(effort, record, || kernel_cost::play(&mut bare, messages));
    let notes = vec![
        format!(
            "job test-28113175: on {:.1} ns, off {:.1} ns per event at best; rows, at most 64 MiB of them in memory",
            duel.first_ns, duel.second_ns
        ),
        format!("ping-pong, which does nothing else: {:.2}x (not what the bar is for)", toy.ratio.median),
    ];
    let title = "recording on against off";
    Ok(vec![Figure::new("recording", title, "x", Some(Bar::AtMost(1.5)), duel.ratio, notes)])
}
