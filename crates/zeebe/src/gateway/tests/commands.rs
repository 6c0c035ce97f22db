//! Commands: where they go, how often, and what the client hears of it.

use crate::gateway::hand::{Hand, Picture};
use crate::gateway::{Activate, ErrorCode, Event, File, LATEST_VERSION, Outcome, Request, Response, Timer};
use crate::protocol::{
    Document, Job, JobIntent, RejectionType, Value, WorkflowInstanceCreation, WorkflowInstanceCreationIntent,
    WorkflowInstanceResult, WorkflowInstanceResultIntent,
};
use kernel::identity::{MILLIS, SECONDS};
use std::sync::Arc;

const JOB_ON_3: i64 = 6_755_399_441_055_750;

fn quiet() -> Hand {
    Hand::new(Picture::of(&[3, 1, 2], &[]))
}

fn create() -> Request {
    Request::CreateInstance { process_id: "one".into(), version: LATEST_VERSION, variables: Document::default() }
}

fn complete(job_key: i64) -> Request {
    Request::CompleteJob { job_key, variables: Document::default() }
}

fn deploy(name: &str) -> Request {
    Request::Deploy([File { name: name.into(), content: "".into() }].into())
}

fn created(workflow_instance_key: i64) -> Value {
    Value::WorkflowInstanceCreation(Arc::new(WorkflowInstanceCreation {
        bpmn_process_id: "one".into(),
        version: 1,
        workflow_key: 7,
        workflow_instance_key,
        variables: Document::default(),
    }))
}

#[test]
fn deployments_go_to_partition_1_and_jobs_to_the_partition_of_their_key() {
    let mut hand = quiet();
    hand.ask(&deploy("one.bpmn"));
    hand.ask(&complete(JOB_ON_3));
    assert_eq!(hand.partitions(), [1, 3]);
}

#[test]
fn creations_go_round_and_polls_do_not_move_their_counter() {
    let mut hand = quiet();
    for _ in 0..4 {
        hand.ask(&create());
    }
    let poll = |job_type: &str| {
        let (job_type, worker) = (job_type.into(), "w".into());
        Request::ActivateJobs(Activate { job_type, worker, timeout: 1, max_jobs: 1, request_timeout: 0 })
    };
    hand.ask(&poll("a"));
    hand.ask(&poll("a"));
    hand.ask(&poll("b"));
    hand.ask(&create());
    assert_eq!(hand.partitions(), [3, 1, 2, 3, 3, 1, 3, 1]);
}

#[test]
fn a_key_of_no_partition_is_not_found() {
    let mut hand = quiet();
    hand.ask(&complete(12_345));
    hand.ask(&complete(2_251_799_813_685_249_999));
    let text = "NOT_FOUND: Expected to execute command, but this command refers to an element that doesn't exist.";
    assert_eq!(hand.answers(), [text, text]);
    assert!(hand.host.sent.is_empty());
}

#[test]
fn a_partition_that_was_not_heard_of_yet_is_not_found_either() {
    let mut hand = Hand::new(Picture::of(&[3, 2], &[]));
    hand.ask(&deploy("one.bpmn"));
    assert!(hand.answers()[0].starts_with("NOT_FOUND: Expected to execute command"));
}

#[test]
fn a_command_is_sent_again_every_10_ms_while_its_partition_has_no_leader() {
    let mut hand = Hand::new(Picture::of(&[3, 1, 2], &[3]));
    hand.ask(&complete(JOB_ON_3));
    hand.pass(35 * MILLIS);
    assert!(hand.host.sent.is_empty());

    hand.host.picture.leaders.insert(3, 0);
    hand.pass(10 * MILLIS);
    assert_eq!((hand.host.sent[0].at, hand.host.sent[0].broker), (40 * MILLIS, 0));
}

