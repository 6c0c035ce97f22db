//! Two workers against one.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::thread;

use explore::{SeedRange, SweepRequest};
use miette::Report;

use super::{Bar, Effort, Figure, job, timing};
use crate::host::Host;
use crate::systems::restate;

const NAME: &str = "workers";
const TITLE: &str = "two workers against one, sweep";
const BAR: Bar = Bar::AtLeast(1.7);

/// Measures.
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    if thread::available_parallelism().is_ok_and(|cores| cores.get() < 2) {
        return Ok(vec![Figure::missing(NAME, TITLE, BAR, "this machine has one core")]);
    }
    let runner = restate::runner_of(job::plan()?, Host::BUILT);
    let seeds = effort.of(60).max(4);
    let stop = AtomicBool::new(false);
    let sweep = |workers| {
        let seeds = SeedRange::new(0, seeds).expect("it is not empty");
        let workers = NonZeroUsize::new(workers).expect("there is one");
        runner.sweep(SweepRequest { seeds, workers, stop: &stop }, &mut |_| ()).runs
    };
    let duel = timing::duel(effort, || sweep(1), || sweep(2));
    let notes = vec![format!(
        "{:.2} ms and {:.2} ms per run at best; scenarios/restate/verification.toml, {seeds} seeds per turn, host: {}",
        duel.first_ns / 1e6,
        duel.second_ns / 1e6,
        Host::BUILT
    )];
    Ok(vec![Figure::new(NAME, TITLE, "x", Some(BAR), duel.ratio, notes)])
}
