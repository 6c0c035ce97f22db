//! A run up to a moment, to look at a node's log there.

use std::collections::BTreeSet;

use checks::zeebe::Checks;
use explore::Lot;
use kernel::budget::{Budget, Stop};
use kernel::identity::Nanos;
use kernel::world::World;
use miette::Report;
use raft::Role;
use zeebe::broker::{EntryOnDisk, OnDisk};
use zeebe::cluster::{Process, Zeebe};
use zeebe::protocol::Record;

use super::plan::{Plan, broker};
use crate::host::Host;
use crate::scenario::duration::show_duration;
use crate::scenario::problem::Problem;
use crate::systems::drive::Drive;

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
    /// How many of them are committed, as whoever sees all brokers knows.
    pub committed: usize,
}

impl Plan {
    /// The committed records that a broker has of a partition at a time; at the end of the run if none is asked for. Of a
    /// broker that is down, the log that is on its disk.
    pub fn log_at(&self, lot: Lot, asked: Option<Nanos>, node: &str, partition: u16) -> Result<NodeLog, Report> {
        let at = asked.unwrap_or(self.budget.until);
        let number = broker(&self.settings, node).map_err(|(message, help)| Problem::Usage {
            message: format!("--node {node}: {message}"),
            help: Some(help),
        })?;
        if !(1..=self.settings.partitions).contains(&partition) {
            let message = format!("--partition {partition}: there is no such partition");
            let help = Some(format!("there are 1 to {}", self.settings.partitions));
            return Err(Problem::Usage { message, help }.into());
        }
        let (world, checks, over) = self.world_at(lot, at);
        if let (true, Some(asked)) = (over, asked.filter(|asked| *asked > world.now())) {
            let message = format!("--at {}: the run ended before", show_duration(asked.into()));
            let help = Some(format!("it ended at {}: choose an earlier time", show_duration(world.now().into())));
            return Err(Problem::Usage { message, help }.into());
        }
        // Nothing happened between the last event and the time that was asked for.
        let at = if over { world.now() } else { at };
        let Some(Process::Broker(broker)) = world.node(number) else {
            let OnDisk { term, snapshot, records, entries } = OnDisk::read(world.disk(number), partition);
            let known: BTreeSet<(u64, u64)> = checks.committed_entries(partition).collect();
            let is_committed = |entry: &&EntryOnDisk| known.contains(&(entry.lowest, entry.fingerprint));
            let committed = entries.iter().take_while(is_committed).map(|entry| entry.records).sum();
            return Ok(NodeLog { at, role: None, term, snapshot, records, committed });
        };
        let replica = broker.partition(partition).expect("the partition is there");
        let (role, term) = replica.member().map_or((Role::Inactive, 0), |member| (member.role(), member.term()));
        let snapshot = replica.snapshot().map(|(_, position)| position);
        let records: Vec<Record> = replica.records().cloned().collect();
        Ok(NodeLog { at, role: Some(role), term, snapshot, committed: records.len(), records })
    }

    /// The world of a seed at a time with what was seen of it, and whether the run ended before: by a budget, or by what a check found.
    fn world_at(&self, lot: Lot, at: Nanos) -> (World<Zeebe>, Checks, bool) {
        Host::Plain.enter(lot.seed, |clock| {
            let mut world = self.build(lot.seed);
            let mut injector = self.injector(&mut world).expect("checked when resolved");
            let mut checks = Checks::new(&self.settings);
            let until = at.min(self.budget.until);
            let drive = Drive { budget: Budget { until, ..self.budget }, fork: lot.fork, ..self.drive(None) };
            let found = |checks: &Checks| !checks.broken().is_empty();
            let ended = drive.run(clock, &mut world, Some(&mut injector), &mut checks, found);
            let over = found(&checks) || !matches!(ended, Some(Stop::Time | Stop::Idle));
            (world, checks, over)
        })
    }
}
