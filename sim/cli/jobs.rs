//! `relapse jobs`: which verification jobs of a window can deadlock by their tree, and how often each one does.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use explore::{SeedRange, SweepReport, SweepRequest, Z_95, wilson};
use kernel::verdict::Outcome;
use miette::Report;
use restate::workload::{Params, Rule, generate, static_cycles};

use super::output::{Output, unwritable};
use super::scenario_args::ScenarioArgs;
use super::status::Status;
use super::{seeds, stop};
use crate::host::Host;
use crate::registry;
use crate::scenario::problem::Problem;

/// Sweep every verification job of a window whose tree has a static lock cycle, and write a table
#[derive(Debug, clap::Args)]
#[command(after_help = super::status::HELP)]
pub struct Args {
    #[command(flatten)]
    scenario: ScenarioArgs,

    /// The window: numbers of the jobs test-A to test-B, B left out
    #[arg(long, value_name = "A..B", value_parser = seeds::parse, default_value = "28112572..28114122")]
    window: SeedRange,

    /// Seeds per job
    #[arg(long, value_name = "A..B", value_parser = seeds::parse, default_value = "0..2000")]
    seeds: SeedRange,

    /// Threads that run seeds [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    workers: Option<u64>,

    /// Append the rows to a file as they come; jobs that have a row there are not swept again
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const HEAD: &str = "| job | invocations | static cycle keys | blocked | rate | 95 % interval | rings (runs) |\n\
                    |---|---|---|---|---|---|---|\n";

/// Sweeps them.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let stop = stop::on_ctrl_c();
    let known = args.out.as_deref().map(rows_of).transpose()?.unwrap_or_default();
    if known.is_empty() {
        put(args, output, HEAD)?;
    }
    let workers = args.workers.and_then(|workers| usize::try_from(workers).ok()).and_then(NonZeroUsize::new);
    let workers = workers.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let mut worst = Vec::new();
    for number in args.window.seeds() {
        let job = format!("test-{number}");
        let scenario = args.scenario.load_with(&format!("workload.job={job}"))?;
        let rule = Rule::FreeTargets;
        let width = u32::try_from(scenario.workload.count("width").unwrap_or(4)).unwrap_or(u32::MAX);
        let depth = u32::try_from(scenario.workload.count("depth").unwrap_or(14)).unwrap_or(u32::MAX);
        let params = Params { seed: job.clone(), width, depth, max_sleep_ms: 0 };
        let tree = generate(params, rule).map_err(|error| Problem::Usage {
            message: format!("{job}: {error}"),
            help: Some("choose a smaller workload.width or workload.depth".to_owned()),
        })?;
        let cycles = static_cycles(&tree);
        if cycles.is_empty() || known.contains(&job) {
            continue;
        }
        let runner = registry::runner(&scenario, Host::BUILT)?;
        let report = runner.sweep(SweepRequest { seeds: args.seeds, workers, stop: &stop }, &mut |_| {});
        if report.interrupted || stop.load(Ordering::Relaxed) {
            return Ok(Status::of(worst, true));
        }
        worst.extend(report.groups.iter().map(|group| group.outcome));
        put(args, output, &row(&job, tree.stats().invocations.into(), &cycles, &report))?;
    }
    Ok(Status::of(worst, false))
}

fn row(job: &str, invocations: u64, cycles: &[Vec<i32>], report: &SweepReport) -> String {
    let failed = report.groups.iter().filter(|group| group.outcome == Outcome::Fail);
    let mut rings: BTreeMap<&str, u64> = BTreeMap::new();
    let mut blocked = 0;
    for group in failed {
        blocked += group.count;
        for (detail, count) in &group.details {
            *rings.entry(if detail.is_empty() { &group.signature } else { detail }).or_default() += count;
        }
    }
    let others: u64 = report.groups.iter().filter(|group| group.outcome.severity() != 0).map(|group| group.count).sum();
    let mut rings: Vec<(&str, u64)> = rings.into_iter().collect();
    rings.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rings: Vec<String> =
        rings.iter().map(|(ring, count)| format!("{} ({count})", ring.replace("ring ", ""))).collect();
    let cycles: Vec<String> =
        cycles.iter().map(|cycle| cycle.iter().map(i32::to_string).collect::<Vec<_>>().join(",")).collect();
    let interval = wilson(blocked, report.runs, Z_95);
    let unjudged = if others > blocked { format!("; {} not judged", others - blocked) } else { String::new() };
    format!(
        "| {job} | {invocations} | {} | {blocked}/{}{unjudged} | {:.4} | {:.4} .. {:.4} | {} |\n",
        cycles.join(" and "),
        report.runs,
        blocked as f64 / report.runs.max(1) as f64,
        interval.low,
        interval.high,
        if rings.is_empty() { "none".to_owned() } else { rings.join(", ") },
    )
}

fn put(args: &Args, output: &mut Output, text: &str) -> Result<(), Report> {
    output.text(text)?;
    output.flush()?;
    let Some(path) = &args.out else { return Ok(()) };
    let appended = OpenOptions::new().create(true).append(true).open(path);
    appended.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| unwritable("--out", path, &error))
}

/// The jobs that have a row in a file, if there is one.
fn rows_of(path: &Path) -> Result<Vec<String>, Report> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let job = |line: &str| {
                line.strip_prefix("| test-").and_then(|rest| rest.split(' ').next()).map(|n| format!("test-{n}"))
            };
            Ok(text.lines().filter_map(job).collect())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(unwritable("--out", path, &error)),
    }
}
