//! How often things happened that a property can be broken by: a run in which they did not has tested little.

use zeebe::cluster::Event;
use zeebe::gateway::{Reply, Response};
use zeebe::processor::Notice;

/// Counts of one run, over all partitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Leaders elected.
    pub elections: u64,
    /// Moves of a commit index.
    pub commits: u64,
    /// Logs cut.
    pub truncations: u64,
    /// Logs compacted.
    pub compactions: u64,
    /// Snapshots that a Raft leader installed on another member.
    pub installs: u64,
    /// Snapshots that became durable: taken, multicast or installed.
    pub snapshots: u64,
    /// Stream processors that opened a snapshot's state, and not an empty one.
    pub starts_from_snapshots: u64,
    /// Replays that came to their end.
    pub replays: u64,
    /// Stream processors that began to process.
    pub recoveries: u64,
    /// States of leaders that were compared with those of others at the same position.
    pub compared: u64,
    /// Records that a replay would have written otherwise, and nobody said so.
    pub divergences: u64,
    /// Stream processors that died.
    pub deaths: u64,
    /// Records processed.
    pub processed: u64,
    /// Deployments that all partitions confirmed.
    pub distributed: u64,
    /// Deployments that a client was told of.
    pub deployments: u64,
    /// Instances that a client was told of.
    pub instances: u64,
    /// Instances that came to their end.
    pub completed: u64,
    /// Errors of the store that were asked for and met.
    pub store_errors: u64,
}

impl Marks {
    pub(super) fn see(&mut self, event: &Event) {
        match event {
            Event::Raft(_, event) => match event {
                raft::Event::Elected { .. } => self.elections += 1,
                raft::Event::Committed { .. } => self.commits += 1,
                raft::Event::Truncated { .. } => self.truncations += 1,
                raft::Event::Compacted { .. } => self.compactions += 1,
                raft::Event::Installed { .. } => self.installs += 1,
                _ => {}
            },
            Event::Snapshot { .. } => self.snapshots += 1,
            Event::StoreError { .. } => self.store_errors += 1,
            Event::Told(_, Reply::Response(Response::Deployed { .. })) => self.deployments += 1,
            Event::Told(_, Reply::Response(Response::Created { .. } | Response::Result { .. })) => self.instances += 1,
            Event::Processor(_, notice) => match notice {
                Notice::RecoveredFrom { snapshot } => self.starts_from_snapshots += u64::from(*snapshot > 0),
                Notice::Reprocessed { .. } => self.replays += 1,
                Notice::Recovered => self.recoveries += 1,
                Notice::Diverged { .. } => self.divergences += 1,
                Notice::Failed { .. } => self.deaths += 1,
                Notice::Processed { .. } => self.processed += 1,
                Notice::Distributed { .. } => self.distributed += 1,
                _ => {}
            },
            _ => {}
        }
    }
}
