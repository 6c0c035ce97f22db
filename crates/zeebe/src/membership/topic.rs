//! Topics of the event service, and the set of them that a member says it takes.

use kernel::identity::mix;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// What is broadcast under. (Chunks of snapshots are none of it: they go point to point, to those that can be reached.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// A partition has a deployment; for whoever distributes the one of this key.
    //= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/engine/impl/DeploymentDistributorImpl.java (topic)
    DeploymentResponse(i64),
    /// A type of job can be activated again; for gateways.
    //= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/engine/impl/LongPollingJobNotification.java (TOPIC)
    JobsAvailable,
}

impl Topic {
    fn identity(self) -> u64 {
        match self {
            Topic::DeploymentResponse(key) => mix(1, key as u64),
            Topic::JobsAvailable => mix(2, 0),
        }
    }

    /// Bytes of it in a member's property: its name in base 64, estimated.
    fn bytes(self) -> u64 {
        match self {
            Topic::DeploymentResponse(_) => 50,
            Topic::JobsAvailable => 20,
        }
    }
}

/// A set of topics that only grows. A clone is a pointer; a digest of it costs as much for a thousand topics as for
/// one.
#[derive(Clone, Debug, Default)]
pub struct TopicSet {
    topics: Arc<BTreeSet<Topic>>,
    mark: u64,
    bytes: u64,
}

impl TopicSet {
    /// Whether it has the topic.
    pub fn contains(&self, topic: Topic) -> bool {
        self.topics.contains(&topic)
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = Topic> + '_ {
        self.topics.iter().copied()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.topics.len()
    }

    /// None.
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// On the wire, estimated.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn insert(&mut self, topic: Topic) {
        if !self.contains(topic) {
            Arc::make_mut(&mut self.topics).insert(topic);
            self.mark ^= topic.identity();
            self.bytes += topic.bytes();
        }
    }
}

impl FromIterator<Topic> for TopicSet {
    fn from_iter<I: IntoIterator<Item = Topic>>(topics: I) -> Self {
        let mut set = TopicSet::default();
        topics.into_iter().for_each(|topic| set.insert(topic));
        set
    }
}

impl PartialEq for TopicSet {
    fn eq(&self, other: &Self) -> bool {
        self.mark == other.mark && (Arc::ptr_eq(&self.topics, &other.topics) || self.topics == other.topics)
    }
}

impl Eq for TopicSet {}

impl Hash for TopicSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.mark);
        state.write_usize(self.len());
    }
}

#[cfg(test)]
mod tests {
    use super::{Topic, TopicSet};

    #[test]
    fn sets_are_equal_whatever_the_order_of_insertion() {
        let (one, other) = (Topic::DeploymentResponse(7), Topic::JobsAvailable);
        let set: TopicSet = [one, other].into_iter().collect();
        let reversed: TopicSet = [other, one, other].into_iter().collect();

        assert_eq!(set, reversed);
        assert_eq!((set.len(), set.bytes()), (2, 70));
        assert_ne!(set, [one].into_iter().collect());
    }
}