#[test]
fn what_a_change_of_leader_can_mend_is_sent_again_and_the_rest_is_not() {
    let mismatch = || Outcome::Error(ErrorCode::PartitionLeaderMismatch, "not here".into());
    for outcome in [mismatch(), Outcome::NoHandler, Outcome::Unreachable] {
        let mut hand = quiet();
        hand.ask(&complete(JOB_ON_3));
        hand.last(outcome);
        hand.pass(9 * MILLIS);
        assert_eq!(hand.host.sent.len(), 1);
        hand.pass(MILLIS);
        assert_eq!(hand.host.sent.len(), 2);
        assert_eq!(hand.host.events, [Event::SentAgain { partition: 3, nth: 2 }]);
    }
    for outcome in [Outcome::Error(ErrorCode::ResourceExhausted, "full".into()), Outcome::Failed] {
        let mut hand = quiet();
        hand.ask(&complete(JOB_ON_3));
        hand.last(outcome);
        hand.pass(SECONDS);
        assert_eq!((hand.host.sent.len(), hand.answers().len()), (1, 1));
    }
}

#[test]
fn a_connection_that_breaks_after_the_command_was_taken_doubles_it() {
    let mut hand = quiet();
    hand.ask(&deploy("one.bpmn"));
    hand.last(Outcome::Unreachable);
    hand.pass(10 * MILLIS);
    let [first, second] = &hand.host.sent[..] else { panic!("two attempts") };
    assert_eq!(first.command, second.command, "nothing tells the second from a new one");
    assert_ne!(first.attempt, second.attempt);
}

#[test]
fn a_command_is_given_up_after_15_s_and_a_later_answer_is_nobodys() {
    let mut hand = quiet();
    hand.ask(&complete(JOB_ON_3));
    hand.pass(15 * SECONDS - 1);
    assert!(hand.answers().is_empty());
    hand.pass(1);
    let text = "DEADLINE_EXCEEDED: Time out between gateway and broker: Request timed out after PT15S";
    assert_eq!(hand.answers(), [text]);

    hand.accept(JobIntent::Completed, JOB_ON_3, Value::Job(Arc::new(Job::default())));
    hand.last(Outcome::Unreachable);
    hand.pass(SECONDS);
    assert!(hand.answers().is_empty());
    assert_eq!((hand.host.sent.len(), hand.gateway.waiting_commands()), (1, 0));
}

#[test]
fn retries_end_with_the_timeout() {
    let mut hand = Hand::new(Picture::of(&[3, 1, 2], &[3]));
    hand.ask(&complete(JOB_ON_3));
    hand.pass(20 * SECONDS);
    assert!(hand.answers()[0].starts_with("DEADLINE_EXCEEDED"));
    hand.host.picture.leaders.insert(3, 0);
    hand.pass(SECONDS);
    assert!(hand.host.sent.is_empty());
}

#[test]
fn nothing_is_sent_in_the_moment_in_which_the_time_is_over() {
    let mut hand = Hand::new(Picture::of(&[3, 1, 2], &[3]));
    hand.ask(&complete(JOB_ON_3));
    hand.pass(15 * SECONDS - MILLIS);
    hand.host.picture.leaders.insert(3, 0);
    hand.host.now += MILLIS;
    hand.gateway.timer(Timer::Retry(1), &mut hand.host);
    assert!(hand.host.sent.is_empty());
}

#[test]
fn a_creation_tries_each_partition_once_and_is_then_internal() {
    let full = || Outcome::Error(ErrorCode::ResourceExhausted, "full".into());
    let mismatch = Outcome::Error(ErrorCode::PartitionLeaderMismatch, "not here".into());
    let mut hand = quiet();
    hand.ask(&create());
    for outcome in [full(), Outcome::Unreachable, mismatch] {
        assert!(hand.answers().is_empty());
        hand.last(outcome);
    }
    assert_eq!(hand.partitions(), [3, 1, 2]);
    assert_eq!(hand.answers(), ["INTERNAL: Unexpected error occurred during the request processing"]);
}

#[test]
fn a_creation_is_not_tried_elsewhere_when_the_broker_does_not_serve_the_partition() {
    let mut hand = quiet();
    hand.ask(&create());
    hand.last(Outcome::NoHandler);
    hand.pass(SECONDS);
    assert_eq!(hand.answers(), ["INTERNAL: Unexpected error occurred during the request processing"]);
    assert_eq!(hand.host.sent.len(), 1);
}

