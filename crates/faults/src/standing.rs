//! What the fired entries hold in force, so that overlapping faults compose and the end of one does not end another.
//!
//! Blocks are counted by the kernel. For everything else each entry holds its share here, and what the kernel is told is
//! recomputed from the shares that are left. The base of a link and of a disk is what it was when the first share came;
//! that of drift and slowness is none, since the kernel does not tell them: a host that sets its own must not use these.

use crate::aim::{Degradation, Strike};
use kernel::State;
use kernel::control::Command;
use kernel::disk::{DiskFaults, Unsynced};
use kernel::identity::{Nanos, NodeId};
use kernel::network::LinkProfile;
use kernel::system::System;
use kernel::world::World;
use std::collections::BTreeMap;

/// All that is in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    holds: Vec<Hold>,
    blocks: Vec<(usize, NodeId, NodeId)>,
    links: BTreeMap<(NodeId, NodeId), Stack<LinkProfile, Degradation>>,
    disks: BTreeMap<NodeId, Stack<DiskFaults, DiskFaults>>,
}

/// A share of an entry in the state of a node.
#[derive(Clone, Debug)]
struct Hold {
    entry: usize,
    node: NodeId,
    what: Held,
    /// `None`: for good.
    until: Option<Nanos>,
}

/// The first three concern one incarnation: a process that was started since is nobody's prisoner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Down(u32),
    Paused(u32),
    Hung(u32),
    Offset(i64),
    Drift(i32),
    Frozen,
    Slow(u32),
}

#[derive(Clone, Debug)]
struct Stack<B, M> {
    base: B,
    shares: Vec<(usize, M)>,
}

/// What a strike comes to.
pub(crate) struct Imposed {
    pub commands: Vec<Command>,
    /// It changes nothing now, but keeps a state up for longer than the others who hold it.
    pub prolongs: bool,
}

impl Standing {
    /// The directed links that are blocked.
    pub fn blocks(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        self.blocks.iter().map(|(_, from, to)| (*from, *to))
    }

    /// Whether nothing is in force. What concerned a process that is no more counts no longer.
    pub fn is_over<S: System>(&self, world: &World<S>) -> bool {
        let holds = |hold: &Hold| match hold.what {
            Held::Down(of) => of == world.incarnation(hold.node) && !world.state(hold.node).has_process(),
            Held::Paused(of) | Held::Hung(of) => of == world.incarnation(hold.node),
            Held::Offset(_) | Held::Drift(_) | Held::Frozen | Held::Slow(_) => true,
        };
        self.blocks.is_empty() && self.links.is_empty() && self.disks.is_empty() && !self.holds.iter().any(holds)
    }

