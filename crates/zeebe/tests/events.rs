//! Timers and messages: each record that a real broker processed makes the engine write what the broker wrote.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which the lint does not know as tests")]

mod leader;

use leader::{Leader, log, record};
use relapse_zeebe::engine::{Engine, FollowUp, SeenDeployments, has_processor};
use relapse_zeebe::protocol::{
    DeploymentIntent, Document, ElementType, Intent, Message, MessageIntent, MessageStartEventSubscription,
    MessageStartEventSubscriptionIntent, NO_KEY, Record, RecordType, RejectionType, Text, Timer, TimerIntent, Value,
    WorkflowInstanceIntent,
};
use relapse_zeebe::settings::DocumentOrder;
use std::sync::Arc;

/// What a leader writes beside processing.
fn is_beside(record: &Record) -> bool {
    record.kind != RecordType::CommandRejection
        && matches!(
            record.intent,
            Intent::Deployment(DeploymentIntent::Distributed)
                | Intent::Timer(TimerIntent::Trigger)
                | Intent::Message(MessageIntent::Delete)
        )
}

/// Without what hangs on the clock, and without what upstream leaves over from another record.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Timer(timer) => Value::Timer(Arc::new(Timer { due_date: 0, ..(**timer).clone() })),
        Value::WorkflowInstance(value) if value.bpmn_element_type == ElementType::StartEvent => {
            let mut value = (**value).clone();
            value.bpmn_process_id = Text::default();
            (value.version, value.flow_scope_key) = (0, 0);
            Value::WorkflowInstance(Arc::new(value))
        }
        other => other.clone(),
    }
}

