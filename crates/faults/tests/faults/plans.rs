//! Plans are read, written back, edited and shrunk.

use crate::toy::plan;
use faults::duration::Span;
use faults::plan::Plan;
use faults::sample::{Profile, sample};
use kernel::identity::SECONDS;
use proptest::prelude::*;

fn sampled(seed: u64, until_s: u64) -> Plan {
    sample(&Profile::dense("workers", Span(SECONDS), Span(until_s * SECONDS)), seed).unwrap()
}

#[test]
fn the_shape_of_the_design_is_read() {
    let text = "[[fault]]\non = { event = \"deployment-distributed\", nth = 1 }\n\
                do = { cut = { node = \"follower-of(3)\", from = \"cluster\" } }\nfor = \"40s\"\n";

    let read = plan(text);

    let entry = &read.entries()[0];
    assert!(entry.id.starts_with("isolate-deployment-distributed-1-"), "{}", entry.id);
    assert_eq!(entry.lasts, Some(Span(40 * SECONDS)));
}

#[test]
fn an_id_comes_from_the_content_and_not_from_the_place() {
    let kill = |node: &str| format!("[[fault]]\nat = \"1s\"\ndo = {{ kill = {{ node = \"{node}\" }} }}\n");
    let ids = |text: String| plan(&text).entries().iter().map(|entry| entry.id.clone()).collect::<Vec<_>>();

    let both = ids(kill("a") + &kill("b"));

    assert_eq!(both[1..], ids(kill("b")));
    let twins = ids(kill("a") + &kill("a"));
    assert_eq!(twins[1], format!("{}-2", twins[0]));
}

#[test]
fn a_plan_that_was_written_keeps_its_ids_when_it_is_edited() {
    let text = "[[fault]]\nat = \"1s\"\nfor = \"4s\"\ndo = { slow = { node = \"a\", percent = 300 } }\n";
    let id = plan(text).entries()[0].id.clone();

    let edited = toml::to_string(&plan(text)).unwrap().replace("300", "100");

    assert_eq!(plan(&edited).entries()[0].id, id);
}

/// Keeps taking a smaller plan that `fails`, as a shrinker does; how many it tried.
fn shrink(mut plan: Plan, fails: impl Fn(&Plan) -> bool) -> (Plan, usize) {
    let mut tried = 0;
    while let Some(smaller) = plan.smaller().into_iter().find(|smaller| {
        tried += 1;
        fails(smaller)
    }) {
        plan = smaller;
    }
    (plan, tried)
}

#[test]
fn a_planted_cause_is_all_that_shrinking_leaves() {
    let plan =
        (0..).map(|seed| sampled(seed, 60)).find(|plan| plan.entries().iter().any(|it| it.id == "kill-2")).unwrap();
    let count = plan.entries().len();

    let (least, tried) = shrink(plan, |plan| plan.entries().iter().any(|entry| entry.id == "kill-2"));

    assert_eq!(least.entries().len(), 1);
    assert!(count > 5 && tried < 200, "{count} entries, {tried} tries");
    assert_eq!(least.smaller(), vec![Plan::empty()]);
}

proptest! {
    #[test]
    fn smaller_plans_are_valid_and_smaller_and_keep_their_ids(seed: u64, until_s in 2_u64..40) {
        let plan = sampled(seed, until_s);
        for smaller in plan.smaller() {
            prop_assert!(smaller.validate().is_ok());
            prop_assert!(smaller.size() < plan.size());
            let known = |id: &String| plan.entries().iter().any(|entry| entry.id == *id);
            prop_assert!(smaller.entries().iter().all(|entry| known(&entry.id)));
        }
    }

    #[test]
    fn shrinking_comes_to_an_end(seed: u64) {
        let (least, _) = shrink(sampled(seed, 15), |_| true);
        prop_assert!(least.is_empty());
    }

    #[test]
    fn a_sampled_plan_is_read_back_as_it_was_written(seed: u64, until_s in 2_u64..60) {
        let plan = sampled(seed, until_s);
        prop_assert_eq!(&toml::from_str::<Plan>(&toml::to_string(&plan).unwrap()).unwrap(), &plan);
        prop_assert_eq!(&serde_json::from_str::<Plan>(&serde_json::to_string(&plan).unwrap()).unwrap(), &plan);
    }
}
