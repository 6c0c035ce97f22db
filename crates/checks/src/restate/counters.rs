//! A job that is over: every counter is what the tree says.
//!
//! Source: specs/restate.md 3.7, 9.2. Not covered: counters of keys that the tree does not name (there can be none).

use ::restate::node::server::Server;
use ::restate::workload::{Service, Tree, expected_counters};
use std::collections::BTreeMap;

/// Counters of a job as they are, without those that are 0.
pub fn counters(server: &Server, number: u16) -> BTreeMap<i32, u32> {
    let tables = server.partitions.iter().flat_map(|partition| partition.tables.iter());
    let of_job = tables.filter(|(key, _)| key.job == number && key.service == Service::Interpreter);
    let counted = of_job.filter_map(|(key, instance)| Some((key.target, instance.state?)));
    counted.filter(|(_, count)| *count > 0).collect()
}

/// Keys whose counter is not what the tree says: expected and found.
pub fn differences(counters: &BTreeMap<i32, u32>, tree: &Tree) -> BTreeMap<i32, (u32, u32)> {
    let expected: BTreeMap<i32, u32> = expected_counters(tree).into_iter().collect();
    let keys = expected.keys().chain(counters.keys());
    let pair = |key: &i32| {
        let count = |map: &BTreeMap<i32, u32>| map.get(key).copied().unwrap_or(0);
        (*key, (count(&expected), count(counters)))
    };
    keys.map(pair).filter(|(_, (expected, found))| expected != found).collect()
}
