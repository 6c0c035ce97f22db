//! Sweeps of a toy whose failures are planted at a known rate.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use kernel::verdict::{Outcome, Verdict};

use crate::canary::Canaries;
use crate::{Cost, Ended, Lot, Reduce, RunResult, Runner, SeedRange, SweepReport, SweepRequest, Z_95, sweep, wilson};

/// Fails for one seed in `deadlock_in`, panics for one in `panic_in`.
#[derive(Clone)]
struct Planted {
    deadlock_in: u64,
    panic_in: u64,
}

impl Reduce for Planted {
    fn parts(&self) -> Vec<String> {
        Vec::new()
    }

    fn without(&self, _: &[usize]) -> Option<Self> {
        None
    }

    fn simpler(&self) -> Vec<(String, Self)> {
        Vec::new()
    }
}

struct Toy;

impl Runner for Toy {
    type Plan = Planted;
    type Scratch = Vec<u8>;

    fn run_lot(&self, plan: &Planted, Lot { seed, .. }: Lot, scratch: &mut Vec<u8>) -> RunResult {
        scratch.clear();
        scratch.resize(64, 0);
        let draw = mix(seed);
        assert!(!draw.is_multiple_of(plan.panic_in), "SIMULATOR BUG: planted for seed {seed}");
        let verdict = if mix(draw).is_multiple_of(plan.deadlock_in) {
            let story = vec![format!("seed {seed} waits for ever")];
            Verdict::new(Outcome::Fail, format!("toy/deadlock/ring-{}", mix(draw) / 1024 % 3), story)
        } else {
            Verdict::pass()
        };
        let cost = Cost { events: 10 + draw % 100, virtual_ns: 1_000_000, operations: 2 };
        RunResult { verdict, digest: u128::from(draw) << 40, cost }
    }
}

/// The finalizer of splitmix64.
fn mix(seed: u64) -> u64 {
    let x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

const QUIET: Planted = Planted { deadlock_in: u64::MAX, panic_in: u64::MAX };

fn swept(plan: &Planted, from: u64, to: u64, workers: usize) -> SweepReport {
    let seeds = SeedRange::new(from, to).expect("a range of the test");
    let workers = NonZeroUsize::new(workers).expect("workers of the test");
    let stop = AtomicBool::new(false);
    let request = SweepRequest::of(seeds, workers, &stop);
    SweepReport { wall: Duration::ZERO, ..sweep(&Toy, plan, request, |_| {}) }
}

#[test]
fn a_planted_rate_lies_within_the_interval_that_the_sweep_shows() {
    let report = swept(&Planted { deadlock_in: 50, ..QUIET }, 0, 20_000, 2);

    let failures = report.groups.iter().filter(|group| group.outcome == Outcome::Fail).map(|group| group.count).sum();
    let interval = wilson(failures, report.runs, Z_95);
    assert!(interval.low < 0.02 && 0.02 < interval.high, "{interval:?}");
    assert!(interval.high - interval.low < 0.005, "{interval:?}");
}

#[test]
fn the_report_is_the_same_whatever_the_number_of_workers() {
    let plan = Planted { deadlock_in: 20, panic_in: 97 };

    let alone = swept(&plan, 100, 3_100, 1);

    assert_eq!(alone.groups.len(), 5, "a panic, three rings and the passes");
    for workers in [2, 3, 8, 5_000] {
        assert_eq!(swept(&plan, 100, 3_100, workers), alone);
    }
}

#[test]
fn groups_agree_with_running_each_seed_by_hand() {
    let plan = Planted { deadlock_in: 10, ..QUIET };
    let mut by_hand = BTreeMap::new();
    for seed in 0..500 {
        let verdict = Toy.run(&plan, seed, &mut Vec::new()).verdict;
        let entry = by_hand.entry(verdict.signature).or_insert((0, seed, verdict.story));
        entry.0 += 1;
    }

    let groups = swept(&plan, 0, 500, 4).groups;

    let swept = groups.into_iter().map(|group| (group.signature, (group.count, group.first_seed, group.story)));
    assert_eq!(swept.collect::<BTreeMap<_, _>>(), by_hand);
}

#[test]
fn a_panic_is_the_first_group_and_the_other_seeds_are_still_run() {
    let report = swept(&Planted { panic_in: 40, deadlock_in: 10 }, 0, 1_000, 2);

    assert_eq!(report.groups[0].outcome, Outcome::SimulatorBug);
    assert!(report.groups[0].story.iter().any(|line| line.contains("planted for seed")));
    assert_eq!((report.runs, report.ended), (1_000, Ended::Complete));
}

#[test]
fn the_last_seed_there_is_can_be_run() {
    let report = swept(&QUIET, u64::MAX - 3, u64::MAX, 2);

    assert_eq!((report.runs, report.groups[0].first_seed), (3, u64::MAX - 3));
}

/// Sets the stop flag from within the n-th run.
struct StopsAfter<'a> {
    runs: AtomicU64,
    n: u64,
    stop: &'a AtomicBool,
}

impl Runner for StopsAfter<'_> {
    type Plan = Planted;
    type Scratch = Vec<u8>;

    fn run_lot(&self, plan: &Planted, lot: Lot, scratch: &mut Vec<u8>) -> RunResult {
        if self.runs.fetch_add(1, Relaxed) + 1 == self.n {
            self.stop.store(true, Relaxed);
        }
        Toy.run_lot(plan, lot, scratch)
    }
}

