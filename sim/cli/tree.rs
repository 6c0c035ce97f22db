//! `relapse tree`: the command tree of a verification job, from its name.

use std::path::PathBuf;

use clap::ValueEnum;
use miette::Report;

use super::output::Output;
use super::status::Status;
use crate::scenario::duration::parse_duration;
use crate::scenario::problem::Problem;

/// Show the command tree of a verification job: its size, expected counters and static lock cycles
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The job's name, which is the seed of the tree
    #[arg(long, value_name = "NAME")]
    job: String,

    /// Which keys a call may lock
    #[arg(long, value_enum, default_value_t = Rule::FreeTargets)]
    rule: Rule,

    /// Width of the tree
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    width: u32,

    /// Depth of the tree
    #[arg(long, value_name = "N", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=64))]
    depth: u32,

    /// What all sleeps of the tree together may take
    #[arg(long, value_name = "DURATION", default_value = "32768ms", value_parser = parse_duration)]
    max_sleep: u64,

    /// Write the tree as JSON to a file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Which keys a generated call may lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rule {
    /// Any that its own chain has not locked: the rule before e2e@fe2d609.
    FreeTargets,
    /// Only larger ones: the rule since.
    IncreasingTargets,
}

/// Shows it.
pub fn call(args: &Args, _output: &mut Output) -> Result<Status, Report> {
    let _asked = (&args.job, args.rule, args.width, args.depth, args.max_sleep, &args.out, args.json);
    Err(Problem::Usage { message: "tree: not part of this build yet".to_owned(), help: None }.into())
}
