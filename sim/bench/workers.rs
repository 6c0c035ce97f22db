//! Two workers against one.

use std::fs;
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

/// Processor time of this process so far, where the machine tells: user and system time, in hundredths of a second.
fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name, in brackets, and may hold blanks.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut hundredths = || fields.next()?.parse::<f64>().ok();
    Some((hundredths()? + hundredths()?) / 100.0)
}

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
        runner.sweep(SweepRequest::of(seeds, workers, &stop), &mut |_| ()).runs
    };
    let (mut wall, mut processor) = (0.0, Some(0.0));
    let two = || {
        let before = processor_seconds();
        let (took, runs) = timing::time(|| sweep(2));
        wall += took.as_secs_f64();
        let used = processor_seconds().zip(before).map(|(after, before)| after - before);
        processor = processor.zip(used).map(|(sum, used)| sum + used);
        runs
    };
    let duel = timing::duel(effort, || sweep(1), two);
    let mut notes = vec![format!(
        "{:.2} ms and {:.2} ms per run at best; scenarios/restate/verification.toml, {seeds} seeds per turn, host: {}",
        duel.first_ns / 1e6,
        duel.second_ns / 1e6,
        Host::BUILT
    )];
    if let Some(seconds) = processor {
        notes.push(format!("two workers got {:.2} cores; what other processes take is missing", seconds / wall));
    }
    Ok(vec![Figure::new(NAME, TITLE, "x", Some(BAR), duel.ratio, notes)])
}
