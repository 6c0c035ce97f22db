//! Distribution of deployments from partition 1 to the others: pushes, confirmations, and two timers.
//!
//! Upstream hands the timer of 15 s the very list of missing partitions that it keeps, and the push empties that list: the
//! timer after it finds nothing missing, so a partition that took the push and did not confirm is pushed to once more and
//! then never again (camunda/zeebe#8525).
//!
//= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/engine/impl/DeploymentDistributorImpl.java (all of it)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/deployment/distribute/DeploymentDistributeProcessor.java

use super::StreamProcessor;
use super::death::Death;
use super::host::{Host, Notice, Wait};
use super::queue::Job;
use crate::engine::{DEPLOYMENT_PARTITION, FollowUp};
use crate::protocol::{Deployment, DeploymentIntent, RecordType, Value};
use crate::state::Pending;
use kernel::identity::NodeId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Milliseconds after which confirmations should be in.
const CONFIRMATIONS_MS: u64 = 15_000;
/// Milliseconds until a push is tried again.
const RETRY_MS: u64 = 100;

/// A stream processor's memory of its distributions; gone with it.
#[derive(Clone, Debug)]
pub struct Distributor {
    others: Vec<u16>,
    /// Deployments whose completion somebody waits for; whether it is to be written to the log.
    futures: BTreeMap<i64, bool>,
    /// Partitions that have not confirmed, from the first question on.
    missing: BTreeMap<i64, Vec<u16>>,
    /// Lists of partitions that are still to be pushed to, by deployment and chain. A chain without a list of its own works
    /// on the list of those missing.
    lists: BTreeMap<(i64, u32), Option<Vec<u16>>>,
    /// What is pushed: a request outlives the note that its deployment is under way.
    requests: BTreeMap<i64, Arc<Deployment>>,
    chains: u32,
}

impl Distributor {
    pub(super) fn new(partitions: u16) -> Self {
        let others = (1..=partitions).filter(|partition| *partition != DEPLOYMENT_PARTITION).collect();
        let (futures, missing, lists) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Distributor { others, futures, missing, lists, requests: BTreeMap::new(), chains: 0 }
    }

    fn missing(&mut self, key: i64) -> &mut Vec<u16> {
        let others = &self.others;
        self.missing.entry(key).or_insert_with(|| others.clone())
    }

    fn list(&mut self, key: i64, chain: u32) -> Option<&mut Vec<u16>> {
        if self.lists.get(&(key, chain))?.is_none() {
            return Some(self.missing(key));
        }
        self.lists.get_mut(&(key, chain))?.as_mut()
    }
}

impl StreamProcessor {
    /// Notes a deployment as under way, whatever was noted of it before, and pushes it. The count starts anew, and who
    /// waited for an earlier push waits for ever.
    pub(super) fn push_deployment<H: Host>(&mut self, key: i64, position: i64, into_log: bool, host: &mut H) {
        let count = i64::from(self.partitions) - 1;
        let known = self.state.pending(key).map(|pending| pending.deployment.clone());
        let of_record = || match self.current.as_ref().map(|record| &record.value) {
            Some(Value::Deployment(deployment)) => Some(deployment.clone()),
            _ => None,
        };
        let Some(deployment) = known.or_else(of_record) else { return };
        self.distributor.requests.insert(key, deployment.clone());
        self.state.alone(|state| state.put_pending(key, Pending { count, source_position: position, deployment }));
        self.distributor.futures.insert(key, into_log);
        if self.distributor.others.is_empty() {
            return self.complete(key, host);
        }
        let list = self.distributor.others.clone();
        self.prepare(key, Some(list), host);
    }

    /// What the state says is under way when the recovery is over.
    pub(super) fn push_pending<H: Host>(&mut self, host: &mut H) {
        let pending: Vec<(i64, i64)> =
            self.state.all_pending().map(|(key, pending)| (key, pending.source_position)).collect();
        for (key, position) in pending {
            self.push_deployment(key, position, true, host);
        }
    }

    fn prepare<H: Host>(&mut self, key: i64, list: Option<Vec<u16>>, host: &mut H) {
        host.wait(CONFIRMATIONS_MS, Wait::Confirmations { key });
        self.distributor.chains += 1;
        let chain = self.distributor.chains;
        self.distributor.lists.insert((key, chain), list);
        self.push_rest(key, chain, host);
    }

