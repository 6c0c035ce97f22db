//! All that was found of a job, for machines: the story of a verdict is cut to what people read.

use checks::restate::job::Findings;
use checks::restate::rings::Locked;
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
struct Details {
    /// Each from its smallest key, in the order of waiting.
    rings: Vec<Vec<i32>>,
    /// Every held key of the tree, in order.
    locked: Vec<LockedJson>,
    /// Keys that fell short although nobody holds them.
    victims: Vec<i32>,
    /// Every counter that is not what it should be.
    differences: Vec<Difference>,
}

#[derive(Serialize)]
struct LockedJson {
    key: i32,
    holder: String,
    command: u16,
    suspended: bool,
    waits_for: Vec<i32>,
    queued_calls: usize,
    queued_verifies: usize,
}

#[derive(Serialize)]
struct Difference {
    key: i32,
    expected: u32,
    found: u32,
}

/// Of one run.
pub fn of(findings: &Findings) -> Value {
    let keys = |ring: &String| ring.split('>').filter_map(|key| key.parse().ok()).collect();
    let difference =
        |(key, (expected, found)): (&i32, &(u32, u32))| Difference { key: *key, expected: *expected, found: *found };
    let details = Details {
        rings: findings.rings.iter().map(keys).collect(),
        locked: findings.locked.iter().map(|(key, held)| locked(*key, held)).collect(),
        victims: findings.victims(),
        differences: findings.differences.iter().map(difference).collect(),
    };
    serde_json::to_value(details).expect("lists of plain values")
}

fn locked(key: i32, held: &Locked) -> LockedJson {
    LockedJson {
        key,
        holder: held.path.clone(),
        command: held.position,
        suspended: held.suspended,
        waits_for: held.waits.iter().map(|key| key.target).collect(),
        queued_calls: held.queued,
        queued_verifies: held.queued_verifies,
    }
}
