//! Timers of intermediate catch events and of start events.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/timer/*.java (commands)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/CatchEventBehavior.java (subscription)

use super::{Effect, Engine, Exception};
use crate::bpmn::{Element, Kind, Start};
use crate::protocol::{
    Document, NO_KEY, Record, RejectionType, Timer, TimerIntent, Value, WorkflowInstance, WorkflowInstanceIntent,
};
use crate::state::{Trigger, Workflow};
use std::sync::Arc;

/// The element of a timer that belongs to a start event.
const NO_ELEMENT: i64 = -1;

impl Engine<'_> {
    /// An element that waits for a timer asks for it.
    pub(super) fn subscribe_to_timer(&mut self, key: i64, value: &WorkflowInstance, element: &Element) {
        let Kind::TimerCatchEvent(timer) = element.kind else { return };
        self.ask_for_timer(Timer {
            element_instance_key: key,
            workflow_instance_key: value.workflow_instance_key,
            workflow_key: value.workflow_key,
            due_date: timer.due_at(self.now),
            target_element_id: element.id.clone(),
            repetitions: timer.repetitions(),
        });
    }

    /// A new deployment of a process: its start events ask for their timers, and those of the last one go.
    ///
    //= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/deployment/TransformingDeploymentCreateProcessor.java
    pub(super) fn move_start_timers(&mut self, workflow: &Workflow) {
        let of_process = |timer: &Timer| {
            let other = self.state.workflow(timer.workflow_key);
            other.is_some_and(|other| other.process_id == workflow.process_id)
        };
        let timers = self.state.timers_of(NO_ELEMENT).map(|(key, row)| (key, row.record.clone()));
        let old: Vec<(i64, Arc<Timer>)> = timers.filter(|(_, timer)| of_process(timer)).collect();
        for (key, timer) in old {
            self.out.command(key, TimerIntent::Cancel, Value::Timer(timer));
        }
        for start in workflow.process.start_events() {
            let Kind::StartEvent(Start::Timer(timer)) = start.kind else { continue };
            self.ask_for_timer(Timer {
                element_instance_key: NO_ELEMENT,
                workflow_instance_key: NO_ELEMENT,
                workflow_key: workflow.key,
                due_date: timer.due_at(self.now),
                target_element_id: start.id.clone(),
                repetitions: timer.repetitions(),
            });
            self.state.accept_start_events(workflow.key);
        }
    }

    /// The time it starts from is the wall clock's, which a replay reads anew: only the command's value holds it, and
    /// upstream verifies no values.
    fn ask_for_timer(&mut self, timer: Timer) {
        self.out.command(NO_KEY, TimerIntent::Create, Value::Timer(Arc::new(timer)));
    }

    /// An element waits for nothing any more.
    pub(super) fn unsubscribe_from_events(&mut self, key: i64) {
        let timers: Vec<(i64, Arc<Timer>)> =
            self.state.timers_of(key).map(|(key, row)| (key, row.record.clone())).collect();
        for (timer_key, record) in timers {
            self.out.command(timer_key, TimerIntent::Cancel, Value::Timer(record));
        }
        self.state.forget_triggers(key);
    }

    pub(super) fn timer_command(
        &mut self,
        record: &Record,
        intent: TimerIntent,
        value: &Arc<Timer>,
    ) -> Result<(), Exception> {
        match intent {
            TimerIntent::Create => {
                let key = self.state.next_key(self.partition);
                self.out.event(key, TimerIntent::Created, record.value.clone());
                self.state.create_timer(key, value);
                self.out.effects.push(Effect::TimerSet { due_date: value.due_date });
            }
            TimerIntent::Trigger => self.trigger_timer(record, value)?,
            TimerIntent::Cancel => {
                let key = record.key;
                if self.state.timer(value.element_instance_key, key).is_none() {
                    let reason = format!("Expected to cancel timer with key '{key}', but no such timer was found");
                    self.out.reject(record, RejectionType::NotFound, reason);
                } else {
                    self.out.event(key, TimerIntent::Canceled, record.value.clone());
                    self.state.delete_timer(value.element_instance_key, key);
                }
            }
            TimerIntent::Created | TimerIntent::Triggered | TimerIntent::Canceled => {}
        }
        Ok(())
    }

    fn trigger_timer(&mut self, record: &Record, value: &Arc<Timer>) -> Result<(), Exception> {
        let (key, element) = (record.key, value.element_instance_key);
        if self.state.timer(element, key).is_none() {
            let reason = format!("Expected to trigger timer with key '{key}', but no such timer was found");
            self.out.reject(record, RejectionType::NotFound, reason);
            return Ok(());
        }
        self.state.delete_timer(element, key);
        let triggered = if element > 0 {
            self.trigger_element(element, value)
        } else {
            let none = Document::default();
            self.trigger_start_event(value.workflow_key, &value.target_element_id, &none).is_some()
        };
        if !triggered {
            let reason = format!("Expected to trigger a timer with key '{key}', but the timer is not active anymore");
            self.out.reject(record, RejectionType::InvalidState, reason);
            return Ok(());
        }
        self.out.event(key, TimerIntent::Triggered, record.value.clone());
        if value.repetitions == -1 || value.repetitions > 1 {
            self.repeat_timer(value)?;
        }
        Ok(())
    }

    /// The event of an element that waits for it; whether it does.
    fn trigger_element(&mut self, element: i64, timer: &Timer) -> bool {
        let Some(value) = self.state.instance(element).filter(|i| i.is_active()).map(|i| i.value.clone()) else {
            return false;
        };
        let event_key = self.state.next_key(self.partition);
        let trigger = Trigger { element_id: timer.target_element_id.clone(), variables: Document::default() };
        self.state.put_trigger(element, event_key, trigger);
        self.out.event(element, WorkflowInstanceIntent::EventOccurred, Value::WorkflowInstance(value));
        true
    }

    fn repeat_timer(&mut self, timer: &Timer) -> Result<(), Exception> {
        let workflow = self.state.workflow(timer.workflow_key);
        let element = workflow.and_then(|workflow| workflow.process.element(&timer.target_element_id));
        let interval = match element.map(|element| &element.kind) {
            Some(Kind::StartEvent(Start::Timer(timer)) | Kind::TimerCatchEvent(timer)) => *timer,
            _ => return Err(Exception("java.lang.NullPointerException".to_owned())),
        };
        let repetitions = if timer.repetitions == -1 { -1 } else { timer.repetitions - 1 };
        let due_date = interval.due_at(self.now);
        self.ask_for_timer(Timer { repetitions, due_date, ..timer.clone() });
        Ok(())
    }

    /// What was waited for has come: the element completes, with what the event brought.
    pub(super) fn event_occurred(&mut self, key: i64, value: &Arc<WorkflowInstance>) {
        let Some((event_key, trigger)) = self.state.first_trigger(key).map(|(at, trigger)| (at, trigger.clone()))
        else {
            return;
        };
        self.transition(key, WorkflowInstanceIntent::ElementCompleting, value);
        if !trigger.variables.is_empty() {
            self.state.temporary_variables.put(key, trigger.variables);
        }
        self.state.delete_trigger(key, event_key);
    }
}
