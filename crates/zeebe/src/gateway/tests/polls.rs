//! Polls for jobs: rounds, waiting, announcements, and polls whose client is gone.

use crate::gateway::hand::{Hand, Picture};
use crate::gateway::{Activate, CallId, ErrorCode, Event, Outcome, Request, Timer};
use crate::protocol::{Document, Job, JobBatch, JobBatchIntent, Value};
use kernel::identity::SECONDS;
use std::sync::Arc;

fn quiet() -> Hand {
    Hand::new(Picture::of(&[3, 1, 2], &[]))
}

fn poll(max_jobs: i32, request_timeout: i64) -> Request {
    let (job_type, worker) = ("task".into(), "w".into());
    Request::ActivateJobs(Activate { job_type, worker, timeout: 1_000, max_jobs, request_timeout })
}

fn batch(jobs: usize, truncated: bool) -> Value {
    let job = Job { variables: Document::default(), ..Job::default() };
    Value::JobBatch(Arc::new(JobBatch {
        r#type: "task".into(),
        worker: "w".into(),
        timeout: 1_000,
        max_jobs_to_activate: 1,
        job_keys: (1..=jobs as i64).collect(),
        jobs: vec![job; jobs],
        truncated,
    }))
}

/// The partition that was asked last gives so many jobs.
fn give(hand: &mut Hand, jobs: usize) {
    hand.accept(JobBatchIntent::Activated, 1, batch(jobs, false));
}

/// What was asked for last.
fn wanted(hand: &Hand) -> i32 {
    let Value::JobBatch(batch) = &hand.host.sent.last().expect("a poll").command.value else { panic!("no batch") };
    batch.max_jobs_to_activate
}

fn empty_round(hand: &mut Hand) -> Vec<u16> {
    for _ in 0..3 {
        give(hand, 0);
    }
    hand.partitions()
}

#[test]
fn a_poll_goes_round_until_it_has_what_it_wants() {
    let mut hand = quiet();
    hand.ask(&poll(5, 0));
    give(&mut hand, 0);
    assert_eq!(wanted(&hand), 5);
    give(&mut hand, 2);
    assert_eq!(wanted(&hand), 3);
    give(&mut hand, 3);
    assert_eq!(hand.partitions(), [3, 1, 2]);
    assert_eq!(hand.answers(), ["jobs [1, 2]", "jobs [1, 2, 3]", "end"]);

    hand.ask(&poll(1, 0));
    give(&mut hand, 1);
    assert_eq!(hand.partitions(), [1], "enough after one, and the counter went on");
}

#[test]
fn what_a_round_found_ends_the_poll_though_it_wanted_more() {
    let mut hand = quiet();
    hand.ask(&poll(5, 0));
    give(&mut hand, 1);
    give(&mut hand, 0);
    assert_eq!(hand.answers(), ["jobs [1]"]);
    give(&mut hand, 0);
    assert_eq!(hand.answers(), ["end"]);
}

#[test]
fn a_partition_that_cut_its_batch_is_asked_again() {
    let mut hand = quiet();
    hand.ask(&poll(5, 0));
    hand.accept(JobBatchIntent::Activated, 1, batch(2, true));
    give(&mut hand, 0);
    assert_eq!(hand.partitions(), [3, 3, 1]);
}

#[test]
fn a_partition_that_fails_is_passed_over() {
    let mut hand = quiet();
    hand.ask(&poll(5, 0));
    hand.last(Outcome::NoHandler);
    hand.last(Outcome::Unreachable);
    give(&mut hand, 1);
    assert_eq!(hand.partitions(), [3, 1, 2]);
    assert_eq!(hand.answers(), ["jobs [1]", "end"]);
}

#[test]
fn a_poll_that_finds_nothing_waits_10_s_and_ends() {
    let mut hand = quiet();
    hand.ask(&poll(1, 0));
    empty_round(&mut hand);
    assert_eq!(hand.gateway.waiting_polls("task"), 1);
    hand.pass(10 * SECONDS - 1);
    assert!(hand.answers().is_empty());
    hand.pass(1);
    assert_eq!(hand.answers(), ["end"]);
    assert_eq!(hand.gateway.waiting_polls("task"), 0);
}

#[test]
fn a_poll_may_say_how_long_it_waits_or_that_it_does_not() {
    let mut hand = quiet();
    hand.ask(&poll(1, 5_000));
    empty_round(&mut hand);
    hand.pass(5 * SECONDS);
    assert_eq!(hand.answers(), ["end"]);

    hand.ask(&poll(1, -1));
    empty_round(&mut hand);
    assert_eq!(hand.answers(), ["end"]);
}

#[test]
fn an_announcement_sends_a_waiting_poll_out_again_from_the_next_partition() {
    let mut hand = quiet();
    hand.ask(&poll(1, 0));
    assert_eq!(empty_round(&mut hand), [3, 1, 2]);
    hand.gateway.jobs_available(&"other".into(), &mut hand.host);
    assert!(hand.partitions().is_empty());
    hand.gateway.jobs_available(&"task".into(), &mut hand.host);
    assert_eq!(empty_round(&mut hand), [1, 2, 3]);
}

#[test]
fn a_poll_that_was_sent_out_again_in_vain_waits_no_longer_for_that() {
    let mut hand = quiet();
    hand.ask(&poll(1, 0));
    empty_round(&mut hand);
    hand.pass(9 * SECONDS);
    hand.gateway.jobs_available(&"task".into(), &mut hand.host);
    empty_round(&mut hand);
    hand.pass(SECONDS);
    assert_eq!(hand.answers(), ["end"]);
}

