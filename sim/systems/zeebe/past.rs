//! A run up to a moment, to look at a node's log there.

use checks::zeebe::Checks;
use kernel::budget::{Budget, Stop};
use kernel::identity::{Nanos, NodeId};
use kernel::world::World;
use miette::Report;
use raft::Role;
use zeebe::broker::OnDisk;
use zeebe::cluster::{Process, Zeebe};
use zeebe::protocol::Record;

use super::plan::Plan;
use super::run::SLICE;
use crate::scenario::duration::show_duration;
use crate::scenario::nearest::suggest;
use crate::scenario::problem::Problem;

/// A broker's log of a partition at a moment.
#[derive(Clone, Debug)]
pub struct NodeLog {
    /// When it was looked at.
    pub at: Nanos,
    /// The Raft role; none if the broker is down, and this is what its disk has.
    pub role: Option<Role>,
    /// The term.
    pub term: u64,
    /// What the replica's snapshot holds as processed last, if there is one.
    pub snapshot: Option<i64>,
    /// Committed records, in order of their positions; of a broker that is down all of them, committed or not. Those that a
    /// snapshot covers may be gone.
    pub records: Vec<Record>,
}

impl Plan {
    /// The committed records that a broker has of a partition at a time; at the end of the run if none is asked for. Of a
    /// broker that is down, the log that is on its disk.
    pub fn log_at(&self, seed: u64, asked: Option<Nanos>, node: &str, partition: u16) -> Result<NodeLog, Report> {
        let at = asked.unwrap_or(self.budget.until);
        let number = self.broker(node)?;
        if !(1..=self.settings.partitions).contains(&partition) {
            let message = format!("--partition {partition}: there is no such partition");
            let help = Some(format!("there are 1 to {}", self.settings.partitions));
            return Err(Problem::Usage { message, help }.into());
        }
        let (world, over) = self.world_at(seed, at);
        if let (true, Some(asked)) = (over, asked.filter(|asked| *asked > world.now())) {
            let message = format!("--at {}: the run ended before", show_duration(asked.into()));
            let help = Some(format!("it ended at {}: choose an earlier time", show_duration(world.now().into())));
            return Err(Problem::Usage { message, help }.into());
        }
        let Some(Process::Broker(broker)) = world.node(number) else {
            let OnDisk { term, snapshot, records } = OnDisk::read(world.disk(number), partition);
            return Ok(NodeLog { at: world.now(), role: None, term, snapshot, records });
        };
        let replica = broker.partition(partition).expect("the partition is there");
        let (role, term) = replica.member().map_or((Role::Inactive, 0), |member| (member.role(), member.term()));
        let snapshot = replica.snapshot().map(|(_, position)| position);
        Ok(NodeLog { at: world.now(), role: Some(role), term, snapshot, records: replica.records().cloned().collect() })
    }

    fn broker(&self, node: &str) -> Result<NodeId, Report> {
        let known: Vec<String> = self.settings.nodes().map(|node| format!("broker-{}", node.0)).collect();
        let found = self.settings.nodes().zip(&known).find(|(_, name)| *name == node);
        found.map(|(id, _)| id).ok_or_else(|| {
            let message = format!("--node {node}: there is no such broker");
            Problem::Usage { message, help: Some(suggest(node, known.iter().map(String::as_str))) }.into()
        })
    }

    /// The world of a seed at a time, and whether the run ended before: by its events, or by what a check found.
    fn world_at(&self, seed: u64, at: Nanos) -> (World<Zeebe>, bool) {
        let mut world = self.build(seed);
        let mut injector = self.injector(&mut world).expect("checked when resolved");
        let mut checks = Checks::new(&self.settings);
        loop {
            let events = (world.events() + SLICE).min(self.budget.events);
            let budget = Budget { until: at.min(self.budget.until), events };
            let ended = faults::injector::run(&mut world, &mut injector, budget, &mut checks);
            let over = !checks.broken().is_empty() || world.events() >= self.budget.events;
            if over || ended != Stop::Events {
                return (world, over);
            }
        }
    }
}
