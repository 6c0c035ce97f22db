//! Whom a fault of a scenario may call by role: who leads a partition, as the Raft members themselves have it.

use faults::names::GroundTruth;
use kernel::identity::NodeId;
use kernel::world::World;
use raft::Role;
use zeebe::cluster::{Process, Zeebe};

/// Words such as `leader-of(3)`.
#[derive(Clone, Copy, Debug)]
pub struct Truth {
    /// Brokers are the nodes from 0 on.
    pub brokers: u16,
    /// Partitions from 1 on.
    pub partitions: u16,
}

const LEADER_OF: &str = "leader-of";
const FOLLOWERS_OF: &str = "followers-of";

macro_rules! of_each {
    ($($partition:literal)+) => {
        &[$([concat!("leader-of(", $partition, ")"), concat!("followers-of(", $partition, ")")]),+]
    };
}

/// The words of each partition that a cluster may have.
const WORDS: &[[&str; 2]] = of_each!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);

impl GroundTruth<Zeebe> for Truth {
    fn words(&self) -> &[&str] {
        WORDS[..usize::from(self.partitions)].as_flattened()
    }

    fn resolve(&self, word: &str, world: &World<Zeebe>) -> Option<Vec<NodeId>> {
        let (word, argument) = word.strip_suffix(')')?.split_once('(')?;
        let partition = argument.trim().parse().ok()?;
        let leader = leader(world, self.brokers, partition);
        match word {
            LEADER_OF => Some(leader.into_iter().collect()),
            FOLLOWERS_OF => {
                let others = |node: &NodeId| leader.is_some() && Some(*node) != leader;
                Some((0..self.brokers).map(NodeId).filter(others).collect())
            }
            _ => None,
        }
    }
}

/// The broker whose Raft member leads a partition; of two that both think so, the one of the later term.
pub fn leader(world: &World<Zeebe>, brokers: u16, partition: u16) -> Option<NodeId> {
    let term = |node: &NodeId| match world.node(*node) {
        Some(Process::Broker(broker)) => {
            let member = broker.partition(partition)?.member()?;
            (member.role() == Role::Leader).then(|| member.term())
        }
        _ => None,
    };
    let leads = (0..brokers).map(NodeId).filter_map(|node| Some((term(&node)?, node)));
    leads.max_by_key(|(term, _)| *term).map(|(_, node)| node)
}
