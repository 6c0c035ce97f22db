//! Whom a fault of a scenario may call by role: who leads a partition, as the Raft members themselves have it.

use faults::names::GroundTruth;
use faults::plan::{Entry, PlanError};
use kernel::identity::NodeId;
use kernel::world::World;
use raft::Role;
use zeebe::cluster::{Process, Zeebe};

/// Words such as `leader-of(3)`.
#[derive(Clone, Copy, Debug)]
pub struct Truth {
    /// Brokers are the nodes from 0 on.
    pub brokers: u16,
}

const LEADER_OF: &str = "leader-of";
const FOLLOWERS_OF: &str = "followers-of";
/// The words, without their argument.
pub const WORDS: &[&str] = &[LEADER_OF, FOLLOWERS_OF];

impl Truth {
    /// Whether an entry names a partition that is not there.
    pub fn strange(self, entry: &Entry, partitions: u16) -> Result<(), PlanError> {
        for (key, selector) in entry.action.selectors() {
            let text = selector.to_string();
            for (word, place) in WORDS.iter().flat_map(|word| text.match_indices(word).map(|(at, word)| (word, at))) {
                let argument = text[place + word.len()..].strip_prefix('(').and_then(|rest| rest.split(')').next());
                let number = argument.and_then(|argument| argument.trim().parse::<u16>().ok());
                if number.is_none_or(|number| !(1..=partitions).contains(&number)) {
                    let word = format!("{word}({})", argument.unwrap_or_default());
                    let known =
                        (1..=partitions).map(|number| format!("{LEADER_OF}({number}), {FOLLOWERS_OF}({number})"));
                    let known = known.collect::<Vec<_>>().join(", ");
                    return Err(PlanError::UnknownWord { id: entry.id.clone(), key: key.to_owned(), word, known });
                }
            }
        }
        Ok(())
    }
}

impl GroundTruth<Zeebe> for Truth {
    fn words(&self) -> &[&str] {
        WORDS
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
