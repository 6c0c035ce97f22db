//! One replay of a log, from the beginning or as from a snapshot.

use super::PartitionLog;
use super::compare::{Difference, compare, is_silent};
use super::index::{BySource, is_asynchronous};
use super::outcome::{Outcome, Report};
use crate::engine::{DEPLOYMENT_PARTITION, Engine, Output, SeenDeployments, has_processor};
use crate::protocol::{
    DeploymentIntent, Document, Intent, Job, JobIntent, NO_POSITION, Record, RecordType, Text, Value, ValueType,
    WorkflowInstanceIntent,
};
use crate::replay::{Replay, Scan, Step};
use crate::settings::{DocumentOrder, Toggles};
use crate::state::State;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All other partitions confirm a deployment just before a record is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Confirmation {
    /// The record that is read next.
    pub position: i64,
    /// The deployment.
    pub key: i64,
}

/// What is replayed how.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The log.
    pub log: PartitionLog<'a>,
    /// What the snapshot holds as processed last, or -1 for no snapshot.
    pub from: i64,
    /// Which defects are mended.
    pub toggles: Toggles,
    /// When deployments that the replay pushes are confirmed.
    pub confirmations: Vec<Confirmation>,
}

/// Why a request makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The snapshot would hold a position that was never processed.
    #[error("no snapshot can be at {position}: {why}")]
    Snapshot {
        /// The position asked for.
        position: i64,
        /// What is there.
        why: String,
    },
    /// A deployment would be confirmed that was not pushed.
    #[error("deployment {key} cannot be confirmed before {position} is read: the replay has not pushed it by then")]
    Confirmation {
        /// The deployment.
        key: i64,
        /// The record.
        position: i64,
    },
}

/// Replays a log.
///
/// # Errors
/// If the request asks for something that cannot be.
pub fn verify(request: &Request<'_>) -> Result<Report, Refused> {
    let by_source = BySource::of(request.log.records);
    let mut runner = Runner::new(request.log, &request.toggles, &by_source);
    runner.execute_to(request.from)?;
    let mut confirmations = request.confirmations.clone();
    confirmations.sort_unstable();
    runner.replay(request.from, &confirmations)
}

/// What the follow-ups of one record come to.
pub(super) enum Judgement {
    /// The log has the same.
    Same,
    /// The log has something else, and upstream does not notice.
    Silent,
    /// The log has something else.
    Ends(Outcome),
}

/// State and memory of a leader that reads a log.
pub(super) struct Runner<'a> {
    pub log: PartitionLog<'a>,
    pub by_source: &'a BySource,
    pub toggles: Toggles,
    pub state: State,
    pub seen: SeenDeployments,
    pub out: Output,
    /// Every form in which a job was stored as activated.
    activated: BTreeMap<i64, Vec<Arc<Job>>>,
}

impl<'a> Runner<'a> {
    pub fn new(log: PartitionLog<'a>, toggles: &Toggles, by_source: &'a BySource) -> Self {
        let (state, seen, out) = (State::default(), SeenDeployments::default(), Output::default());
        Runner { log, by_source, toggles: toggles.clone(), state, seen, out, activated: BTreeMap::new() }
    }

    /// The state that a snapshot at a position holds: what executing everything up to there gives, where a deployment that
    /// the log refused is not stored. The memory of seen deployments is empty again.
    pub fn execute_to(&mut self, from: i64) -> Result<(), Refused> {
        if from == NO_POSITION {
            return Ok(());
        }
        let refuse = |why: &str| Refused::Snapshot { position: from, why: why.to_owned() };
        let record = self.log.at(from).ok_or_else(|| refuse("the log has no such position"))?;
        if !has_processor(record.kind, record.intent) {
            return Err(refuse("its record has no processor, so it is passed over and never the last one processed"));
        }
        let scan = Scan::of(NO_POSITION, self.log.records.iter()).map_err(|why| refuse(&why))?;
        if scan.failed.contains(&from) {
            return Err(refuse("its processing failed, and a failed record is not marked as processed"));
        }
        for record in &self.log.records[..usize::try_from(from).unwrap_or(0)] {
            self.execute(record, &scan).map_err(|why| refuse(&why))?;
            if record.position > scan.last_source && !self.out.follow_ups.is_empty() {
                return Err(refuse("the log has no follow-ups of a record up to there, so it was never processed"));
            }
        }
        self.seen = SeenDeployments::default();
        Ok(())
    }

