//! Simpler selves of a scenario with the same parts: shorter and rounder times, smaller counts, fewer keys.
//!
//! Each weighs less ([`weight`]), so that taking one after another comes to an end.

use serde_json::{Map, Value as Json, json};

use super::lists;
use crate::registry;
use crate::scenario::duration::parse_duration;
use crate::scenario::schema::{Key, Kind, Need, Schema};

type Root = Map<String, Json>;

/// What a key more weighs against any value that it may have.
const KEY: u128 = 1 << 100;

/// Those scenarios, the largest steps first, each with what it changes.
pub fn simpler(root: &Root) -> Vec<(String, Root)> {
    let Some(schema) = root.get("system").and_then(Json::as_str).and_then(registry::schema) else { return Vec::new() };
    let mut all = Vec::new();
    for (section, keys) in [("cluster", schema.cluster), ("workload", schema.workload)] {
        keys_gone(root, section, keys, &mut all);
    }
    for section in ["latency", "service"] {
        for name in table(root, section).map(|table| table.keys().cloned().collect::<Vec<_>>()).unwrap_or_default() {
            all.push((format!("without {section}.{name}"), without(root, section, &name)));
        }
    }
    smaller_values(root, schema, &mut all);
    if let Some(plan) = lists::plan(root) {
        all.extend(plan.simpler().into_iter().map(|(words, plan)| (words, lists::with_plan(root, &plan))));
    }
    let whole = weight(root);
    all.retain(|(_, root)| weight(root) < whole);
    all
}

/// Without each key that need not be there.
fn keys_gone(root: &Root, section: &'static str, keys: &'static [Key], all: &mut Vec<(String, Root)>) {
    let there = |key: &&Key| table(root, section).is_some_and(|table| table.contains_key(key.name));
    for key in keys.iter().filter(there) {
        // A list of parts that is empty says that there are none of what there would else be.
        if !matches!(key.need, Need::Required) && !matches!(key.kind, Kind::Tables(_) | Kind::File) {
            all.push((format!("without {section}.{}", key.name), without(root, section, key.name)));
        }
    }
}

/// With less of each count and each time of the sections, and of the items of their lists. Not of the time that a run may take:
/// a failure ends it as soon as it is seen, and where there is none, the judgement needs that time.
fn smaller_values(root: &Root, schema: &Schema, all: &mut Vec<(String, Root)>) {
    let of = |section: &'static str, keys: &'static [Key]| {
        keys.iter().map(move |key| (format!("{section}/{}", key.name), key))
    };
    for (path, key) in of("cluster", schema.cluster).chain(of("workload", schema.workload)) {
        let Some(value) = at(root, &path) else { continue };
        for (said, less) in fewer(value, key) {
            let mut changed = root.clone();
            put(&mut changed, &path, less);
            if path == "cluster/partitions" {
                drop_leaders(&mut changed);
            }
            all.push((format!("{} {said}", path.replace('/', ".")), changed));
        }
    }
}

