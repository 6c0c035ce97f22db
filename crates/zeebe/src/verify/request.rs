//! What is replayed how, and the requests that make no sense.

use super::PartitionLog;
use super::index::Index;
use super::leader::Leader;
use super::outcome::Report;
use crate::settings::Toggles;

/// All other partitions confirm a deployment just before a record is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Confirmation {
    /// The record that is read next.
    pub position: i64,
    /// The deployment.
    pub key: i64,
}

/// What is replayed how.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The log.
    pub log: PartitionLog<'a>,
    /// What the snapshot holds as processed last, or -1 for no snapshot.
    pub from: i64,
    /// Which defects are mended.
    pub toggles: Toggles,
    /// When deployments that the replay pushes are confirmed.
    pub confirmations: Vec<Confirmation>,
}

/// Why a request makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The snapshot would hold a position that was never processed.
    #[error("no snapshot can be at {position}: {why}")]
    Snapshot {
        /// The position asked for.
        position: i64,
        /// What is there.
        why: String,
    },
    /// A deployment would be confirmed that was not pushed.
    #[error("deployment {key} cannot be confirmed before {position} is read: the replay has not pushed it by then")]
    Confirmation {
        /// The deployment.
        key: i64,
        /// The record.
        position: i64,
    },
    /// A deployment would be confirmed before a record that is not there.
    #[error(
        "deployment {key} cannot be confirmed before {position} is read: that is beyond the log, which ends at {end}"
    )]
    Beyond {
        /// The deployment.
        key: i64,
        /// The position asked for.
        position: i64,
        /// The last record.
        end: i64,
    },
}

/// Replays a log.
///
/// # Errors
/// If the request asks for something that cannot be.
pub fn verify(request: &Request<'_>) -> Result<Report, Refused> {
    let end = request.log.records.last().map_or(0, |record| record.position);
    if let Some(Confirmation { key, position }) = request.confirmations.iter().find(|one| one.position > end).copied() {
        return Err(Refused::Beyond { key, position, end });
    }
    let index = Index::of(request.log.records);
    let mut leader = Leader::new(request.log, &request.toggles, &index);
    leader.execute_to(request.from)?;
    let mut confirmations = request.confirmations.clone();
    confirmations.sort_unstable();
    leader.replay(request.from, &confirmations)
}

/// The last position before this one that a snapshot can be at.
#[must_use]
pub fn last_snapshot(log: PartitionLog<'_>, toggles: &Toggles, before: i64) -> Option<i64> {
    Leader::new(log, toggles, &Index::of(log.records)).last_snapshot(before)
}
