//! Survivable bounds: what a correct cluster must survive, and no more.
//!
//! A plan is checked before the run where its own text decides ([`Bounds::check`]), and each strike when it comes: one
//! that would break a bound is skipped, and neither blamed nor called vacuous.
//!
//! Counted: processes that are down, stopped, hung; links that are cut; volumes whose data was harmed. Not counted, since
//! a correct cluster may slow down but must come back: slowness, lossy links, clocks, full and failing disks.

use crate::aim::Strike;
use crate::duration::Span;
use crate::names::Names;
use crate::plan::{Entry, Plan, PlanError};
use crate::standing::Standing;
use crate::trigger::Trigger;
use crate::vocabulary::{Action, CopyVolume, FlipBit, Kill, LostSync, RemoveFile, Whom};
use kernel::State;
use kernel::disk::DiskFaults;
use kernel::identity::{Nanos, NodeId};
use kernel::system::System;
use kernel::world::World;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a plan must keep within.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// All faults are over by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_at: Option<Span>,
    /// By name of a group.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub group: BTreeMap<String, GroupBound>,
}

/// What a group must be left with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupBound {
    /// So many of its processes may be down, stopped or hung at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down_max: Option<u32>,
    /// A majority works, and one of it reaches all of it both ways.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quorum: bool,
    /// On so many of its volumes data may be harmed over the whole run; a minority, where `quorum` is set and this is
    /// not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damaged_max: Option<u32>,
}

/// How things stand when an entry is about to strike.
pub(crate) struct Situation<'a, S: System> {
    pub world: &'a World<S>,
    pub names: &'a Names,
    pub standing: &'a Standing,
    pub damaged: &'a BTreeSet<NodeId>,
}

impl Strike {
    /// The node that no longer works after it.
    fn downs(&self) -> Option<NodeId> {
        match self {
            Strike::Kill { node, .. } | Strike::Pause(node) | Strike::Hang(node) => Some(*node),
            _ => None,
        }
    }

    /// The node whose durable data it harms. Losing or tearing what was never synced harms nothing durable.
    pub(crate) fn damages(&self) -> Option<NodeId> {
        match self {
            Strike::FlipBit(node, ..) | Strike::RemoveFile(node, _) | Strike::Wipe(node) | Strike::Copy(_, node) => {
                Some(*node)
            }
            Strike::Disk(node, DiskFaults { lying_syncs: 1.., .. }) => Some(*node),
            _ => None,
        }
    }
}

impl GroupBound {
    fn damaged_max(&self, members: usize) -> Option<usize> {
        let minority = self.quorum.then(|| members.saturating_sub(1) / 2);
        self.damaged_max.map(|max| max as usize).or(minority)
    }
}

impl Bounds {
    /// Whether a plan can keep within them, as far as its text says: groups that exist, the end of faults, how many
    /// nodes that are named outright go down or are damaged, alone or together with what strikes at fixed times.
    ///
    /// # Errors
    /// The first entry that breaks a bound whatever happens.
    pub fn check(&self, plan: &Plan, names: &Names) -> Result<(), PlanError> {
        if let Some(unknown) = self.group.keys().find(|group| names.members(group).is_none()) {
            let (id, key, word) = ("(bounds)".to_owned(), "group".to_owned(), unknown.clone());
            return Err(PlanError::UnknownWord { id, key, word, known: names.words().collect::<Vec<_>>().join(", ") });
        }
        let restarts = plan.entries().iter().any(|entry| matches!(entry.action, Action::Restart(_)));
        let mut damaged = BTreeSet::new();
        for entry in plan.entries() {
            let refuse = |why| PlanError::Unsurvivable { id: entry.id.clone(), why };
            self.check_end(entry, restarts).map_err(refuse)?;
            damaged.extend(fixed_damage(entry, names));
            self.check_counts(&fixed_down(plan, entry, names), &damaged, names).map_err(refuse)?;
        }
        Ok(())
    }

    fn check_end(&self, entry: &Entry, restarts: bool) -> Result<(), String> {
        let Some(Span(end_at)) = self.end_at else { return Ok(()) };
        let dies = matches!(entry.action, Action::Kill(_) | Action::TornWrite(_));
        if entry.action.lasts() && entry.lasts.is_none() && !(dies && restarts) {
            return Err(format!("it never ends, and faults must be over by {}: give it a `for`", Span(end_at)));
        }
        match entry.trigger {
            Trigger::At(at) => ends_in_time(at.0, entry, end_at),
            _ => Ok(()),
        }
    }

