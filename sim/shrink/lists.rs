//! The parts that stand in lists: faults, deployments, batches, snapshots, errors of stores.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::registry;
use crate::scenario::schema::{Key, Kind};

type Root = Map<String, Json>;

/// A list of the scenario: its section (none for faults) and its key.
type Place = (Option<&'static str>, &'static str);

/// The lists of parts that a scenario of its system may have, in the order of their parts.
fn places(root: &Root) -> Vec<Place> {
    let schema = root.get("system").and_then(Json::as_str).and_then(registry::schema);
    let of = |section: &'static str, keys: &'static [Key]| {
        let lists = keys.iter().filter(|key| matches!(key.kind, Kind::Tables(_)));
        lists.map(move |key| (Some(section), key.name))
    };
    let sections =
        schema.into_iter().flat_map(|schema| of("cluster", schema.cluster).chain(of("workload", schema.workload)));
    std::iter::once((None, "fault")).chain(sections).collect()
}

fn list(root: &Root, (section, key): Place) -> &[Json] {
    let table = match section {
        Some(section) => root.get(section).and_then(Json::as_object),
        None => Some(root),
    };
    table.and_then(|table| table.get(key)).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// The names of all such parts.
pub fn names(root: &Root) -> Vec<String> {
    let mut names = Vec::new();
    for place in places(root) {
        for item in list(root, place) {
            let mut name = name(place.1, item);
            while names.contains(&name) {
                name.push('\'');
            }
            names.push(name);
        }
    }
    names
}

/// By its id if it has one, else by what it says.
fn name(key: &str, item: &Json) -> String {
    let word = key.strip_suffix('s').unwrap_or(key);
    match item.get("id") {
        Some(Json::String(id)) => format!("{word} {id}"),
        Some(Json::Number(id)) => format!("{word} {id}"),
        _ => {
            let pairs = item.as_object().into_iter().flatten();
            let said: Vec<String> = pairs.map(|(key, value)| format!("{key} {}", plain(value))).collect();
            format!("{word} with {}", said.join(", "))
        }
    }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The scenario without these of its parts, and without the faults that wait for one that is gone. `None`: its faults are no
/// plan, which no scenario's are.
pub fn without(root: &Root, parts: &[usize]) -> Option<Root> {
    let gone: BTreeSet<usize> = parts.iter().copied().collect();
    let mut left = root.clone();
    let mut first = 0;
    for place in places(root) {
        let items = list(root, place);
        let is_left = |(nth, _): &(usize, &Json)| !gone.contains(&(first + nth));
        let kept: Vec<Json> = items.iter().enumerate().filter(is_left).map(|(_, item)| item.clone()).collect();
        if kept.len() < items.len() {
            match place {
                (None, _) => put_faults(&mut left, waited_for(root, kept)?),
                // An empty list is not no list: without one, the workload has its default.
                (Some(section), key) => {
                    drop(left.get_mut(section)?.as_object_mut()?.insert(key.to_owned(), kept.into()))
                }
            }
        }
        first += items.len();
    }
    Some(left)
}

fn put_faults(root: &mut Root, faults: Vec<Json>) {
    if faults.is_empty() {
        root.shift_remove("fault");
    } else {
        root.insert("fault".to_owned(), faults.into());
    }
}

/// Those of the kept faults that do not wait for one that is gone.
fn waited_for(root: &Root, kept: Vec<Json>) -> Option<Vec<Json>> {
    let plan = plan(root)?;
    let id = |item: &Json| item.get("id").and_then(Json::as_str).map(str::to_owned);
    let kept_ids: BTreeSet<String> = kept.iter().filter_map(id).collect();
    let gone: BTreeSet<&str> =
        plan.entries().iter().map(|entry| &*entry.id).filter(|id| !kept_ids.contains(*id)).collect();
    let left = plan.without(&gone);
    let stands = |item: &Json| left.entries().iter().any(|entry| Some(&*entry.id) == id(item).as_deref());
    Some(kept.into_iter().filter(stands).collect())
}

/// The faults of a scenario as a plan.
pub fn plan(root: &Root) -> Option<faults::plan::Plan> {
    let entries = list(root, (None, "fault")).iter().map(|item| serde_json::from_value(item.clone()).ok());
    faults::plan::Plan::new(entries.collect::<Option<_>>()?).ok()
}

/// The scenario with another plan of faults.
pub fn with_plan(root: &Root, plan: &faults::plan::Plan) -> Root {
    let mut root = root.clone();
    put_faults(&mut root, plan.entries().iter().map(|entry| serde_json::json!(entry)).collect());
    root
}
