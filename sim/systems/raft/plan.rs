//! What a run on a Raft group is made of, but for the seed.

use std::sync::Arc;

use explore::Reduce;
use faults::duration::Span;
use faults::injector::Injector;
use faults::names::Names;
use faults::plan::PlanError;
use kernel::budget::Budget;
use kernel::identity::{Nanos, NodeId};
use kernel::world::World;
use miette::Report;
use raft::cluster::{Cluster, Start, Workload};
use raft::{Flush, Mutation, Settings, Toggles};

use super::faults::{Drawn, MEMBERS, Truth};
use crate::scenario::Scenario;
use crate::systems::fault_parts;

/// A run but for its seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What every process is started as.
    pub start: Start,
    /// Faults of the scenario; where there are none, they are drawn.
    pub faults: Arc<faults::plan::Plan>,
    /// What is drawn, if anything is.
    pub drawn: Option<Arc<Drawn>>,
    /// What the plan of faults may call the nodes.
    pub names: Arc<Names>,
    /// When the run ends at the latest.
    pub budget: Budget,
    /// Host time that a run may take.
    pub wall_time: Nanos,
}

impl Plan {
    /// Of a scenario.
    pub fn of(scenario: &Scenario) -> Result<Self, Report> {
        let count = |name| scenario.cluster.count(name).expect("it has a default");
        let is = |name, value| scenario.toggle(name) == value;
        let toggles = Toggles {
            fix_6316: is("fix_6316", "on"),
            flush: if is("flush", "before-answer") { Flush::BeforeAnswer } else { Flush::OnCommit },
            snapshot_votes: is("snapshot_votes", "on"),
            snapshot_appends: is("snapshot_appends", "on"),
        };
        let mutation = Mutation::named(scenario.toggle("mutation")).expect("the table has the model's words");
        let settings = Settings { toggles, mutation, segment_entries: count("segment"), ..Settings::default() };
        let members = u16::try_from(count("members")).expect("bounded by the table");
        let calm = scenario.cluster.duration("calm").expect("it has a default");
        let until = Span(scenario.duration_ns.saturating_sub(calm));
        let drawn = Drawn::of(scenario.toggle("faults"), until).filter(|_| scenario.faults.is_empty());
        let plan = Plan {
            start: Start { members, settings: Arc::new(settings), workload: Arc::new(Workload::default()) },
            faults: Arc::new(scenario.faults.clone()),
            drawn,
            names: Arc::new(Names::new().family(MEMBERS, "member", (0..members).map(NodeId))),
            budget: Budget { events: scenario.events_max, until: scenario.duration_ns },
            wall_time: scenario.wall_time_ns,
        };
        // Tried on a world of its own, so that a wrong word is an error of the scenario and not of a run.
        plan.injector(&mut plan.build(0)).map_err(|error| scenario.fault_places.problem(&error))?;
        Ok(plan)
    }

    /// What carries the faults of a seed out on its world.
    ///
    /// # Errors
    /// The plan names what is not there.
    pub fn injector(&self, world: &mut World<Cluster>) -> Result<Injector<Truth>, PlanError> {
        let faults = match &self.drawn {
            Some(drawn) => Arc::new(drawn.plan(world.seed())?),
            None => self.faults.clone(),
        };
        // No bounds: safety does not depend on how many members work.
        Injector::install(faults, self.names.clone(), Truth, None, world)
    }

    /// The world of a seed, at time 0.
    pub fn build(&self, seed: u64) -> World<Cluster> {
        self.start.builder(seed).build()
    }
}

/// Its parts are its faults. Drawn faults belong to a seed, and are not reduced here.
impl Reduce for Plan {
    fn parts(&self) -> Vec<String> {
        fault_parts::names(&self.faults)
    }

    fn without(&self, parts: &[usize]) -> Option<Self> {
        Some(Plan { faults: Arc::new(fault_parts::without(&self.faults, parts)), ..self.clone() })
    }

    fn simpler(&self) -> Vec<(String, Self)> {
        let with = |(words, faults)| (words, Plan { faults: Arc::new(faults), ..self.clone() });
        self.faults.simpler().into_iter().map(with).collect()
    }
}