    fn check_counts(&self, down: &BTreeSet<NodeId>, damaged: &BTreeSet<NodeId>, names: &Names) -> Result<(), String> {
        for (group, bound) in &self.group {
            let members = names.members(group).unwrap_or(&[]);
            let of = |nodes: &BTreeSet<NodeId>| members.iter().filter(|node| nodes.contains(*node)).count();
            exceeds(of(down), bound.down_max.map(|max| max as usize), group, "down", "at a time")?;
            exceeds(of(damaged), bound.damaged_max(members.len()), group, "damaged", "in all")?;
            if bound.quorum && members.len() - of(down) < majority(members.len()) {
                return Err(no_majority(group));
            }
        }
        Ok(())
    }

    /// Whether an entry may strike now.
    pub(crate) fn admits<S: System>(
        &self,
        entry: &Entry,
        strikes: &[Strike],
        situation: &Situation<'_, S>,
    ) -> Result<(), String> {
        let Situation { world, names, standing, damaged } = situation;
        if let Some(Span(end_at)) = self.end_at {
            ends_in_time(world.now(), entry, end_at)?;
        }
        let downs: BTreeSet<NodeId> = strikes.iter().filter_map(Strike::downs).collect();
        let damages: BTreeSet<NodeId> = strikes.iter().filter_map(Strike::damages).collect();
        let new_blocks = strikes.iter().filter_map(|strike| match strike {
            Strike::Block(from, to) => Some((*from, *to)),
            _ => None,
        });
        let new_blocks: BTreeSet<(NodeId, NodeId)> = new_blocks.collect();
        // What does no harm of these kinds is never held back, however bad things are.
        if downs.is_empty() && damages.is_empty() && new_blocks.is_empty() {
            return Ok(());
        }
        let down: BTreeSet<NodeId> =
            names.all().into_iter().filter(|id| world.state(*id) != State::Up).chain(downs).collect();
        let damaged: BTreeSet<NodeId> = damaged.union(&damages).copied().collect();
        self.check_counts(&down, &damaged, names)?;
        let blocks: BTreeSet<(NodeId, NodeId)> = standing.blocks().chain(new_blocks).collect();
        for (group, bound) in self.group.iter().filter(|(_, bound)| bound.quorum) {
            let members = names.members(group).unwrap_or(&[]);
            let working: Vec<NodeId> = members.iter().copied().filter(|node| !down.contains(node)).collect();
            let meets = |one, two| !blocks.contains(&(one, two)) && !blocks.contains(&(two, one));
            let reach = |one: &NodeId| working.iter().filter(|two| meets(*one, **two)).count();
            if bound.quorum && working.iter().map(reach).max().unwrap_or(0) < majority(members.len()) {
                return Err(no_majority(group));
            }
        }
        Ok(())
    }
}

fn majority(members: usize) -> usize {
    members / 2 + 1
}

fn no_majority(group: &str) -> String {
    format!("no majority of `{group}` would be left")
}

fn exceeds(count: usize, max: Option<usize>, group: &str, what: &str, when: &str) -> Result<(), String> {
    match max {
        Some(max) if count > max => Err(format!("{count} of `{group}` would be {what}, and {max} may be {when}")),
        _ => Ok(()),
    }
}

fn ends_in_time(from: Nanos, entry: &Entry, end_at: Nanos) -> Result<(), String> {
    let ends_at = from.saturating_add(entry.lasts.map_or(0, |lasts| lasts.0));
    if ends_at <= end_at {
        return Ok(());
    }
    Err(format!(
        "it ends at {}, and faults must be over by {}: let it be earlier or shorter",
        Span(ends_at),
        Span(end_at)
    ))
}

fn downs(action: &Action, names: &Names) -> Vec<NodeId> {
    match action {
        Action::Kill(Kill { node, .. })
        | Action::Pause(Whom { node })
        | Action::Hang(Whom { node })
        | Action::TornWrite(Whom { node }) => node.fixed(names).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn fixed_damage(entry: &Entry, names: &Names) -> Vec<NodeId> {
    let node = match &entry.action {
        Action::FlipBit(FlipBit { node, .. })
        | Action::RemoveFile(RemoveFile { node, .. })
        | Action::Wipe(Whom { node })
        | Action::CopyVolume(CopyVolume { to: node, .. })
        | Action::LostSync(LostSync { node, .. }) => node,
        _ => return Vec::new(),
    };
    node.fixed(names).unwrap_or_default()
}

/// The nodes that are down when an entry strikes, by entries of fixed times that say how long.
fn fixed_down(plan: &Plan, entry: &Entry, names: &Names) -> BTreeSet<NodeId> {
    let mut down: BTreeSet<NodeId> = downs(&entry.action, names).into_iter().collect();
    let Trigger::At(Span(now)) = entry.trigger else { return down };
    for other in plan.entries() {
        if let (Trigger::At(Span(at)), Some(Span(lasts))) = (&other.trigger, other.lasts)
            && (*at..at.saturating_add(lasts)).contains(&now)
        {
            down.extend(downs(&other.action, names));
        }
    }
    down
}
