//! What is told of a deadlock: of its ring everything, of the rest a part to people and all to machines.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json;

const VERIFICATION: &str = "../../../scenarios/restate/verification.toml";

fn keys(value: &Value) -> Vec<i64> {
    value.as_array().expect("a list").iter().filter_map(Value::as_i64).collect()
}

fn rings(run: &Value) -> Vec<Vec<i64>> {
    run["details"]["rings"].as_array().expect("a list").iter().map(keys).collect()
}

/// A job with rings of 3 and of 14 keys, few of which are among the smallest of the many that are held.
#[test]
fn the_keys_of_long_rings_are_told_first_with_their_holders() {
    let run = json(&["run", VERIFICATION, "--set", "workload.depth=26", "--seed", "1", "--json"]);

    assert_eq!(run["signature"], "restate/deadlock/ring-of-3+14");
    let rings: BTreeSet<i64> = rings(&run).concat().into_iter().collect();
    let story: Vec<&str> = run["story"].as_array().expect("lines").iter().filter_map(Value::as_str).collect();
    let told = |line: &&str| line.strip_prefix("key ")?.split(' ').next()?.parse().ok();
    let first: BTreeSet<i64> = story.iter().filter_map(told).take(17).collect();
    assert_eq!((rings.len(), first), (17, rings));
    assert!(story.iter().any(|line| line.ends_with("more held keys, in no ring")), "{story:#?}");
}

#[test]
fn machines_are_told_of_every_held_key_and_every_victim() {
    let run = json(&["run", VERIFICATION, "--set", "workload.depth=26", "--seed", "1", "--json"]);

    let details = &run["details"];
    let locked = details["locked"].as_array().expect("a list");
    let held: BTreeSet<i64> = locked.iter().filter_map(|held| held["key"].as_i64()).collect();
    let victims = keys(&details["victims"]);
    let story = run["story"].to_string();
    assert!(locked.len() > 14 + 16 && held.len() == locked.len(), "{details:#}");
    assert!(victims.len() > 16 && story.contains(&format!("and {} more", victims.len() - 16)), "{story}");
    assert!(victims.iter().all(|victim| !held.contains(victim)), "{details:#}");
    let differences = details["differences"].as_array().expect("a list");
    assert!(differences.iter().all(|one| one["found"].as_u64() < one["expected"].as_u64()), "{details:#}");
    // Each of a ring waits for the next one.
    let rings = rings(&run);
    let next = |ring: &'_ Vec<i64>| ring.clone().into_iter().zip(ring.clone().into_iter().cycle().skip(1));
    for (key, next) in rings.iter().flat_map(next) {
        let holder = locked.iter().find(|held| held["key"] == key).expect("a key of the ring is held");
        assert_eq!(keys(&holder["waits_for"]), [next]);
    }
}
