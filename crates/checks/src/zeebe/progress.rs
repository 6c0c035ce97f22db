//! When faults are over the cluster comes back: every partition has one leader, whose services are there, whose stream
//! processor lives, has processed what is committed and goes on; and the gateway knows whom to ask.
//!
//! Judged at the end after `CALM` without a fault. What is missing is named by the signature: what the partition waits for.
//! Unprocessed or uncommitted records are none if the last record was processed, or committed, within `RECENT`: there is
//! load. A leader younger than `RECENT` may still recover, and be unknown to the gateway. A stream processor that an operator
//! has paused is not judged. Not covered: brokers that stay down, as long as a quorum runs; followers that lag.
//= specs/zeebe.md 3.9, 5 (F5), 7, 8

use super::{Broker, Finding};
use kernel::identity::{Nanos, NodeId, SECONDS};
use zeebe::processor::Phase;

/// Faults must have been over for so long.
pub const CALM: Nanos = 60 * SECONDS;
/// What happened within this time is going on.
pub const RECENT: Nanos = 30 * SECONDS;

/// A replica, as far as it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Whose.
    pub node: NodeId,
    /// Whether its process works.
    pub works: bool,
    /// Of a leader's services: what the stream processor is doing.
    pub leads: Option<Phase>,
    /// Committed records that it has not read.
    pub unread: i64,
    /// Entries that it has and that are not committed.
    pub uncommitted: u64,
}

/// When things happened last on a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// A leader's services were installed.
    pub installed: Nanos,
    /// A record was processed.
    pub processed: Nanos,
    /// Something was committed.
    pub committed: Nanos,
}

impl Times {
    const fn is_recent(at: Nanos, now: Nanos) -> bool {
        at + RECENT > now
    }
}

/// What a partition waits for.
pub fn partition(replicas: &[Replica], times: Times, now: Nanos) -> Option<Finding> {
    let working = replicas.iter().filter(|replica| replica.works);
    if working.clone().count() * 2 <= replicas.len() {
        return waits("zeebe/no-progress/no-quorum", format!("of {} replicas too few run", replicas.len()));
    }
    let mut leaders = working.filter(|replica| replica.leads.is_some());
    let Some(leader) = leaders.next() else {
        return waits("zeebe/no-progress/no-leader", "no broker has the services of a leader".to_owned());
    };
    let node = Broker(leader.node);
    if let Some(other) = leaders.next() {
        let story = format!("{node} and {} have the services of a leader", Broker(other.node));
        return waits("zeebe/no-progress/two-leaders", story);
    }
    match leader.leads {
        Some(Phase::Failed) => {
            waits("zeebe/no-progress/dead-processor", format!("the stream processor of {node}, which leads, is dead"))
        }
        Some(Phase::Reprocessing) if !Times::is_recent(times.installed, now) => {
            let since = now.saturating_sub(times.installed) / SECONDS;
            waits("zeebe/no-progress/recovering", format!("{node}, which leads, has been recovering for {since} s"))
        }
        Some(Phase::Processing)
            if leader.unread > 0 && !Times::is_recent(times.processed.max(times.installed), now) =>
        {
            let story = format!("{node}, which leads, does not read {} committed records", leader.unread);
            waits("zeebe/no-progress/stalled-processor", story)
        }
        _ if leader.uncommitted > 0 && !Times::is_recent(times.committed, now) => {
            let story = format!("{node}, which leads, has {} entries that are not committed", leader.uncommitted);
            waits("zeebe/no-progress/not-committing", story)
        }
        _ => None,
    }
}

