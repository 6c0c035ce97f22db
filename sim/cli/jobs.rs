//! `relapse jobs`: which verification jobs of a window can deadlock by their tree, and how often each one does.

mod document;
mod ledger;
mod row;

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use explore::{Ended, SeedRange, SweepRequest};
use kernel::verdict::Outcome;
use miette::Report;
use restate::workload::{Params, Rule, Tree, generate, static_cycles};

use self::document::Document;
use self::ledger::{Ledger, Terms};
use self::row::Row;
use super::output::{Output, say};
use super::scenario_args::ScenarioArgs;
use super::status::Status;
use super::sweep::workers;
use super::{seeds, stop};
use crate::host::Host;
use crate::registry;
use crate::scenario::Scenario;
use crate::scenario::problem::Problem;
use crate::systems::restate::{Setup, TreeSource};

const HELP: &str = "\
Standard output is one document of Markdown, printed at the end: how it was made, the summary, the table. Rows are told
on standard error as they come, and kept with --out: an interrupted sweep goes on where it stopped, and a finished one
is printed again without a run.";

/// Sweep every verification job of a window whose tree has a static lock cycle, and write a table
#[derive(Debug, clap::Args)]
#[command(after_help = HELP, after_long_help = format!("{HELP}\n\n{}", super::status::HELP))]
pub struct Args {
    #[command(flatten)]
    scenario: ScenarioArgs,

    /// The window: numbers of the jobs test-A to test-B, B left out
    #[arg(long, value_name = "A..B", allow_hyphen_values = true, value_parser = seeds::parse, default_value = "28112572..28114122")]
    window: SeedRange,

    /// Seeds per job
    #[arg(long, value_name = "A..B", allow_hyphen_values = true, value_parser = seeds::parse, default_value = "0..2000")]
    seeds: SeedRange,

    /// Threads that run seeds [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    workers: Option<u64>,

    /// Jobs that are known to have deadlocked: the summary sets them against the others
    #[arg(long, value_name = "JOB,..", value_delimiter = ',')]
    named: Vec<String>,

    /// Jobs that count on neither side of the summary
    #[arg(long, value_name = "JOB,..", value_delimiter = ',')]
    aside: Vec<String>,

    /// Keep the rows in a file as they come; a job that has a row there is not swept again
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Sweeps them.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let flags = [("--named", &args.named), ("--aside", &args.aside)];
    flags.iter().try_for_each(|(flag, jobs)| in_window(flag, jobs, args.window))?;
    // The job's name is all that differs between the rows, so it is no part of their terms.
    let base = args.scenario.load_with("workload.job=any")?;
    let terms = Terms::of(&base, args.seeds)?;
    let mut ledger = Ledger::open(args.out.as_deref(), &terms)?;
    let mut rows = ledger.rows_known();

    let stop = stop::on_ctrl_c();
    let workers = workers(args.workers);
    let mut worst: Vec<Outcome> = rows.iter().flat_map(Row::outcomes).collect();
    let mut interrupted = false;
    for number in args.window.seeds() {
        let job = format!("test-{number}");
        if rows.iter().any(|row| row.job == job) {
            continue;
        }
        let scenario = args.scenario.load_with(&format!("workload.job={job}"))?;
        let tree = tree(&scenario, &job)?;
        let cycles = static_cycles(&tree);
        if cycles.is_empty() {
            continue;
        }
        let runner = registry::runner(&scenario, Host::BUILT)?;
        let report = runner.sweep(SweepRequest::of(args.seeds, workers, &stop), &mut |_| {});
        interrupted = report.ended == Ended::Stopped || stop.load(Ordering::Relaxed);
        if interrupted {
            break;
        }
        worst.extend(report.groups.iter().map(|group| group.outcome));
        let row = Row::new(job, tree.stats().invocations.into(), &cycles, &report);
        // Said first: where it cannot be kept, it is seen all the same.
        say(format!("{}: {} of {} blocked", row.job, row.blocked, row.runs));
        ledger.add(&row)?;
        rows.push(row);
    }
    let document = Document { args, scenario: &base, terms: &terms, interrupted, rows };
    output.text(&document.text())?;
    Ok(Status::of(worst, interrupted))
}

/// The tree of a job by the rule in force. A shape beyond all bounds is the scenario's mistake.
fn tree(scenario: &Scenario, job: &str) -> Result<Tree, Report> {
    let TreeSource::Generated { job: seed, width, depth } = Setup::of(scenario).tree else {
        panic!("SIMULATOR BUG: a job that is named by a flag has no tree of its own");
    };
    // Sleeps do not lock anything: their budget leaves the cycles as they are.
    let params = Params { seed, width, depth, max_sleep_ms: 0 };
    generate(params, rule(scenario)).map_err(|error| {
        let help = Some("choose a smaller workload.width or workload.depth".to_owned());
        Problem::Usage { message: format!("{job}: {error}"), help }.into()
    })
}

/// The rule by which the scenario generates, as the run itself reads it.
fn rule(scenario: &Scenario) -> Rule {
    match scenario.toggle("generator") {
        "free-targets" => Rule::FreeTargets,
        _ => Rule::IncreasingTargets,
    }
}

fn in_window(flag: &str, jobs: &[String], window: SeedRange) -> Result<(), Report> {
    let number = |job: &String| job.strip_prefix("test-").and_then(|number| number.parse::<u64>().ok());
    match jobs.iter().find(|job| !number(job).is_some_and(|number| window.seeds().contains(&number))) {
        None => Ok(()),
        Some(job) => {
            let message = format!("{flag} {job}: no such job in the window {window}");
            let help = format!("write names such as test-{}, with commas between them", window.from());
            Err(Problem::Usage { message, help: Some(help) }.into())
        }
    }
}
