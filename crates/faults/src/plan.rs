//! A plan: entries with ids, as they stand in a scenario under `[[fault]]`.

use crate::duration::Span;
use crate::trigger::{AfterEntry, OnEvent, Trigger};
use crate::vocabulary::Action;
use kernel::identity::identity_of;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is wrong with a plan. Each message names the entry, the key and the way out; the file and the line are added by
/// who read the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Two entries of one id.
    #[error("fault `{id}`: there are two entries of this id: give one of them another `id`")]
    Duplicate {
        /// The id.
        id: String,
    },
    /// `after` names nobody.
    #[error("fault `{id}`: `after.entry` names `{other}`, which is no entry: {known}")]
    UnknownEntry {
        /// The entry.
        id: String,
        /// Whom it names.
        other: String,
        /// Whom it could name, in words.
        known: String,
    },
    /// Entries that wait for one another.
    #[error("fault `{id}`: it waits for itself, through {through}: give one of them an `at` or `on`")]
    Cycle {
        /// The first entry.
        id: String,
        /// The ring.
        through: String,
    },
    /// A value that cannot be.
    #[error("fault `{id}`: `{key}` {why}")]
    Value {
        /// The entry.
        id: String,
        /// The key.
        key: String,
        /// What is wrong, and the way out.
        why: String,
    },
    /// A word that means nothing in this scenario.
    #[error(
        "fault `{id}`: `{key}` says `{word}`, which is no node, no group and no word of this system: known are {known}"
    )]
    UnknownWord {
        /// The entry.
        id: String,
        /// The key.
        key: String,
        /// The word.
        word: String,
        /// What there is.
        known: String,
    },
    /// A word for an event that none of this system has.
    #[error("fault `{id}`: `on.event` says `{word}`, and no event of this system has that name")]
    UnknownEvent {
        /// The entry.
        id: String,
        /// The word.
        word: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// More than a correct cluster must survive.
    #[error("fault `{id}`: {why}")]
    Unsurvivable {
        /// The entry.
        id: String,
        /// Which bound it breaks, and the way out.
        why: String,
    },
}

impl PlanError {
    /// The entry that is at fault (a kind, for a sampling profile; `(bounds)` for bounds): who read the file finds the
    /// place by it.
    pub fn entry(&self) -> &str {
        match self {
            PlanError::Duplicate { id }
            | PlanError::UnknownEntry { id, .. }
            | PlanError::Cycle { id, .. }
            | PlanError::Value { id, .. }
            | PlanError::UnknownWord { id, .. }
            | PlanError::UnknownEvent { id, .. }
            | PlanError::Unsurvivable { id, .. } => id,
        }
    }
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Entry {
    /// Its identity, for dice, reports and other entries.
    pub id: String,
    /// When it strikes.
    pub trigger: Trigger,
    /// What it does.
    pub action: Action,
    /// After how long it is undone.
    pub lasts: Option<Span>,
    /// It need not have an effect for the run to count: sampled faults may strike what is dead already.
    pub may_miss: bool,
}

/// All faults of a run, in the order of the file. The order has no meaning but for entries of one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Faults", into = "Faults")]
pub struct Plan {
    entries: Vec<Entry>,
}

/// An entry as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Span>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on: Option<OnEvent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<AfterEntry>,
    #[serde(rename = "do")]
    action: Action,
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    lasts: Option<Span>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    may_miss: bool,
}

/// A plan as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Faults {
    #[serde(default)]
    fault: Vec<Entry>,
}

impl Entry {
    /// An entry with the id that its content gives it.
    pub fn new(trigger: Trigger, action: Action) -> Self {
        let mut entry = Entry { id: String::new(), trigger, action, lasts: None, may_miss: false };
        entry.id = entry.id_of_content();
        entry
    }

    /// Under an id of its own.
    pub fn named(mut self, id: &str) -> Self {
        self.id = id.to_owned();
        self
    }

