//! Scenarios on the model Restate node.

mod details;
mod plan;
mod run;

use std::path::PathBuf;

pub use plan::Plan;
pub use run::{Seen, judged, look, runner, runner_of};

use crate::scenario::Scenario;
use crate::scenario::schema::{Distribution, Exclusion, Key, Kind, Need, Preset, Schema, Toggle};

/// What a scenario on Restate may say.
pub const SCHEMA: Schema = Schema {
    system: "restate",
    about: "a single Restate node of mid-2023 with its service endpoints, and the verification workload",
    hidden: false,
    cluster: CLUSTER,
    workload: WORKLOAD,
    exclusions: &[Exclusion { one: "tree", others: &["job", "width", "depth"] }],
    toggles: TOGGLES,
    presets: PRESETS,
    latencies: LATENCIES,
    services: SERVICES,
    draws: false,
    signatures: checks::restate::judge::SIGNATURES,
};

const CLUSTER: &[Key] = &[
    Key {
        name: "partitions",
        kind: Kind::Count { least: 1, most: 1024 },
        need: Need::Default("4"),
        about: "partitions of the node",
    },
    Key {
        name: "endpoints",
        kind: Kind::Count { least: 1, most: 64 },
        need: Need::Default("3"),
        about: "service endpoints behind one address",
    },
    Key {
        name: "sdk_suspends_after",
        kind: Kind::Duration { least: 0 },
        need: Need::Default("1s"),
        about: "the SDK suspends a handler that has waited so long for a completion",
    },
    Key {
        name: "inactivity",
        kind: Kind::Duration { least: 1 },
        need: Need::Default("60s"),
        about: "the runtime half closes a stream that has been idle so long",
    },
];

const WORKLOAD: &[Key] = &[
    Key { name: "job", kind: Kind::Text, need: Need::Required, about: "the job's name, which is the seed of the tree" },
    Key { name: "tree", kind: Kind::File, need: Need::Optional, about: "a tree given as JSON instead of generated" },
    Key {
        name: "width",
        kind: Kind::Count { least: 1, most: 64 },
        need: Need::Default("4"),
        about: "width of the generated tree",
    },
    Key {
        name: "depth",
        kind: Kind::Count { least: 1, most: 64 },
        need: Need::Default("14"),
        about: "depth of the generated tree",
    },
    Key {
        name: "max_sleep",
        kind: Kind::Duration { least: 0 },
        need: Need::Default("32768ms"),
        about: "what all sleeps of the tree together may take",
    },
    Key {
        name: "pods",
        kind: Kind::Count { least: 1, most: 100 },
        need: Need::Default("7"),
        about: "attempts before the job gives up",
    },
    Key {
        name: "verify",
        kind: Kind::Flag,
        need: Need::Default("true"),
        about: "whether a pod verifies after it has executed",
    },
];

const TOGGLES: &[Toggle] = &[
    Toggle {
        name: "generator",
        values: &["increasing-targets", "free-targets"],
        about: "which keys a generated call may lock: e2e@fe2d609 made them increase",
    },
    Toggle {
        name: "resumable_check",
        values: &["on", "off"],
        about: "whether a suspension looks first if what it waits for has come meanwhile",
    },
];

const PRESETS: &[Preset] = &[Preset {
    name: "0.1.3",
    toggles: &[("generator", "free-targets")],
    about: "2023-06-05, with the verification services of that time",
}];

/// Time on the way, drawn per message on a stream of its link or connection.
const LATENCIES: &[Distribution] = &[
    Distribution { name: "client_server", about: "between a pod of the job and the node, one way" },
    Distribution { name: "server_endpoint", about: "between the node and a service endpoint, one way" },
];

/// Time at work, drawn per job on a stream of the partition, the attempt or the pod.
const SERVICES: &[Distribution] = &[
    Distribution { name: "command", about: "partition processor: one command, commit included" },
    Distribution { name: "shuffle", about: "shuffle: one outbox row, until it is handed over" },
    Distribution { name: "handler", about: "event loop of an endpoint: a handler, up to its next wait" },
    Distribution { name: "pod_start", about: "Job controller: from making a pod to its first request" },
];

/// `[cluster]` and `[workload]`, typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Partitions of the node.
    pub partitions: u32,
    /// Service endpoints.
    pub endpoints: u32,
    /// Where the tree comes from.
    pub tree: TreeSource,
    /// What all sleeps of the tree together may take, in nanoseconds.
    pub max_sleep_ns: u64,
    /// Attempts before the job gives up.
    pub pods: u32,
    /// Whether a pod verifies.
    pub verify: bool,
    /// When the SDK suspends a waiting handler, in nanoseconds.
    pub sdk_suspends_after_ns: u64,
    /// When the runtime half closes an idle stream, in nanoseconds.
    pub inactivity_ns: u64,
}

/// Where the tree of a job comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeSource {
    /// From the job's name, by the rule that toggle `generator` names.
    Generated {
        /// The job's name.
        job: String,
        /// Width.
        width: u32,
        /// Depth.
        depth: u32,
    },
    /// From a file.
    File(PathBuf),
}

impl Setup {
    /// Of a scenario on this system.
    pub fn of(scenario: &Scenario) -> Self {
        let cluster = |name| small(scenario.cluster.count(name));
        let workload = |name| small(scenario.workload.count(name));
        let tree = match scenario.workload.file("tree") {
            Some(path) => TreeSource::File(path.to_owned()),
            None => TreeSource::Generated {
                job: scenario.workload.text("job").expect("required without a tree").to_owned(),
                width: workload("width"),
                depth: workload("depth"),
            },
        };
        Setup {
            partitions: cluster("partitions"),
            endpoints: cluster("endpoints"),
            tree,
            max_sleep_ns: scenario.workload.duration("max_sleep").expect("it has a default"),
            pods: workload("pods"),
            verify: scenario.workload.flag("verify").expect("it has a default"),
            sdk_suspends_after_ns: scenario.cluster.duration("sdk_suspends_after").expect("it has a default"),
            inactivity_ns: scenario.cluster.duration("inactivity").expect("it has a default"),
        }
    }
}

fn small(count: Option<u64>) -> u32 {
    count.and_then(|count| u32::try_from(count).ok()).expect("it has a default and a bound in the table")
}
