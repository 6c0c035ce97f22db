//! `relapse replay`: does this bundle fail here, now, to the same digest?

use std::path::PathBuf;

use miette::Report;

use super::one_run::{OneRun, open_bundle};
use super::output::{Output, is_stdout};
use super::run::{replay, spares_inputs};
use super::status::Status;
use crate::bundle::is_bundle;
use crate::host::Host;
use crate::registry;
use crate::render::{Again, Context, one};
use crate::scenario::problem::Problem;

const STATUS: &str = "\
Exit status:
  0    the run was made again, and it passes as it did
  1    the run was made again, and it fails as it did
  2    usage or input: this is no bundle, or one of another build and --anyway was not given
  3    the run was made again, and it is vacuous or inconclusive as it was; or, with --anyway, it is another run here
  4    this build is the one that made the bundle, and the run is another one: nothing can be trusted
  130  aborted by a second Ctrl-C";

/// Make the run of a bundle again, and hold it against what the bundle says
#[derive(Debug, clap::Args)]
#[command(after_help = STATUS)]
pub struct Args {
    /// The bundle, as `relapse sweep --out` and `relapse run --out` write it
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// Take a bundle that another build has made, and say what differs
    #[arg(long)]
    anyway: bool,

    /// Write each event of the run to a file, as a line of JSON; - for standard output, and the report to standard error
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// What runs the world [default: what the binary was built as]
    #[arg(long, value_name = "HOST")]
    host: Option<Host>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Makes it.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let path = &args.bundle;
    if path.is_file() && !is_bundle(path) {
        let help = Some("`relapse run` runs scenarios".to_owned());
        return Err(Problem::File { path: path.clone(), reason: "this is no bundle".to_owned(), help }.into());
    }
    let OneRun { scenario, lot, bundle, said } = open_bundle(path, args.anyway)?;
    let bundle = bundle.expect("it was opened as one");
    let host = args.host.unwrap_or(Host::BUILT);
    let runner = registry::runner(&scenario, host)?;
    if let Some(trace) = &args.trace {
        spares_inputs(trace, std::iter::once(&**path))?;
    }
    let shown = replay(&*runner, lot, args.trace.as_deref())?;

    let context = Context { scenario: &scenario, said: said.clone(), host, again: Again::Bundle };
    let mut aside = Output::stderr();
    let output = if args.trace.as_deref().is_some_and(is_stdout) { &mut aside } else { output };
    let held = one::held_against(&bundle, &shown.result);
    if args.json {
        output.json(&one::replayed_json(&context, lot.seed, &shown, &held))?;
    } else {
        output.text(&one::text(&context, lot.seed, &shown, output.colours()))?;
        output.text(&one::held_text(&held))?;
    }
    output.flush()?;
    Ok(match (held.same, said.len() > 1) {
        (true, _) => Status::of([shown.result.verdict.outcome], false),
        (false, false) => Status::DIVERGED,
        (false, true) => Status::of([], true),
    })
}
