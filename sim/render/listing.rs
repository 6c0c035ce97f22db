//! The scenarios there are.

use serde::Serialize;

use super::paint::Paint;
use crate::scenario::Scenario;
use crate::scenario::find::Found;

/// The list for people.
pub fn text(found: &[Found], colours: bool) -> String {
    let paint = Paint { colours };
    let width = found.iter().map(|found| name(found).chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for found in found {
        let name = format!("{:<width$}", name(found));
        let rest = match &found.scenario {
            Ok(scenario) => format!("{}\n{:width$}  {}", scenario.title, "", paint.faint(&expectation(scenario))),
            Err(error) => format!("broken: {error}"),
        };
        text.push_str(&format!("{}  {rest}\n", paint.strong(&name)));
    }
    if text.is_empty() {
        text.push_str("no scenarios\n");
    }
    text
}

fn name(found: &Found) -> &str {
    found.scenario.as_ref().map_or(&*found.short, |scenario| &*scenario.name)
}

fn expectation(scenario: &Scenario) -> String {
    let Some(fail) = &scenario.expect.fail else { return format!("{}: must pass", scenario.schema.system) };
    let fixes: Vec<String> = fixes(scenario);
    let fixed = if fixes.is_empty() { String::new() } else { format!(", fixed by {}", fixes.join(" or ")) };
    format!("{}: must fail as {fail}{fixed}", scenario.schema.system)
}

fn fixes(scenario: &Scenario) -> Vec<String> {
    scenario.expect.fixed_by.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[derive(Serialize)]
struct ListJson {
    scenarios: Vec<ScenarioJson>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ScenarioJson {
    Sound { name: String, path: String, title: String, system: &'static str, expect: ExpectJson },
    Broken { path: String, error: String },
}

#[derive(Serialize)]
struct ExpectJson {
    fail: Option<String>,
    fixed_by: Vec<String>,
    rings: Vec<String>,
}

/// The list for machines.
pub fn json(found: &[Found]) -> impl Serialize + use<> {
    let each = |found: &Found| {
        let path = found.path.display().to_string();
        match &found.scenario {
            Err(error) => ScenarioJson::Broken { path, error: error.to_string() },
            Ok(scenario) => ScenarioJson::Sound {
                name: scenario.name.clone(),
                path,
                title: scenario.title.clone(),
                system: scenario.schema.system,
                expect: ExpectJson {
                    fail: scenario.expect.fail.clone(),
                    fixed_by: fixes(scenario),
                    rings: scenario.expect.rings.clone(),
                },
            },
        }
    };
    ListJson { scenarios: found.iter().map(each).collect() }
}
