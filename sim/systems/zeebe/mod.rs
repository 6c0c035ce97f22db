//! Scenarios on a cluster of Zeebe brokers with its gateway and clients.

mod chronicle;
mod diary;
mod drawn;
mod judge;
mod past;
mod pinned;
mod plan;
mod releases;
mod run;
mod story;
mod told;
mod truth;
mod workload;

pub use past::NodeLog;
pub use pinned::draws;
pub use plan::Plan;
pub use run::{ZeebeRunner, runner};
pub use truth::Truth;

use crate::scenario::schema::{Distribution, Exclusion, Key, Kind, Need, Schema};

/// What a scenario on Zeebe may say.
pub const SCHEMA: Schema = Schema {
    system: "zeebe",
    about: "a cluster of Zeebe 0.24.4 brokers with a gateway, clients that deploy and start instances, and workers",
    hidden: false,
    cluster: CLUSTER,
    workload: WORKLOAD,
    exclusions: &[Exclusion { one: "deployments", others: &["deploy_every"] }],
    toggles: releases::TOGGLES,
    presets: releases::PRESETS,
    latencies: LATENCIES,
    services: &[],
    draws: true,
    signatures: &["zeebe/*"],
};

const CLUSTER: &[Key] = &[
    Key {
        name: "brokers",
        kind: Kind::Count { least: 1, most: 9 },
        need: Need::Default("3"),
        about: "brokers; every partition has a replica on each",
    },
    Key { name: "partitions", kind: Kind::Count { least: 1, most: 16 }, need: Need::Default("3"), about: "partitions" },
    Key {
        name: "first_leaders",
        kind: Kind::Texts,
        need: Need::Optional,
        about: "the brokers that lead partition 1, 2 and so on at first; without it, whoever is first",
    },
    Key {
        name: "snapshot_period",
        kind: Kind::Range { least: 1_000_000_000 },
        need: Need::Default("15m"),
        about: "from one snapshot of a leader to the next; of a range each run draws one",
    },
    Key {
        name: "index_density",
        kind: Kind::Count { least: 1, most: 1_000_000 },
        need: Need::Default("100"),
        about: "the sparse index of a log knows one entry in so many, and snapshots go by it",
    },
    Key {
        name: "segment",
        kind: Kind::Count { least: 1, most: 1 << 32 },
        need: Need::Default("1048576"),
        about: "entries of a segment of a log, which is what compaction drops",
    },
    Key {
        name: "store_errors",
        kind: Kind::Tables(STORE_ERROR),
        need: Need::Optional,
        about: "errors of the stores of stream processors: the last write of a record's transaction fails, once in a process",
    },
    Key {
        name: "process",
        kind: Kind::Duration { least: 0 },
        need: Need::Default("170us"),
        about: "what a stream processor takes for a record",
    },
    Key {
        name: "reprocess",
        kind: Kind::Duration { least: 0 },
        need: Need::Default("165us"),
        about: "what it takes for a record that it runs again in a replay",
    },
    Key {
        name: "install",
        kind: Kind::Duration { least: 0 },
        need: Need::Default("650ms"),
        about: "from the announcement of a leader to its services: state copied, database opened",
    },
];

const STORE_ERROR: &[Key] = &[
    Key {
        name: "partition",
        kind: Kind::Count { least: 1, most: 16 },
        need: Need::Required,
        about: "whose stream processor meets it",
    },
    Key {
        name: "node",
        kind: Kind::Text,
        need: Need::Optional,
        about: "the broker that meets it; without it, each that gets there",
    },
    Key {
        name: "phase",
        kind: Kind::Word(&["replay", "processing"]),
        need: Need::Required,
        about: "what the stream processor is at",
    },
    Key {
        name: "from",
        kind: Kind::Duration { least: 0 },
        need: Need::Default("0s"),
        about: "records before this time are not counted",
    },
    Key {
        name: "nth",
        kind: Kind::Count { least: 1, most: 1_000_000_000 },
        need: Need::Default("1"),
        about: "the how-manieth record of that phase from then on",
    },
    Key {
        name: "kind",
        kind: Kind::Word(&["recoverable", "other"]),
        need: Need::Default("recoverable"),
        about: "what upstream takes it for; a replay tries again after either",
    },
];

