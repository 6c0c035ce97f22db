//! When a fault strikes.

use crate::duration::Span;
use crate::selector::Selector;
use serde::{Deserialize, Serialize};
use std::fmt;

/// When a fault strikes. Each entry strikes once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// At an instant of virtual time.
    At(Span),
    /// Right after the n-th event of a kind.
    On(OnEvent),
    /// Some time after another entry has struck.
    After(AfterEntry),
}

/// The n-th event of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnEvent {
    /// The word of the trace for it (`Event::name`).
    pub event: String,
    /// The how-manieth, from 1.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub nth: u64,
    /// Only events of these nodes count, whoever they are when the event happens. It may not draw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Selector>,
}

/// Some time after another entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AfterEntry {
    /// The other entry's id.
    pub entry: String,
    /// How long after it has struck.
    #[serde(default)]
    pub delay: Span,
}

fn first() -> u64 {
    1
}

fn is_first(nth: &u64) -> bool {
    *nth == 1
}

impl fmt::Display for Trigger {
    /// Short, for ids: `40s`, `commit-3`, `after-cut`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trigger::At(at) => write!(f, "{at}"),
            Trigger::On(on) => write!(f, "{}-{}", on.event, on.nth),
            Trigger::After(after) => write!(f, "after-{}", after.entry),
        }
    }
}
