//! What shrinking gave: how far it came, what is left, and how much of that is needed.

use std::path::Path;

use explore::{Certificate, Necessity, ShrinkEnded, Shrunk};
use serde::Serialize;
use serde_json::json;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style};

use super::paint::Paint;
use super::swept::percent;
use super::thousands;
use crate::scenario::Scenario;
use crate::shrink::{ScenarioPlan, cause};

/// All that is known.
pub struct Outcome<'a> {
    /// What was shrunk.
    pub scenario: &'a Scenario,
    /// What it gave.
    pub made: &'a Shrunk<ScenarioPlan>,
    /// How much of that is needed.
    pub certified: &'a Certificate,
    /// It as a scenario.
    pub smaller: &'a Scenario,
    /// The seed with which that fails.
    pub seed: u64,
}

impl Outcome<'_> {
    fn ended(&self) -> &'static str {
        match self.made.complete {
            Ok(()) => "complete: no part can go alone, and nothing can be made simpler",
            Err(ShrinkEnded::Runs) => "ended with its runs: more might go",
            Err(ShrinkEnded::Wall) => "ended with its time: more might go",
            Err(ShrinkEnded::Asked) => "stopped: more might go",
        }
    }
}

/// For people: `at` is where the smaller scenario was written; where it was not, it is printed.
pub fn text(outcome: &Outcome<'_>, at: Option<&Path>, colours: bool) -> String {
    let paint = Paint { colours };
    let Outcome { scenario, made, certified, smaller, seed } = outcome;
    let counts = &made.counts;
    let mut lines = vec![
        format!("{} ({}): {}", paint.strong(&scenario.name), scenario.path.display(), made.result.verdict.signature),
        format!("{} of {} parts are left, with seed {seed}", certified.parts.len(), made.parts_before),
    ];
    lines.extend(made.plan.calls().map(|calls| format!("its tree makes {calls} calls")));
    lines.push(format!(
        "{} runs: {} for {} candidates that were taken, {} for {} that were refused, {} ahead",
        thousands((counts.runs + counts.ahead).into()),
        thousands(counts.runs_taken.into()),
        thousands(counts.taken.into()),
        thousands(counts.runs_refused.into()),
        thousands(counts.refused.into()),
        thousands(counts.ahead.into()),
    ));
    lines.push(outcome.ended().to_owned());
    let cause = cause::of(&made.plan, &made.result.verdict.signature);
    lines.push(format!("cause {} ({cause})", cause.fingerprint()));
    lines.push(String::new());
    lines.push(certificate(certified, paint));
    if let Some((_, lot, verdict)) = &made.simulator_bug {
        lines.push(String::new());
        lines.push(format!("a candidate contradicted the simulator, seed {}: {}", lot.seed, verdict.signature));
        lines.extend(verdict.story.iter().map(|line| format!("  {line}")));
    }
    lines.push(String::new());
    match at {
        Some(path) => lines.push(format!("{} relapse run {} --seed {seed}", paint.faint("again"), path.display())),
        None => {
            lines.push(smaller.document.to_toml().trim_end().to_owned());
            let with_tree = made.plan.calls().is_some();
            lines.extend(with_tree.then(|| "\n(--out FILE writes it, and the tree that it names)".to_owned()));
        }
    }
    lines.join("\n") + "\n"
}

/// A table of parts; how often the failure is gone without each.
fn certificate(certified: &Certificate, paint: Paint) -> String {
    let mut builder = Builder::default();
    builder.push_record(["part", "without it", "of", "95 % interval", ""]);
    for part in &certified.parts {
        let gone = part.judged - part.still;
        let interval = part.interval();
        let row = if part.can_go {
            [
                part.part.clone(),
                format!("gone in {gone}"),
                part.judged.to_string(),
                format!("{} .. {}", percent(interval.low), percent(interval.high)),
                instead(part),
            ]
        } else {
            [part.part.clone(), "cannot go".to_owned(), String::new(), String::new(), String::new()]
        };
        builder.push_record(row);
    }
    let mut table = builder.build();
    table.with(Style::blank()).with(Padding::new(0, 1, 0, 0));
    table.modify(Columns::new(1..4), Alignment::right());
    let text = table.to_string();
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    lines[0] = paint.faint(&lines[0]);
    let rate = certified.rate();
    lines.push(format!(
        "the whole fails in {} of {} seeds ({} .. {})",
        certified.failing,
        certified.lots,
        percent(rate.low),
        percent(rate.high)
    ));
    if !certified.complete {
        lines.push("not all runs of the certificate were made: its time was up".to_owned());
    }
    lines.join("\n")
}

/// What fails instead where a part is gone.
fn instead(part: &Necessity) -> String {
    let changed: Vec<String> =
        part.changed.iter().map(|(signature, count)| format!("{signature} in {count}")).collect();
    let along = match &part.with_it[..] {
        [] => String::new(),
        few @ [_] | few @ [_, _] => format!("and {} with it", few.join(", ")),
        many => format!("and {} others with it", many.len()),
    };
    [along, changed.join(", ")].into_iter().filter(|said| !said.is_empty()).collect::<Vec<_>>().join("; ")
}

/// For machines.
pub fn json(outcome: &Outcome<'_>, at: Option<&Path>) -> impl Serialize {
    let Outcome { scenario, made, certified, smaller, seed } = outcome;
    let part = |part: &Necessity| {
        let interval = part.interval();
        json!({
            "part": part.part, "with_it": part.with_it, "can_go": part.can_go, "judged": part.judged,
            "vanished": part.vanished, "changed": part.changed, "still": part.still, "unjudged": part.unjudged,
            "interval": [interval.low, interval.high],
        })
    };
    let steps: Vec<_> =
        made.steps.iter().map(|step| json!({ "what": step.what, "parts": step.parts, "runs": step.runs })).collect();
    let cause = cause::of(&made.plan, &made.result.verdict.signature);
    json!({
        "scenario": scenario.name,
        "signature": made.result.verdict.signature,
        "seed": seed,
        "parts": { "before": made.parts_before, "left": certified.parts.len() },
        "calls": made.plan.calls(),
        "runs": {
            "all": made.counts.runs + made.counts.ahead, "taken": made.counts.runs_taken,
            "refused": made.counts.runs_refused, "ahead": made.counts.ahead, "certificate": certified.runs,
        },
        "complete": made.complete.is_ok(),
        "ended": outcome.ended(),
        "fingerprint": cause.fingerprint().to_string(),
        "cause": cause.to_string(),
        "steps": steps,
        "certificate": {
            "complete": certified.complete, "holds": certified.holds(), "runs": certified.lots, "failing": certified.failing,
            "parts": certified.parts.iter().map(part).collect::<Vec<_>>(),
        },
        "file": at,
        "smaller": smaller.document.to_toml(),
    })
}
