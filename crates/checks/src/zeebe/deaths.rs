//! No stream processor dies: neither of upstream's `InconsistentReprocessingException` nor of anything else.
//!
//! The signature has the kind of the exception, as upstream's texts tell them apart: `intent`, `key`, `not-on-log`. Not
//! covered: a replay that is not compared (detection off), or whose difference upstream does not see: `divergences` counts
//! those; a processor that tries the same record for ever, which `progress` finds.
//= specs/zeebe.md 3.4, 5.1, 5.4, 5.5; 11.1, Oracles (a)

use super::{Broker, Finding};
use kernel::identity::NodeId;
use zeebe::processor::{Death, Mismatch};
use zeebe::replay::Cause;

/// What a death is called in a signature.
pub const fn signature(death: Death) -> &'static str {
    match death {
        Death::Inconsistent(Cause::Intent) => "zeebe/inconsistent-reprocessing/intent",
        Death::Inconsistent(Cause::Key) => "zeebe/inconsistent-reprocessing/key",
        Death::Inconsistent(Cause::NotOnLog) => "zeebe/inconsistent-reprocessing/not-on-log",
        Death::SnapshotNotOnLog => "zeebe/processor-died/snapshot-not-on-log",
        Death::PositionsDoNotRise => "zeebe/processor-died/positions-do-not-rise",
        Death::LogEnds => "zeebe/processor-died/log-ends",
        Death::NothingPending => "zeebe/processor-died/nothing-pending",
    }
}

/// What a death is.
pub fn finding(node: NodeId, death: Death, why: &str, met: Option<Mismatch>) -> Finding {
    let story = vec![format!("the stream processor of {} died", Broker(node)), why.to_owned()];
    Finding { signature: signature(death), detail: String::new(), key: met.map(|met| met.listed.key), story }
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::{broken, notice};
    use zeebe::processor::{Death, Notice};
    use zeebe::replay::Cause;

    fn died(death: Death) -> Notice {
        Notice::Failed { death, why: "Reprocessing issue detected!".to_owned(), met: None }
    }

    #[test]
    fn every_death_has_a_signature_of_its_kind() {
        let history = [
            notice(0, 3, died(Death::Inconsistent(Cause::Intent))),
            notice(1, 1, died(Death::Inconsistent(Cause::Key))),
            notice(0, 2, died(Death::NothingPending)),
        ];

        let signatures: Vec<_> = broken(&history).into_iter().map(|violation| violation.signature).collect();

        assert_eq!(
            signatures,
            [
                "zeebe/inconsistent-reprocessing/intent",
                "zeebe/inconsistent-reprocessing/key",
                "zeebe/processor-died/nothing-pending"
            ]
        );
    }

    #[test]
    fn the_story_has_the_exception_and_the_detail_the_partition() {
        let broken = broken(&[notice(0, 3, died(Death::Inconsistent(Cause::Intent)))]);

        assert_eq!(broken[0].detail, "partition 3");
        assert!(broken[0].story.iter().any(|line| line.contains("Reprocessing issue detected!")), "{broken:?}");
    }

    #[test]
    fn a_recovery_without_a_death_is_fine() {
        let history = [
            notice(0, 3, Notice::RecoveredFrom { snapshot: 2 }),
            notice(0, 3, Notice::Reprocessing { last_source: 7 }),
            notice(0, 3, Notice::Reprocessed { position: 8 }),
            notice(0, 3, Notice::Recovered),
        ];

        assert!(broken(&history).is_empty());
    }
}
