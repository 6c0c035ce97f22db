//! What an entry really did.

use crate::aim::Strike;
use crate::duration::Span;
use crate::plan::Entry;
use crate::vocabulary::Action;
use kernel::NodeToll;
use kernel::control::Effect;
use kernel::disk::DiskToll;
use kernel::identity::{Nanos, NodeId};
use kernel::network::Traffic;
use kernel::system::System;
use kernel::world::World;
use serde::Serialize;

/// How far an entry has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Its trigger has not come.
    #[default]
    Waiting,
    /// A bound held it back: no harm and no blame.
    Skipped,
    /// It has struck.
    Fired,
    /// It has struck and has been undone.
    Undone,
}

/// What an entry really did, so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The entry.
    pub id: String,
    /// The action's word.
    pub action: &'static str,
    /// How far it has come.
    pub phase: Phase,
    /// When it struck, in nanoseconds of virtual time.
    pub fired_at: Option<Nanos>,
    /// When it was undone.
    pub undone_at: Option<Nanos>,
    /// Whom it struck, by name.
    pub nodes: Vec<String>,
    /// What it did.
    pub effects: Effects,
    /// Why it had no real effect, if it had none.
    pub nothing: Option<String>,
}

impl Report {
    /// What it did, in one line: action, targets, time, and every count that is not 0.
    pub fn summary(&self) -> String {
        let Effects {
            changes: _,
            processes,
            inputs,
            connections,
            records,
            packets_sent: _,
            packets_lost,
            packets_blocked,
            packets_doubled,
            packets_held_back,
            packets_stalled,
            disk_operations,
            jobs,
            clock_uses,
        } = self.effects;
        let counts = [
            ("processes", processes),
            ("inputs", inputs),
            ("connections", connections),
            ("records", records),
            ("packets lost", packets_lost),
            ("packets blocked", packets_blocked),
            ("packets doubled", packets_doubled),
            ("packets held back", packets_held_back),
            ("packets stalled", packets_stalled),
            ("disk operations", disk_operations),
            ("jobs", jobs),
            ("uses of clocks", clock_uses),
        ];
        let counts = counts.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!(", {count} {name}"));
        let at = self.fired_at.map_or(String::new(), |at| format!(" at {} ms", at / 1_000_000));
        format!("{} {}{at}{}", self.action, self.nodes.join(" "), counts.collect::<String>())
    }
}

/// The sum of what was done. Traffic, disk operations, jobs and uses of clocks are those of the struck links, disks and
/// nodes between strike and undoing, whoever else harmed them at that time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Effects {
    /// Commands that changed something.
    pub changes: u64,
    /// Processes ended, stopped or started.
    pub processes: u64,
    /// Timers, jobs and inputs that were dropped, or set free again.
    pub inputs: u64,
    /// Connections broken, or set free again.
    pub connections: u64,
    /// Records of disks that are gone, damaged or at risk of tearing.
    pub records: u64,
    /// Datagrams and pieces of connections given to the links.
    pub packets_sent: u64,
    /// Those of them that were lost by chance, and pieces of which a try was.
    pub packets_lost: u64,
    /// Datagrams that met a block.
    pub packets_blocked: u64,
    /// Datagrams that came twice.
    pub packets_doubled: u64,
    /// Datagrams that were held back.
    pub packets_held_back: u64,
    /// Pieces of connections that had to wait for a block to end.
    pub packets_stalled: u64,
    /// Disk operations that met a fault.
    pub disk_operations: u64,
    /// Jobs that took longer than they would have.
    pub jobs: u64,
    /// Readings of clocks that were off, and timers set by clocks of another rate.
    pub clock_uses: u64,
}

/// What is measured while an entry is in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub phase: Phase,
    pub fired_at: Option<Nanos>,
    pub undone_at: Option<Nanos>,
    pub nodes: Vec<NodeId>,
    /// Why nothing was struck, or why it was skipped.
    pub reason: Option<String>,
    effects: Effects,
    links: Vec<(NodeId, NodeId)>,
    disks: Vec<NodeId>,
    /// Nodes that are slowed, or whose clocks are off.
    slowed: Vec<NodeId>,
    before: Measured,
    /// Since it was undone.
    ended: Option<Measured>,
}

