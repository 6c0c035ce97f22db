//! One real job on one core.

use std::path::Path;

use miette::Report;

use super::{Bar, Effort, Figure, Spread, timing};
use crate::host::Host;
use crate::render::thousands;
use crate::scenario::Scenario;
use crate::scenario::document::Document;
use crate::systems::restate::{Plan, runner_of};

const SCENARIO: &str = "scenarios/restate/verification.toml";
const TEXT: &str = include_str!("../../scenarios/restate/verification.toml");

/// The job test-28113175 as the scenario has it, wherever the binary stands.
pub fn plan() -> Result<Plan, Report> {
    Plan::of(&Scenario::resolve(Document::parse(Path::new(SCENARIO), TEXT)?, &[])?)
}

/// Measures.
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    let plan = plan()?;
    let runner = runner_of(plan.clone(), Host::BUILT);
    let seeds = effort.of(60);
    let (mut rates, mut densities) = (Vec::new(), Vec::new());
    let mut invocations = 0;
    // The first round warms up.
    for round in 0..=effort.rounds as u64 {
        let mut events = 0;
        invocations = 0;
        let (took, ()) = timing::time(|| {
            runner.each(&mut (0..seeds), &mut |_, result| {
                events += result.cost.events;
                invocations += result.cost.operations;
            });
        });
        if round > 0 {
            rates.push(invocations as f64 / took.as_secs_f64());
            densities.push(events as f64 / invocations as f64);
        }
    }
    let rate = Spread::of(rates);
    let mut world = plan.build(0);
    world.run(plan.budget, &mut ());
    let counted = vec![format!(
        "invocations that ended, seeds 0..{seeds} of {SCENARIO}, host: {}; {} events per second",
        Host::BUILT,
        thousands((rate.median * densities[0]) as u128)
    )];
    let dense = vec![
        "inputs that nodes handled and events that they emitted".to_owned(),
        format!(
            "{} invocations in all; seed 0: {} events, {} of them from the queue",
            thousands(invocations.into()),
            thousands(world.events().into()),
            thousands(world.queue_events().into())
        ),
    ];
    Ok(vec![
        Figure::new(
            "invocations",
            "invocations of job test-28113175 on one core",
            "/s",
            Some(Bar::AtLeast(100_000.0)),
            rate,
            counted,
        ),
        Figure::new(
            "events-per-invocation",
            "kernel events per invocation",
            "",
            Some(Bar::AtLeast(25.0)),
            Spread::of(densities),
            dense,
        ),
    ])
}
