//! `relapse run`: does this scenario fail with this seed, and how often does it over these?

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use explore::{Ended, Lot, SeedRange};
use kernel::verdict::Outcome;
use miette::Report;

use super::output::{Output, Piped, is_stdout, say, unwritable};
use super::scenario_args::ScenarioArgs;
use super::status::Status;
use super::{findings, seeds, stop, sweep};
use crate::bundle::Bundle;
use crate::host::Host;
use crate::registry::{DynRunner, ReplayRequest, Replayed};
use crate::render::{Again, Context, one, swept};
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

    #[command(flatten)]
    how: sweep::How,

    #[command(flatten)]
    out: sweep::Out,

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
    let context = Context { scenario: &scenario, said, host, again: Again::Seed };
    match args.seeds {
        Some(seeds) => many(args, context, &*runner, seeds, output),
        None => single(args, &context, &*runner, output),
    }
}

fn single(args: &Args, context: &Context<'_>, runner: &dyn DynRunner, output: &mut Output) -> Result<Status, Report> {
    if let Some(path) = &args.trace {
        let tree = context.scenario.workload.files();
        spares_inputs(path, std::iter::once(&*context.scenario.path).chain(tree))?;
    }
    let shown = replay(runner, args.seed.into(), args.trace.as_deref())?;
    let mut aside = Output::stderr();
    let output = if args.trace.as_deref().is_some_and(is_stdout) { &mut aside } else { output };
    if args.json {
        output.json(&one::json(context, args.seed, &shown))?;
    } else {
        output.text(&one::text(context, args.seed, &shown, output.colours()))?;
    }
    output.flush()?;
    if let Some(directory) = &args.out.out
        && shown.result.verdict.outcome != Outcome::Pass
    {
        let bundle = Bundle::of(context.scenario, args.seed.into(), &shown.result)?;
        let path = bundle.write_into(directory).map_err(|error| unwritable("--out", directory, &error))?;
        say(format!("kept: {}", path.display()));
    }
    Ok(Status::of([shown.result.verdict.outcome], false))
}

/// One run, with its trace if that is asked for.
pub fn replay(runner: &dyn DynRunner, lot: Lot, trace: Option<&Path>) -> Result<Replayed, Report> {
    match trace {
        Some(path) => traced(runner, lot, path),
        None => Ok(runner
            .replay(ReplayRequest { lot, trace: None, stop: &stop::on_ctrl_c() })
            .expect("a replay without a trace writes nothing")),
    }
}

/// A trace would overwrite what the run was made of.
pub fn spares_inputs<'a>(trace: &Path, mut inputs: impl Iterator<Item = &'a Path>) -> Result<(), Report> {
    let Ok(there) = trace.canonicalize() else { return Ok(()) };
    if !inputs.any(|input| input.canonicalize().is_ok_and(|input| input == there)) {
        return Ok(());
    }
    let message = format!("--trace {}: the run is made of this file", trace.display());
    Err(Problem::Usage { message, help: Some("name another file".to_owned()) }.into())
}

fn traced(runner: &dyn DynRunner, lot: Lot, path: &Path) -> Result<Replayed, Report> {
    let failed = |error: io::Error| unwritable("--trace", path, &error);
    let to: Box<dyn Write> = if is_stdout(path) {
        Box::new(Piped::new(io::stdout()))
    } else {
        Box::new(File::create(path).map_err(failed)?)
    };
    let mut to = BufWriter::new(to);
    let request = ReplayRequest { lot, trace: Some(&mut to), stop: &stop::on_ctrl_c() };
    let shown = runner.replay(request).map_err(failed)?;
    to.flush().map_err(failed)?;
    Ok(shown)
}

fn many(
    args: &Args,
    context: Context<'_>,
    runner: &dyn DynRunner,
    seeds: SeedRange,
    output: &mut Output,
) -> Result<Status, Report> {
    let stop = stop::on_ctrl_c();
    let swept = sweep::sweep(context, runner, seeds, &args.how, 1, &stop);
    let found = findings::keep(&swept, args.out.out.as_deref(), &stop);
    let sweep::Swept { context, seeds, workers, report } = &swept;
    if args.json {
        output.json(&swept::json(context, *seeds, *workers, report, &found.kept))?;
    } else {
        output.text(&swept::text(context, *seeds, report, &found.kept, output.colours()))?;
    }
    output.flush()?;
    let outcomes = report.groups.iter().map(|group| group.outcome).chain(found.outcome());
    let cut_short = report.ended == Ended::Stopped || report.runs == 0;
    found.lost.map_or_else(|| Ok(Status::of(outcomes, cut_short)), Err)
}
