//! The toys themselves: what the tests of exploring rest on.

mod planted;

use kernel::identity::SECONDS;
use kernel::verdict::Outcome;
use planted::{BUGS, HORIZON, Noise, Rule, Toy, bug, planted as draw, watched};
use relapse_explore::{Lot, Reduce, Runner};

const NOISE: Noise = Noise { faults: 12, operations: 6, may_matter: false };
const MANY: Noise = Noise { may_matter: true, ..NOISE };

#[test]
fn a_plan_holds_what_its_bug_needs_and_fails_in_every_future_where_no_chance_is_in_it() {
    for (name, bug) in BUGS {
        for seed in 0..40 {
            let (plan, needed) = draw(bug.with_chance(1_000_000), seed, if seed % 2 == 0 { NOISE } else { MANY });
            assert!(!needed.is_empty(), "{name} {seed}");
            for lot in [Lot::from(seed), Lot::forked(seed, 0, 1), Lot::forked(seed, 40 * SECONDS, 2)] {
                let watched = watched(&plan, lot);
                assert_eq!(watched.result, Toy.run_lot(&plan, lot, &mut Vec::new()), "{name} {seed}");
                assert_eq!(watched.result.verdict.outcome, Outcome::Fail, "{name} {seed}");
                let decided_at = watched.decided_at.expect("it fails");
                let middle = 15 * SECONDS..93 * SECONDS;
                assert!(seed % 2 == 1 || middle.contains(&decided_at), "{name} {seed}: {decided_at}");
            }
        }
    }
}

#[test]
fn without_what_is_needed_or_with_its_fixes_it_does_not_fail_so() {
    for (name, bug) in BUGS.iter().filter(|(_, bug)| bug.rule != Rule::Panics) {
        for seed in 0..20 {
            let (plan, needed) = draw(bug.with_chance(1_000_000), seed, NOISE);
            let signature = Toy.run(&plan, seed, &mut Vec::new()).verdict.signature;
            let parts: Vec<usize> = (plan.nodes.len()..plan.parts().len()).collect();
            let rest = plan.without(&parts).expect("nodes are left");
            assert_eq!(Toy.run(&rest, seed, &mut Vec::new()).verdict.outcome, Outcome::Vacuous);

            let fixed = bug.rule.fixes().iter().fold(plan.clone(), |plan, fix| plan.with_fix(fix, true));
            assert_ne!(Toy.run(&fixed, seed, &mut Vec::new()).verdict.signature, signature, "{name} {seed}");
            let other = plan.with_fix("fix_naming", true);
            assert_eq!(Toy.run(&other, seed, &mut Vec::new()).verdict.signature, signature, "{name} {seed}");

            // The smallest plans of the table are those of the machine: what is needed alone fails.
            let is_needed = |part: &String| {
                needed.iter().any(|id| part.ends_with(&format!("-{id}")) || *part == format!("operation {id}"))
            };
            let noise: Vec<usize> = parts.into_iter().filter(|part| !is_needed(&plan.parts()[*part])).collect();
            let alone = plan.without(&noise).expect("nodes are left");
            assert_eq!(alone.faults.len() + alone.operations.len(), needed.len(), "{name} {seed}");
            assert_eq!(Toy.run(&alone, seed, &mut Vec::new()).verdict.signature, signature, "{name} {seed}");
        }
    }
}

#[test]
fn a_fork_shares_what_was_before_and_a_later_one_cannot_change_what_was_decided() {
    let mut before = [0, 0];
    for seed in (0..4_000).filter(|seed| {
        let (plan, _) = draw(bug("needs-window").with_chance(50_000), *seed, NOISE);
        Toy.run(&plan, *seed, &mut Vec::new()).verdict.outcome == Outcome::Fail
    }) {
        let (plan, _) = draw(bug("needs-window").with_chance(50_000), seed, NOISE);
        let whole = watched(&plan, Lot::from(seed));
        let decided_at = whole.decided_at.expect("it fails");
        for salt in 0..20 {
            let later = watched(&plan, Lot::forked(seed, decided_at + 1, salt));
            assert_eq!(later.result.verdict, whole.result.verdict);
            assert_ne!(later.result.digest, whole.result.digest, "beats after the fork are drawn anew");
            let forked = watched(&plan, Lot::forked(seed, decided_at, salt));
            let shared = |events: &[planted::Event]| events.iter().filter(|event| event.at < decided_at).count();
            assert_eq!(forked.events[..shared(&forked.events)], whole.events[..shared(&whole.events)]);
            before[usize::from(forked.result.verdict.outcome == Outcome::Fail)] += 1;
        }
        let never = watched(&plan, Lot::forked(seed, HORIZON + 1, 7));
        assert_eq!(never, whole);
    }
    let failed = f64::from(before[1]) / f64::from(before[0] + before[1]);
    assert!(before[0] > 1_000 && (0.03..0.07).contains(&failed), "{before:?}");
}

#[test]
fn the_rate_of_the_rare_bug_is_one_in_a_thousand() {
    let (plan, _) = draw(bug("rare"), 1, NOISE);
    let mut scratch = Vec::new();
    let failures = (0..50_000).filter(|seed| Toy.run(&plan, *seed, &mut scratch).verdict.outcome == Outcome::Fail);
    let count = failures.count();
    assert!((25..=80).contains(&count), "{count} in 50,000");
}
