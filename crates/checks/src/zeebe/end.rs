//! What is judged at the end of a run: what the leaders hold, read once.

use super::progress::{Replica, Times};
use super::{Checks, Finding, Violation, deployments, instances, progress, violation};
use kernel::State as ProcessState;
use kernel::identity::{MILLIS, Nanos, NodeId};
use kernel::world::World;
use raft::Role as RaftRole;
use std::collections::BTreeSet;
use zeebe::broker::Partition;
use zeebe::client_node::ClientRole;
use zeebe::cluster::{Process, Role, Zeebe};
use zeebe::processor::{Phase, StreamProcessor};
use zeebe::protocol::Text;

/// The one leader of a partition, with a stream processor that processes.
struct Leader<'a> {
    node: NodeId,
    partition: &'a Partition,
    processor: &'a StreamProcessor,
}

fn replica(world: &World<Zeebe>, node: NodeId, number: u16) -> Option<&Partition> {
    match world.node(node) {
        Some(Process::Broker(broker)) if world.state(node) == ProcessState::Up => broker.partition(number),
        _ => None,
    }
}

fn seen(world: &World<Zeebe>, node: NodeId, number: u16) -> Replica {
    let replica = replica(world, node, number);
    let leads = replica.filter(|replica| replica.installed() == Some(RaftRole::Leader));
    let processor = leads.and_then(Partition::processor);
    let unread = |(partition, processor): (&Partition, &StreamProcessor)| {
        partition.commit_position() - (processor.reads_next() - 1)
    };
    // A member whose disk failed may know of commits that it has not.
    let uncommitted =
        leads.and_then(Partition::member).map(|member| member.log().last_index().saturating_sub(member.commit_index()));
    Replica {
        node,
        works: replica.is_some(),
        leads: processor.map(StreamProcessor::phase),
        unread: leads.zip(processor).map_or(0, unread),
        uncommitted: uncommitted.unwrap_or_default(),
    }
}

/// Types of jobs with a worker that is there and does not close before the end.
fn worked(world: &World<Zeebe>) -> Vec<Text> {
    let types = world.ids().filter_map(|node| match world.role(node) {
        Role::Client(_, ClientRole::Worker { settings, closes, .. })
            if world.state(node) == ProcessState::Up && closes.is_none_or(|(at, _)| at > world.now()) =>
        {
            Some(settings.job_type.clone())
        }
        _ => None,
    });
    types.collect()
}

impl Checks {
    /// What does not hold at the end of a run whose faults have been over since `calm_since`.
    #[must_use]
    pub fn at_end(&self, world: &World<Zeebe>, calm_since: Nanos) -> Vec<Violation> {
        let now = world.now();
        let worked = worked(world);
        let leaders: Vec<Option<Leader<'_>>> = (1..=self.count()).map(|number| self.leader(world, number)).collect();
        let installed = |number: u16| self.times(number).installed;
        let mut violations = Vec::new();
        for (number, leader) in (1..).zip(&leaders) {
            let mut add = |findings: Option<Finding>| {
                violations.extend(findings.map(|finding| violation(number, finding, now)));
            };
            if now >= calm_since.saturating_add(progress::CALM) {
                let replicas: Vec<Replica> = self.brokers().map(|node| seen(world, node, number)).collect();
                add(progress::partition(&replicas, self.times(number), now));
            }
            let Some(leader) = leader else { continue };
            let (node, state) = (leader.node, leader.processor.state());
            if now >= calm_since.saturating_add(progress::CALM)
                && let Some(Process::Gateway(gateway)) = world.node(self.gateway)
            {
                add(progress::gateway(gateway.topology().leader(number), node, self.times(number), now));
            }
            if let Some(member) = leader.partition.member() {
                add(self.watched(number).ledger.missing(node, member.log().first_index(), member));
            }
            let settled = calm_since.max(installed(1)).max(installed(number));
            if now >= settled.saturating_add(deployments::SETTLED) {
                let before = now - deployments::SETTLED;
                add(self.deployments.missing(before, |workflow| state.workflow(workflow).is_some()));
            }
            let others = (1..number).zip(&leaders).filter_map(|(number, other)| Some((number, other.as_ref()?)));
            let mut differing =
                others.filter_map(|(number, other)| deployments::differing(state, (number, other.processor.state())));
            add(differing.next());
            let free_since = calm_since.max(installed(number));
            let moved = moved(world, leader);
            let moved = |instance: i64| moved.contains(&instance);
            add(self.watched(number).instances.stuck(state, &worked, (free_since, now), moved));
        }
        violations
    }

    fn leader<'a>(&self, world: &'a World<Zeebe>, number: u16) -> Option<Leader<'a>> {
        let mut leaders = self.brokers().filter_map(|node| {
            let partition = replica(world, node, number)?;
            let leads = partition.installed() == Some(RaftRole::Leader);
            let processor =
                partition.processor().filter(|processor| leads && processor.phase() == Phase::Processing)?;
            Some(Leader { node, partition, processor })
        });
        leaders.next().filter(|_| leaders.next().is_none())
    }

    fn times(&self, number: u16) -> Times {
        self.watched(number).times
    }
}

/// The instances that the log has had something of just now, by the leader's clock.
fn moved(world: &World<Zeebe>, leader: &Leader<'_>) -> BTreeSet<i64> {
    let (_, wall) = world.clock(leader.node);
    let since = (wall.saturating_sub(instances::MOVED) / MILLIS).cast_signed();
    let recent = leader.partition.records().filter(|record| record.timestamp >= since);
    recent.filter_map(|record| record.value.workflow_instance_key()).collect()
}
