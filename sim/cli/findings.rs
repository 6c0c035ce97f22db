//! What a sweep found: each failure is made again in a fresh process, and kept as a bundle.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use explore::{Cost, Group, RunResult};
use kernel::verdict::{Outcome, Verdict};
use miette::Report;

use super::output::unwritable;
use super::sweep::Swept;
use crate::bundle::Bundle;
use crate::proof::{Fingerprint, in_fresh_process};

/// A failure's first seed, and what became of it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Of this signature.
    pub signature: String,
    /// Whether it came out the same in a fresh process; none if that was not tried, since somebody waits for the end.
    pub reproducible: Option<bool>,
    /// Where its bundle lies.
    pub bundle: Option<PathBuf>,
}

/// What became of all of them.
pub struct Found {
    /// The failures in the order of the report.
    pub kept: Vec<Kept>,
    /// Why a bundle could not be kept, if one could not: to be told when all that was found is.
    pub lost: Option<Report>,
}

impl Found {
    /// A failure that is another one in a fresh process is no failure to be trusted.
    pub fn outcome(&self) -> Option<Outcome> {
        self.kept.iter().any(|kept| kept.reproducible == Some(false)).then_some(Outcome::SimulatorBug)
    }
}

/// Makes each failure of a sweep again in a fresh process, and keeps its bundle if there is a place for it.
pub fn keep(swept: &Swept<'_>, directory: Option<&Path>, stop: &AtomicBool) -> Found {
    let mut found = Found { kept: Vec::new(), lost: None };
    for group in swept.report.groups.iter().filter(|group| group.outcome == Outcome::Fail) {
        let result = first_run(group);
        let reproducible = (!stop.load(Ordering::Relaxed)).then(|| is_reproducible(swept, group, &result)).flatten();
        let written = directory.map(|directory| {
            let bundle = Bundle::of(swept.context.scenario, group.first_seed.into(), &result)?;
            bundle.write_into(directory).map_err(|error| unwritable("--out", directory, &error))
        });
        let bundle = match written.transpose() {
            Ok(bundle) => bundle,
            Err(error) => {
                found.lost.get_or_insert(error);
                None
            }
        };
        found.kept.push(Kept { signature: group.signature.clone(), reproducible, bundle });
    }
    found
}

fn first_run(group: &Group) -> RunResult {
    let verdict = Verdict::new(group.outcome, group.signature.clone(), group.story.clone());
    RunResult { verdict, digest: group.first_digest, cost: Cost::default() }
}

/// None if the other process could not be asked.
fn is_reproducible(swept: &Swept<'_>, group: &Group, result: &RunResult) -> Option<bool> {
    let again = in_fresh_process(&swept.context.said, group.first_seed)?;
    Some(again == Fingerprint::of(result))
}
