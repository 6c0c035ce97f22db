//! Safety of a Raft group, from what its members say ([`raft::Event`]); the model whose member it is does not matter.
//!
//! | property | module | source |
//! |---|---|---|
//! | at most one leader per term | [`election`] | Ongaro, Ousterhout 2014, figure 3: Election Safety |
//! | a leader only appends to its log, entries of its term | [`append_only`] | Leader Append-Only |
//! | an index and a term name one history | [`matching`] | Log Matching |
//! | later leaders have what was committed | [`completeness`] | Leader Completeness |
//! | no two members commit different entries at one index | [`state_machine`] | State Machine Safety |
//! | a commit index never goes back, and nothing below it is cut | [`commit`] | camunda/zeebe#5496 |
//! | a leader commits by itself only what is of its term | [`own_term`] | section 5.4.2 |
//! | leadership is announced after an entry of the term is committed | [`announcement`] | camunda/zeebe#3651 |
//! | no member dies of an error but its disk's | [`uncaught`] | camunda/zeebe#5356 |
//!
//! Not covered: liveness; members that come and go; what the application makes of the entries.

pub mod announcement;
pub mod append_only;
pub mod commit;
pub mod completeness;
pub mod election;
pub mod history;
pub mod matching;
pub mod own_term;
pub mod state_machine;
pub mod uncaught;

use ::raft::Event;
use ::raft::cluster::Cluster;
use history::History;
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::NodeId;
use kernel::world::World;

/// A property that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which property.
    pub check: &'static str,
    /// What happened, with its numbers.
    pub story: String,
}

/// One property, told of one event after the other. `history` holds all entries up to and with this event.
pub trait Property {
    /// What an event of a member breaks.
    fn see(&mut self, node: NodeId, event: &Event, history: &History) -> Option<Violation>;
}

/// How often things happened that a property can be broken by: a run in which they did not has tested little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Leaders elected.
    pub elections: u64,
    /// Moves of a commit index.
    pub commits: u64,
    /// The highest index committed.
    pub committed: u64,
    /// Snapshots installed.
    pub installs: u64,
    /// Logs cut.
    pub truncations: u64,
    /// Logs compacted.
    pub compactions: u64,
    /// Members that became inactive by an error.
    pub failures: u64,
}

/// All properties of one group.
#[derive(Clone, Debug, Default)]
pub struct Safety {
    history: History,
    election: election::Leaders,
    append_only: append_only::Leading,
    completeness: completeness::Completeness,
    state_machine: state_machine::Committed,
    commit: commit::Commits,
    own_term: own_term::Counting,
    announcement: announcement::Announcements,
    uncaught: uncaught::Errors,
    marks: Marks,
    broken: Vec<Violation>,
}

impl Safety {
    /// Takes note of what a member said.
    pub fn see(&mut self, node: NodeId, event: &Event) {
        self.mark(event);
        self.broken.extend(matching::see(node, event, &mut self.history));
        let properties: [&mut dyn Property; 8] = [
            &mut self.election,
            &mut self.append_only,
            &mut self.completeness,
            &mut self.state_machine,
            &mut self.commit,
            &mut self.own_term,
            &mut self.announcement,
            &mut self.uncaught,
        ];
        for property in properties {
            self.broken.extend(property.see(node, event, &self.history));
        }
    }

    /// What does not hold, in the order it was found.
    pub fn broken(&self) -> &[Violation] {
        &self.broken
    }

    /// What happened.
    pub fn marks(&self) -> Marks {
        self.marks
    }

    fn mark(&mut self, event: &Event) {
        let marks = &mut self.marks;
        match event {
            Event::Elected { .. } => marks.elections += 1,
            Event::Committed { to, .. } => {
                marks.commits += 1;
                marks.committed = marks.committed.max(*to);
            }
            Event::Installed { .. } => marks.installs += 1,
            Event::Truncated { .. } => marks.truncations += 1,
            Event::Compacted { .. } => marks.compactions += 1,
            Event::Failed(_) => marks.failures += 1,
            _ => {}
        }
    }
}

impl Observer<Cluster> for Safety {
    #[inline]
    fn on_event(&mut self, event: &Traced<'_, Cluster>, _: &World<Cluster>) {
        if let What::Emitted(said) = &event.what {
            self.see(event.node, said);
        }
    }
}

#[cfg(test)]
mod hand_made;
