//! What a run on Zeebe is made of, resolved from its scenario.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use explore::Reduce;
use faults::duration::Span;
use faults::injector::Injector;
use faults::names::{GroundTruth, Names};
use faults::plan::{Entry, PlanError};
use faults::sample::{Profile, sample};
use faults::trigger::Trigger;
use kernel::budget::Budget;
use kernel::identity::{Nanos, NodeId};
use kernel::latency::Latency;
use kernel::network::LinkProfile;
use kernel::world::World;
use miette::Report;
use zeebe::client_node::ClientRole;
use zeebe::cluster::{Costs, Settings, StoreError, Zeebe, builder};
use zeebe::processor::{StorageError, StoragePoint};

use super::drawn::Drawn;
use super::truth::Truth;
use super::{releases, workload};
use crate::scenario::Scenario;
use crate::scenario::nearest::suggest;
use crate::scenario::problem::Problem;
use crate::systems::drive::Drive;
use crate::systems::fault_parts;

/// Events between two looks at whether a run should stop: at the keyboard, or since a check fired.
const SLICE: u64 = 1 << 14;
/// The group of all brokers.
pub const BROKERS: &str = "brokers";

/// A run but for its seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What every process of the cluster knows.
    pub settings: Arc<Settings>,
    /// The clients, in order of their nodes.
    pub clients: Arc<[(String, ClientRole)]>,
    /// What each seed draws beside its faults.
    pub drawn: Drawn,
    /// Between two nodes, one way; nothing for the model's own.
    pub link: Option<Latency>,
    /// Faults that the scenario says.
    pub faults: Arc<faults::plan::Plan>,
    /// What faults are drawn instead, if any.
    pub profile: Option<Arc<Profile>>,
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
        let settings = settings(scenario)?;
        let clients = workload::clients(scenario)?;
        let roles = (0..).map(NodeId).skip(usize::from(settings.brokers) + 1);
        let names = Names::new().family(BROKERS, "broker", settings.nodes()).node("gateway", settings.gateway_node());
        let names = clients.iter().zip(roles).fold(names, |names, ((role, _), node)| names.aside(role, node));
        let quantiles = |given: crate::scenario::quantiles::Quantiles| {
            Latency::quantiles([given.min, given.p50, given.p90, given.p99, given.max])
                .expect("quantiles of a scenario are in order")
        };
        let plan = Plan {
            settings: Arc::new(settings),
            clients: clients.into(),
            drawn: Drawn::of(scenario),
            link: scenario.latencies.get("link").copied().map(quantiles),
            faults: Arc::new(scenario.faults.clone()),
            profile: scenario.profile.clone(),
            names: Arc::new(names),
            budget: Budget { events: scenario.events_max, until: scenario.duration_ns },
            wall_time: scenario.wall_time_ns,
        };
        plan.check_profile(scenario)?;
        // Tried on a world of its own, so that a wrong word is an error of the scenario and not of a run.
        plan.injector(&mut plan.build(0)).map_err(|error| scenario.fault_places.problem(&error))?;
        Ok(plan)
    }

    /// Whether every word of every fault that may be drawn means somebody: what one seed draws tells nothing of the others.
    fn check_profile(&self, scenario: &Scenario) -> Result<(), Report> {
        let truth = self.truth();
        for (name, kind) in self.profile.iter().flat_map(|profile| &profile.kind) {
            for action in &kind.actions {
                let entry = Entry::new(Trigger::At(Span(0)), action.clone()).named(name);
                let checked = faults::plan::Plan::new(vec![entry])
                    .and_then(|plan| plan.check_words(&self.names, GroundTruth::words(&truth)));
                checked.map_err(|error| scenario.fault_places.problem(&error))?;
            }
        }
        Ok(())
    }

    fn truth(&self) -> Truth {
        Truth { brokers: self.settings.brokers, partitions: self.settings.partitions }
    }

    /// What carries the faults of a seed out on its world.
    ///
    /// # Errors
    /// The plan names what is not there.
    pub fn injector(&self, world: &mut World<Zeebe>) -> Result<Injector<Truth>, PlanError> {
        let faults = match &self.profile {
            Some(profile) => Arc::new(sample(profile, world.seed())?),
            None => self.faults.clone(),
        };
        Injector::install(faults, self.names.clone(), self.truth(), None, world)
    }

    /// How long a run is driven.
    pub fn drive<'a>(&self, stop: Option<&'a AtomicBool>) -> Drive<'a> {
        Drive { budget: self.budget, wall_time: self.wall_time, slice: SLICE, stop, fork: None }
    }

    /// Whether nothing can go wrong in any run.
    pub fn is_quiet(&self) -> bool {
        self.profile.is_none() && self.faults.is_empty()
    }

    /// What the nodes are to people, by number.
    pub fn roles(&self) -> Vec<String> {
        let brokers = self.settings.nodes().map(|node| format!("broker-{}", node.0));
        let clients = self.clients.iter().map(|(role, _)| role.clone());
        brokers.chain(["gateway".to_owned()]).chain(clients).collect()
    }

    /// The world of a seed, at time 0.
    pub fn build(&self, seed: u64) -> World<Zeebe> {
        let builder =
            builder(seed, &self.drawn.settings(&self.settings, seed), self.drawn.clients(&self.clients, seed));
        match self.link {
            Some(latency) => builder.links(move |_, _| LinkProfile { latency, ..LinkProfile::default() }).build(),
            None => builder.build(),
        }
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

fn settings(scenario: &Scenario) -> Result<Settings, Report> {
    let cluster = &scenario.cluster;
    let count = |name| cluster.count(name).expect("it has a default");
    let small = |name| u16::try_from(count(name)).expect("bounded by the table");
    let duration = |name| cluster.duration(name).expect("it has a default");
    let defaults = Settings::new(releases::toggles(scenario));
    let raft = raft::Settings { segment_entries: count("segment"), ..(*defaults.raft).clone() };
    let costs = Costs {
        process: duration("process"),
        reprocess: duration("reprocess"),
        install: duration("install"),
        ..Costs::default()
    };
    let settings = Settings {
        brokers: small("brokers"),
        partitions: small("partitions"),
        snapshot_period: cluster.range("snapshot_period").expect("it has a default").0,
        index_density: count("index_density"),
        raft: Arc::new(raft),
        costs,
        ..defaults
    };
    let first_leaders = cluster.texts("first_leaders").unwrap_or_default();
    if first_leaders.len() > usize::from(settings.partitions) {
        let message = format!("{}: cluster.first_leaders names more leaders than partitions", scenario.path.display());
        let help = Some(format!("there are {} partitions: name so many at most", settings.partitions));
        return Err(Problem::Usage { message, help }.into());
    }
    let leader = |name: &String| {
        broker(&settings, name).map(|node| node.0).map_err(|(message, help)| {
            let message = format!("{}: cluster.first_leaders: {message}", scenario.path.display());
            Report::from(Problem::Usage { message, help: Some(help) })
        })
    };
    let first_leaders = first_leaders.iter().map(leader).collect::<Result<_, _>>()?;
    let store_errors = store_errors(scenario, &settings)?;
    Ok(Settings { first_leaders, store_errors, ..settings })
}

fn store_errors(scenario: &Scenario, settings: &Settings) -> Result<Arc<[StoreError]>, Report> {
    let wrong = |message: String, help: String| {
        let message = format!("{}: cluster.store_errors: {message}", scenario.path.display());
        Report::from(Problem::Usage { message, help: Some(help) })
    };
    let one = |table: &crate::scenario::Settings| {
        let partition = u16::try_from(table.count("partition").expect("required")).expect("bounded by the table");
        if partition > settings.partitions {
            let help = format!("name one from 1 to {}", settings.partitions);
            return Err(wrong(format!("there is no partition {partition}"), help));
        }
        let node = table.text("node").map(|name| broker(settings, name)).transpose();
        Ok(StoreError {
            node: node.map_err(|(message, help)| wrong(message, help))?,
            partition,
            point: match table.text("phase") {
                Some("replay") => StoragePoint::MarkReprocessed,
                _ => StoragePoint::MarkProcessed,
            },
            from: table.duration("from").expect("it has a default"),
            nth: table.count("nth").expect("it has a default"),
            error: match table.text("kind") {
                Some("other") => StorageError::Other,
                _ => StorageError::Recoverable,
            },
        })
    };
    scenario.cluster.tables("store_errors").iter().map(one).collect()
}

/// The broker of a name; or that there is none, and which there are.
pub fn broker(settings: &Settings, name: &str) -> Result<NodeId, (String, String)> {
    let known: Vec<String> = settings.nodes().map(|node| format!("broker-{}", node.0)).collect();
    let found = settings.nodes().zip(&known).find(|(_, known)| *known == name);
    let unknown = || (format!("there is no broker `{name}`"), suggest(name, known.iter().map(String::as_str)));
    found.map(|(node, _)| node).ok_or_else(unknown)
}
