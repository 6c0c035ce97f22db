//! Scenarios as plans that can be made smaller: what `relapse shrink` works on.
//!
//! A plan is the scenario of one seed's own ([`crate::registry::pinned`]), as the JSON that a bundle holds. Its parts are
//! its faults, the operations of its workload and the commands of its tree; its simpler selves have shorter times, rounder
//! numbers and fewer keys. Each candidate is read again as any scenario is, so that no smaller self can be what no file may
//! say: one that is no scenario is no failure either.

pub mod cause;
mod lists;
mod tree;
mod values;

use std::sync::Arc;

use explore::{Cost, Fork, Lot, Reduce, RunResult, Runner, WALL_TIME};
use kernel::verdict::{Outcome, Verdict};
use miette::Report;
use serde_json::{Map, Value as Json, json};

use self::tree::CommandTree;
use crate::host::Host;
use crate::registry;
use crate::scenario::{Scenario, pinned};

/// The signature of a candidate that is no scenario.
const NO_SCENARIO: &str = "shrink/no-scenario";

/// A scenario that can be made smaller.
#[derive(Clone, Debug)]
pub struct ScenarioPlan {
    /// What the file says.
    root: Arc<Map<String, Json>>,
    /// The tree of a job, if that is what is run, and the name of its file.
    tree: Option<(String, Arc<CommandTree>)>,
    /// All other files.
    files: Arc<Vec<(String, Vec<u8>)>>,
}

impl ScenarioPlan {
    /// Of a scenario and one of its seeds. A job that is given by its name is given by its tree instead, if `tree` is set
    /// and the scenario is of such a job.
    ///
    /// # Errors
    /// The scenario's files cannot be read.
    pub fn of(scenario: &Scenario, seed: u64, tree: bool) -> Result<Self, Report> {
        let own = registry::pinned(scenario, seed)?;
        let mut root = Map::from(&own.document.root);
        let mut files = own.brought()?;
        let mut of_tree = None;
        if tree && let Some((name, text)) = tree::of_job(&own)? {
            tree::instead_of_job(&mut root, &name);
            files.retain(|(other, _)| *other != name);
            of_tree = Some((name, Arc::new(CommandTree::read(&text))));
        }
        Ok(ScenarioPlan { root: Arc::new(root), tree: of_tree, files: Arc::new(files) })
    }

    /// The scenario, to be run or written.
    ///
    /// # Errors
    /// It is none: a part was taken away that it needs.
    pub fn scenario(&self) -> Result<Scenario, Report> {
        let mut files = (*self.files).clone();
        files.extend(self.tree.iter().map(|(name, tree)| (name.clone(), tree.write().into_bytes())));
        pinned::from_json(&self.root, files)
    }

    /// The same under another expectation: that it fails so, with this seed.
    #[must_use]
    pub fn expecting(&self, signature: &str, seed: u64) -> Self {
        let mut root = (*self.root).clone();
        let expect = root.entry("expect").or_insert_with(|| json!({}));
        if let Some(expect) = expect.as_object_mut() {
            expect.insert("fail".to_owned(), json!(signature));
            expect.insert("seed".to_owned(), json!(seed));
        }
        ScenarioPlan { root: Arc::new(root), ..self.clone() }
    }

    /// The same without the toggles that stand as its preset has them.
    ///
    /// # Errors
    /// It is no scenario.
    pub fn without_usual_toggles(&self) -> Result<Self, Report> {
        let scenario = self.scenario()?;
        let schema = scenario.schema;
        let preset = schema.presets.iter().find(|preset| Some(preset.name) == scenario.preset);
        let usual = |name: &str| {
            let of_preset = preset.and_then(|preset| preset.toggles.iter().find(|(toggle, _)| *toggle == name));
            of_preset.map(|(_, position)| *position).or_else(|| schema.toggle(name).map(|toggle| toggle.values[0]))
        };
        let mut root = (*self.root).clone();
        if let Some(toggles) = root.get_mut("toggles").and_then(Json::as_object_mut) {
            toggles.retain(|name, position| position.as_str() != usual(name));
            if toggles.is_empty() {
                root.shift_remove("toggles");
            }
        }
        Ok(self.with_root(root))
    }

