//! The keys of each action: whom it strikes, and how hard.

use crate::duration::{Shift, Span};
use crate::selector::Selector;
use crate::share::Share;
use kernel::disk;
use serde::{Deserialize, Serialize};

/// The nodes, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whom {
    /// Whose.
    pub node: Selector,
}

/// What becomes of data that was not synced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unsynced {
    /// It stays: the process died, the page cache did not.
    #[default]
    Keep,
    /// It is gone: the machine died.
    Lose,
    /// A prefix of it stays, and its last record is damaged.
    Tear,
}

impl From<Unsynced> for disk::Unsynced {
    fn from(unsynced: Unsynced) -> Self {
        match unsynced {
            Unsynced::Keep => disk::Unsynced::Keep,
            Unsynced::Lose => disk::Unsynced::Lose,
            Unsynced::Tear => disk::Unsynced::Tear,
        }
    }
}

/// How processes die.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kill {
    /// Whose.
    pub node: Selector,
    /// What becomes of unsynced data.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unsynced: Unsynced,
    /// The machine goes too: nobody tells the peers.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dark: bool,
}

/// How processes come back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// Whose.
    pub node: Selector,
    /// Under a new address, as a new pod.
    #[serde(default, skip_serializing_if = "is_default")]
    pub readdress: bool,
}

/// Which direction is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Both.
    #[default]
    Both,
    /// From the first to the second only.
    Out,
    /// From the second to the first only.
    In,
}

/// Nodes cut off from others; also from one another, if several.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Isolate {
    /// Who is cut off.
    pub node: Selector,
    /// From whom.
    #[serde(default = "everybody", skip_serializing_if = "is_everybody")]
    pub from: Selector,
    /// `out`: what the nodes send; `in`: what they are sent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub way: Way,
}

/// Groups cut off from one another.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// The sides. A node that is in several belongs to the first. One side only: the other is everybody else.
    pub groups: Vec<Selector>,
    /// `out`: what the first side sends; `in`: what it is sent. Only with at most two sides.
    #[serde(default, skip_serializing_if = "is_default")]
    pub way: Way,
}

/// Pairs that are cut.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Each of the first with each of the second.
    pub pairs: Vec<(Selector, Selector)>,
    /// `out`: from the first to the second.
    #[serde(default, skip_serializing_if = "is_default")]
    pub way: Way,
}

/// How links become worse. What is left out stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Degrade {
    /// One end.
    pub from: Selector,
    /// The other end.
    #[serde(default = "everybody", skip_serializing_if = "is_everybody")]
    pub to: Selector,
    /// Which direction.
    #[serde(default, skip_serializing_if = "is_default")]
    pub way: Way,
    /// Added to every latency.
    #[serde(default, skip_serializing_if = "is_default")]
    pub latency: Span,
    /// Up to so much more, evenly.
    #[serde(default, skip_serializing_if = "is_default")]
    pub jitter: Span,
    /// Lost as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub loss: Share,
    /// Doubled as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub duplication: Share,
    /// Held back as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reorder: Share,
    /// For how long at most.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reorder_max: Span,
    /// At most so many bytes per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<u64>,
}

/// How far clocks are moved.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockShift {
    /// Whose.
    pub node: Selector,
    /// By how much; "-5s" is back.
    pub by: Shift,
}

/// How fast clocks run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockDrift {
    /// Whose.
    pub node: Selector,
    /// Parts per million that they run fast; slow, if negative.
    pub ppm: i32,
}

/// How much longer something takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slow {
    /// Whose.
    pub node: Selector,
    /// Percent more time; 100 is twice as long.
    pub percent: u32,
}

/// Disk operations that fail.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskError {
    /// Whose.
    pub node: Selector,
    /// How many.
    pub operations: u32,
}

/// Syncs that lie.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LostSync {
    /// Whose.
    pub node: Selector,
    /// How many.
    pub syncs: u32,
}

/// A record to be damaged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlipBit {
    /// On whose disk.
    pub node: Selector,
    /// In which file: `wal/3`; or `wal`: one of that kind, drawn.
    pub file: String,
    /// Which record.
    #[serde(default, skip_serializing_if = "is_default")]
    pub record: Record,
}

/// A record of a file: a number from 0, "newest" or "any".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// The last one.
    #[default]
    Newest,
    /// One of them, drawn.
    Any,
    /// This one, from 0: `{ at = 7 }`.
    At(u64),
}

/// A file to be removed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveFile {
    /// From whose disk.
    pub node: Selector,
    /// Which file: `wal/3`; or `wal`: one of that kind, drawn.
    pub file: String,
}

/// Whose volume becomes whose.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyVolume {
    /// The source: exactly one node.
    pub from: Selector,
    /// The targets.
    pub to: Selector,
}

fn everybody() -> Selector {
    Selector::All
}

fn is_everybody(selector: &Selector) -> bool {
    *selector == Selector::All
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
