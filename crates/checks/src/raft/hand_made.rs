//! Histories made by hand, for the tests of the properties.

use super::Safety;
use kernel::identity::NodeId;
use raft::Event;

/// The names of the checks that a history breaks.
pub fn broken(history: &[(u16, Event)]) -> Vec<&'static str> {
    let mut safety = Safety::default();
    history.iter().for_each(|(node, event)| safety.see(NodeId(*node), event));
    safety.broken().iter().map(|violation| violation.check).collect()
}

/// How often it breaks this one.
pub fn only(name: &str, history: &[(u16, Event)]) -> usize {
    broken(history).iter().filter(|broken| **broken == name).count()
}

pub const fn started(term: u64) -> Event {
    Event::Started { term, first: 1, last: 0, last_term: 0 }
}

pub const fn elected(term: u64, last: u64, last_term: u64) -> Event {
    Event::Elected { term, last, last_term }
}

pub const fn appended(index: u64, term: u64, previous_term: u64, fingerprint: u64) -> Event {
    Event::Appended { index, term, previous_term, fingerprint }
}

pub const fn committed(from: u64, to: u64, term: u64, current: u64) -> Event {
    Event::Committed { from, to, term, current }
}