#[test]
fn a_creation_that_times_out_is_not_tried_elsewhere() {
    let mut hand = quiet();
    hand.ask(&create());
    hand.pass(15 * SECONDS);
    assert!(hand.answers()[0].starts_with("DEADLINE_EXCEEDED"));
    assert_eq!(hand.partitions(), [3]);
}

#[test]
fn a_creation_whose_connection_breaks_may_come_true_on_two_partitions() {
    let mut hand = quiet();
    hand.ask(&create());
    hand.last(Outcome::Unreachable);
    assert_eq!(hand.host.sent.iter().map(|sent| sent.partition).collect::<Vec<_>>(), [3, 1]);
    hand.accept(WorkflowInstanceCreationIntent::Created, 9, created(8));
    assert_eq!(hand.host.answers.len(), 1);
}

#[test]
fn an_awaited_result_has_a_timeout_of_its_own() {
    let mut hand = quiet();
    let request = Request::CreateInstanceWithResult {
        process_id: "one".into(),
        version: LATEST_VERSION,
        variables: Document::default(),
        request_timeout: 20_000,
    };
    hand.ask(&request);
    hand.pass(19 * SECONDS);
    let result = WorkflowInstanceResult {
        bpmn_process_id: "one".into(),
        version: 1,
        workflow_key: 7,
        workflow_instance_key: 8,
        variables: Document::new(vec![("q".into(), "7".into())]),
    };
    hand.accept(WorkflowInstanceResultIntent::Completed, 8, Value::WorkflowInstanceResult(Arc::new(result)));
    let variables = Document::new(vec![("q".into(), "7".into())]);
    assert_eq!(hand.answers(), [format!("{:?}", Response::Result { workflow_instance_key: 8, variables })]);

    hand.ask(&request);
    hand.pass(20 * SECONDS);
    assert!(hand.answers()[0].ends_with("Request timed out after PT20S"));
}

#[test]
fn before_the_gateway_knows_anybody_calls_fail_each_in_a_way_of_its_own() {
    let mut hand = Hand::new(Picture::default());
    hand.ask(&Request::Topology);
    hand.ask(&create());
    let internal = "INTERNAL: Unexpected error occurred during the request processing";
    assert_eq!(hand.answers(), ["UNAVAILABLE: No brokers available", internal]);

    hand.ask(&deploy("one.bpmn"));
    hand.pass(SECONDS);
    assert!(hand.answers().is_empty(), "it is retried");
    hand.host.picture = Picture::of(&[1], &[]);
    hand.pass(10 * MILLIS);
    assert_eq!(hand.partitions(), [1]);
}

#[test]
fn a_rejection_is_told_with_the_brokers_reason() {
    let mut hand = quiet();
    hand.ask(&complete(JOB_ON_3));
    hand.reject(RejectionType::NotFound, "Expected to complete job with key '1', but no such job was found");
    let text = "NOT_FOUND: Command rejected with code 'COMPLETE': Expected to complete job with key '1', but no such job \
                was found";
    assert_eq!(hand.answers(), [text]);
}

#[test]
fn an_answer_of_another_kind_is_internal() {
    let mut hand = quiet();
    hand.ask(&complete(JOB_ON_3));
    hand.accept(WorkflowInstanceCreationIntent::Created, 9, created(8));
    assert_eq!(hand.answers(), ["INTERNAL: Unexpected error occurred during the request processing"]);
}

#[test]
fn a_message_goes_to_the_partition_of_its_correlation_key() {
    let mut hand = quiet();
    let publish = |key: &str| Request::PublishMessage {
        name: "paid".into(),
        correlation_key: key.into(),
        message_id: "".into(),
        time_to_live: 0,
        variables: Document::default(),
    };
    // The hashes are 97, 98 and 99: those of the only character.
    for key in ["a", "b", "c"] {
        hand.ask(&publish(key));
    }
    assert_eq!(hand.partitions(), [2, 3, 1]);
}
