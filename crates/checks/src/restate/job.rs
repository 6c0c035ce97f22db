//! The verdict on one verification job.
//!
//! Source: specs/restate.md 9.2. A job is judged when nothing underway can reach its keys any more; until then nothing is
//! known, and a pod's early mismatch means nothing.

use crate::restate::rings::{Locked, is_of_tree, locked, rings, write_ring};
use crate::restate::{counters, reach, server};
use ::restate::Restate;
use ::restate::config::Job;
use ::restate::invocation::Key;
use ::restate::workload::{Rule, Tree};
use kernel::verdict::{Outcome, Verdict};
use kernel::world::World;
use std::collections::BTreeMap;

/// All that is known of a job at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// Held keys of the tree, by target.
    pub locked: BTreeMap<i32, Locked>,
    /// The verifier's own key is held.
    pub verifier_held: bool,
    /// Rings of waits, as they are written.
    pub rings: Vec<String>,
    /// Counters, without those that are 0.
    pub counters: BTreeMap<i32, u32>,
    /// Keys that differ: expected and found.
    pub differences: BTreeMap<i32, (u32, u32)>,
    /// Something can still happen to it.
    pub reachable: bool,
    /// Keys with calls in their inbox although nobody holds them.
    pub orphaned_inboxes: Vec<i32>,
}

impl Findings {
    /// Looks at a job in a world.
    pub fn of(world: &World<Restate>, number: u16, job: &Job, tree: &Tree, rule: Rule) -> Option<Self> {
        let server = server(world)?;
        let all = locked(server, number, job, rule);
        let rings = rings(&all).iter().map(|ring| write_ring(ring)).collect();
        let counters = counters::counters(server, number);
        let differences = counters::differences(&counters, tree);
        let rows = server.partitions.iter().flat_map(|partition| partition.tables.iter());
        let of_job = rows.filter(|(key, _)| key.job == number);
        let orphaned = of_job.filter(|(_, rows)| rows.status.holder().is_none() && !rows.inbox.is_empty());
        Some(Findings {
            verifier_held: all.keys().any(|key| !is_of_tree(*key)),
            orphaned_inboxes: orphaned.map(|(key, _)| key.target).collect(),
            locked: all
                .into_iter()
                .filter(|(key, _)| is_of_tree(*key))
                .map(|(key, held): (Key, _)| (key.target, held))
                .collect(),
            rings,
            counters,
            differences,
            reachable: reach::is_reachable(world, number),
        })
    }

    /// Keys that fell short although nobody holds them: they answer a verification, and so name the error.
    pub fn victims(&self) -> Vec<i32> {
        let free = |target: &&i32| !self.locked.contains_key(target);
        self.differences.keys().filter(free).copied().collect()
    }

    /// What it comes to. The story names keys; the signature does not.
    pub fn verdict(&self) -> Verdict {
        let (outcome, signature) = self.outcome();
        let detail = match outcome {
            Outcome::Pass => "exact".to_owned(),
            _ if self.rings.is_empty() => String::new(),
            _ => format!("ring {}", self.rings.join(", ring ")),
        };
        Verdict { outcome, signature, detail, story: self.story() }
    }

    fn outcome(&self) -> (Outcome, String) {
        let fail = |signature: String| (Outcome::Fail, signature);
        if self.reachable {
            return (Outcome::Inconclusive, "restate/still-running".to_owned());
        }
        if !self.rings.is_empty() {
            let mut sizes: Vec<usize> = self.rings.iter().map(|ring| ring.split('>').count()).collect();
            sizes.sort_unstable();
            let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
            return fail(format!("restate/deadlock/ring-of-{}", sizes.join("+")));
        }
        if !self.locked.is_empty() || self.verifier_held {
            return fail("restate/stuck-without-ring".to_owned());
        }
        if !self.orphaned_inboxes.is_empty() {
            return fail("restate/inbox-of-free-key".to_owned());
        }
        let lost = self.differences.values().any(|(expected, found)| found < expected);
        let doubled = self.differences.values().any(|(expected, found)| found > expected);
        match (lost, doubled) {
            (false, false) => (Outcome::Pass, String::new()),
            (true, false) => fail("restate/lost".to_owned()),
            (false, true) => fail("restate/doubled".to_owned()),
            (true, true) => fail("restate/lost-and-doubled".to_owned()),
        }
    }

