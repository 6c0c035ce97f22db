//! Taking one entry out leaves all unrelated draws and events where they were.

use crate::toy::{Seen, Stage, Toy, plan};
use faults::TOKENS;
use faults::injector::run;
use faults::plan::Plan;
use kernel::budget::Budget;
use kernel::control::Command;
use kernel::event::{Event, Observer, What};
use kernel::identity::NodeId;
use kernel::world::World;
use std::collections::BTreeSet;

const PLAN: &str = "[[fault]]\nid = \"gone\"\nat = \"105ms\"\ndo = { clock-jump = { node = \"random(workers)\", by = \"1s\" } }\n\
    [[fault]]\nid = \"stays\"\nat = \"205ms\"\nfor = \"300ms\"\ndo = { isolate = { node = \"random(workers)\" } }\n\
    [[fault]]\nid = \"bad\"\nat = \"305ms\"\nfor = \"500ms\"\ndo = { degrade = { from = \"random(workers)\", loss = \"20%\" } }\n";

#[test]
fn an_entry_without_consequences_takes_only_its_own_events_along() {
    let whole = plan(PLAN);
    let less = whole.without(&BTreeSet::from(["gone"]));
    assert_eq!(less.entries().len(), 2);

    let (whole, less) = (Stage::new(&whole, 4).until(1_000), Stage::new(&less, 4).until(1_000));

    assert_eq!(whole.world.draws(), less.world.draws());
    assert_eq!(whole.report("stays"), less.report("stays"));
    assert_eq!(whole.report("bad"), less.report("bad"));
    let of_gone = |seen: &&Seen| seen.0 != 105_000_000 || seen.1 != NodeId::KERNEL;
    let left: Vec<&Seen> = whole.log.0.iter().filter(of_gone).collect();
    assert_eq!(left, less.log.0.iter().collect::<Vec<_>>());
    assert!(left.len() >= 1_000, "only {} events were compared", left.len());
}

/// The tokens of all wake-ups.
#[derive(Default)]
struct Tokens(Vec<u64>);

impl Observer<Toy> for Tokens {
    fn on_event(&mut self, event: &Event<'_, Toy>, _: &World<Toy>) {
        if let What::Control(Command::Wake(token)) = event.what {
            self.0.push(*token);
        }
    }
}

#[test]
fn what_wakes_an_entry_is_named_after_it_and_not_after_its_place() {
    let tokens = |plan: &Plan| {
        let (mut stage, mut tokens) = (Stage::new(plan, 4), Tokens::default());
        run(&mut stage.world, &mut stage.injector, Budget::until(1_000_000_000), &mut tokens);
        tokens.0
    };
    let whole = plan(PLAN);

    let (all, left) = (tokens(&whole), tokens(&whole.without(&BTreeSet::from(["gone"]))));

    assert_eq!(all.len(), 5);
    assert_eq!(all[1..], left);
    assert!(all.iter().all(|token| token >> 48 == TOKENS));
}

#[test]
fn a_kill_moves_nothing_between_the_nodes_it_does_not_touch() {
    let kill = "[[fault]]\nid = \"kill\"\nat = \"105ms\"\nfor = \"200ms\"\ndo = { kill = { node = \"worker-3\" } }\n";
    let with = Stage::new(&plan(&format!("{PLAN}{kill}")), 4).until(1_000);
    let without = Stage::new(&plan(PLAN), 4).until(1_000);

    let others = |stage: &Stage| {
        let untouched = |name: &str| matches!(name, "tick" | "work" | "worked" | "disk-done");
        let of = |seen: &&Seen| seen.1.0 < 3 && untouched(seen.2);
        stage.log.0.iter().filter(of).copied().collect::<Vec<_>>()
    };

    let (with, without) = (others(&with), others(&without));
    assert!(with.len() >= 1_000, "only {} events were compared", with.len());
    assert_eq!(with, without);
    println!("{} unrelated events: all of them at the same time with the kill and without", with.len());
}

#[test]
fn an_injector_without_faults_changes_nothing() {
    let none = Stage::new(&plan(""), 3).until(500);
    let mut bare = Stage::new(&plan(""), 3);
    bare.world.run(Budget::until(500_000_000), &mut ());

    assert_eq!(none.world.digest(), bare.world.digest());
    assert_eq!(none.vacuous(), None);
}

#[test]
fn the_same_plan_and_seed_are_the_same_run() {
    let digest = |seed| Stage::bounded(&plan(PLAN), 4, seed, None).until(1_000).world.digest();

    assert_eq!(digest(3), digest(3));
    assert_ne!(digest(3), digest(4));
}
