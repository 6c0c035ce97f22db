//! What a scenario file may say: tables of keys, one per section, and one [`Schema`] per system.
//!
//! Everything that reads or explains a scenario goes by these tables: a key is added here and nowhere else.

use std::fmt;

use super::quantiles::Quantiles;

/// One key of a section.
#[derive(Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be there.
    pub need: Need,
    /// What it means.
    pub about: &'static str,
}

/// What a key holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number within bounds, ends included.
    Count {
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// A duration with its unit.
    Duration {
        /// The least, in nanoseconds.
        least: u64,
    },
    /// A duration with its unit; or a list of two, the shortest and the longest, between which each seed draws.
    Range {
        /// The least, in nanoseconds.
        least: u64,
    },
    /// A file; relative to the scenario file, or to the working directory if a flag gives it.
    File,
    /// A list of texts.
    Texts,
    /// True or false.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of tables, each with these keys.
    Tables(&'static [Key]),
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// It must.
    Required,
    /// It may be left out.
    Optional,
    /// It may be left out, and then has this value, written as in the file but without quotes.
    Default(&'static str),
}

/// One switch of a system: an upstream defect, a fix, a rule.
#[derive(Debug)]
pub struct Toggle {
    /// Its name.
    pub name: &'static str,
    /// Its positions. Where neither preset nor file sets it, it stands at the first.
    pub values: &'static [&'static str],
    /// What it switches.
    pub about: &'static str,
}

/// Toggles as one release had them.
#[derive(Debug)]
pub struct Preset {
    /// The release.
    pub name: &'static str,
    /// Toggles that do not stand at their first value.
    pub toggles: &'static [(&'static str, &'static str)],
    /// What it was.
    pub about: &'static str,
}

/// A distribution which the system draws from.
#[derive(Debug)]
pub struct Distribution {
    /// Its name.
    pub name: &'static str,
    /// What takes that time.
    pub about: &'static str,
}

/// Keys of the workload that exclude each other. In one file that is an error; a flag that gives `one`, or the first of
/// `others`, replaces what the file says.
#[derive(Debug)]
pub struct Exclusion {
    /// If this key is there,
    pub one: &'static str,
    /// these may not, and are not needed.
    pub others: &'static [&'static str],
}

/// What scenarios of one system may say.
pub struct Schema {
    /// Value of `system`.
    pub system: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Not offered to people: for tests of the machinery.
    pub hidden: bool,
    /// Keys of `[cluster]`.
    pub cluster: &'static [Key],
    /// Keys of `[workload]`.
    pub workload: &'static [Key],
    /// Which of those exclude each other.
    pub exclusions: &'static [Exclusion],
    /// Names of `[toggles]`.
    pub toggles: &'static [Toggle],
    /// Values of `preset`.
    pub presets: &'static [Preset],
    /// Names of `[latency]`: time on the way.
    pub latencies: &'static [Distribution],
    /// Names of `[service]`: time at work.
    pub services: &'static [Distribution],
    /// Whether its faults may be drawn from a `[profile]`.
    pub draws: bool,
    /// The signatures that its runs may fail with; `*` at the end of one stands for more.
    pub signatures: &'static [&'static str],
}

/// Keys before the first section.
pub const HEAD: &[Key] = &[
    Key { name: "name", kind: Kind::Text, need: Need::Required, about: "short name, unique among the scenarios" },
    Key { name: "title", kind: Kind::Text, need: Need::Required, about: "the situation in one sentence" },
    Key { name: "source", kind: Kind::Text, need: Need::Optional, about: "where it is described" },
    Key { name: "system", kind: Kind::Text, need: Need::Required, about: "the system it runs on" },
    Key { name: "preset", kind: Kind::Text, need: Need::Optional, about: "the release whose toggles are set" },
    Key { name: "duration", kind: Kind::Duration { least: 1 }, need: Need::Required, about: "budget of virtual time" },
    Key {
        name: "events",
        kind: Kind::Count { least: 1, most: u64::MAX },
        need: Need::Default("50000000"),
        about: "budget of events",
    },
    Key {
        name: "wall_time",
        kind: Kind::Duration { least: 0 },
        need: Need::Default("5m"),
        about: "budget of host time for one run",
    },
];

/// Sections beside those of the system, and those.
pub const SECTIONS: &[&str] = &["cluster", "workload", "toggles", "latency", "service", "fault", "profile", "expect"];

/// Keys of `[expect]`.
pub const EXPECT: &[Key] = &[
    Key { name: "fail", kind: Kind::Text, need: Need::Optional, about: "signature, or its beginning, that must occur" },
    Key {
        name: "seed",
        kind: Kind::Count { least: 0, most: u64::MAX },
        need: Need::Optional,
        about: "a seed with which it occurs",
    },
    Key { name: "fixed_by", kind: Kind::Texts, need: Need::Optional, about: "toggles, each of which makes it vanish" },
    Key { name: "rings", kind: Kind::Texts, need: Need::Optional, about: "wait-for rings that may occur" },
];

/// Only its name: the tables are the same in every scenario of the system.
impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Schema").field(&self.system).finish()
    }
}

impl Schema {
    /// The toggle of that name.
    pub fn toggle(&self, name: &str) -> Option<&'static Toggle> {
        self.toggles.iter().find(|toggle| toggle.name == name)
    }

    /// Every dotted path that may be set.
    pub fn paths(&self) -> Vec<String> {
        let keys = |section: &'static str, keys: &'static [Key]| {
            keys.iter().map(move |key| format!("{section}.{}", key.name)).collect::<Vec<_>>()
        };
        let distributions = |section: &'static str, names: &'static [Distribution]| {
            let each = move |name: &'static Distribution| {
                let path = format!("{section}.{}", name.name);
                let quantiles = Quantiles::NAMES.map(|quantile| format!("{path}.{quantile}"));
                std::iter::once(path).chain(quantiles)
            };
            names.iter().flat_map(each).collect::<Vec<_>>()
        };

        let mut paths: Vec<String> = HEAD.iter().map(|key| key.name.to_owned()).collect();
        paths.extend(keys("cluster", self.cluster));
        paths.extend(keys("workload", self.workload));
        paths.extend(self.toggles.iter().map(|toggle| format!("toggles.{}", toggle.name)));
        paths.extend(distributions("latency", self.latencies));
        paths.extend(distributions("service", self.services));
        paths.extend(keys("expect", EXPECT));
        paths
    }
}
