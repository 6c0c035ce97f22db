//! `relapse log verify`: what a new leader's replay of a recorded log comes to.

mod input;
mod refused;
mod release;
mod response;

use kernel::verdict::Outcome as Verdict;
use miette::Report;
use zeebe::verify::{Outcome, PartitionLog, Request, every_snapshot, kill_windows, verify};

use self::input::Source;
use self::refused::refused;
use self::release::Release;
use self::response::Response;
use crate::cli::output::Output;
use crate::cli::status::Status;
use crate::render::verified::{self, Every, Heading, One};

const STATUS: &str = "\
Exit status:
  0    clean, with or without silent divergences: the leader recovers, and every record is as the model writes it
  1    an exception, a recovery that fails, a processor that fails for ever, or a record that differs;
       with --every-snapshot, if any range is not clean
  2    usage or input: nothing was replayed";

const JSON: &str = "\
With --json, one object:
  file, partition, records (how many), preset, toggles (those set by --toggle)
  from           what the snapshot holds as processed last; -1: no snapshot
  responses      [{key, before}], as given
  outcome        {kind: \"clean\"}
                 {kind: \"exception\", cause, position, source, text}  upstream's exception, in full
                 {kind: \"failed\", text}  the recovery fails otherwise
                 {kind: \"stuck\", position, text}  a processor fails on this record for ever
                 {kind: \"differs\", member, position, source, expected, found}  records as exporters write them, or null;
                 member: what differs in them, or else what is wrong
  silent         positions at which the log refuses a deployment that the replay accepts, or the reverse, unnoticed
  replayed       records that were run again, up to last_source
With --every-snapshot, instead of from to last_source:
  ranges         [{from, to, outcome, silent}], in order; from and to are snapshots, those between them lead to the same
  kill_windows   [{key, distribute, from, to}] on partition 1, else null: responses for key just before a position from
                 `from` to `to` is read kill a leader that replays DISTRIBUTE";

/// Replay a partition's log as a new leader does, and compare every record with the model
///
/// The log alone decides. A replay starts from nothing, or from the state that executing the log up to a snapshot leaves,
/// with an empty memory of deployments; a CREATE that the log refused is not stored. Every record that a processor wrote
/// must be what the model writes, in all members but the timestamp.
#[derive(Debug, clap::Args)]
#[command(after_help = STATUS, after_long_help = format!("{STATUS}\n\n{JSON}"))]
pub struct Args {
    /// The log, as an exporter writes it: a record a line, from position 1, plain or gzip; - for standard input
    #[arg(value_name = "FILE")]
    file: Source,

    /// Replay from the snapshot that holds POS as processed last; -1 for none
    #[arg(long, value_name = "POS", default_value = "-1", allow_hyphen_values = true)]
    from: i64,

    /// Tell what happens from no snapshot, and from each that is possible, as ranges
    #[arg(long, conflicts_with_all = ["from", "responses"])]
    every_snapshot: bool,

    #[command(flatten)]
    release: Release,

    /// Complete the distribution of the deployment KEY just before the record at POS is read: all responses come then
    #[arg(long, value_name = "KEY@POS", value_parser = response::parse)]
    responses: Vec<Response>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Replays it.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let toggles = args.release.toggles()?;
    response::each_once(&args.responses)?;
    let file = args.file.read()?;
    let log = PartitionLog { partition: file.partition, records: &file.records };
    args.file.check_resources(log)?;

    let name = args.file.to_string();
    let heading = Heading { file: &name, log, preset: args.release.preset(), toggles: args.release.said() };
    if args.every_snapshot {
        let ranges = every_snapshot(log, &toggles).map_err(|error| refused(&args.file, log, &toggles, &error))?;
        let every = Every { heading, windows: kill_windows(log, &toggles), ranges: &ranges };
        if args.json {
            output.json(&verified::json::every(&every))?;
        } else {
            output.text(&verified::every(&every, output.colours()))?;
        }
        return Ok(status(ranges.iter().map(|range| &range.outcome)));
    }
    let confirmations = args.responses.iter().map(|response| response.0).collect();
    let request = Request { log, from: args.from, toggles, confirmations };
    let report = verify(&request).map_err(|error| refused(&args.file, log, &request.toggles, &error))?;
    let one = One { heading, request: &request, report: &report };
    if args.json {
        output.json(&verified::json::one(&one))?;
    } else {
        output.text(&verified::one(&one, output.colours()))?;
    }
    Ok(status([&report.outcome]))
}

fn status<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Status {
    let verdict = |outcome: &Outcome| if outcome.is_clean() { Verdict::Pass } else { Verdict::Fail };
    Status::of(outcomes.into_iter().map(verdict), false)
}
