//! `relapse digest`: what `prove` asks another process. One line per seed, in the order asked for.

use explore::SeedRange;
use miette::Report;

use super::output::Output;
use super::scenario_args::ScenarioArgs;
use super::seeds;
use super::status::Status;
use crate::host::Host;
use crate::proof::Fingerprint;

/// Print seed, digest and verdict of each run
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub struct Args {
    #[command(flatten)]
    scenario: ScenarioArgs,

    /// The seeds
    #[arg(long, value_name = "A..B", value_parser = seeds::parse)]
    seeds: SeedRange,

    /// What runs the world [default: what the binary was built as]
    #[arg(long, value_name = "HOST")]
    host: Option<Host>,
}

/// Prints a seed and what came of it per line. The status says only whether it could.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let (_, runner) = args.scenario.runner(args.host.unwrap_or(Host::BUILT))?;
    let mut written = Ok(());
    runner.each(&mut args.seeds.seeds(), &mut |seed, result| {
        if written.is_ok() {
            written = output.line(format!("{seed} {}", Fingerprint::of(&result)));
        }
    });
    written.map(|()| Status::DONE)
}
