//! The starter: what it does first, its rate, and what stops it.

use crate::client::hand::{HandHost, failure};
use crate::client::{Call, Kind, Starter, StarterSettings, Timer};
use crate::gateway::{File, Reply, Request, Response};
use kernel::identity::{MILLIS, Nanos, SECONDS};
use std::sync::Arc;

struct Hand {
    starter: Starter,
    host: HandHost,
}

impl Hand {
    fn new(settings: StarterSettings) -> Self {
        let mut hand = Hand { starter: Starter::new(Arc::new(settings)), host: HandHost::default() };
        hand.starter.start(&mut hand.host);
        hand
    }

    /// One that has got its topology and its deployment.
    fn creating(settings: StarterSettings) -> Self {
        let mut hand = Hand::new(settings);
        hand.reply(Kind::Topology, 1, Reply::Response(Response::Topology("".into())));
        hand.reply(Kind::Deploy, 1, Reply::Response(Response::Deployed { key: 2, workflows: [].into() }));
        hand
    }

    fn reply(&mut self, kind: Kind, number: u64, reply: Reply) {
        self.starter.reply(Call { kind, number }, &reply, &mut self.host);
    }

    fn pass(&mut self, time: Nanos) {
        let end = self.host.now + time;
        while let Some(timer) = self.host.next_timer(end) {
            self.starter.timer(timer, &mut self.host);
        }
    }

    /// When instances were asked for since the last look.
    fn created(&mut self) -> Vec<Nanos> {
        self.host.calls(Kind::Create).into_iter().map(|(at, ..)| at).collect()
    }
}

fn benchmark() -> StarterSettings {
    StarterSettings::benchmark([File { name: "bpmn/one_task.bpmn".into(), content: "".into() }].into())
}

fn done() -> Reply {
    Reply::Response(Response::Created { workflow_key: 1, workflow_instance_key: 3 })
}

#[test]
fn it_waits_for_a_topology_deploys_until_that_works_and_creates_only_then() {
    let mut hand = Hand::new(benchmark());
    hand.reply(Kind::Topology, 1, failure());
    hand.pass(MILLIS);
    hand.reply(Kind::Topology, 2, Reply::Response(Response::Topology("".into())));
    hand.reply(Kind::Deploy, 1, failure());
    hand.pass(199 * MILLIS);
    assert_eq!(hand.host.calls(Kind::Deploy).len(), 1);
    hand.pass(MILLIS);
    assert_eq!(hand.host.calls(Kind::Deploy)[0].0, 201 * MILLIS);
    assert!(hand.created().is_empty());

    hand.reply(Kind::Deploy, 2, Reply::Response(Response::Deployed { key: 2, workflows: [].into() }));
    assert_eq!(hand.created(), [201 * MILLIS]);
}

#[test]
fn a_rate_of_300_is_an_instance_every_3_ms_whatever_is_answered() {
    let mut hand = Hand::creating(benchmark());
    hand.pass(9 * MILLIS);
    assert_eq!(hand.created(), [0, 3 * MILLIS, 6 * MILLIS, 9 * MILLIS]);
    hand.pass(991 * MILLIS);
    assert_eq!(hand.created().len(), 330, "334 in the first second, and not 300");
}

#[test]
fn an_interval_is_whole_milliseconds_rounded_down() {
    let every = |rate| StarterSettings { rate, ..benchmark() }.interval();
    assert_eq!([every(1), every(300), every(600), every(1_000)], [SECONDS, 3 * MILLIS, MILLIS, MILLIS]);
}

#[test]
fn the_instances_may_be_counted() {
    let mut hand = Hand::creating(StarterSettings { instances_max: Some(2), ..benchmark() });
    hand.pass(SECONDS);
    assert_eq!((hand.created().len(), hand.starter.counts()), (2, (2, 0)));
}

#[test]
fn an_unanswered_deployment_is_given_up_after_the_clients_own_timeout() {
    for (settings, timeout) in [(benchmark(), 10), (StarterSettings::kubernetes([].into()), 62)] {
        let mut hand = Hand::new(settings);
        hand.reply(Kind::Topology, 1, Reply::Response(Response::Topology("".into())));
        hand.pass(timeout * SECONDS - 1);
        assert!(hand.host.called_off.is_empty());
        hand.pass(1);
        assert_eq!(hand.host.called_off, [Call { kind: Kind::Deploy, number: 1 }]);
        hand.pass(200 * MILLIS);
        assert_eq!(hand.host.calls(Kind::Deploy).len(), 2);
    }
}

#[test]
fn it_falls_silent_at_5000_unanswered_requests_behind_the_oldest_and_catches_up_then() {
    let patient = StarterSettings { rate: 1_000, request_timeout: 600 * SECONDS, ..benchmark() };
    let mut hand = Hand::creating(patient);
    hand.pass(10 * SECONDS);
    assert_eq!(hand.created().len(), 5_002, "one is looked at, 5000 queue, one is sent and finds no room");
    assert!(hand.starter.is_blocked());

    hand.reply(Kind::Create, 2, done());
    assert!(hand.created().is_empty(), "the oldest is the one that counts");
    hand.reply(Kind::Create, 1, done());
    assert_eq!(hand.created(), [10 * SECONDS; 2], "two have room now");
}

#[test]
fn what_it_missed_is_sent_at_once() {
    let mut hand = Hand::creating(StarterSettings { rate: 100, ..benchmark() });
    hand.host.now = 45 * MILLIS;
    hand.host.timers.remove(&Timer::Tick);
    hand.starter.timer(Timer::Tick, &mut hand.host);
    assert_eq!(hand.created()[1..], [45 * MILLIS; 4]);
    assert_eq!(hand.host.timers[&Timer::Tick], 50 * MILLIS, "and the rhythm stays");
}

#[test]
fn with_results_it_asks_for_them_and_waits_longer() {
    let mut hand = Hand::creating(StarterSettings { with_result: Some(60 * SECONDS), rate: 1, ..benchmark() });
    let calls = hand.host.calls(Kind::Create);
    let Request::CreateInstanceWithResult { request_timeout, .. } = &calls[0].2 else { panic!("{calls:?}") };
    assert_eq!(*request_timeout, 60_000);
    hand.pass(70 * SECONDS - 1);
    assert_eq!(hand.starter.counts().1, 0);
    hand.pass(1);
    assert_eq!(hand.starter.counts().1, 1);
}
