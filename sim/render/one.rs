//! One run.

use kernel::verdict::Outcome;
use serde::Serialize;

use super::paint::Paint;
use super::{Context, CostJson, digest, thousands};
use crate::registry::Replayed;
use crate::scenario::duration::show_duration;

/// One run for people: what the programs printed, the verdict, its story, the figures.
pub fn text(context: &Context<'_>, seed: u64, shown: &Replayed, colours: bool) -> String {
    let paint = Paint { colours };
    let result = &shown.result;
    let mut lines: Vec<String> = shown.output.clone();
    if !lines.is_empty() {
        lines.push(String::new());
    }

    lines.push(format!("{} {}", paint.outcome(result.verdict.outcome), result.verdict.signature).trim_end().to_owned());
    lines.extend(result.verdict.story.iter().map(|line| format!("  {line}")));
    lines.push(String::new());
    let field = |name: &str, value: String| format!("{} {value}", paint.faint(&format!("{name:<10}")));
    let cost = result.cost;
    lines.push(field("scenario", format!("{} ({})", context.scenario.name, context.scenario.path.display())));
    lines.push(field("seed", seed.to_string()));
    lines.push(field("took", show_duration(cost.virtual_ns.into()) + " of virtual time"));
    lines.push(field("events", thousands(cost.events.into())));
    lines.push(field("operations", thousands(cost.operations.into())));
    lines.push(field("digest", format!("{} ({} host)", digest(result.digest), context.host)));
    if result.verdict.outcome != Outcome::Pass {
        lines.push(field("again", context.again(seed)));
    }
    lines.extend(shown.log.iter().map(|log| field("log", context.read_log(seed, log))));
    lines.join("\n") + "\n"
}

#[derive(Serialize)]
struct OneJson<'a> {
    scenario: &'a str,
    system: &'a str,
    host: String,
    seed: u64,
    verdict: Outcome,
    signature: &'a str,
    story: &'a [String],
    digest: String,
    cost: CostJson,
    output: &'a [String],
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    details: &'a serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<String>,
}

/// One run for machines.
pub fn json<'a>(context: &'a Context<'_>, seed: u64, shown: &'a Replayed) -> impl Serialize + use<'a> {
    let result = &shown.result;
    OneJson {
        scenario: &context.scenario.name,
        system: context.scenario.schema.system,
        host: context.host.to_string(),
        seed,
        verdict: result.verdict.outcome,
        signature: &result.verdict.signature,
        story: &result.verdict.story,
        digest: digest(result.digest),
        cost: CostJson {
            events: result.cost.events.into(),
            virtual_ns: result.cost.virtual_ns.into(),
            operations: result.cost.operations.into(),
        },
        output: &shown.output,
        details: &shown.details,
        log: shown.log.as_ref().map(|log| context.read_log(seed, log)),
    }
}
