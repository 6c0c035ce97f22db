//! One round of a poll over the partitions: each is asked for the jobs that are still wanted.
//!
//! A partition that fails is passed over. That one had too much to do is remembered until the next one fails otherwise.
//!
//= camunda/zeebe@0.24.4:gateway/src/main/java/io/zeebe/gateway/impl/job/RoundRobinActivateJobsHandler.java

use super::host::CallId;
use super::request::{Activate, Command, activation};
use super::rotation::{RoundRobin, Topology, Turns};
use crate::protocol::Text;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a round goes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To this partition, with this command.
    Ask(u16, Command),
    /// It is over.
    Over {
        /// How many jobs are still wanted.
        remaining: i32,
        /// Whether the partition that failed last had too much to do.
        exhausted: bool,
    },
}

#[derive(Clone, Debug)]
struct Round {
    turns: Turns,
    /// The partition that was asked last, if it has more to give.
    again: Option<u16>,
    current: u16,
    remaining: i32,
    exhausted: bool,
}

/// The rounds under way, and a counter per type of job.
#[derive(Clone, Debug, Default)]
pub(super) struct Rounds {
    pinned: Arc<[u16]>,
    counters: BTreeMap<Text, RoundRobin>,
    rounds: BTreeMap<CallId, Round>,
}

impl Rounds {
    pub(super) fn new(pinned: Arc<[u16]>) -> Self {
        Rounds { pinned, ..Rounds::default() }
    }

    /// A poll sets out.
    pub(super) fn begin(&mut self, call: CallId, poll: &Activate, topology: &impl Topology) {
        let fresh = || RoundRobin::new(self.pinned.clone());
        let counter = self.counters.entry(poll.job_type.clone()).or_insert_with(fresh);
        let turns = Turns::new(counter, topology);
        let round = Round { turns, again: None, current: 0, remaining: poll.max_jobs, exhausted: false };
        self.rounds.insert(call, round);
    }

    /// The next partition, or the end.
    pub(super) fn step(&mut self, call: CallId, poll: &Activate, topology: &impl Topology) -> Step {
        let Some(round) = self.rounds.get_mut(&call) else {
            return Step::Over { remaining: poll.max_jobs, exhausted: false };
        };
        let next = if round.remaining > 0 { round.again.take().or_else(|| round.turns.next(topology)) } else { None };
        match next {
            Some(partition) => {
                round.current = partition;
                Step::Ask(partition, activation(poll, round.remaining))
            }
            None => {
                let over = Step::Over { remaining: round.remaining, exhausted: round.exhausted };
                self.rounds.remove(&call);
                over
            }
        }
    }

    /// The partition gave so many jobs, and has more if its batch was cut.
    pub(super) fn got(&mut self, call: CallId, jobs: usize, truncated: bool) {
        if let Some(round) = self.rounds.get_mut(&call) {
            round.remaining -= i32::try_from(jobs).unwrap_or(i32::MAX);
            round.again = truncated.then_some(round.current);
        }
    }

    /// The partition failed.
    pub(super) fn failed(&mut self, call: CallId, exhausted: bool) {
        if let Some(round) = self.rounds.get_mut(&call) {
            round.exhausted = exhausted;
        }
    }
}
