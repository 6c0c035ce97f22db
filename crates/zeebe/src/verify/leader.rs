//! A leader that reads a log: its state, its memory of deployments, and what the last record made it write.
//!
//! It runs a record in one of two ways: as the leader did that wrote the log (`execute`, which gives the state that a
//! snapshot holds), or as a replay does (`run`). They differ in nothing but pushed deployments: the first goes by what the
//! log says, the second by its own memory.

use super::PartitionLog;
use super::index::{BySource, Index};
use super::order::Order;
use super::request::Refused;
use super::stored::Stored;
use crate::engine::{DEPLOYMENT_PARTITION, Engine, Output, SeenDeployments, has_processor};
use crate::protocol::{
    DeploymentIntent, ElementType, Intent, Job, Message, NO_POSITION, Record, RecordType, Text, Timer, TimerIntent,
    Value, ValueType, WorkflowInstance, WorkflowInstanceIntent,
};
use crate::replay::{Replay, Scan};
use crate::settings::{DocumentOrder, Toggles};
use crate::state::{JobState, State};
use std::sync::Arc;

/// State and memory of a leader that reads a log.
pub(super) struct Leader<'a> {
    pub log: PartitionLog<'a>,
    pub by_source: &'a BySource,
    pub order: &'a Order,
    pub toggles: Toggles,
    /// The wall clock of the leader, in milliseconds since 1970.
    now: i64,
    pub state: State,
    pub seen: SeenDeployments,
    pub out: Output,
    /// Jobs that were activated.
    pub activated: Stored<Arc<Job>>,
    /// Timers that were set.
    pub timers: Stored<Arc<Timer>>,
    /// Messages that waited, and until when at least.
    pub messages: Stored<(Arc<Message>, i64)>,
    /// The last event of an element that a timer triggered.
    pub left_over: Option<Arc<WorkflowInstance>>,
}

