//! Certificates and fingerprints of toys that were shrunk.

mod planted;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use planted::{BUGS, Bug, Noise, Plan, Toy, bug, cause_of, failing};
use relapse_explore::{
    Certificate, CertificateRequest, Fingerprint, Lot, Necessity, Reduce, RunResult, Runner, ShrinkRequest, Shrunk,
    certificate, shrink,
};

const NOISE: Noise = Noise { faults: 20, operations: 15, may_matter: false };
/// Never raised.
static STOP: AtomicBool = AtomicBool::new(false);

fn shrunk(bug: Bug, seed: u64) -> (Shrunk<Plan>, String) {
    let (plan, lot, signature) = failing(bug, seed, NOISE);
    let request = ShrinkRequest::new(lot, &signature, &STOP);
    (shrink(&Toy, &plan, request, |_| {}).expect("it fails"), signature)
}

fn request(lot: Lot, signature: &str, salts: u64) -> CertificateRequest<'_> {
    CertificateRequest { lot, signature, salts, wall_max: None, workers: NonZeroUsize::MIN, stop: &STOP }
}

fn certified(plan: &Plan, lot: Lot, signature: &str, salts: u64) -> Certificate {
    certificate(&Toy, plan, request(lot, signature, salts))
}

fn part<'c>(certificate: &'c Certificate, begins: &str) -> &'c Necessity {
    certificate.parts.iter().find(|part| part.part.starts_with(begins)).expect("such a part")
}

#[test]
fn each_needed_part_vanishes_in_all_lots_where_no_chance_is_in_it() {
    // Without its pause, this one is no failure of the toy but of the simulator.
    for (name, bug) in BUGS.into_iter().filter(|(name, _)| *name != "panics-when-halved") {
        for seed in 0..10 {
            let (done, signature) = shrunk(bug.with_chance(1_000_000), seed);

            let certificate = certified(&done.plan, done.lot, &signature, 19);

            assert_eq!((certificate.lots, certificate.failing, certificate.complete), (20, 20, true), "{name}");
            assert!(certificate.holds(), "{name}: {certificate:?}");
            let names: Vec<&String> = certificate.parts.iter().map(|part| &part.part).collect();
            assert_eq!(names, done.plan.parts().iter().collect::<Vec<_>>());
            for part in certificate.parts.iter().filter(|part| part.can_go) {
                let gone = part.vanished + part.changed.values().sum::<u64>();
                assert_eq!((part.judged, gone, part.still), (20, 20, 0), "{name}: {part:?}");
                assert!(part.interval().low > 0.8 && part.interval().high == 1.0, "{part:?}");
            }
        }
    }
}

#[test]
fn what_is_not_needed_is_seen_to_be_so() {
    let (plan, lot, signature) = failing(bug("needs-window"), 1, NOISE);

    let certificate = certified(&plan, lot, &signature, 9);

    assert!(!certificate.holds());
    let unneeded = certificate.parts.iter().filter(|part| part.still == 10 && !part.is_always_needed()).count();
    // All but two nodes and two faults.
    assert_eq!(unneeded, plan.parts().len() - 4);
    assert!(certificate.parts.iter().all(|part| part.interval().low == 0.0 || part.is_always_needed()));
}

#[test]
fn a_failure_that_becomes_another_one_has_not_vanished() {
    let (done, signature) = shrunk(bug("changes-signature"), 2);

    let certificate = certified(&done.plan, done.lot, &signature, 9);

    let (slow, kill) = (part(&certificate, "fault slow"), part(&certificate, "fault kill"));
    assert_eq!((slow.vanished, &slow.changed), (0, &BTreeMap::from([("planted/plain-loss/leader-0".to_owned(), 10)])));
    assert_eq!((kill.vanished, &kill.changed), (10, &BTreeMap::new()));
    // A node takes its faults along.
    assert_eq!(part(&certificate, "node 0").with_it, std::slice::from_ref(&kill.part));
    assert!(certificate.holds());
}

#[test]
fn a_panic_of_the_simulator_says_nothing() {
    let (done, signature) = shrunk(bug("panics-when-halved"), 2);

    let certificate = certified(&done.plan, done.lot, &signature, 9);

    let pause = part(&certificate, "fault pause");
    assert_eq!((pause.judged, pause.vanished, pause.unjudged), (0, 0, 10));
    assert!(!pause.is_always_needed() && !certificate.holds());
    assert_eq!((pause.interval().low, pause.interval().high), (0.0, 1.0), "nothing is known");
    assert!(part(&certificate, "fault kill").is_always_needed());
}

