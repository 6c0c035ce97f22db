//! Draws a plan from a profile and a seed: a pure function, so that a sampled plan can be printed, edited and shrunk.
//!
//! Every kind of fault has dice of its own, and every entry of a kind: a kind that is left out moves no entry of another.
//! The dice know the profile and the seed, and nothing of any model; whom a fault hits is left to its selector. Density
//! decides what is found (a fault in fifty virtual seconds found no planted bug in thirty thousand ticks of openraft's
//! fuzzer), so a profile gives gaps per kind, and [`Profile::dense`] keeps several faults going at most times.

use crate::duration::{Shift, Span};
use crate::plan::{Entry, Plan, PlanError};
use crate::selector::Selector;
use crate::share::Share;
use crate::trigger::Trigger;
use crate::vocabulary::*;
use kernel::dice::{Dice, Purpose, below};
use kernel::identity::{MILLIS, Nanos, SECONDS, identity_of, mix};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const SAMPLE: Purpose = Purpose::new("sample");
const SWARM: Purpose = Purpose::new("sample-swarm");
/// No sampled plan has more entries of a kind than this, whatever the profile says.
const ENTRIES_MAX: u64 = 10_000;

/// What faults to draw, and how densely.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// No fault strikes before.
    #[serde(default)]
    pub from: Span,
    /// All faults are over by then.
    pub until: Span,
    /// Each run leaves out some kinds altogether, each with an even chance; never none of them and never all. One kind
    /// alone is never left out; of two, each run has one.
    #[serde(default = "on")]
    pub swarm: bool,
    /// The kinds, by name.
    #[serde(default)]
    pub kind: BTreeMap<String, Kind>,
}

/// One kind of fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// What it does: one of these, drawn each time.
    #[serde(rename = "do")]
    pub actions: Vec<Action>,
    /// Shortest and longest time from one to the next.
    pub gap: (Span, Span),
    /// Shortest and longest time that one lasts; left out for what is not undone.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<(Span, Span)>,
}

const fn on() -> bool {
    true
}

impl Kind {
    /// A kind with gaps and lengths in milliseconds.
    fn dense(actions: Vec<Action>, gap_ms: (u64, u64), lasts_ms: Option<(u64, u64)>) -> Self {
        let spans = |(min, max): (u64, u64)| (Span(min * MILLIS), Span(max * MILLIS));
        Kind { actions, gap: spans(gap_ms), lasts: lasts_ms.map(spans) }
    }
}

impl Profile {
    /// Whether a plan can be drawn from it.
    ///
    /// # Errors
    /// The first kind that cannot be drawn.
    pub fn validate(&self) -> Result<(), PlanError> {
        for (name, kind) in &self.kind {
            let refuse = |key: &str, why: &str| {
                Err(PlanError::Value { id: name.clone(), key: format!("kind.{name}.{key}"), why: why.to_owned() })
            };
            let lasts_in_order = kind.lasts.is_none_or(|(min, max)| Span(0) < min && min <= max);
            if kind.actions.is_empty() {
                return refuse("do", "is empty: write at least one action");
            }
            if kind.gap.0 > kind.gap.1 || kind.gap.1 == Span(0) {
                return refuse(
                    "gap",
                    "is no range: write the shortest and the longest time, such as [\"5s\", \"20s\"]",
                );
            }
            if !lasts_in_order {
                return refuse("for", "is no range: write the shortest and the longest time, such as [\"1s\", \"5s\"]");
            }
            for action in &kind.actions {
                let mut entry = Entry::new(Trigger::At(self.from), action.clone()).named(name);
                entry.lasts = kind.lasts.map(|(min, _)| min);
                Plan::new(vec![entry])?;
            }
        }
        Ok(())
    }