    /// How many calls its tree has, if it is one of a job.
    pub fn calls(&self) -> Option<usize> {
        self.tree.as_ref().map(|(_, tree)| tree.calls())
    }

    fn with_root(&self, root: Map<String, Json>) -> Self {
        ScenarioPlan { root: Arc::new(root), ..self.clone() }
    }
}

impl Reduce for ScenarioPlan {
    fn parts(&self) -> Vec<String> {
        let of_tree = self.tree.iter().flat_map(|(_, tree)| tree.names());
        lists::names(&self.root).into_iter().chain(of_tree).collect()
    }

    fn without(&self, parts: &[usize]) -> Option<Self> {
        let of_lists = lists::names(&self.root).len();
        let (of_root, of_tree): (Vec<usize>, Vec<usize>) = parts.iter().partition(|part| **part < of_lists);
        let root = lists::without(&self.root, &of_root)?;
        let tree = match &self.tree {
            Some((name, tree)) => {
                let commands: Vec<usize> = of_tree.iter().map(|part| part - of_lists).collect();
                Some((name.clone(), Arc::new(tree.without(&commands))))
            }
            None => None,
        };
        Some(ScenarioPlan { root: Arc::new(root), tree, files: self.files.clone() })
    }

    fn simpler(&self) -> Vec<(String, Self)> {
        let of_values = values::simpler(&self.root).into_iter().map(|(words, root)| (words, self.with_root(root)));
        let of_tree = self.tree.iter().flat_map(|(name, tree)| {
            let with =
                |(words, tree)| (words, ScenarioPlan { tree: Some((name.clone(), Arc::new(tree))), ..self.clone() });
            tree.simpler().into_iter().map(with)
        });
        of_tree.chain(of_values).collect()
    }
}

/// Runs such plans.
pub struct ScenarioRunner {
    /// What runs the world.
    pub host: Host,
    /// Whether what tells failures of one signature apart, such as the keys of a ring, is part of the signature.
    pub with_detail: bool,
}

impl ScenarioRunner {
    /// The signature of a failure, as this runner gives it.
    pub fn signature(&self, verdict: &Verdict) -> String {
        if self.with_detail && !verdict.detail.is_empty() {
            format!("{}: {}", verdict.signature, verdict.detail)
        } else {
            verdict.signature.clone()
        }
    }
}

/// The run of a lot. Nothing of such a plan is drawn before its run begins, so that a fork at the beginning is another seed:
/// what is found with a salt can be run again with a seed alone.
pub fn seed_of(lot: Lot) -> Lot {
    match lot.fork {
        Some(Fork { at: 0, salt }) => Lot::from(lot.seed.wrapping_add(salt)),
        _ => lot,
    }
}

impl Runner for ScenarioRunner {
    type Plan = ScenarioPlan;
    type Scratch = ();

    fn run_lot(&self, plan: &ScenarioPlan, lot: Lot, (): &mut ()) -> RunResult {
        let runner = plan.scenario().and_then(|scenario| registry::runner(&scenario, self.host));
        let mut result = match runner {
            Ok(runner) => runner.run(seed_of(lot)),
            Err(error) => {
                let verdict = Verdict::new(Outcome::Inconclusive, NO_SCENARIO, vec![error.to_string()]);
                RunResult { verdict, digest: 0, cost: Cost::default() }
            }
        };
        result.verdict.signature = self.signature(&result.verdict);
        if ran_to_its_end(&result.verdict) {
            // Whether it would be called a pass with more time, or with other faults, is not the question here.
            result.verdict.outcome = Outcome::Pass;
        }
        result
    }
}

/// Whether a run that was not judged is one in which nothing failed while it lasted.
fn ran_to_its_end(verdict: &Verdict) -> bool {
    let unjudged = matches!(verdict.outcome, Outcome::Vacuous | Outcome::Inconclusive);
    unjudged && ![NO_SCENARIO, WALL_TIME, "budget/events", "stopped"].contains(&&*verdict.signature)
}