const WORKLOAD: &[Key] = &[
    Key {
        name: "bpmn",
        kind: Kind::File,
        need: Need::Optional,
        about: "what is deployed and started; without it, the process of upstream's benchmarks",
    },
    Key {
        name: "opens_at",
        kind: Kind::Duration { least: 0 },
        need: Need::Default("12s"),
        about: "when the first deployment is sent; the others of the workload come after it",
    },
    Key {
        name: "deploy_every",
        kind: Kind::Range { least: 1_000_000 },
        need: Need::Optional,
        about: "from one deployment to the next, each drawn anew of a range; without it there is one",
    },
    Key {
        name: "deployments",
        kind: Kind::Tables(&[
            Key {
                name: "id",
                kind: Kind::Count { least: 0, most: 1 << 32 },
                need: Need::Required,
                about: "its number, which also tells its resource from those of others",
            },
            Key { name: "at", kind: Kind::Duration { least: 0 }, need: Need::Required, about: "when it is sent" },
        ]),
        need: Need::Optional,
        about: "deployments one by one, instead of the first at `opens_at` and those of `deploy_every`",
    },
    Key {
        name: "versions",
        kind: Kind::Flag,
        need: Need::Default("true"),
        about: "whether each deployment has a resource of its own, and so makes a new version",
    },
    Key {
        name: "instances_per_second",
        kind: Kind::Count { least: 0, most: 1_000 },
        need: Need::Default("1"),
        about: "instances started a second",
    },
    Key {
        name: "instances",
        kind: Kind::Count { least: 1, most: 1_000_000_000 },
        need: Need::Optional,
        about: "instances started in all; without it, as many as there is time for",
    },
    Key {
        name: "by_hand",
        kind: Kind::Tables(&[
            Key {
                name: "id",
                kind: Kind::Count { least: 0, most: 1 << 32 },
                need: Need::Optional,
                about: "number of the first; without it, they follow what comes before them",
            },
            Key {
                name: "at",
                kind: Kind::Duration { least: 0 },
                need: Need::Required,
                about: "when the first is started",
            },
            Key {
                name: "instances",
                kind: Kind::Count { least: 1, most: 10_000 },
                need: Need::Default("1"),
                about: "so many, one after the other",
            },
        ]),
        need: Need::Optional,
        about: "instances that the client that deploys starts beside the others",
    },
    Key {
        name: "snapshots",
        kind: Kind::Tables(&[
            Key { name: "at", kind: Kind::Duration { least: 0 }, need: Need::Required, about: "when" },
            Key {
                name: "partition",
                kind: Kind::Count { least: 1, most: 16 },
                need: Need::Required,
                about: "whose leader takes one",
            },
        ]),
        need: Need::Optional,
        about: "snapshots that an operator asks for, beside those of each period",
    },
    Key {
        name: "snapshot_every",
        kind: Kind::Range { least: 1_000_000 },
        need: Need::Optional,
        about: "from one snapshot of a partition that is drawn, which an operator asks for, to the next",
    },
    Key { name: "workers", kind: Kind::Count { least: 0, most: 100 }, need: Need::Default("1"), about: "job workers" },
    Key {
        name: "worker",
        kind: Kind::Text,
        need: Need::Default("benchmark"),
        about: "what they are like: `benchmark` as upstream's benchmarks come, `kubernetes` as they run there",
    },
    Key {
        name: "workers_close_at",
        kind: Kind::Duration { least: 1 },
        need: Need::Optional,
        about: "when the workers' processes are closed, jobs in hand or not; without it, never",
    },
    Key {
        name: "capacity",
        kind: Kind::Count { least: 1, most: 100_000 },
        need: Need::Optional,
        about: "jobs that a worker has at a time at most; without it, as that worker comes",
    },
    Key {
        name: "job_takes",
        kind: Kind::Duration { least: 0 },
        need: Need::Optional,
        about: "how long a worker works on a job; without it, as that worker comes",
    },
    Key {
        name: "job_timeout",
        kind: Kind::Duration { least: 1_000_000 },
        need: Need::Optional,
        about: "how long a broker lets it; without it, six times as long as the work takes",
    },
];

/// Time on the way, drawn per message on a stream of its link or connection.
const LATENCIES: &[Distribution] = &[Distribution { name: "link", about: "between two nodes, one way" }];