    /// Executes a record as the leader did that wrote the log.
    pub fn execute(&mut self, record: &Record, scan: &Scan) -> Result<(), String> {
        self.out.clear();
        if let Intent::Deployment(DeploymentIntent::Distributed) = record.intent {
            self.state.alone(|state| state.remove_pending(record.key));
        }
        if !has_processor(record.kind, record.intent) {
            return Ok(());
        }
        self.learn_order(record);
        let refused = record.intent == Intent::Deployment(DeploymentIntent::Create)
            && self.log.partition != DEPLOYMENT_PARTITION
            && self.logged(record.position).any(|follow_up| follow_up.kind == RecordType::CommandRejection);
        self.state.begin();
        let failed = scan.failed.contains(&record.position);
        if !refused {
            self.seen = SeenDeployments::default();
            let mut engine = self.engine();
            let result = if failed {
                engine.try_to_blacklist(record);
                Ok(())
            } else if engine.is_blacklisted(record) {
                Ok(())
            } else {
                engine.process(record)
            };
            if let Err(exception) = result {
                self.state.rollback();
                return Err(format!("the record at {} fails: {}", record.position, exception.0));
            }
        }
        if !failed {
            self.state.mark_processed(record.position);
        }
        self.state.commit();
        self.note_activated();
        Ok(())
    }

    /// The replay itself, from the state at hand.
    pub fn replay(&mut self, from: i64, confirmations: &[Confirmation]) -> Result<Report, Refused> {
        let records = &self.log.records[usize::try_from(from.max(0)).unwrap_or(0)..];
        let scan = match Scan::of(from, records.iter()) {
            Ok(scan) => scan,
            Err(why) => {
                let (silent, outcome) = (Vec::new(), Outcome::Failed(why));
                return Ok(Report { outcome, silent, replayed: 0, last_source: from });
            }
        };
        let mut report =
            Report { outcome: Outcome::Clean, silent: Vec::new(), replayed: 0, last_source: scan.last_source };
        let needed = scan.is_needed();
        let mut replay = Replay::new(scan);
        let mut confirmations = confirmations.iter().peekable();
        let mut pending: Option<Difference> = None;
        for record in records.iter().take_while(|_| needed) {
            while let Some(due) = confirmations.next_if(|due| due.position <= record.position) {
                self.confirm(&mut replay, due)?;
            }
            if pending.as_ref().is_some_and(|difference| self.is_past(difference.source, record.position)) {
                break;
            }
            let ended = self.step(&mut replay, record, &mut report, &mut pending);
            if ended {
                break;
            }
        }
        if let Some(due) = confirmations.next().filter(|_| report.outcome.is_clean() && pending.is_none()) {
            return Err(Refused::Confirmation { key: due.key, position: due.position });
        }
        if report.outcome.is_clean()
            && let Some(difference) = pending
        {
            report.outcome = Outcome::Differs(Box::new(difference));
        }
        if report.outcome.is_clean()
            && let Some((_, difference)) = self.strays(records).next()
        {
            report.outcome = Outcome::Differs(Box::new(difference));
        }
        Ok(report)
    }

    /// Reads one record; whether the replay is over.
    fn step(
        &mut self,
        replay: &mut Replay,
        record: &Record,
        report: &mut Report,
        pending: &mut Option<Difference>,
    ) -> bool {
        if let Err(inconsistency) = replay.verify(record, &self.toggles) {
            let of_difference = pending.as_ref().is_none_or(|difference| difference.source == record.source);
            if of_difference {
                *pending = None;
                report.silent.retain(|position| *position != record.source);
                report.outcome = Outcome::Exception(inconsistency);
            }
            return true;
        }
        if pending.is_none() && is_asynchronous(record) {
            *pending = self.asynchronous(record, replay.scan().snapshot);
        }
        if replay.runs(record) {
            report.replayed += 1;
            if let Some(exception) = self.run(replay, record) {
                if pending.is_none() {
                    report.outcome = Outcome::Stuck { position: record.position, exception };
                }
                return true;
            }
            if pending.is_none() {
                *pending = self.difference(record, replay.scan(), &mut report.silent);
            }
        }
        replay.done(record) == Step::Finished
    }

