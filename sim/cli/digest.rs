//! `relapse digest`: what `prove` asks another process. One line per seed, in the order asked for; or, with `--look`, one
//! JSON object that says its format.

use std::ops::Range;
use std::sync::atomic::Ordering;

use explore::SeedRange;
use miette::Report;

use super::output::Output;
use super::scenario_args::ScenarioArgs;
use super::seeds;
use super::status::Status;
use super::stop;
use crate::host::Host;
use crate::proof::Fingerprint;

/// Print seed, digest and verdict of each run
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Args {
    #[command(flatten)]
    scenario: ScenarioArgs,

    /// The seeds
    #[arg(long, value_name = "A..B", allow_hyphen_values = true, value_parser = seeds::parse)]
    seeds: SeedRange,

    /// Show the events FROM..TO of the last of the seeds, and the checkpoints of its run; FROM..FROM for checkpoints alone
    #[arg(long, value_name = "FROM..TO", value_parser = events)]
    look: Option<Range<u64>>,

    /// What runs the world [default: what the binary was built as]
    #[arg(long, value_name = "HOST")]
    host: Option<Host>,
}

fn events(text: &str) -> Result<Range<u64>, String> {
    let parsed = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    parsed.filter(|range| range.start <= range.end).ok_or_else(|| "write FROM..TO, such as 1..4097".to_owned())
}

/// Prints a seed and what came of it per line. The status says only whether it could, and came to the end.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let (_, runner) = args.scenario.runner(args.host.unwrap_or(Host::BUILT))?;
    if let Some(window) = &args.look {
        let last = args.seeds.to() - 1;
        return output.json(&runner.look(&mut (args.seeds.from()..last), last, window.clone())).map(|()| Status::DONE);
    }
    // A terminal sends Ctrl-C to this process as well as to the one that asks.
    let stop = stop::on_ctrl_c();
    let mut seeds = args.seeds.seeds().take_while(|_| !stop.load(Ordering::Relaxed));
    let mut written = Ok(());
    runner.each(&mut seeds, &mut |seed, result| {
        if written.is_ok() {
            written = output.line(format!("{seed} {}", Fingerprint::of(&result)));
        }
    });
    written.map(|()| Status::of([], stop.load(Ordering::Relaxed)))
}
