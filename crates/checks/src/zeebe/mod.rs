//! Properties of a cluster of Zeebe brokers, from what its nodes say and what an observer can read in them.
//!
//! | property | module | source |
//! |---|---|---|
//! | each partition's Raft group is safe | [`crate::raft`] | its own table |
//! | no stream processor dies | [`deaths`] | specs/zeebe.md 3.4; 11.1 (a) |
//! | positions have no gap; batches are whole and in order | [`order`] | 1.3; 11.1 (d) |
//! | what is committed stays, and is the same everywhere | [`committed`] | 11.1 (e) |
//! | the state follows from the log | [`states`] | 11.1 (c) |
//! | deployments that clients were told of are known everywhere | [`deployments`] | 11.1 (b) |
//! | instances whose job a worker can have come to their end | [`instances`] | 11.1 (f) |
//! | when faults are over, every partition goes on and the gateway finds it | [`progress`] | 3.9, 7, 8 |
//!
//! [`divergences`] counts what replays would have written otherwise: a note, no failure (11.1 (c)).
//!
//! A finding of one kind on one partition is reported once: what follows from it is not news.

pub mod committed;
pub mod deaths;
pub mod deployments;
pub mod divergences;
mod end;
pub mod instances;
mod marks;
pub mod order;
pub mod progress;
pub mod states;

pub use marks::Marks;

use crate::raft::Safety;
use committed::Ledger;
use deployments::Deployments;
use divergences::Divergences;
use instances::Instances;
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{Nanos, NodeId, SECONDS};
use kernel::system::Input;
use kernel::world::World;
use order::Order;
use progress::Times;
use raft::{Body, Member};
use states::{How, States};
use zeebe::broker::Partition;
use zeebe::cluster::{Batch, Event, Job, Process, Settings, Zeebe};
use zeebe::gateway::{Reply, Response};
use zeebe::processor::{self, Notice, StreamProcessor};
use zeebe::protocol::{ElementType, Intent, JobIntent, Record, Value, WorkflowInstanceIntent};
use zeebe::state::State;

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which property, and how: no keys, positions or times, so that equal causes are one.
    pub signature: String,
    /// Where, on one line.
    pub detail: String,
    /// What happened, with its numbers.
    pub story: Vec<String>,
    /// The partition.
    pub partition: u16,
    /// The deployment that it is about, if it is about one.
    pub key: Option<i64>,
}

/// What a property finds; where it was is added by who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which property, and how.
    pub signature: &'static str,
    /// What the partition does not say.
    pub detail: String,
    /// The deployment that it is about, if it is about one.
    pub key: Option<i64>,
    /// What happened.
    pub story: Vec<String>,
}

/// A broker as people call it: brokers are the nodes from 0 on.
#[derive(Clone, Copy, Debug)]
struct Broker(NodeId);

impl std::fmt::Display for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "broker-{}", self.0.0)
    }
}

/// What is remembered of a partition.
#[derive(Clone, Debug, Default)]
struct Watched {
    raft: Safety,
    ledger: Ledger,
    order: Order,
    states: States,
    instances: Instances,
    times: Times,
}

/// All properties.
#[derive(Clone, Debug)]
pub struct Checks {
    brokers: u16,
    gateway: NodeId,
    /// By partition, from 1 on.
    partitions: Vec<Watched>,
    deployments: Deployments,
    divergences: Divergences,
    marks: Marks,
    broken: Vec<Violation>,
}

