//! Properties of a cluster of Zeebe brokers, from what its nodes say and what an observer can read in them.
//!
//! | property | module | source |
//! |---|---|---|
//! | each partition's Raft group is safe | [`crate::raft`] | its own table |
//! | no stream processor dies | [`deaths`] | specs/zeebe.md 3.4; 11.1 (a) |
//! | what is committed stays, and is the same everywhere | [`committed`] | 11.1 (e) |
//!
//! A finding of one kind on one partition is reported once: what follows from it is not news.

pub mod committed;
pub mod deaths;
mod marks;

pub use marks::Marks;

use crate::raft::Safety;
use committed::Ledger;
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{Nanos, NodeId, SECONDS};
use kernel::world::World;
use zeebe::broker::Partition;
use zeebe::cluster::{Event, Process, Settings, Zeebe};
use zeebe::processor::Notice;

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which property, and how: no keys, positions or times, so that equal causes are one.
    pub signature: String,
    /// Where, on one line.
    pub detail: String,
    /// What happened, with its numbers.
    pub story: Vec<String>,
}

/// What a property finds; where it was is added by who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which property, and how.
    pub signature: &'static str,
    /// What the partition does not say.
    pub detail: String,
    /// What happened.
    pub story: Vec<String>,
}

/// What is remembered of a partition.
#[derive(Clone, Debug, Default)]
struct Watched {
    raft: Safety,
    ledger: Ledger,
}

/// All properties.
#[derive(Clone, Debug)]
pub struct Checks {
    /// By partition, from 1 on.
    partitions: Vec<Watched>,
    marks: Marks,
    broken: Vec<Violation>,
}

impl Checks {
    /// Checks of a cluster that has not started.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let partitions = vec![Watched::default(); usize::from(settings.partitions)];
        Checks { partitions, marks: Marks::default(), broken: Vec::new() }
    }

    /// What did not hold so far, in the order in which it was found.
    #[must_use]
    pub fn broken(&self) -> &[Violation] {
        &self.broken
    }

    /// How often things happened that can break a property.
    #[must_use]
    pub const fn marks(&self) -> Marks {
        self.marks
    }

    /// What does not hold at the end of a run whose faults have been over since `calm_since`.
    #[must_use]
    pub fn at_end(&self, world: &World<Zeebe>, calm_since: Nanos) -> Vec<Violation> {
        let _ = (world, calm_since);
        Vec::new()
    }

    /// Takes note of what a node said; `replica` is that of the partition it speaks of, if it is a broker that runs.
    fn see(&mut self, node: NodeId, event: &Event, replica: Option<&Partition>, at: Nanos) {
        self.marks.see(event);
        match event {
            Event::Raft(partition, event) => self.raft(node, *partition, event, replica, at),
            Event::Processor(partition, notice) => self.processor(node, *partition, notice, at),
            _ => {}
        }
    }

    fn raft(&mut self, node: NodeId, partition: u16, event: &raft::Event, replica: Option<&Partition>, at: Nanos) {
        let Some(watched) = self.partitions.get_mut(usize::from(partition) - 1) else { return };
        let before = watched.raft.broken().len();
        watched.raft.see(node, event);
        if let Some(found) = watched.raft.broken().get(before) {
            let finding = Finding { signature: found.check, detail: String::new(), story: vec![found.story.clone()] };
            return self.report(partition, finding, at);
        }
        if let raft::Event::Committed { from, to, .. } = *event
            && let Some(member) = replica.and_then(Partition::member)
        {
            let finding = watched.ledger.commit(node, (from, to), member);
            self.report_all(partition, finding, at);
        }
    }

    fn processor(&mut self, node: NodeId, partition: u16, notice: &Notice, at: Nanos) {
        if let Notice::Failed { death, why } = notice {
            self.report(partition, deaths::finding(node, *death, why), at);
        }
    }

    fn report_all(&mut self, partition: u16, findings: impl IntoIterator<Item = Finding>, at: Nanos) {
        findings.into_iter().for_each(|finding| self.report(partition, finding, at));
    }

    #[cold]
    fn report(&mut self, partition: u16, finding: Finding, at: Nanos) {
        let violation = violation(partition, finding, at);
        let is_news = |known: &Violation| known.signature != violation.signature || known.detail != violation.detail;
        if self.broken.iter().all(is_news) {
            self.broken.push(violation);
        }
    }
}

fn violation(partition: u16, finding: Finding, at: Nanos) -> Violation {
    let Finding { signature, detail, mut story } = finding;
    let separator = if detail.is_empty() { "" } else { ", " };
    if let Some(first) = story.first_mut() {
        *first = format!("at {:.3} s, partition {partition}: {first}", at as f64 / SECONDS as f64);
    }
    Violation { signature: signature.to_owned(), detail: format!("partition {partition}{separator}{detail}"), story }
}

impl Observer<Zeebe> for Checks {
    #[inline]
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, world: &World<Zeebe>) {
        let What::Emitted(said) = &event.what else { return };
        let number = match said {
            Event::Raft(number, raft::Event::Committed { .. }) | Event::Processor(number, _) => *number,
            _ => 0,
        };
        let replica = match world.node(event.node) {
            Some(Process::Broker(broker)) if number > 0 => broker.partition(number),
            _ => None,
        };
        self.see(event.node, said, replica, event.at);
    }
}

#[cfg(test)]
mod hand_made;
