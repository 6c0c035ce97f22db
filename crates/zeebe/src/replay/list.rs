//! The list of what the processors would have written.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/ReprocessingStreamWriter.java (list)

use super::inconsistency::{Cause, Inconsistency};
use crate::engine::FollowUp;
use crate::protocol::{DeploymentIntent, Intent, Record, RecordType};
use crate::settings::Toggles;
use std::collections::VecDeque;
use std::fmt;

/// A record that a replay would have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Listed {
    /// Its key; a command without one has -1.
    pub key: i64,
    /// The record whose processing it came from.
    pub source: i64,
    /// What it says.
    pub intent: Intent,
    /// Command, event or rejection.
    pub kind: RecordType,
}

impl Listed {
    pub(super) fn is_distributed(&self) -> bool {
        self.intent == Intent::Deployment(DeploymentIntent::Distributed)
    }

    /// Compares a record of the log with this one. Type and value are not compared.
    pub(crate) fn verify(&self, record: &Record, toggles: &Toggles) -> Result<(), Box<Inconsistency>> {
        if self.key != record.key {
            return Err(Inconsistency::new(Cause::Key, record, *self));
        }
        if self.intent != record.intent || (toggles.strict_verify && self.kind != record.kind) {
            return Err(Inconsistency::new(Cause::Intent, record, *self));
        }
        Ok(())
    }
}

/// As upstream's logs and exceptions show it.
impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Listed { key, source, intent, kind } = self;
        let (family, intent, kind) = (intent.family(), intent.name(), kind.name());
        write!(f, "{{key={key}, sourceRecordPosition={source}, intent={family}:{intent}, recordType={kind}}}")
    }
}

/// Them all, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct ReprocessingList {
    records: VecDeque<Listed>,
    /// Whether a record came behind one of a later source: a confirmation does. Without one, the order is that of the
    /// sources, and nothing needs to be searched.
    disordered: bool,
}

impl ReprocessingList {
    /// Adds one at the end.
    pub fn push(&mut self, record: Listed) {
        match self.records.back() {
            Some(last) => self.disordered |= last.source > record.source,
            None => self.disordered = false,
        }
        self.records.push_back(record);
    }

    /// Adds what processing a record would have written.
    pub fn add(&mut self, source: i64, follow_ups: &[FollowUp]) {
        for follow_up in follow_ups {
            // Upstream installs the writer of variables when the replay is over.
            if !matches!(follow_up.intent, Intent::Variable(_)) {
                let (key, intent, kind) = (follow_up.key, follow_up.intent, follow_up.kind);
                self.push(Listed { key, source, intent, kind });
            }
        }
    }

    /// Removes all with this key and this source.
    pub fn remove(&mut self, key: i64, source: i64) {
        let is_it = |record: &Listed| record.key == key && record.source == source;
        // Nearly always it is the first: records come in the order in which they were written.
        while self.records.front().is_some_and(is_it) {
            self.records.pop_front();
        }
        if self.up_to(source).any(is_it) {
            self.records.retain(|record| !is_it(record));
        }
    }

    /// What goes off the list as this record and is another one: of its key and source, and not of its kind and intent.
    #[must_use]
    pub fn stands_in(&self, record: &Record) -> Option<Listed> {
        let is_of = |listed: &&Listed| listed.key == record.key && listed.source == record.source;
        let is_it = |listed: &Listed| listed.intent == record.intent && listed.kind == record.kind;
        let first = *self.up_to(record.source).find(is_of)?;
        let any = is_it(&first) || self.up_to(record.source).filter(is_of).any(is_it);
        (!any).then_some(first)
    }

    /// Removes all up to a source.
    pub(crate) fn forget(&mut self, source: i64) {
        if self.up_to(source).next().is_some() {
            self.records.retain(|record| record.source > source);
        }
    }

    /// What is on it.
    pub fn iter(&self) -> impl Iterator<Item = &Listed> {
        self.records.iter()
    }

    /// What is on it of sources up to this one.
    fn up_to(&self, source: i64) -> impl Iterator<Item = &Listed> {
        let in_order = !self.disordered;
        let within = move |record: &&Listed| record.source <= source;
        self.iter().take_while(move |record| !in_order || within(record)).filter(within)
    }

    /// What nothing may be left of when a record with this source is read: records of earlier sources.
    pub(crate) fn missing(&self, source: i64, toggles: &Toggles) -> impl Iterator<Item = &Listed> {
        let filters = toggles.filter_5583;
        self.up_to(source - 1).filter(move |listed| !(filters && listed.is_distributed()))
    }

    /// What a record with this source is compared with.
    pub(crate) fn counterpart(&self, source: i64) -> Option<&Listed> {
        self.up_to(source).find(|listed| listed.source == source)
    }

    /// Compares a record of the log with the first that has its source; before that, nothing may be left of earlier ones.
    pub(super) fn verify(&self, record: &Record, snapshot: i64, toggles: &Toggles) -> Result<(), Box<Inconsistency>> {
        if record.source < 0 || record.source <= snapshot {
            return Ok(());
        }
        if let Some(listed) = self.missing(record.source, toggles).next() {
            return Err(Inconsistency::new(Cause::NotOnLog, record, *listed));
        }
        match self.counterpart(record.source) {
            Some(listed) => listed.verify(record, toggles),
            None => Ok(()),
        }
    }
}
