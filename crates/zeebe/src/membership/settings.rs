//! What the members of a group are set to.

use kernel::identity::{MILLIS, Nanos, SECONDS};

/// One for all members. Durations are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// From one look at updates to pass on, suspects and own properties to the next.
    pub gossip_interval: Nanos,
    /// To how many others updates go.
    pub gossip_fanout: usize,
    /// From the end of one probe to the next.
    pub probe_interval: Nanos,
    /// How long the answer to a probe or a synchronisation may take; twice that for one that is made for another
    /// member.
    pub probe_timeout: Nanos,
    /// Probes that must fail before a member is suspected, its first one included.
    pub suspect_probes: usize,
    /// A member that is suspected for longer is taken for dead, by the wall clock.
    pub failure_timeout: Nanos,
    /// From the end of one synchronisation to the next.
    pub sync_interval: Nanos,
    /// Whether a suspicion of one's own goes to all at once.
    pub broadcast_updates: bool,
    /// Whether a member that learns it is suspected says to all that it lives.
    pub broadcast_disputes: bool,
    /// Whether a suspect is told.
    pub notify_suspect: bool,
}

impl Default for Settings {
    /// Zeebe 0.24.4 as brokers and gateways set it up.
    //= camunda/zeebe@0.24.4:broker/src/main/java/io/zeebe/broker/system/configuration/MembershipCfg.java (defaults)
    //= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/configuration/MembershipCfg.java (the same)
    fn default() -> Self {
        Settings {
            gossip_interval: 250 * MILLIS,
            gossip_fanout: 2,
            probe_interval: SECONDS,
            probe_timeout: 2 * SECONDS,
            suspect_probes: 3,
            failure_timeout: 10 * SECONDS,
            sync_interval: 10 * SECONDS,
            broadcast_updates: false,
            broadcast_disputes: true,
            notify_suspect: false,
        }
    }
}
