//! A bundle: one failing run as one file, with everything that is needed to make it again, and to refuse to where another
//! build would make another run.
//!
//! What it holds of the plan is the scenario of the seed's own ([`registry::pinned`]): faults, workload and toggles stand
//! there once, as the scenario that is run.

mod build;
mod file;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use explore::{Fork, Lot, RunResult};
use miette::Report;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

pub use self::build::Build;
pub use self::file::is_bundle;
use crate::registry;
use crate::scenario::problem::Problem;
use crate::scenario::{Scenario, pinned};

/// The only format there is. One that means something else gets another number.
pub const FORMAT: u32 = 1;

/// One run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// [`FORMAT`].
    pub bundle: u32,
    /// What made the run.
    pub build: Build,
    /// The seed: all dice follow from it.
    pub seed: u64,
    /// Where the run left the run of the seed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<ForkWritten>,
    /// How it ended: pass, fail and so on.
    pub verdict: String,
    /// Of what cause.
    pub signature: String,
    /// Digest of its trace, in hexadecimal.
    pub digest: String,
    /// What it told, for people; replay does not go by it.
    pub story: Vec<String>,
    /// The scenario, with all that the seed draws of it written out.
    pub scenario: Map<String, Json>,
    /// The files that the scenario names, in base64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
}

/// A fork as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForkWritten {
    /// From when on, in virtual nanoseconds.
    pub at_ns: u64,
    /// Which future.
    pub salt: u64,
}

impl Bundle {
    /// Of a run of a scenario that this build has made.
    ///
    /// # Errors
    /// A file of the scenario cannot be read any more.
    pub fn of(scenario: &Scenario, lot: Lot, result: &RunResult) -> Result<Bundle, Report> {
        let own = registry::pinned(scenario, lot.seed)?;
        Ok(Bundle {
            bundle: FORMAT,
            build: Build::this(),
            seed: lot.seed,
            fork: lot.fork.map(|Fork { at, salt }| ForkWritten { at_ns: at, salt }),
            verdict: result.verdict.outcome.word().to_owned(),
            signature: result.verdict.signature.clone(),
            digest: format!("{:032x}", result.digest),
            story: result.verdict.story.clone(),
            files: own.brought()?.into_iter().map(|(name, bytes)| (name, BASE64.encode(bytes))).collect(),
            scenario: Map::from(&own.document.root),
        })
    }

    /// Which run.
    pub fn lot(&self) -> Lot {
        let fork = self.fork.map(|ForkWritten { at_ns, salt }| Fork { at: at_ns, salt });
        Lot { seed: self.seed, fork }
    }

    /// The scenario to run.
    ///
    /// # Errors
    /// What stands in the bundle is no scenario of this build.
    pub fn scenario(&self) -> Result<Scenario, Report> {
        let file = |(name, text): (&String, &String)| {
            let bytes = BASE64.decode(text);
            bytes.map(|bytes| (name.clone(), bytes)).map_err(|error| {
                let message = format!("files.{name} of the bundle is no base64: {error}");
                let help = Some("take the bundle again from where it came".to_owned());
                Report::from(Problem::Usage { message, help })
            })
        };
        let files = self.files.iter().map(file).collect::<Result<_, Report>>()?;
        pinned::from_json(&self.scenario, files)
    }

    /// Whether a run is the run of the bundle: the same digest and the same end.
    pub fn is(&self, result: &RunResult) -> bool {
        self.digest == format!("{:032x}", result.digest) && self.ends_as(result)
    }

    /// Whether a run ends as the run of the bundle does.
    pub fn ends_as(&self, result: &RunResult) -> bool {
        (&*self.verdict, &*self.signature) == (result.verdict.outcome.word(), &*result.verdict.signature)
    }
}
