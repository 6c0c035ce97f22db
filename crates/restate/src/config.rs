//! What a Restate cluster of the model is started with.

use crate::store::wal::CHECKPOINT_AFTER;
use crate::workload::{GenerateError, Params, Rule, ServiceKeys, Tree, generate};
use kernel::identity::{MICROS, MILLIS, NodeId, SECONDS};
use kernel::latency::Latency;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A verification job of the world.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name, which is the seed of its tree.
    pub params: Params,
    /// A tree that is given instead of generated.
    pub given: Option<Arc<Tree>>,
    /// Its tree by one rule, if it has been generated before: what a pod would generate again at every call.
    generated: Option<(Rule, Arc<Tree>)>,
    /// Routing keys of its service instances.
    pub keys: ServiceKeys,
}

impl Job {
    /// A job whose tree is generated from its name.
    pub fn new(params: Params) -> Self {
        Job { keys: ServiceKeys::new(&params), params, given: None, generated: None }
    }

    /// The same, when that has been done already for a rule. It only saves time.
    pub fn with_generated(rule: Rule, tree: Arc<Tree>) -> Self {
        Job { generated: Some((rule, tree.clone())), ..Job::new(tree.params().clone()) }
    }

    /// A job with a tree of its own.
    pub fn with_tree(tree: Arc<Tree>) -> Self {
        Job { given: Some(tree.clone()), ..Job::new(tree.params().clone()) }
    }

    /// The tree that a pod runs whose image contains this rule.
    ///
    /// # Errors
    /// The tree is too large.
    pub fn tree(&self, rule: Rule) -> Result<Arc<Tree>, GenerateError> {
        if let Some(given) = &self.given {
            return Ok(given.clone());
        }
        match &self.generated {
            Some((by, tree)) if *by == rule => Ok(tree.clone()),
            _ => Ok(Arc::new(generate(self.params.clone(), rule)?)),
        }
    }
}

impl Job {
    /// What makes a job another one: the rest follows from it.
    fn identity(&self) -> (&Params, &Option<Arc<Tree>>) {
        let Job { params, given, generated: _, keys: _ } = self;
        (params, given)
    }
}

impl Hash for Job {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

/// How long things take inside the processes. Network latencies belong to the links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Costs {
    /// A partition handles one command: read, transition, write batch into the page cache.
    pub command: Latency,
    /// The shuffle reads one outbox row and hands it to the router.
    pub shuffle: Latency,
    /// An endpoint's event loop runs a handler up to its next wait, replay included.
    pub handler: Latency,
    /// A pod of the test job gets scheduled and starts.
    pub pod_start: Latency,
}

impl Default for Costs {
    fn default() -> Self {
        Costs {
            command: Latency::constant(50 * MICROS),
            shuffle: Latency::constant(20 * MICROS),
            handler: Latency::constant(MILLIS),
            pod_start: Latency::constant(2 * SECONDS),
        }
    }
}

/// Runtime and SDK settings that matter here, with upstream's defaults.
//= restatedev/restate@4296470d3:src/invoker/src/options.rs
//= restatedev/sdk-typescript@609906e9:src/state_machine.ts
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Number of partitions; upstream's default is 1024.
    pub partitions: u16,
    /// The SDK suspends a handler that has waited so long for a completion, in nanoseconds.
    pub sdk_suspends_after: u64,
    /// The runtime closes its half of an idle stream after this long.
    pub inactivity: u64,
    /// First back-off of a failed attempt; it doubles.
    pub retry_min: u64,
    /// Longest back-off.
    pub retry_max: u64,
    /// Requests that the ingress serves at once.
    pub ingress_concurrency: u32,
    /// Whether a suspension checks first if what it waits for has come meanwhile (the guard against a lost wake-up).
    pub resumable_check: bool,
    /// Records of the log after which the tables are written out.
    pub checkpoint_after: u64,
}

impl Hash for Settings {
    /// What every run was told before there was a choice is no part of its digest, so that old digests stay.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Settings {
            partitions,
            sdk_suspends_after,
            inactivity,
            retry_min,
            retry_max,
            ingress_concurrency,
            resumable_check,
            checkpoint_after,
        } = self;
        (partitions, sdk_suspends_after, inactivity).hash(state);
        (retry_min, retry_max, ingress_concurrency, resumable_check).hash(state);
        if *checkpoint_after != CHECKPOINT_AFTER {
            checkpoint_after.hash(state);
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            partitions: 4,
            sdk_suspends_after: SECONDS,
            inactivity: 60 * SECONDS,
            retry_min: 50 * MILLIS,
            retry_max: 10 * SECONDS,
            ingress_concurrency: 1000,
            resumable_check: true,
            checkpoint_after: CHECKPOINT_AFTER,
        }
    }
}

/// How the pods of a job behave.
//= kubernetes/kubernetes@v1.27.0:pkg/controller/job/backoff_utils.go
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobRules {
    /// Retries after the first pod (backoffLimit).
    pub retries: u32,
    /// Back-off before the second retry; it doubles. The first retry is immediate.
    pub back_off: u64,
    /// Longest back-off.
    pub back_off_max: u64,
    /// Whether a pod verifies after it has executed.
    pub verifies: bool,
    /// When the first pod is made.
    pub starts_at: u64,
}

impl Default for JobRules {
    fn default() -> Self {
        JobRules { retries: 6, back_off: 10 * SECONDS, back_off_max: 360 * SECONDS, verifies: true, starts_at: 0 }
    }
}

/// What every process of the cluster knows.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Cluster {
    /// Settings of runtime and SDK.
    pub settings: Settings,
    /// Service times.
    pub costs: Costs,
    /// The jobs, by number.
    pub jobs: Vec<Job>,
    /// The node of the runtime.
    pub server: NodeId,
    /// The nodes of the service pods.
    pub endpoints: Vec<NodeId>,
}

/// What a node is started as.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum Role {
    /// The Restate node.
    Server(Arc<Cluster>),
    /// A service pod, with the generator that its image contains.
    Endpoint(Arc<Cluster>, Rule),
    /// The Job controller and the pods of one job.
    Driver(Arc<Cluster>, u16, JobRules),
}
