//! A scenario on the command line, with its edits.

use std::path::PathBuf;

use miette::Report;

use crate::bundle::is_bundle;
use crate::host::Host;
use crate::registry::{self, DynRunner};
use crate::scenario::edit::Edit;
use crate::scenario::problem::Problem;
use crate::scenario::{Scenario, find};

/// SCENARIO and the flags that edit it.
#[derive(Debug, clap::Args)]
pub struct ScenarioArgs {
    /// Path of a scenario file, or name of one under scenarios/
    #[arg(value_name = "SCENARIO")]
    scenario: String,

    #[command(flatten)]
    edits: EditArgs,
}

/// Several SCENARIOs and the flags that edit each of them.
#[derive(Debug, clap::Args)]
pub struct ScenariosArgs {
    /// Paths of scenario files, or names of those under scenarios/
    #[arg(value_name = "SCENARIO", required = true)]
    scenarios: Vec<String>,

    #[command(flatten)]
    edits: EditArgs,
}

impl ScenariosArgs {
    /// Each of them.
    pub fn each(&self) -> impl Iterator<Item = ScenarioArgs> {
        let one = |scenario: &String| ScenarioArgs { scenario: scenario.clone(), edits: self.edits.clone() };
        self.scenarios.iter().map(one)
    }
}

/// The flags that edit a scenario.
#[derive(Clone, Debug, clap::Args)]
pub struct EditArgs {
    /// Edit the scenario: a dotted path and a value of TOML, or else a text
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = Edit::set)]
    sets: Vec<Edit>,

    /// Set a toggle of the system; the same as --set toggles.NAME=VALUE
    #[arg(long = "toggle", value_name = "NAME=VALUE", value_parser = Edit::toggle)]
    toggles: Vec<Edit>,
}

impl ScenarioArgs {
    /// Reads the scenario, as edited.
    pub fn load(&self) -> Result<Scenario, Report> {
        self.each_toggle_once()?;
        if let Some(path) = self.bundle() {
            let help = Some("`relapse replay` runs it again".to_owned());
            let reason = "this is a bundle, which holds one run, and a scenario is asked for".to_owned();
            return Err(Problem::File { path, reason, help }.into());
        }
        let path = find::locate(&self.scenario)?;
        Scenario::load(&path, &self.edits())
    }

    /// The bundle, if it is one.
    pub fn bundle(&self) -> Option<PathBuf> {
        let path = PathBuf::from(&self.scenario);
        is_bundle(&path).then_some(path)
    }

    /// Whether flags edit it.
    pub fn is_edited(&self) -> bool {
        !(self.edits.sets.is_empty() && self.edits.toggles.is_empty())
    }

    /// Reads the scenario, as edited, with one more `--set`.
    pub fn load_with(&self, set: &str) -> Result<Scenario, Report> {
        self.each_toggle_once()?;
        let path = find::locate(&self.scenario)?;
        let more = Edit::set(set).map_err(|message| Problem::Usage { message, help: None })?;
        let edits: Vec<Edit> = self.edits().into_iter().chain([more]).collect();
        Scenario::load(&path, &edits)
    }

    /// Reads the scenario and makes its runner.
    pub fn runner(&self, host: Host) -> Result<(Scenario, Box<dyn DynRunner>), Report> {
        let scenario = self.load()?;
        let runner = registry::runner(&scenario, host)?;
        Ok((scenario, runner))
    }

    /// The arguments that mean the same scenario again, for another process or to be typed.
    pub fn said(&self, scenario: &Scenario) -> Vec<String> {
        let path = scenario.path.display().to_string();
        std::iter::once(path).chain(self.edits().iter().flat_map(Edit::said)).collect()
    }

    /// Refuses two positions for one toggle, which would leave it to their order.
    fn each_toggle_once(&self) -> Result<(), Report> {
        let edits = self.edits();
        for (nth, edit) in edits.iter().enumerate().filter(|(_, edit)| edit.toggled().is_some()) {
            if let Some(other) = edits[..nth].iter().find(|other| other.toggled() == edit.toggled()) {
                let (said, other) = (edit.said().join(" "), other.said().join(" "));
                let message = format!("the toggle is set by {other} already");
                return Err(Problem::Flag { said, message, help: Some("set each toggle once".to_owned()) }.into());
            }
        }
        Ok(())
    }

    fn edits(&self) -> Vec<Edit> {
        self.edits.sets.iter().chain(&self.edits.toggles).cloned().collect()
    }
}
