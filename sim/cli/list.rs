//! `relapse list`.

use std::path::Path;

use miette::Report;

use super::output::{Output, say};
use super::status::Status;
use crate::render::listing;
use crate::scenario::find;

const HELP: &str = "\
Exit status:
  0  every scenario was read
  2  usage or input: a file could not be read, which is said on standard error; the others are listed";

/// Show the scenarios under scenarios/
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Lists what there is; a broken file is listed with its error, and makes the status that of bad input.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let found = find::all(Path::new(find::DIRECTORY))?;
    if args.json {
        output.json(&listing::json(&found))?;
    } else {
        output.text(&listing::text(&found, output.colours()))?;
    }
    let mut status = Status::DONE;
    for error in found.iter().filter_map(|found| found.scenario.as_ref().err()) {
        say(format!("{error:?}").trim_end());
        status = Status::USAGE;
    }
    Ok(status)
}
