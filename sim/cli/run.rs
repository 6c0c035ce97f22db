//! `relapse run`: does this scenario fail with this seed, and how often does it over these?

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use explore::{SeedRange, SweepRequest};
use miette::Report;

use super::output::{Output, Piped, is_stdout, unwritable};
use super::scenario_args::ScenarioArgs;
use super::status::Status;
use super::{seeds, stop};
use crate::host::Host;
use crate::registry::{DynRunner, ReplayRequest, Replayed};
use crate::render::{Context, one, progress::Meter, swept};
use crate::scenario::Scenario;
use crate::scenario::problem::Problem;

/// Run a scenario, with one seed or over many
#[derive(Debug, clap::Args)]
#[command(after_help = super::status::HELP)]
pub struct Args {
    #[command(flatten)]
    scenario: ScenarioArgs,

    /// Run one seed and show the run
    #[arg(long, value_name = "N", default_value = "0", allow_hyphen_values = true, value_parser = seeds::parse_one, conflicts_with = "seeds")]
    seed: u64,

    /// Run the seeds from A to B, B left out, and group what comes of them
    #[arg(long, value_name = "A..B", allow_hyphen_values = true, value_parser = seeds::parse)]
    seeds: Option<SeedRange>,

    /// Threads that run seeds [default: one per core]
    #[arg(long, value_name = "N", requires = "seeds", value_parser = clap::value_parser!(u64).range(1..=1024))]
    workers: Option<u64>,

    /// Write each event of the run to a file, as a line of JSON; - for standard output, and the report to standard error
    #[arg(long, value_name = "FILE", conflicts_with = "seeds")]
    trace: Option<PathBuf>,

    /// What runs the world [default: what the binary was built as]
    #[arg(long, value_name = "HOST")]
    host: Option<Host>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let host = args.host.unwrap_or(Host::BUILT);
    let (scenario, runner) = args.scenario.runner(host)?;
    let mut said = args.scenario.said(&scenario);
    // Only if it was asked for: the other hosts give the same run.
    said.extend(args.host.iter().flat_map(|host| ["--host".to_owned(), host.to_string()]));
    let context = Context { scenario: &scenario, said, host };
    match args.seeds {
        Some(seeds) => many(args, &context, &*runner, seeds, output),
        None => single(args, &context, &*runner, output),
    }
}

fn single(args: &Args, context: &Context<'_>, runner: &dyn DynRunner, output: &mut Output) -> Result<Status, Report> {
    if let Some(path) = &args.trace {
        spares_inputs(path, context.scenario)?;
    }
    let shown = match &args.trace {
        Some(path) => traced(runner, args.seed, path)?,
        None => runner
            .replay(ReplayRequest { lot: args.seed.into(), trace: None, stop: &stop::on_ctrl_c() })
            .expect("a replay without a trace writes nothing"),
    };
    let mut aside = Output::stderr();
    let output = if args.trace.as_deref().is_some_and(is_stdout) { &mut aside } else { output };
    if args.json {
        output.json(&one::json(context, args.seed, &shown))?;
    } else {
        output.text(&one::text(context, args.seed, &shown, output.colours()))?;
    }
    output.flush()?;
    Ok(Status::of([shown.result.verdict.outcome], false))
}

/// A trace would overwrite what the run was made of.
fn spares_inputs(trace: &Path, scenario: &Scenario) -> Result<(), Report> {
    let Ok(there) = trace.canonicalize() else { return Ok(()) };
    let tree = scenario.workload.files();
    let is_input = |input: &Path| input.canonicalize().is_ok_and(|input| input == there);
    if !std::iter::once(&*scenario.path).chain(tree).any(is_input) {
        return Ok(());
    }
    let message = format!("--trace {}: the run is made of this file", trace.display());
    Err(Problem::Usage { message, help: Some("name another file".to_owned()) }.into())
}

fn traced(runner: &dyn DynRunner, seed: u64, path: &Path) -> Result<Replayed, Report> {
    let failed = |error: io::Error| unwritable("--trace", path, &error);
    let to: Box<dyn Write> = if is_stdout(path) {
        Box::new(Piped::new(io::stdout()))
    } else {
        Box::new(File::create(path).map_err(failed)?)
    };
    let mut to = BufWriter::new(to);
    let request = ReplayRequest { lot: seed.into(), trace: Some(&mut to), stop: &stop::on_ctrl_c() };
    let shown = runner.replay(request).map_err(failed)?;
    to.flush().map_err(failed)?;
    Ok(shown)
}

fn many(
    args: &Args,
    context: &Context<'_>,
    runner: &dyn DynRunner,
    seeds: SeedRange,
    output: &mut Output,
) -> Result<Status, Report> {
    let asked = args.workers.and_then(|workers| usize::try_from(workers).ok()).and_then(NonZeroUsize::new);
    let workers = asked.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let stop = stop::on_ctrl_c();
    let meter = Meter::new(seeds.len());
    let report = runner.sweep(SweepRequest { seeds, workers, stop: &stop }, &mut |progress| meter.show(progress));
    meter.clear();

    if args.json {
        output.json(&swept::json(context, seeds, workers.get(), &report))?;
    } else {
        output.text(&swept::text(context, seeds, &report, output.colours()))?;
    }
    Ok(Status::of(report.groups.iter().map(|group| group.outcome), report.interrupted))
}
