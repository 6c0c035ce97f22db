//! The verdict on one verification job: what was found, in the light of how the run ended and who was at work then. This is
//! the only place that judges.
//!
//! Source: specs/restate.md 9.2. Nothing is known of a job while something underway can reach its keys. Then the tables are
//! judged first, and what the job's own pods came to after them: a job that gave up is a failure to whoever runs it, though
//! every increment arrived in the end. A job that no log line could name is vacuous. A tree that asks for no increment passes
//! if all of it came to its end, and the detail says that nothing was counted (docs/decisions/0006).
//!
//! Liveness is judged when faults are over. A process that is down, paused or hung at the end is a fault that is not over,
//! and what waits for it is neither lost nor stuck; nor is anything stuck while a fault has yet to end or a connection to be
//! given up. Two things are judged all the same, since nobody can change them: a ring of locks, and counters that went wrong
//! in a job that is over. No run is judged that the host's clock ended: another host would have got elsewhere.

use crate::restate::down::{Down, Part};
use crate::restate::job::Findings;
use crate::restate::story;
use ::restate::driver::Phase;
use kernel::budget::Stop;
use kernel::verdict::{Outcome, Verdict};

/// Every signature that a run may fail with. What is at the place of the `*` depends on the run.
pub const SIGNATURES: &[&str] =
    &["restate/deadlock/ring-of-*", STUCK, INBOX, ROWS_LEFT, LOST, DOUBLED, LOST_AND_DOUBLED, GAVE_UP, POD_WAITS];

/// Followed by the sizes of its rings.
const DEADLOCK: &str = "restate/deadlock/ring-of-";
const STUCK: &str = "restate/stuck-without-ring";
const INBOX: &str = "restate/inbox-of-free-key";
const ROWS_LEFT: &str = "restate/rows-left";
const LOST: &str = "restate/lost";
const DOUBLED: &str = "restate/doubled";
const LOST_AND_DOUBLED: &str = "restate/lost-and-doubled";
const GAVE_UP: &str = "restate/gave-up-though-exact";
const POD_WAITS: &str = "restate/pod-waits-for-ever";
const NO_NAME: &str = "restate/job-without-name";
/// The detail of a pass that says less than others.
const NOTHING_COUNTED: &str = "nothing counted";
const UNREACHED: &str = "restate/idle-but-reachable";

/// Judges. `ended`: how the run ended, none if somebody stopped it. `cut`: the verdict on a run that was not seen to its
/// end, naming what ended it.
pub fn verdict(
    findings: Option<&Findings>,
    down: &[Down],
    ended: Option<Stop>,
    cut: impl FnOnce() -> Verdict,
) -> Verdict {
    let of = |part: Part| down.iter().find(|down| down.role == part);
    // A budget of events, or somebody at the keyboard, ends a run anywhere.
    let over = matches!(ended, Some(Stop::Idle | Stop::Time));
    let idle = ended == Some(Stop::Idle);
    let server = of(Part::Server);
    let Some(findings) = findings else {
        return server.filter(|_| over).map_or_else(cut, faults_not_over);
    };
    if let Some(server) = server.filter(|_| over) {
        return faults_not_over(server);
    }
    let not_over = |down: &Down| told(faults_not_over(down), findings);
    let endpoint = of(Part::Endpoint).filter(|_| over);
    let driver = of(Part::Driver).filter(|_| over);
    let waits_for_process = [Part::Server, Part::Endpoint].into_iter().any(|part| of(part).is_some());

    if ended == Some(Stop::Wall) {
        return told(cut(), findings);
    }
    if findings.reachable {
        return match endpoint.or(driver) {
            Some(down) => not_over(down),
            // Something was underway, so something was left in the queue.
            None if idle => told(bug(), findings),
            None => told(cut(), findings),
        };
    }
    let (outcome, signature) = at_rest(findings);
    match &*signature {
        ring if ring.starts_with(DEADLOCK) => {}
        STUCK | INBOX | ROWS_LEFT => match endpoint {
            Some(down) => return not_over(down),
            // What is down or to come may yet move it, whatever ended the run.
            None if !idle && (findings.unsettled || waits_for_process) => return told(cut(), findings),
            None => {}
        },
        _ if findings.is_over() => {}
        // A job whose pods cannot go on, or that is cut short, has lost nothing yet.
        _ => match driver {
            Some(down) => return not_over(down),
            None if !idle => return told(cut(), findings),
            None => {}
        },
    }
    let detail = match outcome {
        Outcome::Pass if findings.increments == 0 => NOTHING_COUNTED.to_owned(),
        Outcome::Pass => "exact".to_owned(),
        _ if signature == ROWS_LEFT => findings.rows_left.keys().copied().collect::<Vec<_>>().join(", "),
        _ => story::of_rings(&findings.rings),
    };
    let why: Vec<String> = why(&signature).map(str::to_owned).into_iter().collect();
    told(Verdict { outcome, signature, detail, story: why }, findings)
}

