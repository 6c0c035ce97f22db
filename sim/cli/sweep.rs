//! `relapse sweep`: how often do these scenarios fail over these seeds, and how many distinct failures are there?

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use explore::{Ended, SeedRange, SweepReport, SweepRequest};
use miette::Report;

use super::output::Output;
use super::scenario_args::ScenariosArgs;
use super::status::{self, Status};
use super::{findings, seeds, stop};
use crate::host::Host;
use crate::registry::DynRunner;
use crate::render::{Again, Context, progress::Meter, swept};
use crate::scenario::duration::parse_duration;

/// Run scenarios over many seeds, group what comes of them, and keep one run of each kind of failure
///
/// A failing seed is run once more in a fresh process before it is called reproducible. Of each signature the first seed's
/// run is kept, if --out says where.
#[derive(Debug, clap::Args)]
#[command(after_help = status::HELP)]
pub struct Args {
    #[command(flatten)]
    scenarios: ScenariosArgs,

    /// The seeds from A to B, B left out
    #[arg(long, value_name = "A..B", allow_hyphen_values = true, value_parser = seeds::parse)]
    seeds: SeedRange,

    #[command(flatten)]
    how: How,

    #[command(flatten)]
    out: Out,

    /// What runs the world [default: what the binary was built as]
    #[arg(long, value_name = "HOST")]
    host: Option<Host>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// How seeds are swept.
#[derive(Clone, Debug, clap::Args)]
pub struct How {
    /// Threads that run seeds [default: one per core]
    #[arg(long, value_name = "N", requires = "seeds", value_parser = clap::value_parser!(u64).range(1..=1024))]
    workers: Option<u64>,

    /// End after so many failures of a scenario
    #[arg(long, value_name = "K", requires = "seeds", value_parser = clap::value_parser!(u64).range(1..))]
    until_failures: Option<u64>,

    /// End after so much host time, such as 60s, shared evenly by the scenarios
    #[arg(long = "for", value_name = "TIME", requires = "seeds", value_parser = parse_duration)]
    wall: Option<u64>,
}

/// As many as were asked for, or one per core.
pub fn workers(asked: Option<u64>) -> NonZeroUsize {
    let asked = asked.and_then(|workers| usize::try_from(workers).ok()).and_then(NonZeroUsize::new);
    asked.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// Where what was found goes.
#[derive(Clone, Debug, clap::Args)]
pub struct Out {
    /// Keep a run of each signature as a bundle in this directory
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// One scenario that was swept.
pub struct Swept<'a> {
    /// Of what.
    pub context: Context<'a>,
    /// Over which seeds, by how many threads.
    pub seeds: SeedRange,
    /// Threads.
    pub workers: usize,
    /// What was found.
    pub report: SweepReport,
}

/// Sweeps one scenario, and says how far it has come.
pub fn sweep<'a>(
    context: Context<'a>,
    runner: &dyn DynRunner,
    seeds: SeedRange,
    how: &How,
    share: u64,
    stop: &AtomicBool,
) -> Swept<'a> {
    let workers = workers(how.workers);
    let meter = Meter::new(seeds.len());
    let request = SweepRequest {
        failures_max: how.until_failures,
        wall_max: how.wall.map(|wall| Duration::from_nanos(wall / share.max(1))),
        ..SweepRequest::of(seeds, workers, stop)
    };
    let report = runner.sweep(request, &mut |progress| meter.show(progress));
    meter.clear();
    Swept { context, seeds, workers: workers.get(), report }
}

/// Sweeps them.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let host = args.host.unwrap_or(Host::BUILT);
    let scenarios = args.scenarios.each().map(|one| {
        let (scenario, runner) = one.runner(host)?;
        let mut said = one.said(&scenario);
        said.extend(args.host.iter().flat_map(|host| ["--host".to_owned(), host.to_string()]));
        Ok((scenario, runner, said))
    });
    // Whatever is wrong with one is told before any is run.
    let scenarios: Vec<_> = scenarios.collect::<Result<_, Report>>()?;
    let stop = stop::on_ctrl_c();

    let mut all = Vec::new();
    let mut outcomes = Vec::new();
    let mut cut_short = false;
    let mut lost = None;
    for (scenario, runner, said) in &scenarios {
        let context = Context { scenario, said: said.clone(), host, again: Again::Seed };
        let swept = sweep(context, &**runner, args.seeds, &args.how, scenarios.len() as u64, &stop);
        let found = findings::keep(&swept, args.out.out.as_deref(), &stop);
        if !args.json {
            let between = if all.is_empty() { "" } else { "\n" };
            output.text(between)?;
            output.text(&swept::text(&swept.context, swept.seeds, &swept.report, &found.kept, output.colours()))?;
            output.flush()?;
        }
        outcomes.extend(swept.report.groups.iter().map(|group| group.outcome).chain(found.outcome()));
        cut_short |= swept.report.ended == Ended::Stopped || swept.report.runs == 0;
        lost = lost.or(found.lost);
        all.push((swept, found.kept));
        if stop.load(std::sync::atomic::Ordering::Relaxed) {
            break;
        }
    }
    if args.json {
        let sweeps: Vec<_> = all
            .iter()
            .map(|(swept, kept)| swept::json(&swept.context, swept.seeds, swept.workers, &swept.report, kept))
            .collect();
        output.json(&serde_json::json!({ "sweeps": sweeps, "asked": scenarios.len() }))?;
    }
    output.flush()?;
    lost.map_or_else(|| Ok(Status::of(outcomes, cut_short || all.len() < scenarios.len())), Err)
}
