//! The toy itself: events in order of time, a draw here and there, and a verdict.

use kernel::digest::Digest;
use kernel::identity::{MILLIS, Nanos, SECONDS, mix};
use kernel::verdict::{Outcome, Verdict};
use relapse_explore::{Cause, Cost, Lot, RunResult, Runner};

use super::rules::{Now, Seen, arms};
use super::{Kind, Plan};

/// When a run ends.
pub const HORIZON: Nanos = 100 * SECONDS;
const BEAT: Nanos = 2 * SECONDS;

/// Runs plans. It knows nothing but what it is given.
pub struct Toy;

/// One thing that happened in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: Nanos,
    /// Where; nowhere for operations.
    pub node: Option<u8>,
    pub what: String,
}

/// A run with all that can be known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    pub result: RunResult,
    /// The moment of the draw which decided that it fails: forks at or before it can end otherwise, later ones cannot.
    pub decided_at: Option<Nanos>,
    pub events: Vec<Event>,
}

impl Runner for Toy {
    type Plan = Plan;
    /// The events of a run, kept for their memory.
    type Scratch = Vec<Due>;

    fn run_lot(&self, plan: &Plan, lot: Lot, due: &mut Vec<Due>) -> RunResult {
        execute(plan, lot, due, |_, _, _| {}).0
    }
}

/// One run, watched. It is the run that [`Toy`] makes of the lot.
pub fn watched(plan: &Plan, lot: Lot) -> Watched {
    let mut events = Vec::new();
    let watch = |at, node, what: &dyn Fn() -> String| events.push(Event { at, node, what: what() });
    let (result, decided_at) = execute(plan, lot, &mut Vec::new(), watch);
    Watched { result, decided_at, events }
}

/// What a shrunk plan and a failure of it say about their cause.
pub fn cause_of(plan: &Plan, verdict: &Verdict) -> Cause {
    let words: Vec<&str> = verdict.signature.split('/').collect();
    let faults = plan.faults.iter().map(|fault| (fault.at, fault.kind, role(fault.node)));
    let mut faults: Vec<(Nanos, Kind, &str)> = faults.collect();
    faults.sort_unstable();
    let cause = Cause::of_check(words[..2].join("/")).in_state(words[2]);
    let cause = faults.into_iter().fold(cause, |cause, (_, kind, role)| cause.with_fault(kind.word(), role));
    let acts = plan.operations.iter().map(|operation| format!("{:?}", operation.act));
    acts.fold(cause, Cause::in_state)
}

fn role(node: u8) -> &'static str {
    if node == 0 { "leader" } else { "follower" }
}

/// At one moment faults end, faults begin, operations are done, nodes beat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Ends(usize),
    Begins(Kind, usize),
    Done(usize),
    Beats(u8),
}

type Due = (Nanos, What);

fn draw(lot: Lot, at: Nanos, identity: u64) -> u64 {
    let seeded = mix(lot.seed, identity);
    lot.fork.filter(|fork| at >= fork.at).map_or(seeded, |fork| mix(seeded, fork.salt.wrapping_add(1)))
}

fn execute(
    plan: &Plan,
    lot: Lot,
    due: &mut Vec<Due>,
    mut watch: impl FnMut(Nanos, Option<u8>, &dyn Fn() -> String),
) -> (RunResult, Option<Nanos>) {
    schedule(plan, due);
    let (mut digest, mut seen) = (Digest::default(), Seen { nodes: plan.nodes.len(), ..Seen::default() });
    let mut failed: Option<(Nanos, Nanos, &'static str)> = None;
    let mut events = 0;
    for &(at, what) in due.iter() {
        if failed.is_some_and(|(shows_at, ..)| at > shows_at) {
            break;
        }
        events += 1;
        digest.absorb(at);
        let (now, identity) = match what {
            What::Beats(node) => {
                if !seen.active.iter().any(|(kind, of, _)| *of == node && matches!(kind, Kind::Kill | Kind::Pause)) {
                    digest.absorb(draw(lot, at, mix(u64::from(node), at)));
                    watch(at, Some(node), &|| "beat".to_owned());
                }
                continue;
            }
            What::Ends(index) => {
                let fault = &plan.faults[index];
                seen.active.retain(|(_, _, id)| *id != fault.id);
                watch(at, Some(fault.node), &|| format!("{} ends", fault.kind.word()));
                (Now::Ends(fault), fault.id)
            }
            What::Begins(kind, index) => {
                let fault = &plan.faults[index];
                seen.begun.push((kind, fault.node));
                seen.active.push((kind, fault.node, fault.id));
                watch(at, Some(fault.node), &|| format!("{} begins", kind.word()));
                (Now::Begins(fault), fault.id)
            }
            What::Done(index) => {
                let operation = &plan.operations[index];
                watch(at, None, &|| format!("{:?}", operation.act));
                (Now::Done(operation), operation.id)
            }
        };
        digest.absorb(u64::from(identity));
        let Some((mechanism, name)) = arms(plan.bug.rule, &seen, now) else { continue };
        if plan.fixes.contains(plan.bug.rule.fixes()[mechanism]) || failed.is_some() {
            continue;
        }
        let drawn = draw(lot, at, mix(0x6275_6721, u64::from(identity)));
        digest.absorb(drawn);
        if drawn % 1_000_000 < u64::from(plan.bug.chance_ppm) {
            failed = Some((at + plan.bug.shows_after, at, name));
        }
    }
    let verdict = match failed {
        Some((shows_at, _, name)) if shows_at <= HORIZON => {
            Verdict::new(Outcome::Fail, format!("planted/{name}/leader-0"), vec![format!("{name} seen at {shows_at}")])
        }
        _ if plan.faults.is_empty() => Verdict::new(Outcome::Vacuous, "planted/nothing-done", Vec::new()),
        _ => Verdict::pass(),
    };
    let decided_at = failed.map(|(_, at, _)| at).filter(|_| verdict.outcome == Outcome::Fail);
    let virtual_ns = failed.map_or(HORIZON, |(shows_at, ..)| shows_at.min(HORIZON));
    let cost = Cost { events, virtual_ns, operations: plan.operations.len() as u64 };
    (RunResult { verdict, digest: digest.value(), cost }, decided_at)
}

fn schedule(plan: &Plan, due: &mut Vec<Due>) {
    due.clear();
    for (index, fault) in plan.faults.iter().enumerate() {
        due.push((fault.at, What::Begins(fault.kind, index)));
        due.push((fault.at + fault.lasts, What::Ends(index)));
    }
    due.extend(plan.operations.iter().enumerate().map(|(index, operation)| (operation.at, What::Done(index))));
    for &node in &plan.nodes {
        due.extend((1..HORIZON / BEAT).map(|nth| (nth * BEAT + u64::from(node) * 7 * MILLIS, What::Beats(node))));
    }
    due.retain(|(at, _)| *at <= HORIZON);
    due.sort_unstable();
}
