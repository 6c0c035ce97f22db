//! `relapse log`: the log of a partition, simulated or recorded.

mod show;
mod verify;

use clap::Subcommand;
use miette::Report;

use super::output::Output;
use super::status::Status;

/// Work on the log of a Zeebe partition
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Show(show::Args),
    Verify(verify::Args),
}

/// Does it.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    match &args.verb {
        Verb::Show(args) => show::call(args, output),
        Verb::Verify(args) => verify::call(args, output),
    }
}
