//! One run on the command line: a scenario with a seed, or a bundle.

use std::path::Path;

use explore::Lot;
use miette::Report;

use super::output::say;
use super::scenario_args::ScenarioArgs;
use super::seeds;
use crate::bundle::{Build, Bundle};
use crate::scenario::Scenario;
use crate::scenario::problem::Problem;

/// SCENARIO, or a bundle, and which run of it.
#[derive(Debug, clap::Args)]
pub struct OneRunArgs {
    #[command(flatten)]
    scenario: ScenarioArgs,

    /// The run [default: 0, or that of the bundle]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = seeds::parse_one)]
    seed: Option<u64>,

    /// Take a bundle that another build has made: its run may be another one here
    #[arg(long)]
    anyway: bool,
}

/// One run, to be made.
pub struct OneRun {
    /// The scenario; of a bundle, that of the run's own.
    pub scenario: Scenario,
    /// Which run of it.
    pub lot: Lot,
    /// The bundle that it comes from, if it does.
    pub bundle: Option<Bundle>,
    /// The arguments that mean it again, without the seed of a scenario.
    pub said: Vec<String>,
}

impl OneRunArgs {
    /// Reads it.
    pub fn open(&self) -> Result<OneRun, Report> {
        let Some(path) = self.scenario.bundle() else {
            let scenario = self.scenario.load()?;
            let said = self.scenario.said(&scenario);
            return Ok(OneRun { scenario, lot: self.seed.unwrap_or(0).into(), bundle: None, said });
        };
        if self.scenario.is_edited() || self.seed.is_some() {
            let message = format!(
                "{}: a bundle is one run as it is: --set, --toggle and --seed would make it another",
                path.display()
            );
            let help = Some("name the scenario that it came from, to run it otherwise".to_owned());
            return Err(Problem::Usage { message, help }.into());
        }
        open_bundle(&path, self.anyway)
    }

    /// The same for a run that should fail: of a scenario that says a seed with which it does, that one, unless another one is
    /// asked for.
    pub fn open_failing(&self) -> Result<OneRun, Report> {
        let mut run = self.open()?;
        if let (None, None, Some(seed)) = (self.seed, &run.bundle, run.scenario.expect.seed) {
            run.lot = seed.into();
        }
        Ok(run)
    }
}

/// Reads a bundle, and refuses one of another build unless it is wanted anyway.
pub fn open_bundle(path: &Path, anyway: bool) -> Result<OneRun, Report> {
    let bundle = Bundle::read(path)?;
    let differences = Build::this().differences(&bundle.build);
    let mut said = vec![path.display().to_string()];
    if !differences.is_empty() {
        if !anyway {
            let reason = format!("another build made it, whose runs may be others: {}", differences.join("; "));
            let help = "build what made it, or give --anyway to take it as it is".to_owned();
            return Err(Problem::File { path: path.to_owned(), reason, help: Some(help) }.into());
        }
        differences.iter().for_each(|difference| say(format!("note: {difference}")));
        said.push("--anyway".to_owned());
    }
    let scenario = bundle.scenario().map_err(|error| error.wrap_err(format!("{}: its scenario", path.display())))?;
    Ok(OneRun { scenario, lot: bundle.lot(), bundle: Some(bundle), said })
}
