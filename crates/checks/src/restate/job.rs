//! The verdict on one verification job.
//!
//! Source: specs/restate.md 9.2. A job is judged when nothing underway can reach its keys any more; until then nothing is
//! known, and a pod's early mismatch means nothing. What is in the tables is judged first, then what the job's own pods
//! came to: a job that gave up is a failure to whoever runs it, though every increment arrived in the end. A job that
//! counts nothing, or that no log line could name, passes whatever the cluster does, so it is vacuous.

use crate::restate::rings::{Locked, is_of_tree, locked, rings, write_ring};
use crate::restate::{counters, reach, rows, server, story};
use ::restate::config::Job;
use ::restate::driver::Phase;
use ::restate::invocation::Key;
use ::restate::workload::{Rule, Tree, expected_counters};
use ::restate::{Process, Restate};
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
    /// Other rows that nobody will remove, by table.
    pub rows_left: BTreeMap<&'static str, usize>,
    /// What its pods came to, if their controller is there to be asked.
    pub pods: Option<Phase>,
    /// Increments that the tree asks for.
    pub increments: u64,
    /// Whether it has a name.
    pub named: bool,
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
            rows_left: rows::left(world, server, number),
            pods: phase(world, number),
            increments: expected_counters(tree).iter().map(|(_, count)| u64::from(*count)).sum(),
            named: !job.params.seed.is_empty(),
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
        let tables = || self.rows_left.keys().copied().collect::<Vec<_>>().join(", ");
        let detail = match outcome {
            Outcome::Pass => "exact".to_owned(),
            _ if signature == ROWS_LEFT => tables(),
            _ => story::of_rings(&self.rings),
        };
        let mut story = story::of(self);
        story.splice(0..0, why(&signature).map(str::to_owned));
        Verdict { outcome, signature, detail, story }.bounded()
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
        if !self.rows_left.is_empty() {
            return fail(ROWS_LEFT.to_owned());
        }
        let lost = self.differences.values().any(|(expected, found)| found < expected);
        let doubled = self.differences.values().any(|(expected, found)| found > expected);
        match (lost, doubled) {
            (false, false) => self.exact(),
            (true, false) => fail("restate/lost".to_owned()),
            (false, true) => fail("restate/doubled".to_owned()),
            (true, true) => fail("restate/lost-and-doubled".to_owned()),
        }
    }

    /// The tables are as they should be: what did it come to for those who ran it?
    fn exact(&self) -> (Outcome, String) {
        match self.pods {
            Some(Phase::GaveUp) => return (Outcome::Fail, GAVE_UP.to_owned()),
            Some(Phase::Executing | Phase::Verifying) => return (Outcome::Fail, POD_WAITS.to_owned()),
            _ => {}
        }
        match (self.named, self.increments) {
            (false, _) => (Outcome::Vacuous, NO_NAME.to_owned()),
            (true, 0) => (Outcome::Vacuous, NO_INCREMENTS.to_owned()),
            (true, _) => (Outcome::Pass, String::new()),
        }
    }
}

const ROWS_LEFT: &str = "restate/rows-left";
const GAVE_UP: &str = "restate/gave-up-though-exact";
const POD_WAITS: &str = "restate/pod-waits-for-ever";
const NO_NAME: &str = "restate/job-without-name";
const NO_INCREMENTS: &str = "restate/job-without-increments";

/// What a signature does not say by itself.
fn why(signature: &str) -> Option<&'static str> {
    match signature {
        GAVE_UP => Some("every pod failed and the job gave up, although all increments arrived in the end"),
        POD_WAITS => Some("a pod waits for an answer that cannot come any more"),
        NO_NAME => Some("the job has no name, so no line of its pods could be told from another job's"),
        NO_INCREMENTS => Some("the tree asks for no increment: a verification passes whatever happens to the calls"),
        _ => None,
    }
}

/// Where the controller of a job stands, if its process is there.
fn phase(world: &World<Restate>, number: u16) -> Option<Phase> {
    world.ids().find_map(|id| match world.node(id) {
        Some(Process::Driver(driver)) if driver.job == number => Some(driver.phase.clone()),
        _ => None,
    })
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
            rows_left: BTreeMap::new(),
            pods: Some(Phase::Succeeded),
            increments: 2,
            named: true,
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

    #[test]
    fn rows_that_are_left_have_a_signature_and_name_their_tables() {
        let rows_left = BTreeMap::from([("outbox", 2), ("timers", 1)]);
        let short = BTreeMap::from([(1, (2, 1))]);
        let left = Findings { rows_left, differences: short, ..quiet() };

        assert_eq!(said(&left), (Outcome::Fail, ROWS_LEFT.to_owned()), "what is left is why an increment is short");
        assert_eq!(left.verdict().detail, "outbox, timers");
        assert_eq!(said(&Findings { locked: held(5), ..left }).1, "restate/stuck-without-ring");
    }

    #[test]
    fn a_job_that_gave_up_or_waits_for_ever_has_not_passed_though_its_counters_are_exact() {
        let with = |pods| said(&Findings { pods, ..quiet() });

        assert_eq!(with(Some(Phase::GaveUp)), (Outcome::Fail, GAVE_UP.to_owned()));
        assert_eq!(with(Some(Phase::Executing)), (Outcome::Fail, POD_WAITS.to_owned()));
        assert_eq!(with(Some(Phase::Verifying)), (Outcome::Fail, POD_WAITS.to_owned()));
        for pods in [Some(Phase::Succeeded), Some(Phase::Waiting), Some(Phase::Starting), None] {
            assert_eq!(with(pods.clone()), (Outcome::Pass, String::new()), "{pods:?}");
        }
        let lost = BTreeMap::from([(1, (2, 1))]);
        let pods = Some(Phase::GaveUp);
        assert_eq!(said(&Findings { pods, differences: lost, ..quiet() }).1, "restate/lost");
    }

    #[test]
    fn a_job_that_tests_nothing_is_vacuous_with_a_reason_but_a_failure_stays_one() {
        let countless = Findings { increments: 0, counters: BTreeMap::new(), ..quiet() };
        assert_eq!(said(&countless), (Outcome::Vacuous, NO_INCREMENTS.to_owned()));
        assert!(countless.verdict().story[0].contains("no increment"), "{:?}", countless.verdict());
        assert_eq!(said(&Findings { named: false, ..quiet() }), (Outcome::Vacuous, NO_NAME.to_owned()));

        let stuck = Findings { locked: held(5), named: false, ..countless };
        assert_eq!(said(&stuck).0, Outcome::Fail);
    }

    #[test]
    fn a_verdict_on_a_thousand_keys_is_short() {
        let locked = (0..1_000).flat_map(held).collect();
        let differences: BTreeMap<_, _> = (0..1_000).map(|key| (key, (1, 0))).collect();
        let rings = (0..1_000).map(|key| format!("{key}>{}", key + 1_000)).collect();
        let Verdict { detail, story, .. } = Findings { locked, differences, rings, ..quiet() }.verdict();

        assert!(detail.ends_with("and 984 more rings") && detail.len() < 500, "{detail}");
        assert!(story.len() < 64 && story.iter().all(|line| line.len() < 500), "{story:?}");
        assert!(story.contains(&"and 984 more held keys".to_owned()), "{story:?}");
    }
}
