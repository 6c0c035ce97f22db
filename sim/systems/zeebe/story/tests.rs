//! Stories of facts made by hand.

use kernel::identity::{NodeId, SECONDS};
use zeebe::processor::Mismatch;
use zeebe::protocol::{DeploymentIntent, RecordType};
use zeebe::replay::Listed;

use super::{LINES, Struck, Subject, story};
use crate::systems::zeebe::chronicle::{Chronicle, Fact, What};

const KEY: i64 = 7;

fn subject() -> Subject {
    Subject { partition: 3, key: Some(KEY), found: None }
}

fn leads(partition: u16) -> What {
    What::Leads { partition, snapshot: -1, replays: None }
}

fn created(key: i64, position: i64) -> What {
    let (intent, kind) = (DeploymentIntent::Created, RecordType::Event);
    What::Deployment { partition: 3, key, position, source: position - 1, intent, kind }
}

fn died() -> What {
    let listed =
        Listed { key: KEY, source: 3, intent: DeploymentIntent::Create.into(), kind: RecordType::CommandRejection };
    What::Died { partition: 3, met: Some(Mismatch { position: 4, listed }) }
}

fn told(facts: &[(u64, u16, What)], faults: &[Struck], subject: &Subject) -> Vec<String> {
    let facts =
        facts.iter().map(|(second, node, what)| Fact { at: second * SECONDS, node: NodeId(*node), what: what.clone() });
    story(&Chronicle::of(facts.collect()), faults, subject, 3)
}

fn struck(second: u64, node: u16, drawn: bool) -> Struck {
    Struck { at: second * SECONDS, line: format!("fault at {second}"), nodes: vec![NodeId(node)], drawn }
}

#[test]
fn a_story_is_about_its_partition_and_its_deployment_and_ends_with_the_death() {
    let facts = [
        (1, 0, leads(2)),
        (2, 0, leads(3)),
        (3, 1, leads(3)),
        (5, 1, created(KEY, 2)),
        (6, 1, created(8, 4)),
        (7, 2, leads(3)),
        (8, 2, died()),
        (9, 0, leads(3)),
    ];

    let lines = told(&facts, &[], &subject());

    let times: Vec<&str> = lines.iter().map(|line| line.trim_start().split(' ').next().expect("a time")).collect();
    assert_eq!(times, ["3.000", "5.000", "7.000", "8.000"], "{lines:#?}");
}

#[test]
fn a_drawn_fault_is_told_if_it_struck_who_led_at_that_time_and_a_scripted_one_always() {
    let facts = [(3, 1, leads(3)), (5, 1, created(KEY, 2)), (8, 2, died())];

    let of = |fault| told(&facts, &[fault], &subject()).len() - 3;

    assert_eq!([of(struck(6, 1, true)), of(struck(6, 0, true)), of(struck(4, 1, true))], [1, 0, 0]);
    assert_eq!([of(struck(6, 0, false)), of(struck(4, 1, false)), of(struck(9, 1, false))], [1, 1, 0]);
}

#[test]
fn a_snapshot_is_told_once_with_who_has_it_and_who_never_does() {
    let snapshot = What::Snapshot { partition: 3, position: 2 };
    let facts = [(5, 1, created(KEY, 2)), (6, 1, snapshot.clone()), (7, 0, snapshot), (8, 2, died())];

    let lines = told(&facts, &[], &subject());

    assert_eq!(lines[1], "    6.000 s  partition 3: a snapshot at 2, on broker-0, broker-1, and never on broker-2");
    assert_eq!(lines.len(), 3, "{lines:#?}");
}

#[test]
fn what_matters_least_goes_first_if_there_is_too_much() {
    let pushes = (0..40).map(|nth| (6 + nth, 1, What::Pushed { partition: 3, key: KEY }));
    let mut facts = vec![(3, 1, leads(3)), (5, 1, created(KEY, 2))];
    facts.extend(pushes);
    facts.push((50, 2, died()));

    let lines = told(&facts, &[], &subject());

    assert_eq!(lines.len(), LINES);
    assert!(lines[0].contains("leads partition 3") && lines[1].contains("accepts CREATE at 1 of 7"), "{lines:#?}");
    assert!(lines[LINES - 1].contains("dies of the record at 4"), "{lines:#?}");
    assert!(lines[2].starts_with("   34.000 s"), "the latest of them stay: {lines:#?}");
}

#[test]
fn what_no_event_says_is_the_last_line() {
    let subject = Subject { found: Some((9 * SECONDS, "partition 3: something is lost".to_owned())), ..subject() };

    let lines = told(&[(3, 1, leads(3)), (5, 1, created(KEY, 2))], &[], &subject);

    assert_eq!(lines.last().map(String::as_str), Some("    9.000 s  partition 3: something is lost"));
}
