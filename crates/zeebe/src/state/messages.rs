//! Messages that wait, what they were correlated to, and who starts at which message.
//!
//! Not kept: subscriptions of instances under way, which the modelled elements do not open.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/message/MessageState.java (tables)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/message/MessageStartEventSubscriptionState.java (tables)

use super::State;
use crate::protocol::{Message, MessageStartEventSubscription, Text};
use std::sync::Arc;

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageRow {
    /// Its record.
    pub record: Arc<Message>,
    /// When it is too old, in milliseconds since 1970.
    pub deadline: i64,
}

impl State {
    /// A message that waits.
    #[must_use]
    pub fn message(&self, key: i64) -> Option<&MessageRow> {
        self.messages.get(&key)
    }

    /// Keeps a message until it is deleted.
    pub fn put_message(&mut self, key: i64, record: &Arc<Message>, deadline: i64) {
        let (name, correlation_key) = (record.name.clone(), record.correlation_key.clone());
        if !record.message_id.is_empty() {
            self.message_ids.put((name.clone(), correlation_key.clone(), record.message_id.clone()), ());
        }
        self.message_queue.put((name, correlation_key, key), ());
        self.message_deadlines.put((deadline, key), ());
        self.messages.put(key, MessageRow { record: record.clone(), deadline });
    }

    /// Forgets a message and what it was correlated to; nothing if it is not there.
    pub fn remove_message(&mut self, key: i64) {
        let Some(MessageRow { record, deadline }) = self.messages.get(&key).cloned() else { return };
        let (name, correlation_key) = (record.name.clone(), record.correlation_key.clone());
        self.messages.delete(&key);
        self.message_queue.delete(&(name.clone(), correlation_key.clone(), key));
        self.message_ids.delete(&(name, correlation_key, record.message_id.clone()));
        self.message_deadlines.delete(&(deadline, key));
        let first = (key, Text::default());
        let of_message = self.message_correlations.range(first..).take_while(|((of, _), ())| *of == key);
        let correlations: Vec<(i64, Text)> = of_message.map(|(correlation, ())| correlation.clone()).collect();
        for correlation in correlations {
            self.message_correlations.delete(&correlation);
        }
    }

    /// Whether a message with the name, correlation key and id of this one waits.
    #[must_use]
    pub fn has_message_like(&self, message: &Message) -> bool {
        let id = (message.name.clone(), message.correlation_key.clone(), message.message_id.clone());
        self.message_ids.contains(&id)
    }

    /// Messages of a name and a correlation key that wait, in the order in which they came.
    pub fn messages_of<'a>(
        &'a self,
        name: &Text,
        correlation_key: &Text,
    ) -> impl Iterator<Item = (i64, &'a MessageRow)> {
        let at = |key| (name.clone(), correlation_key.clone(), key);
        self.message_queue
            .range(at(i64::MIN)..=at(i64::MAX))
            .filter_map(|((_, _, key), ())| self.messages.get(key).map(|row| (*key, row)))
    }

    /// Messages whose deadline has come, in the order of deadline and key.
    pub fn expired_messages(&self, now: i64) -> impl Iterator<Item = (i64, &Arc<Message>)> {
        self.message_deadlines
            .range(..=(now, i64::MAX))
            .filter_map(|((_, key), ())| self.messages.get(key).map(|row| (*key, &row.record)))
    }

    /// A message has started an instance of a process, or was handed to one.
    pub fn put_message_correlation(&mut self, key: i64, process_id: &Text) {
        self.message_correlations.put((key, process_id.clone()), ());
    }

    /// Whether a message did that.
    #[must_use]
    pub fn has_message_correlation(&self, key: i64, process_id: &Text) -> bool {
        self.message_correlations.contains(&(key, process_id.clone()))
    }

    /// Stores what starts instances at a message.
    pub fn put_start_subscription(&mut self, subscription: &Arc<MessageStartEventSubscription>) {
        let (name, key) = (subscription.message_name.clone(), subscription.workflow_key);
        self.start_subscriptions.put((name.clone(), key), subscription.clone());
        self.subscribed_names.put((key, name), ());
    }

    /// Removes what starts instances of a workflow.
    pub fn remove_start_subscriptions(&mut self, workflow_key: i64) {
        let first = (workflow_key, Text::default());
        let of_workflow = self.subscribed_names.range(first..).take_while(|((of, _), ())| *of == workflow_key);
        let names: Vec<(i64, Text)> = of_workflow.map(|(name, ())| name.clone()).collect();
        for name in names {
            self.start_subscriptions.delete(&(name.1.clone(), workflow_key));
            self.subscribed_names.delete(&name);
        }
    }

    /// What starts instances at a message of this name, in the order of the workflows' keys.
    pub fn start_subscriptions_of(&self, name: &Text) -> impl Iterator<Item = &Arc<MessageStartEventSubscription>> {
        let range = (name.clone(), i64::MIN)..=(name.clone(), i64::MAX);
        self.start_subscriptions.range(range).map(|(_, subscription)| subscription)
    }
}