    /// A dense mixture for a group: processes that die and come back, stop and go on; cut and bad links; clocks; disks
    /// that do not harm what is durable. With `swarm`. About one fault in three virtual seconds before kinds are left
    /// out.
    pub fn dense(group: &str, from: Span, until: Span) -> Self {
        let one = || Selector::Random(Box::new(Selector::word(group)), 1);
        let of_group = || Selector::word(group);
        let kill = |unsynced, dark| Action::Kill(Kill { node: one(), unsynced, dark });
        let isolate = |way| Action::Isolate(Isolate { node: one(), from: of_group(), way });
        let degrade = |latency_ms: u64, loss_percent, duplication_percent| {
            let (latency, jitter) = (Span(latency_ms * MILLIS), Span(latency_ms * MILLIS));
            let (loss, duplication) = (Share::of_percent(loss_percent), Share::of_percent(duplication_percent));
            let (reorder, reorder_max) = (Share::of_percent(5), Span(20 * MILLIS));
            let (from, to, way) = (one(), of_group(), Way::Both);
            let bytes_per_second = None;
            Action::Degrade(Degrade {
                from,
                to,
                way,
                latency,
                jitter,
                loss,
                duplication,
                reorder,
                reorder_max,
                bytes_per_second,
            })
        };
        let shift = |by_s: i64| Action::ClockOffset(ClockShift { node: one(), by: Shift(by_s * SECONDS as i64) });
        let kills = vec![
            kill(Unsynced::Keep, false),
            kill(Unsynced::Lose, false),
            kill(Unsynced::Tear, false),
            kill(Unsynced::Lose, true),
        ];
        let disks = vec![
            Action::DiskSlow(Slow { node: one(), percent: 900 }),
            Action::DiskFull(Whom { node: one() }),
            Action::DiskError(DiskError { node: one(), operations: 3 }),
        ];
        let kinds = [
            ("kill", Kind::dense(kills, (5_000, 25_000), Some((100, 15_000)))),
            ("pause", Kind::dense(vec![Action::Pause(Whom { node: one() })], (10_000, 40_000), Some((50, 20_000)))),
            (
                "isolate",
                Kind::dense(
                    vec![isolate(Way::Both), isolate(Way::In), isolate(Way::Out)],
                    (5_000, 30_000),
                    Some((100, 20_000)),
                ),
            ),
            (
                "degrade",
                Kind::dense(
                    vec![degrade(0, 20, 10), degrade(100, 2, 0), degrade(20, 5, 5)],
                    (5_000, 30_000),
                    Some((500, 20_000)),
                ),
            ),
            ("clock", Kind::dense(vec![shift(-30), shift(30)], (20_000, 60_000), Some((1_000, 30_000)))),
            (
                "slow",
                Kind::dense(
                    vec![Action::Slow(Slow { node: one(), percent: 900 })],
                    (10_000, 40_000),
                    Some((1_000, 20_000)),
                ),
            ),
            ("disk", Kind::dense(disks, (10_000, 40_000), Some((500, 10_000)))),
        ];
        let kind = kinds.map(|(name, kind)| (name.to_owned(), kind)).into();
        Profile { from, until, swarm: true, kind }
    }
}

/// The plan of a profile and a seed. Ids are `kill-1`, `kill-2` and so on; no entry must have an effect, since it may
/// well strike what is dead already.
///
/// # Errors
/// The profile is no profile.
pub fn sample(profile: &Profile, seed: u64) -> Result<Plan, PlanError> {
    profile.validate()?;
    let mut dice = Dice::new(seed);
    let mut entries: Vec<Entry> = Vec::new();
    let kept = kept(profile, &mut dice);
    for ((name, kind), kept) in profile.kind.iter().zip(kept) {
        if kept {
            entries.extend(of_kind(profile, name, kind, &mut dice));
        }
    }
    // In order of time, for people; the sort is stable, so the order is that of the names within one instant.
    entries.sort_by_key(|entry| if let Trigger::At(at) = entry.trigger { at.0 } else { 0 });
    Plan::new(entries)
}

/// Which kinds this seed keeps, in the order of the profile.
fn kept(profile: &Profile, dice: &mut Dice) -> Vec<bool> {
    let count = profile.kind.len();
    if !profile.swarm || count < 2 {
        return vec![true; count];
    }
    let mut draw = |name: &String| {
        let mut stream = dice.stream(SWARM, identity_of(name));
        dice.draw(&mut stream)
    };
    let draws: Vec<u64> = profile.kind.keys().map(&mut draw).collect();
    let mut kept: Vec<bool> = draws.iter().map(|draw| draw & 1 == 0).collect();
    // Where the coins agree, the kind with the least draw goes against them.
    if kept.iter().all(|&kind| kind == kept[0])
        && let Some(odd) = (0..count).min_by_key(|&nth| draws[nth])
    {
        kept[odd] = !kept[odd];
    }
    kept
}

fn of_kind(profile: &Profile, name: &str, kind: &Kind, dice: &mut Dice) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut at = profile.from.0;
    for nth in 1..=ENTRIES_MAX {
        let mut stream = dice.stream(SAMPLE, mix(identity_of(name), nth));
        let mut between =
            |(min, max): (Span, Span)| round(min.0 + below(dice.draw(&mut stream), (max.0 - min.0).saturating_add(1)));
        let gap = between(kind.gap);
        let lasts = kind.lasts.map(&mut between);
        let action = below(dice.draw(&mut stream), kind.actions.len() as u64) as usize;
        // A gap that was rounded to nothing would never come to an end.
        at = at.saturating_add(gap.max(1));
        let ends_at = at.saturating_add(lasts.unwrap_or(0));
        if at >= profile.until.0 {
            break;
        }
        // One that would last too long is left out; the next may be shorter.
        if ends_at <= profile.until.0 {
            let mut entry = Entry::new(Trigger::At(Span(at)), kind.actions[action].clone());
            (entry.id, entry.lasts, entry.may_miss) = (format!("{name}-{nth}"), lasts.map(Span), true);
            entries.push(entry);
        }
    }
    entries
}

/// To whole milliseconds where there are any: a plan is read by people.
fn round(ns: Nanos) -> Nanos {
    if ns >= MILLIS { ns - ns % MILLIS } else { ns }
}
