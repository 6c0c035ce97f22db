//! What a run on Restate is made of, resolved from its scenario.

use std::sync::Arc;

use explore::Reduce;
use faults::injector::Injector;
use faults::names::Names;
use faults::plan::PlanError;
use kernel::budget::Budget;
use kernel::builder::Builder;
use kernel::disk::DiskProfile;
use kernel::identity::{MILLIS, Nanos, NodeId};
use kernel::latency::Latency;
use kernel::network::LinkProfile;
use kernel::world::World;
use miette::Report;
use restate::Restate;
use restate::config::{Cluster, Costs, Job, JobRules, Role, Settings};
use restate::workload::{Params, Rule, Tree, generate, json};

use super::{Setup, TreeSource};
use crate::scenario::Scenario;
use crate::scenario::quantiles::Quantiles;
use crate::systems::fault_parts;

/// A run but for its seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What every process knows. One job, number 0.
    pub cluster: Arc<Cluster>,
    /// The tree by the rule in force when the job starts.
    pub tree: Arc<Tree>,
    /// What is odd about a tree that was given: for the story, since the service stumbles over it.
    pub warnings: Arc<[String]>,
    /// That rule.
    pub rule: Rule,
    /// How the job's pods behave.
    pub job_rules: JobRules,
    /// One way between the job's pods and the node.
    pub client_server: Latency,
    /// One way between the node and an endpoint.
    pub server_endpoint: Latency,
    /// What goes wrong, and when.
    pub faults: Arc<faults::plan::Plan>,
    /// What the plan of faults may call the nodes.
    pub names: Arc<Names>,
    /// When the run ends at the latest.
    pub budget: Budget,
    /// Host time that a run may take.
    pub wall_time: Nanos,
}

/// Oddities of a given tree that are told one by one.
const WARNINGS_SHOWN: usize = 8;

/// The node of the runtime; the endpoints follow it, and then the driver.
pub const SERVER: NodeId = NodeId(0);

impl Plan {
    /// Of a scenario.
    pub fn of(scenario: &Scenario) -> Result<Self, Report> {
        let setup = Setup::of(scenario);
        let rule = match scenario.toggle("generator") {
            "free-targets" => Rule::FreeTargets,
            _ => Rule::IncreasingTargets,
        };
        let Given { job, tree, warnings } = job(scenario, &setup, rule)?;
        let latency = |name| distribution(scenario.latencies.get(name).copied(), LATENCY_DEFAULT);
        let service = |name, default| distribution(scenario.services.get(name).copied(), default);
        let defaults = Costs::default();
        let cluster = Cluster {
            settings: Settings {
                partitions: u16::try_from(setup.partitions).expect("bounded by the table"),
                sdk_suspends_after: setup.sdk_suspends_after_ns,
                inactivity: setup.inactivity_ns,
                resumable_check: scenario.toggle("resumable_check") == "on",
                ..Settings::default()
            },
            costs: Costs {
                command: service("command", defaults.command),
                shuffle: service("shuffle", defaults.shuffle),
                handler: service("handler", defaults.handler),
                pod_start: service("pod_start", defaults.pod_start),
            },
            jobs: vec![job],
            server: SERVER,
            endpoints: (1..=setup.endpoints as u16).map(NodeId).collect(),
        };
        let endpoints = cluster.endpoints.iter().copied();
        let driver = NodeId(cluster.endpoints.len() as u16 + 1);
        let names = Names::new().node("server", SERVER).family("endpoints", "endpoint", endpoints);
        let names = names.aside("driver", driver);
        let plan = Plan {
            cluster: Arc::new(cluster),
            tree,
            warnings: warnings.into(),
            rule,
            job_rules: JobRules { retries: setup.pods - 1, verifies: setup.verify, ..JobRules::default() },
            client_server: latency("client_server"),
            server_endpoint: latency("server_endpoint"),
            faults: Arc::new(scenario.faults.clone()),
            names: Arc::new(names),
            budget: Budget { events: scenario.events_max, until: scenario.duration_ns },
            wall_time: scenario.wall_time_ns,
        };
        // Tried on a world of its own, so that a wrong word is an error of the scenario and not of a run.
        plan.injector(&mut plan.build(0)).map_err(|error| scenario.fault_places.problem(&error))?;
        Ok(plan)
    }

    /// What carries the plan of faults out on a world.
    ///
    /// # Errors
    /// The plan names what is not there.
    pub fn injector(&self, world: &mut World<Restate>) -> Result<Injector<()>, PlanError> {
        Injector::install(self.faults.clone(), self.names.clone(), (), None, world)
    }

