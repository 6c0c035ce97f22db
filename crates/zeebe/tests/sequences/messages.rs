//! Messages that are too old: deleted by a look every 60 s from the recovery on, under the source that the shared writer has.

use super::{K, Stage};
use relapse_zeebe::processor::Job;
use relapse_zeebe::protocol::{Document, Message, MessageIntent, NO_KEY, Text, Value};
use std::sync::Arc;

fn publish(stage: &mut Stage, time_to_live: i64) {
    let message = Message {
        name: "order".into(),
        correlation_key: "k".into(),
        message_id: Text::default(),
        time_to_live,
        variables: Document::default(),
    };
    stage.command(1, NO_KEY, MessageIntent::Publish, Value::Message(Arc::new(message)));
}

#[test]
fn they_are_deleted_at_the_next_look_and_not_before() {
    let mut stage = Stage::new("0.24.4");
    publish(&mut stage, 60_000);
    publish(&mut stage, 60_001);
    publish(&mut stage, 200_000);
    stage.pass(59_999);
    assert_eq!(stage.log(1, 7), [""; 0]);
    stage.pass(1);
    assert_eq!(
        stage.log(1, 7),
        ["7 C MESSAGE.DELETE k1 5", "8 E MESSAGE.DELETED k1 7"],
        "the stale source of a PUBLISH"
    );
    stage.pass(60_000);
    assert_eq!(stage.log(1, 9), ["9 C MESSAGE.DELETE k2 7", "10 E MESSAGE.DELETED k2 9"]);
    assert_eq!(stage.processor(1).state().message(K + 3).map(|row| row.record.time_to_live), Some(200_000));
}

#[test]
fn mended_the_command_has_no_source() {
    let mut stage = Stage::new("fixed");
    publish(&mut stage, 1);
    stage.pass(60_000);
    assert_eq!(stage.log(1, 3)[0], "3 C MESSAGE.DELETE k1 -");
}

#[test]
fn a_pause_stops_the_look_and_its_end_begins_it_anew() {
    let mut stage = Stage::new("0.24.4");
    publish(&mut stage, 1);
    stage.submit(1, Job::Pause);
    stage.run();
    stage.pass(90_000);
    stage.submit(1, Job::Resume);
    stage.run();
    stage.pass(59_999);
    assert_eq!(stage.log(1, 3), [""; 0]);
    stage.pass(1);
    assert_eq!(stage.log(1, 3)[0], "3 C MESSAGE.DELETE k1 1");
}
