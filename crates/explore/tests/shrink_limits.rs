//! Budgets, interruption, workers: what shrinking does when it may not do all it would, or does it on several threads.

mod planted;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use planted::{BUGS, Noise, Plan, Toy, bug, failing};
use relapse_explore::{Lot, Reduce, RunResult, Runner, ShrinkCounts, ShrinkEnded, ShrinkRequest, Shrunk, shrink};

const NOISE: Noise = Noise { faults: 20, operations: 15, may_matter: false };

/// Runs the toy and remembers what it ran; raises its flag within the n-th run.
#[derive(Default)]
struct Remembers {
    ran: Mutex<Vec<(Plan, Lot)>>,
    runs: AtomicU64,
    stops_in: u64,
    stop: AtomicBool,
}

impl Runner for Remembers {
    type Plan = Plan;
    type Scratch = <Toy as Runner>::Scratch;

    fn run_lot(&self, plan: &Plan, lot: Lot, scratch: &mut Self::Scratch) -> RunResult {
        self.ran.lock().expect("nobody panics with it").push((plan.clone(), lot));
        if self.runs.fetch_add(1, Relaxed) + 1 == self.stops_in {
            self.stop.store(true, Relaxed);
        }
        Toy.run_lot(plan, lot, scratch)
    }
}

/// It fails as the first one did, and holds nothing that the first one did not hold.
fn is_sound(done: &Shrunk<Plan>, plan: &Plan, signature: &str) {
    assert_eq!(Toy.run_lot(&done.plan, done.lot, &mut Vec::new()), done.result);
    assert_eq!(done.result.verdict.signature, signature);
    let whole: BTreeSet<String> = plan.parts().into_iter().collect();
    assert!(done.plan.parts().iter().all(|part| whole.contains(part)));
    assert!(done.plan.measure() <= plan.measure());
}

#[test]
fn stopped_within_any_run_it_gives_the_best_so_far() {
    for name in ["needs-three-faults", "panics-when-halved", "flaky"] {
        let (plan, lot, signature) = failing(bug(name), 2, NOISE);
        let (mut parts, mut ends) = (usize::MAX, 0);
        for stops_in in 1.. {
            let runner = Remembers { stops_in, ..Remembers::default() };
            let request = ShrinkRequest { salts: 2, ..ShrinkRequest::new(lot, &signature, &runner.stop) };

            let done = shrink(&runner, &plan, request, |_| {}).expect("it fails");

            is_sound(&done, &plan, &signature);
            assert!(done.plan.parts().len() <= parts, "a run more is never worse");
            parts = done.plan.parts().len();
            if done.complete == Ok(()) {
                break;
            }
            assert_eq!((done.complete, runner.runs.into_inner()), (Err(ShrinkEnded::Asked), stops_in));
            ends += 1;
        }
        assert!(ends > 30, "{name}: {ends}");
    }
}

#[test]
fn a_budget_of_runs_ends_it_at_the_same_place_with_any_number_of_workers() {
    let stop = AtomicBool::new(false);
    let (plan, lot, signature) = failing(bug("needs-window"), 4, NOISE);
    let within = |runs_max, workers| {
        let workers = NonZeroUsize::new(workers).expect("some");
        let request = ShrinkRequest { salts: 3, workers, ..ShrinkRequest::new(lot, &signature, &stop) };
        shrink(&Toy, &plan, ShrinkRequest { runs_max, ..request }, |_| {}).expect("it fails")
    };
    let all = within(None, 1).counts.runs;
    assert_eq!(within(Some(all), 1).complete, Ok(()));
    for runs_max in (0..all).step_by(7) {
        let done = within(Some(runs_max), 1);
        assert_eq!(done.complete, Err(ShrinkEnded::Runs), "{runs_max}");
        assert!(done.counts.runs <= runs_max.max(1), "{:?}", done.counts);
        is_sound(&done, &plan, &signature);
        let more = within(Some(runs_max), 3);
        assert_eq!((more.plan, more.steps), (done.plan, done.steps));
        let counted = ShrinkCounts { ahead: done.counts.ahead, ..more.counts };
        assert_eq!(counted, done.counts);
    }
}

#[test]
fn without_time_it_gives_back_what_it_got() {
    let stop = AtomicBool::new(false);
    let (plan, lot, signature) = failing(bug("needs-one-fault"), 4, NOISE);
    let request = ShrinkRequest { wall_max: Some(Duration::ZERO), ..ShrinkRequest::new(lot, &signature, &stop) };

    let done = shrink(&Toy, &plan, request, |_| {}).expect("it fails");

    assert_eq!((done.complete, done.counts.runs, &done.plan), (Err(ShrinkEnded::Wall), 1, &plan));
    // The longest time there is means no end.
    let request = ShrinkRequest { wall_max: Some(Duration::MAX), ..request };
    assert_eq!(shrink(&Toy, &plan, request, |_| {}).expect("it fails").complete, Ok(()));
}