    /// An entry strikes.
    pub fn impose<S: System>(
        &mut self,
        entry: usize,
        strike: &Strike,
        until: Option<Nanos>,
        world: &World<S>,
    ) -> Imposed {
        let now = |node| world.incarnation(node);
        let hold = |node, what| Hold { entry, node, what, until };
        match *strike {
            Strike::Kill { node, unsynced, dark } => {
                self.state(hold(node, Held::Down(now(node))), Command::Kill { node, unsynced, dark })
            }
            Strike::Pause(node) => self.state(hold(node, Held::Paused(now(node))), Command::Pause(node)),
            Strike::Hang(node) => self.state(hold(node, Held::Hung(now(node))), Command::Hang(node)),
            Strike::Start { node, readdress } => {
                self.holds.retain(|hold| hold.node != node || !matches!(hold.what, Held::Down(_)));
                Imposed::one(Command::Start { node, readdress })
            }
            Strike::Resume(node) => {
                self.holds.retain(|hold| hold.node != node || !matches!(hold.what, Held::Paused(_)));
                Imposed::one(Command::Resume(node))
            }
            Strike::Block(from, to) => {
                self.blocks.push((entry, from, to));
                Imposed::one(Command::Block(from, to))
            }
            Strike::Degrade(from, to, share) => {
                let base = world.link(from, to);
                let stack = self.links.entry((from, to)).or_insert_with(|| Stack { base, shares: Vec::new() });
                stack.shares.push((entry, share));
                Imposed::one(Command::Link(from, to, stack.profile()))
            }
            Strike::Disk(node, share) => {
                let faults = world.disk(node).faults();
                let stack = self.disks.entry(node).or_insert_with(|| Stack { base: faults, shares: Vec::new() });
                stack.settle(faults);
                stack.shares.push((entry, share));
                Imposed::one(Command::Disk(node, stack.faults()))
            }
            Strike::Clock(node, by, lasts) => {
                if lasts {
                    self.holds.push(hold(node, Held::Offset(by)));
                }
                Imposed::one(Command::Jump(node, by))
            }
            Strike::Drift(node, ppm) => {
                self.holds.push(hold(node, Held::Drift(ppm)));
                Imposed::one(Command::Drift(node, self.drift(node)))
            }
            Strike::Slow(node, percent) => {
                self.holds.push(hold(node, Held::Slow(percent)));
                Imposed::one(Command::Slow(node, self.slowness(node)))
            }
            Strike::Freeze(node) => self.state(hold(node, Held::Frozen), Command::Freeze(node, true)),
            Strike::FlipBit(node, file, index) => Imposed::one(Command::FlipBit(node, file, index)),
            Strike::RemoveFile(node, file) => Imposed::one(Command::RemoveFile(node, file)),
            Strike::Wipe(node) => Imposed::one(Command::Wipe(node)),
            Strike::Copy(from, to) => Imposed::one(Command::CopyVolume(from, to)),
        }
    }

    /// The end of an entry: what has to be commanded so that only the others are in force.
    pub fn lift<S: System>(&mut self, entry: usize, world: &World<S>) -> Vec<Command> {
        let mut commands = Vec::new();
        self.blocks.retain(|(of, from, to)| {
            if *of == entry {
                commands.push(Command::Unblock(*from, *to));
            }
            *of != entry
        });
        for ((from, to), stack) in &mut self.links {
            if stack.drop_shares(entry) {
                commands.push(Command::Link(*from, *to, stack.profile()));
            }
        }
        self.links.retain(|_, stack| !stack.shares.is_empty());
        for (node, stack) in &mut self.disks {
            stack.settle(world.disk(*node).faults());
            if stack.drop_shares(entry) {
                commands.push(Command::Disk(*node, stack.faults()));
            }
        }
        self.disks.retain(|_, stack| !stack.shares.is_empty());
        let (ended, left) = std::mem::take(&mut self.holds).into_iter().partition(|hold| hold.entry == entry);
        self.holds = left;
        let ended: Vec<Hold> = ended;
        commands.extend(ended.iter().flat_map(|hold| self.release(hold, world)));
        commands
    }

    /// What ends with a hold, given those that are left.
    fn release<S: System>(&self, hold: &Hold, world: &World<S>) -> Vec<Command> {
        let node = hold.node;
        let (state, incarnation) = (world.state(node), world.incarnation(node));
        let shared = self.others(node, hold.what).next().is_some();
        match hold.what {
            // Somebody else has started it since, or still wants it down.
            Held::Down(of) if of != incarnation || state.has_process() || shared => Vec::new(),
            Held::Down(_) => vec![Command::Start { node, readdress: false }],
            Held::Paused(of) if of != incarnation || shared => Vec::new(),
            Held::Paused(_) => vec![Command::Resume(node)],
            Held::Hung(of) if of != incarnation || state != State::Hung || shared => Vec::new(),
            Held::Hung(_) => vec![
                Command::Kill { node, unsynced: Unsynced::Keep, dark: false },
                Command::Start { node, readdress: false },
            ],
            Held::Offset(by) => vec![Command::Jump(node, by.saturating_neg())],
            Held::Drift(_) => vec![Command::Drift(node, self.drift(node))],
            Held::Slow(_) => vec![Command::Slow(node, self.slowness(node))],
            Held::Frozen if shared => Vec::new(),
            Held::Frozen => vec![Command::Freeze(node, false)],
        }
    }

