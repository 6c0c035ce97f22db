//! What is told of a job: a few lines, whatever its size. A job of a thousand keys has as many findings.

use crate::restate::job::Findings;
use crate::restate::rings::Locked;
use kernel::verdict::Outcome;
use std::collections::BTreeSet;

/// Things of one kind that are told one by one.
const SHOWN: usize = 16;

/// The lines under a verdict. Only a pass is called exact: counters that do not differ say little where something is stuck.
pub fn of(findings: &Findings, outcome: Outcome) -> Vec<String> {
    // Of a ring that is told nothing is left out: its keys are what it is about.
    let told = &findings.rings[..findings.rings.len().min(SHOWN)];
    let in_rings = keys_of(told);
    let write = |(target, held): (&i32, &Locked)| write_held(*target, held);
    let others = findings.locked.iter().filter(|(target, _)| !in_rings.contains(*target));
    let mut story = first(findings.rings.iter().map(|ring| format!("ring {ring}")), findings.rings.len(), "rings");
    story.extend(in_rings.iter().filter_map(|target| findings.locked.get_key_value(target)).map(write));
    let count = others.clone().count();
    story.extend(first(
        others.map(write),
        count,
        if told.is_empty() || told.len() < findings.rings.len() { "held keys" } else { "held keys, in no ring" },
    ));
    if findings.verifier_held {
        story.push("the verifier's own key is held: its execute or verify hangs".to_owned());
    }
    if !findings.orphaned_inboxes.is_empty() {
        let keys = findings.orphaned_inboxes.iter().map(i32::to_string);
        story
            .push(format!("calls wait for keys that nobody holds: {}", in_line(keys, findings.orphaned_inboxes.len())));
    }
    for (table, count) in &findings.rows_left {
        story.push(format!("{count} rows are left in table {table}, and nothing can reach them"));
    }
    let victims = findings.victims();
    if !victims.is_empty() {
        story.push(format!("short although free: {}", in_line(victims.iter().map(i32::to_string), victims.len())));
    }
    let counters = findings.counters.len();
    if !findings.differences.is_empty() {
        let count = findings.differences.len();
        let each = findings.differences.iter().map(|(key, (want, got))| format!("{key}:{got}/{want}"));
        story.push(format!("{count} counters differ (key:found/expected): {}", in_line(each, count)));
    } else if findings.increments == 0 {
        story
            .push("the tree asks for no increment: that every call came to its end is all that was checked".to_owned());
    } else if outcome == Outcome::Pass {
        story.push(format!("exact: {counters} counters"));
    } else {
        story.push(format!("no counter differs, of {counters}"));
    }
    story
}

fn keys_of(rings: &[String]) -> BTreeSet<i32> {
    rings.iter().flat_map(|ring| ring.split('>')).filter_map(|target| target.parse().ok()).collect()
}

/// Rings in one line.
pub fn of_rings(rings: &[String]) -> String {
    first(rings.iter().map(|ring| format!("ring {ring}")), rings.len(), "rings").join(", ")
}

fn write_held(target: i32, held: &Locked) -> String {
    let waits = in_line(held.waits.iter().map(|key| key.target.to_string()), held.waits.len());
    let waits = if waits.is_empty() { String::new() } else { format!(", waits for {waits}") };
    let state = if held.suspended { "suspended" } else { "running" };
    let Locked { path, position, queued, queued_verifies, .. } = held;
    format!(
        "key {target} is held by {path} at command {position} ({state}){waits}; queued behind it: {queued} calls, \
         {queued_verifies} verifies"
    )
}

/// The first of them, and how many more there are.
fn first(all: impl Iterator<Item = String>, count: usize, what: &str) -> Vec<String> {
    let more = (count > SHOWN).then(|| format!("and {} more {what}", count - SHOWN));
    all.take(SHOWN).chain(more).collect()
}

fn in_line(all: impl Iterator<Item = String>, count: usize) -> String {
    first(all, count, "").join(" ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restate::hand_made::{held, quiet};
    use std::collections::BTreeMap;

    #[test]
    fn what_fits_is_told_whole_and_the_rest_is_counted() {
        let said = |count: usize| in_line((1..=count).map(|number| number.to_string()), count);

        assert_eq!(said(3), "1 2 3");
        assert!(said(SHOWN).ends_with(" 16"), "{}", said(SHOWN));
        assert!(said(SHOWN + 1).ends_with(" 16 and 1 more"), "{}", said(SHOWN + 1));
        assert_eq!(of_rings(&["1>2".to_owned(), "3>4".to_owned()]), "ring 1>2, ring 3>4");
    }

    #[test]
    fn the_keys_of_a_ring_are_told_first_and_all_of_them_however_many_there_are() {
        let locked: BTreeMap<i32, Locked> = (1..=60).flat_map(held).collect();
        let ring: Vec<String> = (21..=60).map(|target| target.to_string()).collect();
        let findings = Findings { locked, rings: vec![ring.join(">")], ..quiet() };

        let story = of(&findings, Outcome::Fail);

        let told = |line: &String| line.strip_prefix("key ").and_then(|rest| rest.split(' ').next()?.parse().ok());
        let keys: Vec<i32> = story.iter().filter_map(told).collect();
        assert_eq!(keys, (21..=60).chain(1..=SHOWN as i32).collect::<Vec<_>>());
        assert!(story[0].starts_with("ring 21>22>"), "{}", story[0]);
        assert_eq!(story[1 + 40 + SHOWN], "and 4 more held keys, in no ring");
    }

    #[test]
    fn everything_that_was_found_is_told() {
        let locked = held(5);
        let findings = Findings {
            locked,
            verifier_held: true,
            rings: vec!["5>7".to_owned()],
            orphaned_inboxes: vec![9],
            rows_left: BTreeMap::from([("timers", 2)]),
            differences: BTreeMap::from([(5, (2, 1)), (117, (1, 0))]),
            ..quiet()
        };

        let story = of(&findings, Outcome::Fail);

        assert_eq!(
            story,
            [
                "ring 5>7",
                "key 5 is held by r at command 0 (running); queued behind it: 1 calls, 0 verifies",
                "the verifier's own key is held: its execute or verify hangs",
                "calls wait for keys that nobody holds: 9",
                "2 rows are left in table timers, and nothing can reach them",
                "short although free: 117",
                "2 counters differ (key:found/expected): 5:1/2 117:0/1",
            ]
        );
    }
}
