//! The list of what the processors would have written.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/ReprocessingStreamWriter.java (list)

use super::inconsistency::{Cause, Inconsistency};
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
    fn is_distributed(&self) -> bool {
        self.intent == Intent::Deployment(DeploymentIntent::Distributed)
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
}

impl ReprocessingList {
    /// Adds one at the end.
    pub fn push(&mut self, record: Listed) {
        self.records.push_back(record);
    }

    /// Removes all with this key and this source.
    pub fn remove(&mut self, key: i64, source: i64) {
        // Nearly always it is the first: records come in the order in which they were written.
        while self.records.front().is_some_and(|record| record.key == key && record.source == source) {
            self.records.pop_front();
        }
        if self.records.iter().any(|record| record.key == key && record.source == source) {
            self.records.retain(|record| record.key != key || record.source != source);
        }
    }

    /// What is on it.
    pub fn iter(&self) -> impl Iterator<Item = &Listed> {
        self.records.iter()
    }

    /// Compares a record of the log with the first that has its source; before that, nothing may be left of earlier ones.
    /// Type and value are not compared.
    pub(super) fn verify(&self, record: &Record, snapshot: i64, toggles: &Toggles) -> Result<(), Box<Inconsistency>> {
        if record.source < 0 || record.source <= snapshot {
            return Ok(());
        }
        let ignored = |listed: &&Listed| toggles.filter_5583 && listed.is_distributed();
        let missing = self.iter().find(|listed| listed.source < record.source && !ignored(listed));
        if let Some(listed) = missing {
            return Err(Inconsistency::new(Cause::NotOnLog, record, *listed));
        }
        let Some(listed) = self.iter().find(|listed| listed.source == record.source) else { return Ok(()) };
        if listed.key != record.key {
            return Err(Inconsistency::new(Cause::Key, record, *listed));
        }
        if listed.intent != record.intent || (toggles.strict_verify && listed.kind != record.kind) {
            return Err(Inconsistency::new(Cause::Intent, record, *listed));
        }
        Ok(())
    }
}