    /// Puts a node into a state that several entries may want at a time.
    fn state(&mut self, hold: Hold, command: Command) -> Imposed {
        let ends_before = |other: &Hold| other.until.is_some_and(|at| hold.until.is_none_or(|own| at < own));
        let others = || self.others(hold.node, hold.what);
        let prolongs = others().next().is_some() && others().all(ends_before);
        self.holds.push(hold);
        Imposed { commands: vec![command], prolongs }
    }

    fn others(&self, node: NodeId, what: Held) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(move |hold| hold.node == node && hold.what == what)
    }

    fn drift(&self, node: NodeId) -> i32 {
        let of_node = self.holds.iter().filter(|hold| hold.node == node);
        of_node.fold(0, |sum, hold| if let Held::Drift(ppm) = hold.what { sum.saturating_add(ppm) } else { sum })
    }

    fn slowness(&self, node: NodeId) -> u32 {
        let of_node = self.holds.iter().filter(|hold| hold.node == node);
        of_node.fold(0, |sum, hold| if let Held::Slow(percent) = hold.what { sum.saturating_add(percent) } else { sum })
    }
}

impl Imposed {
    fn one(command: Command) -> Self {
        Imposed { commands: vec![command], prolongs: false }
    }
}

impl<B, M> Stack<B, M> {
    fn drop_shares(&mut self, entry: usize) -> bool {
        let before = self.shares.len();
        self.shares.retain(|(of, _)| *of != entry);
        self.shares.len() < before
    }
}

impl Stack<LinkProfile, Degradation> {
    /// The base with all shares on top: latencies add up, chances are independent, the narrowest bandwidth counts.
    fn profile(&self) -> LinkProfile {
        self.shares.iter().fold(self.base, |profile, (_, share)| LinkProfile {
            latency: profile.latency.plus(share.latency),
            loss: profile.loss.either(share.loss),
            duplication: profile.duplication.either(share.duplication),
            reorder: profile.reorder.either(share.reorder),
            reorder_max: profile.reorder_max.max(share.reorder_max),
            bandwidth: match (profile.bandwidth, share.bandwidth) {
                (0, limit) | (limit, 0) => limit,
                (one, two) => one.min(two),
            },
            ..profile
        })
    }
}

impl Stack<DiskFaults, DiskFaults> {
    fn faults(&self) -> DiskFaults {
        self.shares.iter().fold(self.base, |faults, (_, share)| DiskFaults {
            slow_percent: faults.slow_percent.saturating_add(share.slow_percent),
            full: faults.full || share.full,
            failing: faults.failing.saturating_add(share.failing),
            lying_syncs: faults.lying_syncs.saturating_add(share.lying_syncs),
        })
    }

    /// Takes note of the failures and lies that the disk has used up: the oldest shares go first.
    fn settle(&mut self, present: DiskFaults) {
        let told = self.faults();
        let mut failed = told.failing.saturating_sub(present.failing);
        let mut lied = told.lying_syncs.saturating_sub(present.lying_syncs);
        for share in std::iter::once(&mut self.base).chain(self.shares.iter_mut().map(|(_, share)| share)) {
            let (fails, lies) = (failed.min(share.failing), lied.min(share.lying_syncs));
            (share.failing, share.lying_syncs) = (share.failing - fails, share.lying_syncs - lies);
            (failed, lied) = (failed - fails, lied - lies);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_disk_has_used_up_is_taken_from_the_oldest() {
        let failing = |failing| DiskFaults { failing, ..DiskFaults::default() };
        let mut stack = Stack { base: failing(0), shares: vec![(0, failing(3)), (1, failing(4))] };

        stack.settle(failing(2));

        assert_eq!(stack.shares, [(0, failing(0)), (1, failing(2))]);
        stack.drop_shares(1);
        assert_eq!(stack.faults(), failing(0));
    }
}