/// What the kernel has counted so far on the struck links, disks and nodes.
#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    traffic: Traffic,
    disks: DiskToll,
    nodes: NodeToll,
}

impl Tally {
    /// Just before the strikes.
    pub fn begin<S: System>(&mut self, strikes: &[Strike], world: &World<S>) {
        for strike in strikes {
            self.nodes.extend(strike.nodes());
            match strike {
                Strike::Block(from, to) | Strike::Degrade(from, to, _) => self.links.push((*from, *to)),
                Strike::Disk(node, _) => self.disks.push(*node),
                Strike::Slow(node, _) | Strike::Clock(node, ..) | Strike::Drift(node, _) | Strike::Freeze(node) => {
                    self.slowed.push(*node);
                }
                _ => {}
            }
        }
        self.nodes.sort_unstable();
        self.nodes.dedup();
        self.before = self.measure(world);
    }

    /// A command of a strike has had its effect.
    pub fn count(&mut self, effect: Effect, changed: bool) {
        self.effects.changes += u64::from(changed);
        self.effects.processes += effect.processes;
        self.effects.inputs += effect.inputs;
        self.effects.connections += effect.connections;
        self.effects.records += effect.records;
    }

    /// Records that may be torn, which the kernel does not count.
    pub fn count_at_risk(&mut self, records: u64) {
        self.effects.records = self.effects.records.max(records);
    }

    /// A command of the undoing has had its effect: no proof of the fault, but worth knowing.
    pub fn count_undoing(&mut self, effect: Effect) {
        self.effects.inputs += effect.inputs;
        self.effects.connections += effect.connections;
    }

    /// Just before the undoing.
    pub fn end<S: System>(&mut self, world: &World<S>) {
        self.ended = Some(self.measure(world));
        self.phase = Phase::Undone;
        self.undone_at = Some(world.now());
    }

    /// The report so far.
    pub fn report<S: System>(&self, entry: &Entry, world: &World<S>, name: impl Fn(NodeId) -> String) -> Report {
        let now = self.ended.unwrap_or_else(|| self.measure(world));
        let own = own_operations(&entry.action, now.disks, self.before.disks);
        let (traffic, before) = (now.traffic, self.before.traffic);
        let effects = Effects {
            packets_sent: traffic.sent - before.sent,
            packets_lost: traffic.lost - before.lost,
            packets_blocked: traffic.blocked - before.blocked,
            packets_doubled: traffic.doubled - before.doubled,
            packets_held_back: traffic.held_back - before.held_back,
            packets_stalled: traffic.stalled - before.stalled,
            disk_operations: own.unwrap_or(0),
            jobs: now.nodes.slowed - self.before.nodes.slowed,
            clock_uses: clock_uses(&entry.action, now.nodes) - clock_uses(&entry.action, self.before.nodes),
            ..self.effects
        };
        let nothing = match self.phase {
            Phase::Waiting => Some(self.reason.clone().unwrap_or_else(|| never(entry))),
            Phase::Skipped => self.reason.clone(),
            Phase::Fired | Phase::Undone => self.reason.clone().or_else(|| nothing(&entry.action, &effects, own)),
        };
        Report {
            id: entry.id.clone(),
            action: entry.action.word(),
            phase: self.phase,
            fired_at: self.fired_at,
            undone_at: self.undone_at,
            nodes: self.nodes.iter().map(|id| name(*id)).collect(),
            effects,
            nothing,
        }
    }

