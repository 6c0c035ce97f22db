//! The event service on top of the membership: who takes which topic, as far as this process knows.
//!
//! A broadcast goes to those that are known to take the topic at that moment, once, without an answer. What a process
//! takes reaches the others as a property, with the lag of the gossip; so the first answer to a question that was asked
//! under a new topic is mostly lost, unless both are in one process.
//!
//! Kept: subscriptions are of the process, so they outlive the stream processor that made them, whose handler then
//! answers to nobody; a process that subscribes to one topic announces every topic that it has ever heard of; a member
//! is forgotten as a taker of single topics never, of all that it announced last when it is removed. Left out: closing
//! a subscription (Zeebe's brokers do not), answers to events.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/messaging/impl/DefaultClusterEventService.java (all of it)

use crate::membership::{Change, Member, MemberInfo, Topic, TopicSet};
use kernel::identity::NodeId;
use std::collections::BTreeMap;

/// Who takes a topic.
#[derive(Clone, Debug, Default)]
struct Takers {
    /// Of this process, in the order of subscription.
    handlers: Vec<u64>,
    /// In the order in which this process learnt of them; itself among them.
    members: Vec<NodeId>,
}

/// The event service of one process. Like the process, it begins with nothing.
#[derive(Clone, Debug, Default)]
pub struct EventService {
    topics: BTreeMap<Topic, Takers>,
    /// What a member announced last.
    announced: BTreeMap<NodeId, TopicSet>,
}

impl EventService {
    /// Subscribes a handler, by a number that means something to the caller, and announces it.
    ///
    /// The announcement has all topics that are known here, those that only others take included: then events come that
    /// nobody here handles.
    pub fn subscribe(&mut self, topic: Topic, handler: u64, member: &mut Member) {
        let takers = self.topics.entry(topic).or_default();
        takers.handlers.push(handler);
        takers.add(member.me().id);
        let mut known = member.me().properties.topics.clone().unwrap_or_default();
        self.topics.keys().for_each(|topic| known.insert(*topic));
        member.set_topics(known);
    }

    /// The handlers of this process for a topic: who asks before it subscribes, and who gets an event that has come.
    pub fn handlers(&self, topic: Topic) -> &[u64] {
        self.topics.get(&topic).map(|takers| takers.handlers.as_slice()).unwrap_or_default()
    }

    /// To whom an event goes now: the members that are known to take it and not suspected. This process may be among
    /// them, and hands it to its own handlers at once.
    pub fn recipients<'a>(&'a self, topic: Topic, member: &'a Member) -> impl Iterator<Item = NodeId> + 'a {
        let members = self.topics.get(&topic).map(|takers| takers.members.as_slice()).unwrap_or_default();
        members.iter().copied().filter(|id| member.get(*id).is_some_and(MemberInfo::is_reachable))
    }

    /// What the membership says has changed. (A member's own changes are news too: of what it announces.)
    pub fn changed(&mut self, change: Change, member: &MemberInfo) {
        match (change, &member.properties.topics) {
            (Change::Added | Change::MetadataChanged, Some(topics)) => {
                if self.announced.get(&member.id) != Some(topics) {
                    topics.iter().for_each(|topic| self.topics.entry(topic).or_default().add(member.id));
                    self.announced.insert(member.id, topics.clone());
                }
            }
            (Change::Added | Change::MetadataChanged, None) | (Change::Removed, _) => self.forget(member.id),
            (Change::ReachabilityChanged, _) => {}
        }
    }

    fn forget(&mut self, member: NodeId) {
        for topic in self.announced.remove(&member).unwrap_or_default().iter() {
            if let Some(takers) = self.topics.get_mut(&topic) {
                takers.members.retain(|taker| *taker != member);
            }
        }
    }
}

impl Takers {
    fn add(&mut self, member: NodeId) {
        if !self.members.contains(&member) {
            self.members.push(member);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EventService;
    use crate::membership::{Change, Member, MemberInfo, Properties, Settings, State, Topic};
    use kernel::identity::NodeId;
    use std::sync::Arc;

    const ONE: Topic = Topic::DeploymentResponse(1);
    const TWO: Topic = Topic::DeploymentResponse(2);

    fn member() -> Member {
        Member::new(Arc::new(Settings::default()), NodeId(0), &[], Properties::default())
    }

    fn announcing(topics: &[Topic]) -> MemberInfo {
        let topics = (!topics.is_empty()).then(|| topics.iter().copied().collect());
        let properties = Properties { broker: None, topics };
        MemberInfo { id: NodeId(1), state: State::Alive, incarnation: 1, properties }
    }

    #[test]
    fn handlers_outlive_those_who_subscribed_them() {
        let (mut events, mut member) = (EventService::default(), member());

        events.subscribe(ONE, 7, &mut member);

        assert_eq!((events.handlers(ONE), events.handlers(TWO)), (&[7][..], &[][..]));
        assert_eq!(events.recipients(ONE, &member).collect::<Vec<_>>(), [NodeId(0)]);
    }

    #[test]
    fn who_subscribes_announces_the_topics_of_others_too() {
        let (mut events, mut member) = (EventService::default(), member());
        events.changed(Change::MetadataChanged, &announcing(&[ONE]));

        events.subscribe(TWO, 0, &mut member);

        assert_eq!(member.me().properties.topics, Some([ONE, TWO].into_iter().collect()));
        assert!(events.handlers(ONE).is_empty());
    }

    #[test]
    fn who_is_not_known_as_a_member_gets_nothing() {
        let (mut events, member) = (EventService::default(), member());
        events.changed(Change::Added, &announcing(&[ONE]));

        assert_eq!(events.recipients(ONE, &member).count(), 0);
    }

    #[test]
    fn a_removed_member_is_forgotten_only_as_far_as_it_announced_last() {
        let mut events = EventService::default();
        events.changed(Change::Added, &announcing(&[ONE]));
        events.changed(Change::MetadataChanged, &announcing(&[TWO]));

        events.changed(Change::Removed, &announcing(&[TWO]));

        assert_eq!(events.topics[&ONE].members, [NodeId(1)]);
        assert!(events.topics[&TWO].members.is_empty());
    }
}
