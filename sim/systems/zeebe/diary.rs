//! What `relapse run` shows of a cluster: who led which partition when, which snapshots there are, who is well, and which
//! deployments are known where.

use std::collections::BTreeMap;

use kernel::State;
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{Nanos, NodeId};
use kernel::world::World;
use raft::Role;
use zeebe::broker::{Broker, Health};
use zeebe::cluster::{Event, Process, Settings, Zeebe};
use zeebe::gateway::{Reply, Response};
use zeebe::processor::Phase;

use crate::scenario::duration::show_duration;

/// Leaders of a partition that are shown; the first of more are left out.
const LEADERS_SHOWN: usize = 8;
/// Deployments that are shown; the first of more are left out.
const DEPLOYMENTS_SHOWN: usize = 12;

/// What happened that is shown.
#[derive(Clone, Debug, Default)]
pub struct Diary {
    /// By partition: when the services of a leader were installed where, and the term.
    leaders: BTreeMap<u16, Vec<(Nanos, NodeId, u64)>>,
    /// By key: when the client heard of a deployment, and the workflow that it brought or confirmed.
    deployments: BTreeMap<i64, (Nanos, i64, i32)>,
}

impl Observer<Zeebe> for Diary {
    fn on_event(&mut self, event: &Traced<'_, Zeebe>, _: &World<Zeebe>) {
        match event.what {
            What::Emitted(Event::Installed { partition, role: Role::Leader, term }) => {
                self.leaders.entry(*partition).or_default().push((event.at, event.node, *term));
            }
            What::Emitted(Event::Told(_, Reply::Response(Response::Deployed { key, workflows }))) => {
                let of = workflows.first().map_or((-1, 0), |workflow| (workflow.workflow_key, workflow.version));
                self.deployments.insert(*key, (event.at, of.0, of.1));
            }
            _ => {}
        }
    }
}

fn broker(world: &World<Zeebe>, node: NodeId) -> Option<&Broker> {
    match world.node(node) {
        Some(Process::Broker(broker)) => Some(broker),
        _ => None,
    }
}

impl Diary {
    /// The lines, at the end of the run.
    pub fn lines(&self, world: &World<Zeebe>, settings: &Settings) -> Vec<String> {
        let mut lines = Vec::new();
        for partition in 1..=settings.partitions {
            lines.push(self.leaders(partition));
            lines.extend(snapshots(world, settings, partition));
        }
        lines.extend(settings.nodes().map(|node| health(world, settings, node)));
        let hidden = self.deployments.len().saturating_sub(DEPLOYMENTS_SHOWN);
        if hidden > 0 {
            lines.push(format!("deployments: {hidden} earlier ones are not shown"));
        }
        lines.extend(self.deployments.iter().skip(hidden).map(|(key, told)| known(world, settings, *key, *told)));
        lines
    }

    fn leaders(&self, partition: u16) -> String {
        let all = self.leaders.get(&partition).map_or(&[][..], Vec::as_slice);
        let hidden = all.len().saturating_sub(LEADERS_SHOWN);
        let one = |(at, node, term): &(Nanos, NodeId, u64)| {
            format!("broker-{} from {} (term {term})", node.0, show_duration((*at).into()))
        };
        let shown: Vec<String> = all[hidden..].iter().map(one).collect();
        let before = if hidden > 0 { format!("{hidden} before, ") } else { String::new() };
        let shown = if shown.is_empty() { "nobody".to_owned() } else { shown.join(", ") };
        format!("partition {partition} led by: {before}{shown}")
    }
}

/// Each replica's snapshot; nothing if there is none at all.
fn snapshots(world: &World<Zeebe>, settings: &Settings, partition: u16) -> Option<String> {
    let snapshot = |node: NodeId| broker(world, node)?.partition(partition)?.snapshot();
    let one = |node: NodeId| match snapshot(node) {
        Some((_, position)) => format!("broker-{} at position {position}", node.0),
        None => format!("broker-{} none", node.0),
    };
    let any = settings.nodes().any(|node| snapshot(node).is_some());
    any.then(|| {
        format!("partition {partition} snapshots: {}", settings.nodes().map(one).collect::<Vec<_>>().join(", "))
    })
}

/// Readiness, which is what an orchestrator asks for, against health, which nobody asks for by default.
fn health(world: &World<Zeebe>, settings: &Settings, node: NodeId) -> String {
    let state = match world.state(node) {
        State::Up => None,
        State::Down | State::Dark => Some("down"),
        State::Paused => Some("paused"),
        State::Hung => Some("hung"),
    };
    let (None, Some(broker)) = (state, broker(world, node)) else {
        return format!("broker-{}: {}", node.0, state.unwrap_or("down"));
    };
    let ready = if broker.is_ready() { "ready" } else { "not ready" };
    let partition = |number: u16| {
        let partition = broker.partition(number).filter(|partition| partition.health() == Health::Unhealthy)?;
        let dead = partition.processor().is_some_and(|processor| processor.phase() == Phase::Failed);
        Some(format!("partition {number}{}", if dead { " (its stream processor is dead)" } else { "" }))
    };
    let unhealthy: Vec<String> = (1..=settings.partitions).filter_map(partition).collect();
    if unhealthy.is_empty() {
        return format!("broker-{}: {ready}, healthy", node.0);
    }
    format!("broker-{}: {ready}, unhealthy: {}", node.0, unhealthy.join(", "))
}

/// Whether the leader of each partition has the workflow of a deployment.
fn known(world: &World<Zeebe>, settings: &Settings, key: i64, told: (Nanos, i64, i32)) -> String {
    let (at, workflow, version) = told;
    let knows = |partition: u16| {
        let processors = settings.nodes().filter_map(|node| broker(world, node)?.partition(partition)?.processor());
        let mut alive = processors.filter(|processor| processor.phase() != Phase::Failed);
        alive.any(|processor| processor.state().workflow(workflow).is_some())
    };
    let (known, unknown): (Vec<u16>, Vec<u16>) = (1..=settings.partitions).partition(|partition| knows(*partition));
    let list = |partitions: &[u16]| partitions.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    let known = if known.is_empty() { "no partition".to_owned() } else { format!("partitions {}", list(&known)) };
    let lacks = if unknown.is_empty() { String::new() } else { format!(", unknown on {}", list(&unknown)) };
    let at = show_duration(at.into());
    format!("deployment {key} (version {version}), answered at {at}: known on {known}{lacks}")
}
