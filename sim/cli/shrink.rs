//! `relapse shrink`: which faults and operations does this failure need?

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use explore::{CertificateRequest, Lot, RunResult, Runner, ShrinkRequest, certificate, run_caught, shrink};
use kernel::verdict::Outcome;
use miette::Report;

use super::one_run::{OneRun, OneRunArgs};
use super::output::Output;
use super::status::Status;
use super::sweep::workers;
use super::{smaller_file, stop};
use crate::host::Host;
use crate::render::progress::Reductions;
use crate::render::shrunk::{self, Outcome as Shrunk};
use crate::scenario::duration::parse_duration;
use crate::scenario::problem::Problem;
use crate::shrink::{ScenarioPlan, ScenarioRunner, seed_of};

const STATUS: &str = "\
Exit status:
  1    the failure was made smaller, as far as the budget went, and still fails
  2    usage or input: this run does not fail, or the result cannot be written
  4    the simulator contradicted itself in a candidate; the result stands, and that one is named
  130  aborted by a second Ctrl-C";

/// Leave out of a failing run whatever it fails without, and say how much each part that is left is needed
///
/// Every candidate is run. What fails with the same signature is kept: first without faults, operations and commands, then
/// with shorter and rounder times and fewer keys. Ctrl-C ends it with the best so far.
#[derive(Debug, clap::Args)]
#[command(after_help = STATUS)]
pub struct Args {
    #[command(flatten)]
    run: OneRunArgs,

    /// Beside the seed itself, a candidate is tried with so many more, and kept if it fails with one of them
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u64).range(..=10_000))]
    salts: u64,

    /// Seeds over which each part of the result is left out, to see how much it is needed
    #[arg(long, value_name = "N", default_value = "60", value_parser = clap::value_parser!(u64).range(..=100_000))]
    certify: u64,

    /// End after so many runs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    runs: Option<u64>,

    /// End after so much host time; what certifies the result may take half of it again
    #[arg(long = "for", value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    wall: u64,

    /// Threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    workers: Option<u64>,

    /// Take a failure of the same signature for the same, also where what tells such failures apart (the keys of a ring) is not
    #[arg(long)]
    any_detail: bool,

    /// Write the smaller scenario to this file, and its tree beside it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// What runs the world [default: what the binary was built as]
    #[arg(long, value_name = "HOST")]
    host: Option<Host>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Shrinks it.
pub fn call(args: &Args, output: &mut Output) -> Result<Status, Report> {
    let OneRun { scenario, lot, .. } = args.run.open_failing()?;
    if let Some(path) = &args.out {
        smaller_file::may_be_written(path, &scenario.path)?;
    }
    let runner = ScenarioRunner { host: args.host.unwrap_or(Host::BUILT), with_detail: !args.any_detail };
    let whole = ScenarioPlan::of(&scenario, lot.seed, false)?;
    let result = run_caught(&runner, &whole, lot, &mut ());
    let signature = failing(&result, lot)?;
    let workers = workers(args.workers);
    let stop = stop::on_ctrl_c();

    let (plan, lot) = with_tree(&runner, &ScenarioPlan::of(&scenario, lot.seed, true)?, lot, args.salts, &signature)
        .unwrap_or((whole, lot));
    let request = ShrinkRequest {
        salts: args.salts,
        runs_max: args.runs,
        wall_max: Some(Duration::from_nanos(args.wall)),
        workers,
        ..ShrinkRequest::new(lot, &signature, &stop)
    };
    let meter = Reductions::begin();
    let made = shrink(&runner, &plan, request, |progress| meter.show(progress));
    meter.clear();
    let made = made.map_err(|error| Problem::Usage { message: error.to_string(), help: None })?;

    let unstopped = AtomicBool::new(false);
    let certified = certificate(
        &runner,
        &made.plan,
        CertificateRequest {
            lot: made.lot,
            signature: &signature,
            salts: args.certify,
            wall_max: Some(Duration::from_nanos(args.wall / 2)),
            workers,
            stop: if made.complete == Err(explore::ShrinkEnded::Asked) { &stop } else { &unstopped },
        },
    );
    let seed = seed_of(made.lot).seed;
    let base = made.result.verdict.signature.split(": ").next().unwrap_or_default();
    let scenario_made = made.plan.expecting(base, seed).without_usual_toggles()?.scenario()?;
    let outcome = Shrunk { scenario: &scenario, made: &made, certified: &certified, smaller: &scenario_made, seed };
    let written = args.out.as_deref().map(|path| smaller_file::write(path, &scenario_made));
    let at =
        written.as_ref().and_then(|written| written.as_ref().ok()).map(|()| args.out.as_deref()).unwrap_or_default();
    if args.json {
        output.json(&shrunk::json(&outcome, at))?;
    } else {
        output.text(&shrunk::text(&outcome, at, output.colours()))?;
    }
    output.flush()?;
    written.transpose()?;
    Ok(if made.simulator_bug.is_some() { Status::DIVERGED } else { Status::of([Outcome::Fail], false) })
}

/// The signature of a run that fails.
pub fn failing(result: &RunResult, lot: Lot) -> Result<String, Report> {
    if result.verdict.outcome == Outcome::Fail {
        return Ok(result.verdict.signature.clone());
    }
    let ended = format!("{} {}", result.verdict.outcome.word(), result.verdict.signature);
    let message = format!("seed {} does not fail: {}", lot.seed, ended.trim_end());
    let help = Some("`relapse sweep` finds seeds that fail; name one with --seed".to_owned());
    Err(Problem::Usage { message, help }.into())
}

/// The job given by its tree, and the run in which it fails so; none if it is no job, or does not fail so with any seed.
fn with_tree(
    runner: &ScenarioRunner,
    plan: &ScenarioPlan,
    lot: Lot,
    salts: u64,
    signature: &str,
) -> Option<(ScenarioPlan, Lot)> {
    plan.calls()?;
    let lots = std::iter::once(lot).chain((1..=salts).map(|salt| Lot::forked(lot.seed, 0, salt)));
    let fails = |lot: &Lot| {
        let verdict = runner.run_lot(plan, *lot, &mut ()).verdict;
        verdict.outcome == Outcome::Fail && verdict.signature == signature
    };
    let lot = lots.map(seed_of).find(fails)?;
    Some((plan.clone(), lot))
}
