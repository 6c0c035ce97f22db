//! What a member asks of the process it lives in.

use crate::membership::info::MemberInfo;
use crate::membership::message::{Answer, Request};
use kernel::identity::{Nanos, NodeId};
use std::sync::Arc;

/// A member's timers. Each kind is set once at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Time to pass updates on.
    Gossip,
    /// Time to probe somebody.
    Probe,
    /// Time to synchronise with somebody.
    Sync,
}

impl Timer {
    kernel::plain_words! {
        Timer::Gossip => "swim-gossip-due",
        Timer::Probe => "swim-probe-due",
        Timer::Sync => "swim-sync-due",
    }
}

/// What became of a member, in this member's eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It is known now.
    Added,
    /// It is suspected, or no longer.
    ReachabilityChanged,
    /// It says something else of itself.
    MetadataChanged,
    /// It is dead. A follower whose leader it is asks for votes at once.
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/roles/FollowerRole.java (handleClusterEvent)
    Removed,
}

impl Change {
    kernel::plain_words! {
        Change::Added => "member-added",
        Change::ReachabilityChanged => "member-reachability-changed",
        Change::MetadataChanged => "member-metadata-changed",
        Change::Removed => "member-removed",
    }
}

/// What a member asks of its process. Nothing of it comes back into the member while it runs.
pub trait Host {
    /// The wall clock: incarnations begin from it, and suspects die by it.
    fn wall(&self) -> Nanos;
    /// A draw of this member's own stream: of node and incarnation of the process.
    fn draw(&mut self) -> u64;
    /// Sets a timer; none of this kind is set.
    fn set_timer(&mut self, timer: Timer, after: Nanos);

    /// Sends a request on a connection of its own. Its end comes by `Member::answered` or `Member::failed`, once.
    ///
    /// Upstream gives a connection that is not taken up after 1 s; `timeout` counts from when it stands. (A peer whose
    /// machine takes connections while its process is stopped keeps upstream waiting without limit, and no further
    /// probe is made meanwhile: the handshake has no limit of its own. A host that cannot tell such a peer from one
    /// that is cut off gives up after 1 s for both.)
    //= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/messaging/impl/NettyMessagingService.java (bootstrapClient: CONNECT_TIMEOUT_MILLIS; executeOnTransientConnection)
    fn request(&mut self, call: u64, to: NodeId, request: Request, timeout: Nanos);
    /// Answers a request that came with this token, if its connection still stands.
    fn answer(&mut self, token: u64, answer: Answer);
    /// Sends a datagram to `Member::gossip`.
    fn gossip(&mut self, to: NodeId, updates: Arc<[MemberInfo]>);

    /// What this member thinks of one has changed, itself included. Event service and topology want to know.
    fn changed(&mut self, change: Change, member: &MemberInfo);
}
