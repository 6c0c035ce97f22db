//! A proof that runs are the same everywhere, or the first difference.

use explore::SeedRange;
use serde::Serialize;

use super::paint::Paint;
use super::{Seeds, thousands};
use crate::host::Host;
use crate::look::Seen;
use crate::proof::{FirstEvent, Place, Proof};
use crate::scenario::Scenario;

/// A proof for people.
pub fn text(scenario: &Scenario, seeds: SeedRange, proof: &Proof, colours: bool) -> String {
    let paint = Paint { colours };
    let runs = thousands(proof.runs.into());
    let name = paint.strong(&scenario.name);
    let mut lines = vec![format!("{name}, seeds {seeds} on the {} host, each compared with the same", Host::BUILT)];
    for way in &proof.ways {
        let compared = thousands(way.compared.into());
        let unfinished = if way.finished { String::new() } else { format!("; not finished, {compared} of {runs} ran") };
        match &way.first {
            None => lines.push(format!("  equal    {}: {compared} of {compared}{unfinished}", way.way)),
            Some(first) => {
                let divergent = thousands(way.divergent.into());
                let diverges = paint.strong("DIVERGES");
                lines.push(format!("  {diverges} {}: {divergent} of {compared}{unfinished}", way.way));
                lines.push(format!("           first seed {}", first.seed));
                lines.push(format!("           expected   {}", first.expected));
                let found = first.found.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
                lines.push(format!("           found      {found}"));
                lines.extend(place(&first.place).into_iter().map(|line| format!("           {line}")));
            }
        }
    }
    if proof.interrupted {
        lines.push("  interrupted: the ways that are not listed were not compared".to_owned());
    }
    if proof.simulator_bugs > 0 {
        let bugs = thousands(proof.simulator_bugs.into());
        lines.push(format!(
            "  {bugs} of {runs} runs end with a simulator bug: `relapse run --seeds {seeds}` shows them"
        ));
    }
    lines.join("\n") + "\n"
}

/// Where two runs part.
fn place(place: &Place) -> Vec<String> {
    let FirstEvent { id, expected, found } = match place {
        Place::Unknown(reason) => return vec![format!("the first event that differs is not known: {reason}")],
        Place::Event(event) => &**event,
    };
    let mut lines = vec![
        format!("the first event that differs is number {id}"),
        format!("  expected {}", expected.as_ref().map_or_else(|| "none: the run is over".to_owned(), event)),
        format!("  found    {}", found.as_ref().map_or_else(|| "none: the run is over".to_owned(), event)),
    ];
    let shown = |seen: &Seen| Seen { hash: String::new(), ..seen.clone() };
    if expected.as_ref().map(shown) == found.as_ref().map(shown) {
        lines.push("  what differs is not among the fields shown here".to_owned());
    }
    lines
}

fn event(seen: &Seen) -> String {
    let Seen { at_ns, node, role, kind, name, data: [first, second, third], parent, .. } = seen;
    let (seconds, rest) = (at_ns / 1_000_000_000, at_ns % 1_000_000_000);
    let role = role.as_ref().map_or_else(String::new, |role| format!(" ({role})"));
    format!("{seconds}.{rest:09} s {node}{role} {kind} {name} [{first}, {second}, {third}], caused by {parent}")
}

#[derive(Serialize)]
struct ProvenJson<'a> {
    scenario: &'a str,
    system: &'a str,
    host: String,
    seeds: Seeds,
    holds: bool,
    #[serde(flatten)]
    proof: &'a Proof,
}

/// A proof for machines.
pub fn json<'a>(scenario: &'a Scenario, seeds: SeedRange, proof: &'a Proof) -> impl Serialize + use<'a> {
    ProvenJson {
        scenario: &scenario.name,
        system: scenario.schema.system,
        host: Host::BUILT.to_string(),
        seeds: seeds.into(),
        holds: proof.holds(),
        proof,
    }
}
