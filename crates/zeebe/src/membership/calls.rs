//! The requests underway, and the second opinions that several of them add up to.

use crate::membership::info::MemberInfo;
use kernel::identity::NodeId;

/// Why a request was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A probe in rotation; the incarnation that the probed member was known by, none for a seed.
    Probe(NodeId, Option<u64>),
    /// Another member probes a suspect for this one: a part of this suspicion.
    SecondOpinion(u64),
    /// A probe for the member whose request came with this token.
    ForAnother(u64),
    /// A synchronisation.
    Sync,
}

/// A member did not answer; others have been asked.
#[derive(Clone, Debug)]
struct Suspicion {
    number: u64,
    suspect: MemberInfo,
    waiting: usize,
    seen: bool,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    made: u64,
    open: Vec<(u64, Purpose)>,
    suspicions: Vec<Suspicion>,
}

impl Calls {
    /// A number for a new request.
    pub fn open(&mut self, purpose: Purpose) -> u64 {
        self.made += 1;
        self.open.push((self.made, purpose));
        self.made
    }

    /// Why this one was made, if it is underway; no longer, now.
    pub fn close(&mut self, call: u64) -> Option<Purpose> {
        let index = self.open.iter().position(|(open, _)| *open == call)?;
        Some(self.open.swap_remove(index).1)
    }

    /// A suspicion on which so many opinions are asked.
    pub fn suspect(&mut self, suspect: MemberInfo, waiting: usize) -> u64 {
        self.made += 1;
        self.suspicions.push(Suspicion { number: self.made, suspect, waiting, seen: false });
        self.made
    }

    /// An opinion has come. With the last one: the suspect, if nobody has seen it. (Upstream decides when a negative
    /// one comes last; if a positive one does, there is nothing to decide.)
    pub fn opinion(&mut self, number: u64, seen: bool) -> Option<MemberInfo> {
        let index = self.suspicions.iter().position(|suspicion| suspicion.number == number)?;
        let suspicion = &mut self.suspicions[index];
        suspicion.waiting -= 1;
        suspicion.seen |= seen;
        if suspicion.waiting > 0 {
            return None;
        }
        let suspicion = self.suspicions.swap_remove(index);
        (!suspicion.seen).then_some(suspicion.suspect)
    }
}

#[cfg(test)]
mod tests {
    use super::{Calls, Purpose};
    use crate::membership::{MemberInfo, Properties, State};
    use kernel::identity::NodeId;

    fn suspect() -> MemberInfo {
        MemberInfo { id: NodeId(1), state: State::Alive, incarnation: 5, properties: Properties::default() }
    }

    #[test]
    fn a_request_ends_once() {
        let mut calls = Calls::default();
        let call = calls.open(Purpose::Sync);

        assert_eq!(calls.close(call), Some(Purpose::Sync));
        assert_eq!(calls.close(call), None);
    }

    #[test]
    fn one_positive_opinion_suffices_wherever_it_comes() {
        for opinions in [[true, false], [false, true], [false, false]] {
            let mut calls = Calls::default();
            let suspicion = calls.suspect(suspect(), 2);

            assert_eq!(calls.opinion(suspicion, opinions[0]), None);
            let fails = calls.opinion(suspicion, opinions[1]);

            assert_eq!(fails.is_some(), opinions == [false, false]);
        }
    }
}
