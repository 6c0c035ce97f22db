//! `relapse log`: what the recorded log of a partition says.

mod verify;

use clap::Subcommand;
use miette::Report;

use super::output::Output;
use super::status::Status;

/// Work on the recorded log of a Zeebe partition
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Verify(verify::Args),
}

/// Does it.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    match &args.verb {
        Verb::Verify(args) => verify::call(args, output),
    }
}
