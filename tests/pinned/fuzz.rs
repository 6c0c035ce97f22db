//! Damaged bundles get an error or are read; nothing panics, whatever is changed in them.

use explore::{Cost, Lot, RunResult};
use kernel::verdict::{Outcome, Verdict};
use proptest::prelude::*;
use relapse::bundle::Bundle;
use relapse::host::Host;
use relapse::registry;
use serde_json::{Value, json};

use crate::load;

/// A bundle of each system that people use, as bytes.
fn bundles() -> Vec<Vec<u8>> {
    let of = |(scenario, sets): (&str, &[&str])| {
        let verdict = Verdict::new(Outcome::Fail, "a/signature", vec!["a story".to_owned()]);
        let result = RunResult { verdict, digest: 7, cost: Cost::default() };
        let bundle = Bundle::of(&load(scenario, sets), Lot::forked(3, 5, 1), &result);
        serde_json::to_vec_pretty(&bundle.unwrap_or_else(|error| panic!("{error:?}"))).expect("JSON")
    };
    let short: &[&str] = &["duration=5m", "profile.until=4m"];
    let scenarios: [(&str, &[&str]); 4] = [
        ("zeebe/soak.toml", short),
        ("zeebe/issue-5688.toml", &[]),
        ("raft/three.toml", &[]),
        ("restate/golden-tree.toml", &[]),
    ];
    scenarios.map(of).into()
}

/// Takes it as `replay` does, up to the run.
fn take(bytes: &[u8]) -> Result<(), String> {
    let bundle = Bundle::parse(bytes)?;
    let scenario = bundle.scenario().map_err(|error| format!("{error:?}"))?;
    registry::runner(&scenario, Host::Plain).map(|_| ()).map_err(|error| format!("{error:?}"))
}

#[derive(Clone, Debug)]
enum Damage {
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    End(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (at(), any::<u8>()).prop_map(|(at, count)| Damage::Cut(at, count)),
        (at(), prop::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        at().prop_map(Damage::End),
    ]
}

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for damage in damages {
        let Some(most) = bytes.len().checked_sub(1) else { break };
        match damage {
            Damage::Set(at, byte) => bytes[at.index(most + 1)] = *byte,
            Damage::Cut(at, count) => {
                let at = at.index(most + 1);
                bytes.drain(at..(at + usize::from(*count)).min(most + 1));
            }
            Damage::Insert(at, more) => {
                drop(bytes.splice(at.index(most + 1)..at.index(most + 1), more.iter().copied()))
            }
            Damage::End(at) => bytes.truncate(at.index(most + 1)),
        }
    }
    bytes
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(?s).{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["1s", "0s", "18446744073709551615ns", "broker-9", "random(brokers)", "on", "9999h"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,9}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// Puts another value in the place of the n-th one.
fn replace(value: &mut Value, nth: &mut usize, by: &Value) -> bool {
    if *nth == 0 {
        *value = by.clone();
        return true;
    }
    *nth -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, nth, by)),
        Value::Object(pairs) => pairs.values_mut().any(|item| replace(item, nth, by)),
        _ => false,
    }
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(pairs) => pairs.values().map(size).sum(),
        _ => 0,
    }
}

#[test]
fn a_bundle_is_read_and_a_damaged_one_is_not() {
    for bytes in bundles() {
        take(&bytes).unwrap_or_else(|error| panic!("{error}"));
        assert!(take(&bytes[..bytes.len() - 3]).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bytes_never_panic(which in 0usize..4, damages in prop::collection::vec(damage(), 1..6)) {
        let _ = take(&damaged(bundles().swap_remove(which), &damages));
    }

    #[test]
    fn other_values_never_panic(which in 0usize..4, nth in any::<prop::sample::Index>(), by in any_json()) {
        let mut value: Value = serde_json::from_slice(&bundles()[which]).expect("JSON");
        let places = size(&value);
        prop_assert!(replace(&mut value, &mut nth.index(places), &by));
        let _ = take(value.to_string().as_bytes());
    }
}
