//! The fingerprint of a cause: one number for all failures that came about in the same way.
//!
//! It is taken of a shrunk plan and its failure. Before shrinking, faults that are not needed are among the kinds, and two
//! seeds of one cause differ. A signature groups by what was seen; a fingerprint also by what it took: two causes with
//! one signature have two.
//!
//! What it does not do: where the order of two faults does not matter to a cause, two plans may still hold them in
//! different orders, unless the plan's simpler selves bring them into one (say, by moving both to the same time, and
//! [`Cause`] then being given the faults of one time in the order of their kinds).

use std::collections::BTreeSet;
use std::fmt;

use kernel::identity::{identity_of, mix};

/// What a shrunk plan and its failure say of their cause. The systems fill it; nothing in it may be an address, a key, a
/// time or a number of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    check: String,
    faults: Vec<(String, String)>,
    roles: BTreeSet<String>,
    states: BTreeSet<String>,
}

impl Cause {
    /// A failure that this check reported.
    pub fn of_check(check: impl Into<String>) -> Self {
        Cause { check: check.into(), ..Cause::default() }
    }

    /// And the next fault in order of time: its kind, and the role of whom it struck (empty if of nobody in particular).
    #[must_use]
    pub fn with_fault(mut self, kind: impl Into<String>, role: impl Into<String>) -> Self {
        self.faults.push((kind.into(), role.into()));
        self
    }

    /// And somebody of this role whom the failure is about. Order and repetition do not count.
    #[must_use]
    pub fn with_role(mut self, role: impl Into<String>) -> Self {
        self.roles.insert(role.into());
        self
    }

    /// And a state of the protocol, or an operation, that it takes. Order and repetition do not count.
    #[must_use]
    pub fn in_state(mut self, state: impl Into<String>) -> Self {
        self.states.insert(state.into());
        self
    }

    /// The number of the cause: the same on every machine and in every build.
    pub fn fingerprint(&self) -> Fingerprint {
        let faults = self.faults.iter().flat_map(|(kind, role)| [kind, role]);
        let sections = [
            section(std::iter::once(&self.check)),
            section(faults),
            section(self.roles.iter()),
            section(self.states.iter()),
        ];
        Fingerprint(sections.into_iter().fold(VERSION, mix))
    }
}

impl fmt::Display for Cause {
    /// The check; who failed and in what state; what it took.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.check)?;
        for word in self.roles.iter().chain(&self.states) {
            write!(f, " {word}")?;
        }
        for (nth, (kind, role)) in self.faults.iter().enumerate() {
            let before = if nth == 0 { " after" } else { "," };
            let of = if role.is_empty() { "" } else { " of " };
            write!(f, "{before} {kind}{of}{role}")?;
        }
        Ok(())
    }
}

/// Changes when the way it is made changes, so that old numbers are not taken for new ones.
const VERSION: u64 = 1;

/// A hash of words in order, and of how many they are: no word can move into a neighbour or into another section.
fn section<'a>(words: impl Iterator<Item = &'a String>) -> u64 {
    let mut count = 0;
    let hash = words.fold(VERSION, |hash, word| {
        count += 1;
        mix(hash, mix(identity_of(word), word.len() as u64))
    });
    mix(hash, count)
}

/// The number of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause() -> Cause {
        Cause::of_check("zeebe/log").with_fault("kill", "leader").with_fault("cut", "follower").with_role("leader")
    }

    #[test]
    fn each_section_counts_and_so_does_the_order_of_faults_alone() {
        let swapped =
            Cause::of_check("zeebe/log").with_fault("cut", "follower").with_fault("kill", "leader").with_role("leader");
        let other_roles =
            Cause::of_check("zeebe/log").with_fault("kill", "follower").with_fault("cut", "leader").with_role("leader");
        let shifted = Cause::of_check("zeebe/log").with_fault("kill", "leader").with_fault("cut", "followerleader");
        let mut numbers = BTreeSet::new();
        for cause in [cause(), swapped, other_roles, shifted, cause().in_state("leader"), cause().with_role("follower")]
        {
            numbers.insert(cause.fingerprint());
        }
        assert_eq!(numbers.len(), 6);

        let one = cause().with_role("a").with_role("b").in_state("x");
        let other = cause().in_state("x").with_role("b").with_role("a").with_role("b");
        assert_eq!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn it_is_the_same_number_for_ever() {
        assert_eq!(cause().fingerprint().to_string(), "41afb6646dd370e6");
        assert_eq!(cause().to_string(), "zeebe/log leader after kill of leader, cut of follower");
    }
}