/// Smaller values of a key, in words and as they are written.
fn fewer(value: &Json, key: &Key) -> Vec<(String, Json)> {
    match key.kind {
        Kind::Count { least, .. } => {
            let Some(count) = value.as_u64() else { return Vec::new() };
            let mut fewer = vec![least, count / 2, count.saturating_sub(1)];
            fewer.retain(|less| (least..count).contains(less));
            fewer.dedup();
            fewer.into_iter().map(|less| (less.to_string(), json!(less))).collect()
        }
        Kind::Duration { least } | Kind::Range { least } => {
            let Some(ns) = value.as_str().and_then(|text| parse_duration(text).ok()) else { return Vec::new() };
            let shorter = shorter(ns).into_iter().filter(|less| *less >= least);
            shorter.map(faults::duration::Span).map(|span| (span.to_string(), json!(span))).collect()
        }
        Kind::Tables(keys) => {
            let Some(items) = value.as_array() else { return Vec::new() };
            let mut all = Vec::new();
            for (nth, item) in items.iter().enumerate() {
                for key in keys.iter().filter(|key| !matches!(key.name, "id" | "partition")) {
                    for (said, less) in item.get(key.name).map(|value| fewer(value, key)).unwrap_or_default() {
                        let mut items = items.clone();
                        items[nth][key.name] = less;
                        all.push((format!("{nth} {} {said}", key.name), json!(items)));
                    }
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

/// Half of a time, then three quarters, and the time with fewer digits.
fn shorter(ns: u64) -> Vec<u64> {
    let digits = ns.checked_ilog10().map_or(0, |log| log + 1);
    let rounded = (1..digits).map(|kept| ns - ns % 10_u64.pow(digits - kept));
    let mut all: Vec<u64> = [ns / 2, ns / 4 * 3].into_iter().map(two_digits).chain(rounded).collect();
    all.retain(|less| *less < ns);
    all.dedup();
    all
}

fn two_digits(ns: u64) -> u64 {
    let unit = 10_u64.pow(ns.checked_ilog10().unwrap_or(0).saturating_sub(1));
    ns - ns % unit
}

/// There may be no more first leaders than partitions.
fn drop_leaders(root: &mut Root) {
    let partitions =
        at(root, "cluster/partitions").and_then(Json::as_u64).and_then(|count| usize::try_from(count).ok());
    if let (Some(partitions), Some(Json::Array(leaders))) =
        (partitions, root.get_mut("cluster").and_then(|it| it.get_mut("first_leaders")))
    {
        leaders.truncate(partitions);
    }
}

fn table<'r>(root: &'r Root, section: &str) -> Option<&'r Root> {
    root.get(section).and_then(Json::as_object)
}

fn at<'r>(root: &'r Root, path: &str) -> Option<&'r Json> {
    match path.split_once('/') {
        Some((section, key)) => table(root, section)?.get(key),
        None => root.get(path),
    }
}

fn put(root: &mut Root, path: &str, value: Json) {
    match path.split_once('/') {
        Some((section, key)) => {
            drop(root.get_mut(section).and_then(Json::as_object_mut).map(|it| it.insert(key.to_owned(), value)))
        }
        None => drop(root.insert(path.to_owned(), value)),
    }
}

fn without(root: &Root, section: &str, key: &str) -> Root {
    let mut root = root.clone();
    let emptied = root.get_mut(section).and_then(Json::as_object_mut).is_some_and(|table| {
        table.shift_remove(key);
        table.is_empty()
    });
    if emptied {
        root.shift_remove(section);
    }
    root
}

/// How much a scenario says: its keys, and how large and odd their values are.
fn weight(root: &Root) -> u128 {
    let of_faults = lists::plan(root).map_or(0, |plan| plan.size().1);
    let rest = root.iter().filter(|(key, _)| !matches!(&***key, "fault" | "expect"));
    rest.map(|(_, value)| KEY + heavy(value)).sum::<u128>() + of_faults
}

fn heavy(value: &Json) -> u128 {
    match value {
        Json::Object(table) => table.values().map(|value| KEY + heavy(value)).sum(),
        Json::Array(items) => items.iter().map(|item| 1 + heavy(item)).sum(),
        Json::Number(number) => u128::from(number.as_u64().unwrap_or(0)),
        Json::String(text) => parse_duration(text).map_or(0, |ns| u128::from(ns) + u128::from(odd_digits(ns))),
        Json::Null | Json::Bool(_) => 0,
    }
}

/// Digits that are not trailing zeros.
fn odd_digits(ns: u64) -> u32 {
    let digits = ns.checked_ilog10().map_or(0, |log| log + 1);
    digits - (0..digits).take_while(|count| ns.is_multiple_of(10_u64.pow(count + 1))).count() as u32
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::registry;
    use crate::scenario::Scenario;

    /// The pinned scenarios of the models.
    fn roots() -> Vec<Root> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let of = |name: &str| {
            let scenario = Scenario::load(&directory.join(name), &[]).expect("a scenario");
            Root::from(&registry::pinned(&scenario, 1).expect("its files are there").document.root)
        };
        ["zeebe/soak.toml", "zeebe/cache-rollback-r1.toml", "raft/three.toml", "restate/verification.toml"]
            .map(of)
            .into()
    }

    #[test]
    fn each_simpler_self_weighs_less_and_keeps_its_parts() {
        for root in roots() {
            let simpler = simpler(&root);
            assert!(simpler.len() > 3, "{}", root["name"]);
            for (words, less) in simpler {
                assert!(weight(&less) < weight(&root) && !words.is_empty(), "{words}");
                assert_eq!(lists::names(&less).len(), lists::names(&root).len(), "{words}");
            }
        }
    }

    #[test]
    fn taking_one_after_another_comes_to_an_end() {
        for mut root in roots() {
            let mut steps = 0;
            while let Some((_, less)) = simpler(&root).into_iter().next() {
                (root, steps) = (less, steps + 1);
                assert!(steps < 20_000, "{}", root["name"]);
            }
        }
    }

    #[test]
    fn times_become_shorter_and_rounder() {
        assert_eq!(shorter(12_150), [6_000, 9_100, 10_000, 12_000, 12_100]);
        assert_eq!(shorter(1), [0]);
        assert!(shorter(0).is_empty());
    }
}
