//! What a sweep remembers: one group per distinct cause and a few sums. Nothing here grows with the number of runs.
//!
//! Tallies of disjoint seeds merge into the tally of all of them, in any order: that is what makes a report the same
//! whatever the number of workers.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use kernel::verdict::Outcome;

use crate::{Cost, RunResult};

/// Runs that ended for the same cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How they ended.
    pub outcome: Outcome,
    /// Of what cause; empty for a pass.
    pub signature: String,
    /// How many they are.
    pub count: u64,
    /// The smallest seed among them.
    pub first_seed: u64,
    /// The seed whose run was the shortest: fewest events, then least virtual time, then smallest seed. The one to look
    /// at first.
    pub fastest_seed: u64,
    /// How many runs had which detail: the commonest first.
    pub details: Vec<(String, u64)>,
    /// Digest of the run of `first_seed`.
    pub first_digest: u128,
    /// Story of the run of `first_seed`.
    pub story: Vec<String>,
}

/// Sums over many runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TotalCost {
    /// Kernel events.
    pub events: u128,
    /// Virtual time in nanoseconds.
    pub virtual_ns: u128,
    /// Operations of the workload.
    pub operations: u128,
}

/// What is known of a set of runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    runs: u64,
    digest: u128,
    cost: TotalCost,
    groups: BTreeMap<(Outcome, String), Body>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Body {
    count: u64,
    first_seed: u64,
    fastest: (Cost, u64),
    details: BTreeMap<String, u64>,
    first_digest: u128,
    story: Vec<String>,
}

impl Tally {
    /// Takes one run in.
    pub fn add(&mut self, seed: u64, result: RunResult) {
        let RunResult { verdict, digest, cost } = result;
        self.runs += 1;
        self.digest = self.digest.wrapping_add(signed(seed, digest));
        self.cost.events += u128::from(cost.events);
        self.cost.virtual_ns += u128::from(cost.virtual_ns);
        self.cost.operations += u128::from(cost.operations);

        let details = BTreeMap::from([(verdict.detail, 1)]);
        let story = verdict.story;
        let body = Body { count: 1, first_seed: seed, fastest: (cost, seed), details, first_digest: digest, story };
        self.put((verdict.outcome, verdict.signature), body);
    }

    /// Takes the runs of another tally in, made of other seeds.
    pub fn merge(&mut self, other: Tally) {
        self.runs += other.runs;
        self.digest = self.digest.wrapping_add(other.digest);
        self.cost.events += other.cost.events;
        self.cost.virtual_ns += other.cost.virtual_ns;
        self.cost.operations += other.cost.operations;
        for (cause, body) in other.groups {
            self.put(cause, body);
        }
    }

    fn put(&mut self, cause: (Outcome, String), body: Body) {
        match self.groups.entry(cause) {
            Entry::Vacant(place) => {
                place.insert(body);
            }
            Entry::Occupied(mut place) => {
                let known = place.get_mut();
                known.count += body.count;
                known.fastest = known.fastest.min(body.fastest);
                for (detail, count) in body.details {
                    *known.details.entry(detail).or_default() += count;
                }
                if body.first_seed < known.first_seed {
                    known.first_seed = body.first_seed;
                    known.first_digest = body.first_digest;
                    known.story = body.story;
                }
            }
        }
    }

    /// How many runs were taken in.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// Digest of the runs with their seeds, whatever their order.
    pub fn digest(&self) -> u128 {
        self.digest
    }

    /// What they took together.
    pub fn cost(&self) -> TotalCost {
        self.cost
    }

    /// The groups: the most severe first, then the largest, then by signature.
    pub fn into_groups(self) -> Vec<Group> {
        let group = |((outcome, signature), body): ((Outcome, String), Body)| Group {
            outcome,
            signature,
            count: body.count,
            first_seed: body.first_seed,
            fastest_seed: body.fastest.1,
            details: commonest_first(body.details),
            first_digest: body.first_digest,
            story: body.story,
        };
        let mut groups: Vec<Group> = self.groups.into_iter().map(group).collect();
        // Stable: groups that tie keep the order of the map, which is that of outcome and signature.
        groups.sort_by_key(|group| std::cmp::Reverse((group.outcome.severity(), group.count)));
        groups
    }
}

fn commonest_first(details: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut details: Vec<_> = details.into_iter().collect();
    // Stable: details that tie keep the order of the map.
    details.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    details
}

/// Binds a digest to its seed, so that two runs which swap their digests do not go unseen in a sum.
fn signed(seed: u64, digest: u128) -> u128 {
    const ODD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    (digest ^ u128::from(seed).wrapping_mul(ODD)).wrapping_mul(ODD).rotate_left(64).wrapping_mul(ODD)
}

#[cfg(test)]
mod tests {
    use kernel::verdict::Verdict;
    use proptest::prelude::*;

    use super::*;

    fn result(seed: u64) -> RunResult {
        let outcome = [Outcome::Pass, Outcome::Fail, Outcome::Vacuous, Outcome::SimulatorBug][(seed % 4) as usize];
        let verdict = Verdict::new(outcome, format!("cause-{}", seed % 3), vec![format!("seed {seed}")]);
        let cost = Cost { events: seed % 7, virtual_ns: seed % 5, operations: 1 };
        RunResult { verdict, digest: u128::from(seed) << 70, cost }
    }

    fn tally(seeds: &[u64]) -> Tally {
        let mut tally = Tally::default();
        for &seed in seeds {
            tally.add(seed, result(seed));
        }
        tally
    }

    #[test]
    fn the_most_severe_group_comes_first_and_the_larger_before_the_smaller() {
        let groups = tally(&(0..40).collect::<Vec<_>>()).into_groups();

        let order: Vec<_> = groups.iter().map(|group| (group.outcome.severity(), group.count)).collect();
        assert!(order.is_sorted_by(|a, b| a >= b), "{order:?}");
        assert_eq!(groups[0].outcome, Outcome::SimulatorBug);
    }

    #[test]
    fn a_group_tells_the_story_of_its_first_seed() {
        let groups = tally(&[25, 1, 13]).into_groups();

        assert_eq!((groups[0].count, groups[0].first_seed, groups[0].fastest_seed), (3, 1, 1));
        assert_eq!(groups[0].story, ["seed 1"]);
        assert_eq!(groups[0].first_digest, result(1).digest);
    }

    #[test]
    fn swapped_digests_are_seen() {
        let of = |first: u128, second: u128| {
            let mut tally = Tally::default();
            for (seed, digest) in [(1, first), (2, second)] {
                tally.add(seed, RunResult { digest, ..result(0) });
            }
            tally.digest()
        };

        assert_ne!(of(10, 20), of(20, 10));
    }

    proptest! {
        #[test]
        fn merging_in_any_order_is_running_it_all_in_one(
            seeds in prop::collection::btree_set(0u64..1000, 0..60),
            shuffled in any::<prop::sample::Index>(),
            parts in 1usize..6,
        ) {
            let seeds: Vec<u64> = seeds.into_iter().collect();
            let mut pieces: Vec<Vec<u64>> = vec![Vec::new(); parts];
            for (n, &seed) in seeds.iter().enumerate() {
                pieces[(n * 7 + shuffled.index(1000)) % parts].push(seed);
            }
            let turn = shuffled.index(parts);
            pieces.rotate_left(turn);

            let mut merged = Tally::default();
            for piece in pieces.iter().rev() {
                merged.merge(tally(piece));
            }

            prop_assert_eq!(merged, tally(&seeds));
        }
    }
}
