//! Errors of the store that a scenario asks for: what no disk of this model can cause (docs/decisions/0007, 0011).

use crate::cluster::{Settings, StoreError};
use crate::processor::{StorageError, StoragePoint};
use kernel::identity::{Nanos, NodeId};

/// Those that this process has yet to meet on a partition. Without any, a write costs a look at an empty list.
#[derive(Clone, Debug, Default)]
pub(super) struct StoreErrors(Vec<StoreError>);

impl StoreErrors {
    pub(super) fn of(settings: &Settings, me: NodeId, partition: u16) -> Self {
        let is_its = |error: &&StoreError| error.partition == partition && error.node.is_none_or(|node| node == me);
        StoreErrors(settings.store_errors.iter().filter(is_its).copied().collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A write of this kind is made: the error that it meets, if the turn of one has come; of two the first.
    pub(super) fn meet(&mut self, point: StoragePoint, now: Nanos) -> Option<StorageError> {
        let mut met = None;
        self.0.retain_mut(|error| {
            error.nth -= u64::from(error.point == point && error.from <= now);
            if error.nth == 0 {
                met = met.or(Some(error.error));
            }
            error.nth > 0
        });
        met
    }
}

#[cfg(test)]
mod tests {
    use super::StoreErrors;
    use crate::cluster::{Settings, StoreError};
    use crate::processor::StorageError::{Other, Recoverable};
    use crate::processor::StoragePoint::{MarkProcessed, MarkReprocessed};
    use crate::settings::Toggles;
    use kernel::identity::NodeId;

    #[test]
    fn each_strikes_once_at_its_record_of_its_phase_from_its_time_on() {
        let second = StoreError { node: None, partition: 3, point: MarkProcessed, from: 10, nth: 2, error: Other };
        let first = StoreError { node: Some(NodeId(1)), from: 0, nth: 1, error: Recoverable, ..second };
        let settings = Settings {
            store_errors: [second, first].into(),
            ..Settings::new(Toggles::preset("fixed").expect("a preset"))
        };

        let mut errors = StoreErrors::of(&settings, NodeId(1), 3);
        assert_eq!(errors.meet(MarkReprocessed, 5), None);
        let met = [5, 9, 10, 11, 12].map(|now| errors.meet(MarkProcessed, now));
        assert_eq!(met, [Some(Recoverable), None, None, Some(Other), None]);

        assert_eq!(StoreErrors::of(&settings, NodeId(0), 3).meet(MarkProcessed, 5), None, "another broker's");
        assert_eq!(StoreErrors::of(&settings, NodeId(1), 2).meet(MarkProcessed, 5), None, "another partition's");
    }
}