    fn story(&self) -> Vec<String> {
        let mut story: Vec<String> = self.rings.iter().map(|ring| format!("ring {ring}")).collect();
        for (target, held) in &self.locked {
            let waits: Vec<String> = held.waits.iter().map(|key| key.target.to_string()).collect();
            let waits = if waits.is_empty() { String::new() } else { format!(", waits for {}", waits.join(" ")) };
            let state = if held.suspended { "suspended" } else { "running" };
            let Locked { path, position, queued, queued_verifies, .. } = held;
            story.push(format!(
                "key {target} is held by {path} at command {position} ({state}){waits}; queued behind it: {queued} calls, \
                 {queued_verifies} verifies"
            ));
        }
        if self.verifier_held {
            story.push("the verifier's own key is held: its execute or verify hangs".to_owned());
        }
        let victims: Vec<String> = self.victims().iter().map(i32::to_string).collect();
        if !victims.is_empty() {
            story.push(format!("short although free: {}", victims.join(" ")));
        }
        if self.differences.is_empty() && self.locked.is_empty() {
            story.push(format!("exact: {} counters", self.counters.len()));
        } else if !self.differences.is_empty() {
            let all: Vec<String> =
                self.differences.iter().map(|(key, (want, got))| format!("{key}:{got}/{want}")).collect();
            story.push(format!("{} counters differ (key:found/expected): {}", all.len(), all.join(" ")));
        }
        story
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet() -> Findings {
        Findings {
            locked: BTreeMap::new(),
            verifier_held: false,
            rings: Vec::new(),
            counters: BTreeMap::from([(1, 2)]),
            differences: BTreeMap::new(),
            reachable: false,
            orphaned_inboxes: Vec::new(),
        }
    }

    fn held(target: i32) -> BTreeMap<i32, Locked> {
        let holder = Locked {
            path: "r".to_owned(),
            position: 0,
            waits: Vec::new(),
            suspended: false,
            queued: 1,
            queued_verifies: 0,
        };
        BTreeMap::from([(target, holder)])
    }

    fn said(findings: &Findings) -> (Outcome, String) {
        let verdict = findings.verdict();
        (verdict.outcome, verdict.signature)
    }

    #[test]
    fn an_exact_end_is_a_pass() {
        let verdict = quiet().verdict();

        assert_eq!((verdict.outcome, verdict.detail.as_str()), (Outcome::Pass, "exact"));
    }

    #[test]
    fn every_way_to_fail_has_a_signature_of_its_own() {
        let fails = |findings: Findings| said(&findings).1;
        assert_eq!(
            fails(Findings { rings: vec!["5>7".into()], locked: held(5), ..quiet() }),
            "restate/deadlock/ring-of-2"
        );
        assert_eq!(fails(Findings { locked: held(5), ..quiet() }), "restate/stuck-without-ring");
        assert_eq!(fails(Findings { verifier_held: true, ..quiet() }), "restate/stuck-without-ring");
        assert_eq!(fails(Findings { orphaned_inboxes: vec![5], ..quiet() }), "restate/inbox-of-free-key");
        let differ = |pairs: &[(i32, (u32, u32))]| Findings { differences: pairs.iter().copied().collect(), ..quiet() };
        assert_eq!(fails(differ(&[(1, (2, 1))])), "restate/lost");
        assert_eq!(fails(differ(&[(1, (2, 3))])), "restate/doubled");
        assert_eq!(fails(differ(&[(1, (2, 3)), (2, (1, 0))])), "restate/lost-and-doubled");
    }

    #[test]
    fn nothing_is_judged_while_something_can_still_happen() {
        let findings = Findings { rings: vec!["5>7".into()], locked: held(5), reachable: true, ..quiet() };

        assert_eq!(said(&findings).0, Outcome::Inconclusive);
    }

    #[test]
    fn victims_are_the_short_keys_that_nobody_holds() {
        let differences = BTreeMap::from([(5, (2, 1)), (117, (1, 0))]);

        assert_eq!(Findings { locked: held(5), differences, ..quiet() }.victims(), [117]);
    }
}