impl<'a> Leader<'a> {
    pub fn new(log: PartitionLog<'a>, toggles: &Toggles, index: &'a Index) -> Self {
        let Index { by_source, order } = index;
        Leader {
            log,
            by_source,
            order,
            toggles: toggles.clone(),
            now: 0,
            state: State::default(),
            seen: SeenDeployments::default(),
            out: Output::default(),
            activated: Stored::default(),
            timers: Stored::default(),
            messages: Stored::default(),
            left_over: None,
        }
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
            self.hold(record, &scan).map_err(|why| refuse(&why))?;
        }
        self.seen = SeenDeployments::default();
        Ok(())
    }

    /// The last position before this one that a snapshot can be at, as [`Leader::execute_to`] has it.
    pub fn last_snapshot(&mut self, before: i64) -> Option<i64> {
        let scan = Scan::of(NO_POSITION, self.log.records.iter()).ok()?;
        let mut last = None;
        for record in self.log.records.iter().take_while(|record| record.position < before) {
            if self.hold(record, &scan).is_err() {
                break;
            }
            if has_processor(record.kind, record.intent) && !scan.failed.contains(&record.position) {
                last = Some(record.position);
            }
        }
        last
    }

    /// Executes a record that a snapshot holds; else says why none can.
    fn hold(&mut self, record: &Record, scan: &Scan) -> Result<(), String> {
        self.execute(record, scan).map_err(|exception| unknown_state(record, &exception))?;
        if record.position > scan.last_source && !self.out.follow_ups.is_empty() {
            return Err("the log has no follow-ups of a record up to there, so it was never processed".to_owned());
        }
        Ok(())
    }

    /// Executes a record as the leader did that wrote the log.
    ///
    /// # Errors
    /// The processor's exception, which that leader cannot have met.
    pub fn execute(&mut self, record: &Record, scan: &Scan) -> Result<(), String> {
        self.out.clear();
        if let Intent::Deployment(DeploymentIntent::Distributed) = record.intent {
            self.state.alone(|state| state.remove_pending(record.key));
        }
        if !has_processor(record.kind, record.intent) {
            return Ok(());
        }
        self.learn(record);
        let failed = scan.failed.contains(&record.position);
        self.state.begin();
        if failed || !self.is_refused(record) {
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
                return Err(exception.0);
            }
        }
        if !failed {
            self.state.mark_processed(record.position);
        }
        self.state.commit();
        self.note(record);
        Ok(())
    }

    /// Runs a record as a replay does.
    ///
    /// # Errors
    /// The exception that it fails with for ever.
    pub fn run(&mut self, replay: &mut Replay, record: &Record) -> Result<(), String> {
        self.learn(record);
        self.state.begin();
        let mut engine = self.engine();
        if let Err(exception) = replay.run(&mut engine, record) {
            self.state.rollback();
            self.seen.rollback(self.toggles.cache_rollback);
            return Err(exception.0);
        }
        self.state.commit();
        self.seen.commit();
        self.note(record);
        Ok(())
    }

    /// What a replay would write of a CREATE that it has seen before, or has not; whether the state would change. It stays
    /// as it is.
    ///
    /// # Errors
    /// The processor's exception.
    pub fn try_create(&mut self, record: &Record, seen: bool) -> Result<bool, String> {
        let before = self.state.clone();
        self.out.clear();
        self.seen = if seen { SeenDeployments::with(record.key) } else { SeenDeployments::default() };
        self.state.begin();
        let result = self.engine().process(record);
        let changed = self.state != before;
        self.state.rollback();
        result.map(|()| changed).map_err(|exception| exception.0)
    }

    /// Whether the record is a pushed deployment, so that what becomes of it hangs on the memory.
    pub fn is_pushed(&self, record: &Record) -> bool {
        self.log.partition != DEPLOYMENT_PARTITION
            && record.kind == RecordType::Command
            && record.intent == Intent::Deployment(DeploymentIntent::Create)
    }

    /// Whether the log refused a pushed deployment.
    pub fn is_refused(&self, record: &Record) -> bool {
        self.is_pushed(record)
            && self.logged(record.position).any(|follow_up| follow_up.kind == RecordType::CommandRejection)
    }

    /// The synchronous follow-ups that the log has of a record.
    pub fn logged(&self, source: i64) -> impl Iterator<Item = &'a Record> + use<'a> {
        let log = self.log;
        self.by_source.of_source(source).iter().filter_map(move |position| log.at(*position))
    }

    /// What is in no state and in no record that is run: the order of documents, and the time. The clock of the leader that
    /// processed a record showed some moment between that record and what followed; the first of them is taken here, and
    /// the comparison knows.
    fn learn(&mut self, record: &Record) {
        self.now = record.timestamp;
        let completing = Intent::WorkflowInstance(WorkflowInstanceIntent::ElementCompleting);
        let has_document = record.value_type() == ValueType::VariableDocument
            || record.intent == completing
            || matches!(&record.value, Value::WorkflowInstanceCreation(value) if value.variables.members().len() > 1);
        if has_document {
            self.learn_order(record);
        }
    }

    /// Files with sorted members do not show the order of a document: the variables' own records do.
    fn learn_order(&mut self, record: &Record) {
        let names: Vec<Text> = self.logged(record.position).filter_map(variable_name).collect();
        self.toggles.document_order =
            if names.is_empty() { DocumentOrder::Index } else { DocumentOrder::Recorded(names.into()) };
    }

    /// Notes what the processing of a record has made of the jobs, timers and messages that it wrote of: it writes of all
    /// that it changes.
    fn note(&mut self, record: &Record) {
        let Leader { state, out, activated, timers, messages, left_over, .. } = self;
        let position = record.position;
        for follow_up in &out.follow_ups {
            let key = follow_up.key;
            match &follow_up.value {
                Value::Job(_) => {
                    let row = state.job(key).filter(|row| row.state == JobState::Activated);
                    activated.note(key, position, row.map(|row| &row.record));
                }
                Value::Timer(timer) => {
                    let row = state.timer(timer.element_instance_key, key);
                    timers.note(key, position, row.map(|row| &row.record));
                }
                Value::Message(_) => {
                    let row = state.message(key).map(|row| (row.record.clone(), row.deadline));
                    messages.note(key, position, row.as_ref());
                }
                Value::WorkflowInstance(event)
                    if record.intent == Intent::Timer(TimerIntent::Trigger)
                        && event.bpmn_element_type != ElementType::StartEvent =>
                {
                    *left_over = Some(event.clone());
                }
                _ => {}
            }
        }
    }

    fn engine(&mut self) -> Engine<'_> {
        let Leader { log, toggles, now, state, seen, out, .. } = self;
        Engine { partition: log.partition, toggles, now: *now, state, seen, out }
    }
}

/// Why there is no state behind a record that the leader of the log did process.
pub(super) fn unknown_state(record: &Record, exception: &str) -> String {
    format!("the state there is not known: the record at {} fails: {exception}", record.position)
}

fn variable_name(record: &Record) -> Option<Text> {
    match &record.value {
        Value::Variable(variable) => Some(variable.name.clone()),
        _ => None,
    }
}
