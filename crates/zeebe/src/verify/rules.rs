//! What the log may have of a record: its synchronous follow-ups, and the rules of what is written beside processing.

use super::compare::{Difference, Untold, compare, is_silent};
use super::course::Finding;
use super::index::is_asynchronous;
use super::leader::Leader;
use crate::bpmn::{Kind, Start, Timer as Due};
use crate::engine::{Output, has_processor, tell_create};
use crate::protocol::{
    DeploymentIntent, ErrorIntent, Intent, NO_POSITION, Record, RecordType, RejectionType, Timer, TimerIntent, Value,
};
use crate::replay::Scan;

impl Leader<'_> {
    /// The first follow-up of a record that was run again that is not as the log has it.
    pub fn difference(&self, record: &Record, scan: &Scan) -> Option<Finding> {
        let position = record.position;
        if scan.failed.contains(&position) {
            return self.failed_follow_ups(record).map(Box::new).map(Finding::Differs);
        }
        let is_trigger = record.intent == Intent::Timer(TimerIntent::Trigger);
        let untold = Untold {
            left_over: self.left_over.as_deref().filter(|_| is_trigger),
            is_dated: &|timer| self.is_dated(timer),
        };
        let difference = compare(record, &self.out.follow_ups, self.logged(position), &untold)?;
        if !is_silent(&difference, self.toggles.detect_reprocessing) {
            return Some(Finding::Differs(Box::new(difference)));
        }
        // No release looks at what it comes to, but it must be what a leader with the other memory writes.
        let mut other = Output::default();
        let accepted = difference.expected.as_ref().is_some_and(|expected| expected.kind == RecordType::Event);
        tell_create(&mut other, record, !accepted);
        match compare(record, &other.follow_ups, self.logged(position), &untold) {
            Some(other) => Some(Finding::Differs(Box::new(other))),
            None => Some(Finding::Silent { position: difference.position.unwrap_or(position), source: position }),
        }
    }

    /// Whether a timer is due at a date, not after a time.
    fn is_dated(&self, timer: &Timer) -> bool {
        let process = self.state.workflow(timer.workflow_key).map(|workflow| &workflow.process);
        let element = process.and_then(|process| process.element(&timer.target_element_id));
        matches!(
            element.map(|element| &element.kind),
            Some(Kind::StartEvent(Start::Timer(Due::Date(_))) | Kind::TimerCatchEvent(Due::Date(_)))
        )
    }

    /// What the log has of a record whose processing failed: a rejection if it is a command, and the ERROR. Their texts are
    /// those of an exception that a replay does not meet.
    ///
    //= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/ProcessingStateMachine.java (onError, writeRejectionOnCommandException)
    fn failed_follow_ups(&self, record: &Record) -> Option<Difference> {
        let position = record.position;
        let refused = |found: &Record| {
            found.kind == RecordType::CommandRejection
                && (found.key, found.intent) == (record.key, record.intent)
                && found.rejection.as_ref().is_some_and(|rejection| rejection.kind == RejectionType::ProcessingError)
                && found.value == record.value
        };
        let error = |found: &Record| {
            (found.kind, found.key, &found.rejection) == (RecordType::Event, record.key, &None)
                && found.intent == Intent::Error(ErrorIntent::Created)
                && matches!(&found.value, Value::Error(error) if error.error_event_position == position)
        };
        let rules: [&dyn Fn(&Record) -> bool; 2] = [&refused, &error];
        let rules = if record.kind == RecordType::Command { &rules[..] } else { &rules[1..] };
        let mut logged = self.logged(position);
        let what = "the processing of its source failed, so nothing but its rejection and the error follows";
        for rule in rules {
            match logged.next() {
                None => {
                    let what = "the processing of the record failed, and the log lacks its rejection or the error";
                    let (expected, found) = (None, None);
                    return Some(Difference { source: position, position: None, expected, found, what: what.into() });
                }
                Some(found) if !rule(found) => return Some(Difference::at(position, found, what)),
                Some(_) => {}
            }
        }
        logged.next().map(|found| Difference::at(position, found, what))
    }

    /// The rules of what is written beside processing.
    pub fn asynchronous(&self, record: &Record) -> Option<Difference> {
        if !is_asynchronous(record) {
            return None;
        }
        let at = self.log.at(record.source).filter(|at| at.position < record.position);
        // The writer is shared with processing, and keeps the position of the record that was processed last.
        let moment = self.order.moment(record.position)?;
        let has_processed = record.source == NO_POSITION || at.is_some_and(|at| has_processor(at.kind, at.intent));
        let of_processed = has_processed && moment.allows(record.source);
        let processed = moment.processed(record.source);
        let (fits, rule) = match (&record.value, record.intent) {
            (Value::Deployment(value), Intent::Deployment(_)) => {
                let distribute = Intent::Deployment(DeploymentIntent::Distribute);
                let of = at.filter(|at| (at.kind, at.intent) == (RecordType::Command, distribute));
                let same = of.is_some_and(|of| {
                    of.key == record.key && matches!(&of.value, Value::Deployment(distributed) if distributed == value)
                });
                let is_event = record.kind == RecordType::Event;
                (same && is_event, "DISTRIBUTED repeats key and value of the DISTRIBUTE at its source")
            }
            (Value::Job(value), Intent::Job(_)) => {
                let stored = self.activated.was(record.key, processed, value);
                let overdue = value.deadline < record.timestamp;
                let is_command = record.kind == RecordType::Command;
                let fits = stored && overdue && of_processed && is_command;
                (
                    fits,
                    "TIME_OUT has the value of an activated, overdue job and an earlier processed position as source",
                )
            }
            (Value::Timer(value), Intent::Timer(_)) => {
                let stored = self.timers.was(record.key, processed, value);
                let due = value.due_date <= record.timestamp;
                let is_command = record.kind == RecordType::Command;
                let fits = stored && due && of_processed && is_command;
                (fits, "TRIGGER has the value of a timer that is due and an earlier processed position as source")
            }
            (Value::Message(value), Intent::Message(_)) => {
                let kept = self.messages.at(record.key, processed);
                let old = kept.is_some_and(|(kept, deadline)| kept == value && *deadline <= record.timestamp);
                let is_command = record.kind == RecordType::Command;
                let fits = old && of_processed && is_command;
                (fits, "DELETE has the value of a message that is too old and an earlier processed position as source")
            }
            _ => return None,
        };
        (!fits).then(|| Difference::at(record.source, record, rule))
    }
}
