//! In what order things can be left out: plans that are a set and a level, and failures that are any function of both.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use kernel::verdict::{Outcome, Verdict};
use proptest::prelude::*;
use relapse_explore::{Cost, Lot, Reduce, RunResult, Runner, ShrinkCounts, ShrinkRequest, Shrunk, shrink};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Set {
    parts: BTreeSet<u32>,
    level: u32,
    /// Whether 0 and 1, 2 and 3 and so on cannot stand without one another.
    twins: bool,
}

impl Reduce for Set {
    fn parts(&self) -> Vec<String> {
        self.parts.iter().map(|part| format!("part {part}")).collect()
    }

    fn without(&self, parts: &[usize]) -> Option<Set> {
        let mut kept = self.parts.clone();
        for (_, part) in self.parts.iter().enumerate().filter(|(index, _)| parts.contains(index)) {
            kept.remove(part);
            if self.twins {
                kept.remove(&(part ^ 1));
            }
        }
        Some(Set { parts: kept, ..self.clone() })
    }

    fn simpler(&self) -> Vec<(String, Set)> {
        (0..self.level)
            .map(|level| (format!("level {level} instead of {}", self.level), Set { level, ..self.clone() }))
            .collect()
    }
}

/// Fails where the function says so.
struct If<F>(F);

impl<F: Fn(&Set) -> bool + Sync> Runner for If<F> {
    type Plan = Set;
    type Scratch = ();

    fn run_lot(&self, plan: &Set, _: Lot, (): &mut ()) -> RunResult {
        let failed = || Verdict::new(Outcome::Fail, "set", Vec::new());
        let verdict = if (self.0)(plan) { failed() } else { Verdict::pass() };
        RunResult { verdict, digest: 0, cost: Cost::default() }
    }
}

fn shrunk(fails: impl Fn(&Set) -> bool + Sync, parts: u32, level: u32) -> Shrunk<Set> {
    let stop = AtomicBool::new(false);
    let request = ShrinkRequest { pairs_up_to: 0, ..ShrinkRequest::new(Lot::from(1), "set", &stop) };
    shrink(&If(fails), &Set { parts: (0..parts).collect(), level, twins: false }, request, |_| {})
        .expect("the whole fails")
}

#[test]
fn what_can_only_go_one_after_another_goes() {
    // A prefix: the last part must go before the one before it can.
    let is_prefix = |set: &Set| !set.parts.is_empty() && set.parts.iter().copied().eq(0..set.parts.len() as u32);

    let done = shrunk(is_prefix, 9, 0);

    assert_eq!(done.plan.parts, BTreeSet::from([0]));
}

#[test]
fn leaving_out_and_making_simpler_make_room_for_one_another() {
    // Part 1 can go at level 2 or below; level 1 stands only without it.
    let fails = |set: &Set| {
        let both = set.parts.contains(&1);
        set.parts.contains(&0) && set.level >= if both { 2 } else { 1 } && (both || set.level <= 2)
    };

    let done = shrunk(fails, 2, 3);

    assert_eq!((done.plan.parts, done.plan.level), (BTreeSet::from([0]), 1));
    let told: Vec<&str> = done.steps.iter().map(|step| step.what.as_str()).collect();
    assert_eq!(told, ["level 2 instead of 3", "without part 1", "level 1 instead of 2"]);
}

#[test]
fn candidates_that_are_the_same_are_run_once_though_both_are_under_way() {
    let stop = AtomicBool::new(false);
    let plan = Set { parts: (0..8).collect(), level: 0, twins: true };
    let with = |workers| {
        let workers = NonZeroUsize::new(workers).expect("some");
        let request = ShrinkRequest { workers, ..ShrinkRequest::new(Lot::from(1), "set", &stop) };
        let needs_all = |set: &Set| set.parts.len() == 8;
        shrink(&If(needs_all), &plan, request, |_| {}).expect("the whole fails").counts
    };

    let alone = with(1);

    // All at once (which is the only family), two halves, and four twins, which are pairs of neighbours too; six pairs of
    // twins, two of which are the halves.
    assert_eq!((alone.runs, alone.taken), (1 + 1 + 2 + 4 + 4, 0));
    assert_eq!(ShrinkCounts { ahead: 0, ..with(4) }, alone);
}

#[test]
fn a_failure_that_needs_nothing_is_shrunk_to_nothing_in_one_step() {
    let done = shrunk(|_| true, 40, 0);

    assert_eq!((done.plan.parts.len(), done.counts.runs, done.counts.taken), (0, 2, 1));
    assert_eq!(done.steps[0].what, "without part 0, part 1, part 2 and 37 more");
}

#[test]
fn few_needed_parts_of_many_are_found_in_few_runs() {
    for needed in [vec![0], vec![399], vec![17, 311], vec![1, 2, 3], vec![5, 150, 151, 390]] {
        let done = shrunk(|set: &Set| needed.iter().all(|part| set.parts.contains(part)), 400, 0);

        assert_eq!(done.plan.parts, needed.iter().copied().collect());
        // Halving finds one part in about 2 log2 400 = 18 runs; groups share some of them.
        let most = 18 * needed.len() as u64 + 10;
        assert!(done.counts.runs <= most, "{} runs for {needed:?}", done.counts.runs);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_failure_depends_on_no_single_part_and_no_level_can_go(
        // A truth table over sets of seven parts and two levels.
        table in prop::collection::vec(any::<bool>(), 256),
    ) {
        let fails = |set: &Set| {
            let bits: u32 = set.parts.iter().map(|part| 1 << part).sum();
            table[(bits | set.level << 7) as usize] || (bits, set.level) == (127, 1)
        };

        let done = shrunk(fails, 7, 1);

        prop_assert!(fails(&done.plan));
        prop_assert_eq!(done.complete, Ok(()));
        for part in 0..done.plan.parts.len() {
            prop_assert!(!fails(&done.plan.without(&[part]).expect("a set")));
        }
        for (_, simpler) in done.plan.simpler() {
            prop_assert!(!fails(&simpler));
        }
    }
}
