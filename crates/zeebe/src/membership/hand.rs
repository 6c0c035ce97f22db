//! A host to feed a member by hand: what the member does is collected. With it the rules that a cluster rarely meets.

use crate::membership::{
    Answer, Change, DATAGRAM_BYTES_MAX, Host, Member, MemberInfo, Properties, Request, Settings, State, Timer, Topic,
    gossip_bytes,
};
use kernel::identity::{Nanos, NodeId, SECONDS};
use std::sync::Arc;

#[derive(Default)]
struct Hand {
    wall: Nanos,
    draws: u64,
    requests: Vec<(u64, NodeId, Request)>,
    gossip: Vec<(NodeId, Arc<[MemberInfo]>)>,
    changes: Vec<(Change, NodeId)>,
}

impl Host for Hand {
    fn wall(&self) -> Nanos {
        self.wall
    }

    fn draw(&mut self) -> u64 {
        self.draws += 1;
        kernel::identity::spread(self.draws)
    }

    fn set_timer(&mut self, _: Timer, _: Nanos) {}

    fn request(&mut self, call: u64, to: NodeId, request: Request, _: Nanos) {
        self.requests.push((call, to, request));
    }

    fn answer(&mut self, _: u64, _: Answer) {}

    fn gossip(&mut self, to: NodeId, updates: Arc<[MemberInfo]>) {
        self.gossip.push((to, updates));
    }

    fn changed(&mut self, change: Change, member: &MemberInfo) {
        self.changes.push((change, member.id));
    }
}

fn news(state: State, incarnation: u64) -> MemberInfo {
    MemberInfo { id: NodeId(1), state, incarnation, properties: Properties::default() }
}

/// A member that knows member 1, alive in its incarnation 5, and has passed that on.
fn acquainted() -> (Member, Hand) {
    let mut hand = Hand { wall: 1_000 * SECONDS, ..Hand::default() };
    let mut member = Member::new(Arc::new(Settings::default()), NodeId(0), &[], Properties::default());
    member.start(&mut hand);
    member.gossip(&[news(State::Alive, 5)], &mut hand);
    member.timer(Timer::Gossip, &mut hand);
    hand.gossip.clear();
    hand.changes.clear();
    (member, hand)
}

fn seen(member: &Member) -> Option<(State, u64)> {
    member.get(NodeId(1)).map(|info| (info.state, info.incarnation))
}

#[test]
fn a_later_incarnation_refutes_and_the_same_one_only_worsens() {
    let (mut member, mut hand) = acquainted();

    member.gossip(&[news(State::Suspect, 5), news(State::Alive, 5)], &mut hand);
    assert_eq!(seen(&member), Some((State::Suspect, 5)));
    member.gossip(&[news(State::Alive, 6), news(State::Suspect, 5)], &mut hand);

    assert_eq!(seen(&member), Some((State::Alive, 6)));
    assert_eq!(hand.changes, [(Change::ReachabilityChanged, NodeId(1)); 2]);
}

#[test]
fn one_that_is_taken_for_dead_comes_back_by_old_news() {
    let (mut member, mut hand) = acquainted();

    member.gossip(&[news(State::Dead, 5)], &mut hand);
    assert_eq!((seen(&member), hand.changes.as_slice()), (None, &[(Change::Removed, NodeId(1))][..]));
    member.gossip(&[news(State::Suspect, 5), news(State::Alive, 4)], &mut hand);

    assert_eq!(seen(&member), Some((State::Alive, 4)));
}

#[test]
fn a_jump_of_the_wall_clock_buries_suspects() {
    let (mut member, mut hand) = acquainted();
    member.gossip(&[news(State::Suspect, 5)], &mut hand);

    hand.wall += 10 * SECONDS;
    member.timer(Timer::Gossip, &mut hand);
    assert!(seen(&member).is_some(), "it takes more than 10 s");
    hand.wall += 1;
    member.timer(Timer::Gossip, &mut hand);

    assert_eq!(seen(&member), None);
}

#[test]
fn a_failed_probe_with_nobody_else_to_ask_is_a_suspicion_unless_there_was_news_meanwhile() {
    for heard in [false, true] {
        let (mut member, mut hand) = acquainted();
        member.timer(Timer::Probe, &mut hand);
        let (call, to, _) = hand.requests.remove(0);
        assert_eq!(to, NodeId(1));

        if heard {
            member.gossip(&[news(State::Alive, 6)], &mut hand);
        }
        member.failed(call, &mut hand);

        assert_eq!(seen(&member).expect("it is known").0, if heard { State::Alive } else { State::Suspect });
    }
}

#[test]
fn news_of_too_many_topics_fit_no_datagram_and_are_lost() {
    let (mut member, mut hand) = acquainted();
    let topics = |count| (0..count).map(Topic::DeploymentResponse).collect();

    member.set_topics(topics(1_304));
    member.timer(Timer::Gossip, &mut hand);
    assert_eq!((hand.gossip.len(), member.oversized()), (1, 0));
    assert!((DATAGRAM_BYTES_MAX - 100..=DATAGRAM_BYTES_MAX).contains(&gossip_bytes(&hand.gossip[0].1)));
    member.set_topics(topics(1_306));
    member.timer(Timer::Gossip, &mut hand);

    assert_eq!((hand.gossip.len(), member.oversized()), (1, 1));
}
