//! How long news take, and what the event service loses by it.

use crate::cluster::{Act, Event};
use crate::stage::{GATEWAY, Stage, others, percentile};
use kernel::identity::{MILLIS, NodeId, SECONDS};
use relapse_zeebe::membership::{Change, State, Topic};
use relapse_zeebe::topology::PartitionLeaders;

const TOPIC: Topic = Topic::DeploymentResponse(2_251_799_813_685_250);
const SEEDS: u64 = 500;

/// The first node's news, at a moment that differs by seed against its gossip.
fn news_at(seed: u64) -> u64 {
    20 * SECONDS + seed * 1_000_003 % (1_000 * MILLIS)
}

#[test]
fn news_take_a_few_gossips_mostly_and_a_probe_sometimes() {
    let mut lags = Vec::new();
    for seed in 0..SEEDS {
        let at = news_at(seed);
        let mut stage = Stage::with(seed, &[(NodeId(0), at, Act::Lead(1, 5))]);
        stage.run_to(at + 10 * SECONDS);
        for node in others(NodeId(0)) {
            let heard = stage.first(node, at, |what| what.is(Change::MetadataChanged, NodeId(0), State::Alive));
            lags.push(heard.unwrap_or_else(|| panic!("seed {seed}: {node} has not heard in 10 s")) - at);
        }
    }

    let max = lags.iter().copied().max().unwrap_or_default();
    let [median, ninety, last] = [50, 90, 99].map(|percent| percentile(&mut lags, percent));
    println!(
        "lag in ms: p50 {}, p90 {}, p99 {}, max {}",
        median / MILLIS,
        ninety / MILLIS,
        last / MILLIS,
        max / MILLIS
    );
    // Two of three hear at the next gossip, evenly within 250 ms; the third from them or, one time in nine, by a probe.
    assert!((100 * MILLIS..250 * MILLIS).contains(&median), "{median}");
    assert!((200 * MILLIS..400 * MILLIS).contains(&ninety) && last < 3 * SECONDS, "{ninety} {last}");
    assert!(max < 6 * SECONDS, "{max}");
}

#[test]
fn a_first_answer_is_lost_unless_it_takes_longer_than_the_gossip() {
    let delivered = |wait| {
        let mut got = 0;
        for seed in 0..SEEDS {
            let at = news_at(seed);
            let script = [(NodeId(0), at, Act::Subscribe(TOPIC)), (NodeId(1), at + wait, Act::Broadcast(TOPIC))];
            let mut stage = Stage::with(seed, &script);
            stage.run_to(at + wait + SECONDS);
            got += stage.count(at, |node, what| node == NodeId(0) && *what == Event::Got(TOPIC));
        }
        got * 100 / SEEDS as usize
    };

    let shares = [0, 50 * MILLIS, 250 * MILLIS, 15 * SECONDS].map(delivered);
    println!("delivered in percent, answers after 0 and 50 and 250 ms and 15 s: {shares:?}");
    assert_eq!(shares[0], 0);
    // A gossip within 50 ms has one chance in five, to this one of three others two in three; within 250 ms
    // it comes so or by one of the other two.
    assert!((9..=19).contains(&shares[1]), "{shares:?}");
    assert!((80..=95).contains(&shares[2]), "{shares:?}");
    assert_eq!(shares[3], 100);
}

#[test]
fn an_answer_within_one_process_always_arrives() {
    let at = 20 * SECONDS;
    let script = [(NodeId(0), at, Act::Subscribe(TOPIC)), (NodeId(0), at + 1, Act::Broadcast(TOPIC))];
    let mut stage = Stage::with(1, &script);

    stage.run_to(at + SECONDS);

    assert_eq!(stage.count(at, |_, what| *what == Event::Got(TOPIC)), 1);
}

#[test]
fn a_restarted_subscriber_is_sent_what_nobody_takes() {
    let at = 20 * SECONDS;
    let script = [(NodeId(0), at, Act::Subscribe(TOPIC)), (NodeId(1), at + 20 * SECONDS, Act::Broadcast(TOPIC))];
    let mut stage = Stage::with(1, &script);
    stage.run_to(at + 10 * SECONDS);

    stage.kill(NodeId(0));
    stage.start(NodeId(0));
    stage.run_to(at + 21 * SECONDS);

    assert_eq!(stage.count(at, |_, what| *what == Event::Broadcast(TOPIC, 1)), 1);
    assert_eq!(stage.count(at, |_, what| *what == Event::Got(TOPIC)), 0);
}

#[test]
fn a_new_leader_reaches_brokers_and_gateway_and_a_deposed_one_lingers_at_the_gateway() {
    let second = |at| at * SECONDS;
    let script = [
        (NodeId(0), second(10), Act::Lead(2, 5)),
        (NodeId(0), second(20), Act::Follow(2)),
        (NodeId(1), second(30), Act::Lead(2, 6)),
    ];
    let mut stage = Stage::with(3, &script);
    let seen = |stage: &Stage| {
        let broker = stage.process(NodeId(2)).shell.broker.as_ref().expect("it is a broker");
        let distributor = PartitionLeaders::new(broker).get(2);
        (broker.leader(2), distributor, stage.process(GATEWAY).shell.gateway.leader(2))
    };

    stage.run_to(second(19));
    assert_eq!(seen(&stage), (Some(0), Some(0), Some(0)));
    stage.run_to(second(29));
    assert_eq!(seen(&stage), (None, None, Some(0)));
    stage.run_to(second(39));
    assert_eq!(seen(&stage), (Some(1), Some(1), Some(1)));
}
