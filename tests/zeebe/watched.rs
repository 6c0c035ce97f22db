//! A run of a scenario that is looked at while it goes on: who recovered from which snapshot, who died, who is well.

use faults::injector::Injector;
use kernel::State;
use kernel::control::Command;
use kernel::disk::Unsynced;
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{Nanos, NodeId, SECONDS};
use kernel::world::World;
use relapse::systems::zeebe::{Plan, Truth};
use zeebe::broker::{Broker, Partition};
use zeebe::cluster::{Event, Process, Zeebe};
use zeebe::processor::Notice;
use zeebe::protocol::{DeploymentIntent, Intent, Record, RecordType};

/// A stream processor that came up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recovery {
    pub node: NodeId,
    pub partition: u16,
    /// The position in its snapshot, -1 for none.
    pub snapshot: i64,
    /// Up to which source it replays; nothing without a replay.
    pub last_source: Option<i64>,
}

/// A stream processor that died.
#[derive(Clone, Debug)]
pub struct Death {
    pub at: Nanos,
    pub node: NodeId,
    pub partition: u16,
    pub why: String,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub recoveries: Vec<Recovery>,
    /// Recoveries that were completed: broker, partition.
    pub recovered: Vec<(NodeId, u16)>,
    pub deaths: Vec<Death>,
    /// Records of a replay that were run again: broker, partition, position.
    pub again: Vec<(NodeId, u16, i64)>,
}

impl Observer<Zeebe> for Seen {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, _: &World<Zeebe>) {
        let What::Emitted(Event::Processor(partition, notice)) = event.what else { return };
        let (at, node, partition) = (event.at, event.node, *partition);
        match notice {
            Notice::RecoveredFrom { snapshot } => {
                self.recoveries.push(Recovery { node, partition, snapshot: *snapshot, last_source: None });
            }
            Notice::Reprocessing { last_source } => {
                let of = |known: &&mut Recovery| known.node == node && known.partition == partition;
                let recovery = self.recoveries.iter_mut().rfind(of).expect("its state was opened before");
                recovery.last_source = Some(*last_source);
            }
            Notice::Recovered => self.recovered.push((node, partition)),
            Notice::RunsAgain { position, .. } => self.again.push((node, partition, *position)),
            Notice::Failed { why, .. } => self.deaths.push(Death { at, node, partition, why: why.clone() }),
            _ => {}
        }
    }
}

impl Death {
    /// A number of the record that it died of, as its exception has it: `position`, `sourceRecordPosition`.
    pub fn number(&self, member: &str) -> i64 {
        let (_, rest) = self.why.split_once(&format!("\"{member}\":")).unwrap_or_else(|| panic!("{}", self.why));
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        number.parse().unwrap_or_else(|_| panic!("{member} in {}", self.why))
    }
}

/// Drives a plan with its faults, and stops at times to look.
pub struct Driven {
    pub world: World<Zeebe>,
    pub seen: Seen,
    injector: Injector<Truth>,
}

impl Driven {
    /// A run at its beginning.
    pub fn new(plan: &Plan, seed: u64) -> Self {
        let mut world = plan.build(seed);
        let injector = plan.injector(&mut world).expect("a plan that can be carried out");
        Driven { world, seen: Seen::default(), injector }
    }

    /// Goes on until a second of virtual time.
    pub fn until(&mut self, seconds: u64) {
        while self.world.next_at().is_some_and(|at| at <= seconds * SECONDS)
            && self.injector.step(&mut self.world, &mut self.seen)
        {}
    }

    /// Ends a broker's process.
    pub fn kill(&mut self, node: NodeId) {
        self.world.control(Command::Kill { node, unsynced: Unsynced::Keep, dark: false }, &mut self.seen);
    }

    /// Starts a broker that has no process.
    pub fn start(&mut self, node: NodeId) {
        self.world.control(Command::Start { node, readdress: false }, &mut self.seen);
    }

    /// A broker that runs.
    pub fn broker(&self, node: NodeId) -> &Broker {
        match self.world.node(node) {
            Some(Process::Broker(broker)) => broker,
            other => panic!("{other:?}"),
        }
    }

    /// A broker's replica.
    pub fn replica(&self, node: NodeId, partition: u16) -> &Partition {
        self.broker(node).partition(partition).expect("a replica")
    }

    /// The longest committed log of a partition on a broker that runs.
    pub fn log(&self, partition: u16) -> Vec<Record> {
        let running = (0..3).map(NodeId).filter(|node| self.world.state(*node) == State::Up);
        let logs = running.map(|node| self.replica(node, partition).records().cloned().collect::<Vec<_>>());
        logs.max_by_key(Vec::len).expect("one that runs")
    }
}

/// Positions of the CREATED and of the refused CREATE of deployments.
pub fn deployments(log: &[Record]) -> (Vec<i64>, Vec<i64>) {
    let of = |kind, intent: DeploymentIntent| {
        let is_it = move |record: &&Record| record.kind == kind && record.intent == Intent::Deployment(intent);
        log.iter().filter(is_it).map(|record| record.position).collect::<Vec<_>>()
    };
    let created = of(RecordType::Event, DeploymentIntent::Created);
    (created, of(RecordType::CommandRejection, DeploymentIntent::Create))
}
