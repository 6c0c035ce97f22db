//! One run.

use explore::RunResult;
use kernel::verdict::{Outcome, Verdict};
use serde::Serialize;

use super::paint::Paint;
use super::{Context, CostJson, digest, thousands};
use crate::bundle::Bundle;
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

/// What a bundle says, beside what came of it now.
#[derive(Serialize)]
pub struct Held {
    /// Whether it is the same run: digest, verdict and signature.
    pub same: bool,
    /// Whether it ended the same way.
    same_end: bool,
    expected: End,
    found: End,
}

#[derive(Serialize, PartialEq)]
struct End {
    verdict: String,
    signature: String,
    digest: String,
}

/// Holds a run against its bundle.
pub fn held_against(bundle: &Bundle, result: &RunResult) -> Held {
    let Verdict { outcome, signature, .. } = &result.verdict;
    Held {
        same: bundle.is(result),
        same_end: bundle.ends_as(result),
        expected: End {
            verdict: bundle.verdict.clone(),
            signature: bundle.signature.clone(),
            digest: bundle.digest.clone(),
        },
        found: End { verdict: outcome.word().to_owned(), signature: signature.clone(), digest: digest(result.digest) },
    }
}

/// The same for people.
pub fn held_text(held: &Held) -> String {
    let end = |end: &End| format!("{} {}", end.verdict, end.signature).trim_end().to_owned();
    let said = match (held.same, held.same_end) {
        (true, _) => "the same run: digest and signature are those of the bundle".to_owned(),
        (false, true) => {
            format!("ends as the bundle says, and is another run: digest {} in the bundle", held.expected.digest)
        }
        (false, false) => {
            format!("another run: the bundle says {}, digest {}", end(&held.expected), held.expected.digest)
        }
    };
    format!("{:<10} {said}\n", "replayed")
}

#[derive(Serialize)]
struct ReplayedJson<'a> {
    #[serde(flatten)]
    run: OneJson<'a>,
    replayed: &'a Held,
}

/// A replayed bundle for machines.
pub fn replayed_json<'a>(
    context: &'a Context<'_>,
    seed: u64,
    shown: &'a Replayed,
    held: &'a Held,
) -> impl Serialize + use<'a> {
    ReplayedJson { run: one(context, seed, shown), replayed: held }
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
    one(context, seed, shown)
}

fn one<'a>(context: &'a Context<'_>, seed: u64, shown: &'a Replayed) -> OneJson<'a> {
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
