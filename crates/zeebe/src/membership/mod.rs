//! One member of a SWIM group as a pure state machine, in the manner of Zeebe 0.24.4's fork of Atomix.
//!
//! A [`Member`] is fed by the process it lives in (start, timers, requests, answers, gossip) and acts through its
//! [`Host`] alone. What a process says of itself are its [`Properties`]; they reach the others with the lag of the
//! gossip.
//!
//! Kept: seeds that are probed for ever, for upstream gives them names that no member has; probes in rotation, second
//! opinions, suspects that die after a while by the wall clock, disputes; updates that each member passes on once, to
//! two others, and forgets; properties that are merged and never taken away; synchronisation with one member at a time.
//! Simplified: a member is reached by the identity of its node, as by a name that always resolves. Left out: members of
//! another version (a rolling upgrade replaces them by REMOVED and ADDED), zones and racks, leaving in good order
//! (upstream tells nobody either), discovery by other means than a fixed list.
//!
//! **Invariants, as absences.** Nothing here knows a fault, a check or a scenario. No host time, entropy, thread or
//! I/O.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/cluster/protocol/SwimMembershipProtocol.java (all of it)

mod calls;
#[cfg(test)]
mod hand;
mod host;
mod info;
mod member;
mod message;
mod probe;
mod settings;
mod topic;
mod update;

pub use host::{Change, Host, Timer};
pub use info::{BrokerInfo, MemberInfo, PartitionRole, Properties, State};
pub use member::Member;
pub use message::{Answer, Believed, DATAGRAM_BYTES_MAX, Request, gossip_bytes};
pub use settings::Settings;
pub use topic::{Topic, TopicSet};
