//! Histories made by hand, for the tests of the properties.

use super::{Checks, Violation};
use kernel::identity::NodeId;
use zeebe::cluster::{Event, Settings};
use zeebe::processor::Notice;
use zeebe::settings::Toggles;

/// What a stream processor tells.
pub const fn notice(node: u16, partition: u16, notice: Notice) -> (u16, Event) {
    (node, Event::Processor(partition, notice))
}

/// Checks of three brokers and three partitions.
pub fn checks() -> Checks {
    Checks::new(&Settings::new(Toggles::preset("fixed").expect("a preset")))
}

/// What a history breaks. No broker is there to be looked into.
pub fn broken(history: &[(u16, Event)]) -> Vec<Violation> {
    let mut checks = checks();
    history.iter().zip(1..).for_each(|((node, event), at)| checks.see(NodeId(*node), event, None, at));
    checks.broken().to_vec()
}