    fn measure<S: System>(&self, world: &World<S>) -> Measured {
        let Measured { traffic: mut sum, disks: mut toll, mut nodes } = Measured::default();
        for (from, to) in &self.links {
            let Traffic { sent, lost, blocked, doubled, held_back, stalled } = world.traffic(*from, *to);
            sum.sent += sent;
            sum.lost += lost;
            sum.blocked += blocked;
            sum.doubled += doubled;
            sum.held_back += held_back;
            sum.stalled += stalled;
        }
        for node in &self.disks {
            let DiskToll { slowed, refused, failed, lied } = world.disk(*node).toll();
            toll.slowed += slowed;
            toll.refused += refused;
            toll.failed += failed;
            toll.lied += lied;
        }
        for node in &self.slowed {
            let NodeToll { slowed, monotonic, wall, drifted_timers } = world.toll(*node);
            nodes.slowed += slowed;
            nodes.monotonic += monotonic;
            nodes.wall += wall;
            nodes.drifted_timers += drifted_timers;
        }
        Measured { traffic: sum, disks: toll, nodes }
    }
}

/// Disk operations that met this kind of fault; `None` for an action of another kind.
fn own_operations(action: &Action, now: DiskToll, before: DiskToll) -> Option<u64> {
    match action {
        Action::DiskSlow(_) => Some(now.slowed - before.slowed),
        Action::DiskFull(_) => Some(now.refused - before.refused),
        Action::DiskError(_) => Some(now.failed - before.failed),
        Action::LostSync(_) => Some(now.lied - before.lied),
        _ => None,
    }
}

/// Uses of clocks that show this kind of fault: an offset only the wall clock, a drift also timers, as they are set.
fn clock_uses(action: &Action, toll: NodeToll) -> u64 {
    match action {
        Action::ClockOffset(_) | Action::ClockJump(_) => toll.wall,
        Action::ClockFreeze(_) => toll.wall + toll.monotonic,
        Action::ClockDrift(_) => toll.wall + toll.monotonic + toll.drifted_timers,
        _ => 0,
    }
}

/// Why an action that has struck did nothing, if so. Not covered: what a node did with a clock that it read.
fn nothing(action: &Action, effects: &Effects, disk_operations: Option<u64>) -> Option<String> {
    if let Some(operations) = disk_operations {
        return (operations == 0).then(|| "no disk operation met it".to_owned());
    }
    let (done, why) = match action {
        Action::Isolate(_) | Action::Partition(_) | Action::Block(_) => {
            (effects.packets_blocked + effects.packets_stalled > 0, "no packet met the block")
        }
        Action::Degrade(degrade) => {
            let slows = degrade.latency > Span(0) || degrade.jitter > Span(0) || degrade.bytes_per_second.is_some();
            let hit = effects.packets_lost + effects.packets_doubled + effects.packets_held_back > 0;
            (hit || slows && effects.packets_sent > 0, "no packet was affected")
        }
        Action::TornWrite(_) => (effects.records > 0, "nothing was unsynced, so nothing could be torn"),
        Action::CopyVolume(_) => (effects.records > 0, "source and target were empty"),
        Action::Kill(_) => (effects.changes > 0, "there was no process to kill"),
        Action::Restart(_) => (effects.changes > 0, "the process was running already"),
        Action::Pause(_) | Action::Hang(_) => (effects.changes > 0, "there was no working process"),
        Action::Resume(_) => (effects.changes > 0, "nothing was paused"),
        Action::Slow(_) if effects.changes > 0 => (effects.jobs > 0, "no job met it"),
        Action::ClockOffset(_) | Action::ClockJump(_) if effects.changes > 0 => {
            (effects.clock_uses > 0, "nobody read a wall clock that was off")
        }
        Action::ClockDrift(_) | Action::ClockFreeze(_) if effects.changes > 0 => {
            (effects.clock_uses > 0, "nobody used a clock that was off")
        }
        _ => (effects.changes > 0, "nothing was changed by it"),
    };
    (!done).then(|| why.to_owned())
}

fn never(entry: &Entry) -> String {
    use crate::trigger::Trigger;
    match &entry.trigger {
        Trigger::At(at) => format!("the run ended before {at}"),
        Trigger::On(on) if on.nth == 1 => format!("there was no event `{}`", on.event),
        Trigger::On(on) => format!("there were fewer than {} events `{}`", on.nth, on.event),
        Trigger::After(after) => format!("`{}` never struck, or the run ended first", after.entry),
    }
}
