//! Operations: when they are done, on what, and what is kept of them.

use crate::client::hand::{HandHost, failure, jobs};
use crate::client::{Call, Kind, Operation, Scripted, Subject, When, WrongScript};
use crate::gateway::{Activate, LATEST_VERSION, Reply, Request, Response};
use crate::protocol::Document;
use kernel::identity::{Nanos, SECONDS};

fn operation(id: u64, when: When, request: Request) -> Operation {
    Operation { id, when, request, subject: None, timeout: None }
}

fn create() -> Request {
    Request::CreateInstance { process_id: "one".into(), version: LATEST_VERSION, variables: Document::default() }
}

fn cancel() -> Request {
    Request::CancelInstance { workflow_instance_key: 0 }
}

fn poll() -> Request {
    let (job_type, worker) = ("task".into(), "w".into());
    Request::ActivateJobs(Activate { job_type, worker, timeout: 1_000, max_jobs: 2, request_timeout: 10_000 })
}

const fn after(operation: u64, delay: Nanos) -> When {
    When::After { operation, delay }
}

struct Hand {
    client: Scripted,
    host: HandHost,
}

impl Hand {
    fn new(operations: Vec<Operation>) -> Self {
        let mut hand = Hand { client: Scripted::new(operations).expect("a script"), host: HandHost::default() };
        hand.client.start(&mut hand.host);
        hand
    }

    fn reply(&mut self, id: u64, reply: Reply) {
        self.client.reply(Call { kind: Kind::Operation, number: id }, &reply, &mut self.host);
    }

    fn pass(&mut self, time: Nanos) {
        let end = self.host.now + time;
        while let Some(timer) = self.host.next_timer(end) {
            self.client.timer(timer, &mut self.host);
        }
    }

    fn sent(&mut self) -> Vec<(Nanos, u64, Request)> {
        self.host.called.drain(..).map(|(at, call, request)| (at, call.number, request)).collect()
    }
}

#[test]
fn operations_are_done_at_their_times_or_after_one_another() {
    let mut hand = Hand::new(vec![
        operation(20, after(10, SECONDS), create()),
        operation(10, When::At(2 * SECONDS), create()),
        operation(30, When::At(3 * SECONDS), create()),
    ]);
    hand.pass(5 * SECONDS);
    hand.reply(10, failure());
    hand.pass(2 * SECONDS);
    let times: Vec<_> = hand.sent().iter().map(|(at, id, _)| (*at, *id)).collect();
    assert_eq!(times, [(2 * SECONDS, 10), (3 * SECONDS, 30), (6 * SECONDS, 20)]);
}

#[test]
fn keys_come_from_the_answers_of_other_operations() {
    let mut hand = Hand::new(vec![
        operation(1, When::At(0), create()),
        operation(2, When::At(0), poll()),
        Operation { subject: Some(Subject::Instance(1)), ..operation(3, after(1, 0), cancel()) },
        Operation {
            subject: Some(Subject::Job(2, 1)),
            ..operation(4, after(2, 0), Request::UpdateJobRetries { job_key: 0, retries: 1 })
        },
    ]);
    hand.pass(0);
    hand.reply(1, Reply::Response(Response::Created { workflow_key: 5, workflow_instance_key: 77 }));
    hand.reply(2, jobs(&[41]));
    hand.reply(2, jobs(&[42]));
    hand.reply(2, Reply::End);
    hand.pass(0);
    let requests: Vec<_> = hand.sent().into_iter().skip(2).map(|(.., request)| request).collect();
    let retries = Request::UpdateJobRetries { job_key: 42, retries: 1 };
    assert_eq!(requests, [Request::CancelInstance { workflow_instance_key: 77 }, retries]);
    assert_eq!(hand.client.courses()[&2].jobs, [41, 42]);
}

#[test]
fn an_operation_without_its_subject_is_passed_over_and_the_next_is_not() {
    let mut hand = Hand::new(vec![
        operation(1, When::At(0), create()),
        Operation { subject: Some(Subject::Instance(1)), ..operation(2, after(1, 0), cancel()) },
        operation(3, after(2, 0), create()),
    ]);
    hand.pass(0);
    hand.reply(1, failure());
    hand.pass(0);
    assert_eq!(hand.sent().iter().map(|(_, id, _)| *id).collect::<Vec<_>>(), [1, 3]);
    let course = &hand.client.courses()[&2];
    assert_eq!((course.sent_at, course.ended_at, &course.reply), (None, Some(0), &None));
}

#[test]
fn an_operation_that_hears_nothing_ends_by_its_own_timeout() {
    let slow = Operation { timeout: Some(2 * SECONDS), ..operation(2, When::At(0), create()) };
    let mut hand = Hand::new(vec![operation(1, When::At(0), create()), slow]);
    hand.pass(2 * SECONDS);
    let ended = |hand: &Hand, id: u64| hand.client.courses()[&id].reply.as_ref().map(|reply| format!("{reply:?}"));
    assert!(ended(&hand, 2).is_some_and(|reply| reply.contains("deadline exceeded after 2.000s")));
    assert_eq!((ended(&hand, 1), hand.client.is_done()), (None, false));
    hand.pass(8 * SECONDS);
    assert!(hand.client.is_done());

    hand.reply(1, Reply::Response(Response::Created { workflow_key: 5, workflow_instance_key: 77 }));
    assert!(matches!(hand.client.courses()[&1].reply, Some(Reply::Error(_))), "a late answer is nobody's");
}

#[test]
fn an_identity_is_the_operations_own_and_not_its_place() {
    let mut with = Hand::new(vec![operation(1, When::At(0), create()), operation(2, When::At(0), create())]);
    let mut without = Hand::new(vec![operation(2, When::At(0), create())]);
    with.pass(0);
    without.pass(0);
    let last = |hand: &Hand| hand.host.called.last().map(|(_, call, _)| call.identity(9));
    assert_eq!(last(&with), last(&without));
    assert_ne!(with.host.called[0].1.identity(9), with.host.called[1].1.identity(9));
}

#[test]
fn scripts_that_make_no_sense_are_refused() {
    let twice = vec![operation(1, When::At(0), create()), operation(1, When::At(1), create())];
    assert_eq!(Scripted::new(twice).err(), Some(WrongScript::TwoOfOneId(1)));
    let missing = Scripted::new(vec![operation(1, after(7, 0), create())]);
    assert_eq!(missing.err(), Some(WrongScript::NoSuch { by: 1, named: 7 }));
}
