//! A run up to a moment, to look at a node's log there.

use kernel::budget::Budget;
use kernel::identity::{Nanos, NodeId};
use kernel::world::World;
use miette::Report;
use raft::Role;
use zeebe::cluster::{Process, Zeebe};
use zeebe::protocol::Record;

use super::plan::Plan;
use crate::scenario::nearest::suggest;
use crate::scenario::problem::Problem;

/// A broker's log of a partition at a moment.
#[derive(Clone, Debug)]
pub struct NodeLog {
    /// The Raft role, and its term.
    pub role: Role,
    /// The term.
    pub term: u64,
    /// What the replica's snapshot holds as processed last, if there is one.
    pub snapshot: Option<i64>,
    /// Committed records, in order of their positions. Those that a snapshot covers may be gone.
    pub records: Vec<Record>,
}

impl Plan {
    /// The committed records that a broker has of a partition at a time.
    pub fn log_at(&self, seed: u64, at: Nanos, node: &str, partition: u16) -> Result<NodeLog, Report> {
        let number = self.broker(node)?;
        if !(1..=self.settings.partitions).contains(&partition) {
            let message = format!("--partition {partition}: there is no such partition");
            let help = Some(format!("there are 1 to {}", self.settings.partitions));
            return Err(Problem::Usage { message, help }.into());
        }
        let world = self.world_at(seed, at);
        let Some(Process::Broker(broker)) = world.node(number) else {
            let message = format!("--node {node}: it has no process at that time");
            let help = Some("look at another time with --at, or at another node".to_owned());
            return Err(Problem::Usage { message, help }.into());
        };
        let replica = broker.partition(partition).expect("the partition is there");
        let (role, term) = replica.member().map_or((Role::Inactive, 0), |member| (member.role(), member.term()));
        let snapshot = replica.snapshot().map(|(_, position)| position);
        Ok(NodeLog { role, term, snapshot, records: replica.records().cloned().collect() })
    }

    fn broker(&self, node: &str) -> Result<NodeId, Report> {
        let known: Vec<String> = self.settings.nodes().map(|node| format!("broker-{}", node.0)).collect();
        let found = self.settings.nodes().zip(&known).find(|(_, name)| *name == node);
        found.map(|(id, _)| id).ok_or_else(|| {
            let message = format!("--node {node}: there is no such broker");
            Problem::Usage { message, help: Some(suggest(node, known.iter().map(String::as_str))) }.into()
        })
    }

    /// The world of a seed at a time, or at the end of the run if that comes first.
    fn world_at(&self, seed: u64, at: Nanos) -> World<Zeebe> {
        let mut world = self.build(seed);
        let budget = Budget { until: at.min(self.budget.until), ..self.budget };
        if self.is_quiet() {
            world.run(budget, &mut ());
        } else {
            let mut injector = self.injector(&mut world).expect("checked when resolved");
            faults::injector::run(&mut world, &mut injector, budget, &mut ());
        }
        world
    }
}
