//! Resident memory over many runs in one process.

use std::fs;
use std::sync::Arc;

use kernel::verdict::Outcome;
use miette::Report;
use restate::config::{Cluster, Job, JobRules};
use restate::workload::{Params, json};

use super::{Bar, Effort, Figure, Spread, job};
use crate::host::Host;
use crate::render::thousands;
use crate::systems::restate::{Plan, runner_of};

const NAME: &str = "memory";
const TITLE: &str = "resident memory after many runs in one process, against after a tenth of them";
const BAR: Bar = Bar::AtMost(1.05);
const TREE: &str = include_str!("../../tests/golden/restate/D10-victims-free-keys.json");

/// Measures.
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    let runs = effort.of(100_000);
    let runner = runner_of(plan()?, Host::BUILT);
    let (mut events, mut blocked) = (0, 0);
    let mut run = |from, to| {
        runner.each(&mut (from..to).take_while(|_| !effort.is_over()), &mut |_, result| {
            events += result.cost.events;
            blocked += u64::from(result.verdict.outcome == Outcome::Fail);
        });
        resident_kb()
    };
    let Some(warm) = run(0, runs / 10) else {
        return Ok(vec![Figure::missing(NAME, TITLE, BAR, "not measured here: there is no /proc/self/status")]);
    };
    let after: Vec<f64> = (1..10).filter_map(|tenth| run(tenth * runs / 10, (tenth + 1) * runs / 10)).collect();
    let ratios = after.iter().map(|kb| kb / warm).collect();
    // The last one counts, not the median: growth shows at the end.
    let last = after.last().copied().unwrap_or(warm) / warm;
    let spread = Spread { median: last, ..Spread::of(ratios) };
    let notes = vec![format!(
        "{:.1} MB after {} runs, {:.1} MB after {}; golden tree D10, {blocked} of them blocked, {} events a run, host: {}",
        warm / 1e3,
        thousands((runs / 10).into()),
        last * warm / 1e3,
        thousands(runs.into()),
        events / runs,
        Host::BUILT
    )];
    Ok(vec![Figure::new(NAME, TITLE, "x", Some(BAR), spread, notes)])
}

/// The golden tree at the costs of the verification scenario; one pod, which does not verify.
fn plan() -> Result<Plan, Report> {
    let plan = job::plan()?;
    let params = Params { seed: "D10-victims-free-keys".to_owned(), width: 0, depth: 0, max_sleep_ms: 32_768 };
    let tree = Arc::new(json::read(TREE, params).expect("the golden tree is well formed").tree);
    let cluster = Cluster { jobs: vec![Job::with_tree(tree.clone())], ..Cluster::clone(&plan.cluster) };
    let job_rules = JobRules { retries: 0, verifies: false, ..plan.job_rules };
    Ok(Plan { cluster: Arc::new(cluster), tree, job_rules, ..plan })
}

/// Kilobytes of this process that are in memory.
fn resident_kb() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