    /// Undone after a time. An id that came from the content stays as it was.
    pub fn lasting(mut self, lasts: Span) -> Self {
        self.lasts = Some(lasts);
        self
    }

    /// The id of an entry that has none: from its content, not from its place, so that it stays when others go.
    fn id_of_content(&self) -> String {
        let content = format!("{:?} {:?}", self.trigger, self.action);
        let (action, trigger) = (self.action.word(), &self.trigger);
        format!("{action}-{trigger}-{:06x}", identity_of(&content) >> 40)
    }
}

impl TryFrom<Written> for Entry {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let Written { id, at, on, after, action, lasts, may_miss } = written;
        let trigger = match (at, on, after) {
            (Some(at), None, None) => Trigger::At(at),
            (None, Some(on), None) => Trigger::On(on),
            (None, None, Some(after)) => Trigger::After(after),
            _ => {
                let name = id.map_or_else(|| format!("a `{}`", action.word()), |id| format!("fault `{id}`"));
                return Err(format!("{name} needs exactly one of `at`, `on` and `after`"));
            }
        };
        let mut entry = Entry::new(trigger, action);
        entry.id = id.unwrap_or(entry.id);
        Ok(Entry { lasts, may_miss, ..entry })
    }
}

impl From<Entry> for Written {
    /// The id is always written: what is edited or shrunk later keeps its dice.
    fn from(entry: Entry) -> Written {
        let Entry { id, trigger, action, lasts, may_miss } = entry;
        let mut written = Written { id: Some(id), at: None, on: None, after: None, action, lasts, may_miss };
        match trigger {
            Trigger::At(at) => written.at = Some(at),
            Trigger::On(on) => written.on = Some(on),
            Trigger::After(after) => written.after = Some(after),
        }
        written
    }
}

impl TryFrom<Faults> for Plan {
    type Error = PlanError;
    fn try_from(faults: Faults) -> Result<Self, PlanError> {
        Plan::new(faults.fault)
    }
}

impl From<Plan> for Faults {
    fn from(plan: Plan) -> Faults {
        Faults { fault: plan.entries }
    }
}

impl Plan {
    /// No faults.
    pub fn empty() -> Self {
        Plan::default()
    }

    /// A plan of these entries. Entries of equal content and no id of their own are numbered.
    ///
    /// # Errors
    /// Something in it cannot be.
    pub fn new(mut entries: Vec<Entry>) -> Result<Self, PlanError> {
        let mut taken = BTreeSet::new();
        for entry in &mut entries {
            if entry.id == entry.id_of_content() {
                let of_content = entry.id.clone();
                let mut nth = 1;
                while taken.contains(&entry.id) {
                    nth += 1;
                    entry.id = format!("{of_content}-{nth}");
                }
            }
            taken.insert(entry.id.clone());
        }
        let plan = Plan { entries };
        plan.validate()?;
        Ok(plan)
    }

    /// Its entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Without these entries, and without what waits for them.
    pub fn without(&self, ids: &BTreeSet<&str>) -> Plan {
        let mut gone: BTreeSet<&str> = ids.clone();
        loop {
            let waits = |entry: &&Entry| match &entry.trigger {
                Trigger::After(after) => !gone.contains(entry.id.as_str()) && gone.contains(after.entry.as_str()),
                _ => false,
            };
            let more: Vec<&str> = self.entries.iter().filter(waits).map(|entry| entry.id.as_str()).collect();
            if more.is_empty() {
                break;
            }
            gone.extend(more);
        }
        Plan { entries: self.entries.iter().filter(|entry| !gone.contains(entry.id.as_str())).cloned().collect() }
    }

    /// With one entry replaced. The result may be invalid; `smaller` tries it.
    pub(crate) fn with(&self, index: usize, entry: Entry) -> Plan {
        let mut plan = self.clone();
        plan.entries[index] = entry;
        plan
    }

    /// With every entry changed.
    pub(crate) fn map(&self, change: impl Fn(&Entry) -> Entry) -> Plan {
        Plan { entries: self.entries.iter().map(change).collect() }
    }
}
