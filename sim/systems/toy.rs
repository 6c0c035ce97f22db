//! A system of three lines, for tests of the machinery around it: the command line, sweeps, rendering. Its failures are
//! planted at a known rate. People are not offered it.

use std::io::{self, Write};

use explore::{Cost, Lot, Reduce, RunResult, Runner};
use kernel::verdict::{Outcome, Verdict};
use miette::Report;

use crate::host::Host;
use crate::registry::{DynRunner, Planned, Replay, ReplayRequest, Replayed};
use crate::scenario::Scenario;
use crate::scenario::schema::{Distribution, Key, Kind, Need, Preset, Schema, Toggle};

/// What a scenario on the toy may say.
pub const SCHEMA: Schema = Schema {
    system: "toy",
    about: "a few lines with planted failures, for tests of the machinery",
    hidden: true,
    cluster: &[],
    workload: &[
        Key { name: "label", kind: Kind::Text, need: Need::Default("toy"), about: "said in the output" },
        count("fails_in", "fails for one seed in so many; 0 for none"),
        count("vacuous_in", "is vacuous for one seed in so many; 0 for none"),
        count("panics_in", "panics for one seed in so many; 0 for none"),
        count("leaks", "if not 0, a digest depends on how many ran before: what `prove` must find"),
        count("busy_us", "microseconds of host time that a run takes"),
    ],
    exclusions: &[],
    toggles: &[Toggle { name: "planted", values: &["defect", "fix"], about: "whether it can fail" }],
    presets: &[Preset { name: "fixed", toggles: &[("planted", "fix")], about: "the toy, fixed" }],
    latencies: &[Distribution { name: "hop", about: "virtual time of a run: its median is taken" }],
    services: &[],
    draws: false,
    signatures: &["toy/planted"],
};

const fn count(name: &'static str, about: &'static str) -> Key {
    Key { name, kind: Kind::Count { least: 0, most: 1_000_000_000 }, need: Need::Default("0"), about }
}

#[derive(Clone)]
struct Plan {
    label: String,
    fails_in: u64,
    vacuous_in: u64,
    panics_in: u64,
    leaks: bool,
    busy_us: u64,
    hop_ns: u64,
}

impl Reduce for Plan {
    fn parts(&self) -> Vec<String> {
        Vec::new()
    }

    fn without(&self, _: &[usize]) -> Option<Self> {
        None
    }

    fn simpler(&self) -> Vec<(String, Self)> {
        Vec::new()
    }
}

struct Toy;

impl Runner for Toy {
    type Plan = Plan;
    /// How many ran before.
    type Scratch = u128;

    fn run_lot(&self, plan: &Plan, Lot { seed, .. }: Lot, before: &mut u128) -> RunResult {
        if plan.busy_us > 0 {
            std::thread::sleep(std::time::Duration::from_micros(plan.busy_us));
        }
        let hit = |one_in: u64| one_in > 0 && seed % one_in == one_in - 1;
        assert!(!hit(plan.panics_in), "SIMULATOR BUG: planted for seed {seed}");
        let verdict = if hit(plan.fails_in) {
            let story = vec![format!("seed {seed} was planted to fail")];
            Verdict::new(Outcome::Fail, "toy/planted", story)
        } else if hit(plan.vacuous_in) {
            Verdict::new(Outcome::Vacuous, "toy/nothing-done", vec!["nothing was done".to_owned()])
        } else {
            Verdict::pass()
        };
        let leak = if plan.leaks { *before } else { 0 };
        *before += 1;
        let digest = (leak + u128::from(seed) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        RunResult { verdict, digest, cost: Cost { events: 10 + seed % 5, virtual_ns: plan.hop_ns, operations: 2 } }
    }
}

impl Replay for Toy {
    fn replay(&self, plan: &Plan, request: &mut ReplayRequest<'_>) -> io::Result<Replayed> {
        let result = self.run_lot(plan, request.lot, &mut 0);
        if let Some(trace) = &mut request.trace {
            for event in 0..result.cost.events {
                writeln!(trace, "{{\"event\": {event}, \"seed\": {}}}", request.lot.seed)?;
            }
        }
        let output = vec![format!("{{\"label\": \"{}\", \"seed\": {}}}", plan.label, request.lot.seed)];
        Ok(Replayed { result, output, details: serde_json::Value::Null, log: None })
    }
}

/// The runner of a scenario on the toy.
pub fn runner(scenario: &Scenario, _host: Host) -> Result<Box<dyn DynRunner>, Report> {
    let setting = |name| scenario.workload.count(name).expect("it has a default");
    let planted = |name| if scenario.toggle("planted") == "fix" { 0 } else { setting(name) };
    let plan = Plan {
        label: scenario.workload.text("label").expect("it has a default").to_owned(),
        fails_in: planted("fails_in"),
        vacuous_in: planted("vacuous_in"),
        panics_in: planted("panics_in"),
        leaks: setting("leaks") > 0,
        busy_us: setting("busy_us"),
        hop_ns: scenario.latencies.get("hop").map_or(1_000_000, |hop| hop.p50),
    };
    Ok(Box::new(Planned { runner: Toy, plan }))
}