#[test]
fn the_result_does_not_depend_on_the_number_of_workers() {
    let stop = AtomicBool::new(false);
    for (nth, (name, bug)) in BUGS.into_iter().enumerate() {
        let (plan, lot, signature) = failing(bug, nth as u64, NOISE);
        let with = |workers, salts| {
            let workers = NonZeroUsize::new(workers).expect("some");
            let request = ShrinkRequest { salts, workers, ..ShrinkRequest::new(lot, &signature, &stop) };
            shrink(&Toy, &plan, request, |_| {}).expect("it fails")
        };
        for salts in [0, 4] {
            let alone = with(1, salts);
            assert_eq!(alone.counts.ahead, 0, "one worker does nothing that is of no use");
            for workers in [2, 3, 8] {
                let more = with(workers, salts);
                assert_eq!((&more.plan, more.lot, &more.steps), (&alone.plan, alone.lot, &alone.steps), "{name}");
                assert_eq!(ShrinkCounts { ahead: 0, ..more.counts }, alone.counts, "{name} {workers}");
                assert_eq!((more.result, more.complete), (alone.result.clone(), Ok(())));
            }
        }
    }
}

#[test]
fn nothing_is_run_twice_as_long_as_nothing_is_simplified_and_every_run_is_told() {
    for (name, bug) in BUGS {
        for (seed, salts) in [(1, 0), (2, 0), (3, 3), (4, 10)] {
            let (plan, lot, signature) = failing(bug, seed, NOISE);
            let runner = Remembers::default();
            let request = ShrinkRequest { salts, ..ShrinkRequest::new(lot, &signature, &runner.stop) };

            let done = shrink(&runner, &plan, request, |_| {}).expect("it fails");

            let ran = runner.ran.into_inner().expect("nobody panics with it");
            let twice = |nth: &usize| ran[..*nth].contains(&ran[*nth]);
            let first_simplified = done.steps.iter().find(|step| !step.what.starts_with("without"));
            let before = first_simplified.map_or(ran.len(), |step| step.runs as usize);
            assert_eq!((0..before).find(twice), None, "{name}");
            // Later, what was simplified is tried without, one and two at a time: that is a plan which was there before, and nobody knows.
            let left = done.plan.parts().len();
            // A pass may follow a pass: twice that much.
            let most = 2 * (left + left * (left - 1) / 2) * (1 + salts as usize);
            assert!((before..ran.len()).filter(twice).count() <= most, "{name}");
            let counts = done.counts;
            assert_eq!(ran.len() as u64, counts.runs, "{name}");
            assert_eq!(counts.runs, 1 + counts.runs_taken + counts.runs_refused, "{name}");
            assert_eq!(counts.runs_refused, counts.refused * (1 + salts), "{name}: refused after all lots");
        }
    }
}

#[test]
fn the_lot_in_which_it_failed_last_is_tried_first() {
    let mut moved = 0;
    for seed in 0..10 {
        let (plan, lot, signature) = failing(bug("flaky"), seed, NOISE);
        let runner = Remembers::default();
        let request = ShrinkRequest { salts: 20, ..ShrinkRequest::new(lot, &signature, &runner.stop) };

        let done = shrink(&runner, &plan, request, |_| {}).expect("it fails");

        let ran = runner.ran.into_inner().expect("nobody panics with it");
        let mut witness = lot;
        for pair in ran.windows(2) {
            if pair[0].0 != pair[1].0 {
                // Another candidate: the one before was taken if its last run failed so.
                if Toy.run_lot(&pair[0].0, pair[0].1, &mut Vec::new()).verdict.signature == signature {
                    witness = pair[0].1;
                }
                assert_eq!(pair[1].1, witness);
            }
        }
        moved += u32::from(done.lot != lot);
    }
    assert!(moved > 0);
}

#[test]
fn progress_is_told_after_each_candidate_taken_and_at_the_end() {
    let stop = AtomicBool::new(false);
    let (plan, lot, signature) = failing(bug("needs-two-faults"), 7, NOISE);
    let mut told = Vec::new();

    let done = shrink(&Toy, &plan, ShrinkRequest::new(lot, &signature, &stop), |it| told.push(*it)).expect("it fails");

    assert!(told.len() > done.steps.len(), "{} of {}", told.len(), done.steps.len());
    assert!(told.is_sorted_by_key(|it| it.counts.runs) && told.iter().all(|it| it.parts <= it.parts_before));
    let last = told.last().expect("something was told");
    assert_eq!((last.counts, last.parts), (done.counts, done.plan.parts().len()));
}