#[test]
fn a_stopped_sweep_reports_the_first_seeds_without_a_gap() {
    let stop = AtomicBool::new(false);
    let runner = StopsAfter { runs: AtomicU64::new(0), n: 100, stop: &stop };
    let plan = Planted { deadlock_in: 10, ..QUIET };
    let seeds = SeedRange::new(0, 1_000_000).expect("a range of the test");
    let request = SweepRequest::of(seeds, NonZeroUsize::new(3).expect("three"), &stop);

    let report = sweep(&runner, &plan, request, |_| {});

    assert!(report.ended == Ended::Stopped && (100..=102).contains(&report.runs), "{} runs", report.runs);
    assert_eq!(report.requested, 1_000_000);
    let again = swept(&plan, 0, report.runs, 1);
    assert_eq!((report.groups, report.digest), (again.groups, again.digest));
}

#[test]
fn a_sweep_ends_with_as_many_failures_as_it_was_to_find() {
    let stop = AtomicBool::new(false);
    let plan = Planted { deadlock_in: 10, ..QUIET };
    let seeds = SeedRange::new(0, 1_000_000).expect("a range of the test");
    for workers in [1, 3] {
        let workers = NonZeroUsize::new(workers).expect("workers of the test");
        let request = SweepRequest { failures_max: Some(7), ..SweepRequest::of(seeds, workers, &stop) };

        let report = sweep(&Toy, &plan, request, |_| {});

        let failures = report.groups.iter().filter(|group| group.outcome == Outcome::Fail);
        let failures: u64 = failures.map(|group| group.count).sum();
        assert_eq!(report.ended, Ended::Failures);
        // Those under way when the last was found come to their end.
        assert!((7..7 + workers.get() as u64).contains(&failures), "{failures}");
        assert_eq!(report.digest, swept(&plan, 0, report.runs, 1).digest, "the first seeds, without a gap");
    }
}

#[test]
fn a_sweep_ends_with_its_time_and_tells_failures_by_their_signatures() {
    let stop = AtomicBool::new(false);
    let seeds = SeedRange::new(0, 1_000_000).expect("a range of the test");
    let of = SweepRequest::of(seeds, NonZeroUsize::MIN, &stop);
    let request = SweepRequest { wall_max: Some(Duration::from_millis(250)), ..of };
    let mut last = Default::default();

    let report = sweep(&Slow, &Planted { deadlock_in: 2, ..QUIET }, request, |progress| last = progress.clone());

    assert!(report.ended == Ended::Time && report.runs > 0 && report.runs < 100, "{report:?}");
    assert_eq!(last.by_signature.values().sum::<u64>(), last.failures);
    assert!(last.by_signature.keys().all(|signature| signature.starts_with("toy/deadlock/ring-")), "{last:?}");
}

/// Takes its time, as the host sees it.
struct Slow;

impl Runner for Slow {
    type Plan = Planted;
    type Scratch = Vec<u8>;

    fn run_lot(&self, plan: &Planted, lot: Lot, scratch: &mut Vec<u8>) -> RunResult {
        std::thread::sleep(Duration::from_millis(30));
        Toy.run_lot(plan, lot, scratch)
    }
}

#[test]
fn progress_grows_and_is_not_told_too_often() {
    let seeds = SeedRange::new(0, 12).expect("a range of the test");
    let stop = AtomicBool::new(false);
    let request = SweepRequest::of(seeds, NonZeroUsize::MIN, &stop);
    let mut told = Vec::new();

    let report = sweep(&Slow, &QUIET, request, |progress| told.push(progress.clone()));

    assert!(!told.is_empty() && told.len() as u128 <= report.wall.as_millis() / 100 + 1, "{}", told.len());
    assert!(told.is_sorted_by_key(|progress| progress.runs));
    assert!(told.iter().all(|progress| progress.requested == 12 && progress.runs <= 12));
}

/// Its digest tells how many runs its worker has made before.
struct DependsOnHistory;

impl Runner for DependsOnHistory {
    type Plan = Planted;
    type Scratch = Vec<u8>;

    fn run_lot(&self, plan: &Planted, lot: Lot, scratch: &mut Vec<u8>) -> RunResult {
        let before = scratch.len() as u128;
        let result = Toy.run_lot(plan, lot, &mut Vec::new());
        scratch.push(0);
        RunResult { digest: result.digest ^ before, ..result }
    }
}

#[test]
fn a_run_that_depends_on_what_ran_before_is_found_by_a_sweep_of_a_hundred() {
    let seeds = SeedRange::new(0, 100).expect("a range of the test");
    let stop = AtomicBool::new(false);
    let request = SweepRequest::of(seeds, NonZeroUsize::MIN, &stop);

    let report = sweep(&DependsOnHistory, &QUIET, request, |_| {});

    let worst = &report.groups[0];
    assert_eq!((worst.outcome, &*worst.signature), (Outcome::SimulatorBug, "divergence/canary"));
    assert_eq!((worst.count, worst.first_seed, report.runs), (1, 99, 100), "the canary counts once");
    assert_eq!(worst.story.len(), 3);
}

#[test]
fn about_one_run_in_a_thousand_is_a_canary_and_a_long_sweep_has_no_more() {
    let canaries = |from: u64, to: u64| {
        let canaries = Canaries::of(SeedRange::new(from, to).expect("a range of the test"));
        (from..to).filter(|seed| canaries.has(*seed)).collect::<Vec<_>>()
    };

    assert_eq!(canaries(500, 599).iter().filter(|seed| **seed == 599).count(), 0);
    assert!(canaries(500, 600).contains(&599));
    assert!((60..=140).contains(&canaries(0, 100_000).len()), "{}", canaries(0, 100_000).len());
    assert!((800..=1_200).contains(&canaries(0, 5_000_000).len()), "{}", canaries(0, 5_000_000).len());
}
