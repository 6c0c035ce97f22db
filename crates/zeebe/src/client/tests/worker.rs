//! The worker: when it polls, how many jobs it has, and what it does with them.

use crate::client::hand::{HandHost, failure, jobs};
use crate::client::{Call, Close, Kind, Timer, Worker, WorkerSettings};
use crate::gateway::{Activate, Reply, Request, Response};
use crate::protocol::Document;
use kernel::identity::{MILLIS, Nanos, SECONDS};
use std::sync::Arc;

struct Hand {
    worker: Worker,
    host: HandHost,
}

impl Hand {
    fn new(settings: WorkerSettings) -> Self {
        let mut hand = Hand { worker: Worker::new(Arc::new(settings)), host: HandHost::default() };
        hand.worker.start(&mut hand.host);
        hand
    }

    fn reply(&mut self, kind: Kind, number: u64, reply: Reply) {
        self.worker.reply(Call { kind, number }, &reply, &mut self.host);
    }

    fn pass(&mut self, time: Nanos) {
        let end = self.host.now + time;
        while let Some(timer) = self.host.next_timer(end) {
            self.worker.timer(timer, &mut self.host);
        }
    }

    /// When it polled since the last look, and for how many jobs.
    fn polls(&mut self) -> Vec<(Nanos, i32)> {
        let polls = self.host.calls(Kind::Poll).into_iter();
        polls.map(|(at, _, request)| (at, wanted(request).max_jobs)).collect()
    }

    /// Which jobs it completed since the last look, and when.
    fn completed(&mut self) -> Vec<(Nanos, i64)> {
        let calls = self.host.calls(Kind::Complete).into_iter();
        let key = |request| match request {
            Request::CompleteJob { job_key, .. } => job_key,
            other => panic!("{other:?}"),
        };
        calls.map(|(at, _, request)| (at, key(request))).collect()
    }
}

fn wanted(request: Request) -> Activate {
    match request {
        Request::ActivateJobs(poll) => poll,
        other => panic!("{other:?}"),
    }
}

/// Four at a time, one thread, 20 ms a job, a tick every 100 ms.
fn small() -> WorkerSettings {
    let (threads, capacity) = (1, 4);
    let (polling_delay, completion_delay) = (100 * MILLIS, 20 * MILLIS);
    WorkerSettings { threads, capacity, polling_delay, completion_delay, ..WorkerSettings::benchmark() }
}

#[test]
fn the_presets_are_those_of_the_benchmarks() {
    let poll = |settings: WorkerSettings| wanted(Hand::new(settings).host.calls(Kind::Poll).remove(0).2);
    let plain = poll(WorkerSettings::benchmark());
    assert_eq!((&*plain.job_type, &*plain.worker), ("benchmark-task", "benchmark-worker"));
    assert_eq!((plain.max_jobs, plain.timeout, plain.request_timeout), (30, 1_800, 10_000));
    let kubernetes = poll(WorkerSettings::kubernetes());
    assert_eq!((kubernetes.max_jobs, kubernetes.timeout, kubernetes.request_timeout), (120, 300, 62_000));
    assert_eq!(poll(WorkerSettings { job_timeout: Some(SECONDS), ..small() }).timeout, 1_000);
}

#[test]
fn it_has_one_poll_at_a_time_and_the_next_comes_with_a_tick() {
    let mut hand = Hand::new(small());
    hand.pass(5 * SECONDS);
    assert_eq!(hand.polls(), [(0, 4)]);
    hand.reply(Kind::Poll, 1, Reply::End);
    assert!(hand.polls().is_empty());
    hand.pass(100 * MILLIS);
    assert_eq!(hand.polls(), [(5_100 * MILLIS, 4)]);

    hand.pass(30 * MILLIS);
    hand.reply(Kind::Poll, 2, failure());
    hand.pass(SECONDS);
    assert_eq!(hand.polls(), [(5_200 * MILLIS, 4)], "ticks keep their rhythm, and a failure is like an end");
}

#[test]
fn with_more_than_30_percent_left_it_does_not_poll() {
    // 30 % of 4 is 1, rounded: with 4 jobs it polls when 3 are done.
    let mut hand = Hand::new(small());
    hand.polls();
    hand.reply(Kind::Poll, 1, jobs(&[11, 12, 13, 14]));
    hand.reply(Kind::Poll, 1, Reply::End);
    hand.pass(59 * MILLIS);
    assert!(hand.polls().is_empty());
    hand.pass(MILLIS);
    assert_eq!(hand.polls(), [(60 * MILLIS, 3)], "at the end of the third job, not at a tick");
    assert_eq!(hand.completed(), [(20 * MILLIS, 11), (40 * MILLIS, 12), (60 * MILLIS, 13)]);
}

