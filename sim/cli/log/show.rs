//! `relapse log show`: a broker's log at a moment of a run.

use clap::builder::NonEmptyStringValueParser;
use kernel::identity::Nanos;
use miette::Report;
use zeebe::exported::write_line;

use crate::cli::one_run::{OneRun, OneRunArgs};
use crate::cli::output::{Output, say};
use crate::cli::status::Status;
use crate::render::shown_log::{Heading, heading, line};
use crate::scenario::duration::parse_duration;
use crate::scenario::problem::Problem;
use crate::systems::zeebe::{Plan, SCHEMA};

const STATUS: &str = "\
Exit status:
  0    the log was shown
  2    usage or input";

/// Show a broker's committed log of a partition, at any time of a run
///
/// One record a line: position, source, key, what kind of record, what happened, and what matters of the value. With --json
/// as an exporter writes them, which is what `relapse log verify` reads if the log still begins at position 1: a broker
/// throws away what its snapshot covers, segment by segment.
#[derive(Debug, clap::Args)]
#[command(after_help = STATUS)]
pub struct Args {
    #[command(flatten)]
    run: OneRunArgs,

    /// The partition
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..))]
    partition: u16,

    /// The broker, such as broker-0
    #[arg(long, value_name = "NAME", default_value = "broker-0", value_parser = NonEmptyStringValueParser::new())]
    node: String,

    /// When, in virtual time, such as 12m [default: at the end of the run]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    at: Option<Nanos>,

    /// Only records of this key, or whose value names it as its instance's
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    key: Option<i64>,

    /// Only from this position on
    #[arg(long, value_name = "POS", default_value = "1", value_parser = clap::value_parser!(i64).range(1..))]
    from: i64,

    /// Print lines as an exporter writes them
    #[arg(long)]
    json: bool,
}

/// Shows it.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let OneRun { scenario, lot, .. } = args.run.open()?;
    if scenario.schema.system != SCHEMA.system {
        let message = format!("{}: brokers' logs are of system {}", scenario.path.display(), SCHEMA.system);
        let help = Some(format!("this scenario is of system {}", scenario.schema.system));
        return Err(Problem::Usage { message, help }.into());
    }
    let plan = Plan::of(&scenario)?;
    if args.at.is_some_and(|at| at > scenario.duration_ns) {
        let message = "--at: the run ends before".to_owned();
        let help = Some("choose an earlier time, or lengthen the run with --set duration=..".to_owned());
        return Err(Problem::Usage { message, help }.into());
    }
    let log = plan.log_at(lot, args.at, &args.node, args.partition)?;
    let wanted = |record: &&zeebe::protocol::Record| {
        let of_key = |key| record.key == key || record.value.workflow_instance_key() == Some(key);
        record.position >= args.from && args.key.is_none_or(of_key)
    };
    if !args.json {
        let (seed, node) = (lot.seed, &*args.node);
        let heading_of = Heading { node, partition: args.partition, seed, log: &log };
        output.text(&heading(&heading_of))?;
    }
    if args.json && log.role.is_none() {
        say(format!(
            "note: {} is down: this is the log on its disk, without {} last records that are not committed",
            args.node,
            log.records.len() - log.committed
        ));
    }
    if let (true, Some(first)) = (args.json, log.records.first().filter(|first| first.position > 1)) {
        say(format!(
            "note: the log begins at position {}, what is before it is in the snapshot: `relapse log verify` reads only logs \
             from position 1; look at an earlier time, or lengthen --set cluster.segment=..",
            first.position
        ));
    }
    let shown = if args.json { &log.records[..log.committed] } else { &log.records[..] };
    for record in shown.iter().filter(wanted) {
        output.line(if args.json { write_line(args.partition, record) } else { line(record) })?;
    }
    Ok(Status::DONE)
}
