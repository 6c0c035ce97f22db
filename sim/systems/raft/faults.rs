//! The faults that are drawn for a Raft group: a dense mixture by time, and kills aimed at elections.
//!
//! The mixture hits members at random, and the leader of the moment as often. What goes wrong in a group goes wrong in the
//! few milliseconds of an election, which a fault in every second virtual second seldom meets: so some kills come right
//! after, or a drawn while after, a vote, an election or an answer to an append.

use std::sync::Arc;

use faults::duration::Span;
use faults::names::GroundTruth;
use faults::plan::{Entry, Plan, PlanError};
use faults::sample::{Kind, Profile, sample};
use faults::selector::Selector;
use faults::share::Share;
use faults::trigger::{OnEvent, Trigger};
use faults::vocabulary::{Action, Degrade, Isolate, Kill, Unsynced, Way};
use kernel::dice::{Dice, Purpose, below};
use kernel::identity::{MILLIS, NodeId, SECONDS};
use kernel::world::World;
use raft::Role;
use raft::cluster::Cluster;

/// The name of the group of all members.
pub const MEMBERS: &str = "members";
const LEADER: &str = "leader";
const AIMED: Purpose = Purpose::new("raft-aimed");
/// Aimed kills of a run, at most.
const AIMED_MAX: u64 = 6;
/// What they are aimed at, and which of those: the n-th is drawn up to this.
const TARGETS: &[(&str, u64)] =
    &[("raft-voted", 12), ("raft-vote", 12), ("raft-elected", 6), ("raft-configured", 12), ("raft-appended", 200)];

/// Who leads at present, by what the members themselves hold.
#[derive(Clone, Copy, Debug)]
pub struct Truth;

impl GroundTruth<Cluster> for Truth {
    fn words(&self) -> &[&str] {
        &[LEADER]
    }

    fn resolve(&self, word: &str, world: &World<Cluster>) -> Option<Vec<NodeId>> {
        let leads =
            |id: &NodeId| world.node(*id).and_then(|node| node.member()).is_some_and(|it| it.role() == Role::Leader);
        (word == LEADER).then(|| world.ids().filter(leads).collect())
    }
}

/// What is drawn.
#[derive(Clone, Debug)]
pub struct Drawn {
    profile: Profile,
    /// Whether kills may take what was not synced.
    machines: bool,
}

impl Drawn {
    /// Of a scenario's word: `none` draws nothing.
    pub fn of(word: &str, until: Span) -> Option<Arc<Self>> {
        let machines = word == "machines";
        (word != "none").then(|| Arc::new(Drawn { profile: profile(until, machines), machines }))
    }

    /// The plan of a seed.
    ///
    /// # Errors
    /// The profile is no profile.
    pub fn plan(&self, seed: u64) -> Result<Plan, PlanError> {
        let mut entries = sample(&self.profile, seed)?.entries().to_vec();
        let mut dice = Dice::new(seed);
        let mut stream = dice.stream(AIMED, 0);
        let mut draw = |bound| below(dice.draw(&mut stream), bound);
        for nth in 1..=draw(AIMED_MAX + 1) {
            let (event, most) = TARGETS[draw(TARGETS.len() as u64) as usize];
            let on = OnEvent { event: event.to_owned(), nth: 1 + draw(most), node: None };
            let whom = if draw(2) == 0 { Selector::word(LEADER) } else { one() };
            let unsynced = if self.machines && draw(2) == 0 { Unsynced::Lose } else { Unsynced::Keep };
            let lasts = MILLIS * (5 + draw(300) * (1 + draw(20)));
            let mut entry = Entry::new(Trigger::On(on), Action::Kill(Kill { node: whom, unsynced, dark: false }));
            (entry.id, entry.lasts, entry.may_miss) = (format!("aimed-{nth}"), Some(Span(lasts)), true);
            entries.push(entry);
        }
        Plan::new(entries)
    }
}

fn one() -> Selector {
    Selector::Random(Box::new(Selector::word(MEMBERS)), 1)
}

fn profile(until: Span, machines: bool) -> Profile {
    let mut profile = Profile::dense(MEMBERS, Span(SECONDS), until);
    let span = |(min, max): (u64, u64)| (Span(min * MILLIS), Span(max * MILLIS));
    // Faults come faster than in the common mixture, and last longer than an election timeout as often as not.
    for (name, gap_ms, lasts_ms) in
        [("kill", (1_500, 9_000), (100, 9_000)), ("isolate", (2_000, 12_000), (500, 12_000))]
    {
        let kind = profile.kind.get_mut(name).expect("a dense profile has it");
        (kind.gap, kind.lasts) = (span(gap_ms), Some(span(lasts_ms)));
        let of_leader: Vec<Action> = kind.actions.iter().map(aimed_at_leader).collect();
        kind.actions.extend(of_leader);
    }
    // Processes that are back before anybody misses them, and links so slow that candidates meet.
    let kills = profile.kind["kill"].actions.clone();
    let bounce = Kind { actions: kills, gap: span((1_500, 9_000)), lasts: Some(span((5, 300))) };
    let slow = [(150, 300), (400, 800)].map(|(latency_ms, jitter_ms)| sluggish(latency_ms, jitter_ms));
    let sluggish = Kind { actions: slow.into(), gap: span((4_000, 20_000)), lasts: Some(span((3_000, 15_000))) };
    profile.kind.extend([("bounce".to_owned(), bounce), ("sluggish".to_owned(), sluggish)]);
    if !machines {
        let keeps = |action: &Action| !matches!(action, Action::Kill(kill) if kill.unsynced != Unsynced::Keep);
        profile.kind.values_mut().for_each(|kind| kind.actions.retain(keeps));
    }
    profile
}

fn aimed_at_leader(action: &Action) -> Action {
    let node = Selector::word(LEADER);
    match action.clone() {
        Action::Kill(kill) => Action::Kill(Kill { node, ..kill }),
        Action::Isolate(isolate) => Action::Isolate(Isolate { node, ..isolate }),
        other => other,
    }
}

/// All links take longer.
fn sluggish(latency_ms: u64, jitter_ms: u64) -> Action {
    let members = || Selector::word(MEMBERS);
    Action::Degrade(Degrade {
        from: members(),
        to: members(),
        way: Way::Both,
        latency: Span(latency_ms * MILLIS),
        jitter: Span(jitter_ms * MILLIS),
        loss: Share::of_percent(0),
        duplication: Share::of_percent(0),
        reorder: Share::of_percent(0),
        reorder_max: Span(0),
        bytes_per_second: None,
    })
}