    /// Runs a record again; the exception that it fails with for ever.
    fn run(&mut self, replay: &mut Replay, record: &Record) -> Option<String> {
        self.learn_order(record);
        self.state.begin();
        let mut engine = self.engine();
        if let Err(exception) = replay.run(&mut engine, record) {
            self.state.rollback();
            self.seen.rollback(self.toggles.cache_rollback);
            return Some(exception.0);
        }
        self.state.commit();
        self.seen.commit();
        self.note_activated();
        None
    }

    /// The first follow-up of a record that was run again that is not as the log has it.
    fn difference(&self, record: &Record, scan: &Scan, silent: &mut Vec<i64>) -> Option<Difference> {
        let position = record.position;
        if scan.failed.contains(&position) {
            return self.failed_follow_ups(record);
        }
        let difference = compare(position, &self.out.follow_ups, self.logged(position))?;
        if is_silent(&difference, self.toggles.detect_reprocessing) {
            silent.push(position);
            return None;
        }
        Some(difference)
    }

    /// What the log may have of a record whose processing failed: a rejection of a command, and the ERROR.
    pub fn failed_follow_ups(&self, record: &Record) -> Option<Difference> {
        let position = record.position;
        let wrong = |found: &&Record| {
            let refused = found.kind == RecordType::CommandRejection
                && record.kind == RecordType::Command
                && (found.key, found.intent) == (record.key, record.intent);
            let error = matches!(&found.value, Value::Error(error) if error.error_event_position == position);
            !refused && !error
        };
        self.logged(position).find(wrong).map(|found| {
            Difference::at(position, found, "the processing of its source failed, so nothing but the error follows")
        })
    }

    /// The rules of what is written beside processing.
    pub fn asynchronous(&self, record: &Record, snapshot: i64) -> Option<Difference> {
        let source = record.source;
        let at = self.log.at(source);
        let wrong = match (&record.value, record.intent) {
            (Value::Deployment(value), Intent::Deployment(_)) => {
                let distribute = Intent::Deployment(DeploymentIntent::Distribute);
                let of = at.filter(|at| at.intent == distribute && at.kind == RecordType::Command);
                let same = of.is_some_and(|of| {
                    of.key == record.key && matches!(&of.value, Value::Deployment(distributed) if distributed == value)
                });
                (!same).then_some("DISTRIBUTED repeats key and value of the DISTRIBUTE at its source")
            }
            (Value::Job(value), Intent::Job(_)) => {
                let stored = || self.activated.get(&record.key).is_some_and(|forms| forms.contains(value));
                let from_before = source <= snapshot && self.state.job(record.key).is_none();
                let overdue = value.deadline < record.timestamp;
                let processed = source == NO_POSITION || at.is_some();
                let fits = (stored() || from_before) && overdue && processed;
                (!fits)
                    .then_some("TIME_OUT has the value of an activated, overdue job and an earlier position as source")
            }
            _ => None,
        };
        wrong.map(|wrong| Difference::at(source, record, wrong))
    }

    /// Records with a source that no processing accounts for, and records without one that only processing writes.
    pub fn strays<'r>(&'r self, records: &'r [Record]) -> impl Iterator<Item = (i64, Difference)> + 'r {
        records.iter().filter_map(|record| {
            let source = self.log.at(record.source);
            let of_nothing = source.is_some_and(|source| !has_processor(source.kind, source.intent));
            let without = source.is_none() && record.kind != RecordType::Command;
            if is_asynchronous(record) || !(of_nothing || without) {
                return None;
            }
            let what = if without {
                "only processing writes such a record, and it has no source"
            } else {
                "its source has no processor"
            };
            Some((record.position, Difference::at(record.source, record, what)))
        })
    }

