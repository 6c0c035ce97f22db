//! What an error of the store that a scenario asks for leads to, beyond the first check that fires.

use kernel::identity::NodeId;
use kernel::verdict::Outcome;
use zeebe::broker::Health;
use zeebe::processor::Phase;
use zeebe::protocol::{ErrorIntent, Intent, RecordType, WorkflowInstanceCreationIntent};

use super::watched::Driven;
use super::{plan, run};

const R1: &str = "cache-rollback-r1.toml";
const CURE: &str = "toggles.cache_rollback=on";

/// Who has the services of partition 3's leader.
fn leader(run: &Driven) -> NodeId {
    (0..3).map(NodeId).find(|node| run.replica(*node, 3).processor().is_some()).expect("a leader")
}

fn count(run: &Driven, kind: RecordType, intent: impl Into<Intent>) -> usize {
    let intent = intent.into();
    run.log(3).iter().filter(|record| record.kind == kind && record.intent == intent).count()
}

#[test]
fn r1_loses_a_definition_that_the_client_was_told_of() {
    for (sets, lost) in [(&[][..], true), (&[CURE][..], false)] {
        let mut run = Driven::new(&plan(R1, sets), 0);
        run.until(60);

        let node = leader(&run);
        assert_eq!(run.seen.again, [(node, 3, 1)], "the store has failed once");
        assert!(run.seen.deaths.is_empty(), "no exception: {:?}", run.seen.deaths);
        assert_eq!(count(&run, RecordType::Event, ErrorIntent::Created), usize::from(lost));
        let refused = count(&run, RecordType::CommandRejection, WorkflowInstanceCreationIntent::Create);
        let created = count(&run, RecordType::Event, WorkflowInstanceCreationIntent::Created);
        assert_eq!((refused, created), if lost { (2, 0) } else { (0, 2) });
        assert_eq!(run.replica(node, 3).health(), Health::Healthy);
    }
}

#[test]
fn r1_with_more_to_replay_tries_for_ever() {
    let early = "workload.by_hand=[{at = \"16s\", instances = 6}]";
    let mut run = Driven::new(&plan(R1, &[early]), 0);
    run.until(90);

    let node = leader(&run);
    let replica = run.replica(node, 3);
    assert_eq!(run.seen.again[0], (node, 3, 1), "CREATE, once");
    assert!(run.seen.again[1..].iter().all(|again| *again == (node, 3, 2)) && run.seen.again.len() > 1_000, "CREATED");
    assert_eq!(replica.processor().expect("it leads").phase(), Phase::Reprocessing);
    assert!(replica.health() == Health::Unhealthy && run.broker(node).is_ready());

    let mut cured = Driven::new(&plan(R1, &[early, CURE]), 0);
    cured.until(90);
    assert_eq!(cured.seen.again, [(node, 3, 1)]);
    assert_eq!(cured.replica(node, 3).health(), Health::Healthy);
}

#[test]
fn r1_goes_unnoticed_where_the_workflow_is_there_already() {
    let mut run = Driven::new(&plan("cache-rollback-unnoticed.toml", &[]), 0);
    run.until(60);

    assert_eq!(run.seen.again, [(leader(&run), 3, 3)], "the second deployment's CREATE");
    assert!(run.seen.deaths.is_empty());
    assert_eq!(count(&run, RecordType::Event, ErrorIntent::Created), 0);
    assert_eq!(count(&run, RecordType::CommandRejection, WorkflowInstanceCreationIntent::Create), 0);
}

#[test]
fn a_run_in_which_no_store_failed_is_vacuous() {
    let never = "cluster.store_errors=[{partition = 3, phase = \"replay\", nth = 1000}]";
    let verdict = run(&plan(R1, &[never]), 0).verdict;

    assert_eq!((verdict.outcome, &*verdict.signature), (Outcome::Vacuous, "vacuous/store-errors"), "{verdict:#?}");
}
