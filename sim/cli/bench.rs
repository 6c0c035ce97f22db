//! `relapse bench`: the figures, each with its bar.

use miette::Report;
use serde::Serialize;

use super::output::{Output, say};
use super::status::Status;
use super::stop;
use crate::bench::{Effort, Figure, measure};
use crate::host::Host;
use crate::render::figures;

// A paragraph is one line here: clap breaks it where the terminal ends.
const HELP: &str = "\
Each figure is taken in several rounds, in which the two sides of a ratio take turns: the median counts, the smallest \
and the largest stand beside it. A busy machine widens the spread more than it moves the median.

Ctrl-C ends it within seconds, with the figures so far; the one under way is given up.

Exit status:
  0    every figure that was measured here is on the right side of its bar
  1    one is not
  2    usage: nothing was measured
  3    none that was measured is on the wrong side, but Ctrl-C cut the measuring short
  130  aborted by a second Ctrl-C";

/// Measure this machine: the figures of the README, each against its bar
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Args {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Measure a tenth as long: good for a look, not for a claim
    #[arg(long)]
    quick: bool,
}

/// Everything that was measured.
#[derive(Serialize)]
struct Measured {
    version: &'static str,
    host: String,
    quick: bool,
    interrupted: bool,
    figures: Vec<Figure>,
}

/// Measures.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    if cfg!(debug_assertions) {
        say("this binary is built without optimisation: its figures say nothing about a release build");
    }
    let stop = stop::on_ctrl_c();
    let effort = if args.quick { Effort::quick(&stop) } else { Effort::full(&stop) };
    let colours = output.colours();
    let mut found = Vec::new();
    let interrupted = measure(effort, |figure| {
        if !args.json {
            output.text(&figures::text(&figure, colours))?;
            output.flush()?;
        }
        found.push(figure);
        Ok(())
    })?;
    let missed = found.iter().any(|figure| figure.holds == Some(false));
    if args.json {
        let version = env!("CARGO_PKG_VERSION");
        output.json(&Measured {
            version,
            host: Host::BUILT.to_string(),
            quick: args.quick,
            interrupted,
            figures: found,
        })?;
    } else {
        output.text(&figures::closing(&found, interrupted))?;
    }
    Ok(if missed { Status::MISSED } else { Status::of([], interrupted) })
}