    /// Pushes to all partitions of a list whose leader is known; the others again in 100 ms, for ever.
    pub(super) fn push_rest<H: Host>(&mut self, key: i64, chain: u32, host: &mut H) {
        let Some(list) = self.distributor.list(key, chain) else { return };
        let (known, unknown): (Vec<u16>, Vec<u16>) =
            list.iter().copied().partition(|partition| host.leader_of(*partition).is_some());
        *list = unknown;
        let done = list.is_empty();
        for partition in known {
            if let Some(node) = host.leader_of(partition) {
                self.push(key, partition, node, host);
            }
        }
        if done {
            self.distributor.lists.remove(&(key, chain));
        } else {
            host.wait(RETRY_MS, Wait::Leaders { key, chain });
        }
    }

    fn push<H: Host>(&mut self, key: i64, partition: u16, node: NodeId, host: &mut H) {
        host.listen_for_confirmations(key);
        if let Some(deployment) = self.distributor.requests.get(&key) {
            host.push(key, partition, node, deployment);
        }
    }

    /// 15 s after a push: again to those who have not confirmed.
    pub(super) fn confirmations_due<H: Host>(&mut self, key: i64, host: &mut H) {
        let missing = self.distributor.missing(key).clone();
        if !missing.is_empty() {
            self.prepare(key, self.toggles.fix_8526.then_some(missing), host);
        }
    }

    /// A push was refused, or not answered.
    pub(super) fn push_failed<H: Host>(&mut self, key: i64, partition: u16, node: NodeId, host: &mut H) {
        host.wait(RETRY_MS, Wait::PushAgain { key, partition, node });
    }

    pub(super) fn push_again<H: Host>(&mut self, key: i64, partition: u16, node: NodeId, host: &mut H) {
        let node = host.leader_of(partition).unwrap_or(node);
        self.push(key, partition, node, host);
    }

    /// A confirmation: counted, whoever it comes from and however often.
    pub(super) fn confirmed<H: Host>(&mut self, key: i64, partition: u16, host: &mut H) {
        let Some(pending) = self.state.pending(key).cloned() else { return };
        let counts = !self.toggles.count_by_partition || self.distributor.missing(key).contains(&partition);
        let count = pending.count - i64::from(counts);
        self.state.alone(|state| state.put_pending(key, Pending { count, ..pending }));
        self.distributor.missing(key).retain(|missing| *missing != partition);
        if count == 0 && counts {
            self.complete(key, host);
        }
    }

    fn complete<H: Host>(&mut self, key: i64, host: &mut H) {
        match self.distributor.futures.remove(&key) {
            Some(into_log) => self.queue.trigger(Job::Distributed { key, into_log }),
            None => self.fail(Death::NothingPending, "java.lang.NullPointerException".to_owned(), host),
        }
    }

    /// All have confirmed: DISTRIBUTED, on the log or on the list of the replay that pushed.
    pub(super) fn distributed<H: Host>(&mut self, key: i64, into_log: bool, host: &mut H) {
        let Some(pending) = self.state.alone(|state| state.remove_pending(key)) else {
            return self.fail(Death::NothingPending, "java.lang.NullPointerException".to_owned(), host);
        };
        if !into_log {
            if let Some(replay) = &mut self.replay {
                replay.distributed(key, pending.source_position);
            }
            return;
        }
        self.writer.reset(self.toggles.fix_5420);
        self.writer.configure_source(pending.source_position);
        self.writer.append(FollowUp {
            key,
            kind: RecordType::Event,
            intent: DeploymentIntent::Distributed.into(),
            rejection: None,
            value: Value::Deployment(pending.deployment.clone()),
        });
        if self.writer.flush(host).is_none() {
            // Nothing else of this actor is done before the buffer has room; the deployment is under way until then.
            self.writer.reset(self.toggles.fix_5420);
            self.state.alone(|state| state.put_pending(key, pending));
            return self.spin(Job::Distributed { key, into_log });
        }
        host.notice(Notice::Distributed { key });
    }
}
