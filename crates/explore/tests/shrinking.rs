//! Shrinking of toys whose smallest plans are known.

mod planted;

use std::sync::atomic::AtomicBool;

use kernel::identity::SECONDS;
use kernel::verdict::{Outcome, Verdict};
use planted::{BUGS, Noise, Plan, Toy, bug, failing, planted as draw};
use proptest::prelude::*;
use relapse_explore::{Cost, Lot, Reduce, RunResult, Runner, ShrinkRequest, Shrunk, run_caught, shrink};

const NOISE: Noise = Noise { faults: 20, operations: 15, may_matter: false };

fn shrunk(plan: &Plan, lot: Lot, signature: &str) -> Shrunk<Plan> {
    let stop = AtomicBool::new(false);
    shrink(&Toy, plan, ShrinkRequest::new(lot, signature, &stop), |_| {}).expect("it fails")
}

fn ids(plan: &Plan) -> Vec<u32> {
    let operations = plan.operations.iter().map(|operation| operation.id);
    plan.faults.iter().map(|fault| fault.id).chain(operations).collect()
}

fn noise() -> impl Strategy<Value = Noise> {
    (0_u32..40, 0_u32..30).prop_map(|(faults, operations)| Noise { faults, operations, may_matter: false })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_any_plan_around_a_bug_exactly_what_the_bug_needs_is_left(which in 0..BUGS.len(), seed in 0_u64..1 << 40, noise in noise()) {
        let (name, bug) = BUGS[which];
        let (plan, lot, signature) = failing(bug, seed, noise);

        let done = shrunk(&plan, lot, &signature);

        prop_assert!(done.plan.is_minimal(), "{name}: {:?}", done.plan);
        let (_, needed) = draw(bug, seed, noise);
        prop_assert!(ids(&done.plan).iter().all(|id| needed.contains(id)), "{name}: {:?} of {needed:?}", done.plan);
        prop_assert_eq!(done.complete, Ok(()));
        let again = Toy.run_lot(&done.plan, done.lot, &mut Vec::new());
        prop_assert_eq!(&again.verdict.signature, &signature);
        prop_assert_eq!(again, done.result);
    }

    #[test]
    fn where_a_plan_holds_what_a_bug_needs_more_than_once_one_of_it_is_left(which in 0..BUGS.len(), seed in 0_u64..1 << 40, noise in noise()) {
        let (name, bug) = BUGS[which];
        let (plan, lot, signature) = failing(bug, seed, Noise { may_matter: true, ..noise });

        let done = shrunk(&plan, lot, &signature);

        prop_assert!(done.plan.is_minimal(), "{name}: {:?}", done.plan);
    }
}

#[test]
fn it_takes_less_than_two_runs_for_each_part_of_the_plan() {
    for (name, bug) in BUGS {
        let (mut runs, mut parts) = (Vec::new(), 0);
        for seed in 0..50 {
            let (plan, lot, signature) = failing(bug, seed, NOISE);
            let done = shrunk(&plan, lot, &signature);
            runs.push(done.counts.runs);
            parts += done.parts_before as u64;
        }
        let (sum, most) = (runs.iter().sum::<u64>(), runs.iter().max().expect("some"));
        println!("{name}: {} parts, {} runs on average, {most} at most", parts / 50, sum / 50);
        // All times and durations included. Where everything is needed, nothing can be left out in groups.
        assert!(sum < 2 * parts || name == "needs-everything", "{name}: {sum} runs for {parts} parts");
    }
}

#[test]
fn what_is_left_is_as_short_and_early_as_it_can_be() {
    for seed in 0..30 {
        let (plan, lot, signature) = failing(bug("needs-duration"), seed, NOISE);
        let done = shrunk(&plan, lot, &signature).plan;
        assert_eq!((done.faults[0].at, done.faults[0].lasts), (0, 7 * SECONDS));
    }
    for (name, bug) in BUGS {
        let (plan, lot, signature) = failing(bug, 5, NOISE);
        let done = shrunk(&plan, lot, &signature).plan;
        let fails = |plan: &Plan| run_caught(&Toy, plan, lot, &mut Vec::new()).verdict.signature == signature;
        let milder = done.simpler().into_iter().find(|(_, plan)| fails(plan));
        assert_eq!(milder, None, "{name}");
        assert!(done.measure() < plan.measure(), "{name}");
    }
}

#[test]
fn parts_that_hide_one_another_go_together_or_not_at_all() {
    let left = |pairs_up_to| {
        let stop = AtomicBool::new(false);
        let sizes = (0..40).map(|seed| {
            let (plan, lot, signature) = failing(bug("hidden-by-pairs"), seed, NOISE);
            let request = ShrinkRequest { pairs_up_to, ..ShrinkRequest::new(lot, &signature, &stop) };
            let done = shrink(&Toy, &plan, request, |_| {}).expect("it fails");
            assert_eq!(done.complete, Ok(()), "no single part can go");
            done.plan.faults.len()
        });
        sizes.collect::<Vec<_>>()
    };

    let (without_pairs, with_pairs) = (left(0), left(8));

    assert!(without_pairs.contains(&3) && without_pairs.iter().all(|size| [1, 3].contains(size)), "{without_pairs:?}");
    assert!(with_pairs.iter().all(|size| *size == 1), "{with_pairs:?}");
}

