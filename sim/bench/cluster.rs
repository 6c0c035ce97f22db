//! A cluster of model brokers on one core, with all checks looking on: under load, and idle.

use std::path::Path;

use kernel::verdict::Outcome;
use miette::Report;

use super::{Bar, Effort, Figure, Spread, timing};
use crate::host::Host;
use crate::registry::{self, DynRunner};
use crate::render::thousands;
use crate::scenario::Scenario;
use crate::scenario::document::Document;
use crate::scenario::edit::Edit;

const SCENARIO: &str = "scenarios/zeebe/quiet.toml";
const TEXT: &str = include_str!("../../scenarios/zeebe/quiet.toml");
/// Ten instances a second for ten minutes, as the benchmarks of upstream's chaos days had.
const LOADED: &[&str] = &["workload.instances_per_second=10"];
/// One deployment, and then nothing but heartbeats, gossip and timers.
const IDLE: &[&str] = &["workload.instances_per_second=0", "workload.workers=0"];

fn runner(sets: &[&str]) -> Result<Box<dyn DynRunner>, Report> {
    let edits: Vec<Edit> = sets.iter().map(|set| Edit::set(set).expect("a set that parses")).collect();
    let document = Document::parse(Path::new(SCENARIO), TEXT)?;
    registry::runner(&Scenario::resolve(document, &edits)?, Host::BUILT)
}

/// What runs of one kind came to, round by round.
struct Pace {
    /// Virtual seconds per second of the host.
    speed: Spread,
    events: Spread,
    runs: u64,
}

fn pace(effort: Effort, sets: &[&str], runs: u64) -> Result<Pace, Report> {
    let runner = runner(sets)?;
    let runs = effort.of(runs);
    let (mut speeds, mut rates) = (Vec::new(), Vec::new());
    // The first round warms up.
    for round in 0..=effort.rounds {
        let (mut events, mut virtual_ns) = (0, 0);
        let (took, ()) = timing::time(|| {
            runner.each(&mut (0..runs), &mut |seed, result| {
                assert_eq!(result.verdict.outcome, Outcome::Pass, "SIMULATOR BUG: seed {seed} of a quiet cluster");
                events += result.cost.events;
                virtual_ns += result.cost.virtual_ns;
            });
        });
        if round > 0 {
            speeds.push(virtual_ns as f64 / 1e9 / took.as_secs_f64());
            rates.push(events as f64 / took.as_secs_f64());
        }
    }
    Ok(Pace { speed: Spread::of(speeds), events: Spread::of(rates), runs })
}

/// Measures.
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    let loaded = pace(effort, LOADED, 10)?;
    let idle = pace(effort, IDLE, 40)?;
    let counted = |pace: &Pace, what: &str| {
        vec![format!(
            "{what}; seeds 0..{} of {SCENARIO}, all checks on, host: {}; {} events per second",
            pace.runs,
            Host::BUILT,
            thousands(pace.events.median as u128)
        )]
    };
    Ok(vec![
        Figure::new(
            "cluster-loaded",
            "a Zeebe cluster with 10 instances a second against real time, one core",
            "x",
            Some(Bar::AtLeast(250.0)),
            loaded.speed,
            counted(&loaded, "3 brokers, 3 partitions, a gateway, a starter, a worker, 10 minutes"),
        ),
        Figure::new(
            "cluster-events",
            "kernel events of that cluster on one core",
            "/s",
            Some(Bar::AtLeast(1_000_000.0)),
            loaded.events,
            vec!["inputs that nodes handled and events that they emitted".to_owned()],
        ),
        Figure::new(
            "cluster-idle",
            "an idle Zeebe cluster against real time, one core",
            "x",
            Some(Bar::AtLeast(3_000.0)),
            idle.speed,
            counted(&idle, "the same without instances and workers"),
        ),
    ])
}
