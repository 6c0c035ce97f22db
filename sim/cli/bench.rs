//! `relapse bench`: the figures, each with its bar.

use miette::Report;

use super::output::Output;
use super::status::Status;
use crate::scenario::problem::Problem;

/// Measure this machine: the figures of the README, each against its bar
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Measures.
pub fn call(args: &Args, _output: &mut Output) -> Result<Status, Report> {
    let _asked = args.json;
    Err(Problem::Usage { message: "bench: not part of this build yet".to_owned(), help: None }.into())
}