/// What a job comes to that nothing can reach.
fn at_rest(findings: &Findings) -> (Outcome, String) {
    let fail = |signature: &str| (Outcome::Fail, signature.to_owned());
    if !findings.rings.is_empty() {
        let mut sizes: Vec<usize> = findings.rings.iter().map(|ring| ring.split('>').count()).collect();
        sizes.sort_unstable();
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        return (Outcome::Fail, format!("{DEADLOCK}{}", sizes.join("+")));
    }
    if !findings.locked.is_empty() || findings.verifier_held {
        return fail(STUCK);
    }
    if !findings.orphaned_inboxes.is_empty() {
        return fail(INBOX);
    }
    if !findings.rows_left.is_empty() {
        return fail(ROWS_LEFT);
    }
    let lost = findings.differences.values().any(|(expected, found)| found < expected);
    let doubled = findings.differences.values().any(|(expected, found)| found > expected);
    match (lost, doubled) {
        (false, false) => exact(findings),
        (true, false) => fail(LOST),
        (false, true) => fail(DOUBLED),
        (true, true) => fail(LOST_AND_DOUBLED),
    }
}

/// The tables are as they should be: what did it come to for those who ran it?
fn exact(findings: &Findings) -> (Outcome, String) {
    let (outcome, signature) = match findings.pods {
        Some(Phase::GaveUp) => (Outcome::Fail, GAVE_UP),
        Some(Phase::Executing | Phase::Verifying) => (Outcome::Fail, POD_WAITS),
        _ if !findings.named => (Outcome::Vacuous, NO_NAME),
        _ => (Outcome::Pass, ""),
    };
    (outcome, signature.to_owned())
}

/// What a signature does not say by itself.
fn why(signature: &str) -> Option<&'static str> {
    match signature {
        GAVE_UP => Some("every pod failed and the job gave up, although all increments arrived in the end"),
        POD_WAITS => Some("a pod waits for an answer that cannot come any more"),
        NO_NAME => Some("the job has no name, so no line of its pods could be told from another job's"),
        _ => None,
    }
}

fn bug() -> Verdict {
    let why = "nothing is underway, yet something was reachable".to_owned();
    Verdict::new(Outcome::SimulatorBug, UNREACHED, vec![why])
}

fn faults_not_over(down: &Down) -> Verdict {
    let Down { role, node, how } = down;
    let role = role.word();
    let why = format!("the {role} ({node}) is {how} at the end: what waits for it is neither lost nor stuck");
    let way_out = "end the fault within the run: give it a `for`".to_owned();
    let verdict = Verdict::new(Outcome::Inconclusive, format!("restate/faults-not-over/{role}"), vec![why, way_out]);
    Verdict { detail: (*how).to_owned(), ..verdict }
}

/// A verdict with the story of what was found.
fn told(verdict: Verdict, findings: &Findings) -> Verdict {
    let Verdict { outcome, signature, detail, mut story } = verdict;
    let detail = if detail.is_empty() { story::of_rings(&findings.rings) } else { detail };
    story.extend(story::of(findings, outcome));
    Verdict { outcome, signature, detail, story }.bounded()
}

#[cfg(test)]
mod tests;
