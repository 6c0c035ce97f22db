//! `relapse prove`: is a run the same run in another thread, process, build, order, host?

use std::path::PathBuf;

use explore::SeedRange;
use miette::Report;

use super::output::Output;
use super::scenario_args::ScenarioArgs;
use super::seeds;
use super::status::Status;
use super::stop;
use crate::proof::prove;
use crate::render::proven;

/// Show that a run is the same run in another thread, process, order and host
#[derive(Debug, clap::Args)]
#[command(after_help = super::status::HELP)]
pub struct Args {
    #[command(flatten)]
    scenario: ScenarioArgs,

    /// The seeds
    #[arg(long, value_name = "A..B", allow_hyphen_values = true, value_parser = seeds::parse, default_value = "0..20")]
    seeds: SeedRange,

    /// Compare with another build of this command as well
    #[arg(long, value_name = "BINARY")]
    against: Option<PathBuf>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Proves it. A failure that a run finds is none here; only a difference is, or a run that cannot be trusted.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let scenario = args.scenario.load()?;
    let stop = stop::on_ctrl_c();
    let proof = prove(&scenario, &args.scenario.said(&scenario), args.seeds, args.against.as_deref(), &stop)?;
    if args.json {
        output.json(&proven::json(&scenario, args.seeds, &proof))?;
    } else {
        output.text(&proven::text(&scenario, args.seeds, &proof, output.colours()))?;
    }
    Ok(if proof.holds() { Status::of([], proof.interrupted) } else { Status::DIVERGED })
}