#[test]
fn the_30_percent_are_rounded_up_from_a_half() {
    let mut hand = Hand::new(WorkerSettings { capacity: 5, ..small() });
    hand.polls();
    hand.reply(Kind::Poll, 1, jobs(&[11, 12, 13, 14, 15]));
    hand.reply(Kind::Poll, 1, Reply::End);
    hand.pass(SECONDS);
    assert_eq!(hand.polls(), [(60 * MILLIS, 3)], "with 2 left, not with 1");
}

#[test]
fn jobs_are_done_before_their_poll_has_ended_and_counted_after() {
    let mut hand = Hand::new(small());
    hand.polls();
    hand.reply(Kind::Poll, 1, jobs(&[11]));
    hand.pass(20 * MILLIS);
    assert_eq!(hand.completed().len(), 1);
    hand.reply(Kind::Poll, 1, jobs(&[12]));
    hand.reply(Kind::Poll, 1, Reply::End);
    hand.pass(20 * MILLIS);
    assert_eq!(hand.polls(), [(40 * MILLIS, 4)]);
}

#[test]
fn threads_share_the_jobs_in_the_order_of_their_coming() {
    let mut hand = Hand::new(WorkerSettings { threads: 2, ..small() });
    hand.reply(Kind::Poll, 1, jobs(&[11, 12, 13]));
    hand.pass(40 * MILLIS);
    assert_eq!(hand.completed(), [(20 * MILLIS, 11), (20 * MILLIS, 12), (40 * MILLIS, 13)]);
}

#[test]
fn it_sends_the_jobs_variables_back_or_none() {
    for (returns_variables, expected) in
        [(true, Document::new(vec![("a".into(), "1".into())])), (false, Document::default())]
    {
        let mut hand = Hand::new(WorkerSettings { returns_variables, ..small() });
        hand.reply(Kind::Poll, 1, jobs(&[11]));
        hand.pass(20 * MILLIS);
        let Request::CompleteJob { variables, .. } = hand.host.calls(Kind::Complete).remove(0).2 else { panic!() };
        assert_eq!(variables, expected);
    }
}

#[test]
fn a_thread_may_wait_for_its_answer_and_fails_the_job_if_it_is_a_failure() {
    let mut hand = Hand::new(WorkerSettings { waits_for_answer: true, ..small() });
    hand.reply(Kind::Poll, 1, jobs(&[11, 12]));
    hand.pass(SECONDS);
    assert_eq!(hand.completed().len(), 1);
    hand.reply(Kind::Complete, 1, failure());
    let Request::FailJob { job_key, retries, .. } = hand.host.calls(Kind::Fail).remove(0).2 else { panic!() };
    assert_eq!((job_key, retries), (11, 2));
    hand.reply(Kind::Fail, 1, Reply::Response(Response::Done));

    hand.pass(20 * MILLIS);
    hand.reply(Kind::Complete, 2, Reply::Response(Response::Done));
    assert_eq!(hand.worker.completed(), 1);
}

#[test]
fn a_full_worker_of_the_benchmarks_needs_longer_than_its_jobs_have() {
    let mut hand = Hand::new(WorkerSettings::kubernetes());
    let keys: Vec<i64> = (0..120).collect();
    hand.reply(Kind::Poll, 1, jobs(&keys));
    hand.pass(SECONDS);
    let completed = hand.completed();
    let last = completed.last().expect("jobs").0;
    assert_eq!((completed.len(), last), (120, 600 * MILLIS));
    assert!(last > WorkerSettings::kubernetes().job_timeout());
}

#[test]
fn a_closed_worker_leaves_its_poll_behind_and_does_what_it_brings() {
    let mut hand = Hand::new(small());
    hand.polls();
    hand.worker.close(Close::Worker);
    assert!(hand.host.called_off.is_empty());
    hand.reply(Kind::Poll, 1, jobs(&[11]));
    hand.reply(Kind::Poll, 1, Reply::End);
    hand.pass(SECONDS);
    assert_eq!((hand.completed().len(), hand.polls()), (1, vec![]));
}

#[test]
fn what_comes_for_a_closed_client_is_lost() {
    let mut hand = Hand::new(small());
    hand.reply(Kind::Poll, 1, jobs(&[11, 12]));
    hand.worker.close(Close::Client);
    hand.reply(Kind::Poll, 1, jobs(&[13]));
    hand.pass(SECONDS);
    assert!(hand.completed().is_empty());
    assert_eq!(hand.worker.lost(), 2, "one was being worked on");
}

#[test]
fn a_poll_that_hears_nothing_is_called_off_10_s_after_its_own_timeout() {
    let mut hand = Hand::new(small());
    hand.polls();
    hand.pass(20 * SECONDS - 1);
    assert!(hand.host.called_off.is_empty());
    hand.pass(1);
    assert_eq!(hand.host.called_off, [Call { kind: Kind::Poll, number: 1 }]);
    assert!(hand.host.timers.contains_key(&Timer::Poll));
}
