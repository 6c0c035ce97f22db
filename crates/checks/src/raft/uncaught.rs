//! No member becomes inactive by an error that nothing catches, but for errors of its disk.
//!
//! Upstream's own assertions: that what is committed is not truncated, that entries follow one another, that nobody votes
//! twice. Not covered: a member that errs and does not notice.
//= camunda/zeebe@0.24.4:atomix/cluster/src/main/java/io/atomix/raft/impl/RaftContext.java (onUncaughtException)

use super::history::History;
use super::{Property, Violation};
use kernel::identity::NodeId;
use raft::Event;
use raft::event::Uncaught;

/// The check's name.
pub const NAME: &str = "raft/uncaught-error";

/// Nothing to remember.
#[derive(Clone, Debug, Default)]
pub struct Errors;

impl Property for Errors {
    fn see(&mut self, node: NodeId, event: &Event, _: &History) -> Option<Violation> {
        let why = match event {
            Event::Failed(Uncaught::TruncateCommitted) => "was to truncate what it has committed",
            Event::Failed(Uncaught::LogGap) => "was given an entry that does not follow its log",
            Event::Failed(Uncaught::VoteTwice) => "was to vote twice in one term",
            _ => return None,
        };
        Some(Violation { check: NAME, story: format!("{node} became inactive: it {why}") })
    }
}

#[cfg(test)]
mod tests {
    use super::super::hand_made::broken;
    use super::NAME;
    use raft::Event;
    use raft::event::Uncaught;

    #[test]
    fn an_assertion_of_upstream_is_reported() {
        let all = [Uncaught::TruncateCommitted, Uncaught::LogGap, Uncaught::VoteTwice];

        assert_eq!(broken(&all.map(|why| (0, Event::Failed(why)))), [NAME; 3]);
    }

    #[test]
    fn a_disk_that_fails_is_nobody_s_mistake() {
        assert_eq!(broken(&[(0, Event::Failed(Uncaught::Storage))]), [""; 0]);
    }
}