    /// The node of the job's controller and pods.
    pub fn driver(&self) -> NodeId {
        NodeId(self.cluster.endpoints.len() as u16 + 1)
    }

    /// What the nodes are to people, by number.
    pub fn roles(&self) -> Vec<String> {
        let endpoints = (1..=self.cluster.endpoints.len()).map(|number| format!("endpoint-{number}"));
        std::iter::once("server".to_owned()).chain(endpoints).chain(["driver".to_owned()]).collect()
    }

    /// The world of a seed, at time 0.
    pub fn build(&self, seed: u64) -> World<Restate> {
        let driver = self.driver();
        let (client_server, server_endpoint) = (self.client_server, self.server_endpoint);
        let links = move |from, to| LinkProfile {
            latency: if from == driver || to == driver { client_server } else { server_endpoint },
            ..LinkProfile::default()
        };
        let mut builder = Builder::new(seed).links(links);
        builder.node(Role::Server(self.cluster.clone()), DiskProfile::default());
        for _ in &self.cluster.endpoints {
            builder.node(Role::Endpoint(self.cluster.clone(), self.rule), DiskProfile::default());
        }
        builder.node(Role::Driver(self.cluster.clone(), 0, self.job_rules), DiskProfile::default());
        builder.build()
    }
}

/// Its parts are its faults. A tree is reduced by the shrinker of trees, which is not part of this build.
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

/// One way on a wire of a data centre, when a scenario says nothing.
const LATENCY_DEFAULT: Latency = Latency::constant(MILLIS / 2);

fn distribution(given: Option<Quantiles>, default: Latency) -> Latency {
    let table = |given: Quantiles| Latency::quantiles([given.min, given.p50, given.p90, given.p99, given.max]);
    given.map_or(default, |given| table(given).expect("quantiles of a scenario are in order"))
}

/// A job, its tree, and what is odd about that.
struct Given {
    job: Job,
    tree: Arc<Tree>,
    warnings: Vec<String>,
}

fn job(scenario: &Scenario, setup: &Setup, rule: Rule) -> Result<Given, Report> {
    let wrong = |key: &str, message: String, help: &str| {
        scenario.fault_places.problem_with(key, message, Some(help.to_owned()))
    };
    // Upstream counts whole milliseconds, and reads 0 as its default.
    let max_sleep_ms = u32::try_from(setup.max_sleep_ns / MILLIS).ok().filter(|ms| *ms > 0 || setup.max_sleep_ns == 0);
    let max_sleep_ms = max_sleep_ms.ok_or_else(|| {
        let message = "`workload.max_sleep` is out of range".to_owned();
        wrong("workload.max_sleep", message, "take 1ms to 4294967295ms, or 0s for upstream's default of 32768ms")
    })?;
    match &setup.tree {
        TreeSource::Generated { job, width, depth } => {
            let params = Params { seed: job.clone(), width: *width, depth: *depth, max_sleep_ms };
            let tree = generate(params, rule).map_err(|error| {
                let message = format!("`workload.width` = {width} and `workload.depth` = {depth} of {job}: {error}");
                wrong("workload.depth", message, "choose a smaller workload.width or workload.depth")
            })?;
            let tree = Arc::new(tree);
            Ok(Given { job: Job::with_generated(rule, tree.clone()), tree, warnings: Vec::new() })
        }
        TreeSource::File(path) => {
            let unread = |reason: String| {
                let help = "workload.tree takes {target, commands: [..]}, as `relapse tree --out` writes it";
                wrong("workload.tree", format!("`workload.tree`: {}: {reason}", path.display()), help)
            };
            let bytes = scenario.read(path).map_err(|error| unread(error.to_string()))?;
            let text = String::from_utf8(bytes).map_err(|_| unread("is not UTF-8 text".to_owned()))?;
            let seed = path.file_stem().map_or_else(|| "tree".into(), |stem| stem.to_string_lossy());
            let params = Params { seed: seed.into_owned(), width: 0, depth: 0, max_sleep_ms };
            let parsed = json::read(&text, params).map_err(|error| unread(error.to_string()))?;
            let tree = Arc::new(parsed.tree);
            let mut warnings: Vec<String> = parsed
                .warnings
                .iter()
                .take(WARNINGS_SHOWN)
                .map(|warning| format!("workload.tree: {warning}"))
                .collect();
            if let more @ 1.. = parsed.warnings.len().saturating_sub(WARNINGS_SHOWN) {
                warnings.push(format!("workload.tree: and {more} more such commands"));
            }
            Ok(Given { job: Job::with_tree(tree.clone()), tree, warnings })
        }
    }
}