/// What is wrong with a gateway's picture of a partition whose leader is known.
pub fn gateway(knows: Option<u16>, leader: NodeId, times: Times, now: Nanos) -> Option<Finding> {
    if Times::is_recent(times.installed, now) {
        return None;
    }
    let leads = Broker(leader);
    match knows {
        None => waits("zeebe/no-progress/gateway-blind", format!("the gateway knows no leader; it is {leads}")),
        Some(knows) if NodeId(knows) != leader => {
            let story = format!("the gateway takes {} for the leader, which is {leads}", Broker(NodeId(knows)));
            waits("zeebe/no-progress/gateway-misled", story)
        }
        Some(_) => None,
    }
}

fn waits(signature: &'static str, story: String) -> Option<Finding> {
    Some(Finding { signature, detail: String::new(), key: None, story: vec![story] })
}

#[cfg(test)]
mod tests {
    use super::{Replica, Times, gateway, partition};
    use kernel::identity::{NodeId, SECONDS};
    use zeebe::processor::Phase::{self, Failed, Processing, Reprocessing};

    const NOW: u64 = 600 * SECONDS;

    fn times(ago: u64) -> Times {
        let at = NOW - ago * SECONDS;
        Times { installed: at, processed: at, committed: at }
    }

    /// Three replicas that lead in these phases, or not.
    fn replicas(leads: [Option<Phase>; 3]) -> [Replica; 3] {
        let replica = |(node, leads)| Replica { node: NodeId(node), works: true, leads, unread: 0, uncommitted: 0 };
        let mut nodes = 0;
        leads.map(|leads| {
            nodes += 1;
            replica((nodes - 1, leads))
        })
    }

    fn waits_for(replicas: &[Replica], ago: u64) -> Option<&'static str> {
        let finding = partition(replicas, times(ago), NOW)?;
        finding.signature.strip_prefix("zeebe/no-progress/")
    }

    #[test]
    fn what_is_missing_is_named() {
        let led = replicas([None, Some(Processing), None]);
        let with = |change: fn(&mut Replica)| {
            let mut replicas = led;
            change(&mut replicas[1]);
            waits_for(&replicas, 100)
        };
        assert_eq!(waits_for(&replicas([None; 3]), 100), Some("no-leader"));
        assert_eq!(waits_for(&replicas([None, Some(Processing), Some(Failed)]), 100), Some("two-leaders"));
        assert_eq!(waits_for(&replicas([None, Some(Failed), None]), 1), Some("dead-processor"));
        assert_eq!(waits_for(&replicas([Some(Reprocessing), None, None]), 100), Some("recovering"));
        assert_eq!(with(|leader| leader.unread = 1), Some("stalled-processor"));
        assert_eq!(with(|leader| leader.uncommitted = 1), Some("not-committing"));
        assert_eq!(with(|leader| leader.works = false), Some("no-leader"));
        let mut few = led;
        (few[0].works, few[2].works) = (false, false);
        assert_eq!(waits_for(&few, 100), Some("no-quorum"));
    }

    #[test]
    fn a_partition_that_is_led_and_one_that_is_busy_are_fine() {
        let mut replicas = replicas([None, Some(Processing), None]);
        assert_eq!(waits_for(&replicas, 100), None);
        replicas[0].works = false;
        assert_eq!(waits_for(&replicas, 100), None, "two of three are enough");
        (replicas[1].unread, replicas[1].uncommitted) = (40, 2);
        assert_eq!(waits_for(&replicas, 1), None);
        replicas[1].leads = Some(Reprocessing);
        assert_eq!(waits_for(&replicas, 1), None);
        replicas[1].leads = Some(Phase::Paused);
        assert_eq!(waits_for(&replicas, 1), None);
    }

    #[test]
    fn a_gateway_that_knows_nobody_or_somebody_else_is_reported() {
        let says = |knows, ago| gateway(knows, NodeId(1), times(ago), NOW).map(|finding| finding.signature);

        assert_eq!(says(None, 100), Some("zeebe/no-progress/gateway-blind"));
        assert_eq!(says(Some(2), 100), Some("zeebe/no-progress/gateway-misled"));
        assert_eq!((says(Some(1), 100), says(None, 5)), (None, None));
    }
}