#[test]
fn what_a_broker_processed_makes_the_engine_write_the_same() {
    let mut compared = 0;
    for name in ["timers", "messages"] {
        for partition in 1..=3 {
            let file = log(&format!("{name}/log-{partition}.jsonl"));
            let mut leader = Leader::of(partition);
            for record in file.records.iter().filter(|record| has_processor(record.kind, record.intent)) {
                let followed = |other: &&Record| other.source == record.position && !is_beside(other);
                let logged: Vec<&Record> = file.records.iter().filter(followed).collect();
                let is_refused = logged.iter().any(|other| other.kind == RecordType::CommandRejection);
                if is_refused && record.intent == DeploymentIntent::Create.into() {
                    continue;
                }
                let names: Vec<Text> = logged
                    .iter()
                    .filter_map(|other| match &other.value {
                        Value::Variable(variable) => Some(variable.name.clone()),
                        _ => None,
                    })
                    .collect();
                leader.toggles.document_order = DocumentOrder::Recorded(names.into());
                leader.now = record.timestamp;
                leader.seen = SeenDeployments::default();
                let written = leader.process(record);
                let of = |kind, intent, key, value| (kind, intent, key, comparable(value));
                let written: Vec<_> = written.iter().map(|one| of(one.kind, one.intent, one.key, &one.value)).collect();
                let logged: Vec<_> = logged.iter().map(|one| of(one.kind, one.intent, one.key, &one.value)).collect();
                assert_eq!(written, logged, "{name}/{partition} at {}", record.position);
                compared += logged.len();
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

fn publish(correlation_key: &str, time_to_live: i64) -> Value {
    Value::Message(Arc::new(Message {
        name: "order".into(),
        correlation_key: correlation_key.into(),
        message_id: Text::default(),
        time_to_live,
        variables: Document::default(),
    }))
}

/// A leader of partition 1 with the process `order`, of which a message named `order` starts instances.
fn with_order() -> Leader {
    let mut leader = Leader::of(1);
    let file = log("messages/log-1.jsonl");
    let create = file.records.iter().find(|record| record.intent == DeploymentIntent::Create.into()).unwrap();
    leader.run(create);
    leader
}

fn intents(written: &[FollowUp]) -> Vec<&'static str> {
    written.iter().map(|one| one.intent.name()).collect()
}

#[test]
fn a_message_that_is_too_old_is_passed_over_though_it_is_still_there() {
    for (lapse, starts) in [(99, true), (100, false)] {
        let mut leader = with_order();
        let started = leader.command(NO_KEY, MessageIntent::Publish, publish("k", 0));
        let [_, occurred, _] = &started[..] else { panic!("{started:?}") };
        leader.process(&record(occurred.key, occurred.kind, occurred.intent, occurred.value.clone()));
        let kept = leader.command(NO_KEY, MessageIntent::Publish, publish("k", 100));
        assert_eq!(intents(&kept), ["PUBLISHED"], "the key is held");
        leader.now = lapse;
        let Value::WorkflowInstance(instance) = &occurred.value else { panic!("{occurred:?}") };
        let cancel = Value::WorkflowInstance(instance.clone());
        let instance = instance.workflow_instance_key;
        let cancel = record(instance, RecordType::Command, WorkflowInstanceIntent::Cancel.into(), cancel);
        let written = leader.run(&cancel);
        assert_eq!(intents(&written).contains(&"EVENT_OCCURRED"), starts, "{lapse}: {written:?}");
        assert_eq!(leader.state.expired_messages(lapse).count(), usize::from(!starts));
        let again = leader.command(NO_KEY, MessageIntent::Publish, publish("k", 0));
        assert_eq!(intents(&again).contains(&"EVENT_OCCURRED"), !starts, "the key is free if nothing starts");
    }
}

/// At the time of a recorded look at the messages' deadlines the state holds those as too old that the look deleted, and a
/// minute before, at the look before it, none.
#[test]
fn the_recorded_looks_at_deadlines() {
    let mut deleted = 0;
    for partition in 1..=3 {
        let file = log(&format!("messages/log-{partition}.jsonl"));
        let mut leader = Leader::of(partition);
        let mut records = file.records.iter().peekable();
        while let Some(record) = records.next() {
            let is_delete =
                |record: &Record| record.kind == RecordType::Command && record.intent == MessageIntent::Delete.into();
            if is_delete(record) {
                let look = record.timestamp;
                let mut of_look = vec![record];
                while let Some(other) = records.next_if(|other| is_delete(other) && other.timestamp < look + 100) {
                    of_look.push(other);
                }
                assert_eq!(leader.state.expired_messages(look - 60_000).count(), 0);
                let expired =
                    leader.state.expired_messages(look).map(|(key, message)| (key, Value::Message(message.clone())));
                let recorded = of_look.iter().map(|record| (record.key, record.value.clone()));
                assert!(expired.eq(recorded), "{partition} at {}", record.position);
                deleted += of_look.len();
                for record in of_look {
                    leader.process(record);
                }
            } else if has_processor(record.kind, record.intent) {
                leader.now = record.timestamp;
                leader.seen = SeenDeployments::default();
                leader.process(record);
            }
        }
    }
    assert!(deleted >= 3, "{deleted}");
}

#[test]
fn a_closed_subscription_starts_nothing_and_forgets_what_was_triggered() {
    let mut leader = with_order();
    let occurred = leader.command(NO_KEY, MessageIntent::Publish, publish("", 0)).remove(1);
    let Value::WorkflowInstance(event) = &occurred.value else { panic!("{occurred:?}") };
    let closed = Value::MessageStartEventSubscription(Arc::new(MessageStartEventSubscription {
        workflow_key: event.workflow_key,
        bpmn_process_id: Text::default(),
        start_event_id: Text::default(),
        message_name: Text::default(),
    }));
    leader.command(NO_KEY, MessageStartEventSubscriptionIntent::Close, closed);
    let written = leader.command(NO_KEY, MessageIntent::Publish, publish("", 0));
    assert_eq!(intents(&written), ["PUBLISHED", "DELETED"]);
    let Leader { partition, toggles, now, state, seen, out } = &mut leader;
    let mut engine = Engine { partition: *partition, toggles, now: *now, state, seen, out };
    let failed = engine.process(&record(occurred.key, occurred.kind, occurred.intent, occurred.value.clone()));
    assert!(failed.unwrap_err().0.contains("no triggered event could be found"));
}

#[test]
fn a_timer_of_an_element_that_does_not_wait_any_more_is_refused_and_gone() {
    let mut leader = Leader::of(1);
    let timer = Value::Timer(Arc::new(Timer {
        element_instance_key: 7,
        workflow_instance_key: 6,
        workflow_key: 5,
        due_date: 1,
        target_element_id: "wait".into(),
        repetitions: 1,
    }));
    let created = leader.command(NO_KEY, TimerIntent::Create, timer.clone()).remove(0);
    assert_eq!(leader.state.next_due_date(), Some(1));
    for kind in [RejectionType::InvalidState, RejectionType::NotFound] {
        let refused = leader.command(created.key, TimerIntent::Trigger, timer.clone()).remove(0);
        assert_eq!(refused.rejection.map(|rejection| rejection.kind), Some(kind));
        assert_eq!(leader.state.next_due_date(), None);
    }
}