#[test]
fn with_salts_a_failure_of_chance_is_followed_into_other_futures() {
    let stop = AtomicBool::new(false);
    let (mut own, mut other, mut earlier) = (0, 0, 0);
    for seed in 0..40 {
        let (plan, lot, signature) = failing(bug("flaky"), seed, NOISE);
        let alone = shrunk(&plan, lot, &signature).plan;
        let request = ShrinkRequest { salts: 20, ..ShrinkRequest::new(lot, &signature, &stop) };

        let done = shrink(&Toy, &plan, request, |_| {}).expect("it fails");

        assert!(done.plan.is_minimal(), "{:?}", done.plan);
        assert_eq!(Toy.run_lot(&done.plan, done.lot, &mut Vec::new()), done.result);
        assert_eq!(done.result.verdict.signature, signature);
        assert_eq!(done.steps.last().map(|step| step.lot), Some(done.lot));
        if done.lot == lot {
            own += 1
        } else {
            other += 1
        }
        earlier += u32::from(done.plan.measure() < alone.measure());
        // With twenty futures at 30 % each, time is no obstacle: both faults come at once.
        assert!(done.plan.faults.iter().all(|fault| fault.at == 0), "{:?}", done.plan.faults);
    }
    assert!(own > 0 && other > 0 && earlier > 0, "{own} {other} {earlier}");
}

#[test]
fn a_panic_of_the_simulator_is_no_failure_and_is_told() {
    let (plan, lot, signature) = failing(bug("panics-when-halved"), 3, NOISE);

    let done = shrunk(&plan, lot, &signature);

    assert!(done.plan.is_minimal());
    let (culprit, lot, verdict) = done.simulator_bug.expect("it panics without the pause");
    assert!(done.counts.simulator_bugs > 0);
    assert!(verdict.signature.starts_with("panic/"), "{verdict:?}");
    let again = run_caught(&Toy, &culprit, lot, &mut Vec::new());
    assert_eq!((again.verdict.outcome, &again.verdict), (Outcome::SimulatorBug, &verdict));

    // Not even if it is the panic that is asked for.
    let stop = AtomicBool::new(false);
    let request = ShrinkRequest::new(lot, &verdict.signature, &stop);
    let refused = shrink(&Toy, &culprit, request, |_| {}).expect_err("a panic is not to be shrunk");
    assert_eq!(refused.seen.outcome, Outcome::SimulatorBug);
}

#[test]
fn a_failure_that_is_not_there_is_an_error_that_says_what_is() {
    let stop = AtomicBool::new(false);
    let (plan, lot, signature) = failing(bug("rare"), 0, NOISE);
    let passing = Lot::forked(lot.seed, 0, 9);

    let error = |lot, signature| {
        let request = ShrinkRequest { salts: 5_000, ..ShrinkRequest::new(lot, signature, &stop) };
        shrink(&Toy, &plan, request, |_| {}).expect_err("it does not fail so")
    };

    assert_eq!(
        error(passing, &signature).to_string(),
        format!(
            "the run to shrink does not fail with `{signature}`: seed {}, forked at 0 ns with salt 9, ended as pass",
            lot.seed
        )
    );
    assert_eq!(error(lot, "planted/other").seen.signature, signature);
    assert!(error(lot, "").to_string().ends_with(&format!("ended as fail `{signature}`")));
}

/// Its plans break their word: less is more, and simpler is something else.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Liar(Vec<u32>);

impl Reduce for Liar {
    fn parts(&self) -> Vec<String> {
        self.0.iter().map(|part| format!("part {part}")).collect()
    }

    fn without(&self, parts: &[usize]) -> Option<Liar> {
        let mut kept = self.0.clone();
        if parts.len() == 1 {
            kept[parts[0]] += 100;
        } else {
            kept.push(7);
        }
        Some(Liar(kept))
    }

    fn simpler(&self) -> Vec<(String, Liar)> {
        let others = self.0.iter().map(|part| part + 50).collect();
        vec![("more".to_owned(), Liar([&self.0[..], &[1]].concat())), ("others".to_owned(), Liar(others))]
    }
}

struct AlwaysFails;

impl Runner for AlwaysFails {
    type Plan = Liar;
    type Scratch = ();

    fn run_lot(&self, _: &Liar, _: Lot, (): &mut ()) -> RunResult {
        let verdict = Verdict::new(Outcome::Fail, "always", Vec::new());
        RunResult { verdict, digest: 1, cost: Cost::default() }
    }
}

#[test]
fn a_plan_that_breaks_its_word_does_not_grow() {
    let plan = Liar(vec![1, 2, 3]);
    let stop = AtomicBool::new(false);

    let done =
        shrink(&AlwaysFails, &plan, ShrinkRequest::new(Lot::from(1), "always", &stop), |_| {}).expect("it fails");

    assert_eq!((done.plan, done.counts.runs), (plan, 1));
    assert!(done.counts.impossible >= 5, "{:?}", done.counts);
}