#[test]
fn where_there_is_chance_only_the_lots_that_fail_count() {
    let (done, signature) = shrunk(bug("flaky"), 6);

    let found = certified(&done.plan, done.lot, &signature, 999);

    assert_eq!(found.lots, 1_000);
    assert!(found.rate().low < 0.3 && 0.3 < found.rate().high, "{:?}", found.rate());
    assert!(found.parts.iter().all(|part| part.judged == found.failing), "{found:?}");
    assert!(found.holds());
    let left_out = found.parts.len() as u64;
    assert_eq!(found.runs, 1_000 + left_out * found.failing);

    let notes = Notes::default();
    assert_eq!(certificate(&notes, &done.plan, request(done.lot, &signature, 999)), found);
    let ran = notes.0.into_inner().expect("nobody panics with it");
    let (whole, lessened): (Vec<_>, Vec<_>) = ran.into_iter().partition(|(plan, _)| *plan == done.plan);
    let fails = |lot: &Lot| Toy.run_lot(&done.plan, *lot, &mut Vec::new()).verdict.signature == signature;
    let failing: Vec<Lot> = whole.into_iter().map(|(_, lot)| lot).filter(fails).collect();
    let lots: Vec<Lot> = lessened.into_iter().map(|(_, lot)| lot).collect();
    assert!(lots.chunks(failing.len()).all(|lots| lots == failing), "each part was left out in just these lots");
}

/// Remembers what it ran.
#[derive(Default)]
struct Notes(Mutex<Vec<(Plan, Lot)>>);

impl Runner for Notes {
    type Plan = Plan;
    type Scratch = <Toy as Runner>::Scratch;

    fn run_lot(&self, plan: &Plan, lot: Lot, scratch: &mut Self::Scratch) -> RunResult {
        self.0.lock().expect("nobody panics with it").push((plan.clone(), lot));
        Toy.run_lot(plan, lot, scratch)
    }
}

#[test]
fn what_cannot_go_is_not_run_without() {
    let (done, signature) = shrunk(bug("needs-one-fault"), 2);

    let certificate = certified(&done.plan, done.lot, &signature, 4);

    let node = part(&certificate, "node 0");
    assert_eq!((node.can_go, node.judged), (false, 0), "there is always a node");
    assert!(certificate.holds() && certificate.runs == 10);
}

/// Raises its flag within the n-th run.
struct Stops(AtomicU64, u64, AtomicBool);

impl Runner for Stops {
    type Plan = Plan;
    type Scratch = <Toy as Runner>::Scratch;

    fn run_lot(&self, plan: &Plan, lot: Lot, scratch: &mut Self::Scratch) -> RunResult {
        if self.0.fetch_add(1, Relaxed) + 1 == self.1 {
            self.2.store(true, Relaxed);
        }
        Toy.run_lot(plan, lot, scratch)
    }
}

#[test]
fn a_certificate_does_not_depend_on_workers_and_says_when_it_was_cut_short() {
    let (done, signature) = shrunk(bug("needs-three-faults"), 3);
    let request = request(done.lot, &signature, 9);
    let whole = certificate(&Toy, &done.plan, request);
    for workers in [2, 5] {
        let workers = NonZeroUsize::new(workers).expect("some");
        assert_eq!(certificate(&Toy, &done.plan, CertificateRequest { workers, ..request }), whole);
    }

    for stops_in in [1, 9, 10, 11, 30] {
        let runner = Stops(AtomicU64::new(0), stops_in, AtomicBool::new(false));
        let part = certificate(&runner, &done.plan, CertificateRequest { stop: &runner.2, ..request });
        assert_eq!((part.runs, part.complete, part.holds()), (stops_in, false, false));
        assert_eq!(part.parts.len(), whole.parts.len(), "every part is named");
    }
    let late = certificate(&Toy, &done.plan, CertificateRequest { wall_max: Some(Duration::ZERO), ..request });
    assert_eq!((late.runs, late.lots, late.complete), (0, 0, false));
}

/// The fingerprints of many seeds of a bug, after shrinking, by signature.
fn fingerprints(bug: Bug) -> BTreeMap<String, BTreeSet<Fingerprint>> {
    let mut found: BTreeMap<String, BTreeSet<Fingerprint>> = BTreeMap::new();
    for seed in 0..40 {
        let (done, signature) = shrunk(bug, seed);
        found.entry(signature).or_default().insert(cause_of(&done.plan, &done.result.verdict).fingerprint());
    }
    found
}

#[test]
fn all_seeds_of_one_cause_have_one_fingerprint_and_two_causes_of_one_signature_have_two() {
    for (name, bug) in BUGS.into_iter().filter(|(name, _)| !["needs-everything", "flaky"].contains(name)) {
        let found = fingerprints(bug);
        let causes: Vec<usize> = found.values().map(BTreeSet::len).collect();
        let expected = if name == "two-causes" { 2 } else { 1 };
        assert_eq!(causes, [expected], "{name}: one signature, {found:?}");
    }
    // One signature, and one cause: both need the kill of a leader alone.
    assert_eq!(fingerprints(bug("needs-one-fault")), fingerprints(bug("masked")));
    let loss = |name| fingerprints(bug(name)).remove("planted/lost-write/leader-0").expect("that signature");
    assert!(loss("needs-one-fault").is_disjoint(&loss("needs-three-faults")));
    assert!(loss("needs-window").is_disjoint(&loss("needs-three-faults")));
}

#[test]
fn before_shrinking_seeds_of_one_cause_differ() {
    let numbers: BTreeSet<Fingerprint> = (0..20)
        .map(|seed| {
            let (plan, lot, _) = failing(bug("needs-one-fault"), seed, NOISE);
            cause_of(&plan, &Toy.run_lot(&plan, lot, &mut Vec::new()).verdict).fingerprint()
        })
        .collect();

    assert_eq!(numbers.len(), 20);
}
