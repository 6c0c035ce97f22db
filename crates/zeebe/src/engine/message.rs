//! Messages, and the message start events that they reach.
//!
//! Messages that instances under way wait for are not modelled.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/message/PublishMessageProcessor.java
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/message/{Open,Close}MessageStartEventSubscriptionProcessor.java
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/nwe/behavior/BpmnBufferedMessageStartEventBehavior.java

use super::Engine;
use crate::bpmn::{Kind, Start};
use crate::protocol::{
    Message, MessageIntent, MessageStartEventSubscription, MessageStartEventSubscriptionIntent, NO_KEY, Record,
    RejectionType, Text, Value, WorkflowInstance,
};
use crate::state::Workflow;
use std::sync::Arc;

impl Engine<'_> {
    pub(super) fn message_command(&mut self, record: &Record, intent: MessageIntent, value: &Arc<Message>) {
        match intent {
            MessageIntent::Publish => self.publish_message(record, value),
            MessageIntent::Delete => {
                self.out.event(record.key, MessageIntent::Deleted, record.value.clone());
                self.state.remove_message(record.key);
            }
            MessageIntent::Published | MessageIntent::Deleted => {}
        }
    }

    fn publish_message(&mut self, record: &Record, message: &Arc<Message>) {
        let id = &message.message_id;
        if !id.is_empty() && self.state.has_message_like(message) {
            let reason = format!(
                "Expected to publish a new message with id '{id}', but a message with that id was already published"
            );
            return self.out.reject(record, RejectionType::AlreadyExists, reason);
        }
        let key = self.state.next_key(self.partition);
        self.out.accept(record, key, MessageIntent::Published, record.value.clone());
        let started = self.start_at_message(message);
        if message.time_to_live > 0 {
            // A replay reads the clock anew, so the message lives longer for it.
            self.state.put_message(key, message, self.now.saturating_add(message.time_to_live));
            for process_id in &started {
                self.state.put_message_correlation(key, process_id);
            }
        } else {
            self.out.event(key, MessageIntent::Deleted, record.value.clone());
        }
    }

    /// Starts an instance of each process that starts at such a message, unless one of that correlation key is under way;
    /// the processes.
    fn start_at_message(&mut self, message: &Message) -> Vec<Text> {
        let correlation_key = &message.correlation_key;
        let subscriptions: Vec<Arc<MessageStartEventSubscription>> =
            self.state.start_subscriptions_of(&message.name).cloned().collect();
        let mut started: Vec<Text> = Vec::new();
        for subscription in subscriptions {
            let process_id = &subscription.bpmn_process_id;
            let lock = (process_id.clone(), correlation_key.clone());
            let held = !correlation_key.is_empty() && self.state.correlation_locks.contains(&lock);
            if held || started.contains(process_id) {
                continue;
            }
            let (workflow_key, element_id) = (subscription.workflow_key, &subscription.start_event_id);
            let Some(instance_key) = self.trigger_start_event(workflow_key, element_id, &message.variables) else {
                continue;
            };
            started.push(process_id.clone());
            if !correlation_key.is_empty() {
                self.state.correlation_locks.put(lock, ());
                self.state.instance_correlation_keys.put(instance_key, correlation_key.clone());
            }
        }
        started
    }

    /// An instance ends that a message with a correlation key started: the next message of that key that waits starts
    /// another, of the latest version; if there is none, the key is free again.
    pub(super) fn correlate_next_message(&mut self, value: &WorkflowInstance) {
        let ended = value.workflow_instance_key;
        let Some(correlation_key) = self.state.instance_correlation_keys.get(&ended).cloned() else { return };
        self.state.instance_correlation_keys.delete(&ended);
        let process_id = &value.bpmn_process_id;
        let Some(workflow) = self.state.latest_workflow(process_id).cloned() else { return };
        let Some((key, element_id)) = self.next_message(&workflow, &correlation_key) else {
            return self.state.correlation_locks.delete(&(process_id.clone(), correlation_key));
        };
        let variables = self.state.message(key).map(|row| row.record.variables.clone()).unwrap_or_default();
        if let Some(instance_key) = self.trigger_start_event(workflow.key, &element_id, &variables) {
            self.state.put_message_correlation(key, process_id);
            self.state.instance_correlation_keys.put(instance_key, correlation_key);
        }
    }

    /// The oldest message for any of a workflow's start events that is not too old and has not been there before.
    fn next_message(&self, workflow: &Workflow, correlation_key: &Text) -> Option<(i64, Text)> {
        let mut next: Option<(i64, Text)> = None;
        for start in workflow.process.start_events() {
            let Kind::StartEvent(Start::Message(name)) = &start.kind else { continue };
            let fits = |key: i64| !self.state.has_message_correlation(key, &workflow.process_id);
            let mut messages = self.state.messages_of(name, correlation_key);
            let found = messages.find(|(key, row)| row.deadline > self.now && fits(*key));
            if let Some((key, _)) = found
                && next.as_ref().is_none_or(|(other, _)| key < *other)
            {
                next = Some((key, start.id.clone()));
            }
        }
        next
    }

    pub(super) fn start_subscription_command(
        &mut self,
        record: &Record,
        intent: MessageStartEventSubscriptionIntent,
        value: &Arc<MessageStartEventSubscription>,
    ) {
        use MessageStartEventSubscriptionIntent::{Close, Closed, Open, Opened};
        let done = match intent {
            Open => {
                self.state.put_start_subscription(value);
                self.state.accept_start_events(value.workflow_key);
                Opened
            }
            Close => {
                self.state.remove_start_subscriptions(value.workflow_key);
                self.state.refuse_start_events(value.workflow_key);
                Closed
            }
            Opened | Closed => return,
        };
        self.out.event(record.key, done, record.value.clone());
    }

    /// A workflow that is the latest version of its process takes the messages over from the last version that had any.
    pub(super) fn move_start_subscriptions(&mut self, workflow: &Workflow) {
        let id = &workflow.process_id;
        let mut older = (1..workflow.version).rev().filter_map(|version| self.state.workflow_version(id, version));
        if let Some(last) = older.find(|older| older.process.has_message_start()).map(|older| older.key) {
            let closed = MessageStartEventSubscription {
                workflow_key: last,
                bpmn_process_id: Text::default(),
                start_event_id: Text::default(),
                message_name: Text::default(),
            };
            self.subscription_command(MessageStartEventSubscriptionIntent::Close, closed);
        }
        for start in workflow.process.start_events() {
            let Kind::StartEvent(Start::Message(name)) = &start.kind else { continue };
            let opened = MessageStartEventSubscription {
                workflow_key: workflow.key,
                bpmn_process_id: workflow.process.id.clone(),
                start_event_id: start.id.clone(),
                message_name: name.clone(),
            };
            self.subscription_command(MessageStartEventSubscriptionIntent::Open, opened);
        }
    }

    fn subscription_command(
        &mut self,
        intent: MessageStartEventSubscriptionIntent,
        value: MessageStartEventSubscription,
    ) {
        self.out.command(NO_KEY, intent, Value::MessageStartEventSubscription(Arc::new(value)));
    }
}