    /// What the output at hand comes to as the follow-ups of a record: what upstream notices, and what it does not.
    pub fn judge(&self, source: i64) -> Judgement {
        let Some(difference) = compare(source, &self.out.follow_ups, self.logged(source)) else {
            return Judgement::Same;
        };
        let mut replay = Replay::new(Scan {
            snapshot: NO_POSITION,
            last_source: source,
            last_follow_up: i64::MAX,
            failed: BTreeSet::new(),
        });
        replay.list(source, &self.out.follow_ups);
        for record in self.logged(source) {
            if let Err(inconsistency) = replay.verify(record, &self.toggles) {
                return Judgement::Ends(Outcome::Exception(inconsistency));
            }
            replay.done(record);
        }
        if is_silent(&difference, self.toggles.detect_reprocessing) {
            return Judgement::Silent;
        }
        Judgement::Ends(Outcome::Differs(Box::new(difference)))
    }

    /// The output of a CREATE if the deployment was seen, or was not; the state stays as it is.
    pub fn try_create(&mut self, record: &Record, seen: bool) {
        self.out.clear();
        self.seen = if seen { SeenDeployments::with(record.key) } else { SeenDeployments::default() };
        self.state.begin();
        // An exception would be the same one that executing the record meets right after.
        let _ = self.engine().process(record);
        self.state.rollback();
    }

    /// Whether all workflows of a deployment are stored.
    pub fn has_workflows(&self, record: &Record) -> bool {
        let Value::Deployment(deployment) = &record.value else { return true };
        deployment.deployed_workflows.iter().all(|deployed| self.state.workflow(deployed.workflow_key).is_some())
    }

    /// Whether all follow-ups of a record that differ were read, so that upstream has noticed or never will.
    fn is_past(&self, source: i64, position: i64) -> bool {
        let last = self.by_source.of_source(source).last().copied().unwrap_or(source);
        position > last.max(source)
    }

    fn confirm(&mut self, replay: &mut Replay, due: &Confirmation) -> Result<(), Refused> {
        let Confirmation { key, position } = *due;
        let pushed = |source: i64| source > replay.scan().snapshot && source < position;
        let pending = self.state.pending(key).map(|pending| pending.source_position);
        match pending.filter(|source| pushed(*source) && !self.toggles.fix_5758) {
            Some(source) => {
                self.state.alone(|state| state.remove_pending(key));
                replay.distributed(key, source);
                Ok(())
            }
            None => Err(Refused::Confirmation { key, position }),
        }
    }

    /// Files with sorted members do not show the order of a document: the variables' own records do.
    fn learn_order(&mut self, record: &Record) {
        let completing = Intent::WorkflowInstance(WorkflowInstanceIntent::ElementCompleting);
        let has_document = record.value_type() == ValueType::VariableDocument
            || record.intent == completing
            || matches!(&record.value, Value::WorkflowInstanceCreation(value) if value.variables.members().len() > 1);
        if !has_document {
            return;
        }
        let names: Vec<Text> = self.logged(record.position).filter_map(variable_name).collect();
        self.toggles.document_order =
            if names.is_empty() { DocumentOrder::Index } else { DocumentOrder::Recorded(names.into()) };
    }

    fn note_activated(&mut self) {
        for follow_up in &self.out.follow_ups {
            if let (Value::Job(job), Intent::Job(JobIntent::Activated | JobIntent::RetriesUpdated)) =
                (&follow_up.value, follow_up.intent)
            {
                let stored = if job.variables.is_empty() {
                    job.clone()
                } else {
                    Arc::new(Job { variables: Document::default(), ..(**job).clone() })
                };
                self.activated.entry(follow_up.key).or_default().push(stored);
            }
        }
    }

    fn logged(&self, source: i64) -> impl Iterator<Item = &'a Record> + use<'a> {
        let log = self.log;
        self.by_source.of_source(source).iter().filter_map(move |position| log.at(*position))
    }

    pub fn engine(&mut self) -> Engine<'_> {
        let Runner { log, toggles, state, seen, out, .. } = self;
        Engine { partition: log.partition, toggles, state, seen, out }
    }
}

fn variable_name(record: &Record) -> Option<Text> {
    match &record.value {
        Value::Variable(variable) => Some(variable.name.clone()),
        _ => None,
    }
}
