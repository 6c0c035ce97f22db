//! Sampled plans: a function of profile and seed, dense, and with kinds that do not disturb one another.

use crate::toy::Stage;
use faults::duration::Span;
use faults::plan::{Entry, Plan};
use faults::sample::{Profile, sample};
use faults::trigger::Trigger;
use kernel::identity::{MILLIS, SECONDS};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn dense(until_s: u64) -> Profile {
    Profile::dense("workers", Span(SECONDS), Span(until_s * SECONDS))
}

fn kinds(plan: &Plan) -> BTreeSet<&str> {
    plan.entries().iter().filter_map(|entry| Some(entry.id.rsplit_once('-')?.0)).collect()
}

#[test]
fn a_swarm_leaves_each_kind_out_about_every_other_time() {
    let profile = dense(120);
    let plans: Vec<Plan> = (0..400).map(|seed| sample(&profile, seed).unwrap()).collect();

    for kind in profile.kind.keys() {
        let with = plans.iter().filter(|plan| kinds(plan).contains(kind.as_str())).count();
        assert!((140..260).contains(&with), "{kind}: in {with} of 400");
    }
    for plan in &plans {
        let count = kinds(plan).len();
        assert!(0 < count && count < profile.kind.len(), "{count} kinds");
    }
    let whole = Profile { swarm: false, ..profile.clone() };
    assert_eq!(kinds(&sample(&whole, 1).unwrap()).len(), profile.kind.len());
}

#[test]
fn one_kind_alone_is_not_left_out() {
    let text = "until = \"1m\"\nswarm = true\n[kind.k]\ndo = [{ wipe = { node = \"a\" } }]\ngap = [\"1s\", \"9s\"]";
    let profile: Profile = toml::from_str(text).unwrap();

    assert!((0..20).all(|seed| !sample(&profile, seed).unwrap().entries().is_empty()));
}

#[test]
fn a_dense_profile_strikes_every_few_seconds_and_most_of_it_bites() {
    let plan = sample(&Profile { swarm: false, ..dense(120) }, 5).unwrap();
    let count = plan.entries().len();

    let stage = Stage::bounded(&plan, 3, 5, None).until(120_000);

    assert!(count >= 30, "{count} faults in 120 s");
    let bit = stage.injector.reports(&stage.world).iter().filter(|report| report.nothing.is_none()).count();
    assert!(bit * 10 >= count * 8, "{bit} of {count} had an effect");
    assert_eq!(stage.vacuous(), None);
}

#[test]
fn kinds_of_one_range_strike_at_times_of_their_own() {
    let kind = |name| format!("[kind.{name}]\ndo = [{{ wipe = {{ node = \"a\" }} }}]\ngap = [\"1s\", \"9s\"]\n");
    let profile: Profile =
        toml::from_str(&format!("until = \"5m\"\nswarm = false\n{}{}", kind("one"), kind("two"))).unwrap();

    let plan = sample(&profile, 1).unwrap();

    let times: BTreeSet<String> = plan.entries().iter().map(|entry| entry.trigger.to_string()).collect();
    assert!(plan.entries().len() > 80 && times.len() == plan.entries().len(), "{plan:?}");
}

#[test]
fn a_profile_that_is_none_is_refused() {
    for (text, why) in [
        ("until = \"1m\"\n[kind.k]\ndo = []\ngap = [\"1s\", \"2s\"]", "`kind.k.do` is empty"),
        (
            "until = \"1m\"\n[kind.k]\ndo = [{ wipe = { node = \"a\" } }]\ngap = [\"3s\", \"2s\"]",
            "`kind.k.gap` is no range",
        ),
        (
            "until = \"1m\"\n[kind.k]\ndo = [{ wipe = { node = \"a\" } }]\ngap = [\"1s\", \"2s\"]\nfor = [\"1s\", \"2s\"]",
            "makes no sense",
        ),
    ] {
        let profile: Profile = toml::from_str(text).unwrap();
        let message = sample(&profile, 1).unwrap_err().to_string();
        assert!(message.contains(why), "{message}");
    }
    let unknown = toml::from_str::<Profile>("until = \"1m\"\nswam = true").unwrap_err().to_string();
    assert!(unknown.contains("unknown field `swam`, expected one of `from`, `until`, `swarm`, `kind`"), "{unknown}");
}

proptest! {
    #[test]
    fn the_same_profile_and_seed_give_the_same_plan(seed: u64) {
        prop_assert_eq!(sample(&dense(60), seed), sample(&dense(60), seed));
    }

    #[test]
    fn a_kind_that_is_left_out_moves_no_entry_of_another(seed: u64, nth in 0_usize..7) {
        let (mut whole, mut less) = (dense(60), dense(60));
        // Which kinds a swarm keeps depends on all of them, since it never keeps all or none.
        (whole.swarm, less.swarm) = (false, false);
        let gone = less.kind.keys().nth(nth).unwrap().clone();
        less.kind.remove(&gone);

        let (whole, less) = (sample(&whole, seed).unwrap(), sample(&less, seed).unwrap());

        let others = |entry: &&Entry| !entry.id.starts_with(&format!("{gone}-"));
        let left: Vec<&Entry> = whole.entries().iter().filter(others).collect();
        prop_assert_eq!(left, less.entries().iter().collect::<Vec<_>>());
    }

    #[test]
    fn every_entry_keeps_within_the_profile(seed: u64) {
        let profile = dense(60);
        for entry in sample(&profile, seed).unwrap().entries() {
            let Trigger::At(at) = entry.trigger else { panic!("sampled entries have times") };
            prop_assert!(at >= profile.from && at.0 + entry.lasts.unwrap().0 <= profile.until.0);
            prop_assert!(entry.may_miss && at.0.is_multiple_of(MILLIS));
        }
    }
}
