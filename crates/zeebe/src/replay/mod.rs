//! What a new leader does with the log before it processes anything: it runs the processors again, collects what they would
//! have written, and compares that with what the log has.
//!
//! One step handles one record, so that whoever drives the replay can let other things happen in between: confirmations of
//! deployments that the replay has pushed, above all.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/ReProcessingStateMachine.java (all of it)

mod inconsistency;
mod list;

pub use inconsistency::{Cause, Inconsistency};
pub use list::{Listed, ReprocessingList};

use crate::engine::{Engine, Exception, FollowUp, has_processor};
use crate::protocol::{NO_POSITION, Record, Value, ValueType};
use crate::settings::Toggles;
use std::collections::BTreeSet;

/// What the scan of a log finds for a replay from a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// The position that the snapshot holds as processed last.
    pub snapshot: i64,
    /// The highest position that a later record names as its source: what is replayed.
    pub last_source: i64,
    /// The last record that has a source: what is verified.
    pub last_follow_up: i64,
    /// Records whose processing failed.
    pub failed: BTreeSet<i64>,
}

impl Scan {
    /// Reads the records after the snapshot.
    ///
    /// # Errors
    /// Positions do not rise: upstream's text.
    pub fn of<'a>(snapshot: i64, records: impl Iterator<Item = &'a Record>) -> Result<Scan, String> {
        let mut scan = Scan { snapshot, last_source: snapshot, last_follow_up: 0, failed: BTreeSet::new() };
        let mut last = snapshot;
        let mut any = false;
        for record in records {
            let position = record.position;
            if last >= position {
                return Err(format!(
                    "Expected that position '{position}' of current event is higher then position '{last}' of last event, \
                     but was not. Inconsistent log detected!"
                ));
            }
            last = position;
            any = true;
            if record.value_type() == ValueType::Error
                && let Value::Error(error) = &record.value
                && error.error_event_position >= 0
            {
                scan.failed.insert(error.error_event_position);
            }
            if record.source > 0 {
                scan.last_source = scan.last_source.max(record.source);
                scan.last_follow_up = position;
            }
        }
        if !any {
            scan.last_source = NO_POSITION;
        }
        Ok(scan)
    }

    /// Whether there is anything to replay.
    #[must_use]
    pub const fn is_needed(&self) -> bool {
        self.last_source > self.snapshot
    }
}

/// Whether a replay compares the record with its list at all: upstream does so only with what has a processor.
pub(crate) fn is_verified(record: &Record, toggles: &Toggles) -> bool {
    toggles.detect_reprocessing && (has_processor(record.kind, record.intent) || toggles.strict_verify)
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Go on with the next record.
    Next,
    /// That was the last one: processing starts after the last source.
    Finished,
    /// The processor failed; upstream tries the same record again and again.
    Retry(Exception),
}

/// A replay under way.
#[derive(Clone, Debug)]
pub struct Replay {
    scan: Scan,
    list: ReprocessingList,
}

impl Replay {
    /// A replay of what the scan found.
    #[must_use]
    pub fn new(scan: Scan) -> Self {
        Replay { scan, list: ReprocessingList::default() }
    }

    /// What is replayed.
    #[must_use]
    pub const fn scan(&self) -> &Scan {
        &self.scan
    }

    /// What the processors would have written and the log has not shown yet.
    #[must_use]
    pub const fn expected(&self) -> &ReprocessingList {
        &self.list
    }

    /// Puts what processing a record would have written on the list.
    pub fn list(&mut self, source: i64, follow_ups: &[FollowUp]) {
        self.list.add(source, follow_ups);
    }

    /// A deployment that was pushed during the replay is confirmed by all before its end: DISTRIBUTED goes on the list, not
    /// on the log.
    pub fn distributed(&mut self, key: i64, source: i64) {
        self.list.push(Listed {
            key,
            source,
            intent: crate::protocol::DeploymentIntent::Distributed.into(),
            kind: crate::protocol::RecordType::Event,
        });
    }

    /// Verifies a record against the list.
    ///
    /// # Errors
    /// The log has something else than the processors would have written.
    pub fn verify(&self, record: &Record, toggles: &Toggles) -> Result<(), Box<Inconsistency>> {
        if !is_verified(record, toggles) {
            return Ok(());
        }
        self.list.verify(record, self.scan.snapshot, toggles)
    }

    /// Whether the record is run again, not only verified.
    #[must_use]
    pub fn runs(&self, record: &Record) -> bool {
        record.position <= self.scan.last_source && has_processor(record.kind, record.intent)
    }

    /// Runs a record's processor again in an open transaction and puts its output on the list.
    ///
    /// # Errors
    /// The processor's exception: the transaction is to be rolled back and the record run again, with what is on the list
    /// and in the memory of seen deployments left as it is.
    pub fn run(&mut self, engine: &mut Engine<'_>, record: &Record) -> Result<(), Exception> {
        engine.out.clear();
        if self.scan.failed.contains(&record.position) {
            engine.try_to_blacklist(record);
            return Ok(());
        }
        let result = if engine.is_blacklisted(record) { Ok(()) } else { engine.process(record) };
        self.list(record.position, &engine.out.follow_ups);
        result?;
        engine.state.mark_processed(record.position);
        Ok(())
    }

    /// What the processors would have written where the log has this record, if that is something else and nothing has been
    /// said of it: what upstream does not see.
    #[must_use]
    pub fn diverges(&self, record: &Record) -> Option<Listed> {
        self.list.stands_in(record)
    }

    /// What the processors would have written and the log never showed. A confirmation during the replay is none: nobody
    /// expects it on the log.
    pub fn left_over(&self) -> impl Iterator<Item = &Listed> {
        self.list.iter().filter(|listed| !listed.is_distributed())
    }

    /// The record is done: what it is goes off the list.
    pub fn done(&mut self, record: &Record) -> Step {
        self.list.remove(record.key, record.source);
        if record.position >= self.scan.last_follow_up { Step::Finished } else { Step::Next }
    }
}