#[test]
fn an_announcement_during_a_round_makes_it_go_round_again() {
    let mut hand = quiet();
    hand.ask(&poll(1, 0));
    hand.gateway.jobs_available(&"task".into(), &mut hand.host);
    assert_eq!(empty_round(&mut hand), [3, 1, 2, 1]);
    assert_eq!(hand.gateway.waiting_polls("task"), 0);
    for _ in 0..3 {
        hand.gateway.outcome(last_attempt(&hand), Outcome::Failed, &mut hand.host);
    }
    assert_eq!(hand.gateway.waiting_polls("task"), 1, "once, not for ever");
}

fn last_attempt(hand: &Hand) -> crate::gateway::Attempt {
    hand.host.sent.last().map_or(crate::gateway::Attempt(4), |sent| sent.attempt)
}

#[test]
fn after_three_empty_rounds_the_next_poll_waits_at_once_and_an_announcement_resets_that() {
    let mut hand = quiet();
    for _ in 0..3 {
        hand.ask(&poll(1, 0));
        empty_round(&mut hand);
    }
    hand.ask(&poll(1, 0));
    assert!(hand.partitions().is_empty());
    assert_eq!(hand.gateway.waiting_polls("task"), 4);

    hand.gateway.jobs_available(&"task".into(), &mut hand.host);
    assert_eq!(hand.partitions(), [3, 1, 2, 3], "all four at once, each from its own partition on");
}

#[test]
fn a_probe_tries_one_of_the_polls_that_wait_for_long() {
    let mut hand = quiet();
    hand.pass(5 * SECONDS);
    for _ in 0..2 {
        hand.ask(&poll(1, 60_000));
        empty_round(&mut hand);
    }
    hand.pass(5 * SECONDS);
    assert!(hand.partitions().is_empty(), "5 s after the last empty round");
    hand.pass(10 * SECONDS);
    assert_eq!(hand.partitions().len(), 1);
}

#[test]
fn a_probe_without_a_waiting_poll_lets_the_next_one_try() {
    let mut hand = quiet();
    for _ in 0..3 {
        hand.ask(&poll(1, -1));
        empty_round(&mut hand);
    }
    hand.pass(9 * SECONDS);
    hand.ask(&poll(1, -1));
    assert!(hand.partitions().is_empty());
    hand.pass(11 * SECONDS);
    hand.ask(&poll(1, -1));
    assert_eq!(hand.partitions().len(), 1);
}

#[test]
fn brokers_that_have_too_much_to_do_end_a_poll_that_found_nothing() {
    let full = || Outcome::Error(ErrorCode::ResourceExhausted, "full".into());
    let mut hand = quiet();
    hand.ask(&poll(1, 0));
    give(&mut hand, 0);
    hand.last(full());
    give(&mut hand, 0);
    let text = "RESOURCE_EXHAUSTED: Expected to activate jobs of type 'task', but no jobs available and at least one \
                broker returned 'RESOURCE_EXHAUSTED'. Please try again later.";
    assert_eq!(hand.answers(), [text]);

    hand.ask(&poll(1, 0));
    hand.last(full());
    hand.last(Outcome::Failed);
    give(&mut hand, 0);
    assert!(hand.answers().is_empty(), "a later failure of another kind hides it");
}

#[test]
fn a_poll_that_its_client_leaves_behind_activates_for_nobody() {
    let mut hand = quiet();
    let call = hand.ask(&poll(1, 0));
    hand.gateway.called_off(call, &mut hand.host);
    give(&mut hand, 1);
    assert_eq!(hand.host.events, [Event::JobsForNobody { jobs: 1 }]);
    assert!(hand.answers().is_empty());
}

#[test]
fn a_waiting_poll_whose_client_is_gone_is_not_sent_out_again() {
    let mut hand = quiet();
    let call = hand.ask(&poll(1, 0));
    empty_round(&mut hand);
    hand.gateway.called_off(call, &mut hand.host);
    hand.gateway.jobs_available(&"task".into(), &mut hand.host);
    hand.pass(30 * SECONDS);
    assert_eq!((hand.partitions(), hand.answers()), (vec![], vec![]));
}

#[test]
fn a_poll_that_a_closed_worker_leaves_at_the_gateway_still_takes_the_next_job() {
    let mut hand = quiet();
    hand.ask(&poll(1, 0));
    empty_round(&mut hand);
    // The worker has closed; nobody tells the gateway.
    hand.gateway.jobs_available(&"task".into(), &mut hand.host);
    give(&mut hand, 1);
    assert_eq!(hand.answers(), ["jobs [1]", "end"]);
}

#[test]
fn a_poll_that_times_out_on_its_round_activates_for_nobody() {
    let mut hand = quiet();
    hand.ask(&poll(1, 0));
    empty_round(&mut hand);
    hand.pass(9 * SECONDS);
    hand.gateway.jobs_available(&"task".into(), &mut hand.host);
    hand.pass(SECONDS);
    assert_eq!(hand.answers(), ["end"]);
    give(&mut hand, 1);
    assert_eq!(hand.host.events, [Event::JobsForNobody { jobs: 1 }]);
}

#[test]
fn before_the_gateway_knows_anybody_a_poll_hears_nothing() {
    let mut hand = Hand::new(Picture::default());
    let call: CallId = hand.ask(&poll(1, 0));
    hand.pass(60 * SECONDS);
    assert!(hand.answers().is_empty());
    assert!(!hand.host.timers.contains_key(&Timer::Poll(call)));
}
