//! What members say to each other. Requests need an answer and a connection each; gossip is a datagram.

use crate::membership::info::{MemberInfo, State};
use kernel::identity::NodeId;

/// The largest datagram: what a UDP packet can carry. Upstream hands a larger one to the socket, which refuses it, and
/// does not look at the result: that gossip is lost.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/messaging/impl/NettyUnicastService.java (unicast)
pub const DATAGRAM_BYTES_MAX: u64 = 65_507;

/// What the prober takes the probed one for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Believed {
    /// 0 for a seed.
    pub incarnation: u64,
    /// `None` for a seed.
    pub state: Option<State>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// Are you there?
    Probe {
        /// Who asks.
        from: MemberInfo,
        /// What it thinks of you.
        believed: Believed,
    },
    /// Is that one there?
    ProbeFor {
        /// Which.
        suspect: NodeId,
        /// What the asking member thinks of it.
        believed: Believed,
    },
    /// Here I am; who is there?
    Sync(MemberInfo),
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// To a probe: me.
    Here(MemberInfo),
    /// To a probe for another: whether it answered.
    Probed(bool),
    /// To a synchronisation: all that are known, the answering member included.
    Members(Vec<MemberInfo>),
}

/// Header and subject of a message, estimated.
const HEADER: u64 = 60;

/// Bytes of a datagram of gossip, estimated.
pub fn gossip_bytes(updates: &[MemberInfo]) -> u64 {
    HEADER + updates.iter().map(MemberInfo::bytes).sum::<u64>()
}

impl Request {
    kernel::plain_words! {
        Request::Probe { .. } => "swim-probe",
        Request::ProbeFor { .. } => "swim-probe-for",
        Request::Sync(_) => "swim-sync",
    }

    /// On the wire, estimated.
    pub fn bytes(&self) -> u64 {
        match self {
            Request::Probe { from, .. } => HEADER + 2 * from.bytes(),
            Request::ProbeFor { .. } => HEADER + 300,
            Request::Sync(from) => HEADER + from.bytes(),
        }
    }
}

impl Answer {
    kernel::plain_words! {
        Answer::Here(_) => "swim-here",
        Answer::Probed(_) => "swim-probed",
        Answer::Members(_) => "swim-members",
    }

    /// On the wire, estimated.
    pub fn bytes(&self) -> u64 {
        match self {
            Answer::Here(me) => HEADER + me.bytes(),
            Answer::Probed(_) => HEADER,
            Answer::Members(members) => gossip_bytes(members),
        }
    }
}