impl Checks {
    /// Checks of a cluster that has not started.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Checks {
            brokers: settings.brokers,
            gateway: settings.gateway_node(),
            partitions: vec![Watched::default(); usize::from(settings.partitions)],
            deployments: Deployments::default(),
            divergences: Divergences::default(),
            marks: Marks::default(),
            broken: Vec::new(),
        }
    }

    /// What did not hold so far, in the order in which it was found.
    #[must_use]
    pub fn broken(&self) -> &[Violation] {
        &self.broken
    }

    /// How often things happened that can break a property.
    #[must_use]
    pub fn marks(&self) -> Marks {
        let compared = self.partitions.iter().map(|watched| watched.states.compared).sum();
        Marks { compared, ..self.marks }
    }

    /// Where replays would have written something else than the log has, and upstream does not see it: no failures, a note
    /// per partition.
    #[must_use]
    pub fn divergences(&self) -> Vec<Violation> {
        self.divergences.notes(self.count())
    }

    /// Position of the first record and fingerprint of each entry that any replica of a partition has committed.
    pub fn committed_entries(&self, partition: u16) -> impl Iterator<Item = (u64, u64)> {
        self.watched(partition).ledger.entries()
    }

    fn count(&self) -> u16 {
        self.partitions.len() as u16
    }

    fn brokers(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.brokers).map(NodeId)
    }

    fn watched(&self, number: u16) -> &Watched {
        &self.partitions[usize::from(number) - 1]
    }

    /// Takes note of what a node said; `replica` is that of the partition it speaks of, if it is a broker that runs.
    fn see(&mut self, node: NodeId, event: &Event, replica: Option<&Partition>, at: Nanos) {
        self.marks.see(event);
        match event {
            Event::Raft(number, event) => self.raft(node, *number, event, replica, at),
            Event::Processor(number, notice) => self.processor(node, *number, notice, replica, at),
            Event::Installed { partition, role: raft::Role::Leader, .. } => {
                self.partitions[usize::from(*partition) - 1].times.installed = at;
            }
            Event::Told(_, Reply::Response(response)) => self.told(response, at),
            _ => {}
        }
    }

    fn told(&mut self, response: &Response, at: Nanos) {
        match response {
            Response::Deployed { key, workflows } => self.deployments.told(*key, workflows, at),
            Response::Created { workflow_instance_key: key, .. } => {
                let watched = instances::place_of(*key).and_then(|place| self.partitions.get_mut(place));
                watched.into_iter().for_each(|watched| watched.instances.told(*key, at));
            }
            _ => {}
        }
    }

    fn raft(&mut self, node: NodeId, number: u16, event: &raft::Event, replica: Option<&Partition>, at: Nanos) {
        let watched = &mut self.partitions[usize::from(number) - 1];
        let before = watched.raft.broken().len();
        watched.raft.see(node, event);
        if let Some(found) = watched.raft.broken().get(before) {
            let finding =
                Finding { signature: found.check, detail: String::new(), key: None, story: vec![found.story.clone()] };
            self.report(number, finding, at);
        }
        if let raft::Event::Committed { from, to, .. } = *event
            && let Some(member) = replica.and_then(Partition::member)
        {
            self.committed(node, number, (from, to), member, at);
        }
    }

    fn committed(&mut self, node: NodeId, number: u16, range: (u64, u64), member: &Member<Batch>, at: Nanos) {
        let watched = &mut self.partitions[usize::from(number) - 1];
        let known = watched.ledger.last();
        let mut finding = watched.ledger.commit(node, range, member);
        for index in known + 1..=watched.ledger.last() {
            watched.times.committed = at;
            match member.log().get(index).map(|entry| &entry.body) {
                Some(Body::Application(_, batch)) => {
                    let found = watched.order.see(batch.records());
                    finding = finding.or(found);
                    self.marks.completed +=
                        batch.records().iter().filter(|record| ends_instance(record)).count() as u64;
                    batch.records().iter().filter_map(completed_job).for_each(|job| {
                        watched.instances.job_completed(job, at);
                    });
                }
                Some(Body::Initialize) => {}
                None => watched.order.skip(),
            }
        }
        if let Some(finding) = finding {
            self.report(number, finding, at);
        }
    }

    fn processor(&mut self, node: NodeId, number: u16, notice: &Notice, replica: Option<&Partition>, at: Nanos) {
        let state = replica.and_then(Partition::processor).map(StreamProcessor::state);
        match notice {
            Notice::Processed { position } => {
                let watched = &mut self.partitions[usize::from(number) - 1];
                watched.times.processed = at;
                match state.map(|state| (state, state.last_processed())) {
                    Some((state, last)) if last == *position => self.state(node, number, How::Processed, state, at),
                    Some((_, last)) => watched.states.forget(last),
                    None => {}
                }
            }
            Notice::RecoveredFrom { .. } => {
                state.into_iter().for_each(|state| self.state(node, number, How::Opened, state, at));
            }
            Notice::Diverged { position, listed } => self.divergences.see(node, number, *position, *listed, at),
            Notice::Failed { death, why, met } => self.report(number, deaths::finding(node, *death, why, *met), at),
            _ => {}
        }
    }

    fn state(&mut self, node: NodeId, number: u16, how: How, state: &State, at: Nanos) {
        let states = &mut self.partitions[usize::from(number) - 1].states;
        if let Some(finding) = states.see(node, how, state.last_processed(), state) {
            self.report(number, finding, at);
        }
    }

    #[cold]
    fn report(&mut self, number: u16, finding: Finding, at: Nanos) {
        let violation = violation(number, finding, at);
        let is_news = |known: &Violation| known.signature != violation.signature || known.detail != violation.detail;
        if self.broken.iter().all(is_news) {
            self.broken.push(violation);
        }
    }
}

/// Whether a record is the end of an instance.
fn ends_instance(record: &Record) -> bool {
    record.intent == Intent::WorkflowInstance(WorkflowInstanceIntent::ElementCompleted)
        && matches!(&record.value, Value::WorkflowInstance(value) if value.bpmn_element_type == ElementType::Process)
}

/// The instance whose job a record completes.
fn completed_job(record: &Record) -> Option<i64> {
    match &record.value {
        Value::Job(job) if record.intent == Intent::Job(JobIntent::Completed) => Some(job.workflow_instance_key),
        _ => None,
    }
}

fn violation(partition: u16, finding: Finding, at: Nanos) -> Violation {
    let Finding { signature, detail, key, mut story } = finding;
    let separator = if detail.is_empty() { "" } else { ", " };
    if let Some(first) = story.first_mut() {
        *first = format!("at {:.3} s, partition {partition}: {first}", at as f64 / SECONDS as f64);
    }
    let detail = format!("partition {partition}{separator}{detail}");
    Violation { signature: signature.to_owned(), detail, story, partition, key }
}

/// A broker's replica of a partition.
fn replica_of(world: &World<Zeebe>, node: NodeId, number: u16) -> Option<&Partition> {
    match world.node(node) {
        Some(Process::Broker(broker)) => broker.partition(number),
        _ => None,
    }
}

impl Observer<Zeebe> for Checks {
    #[inline]
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, world: &World<Zeebe>) {
        match &event.what {
            What::Emitted(said) => {
                let replica = match said {
                    Event::Raft(number, raft::Event::Committed { .. }) | Event::Processor(number, _) => {
                        replica_of(world, event.node, *number)
                    }
                    _ => None,
                };
                self.see(event.node, said, replica, event.at);
            }
            // Between two records of a replay the state is the one after the last that was run again.
            What::Input(Input::Job {
                job: Job::Processor { partition, epoch, job: processor::Job::Reprocess },
                ..
            }) => {
                let replica = replica_of(world, event.node, *partition);
                let replica = replica.filter(|replica| replica.epoch() == *epoch);
                if let Some(processor) = replica.and_then(Partition::processor) {
                    self.state(event.node, *partition, How::Replayed, processor.state(), event.at);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod hand_made;
