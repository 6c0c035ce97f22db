//! Scenarios on a Raft group of Zeebe's flavour: members under random faults, and the checks of their safety.

mod faults;
mod pinned;
mod plan;
mod run;

pub use pinned::draws;
pub use plan::Plan;
pub use run::{RaftRunner, runner};

use crate::scenario::schema::{Key, Kind, Need, Preset, Schema, Toggle};

/// What a scenario on Raft may say.
pub const SCHEMA: Schema = Schema {
    system: "raft",
    about: "one Raft group as Zeebe 0.24.4's fork of Atomix runs it, with an application that appends numbered items",
    hidden: false,
    cluster: CLUSTER,
    workload: &[],
    exclusions: &[],
    toggles: TOGGLES,
    presets: PRESETS,
    latencies: &[],
    services: &[],
    draws: false,
    signatures: &["raft/*"],
};

const CLUSTER: &[Key] = &[
    Key {
        name: "members",
        kind: Kind::Count { least: 1, most: 9 },
        need: Need::Default("3"),
        about: "members of the group",
    },
    Key {
        name: "segment",
        kind: Kind::Count { least: 1, most: 1_000_000 },
        need: Need::Default("16"),
        about: "entries of a segment of the log, which is what compaction drops",
    },
    Key {
        name: "calm",
        kind: Kind::Duration { least: 0 },
        need: Need::Default("10s"),
        about: "drawn faults are over so long before the end",
    },
];

const TOGGLES: &[Toggle] = &[
    Toggle {
        name: "flush",
        values: &["on-commit", "before-answer"],
        about: "when a follower flushes its log: upstream says that it has what a power failure takes away",
    },
    Toggle {
        name: "snapshot_votes",
        values: &["off", "on"],
        about: "whether a voter with an empty log compares candidates with its snapshot; upstream does not",
    },
    Toggle {
        name: "snapshot_appends",
        values: &["off", "on"],
        about: "whether a member refuses entries from the very beginning if its snapshot is further on; upstream does not",
    },
    Toggle {
        name: "fix_6316",
        values: &["off", "on"],
        about: "whether a leader leaves out an entry that it found invalid",
    },
    Toggle {
        name: "faults",
        values: &["machines", "processes", "none"],
        about: "what is drawn: kills that lose what was not synced as well, only kills that keep it, or nothing",
    },
    Toggle {
        name: "mutation",
        values: &[
            "none",
            "vote-twice",
            "forget-vote",
            "skip-up-to-date",
            "commit-old-term",
            "commit-minority",
            "commit-beyond-match",
            "truncate-committed",
            "ignore-previous",
            "answer-before-sync",
            "keep-leading",
            "snapshot-cuts-log",
            "announce-early",
        ],
        about: "a mistake planted in the members, to see that a check finds it",
    },
];

const PRESETS: &[Preset] = &[
    Preset { name: "0.24.4", toggles: &[], about: "as released" },
    Preset {
        name: "sound",
        toggles: &[
            ("flush", "before-answer"),
            ("snapshot_votes", "on"),
            ("snapshot_appends", "on"),
            ("fix_6316", "on"),
        ],
        about: "without the defects that are known: must survive everything",
    },
];
