//! A proof that runs are the same everywhere, or the first difference.

use explore::SeedRange;
use serde::Serialize;

use super::paint::Paint;
use super::{Seeds, thousands};
use crate::host::Host;
use crate::proof::Proof;
use crate::scenario::Scenario;

/// A proof for people.
pub fn text(scenario: &Scenario, seeds: SeedRange, proof: &Proof, colours: bool) -> String {
    let paint = Paint { colours };
    let runs = thousands(proof.runs.into());
    let name = paint.strong(&scenario.name);
    let mut lines = vec![format!("{name}, seeds {seeds} on the {} host, each compared with the same", Host::BUILT)];
    for way in &proof.ways {
        match &way.first {
            None => lines.push(format!("  equal    {}: {runs} of {runs}", way.way)),
            Some(first) => {
                let divergent = thousands(way.divergent.into());
                lines.push(format!("  {} {}: {divergent} of {runs}", paint.strong("DIVERGES"), way.way));
                lines.push(format!("           first seed {}", first.seed));
                lines.push(format!("           expected   {}", first.expected));
                let found = first.found.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
                lines.push(format!("           found      {found}"));
            }
        }
    }
    if proof.simulator_bugs > 0 {
        let bugs = thousands(proof.simulator_bugs.into());
        lines.push(format!(
            "  {bugs} of {runs} runs end with a simulator bug: `relapse run --seeds {seeds}` shows them"
        ));
    }
    lines.join("\n") + "\n"
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
