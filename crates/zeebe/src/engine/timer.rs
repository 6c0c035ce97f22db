//! Timers of intermediate catch events.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/timer/*.java (commands)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/CatchEventBehavior.java (subscription)

use super::{Effect, Engine, Exception};
use crate::bpmn::{Element, Kind};
use crate::protocol::{
    NO_KEY, Record, RejectionType, Timer, TimerIntent, Value, WorkflowInstance, WorkflowInstanceIntent,
};
use std::sync::Arc;

impl Engine<'_> {
    /// An element that waits for a timer asks for it. The time it starts from is the wall clock's, which a replay reads
    /// anew: only the command's value holds it, and values are not verified.
    pub(super) fn subscribe_to_timer(&mut self, key: i64, value: &WorkflowInstance, element: &Element) {
        let Kind::TimerCatchEvent(timer) = element.kind else { return };
        let record = Timer {
            element_instance_key: key,
            workflow_instance_key: value.workflow_instance_key,
            workflow_key: value.workflow_key,
            due_date: timer.due_at(self.toggles.now),
            target_element_id: element.id.clone(),
            repetitions: 1,
        };
        self.out.command(NO_KEY, TimerIntent::Create, Value::Timer(Arc::new(record)));
    }

    pub(super) fn unsubscribe_from_timers(&mut self, key: i64) {
        let timers: Vec<(i64, Arc<Timer>)> =
            self.state.timers_of(key).map(|(key, row)| (key, row.record.clone())).collect();
        for (timer_key, record) in timers {
            self.out.command(timer_key, TimerIntent::Cancel, Value::Timer(record));
        }
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
            TimerIntent::Trigger => self.trigger_timer(record, value),
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

    fn trigger_timer(&mut self, record: &Record, value: &Arc<Timer>) {
        let (key, element) = (record.key, value.element_instance_key);
        if self.state.timer(element, key).is_none() {
            let reason = format!("Expected to trigger timer with key '{key}', but no such timer was found");
            return self.out.reject(record, RejectionType::NotFound, reason);
        }
        self.state.delete_timer(element, key);
        self.out.event(key, TimerIntent::Triggered, record.value.clone());
        if let Some(value) = self.state.instance(element).filter(|i| i.is_active()).map(|i| i.value.clone()) {
            self.state.triggers.put(element, (key, value.element_id.clone()));
            self.out.event(element, WorkflowInstanceIntent::EventOccurred, Value::WorkflowInstance(value));
        }
    }

    /// What was waited for has come: the element completes.
    pub(super) fn event_occurred(&mut self, key: i64, value: &Arc<WorkflowInstance>) -> Result<(), Exception> {
        if self.state.triggers.contains(&key) {
            self.state.triggers.delete(&key);
            self.transition(key, WorkflowInstanceIntent::ElementCompleting, value);
        }
        Ok(())
    }
}
