//! The plan of a toy, and its smaller selves.

use std::collections::BTreeSet;

use kernel::identity::{MILLIS, Nanos, SECONDS};
use relapse_explore::Reduce;

use super::{Bug, Minimal, Rule};

/// What a fault does. At one moment they strike in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Cut,
    DiskFull,
    Kill,
    Pause,
    Slow,
}

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Cut, Kind::DiskFull, Kind::Kill, Kind::Pause, Kind::Slow];

    pub fn word(self) -> &'static str {
        ["cut", "disk-full", "kill", "pause", "slow"][self as usize]
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub id: u32,
    pub kind: Kind,
    pub node: u8,
    pub at: Nanos,
    pub lasts: Nanos,
}

/// What an operation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    Deploy,
    Read,
    Write,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub id: u32,
    pub act: Act,
    pub at: Nanos,
    /// It cannot stand without that operation.
    pub needs: Option<u32>,
}

/// Every fix that can be on: one for each mechanism of a bug, and two that change nothing.
pub const FIXES: [&str; 6] = ["fix_first", "fix_second", "fix_log_level", "fix_third", "fix_naming", "fix_fourth"];

/// A run but for its lot. Node 0 leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub bug: Bug,
    pub nodes: Vec<u8>,
    /// By time.
    pub faults: Vec<Fault>,
    /// By time.
    pub operations: Vec<Operation>,
    /// The fixes that are on, of [`FIXES`].
    pub fixes: BTreeSet<&'static str>,
}

/// No fault is made shorter than this.
const SHORTEST: Nanos = 100 * MILLIS;

impl Plan {
    /// With a fix on or off.
    pub fn with_fix(&self, fix: &'static str, on: bool) -> Plan {
        let mut plan = self.clone();
        if on {
            plan.fixes.insert(fix)
        } else {
            plan.fixes.remove(fix)
        };
        plan
    }

    /// What shrinking lowers without leaving parts out.
    pub fn measure(&self) -> u128 {
        let faults = self.faults.iter().map(|fault| u128::from(fault.at) + u128::from(fault.lasts)).sum::<u128>();
        faults + self.operations.iter().map(|operation| u128::from(operation.at)).sum::<u128>()
    }

    /// Kinds and nodes of its faults, sorted; its operations, sorted.
    pub fn shape(&self) -> (Vec<(Kind, u8)>, Vec<Act>) {
        let mut faults: Vec<_> = self.faults.iter().map(|fault| (fault.kind, fault.node)).collect();
        let mut acts: Vec<_> = self.operations.iter().map(|operation| operation.act).collect();
        faults.sort_unstable();
        acts.sort_unstable();
        (faults, acts)
    }

    /// Whether it is one of the smallest that show its bug.
    pub fn is_minimal(&self) -> bool {
        let (faults, acts) = self.shape();
        let nodes = self.nodes.len();
        match self.bug.rule {
            Rule::Everything(count) => faults.len() == count as usize && acts.is_empty() && nodes == 4,
            rule => rule.minimal().contains(&Minimal { faults, acts, nodes }),
        }
    }

    fn with_fault(&self, index: usize, change: impl FnOnce(&mut Fault)) -> Plan {
        let mut plan = self.clone();
        change(&mut plan.faults[index]);
        plan.in_order()
    }

    fn with_operation(&self, index: usize, at: Nanos) -> Plan {
        let mut plan = self.clone();
        plan.operations[index].at = at;
        plan.in_order()
    }

    pub fn in_order(mut self) -> Plan {
        self.faults.sort_by_key(|fault| (fault.at, fault.id));
        self.operations.sort_by_key(|operation| (operation.at, operation.id));
        self
    }
}

impl Reduce for Plan {
    fn parts(&self) -> Vec<String> {
        let nodes = self.nodes.iter().map(|node| format!("node {node}"));
        let faults = self.faults.iter().map(|fault| format!("fault {}-{}", fault.kind.word(), fault.id));
        let operations = self.operations.iter().map(|operation| format!("operation {}", operation.id));
        nodes.chain(faults).chain(operations).collect()
    }

    /// A node takes its faults along, an operation those which need it. There is always a node.
    fn without(&self, parts: &[usize]) -> Option<Plan> {
        let stays = |part: usize| !parts.contains(&part);
        let mut plan = self.clone();
        let mut part = 0..;
        let mut next = || part.next().expect("endless");
        plan.nodes.retain(|_| stays(next()));
        plan.faults.retain(|_| stays(next()));
        plan.operations.retain(|_| stays(next()));
        let nodes = plan.nodes.clone();
        plan.faults.retain(|fault| nodes.contains(&fault.node));
        loop {
            let there: Vec<u32> = plan.operations.iter().map(|operation| operation.id).collect();
            plan.operations.retain(|operation| operation.needs.is_none_or(|id| there.contains(&id)));
            if plan.operations.len() == there.len() {
                break;
            }
        }
        (!plan.nodes.is_empty()).then_some(plan)
    }

    /// Shorter and earlier: at 0 s if it can be, so that faults whose order does not matter end in one order.
    fn simpler(&self) -> Vec<(String, Plan)> {
        let mut plans = Vec::new();
        let mut all = self.clone();
        all.faults.iter_mut().for_each(|fault| fault.lasts = (fault.lasts / 2).max(SHORTEST));
        plans.push(("all durations halved".to_owned(), all));
        for (index, fault) in self.faults.iter().enumerate() {
            for at in rounded(fault.at) {
                let words = format!("fault {}: at {at} instead of {}", fault.id, fault.at);
                plans.push((words, self.with_fault(index, |fault| fault.at = at)));
            }
            let (lasts, whole) = (fault.lasts, fault.lasts - fault.lasts % SECONDS);
            for shorter in [lasts / 2, whole, lasts.saturating_sub(SECONDS)] {
                let shorter = shorter.max(SHORTEST);
                let words = format!("fault {}: for {shorter} instead of {lasts}", fault.id);
                plans.push((words, self.with_fault(index, |fault| fault.lasts = shorter)));
            }
        }
        for (index, operation) in self.operations.iter().enumerate() {
            for at in rounded(operation.at) {
                let words = format!("operation {}: at {at} instead of {}", operation.id, operation.at);
                plans.push((words, self.with_operation(index, at)));
            }
        }
        let mut distinct: Vec<(String, Plan)> = Vec::new();
        for (words, plan) in plans {
            if plan.measure() < self.measure() && distinct.iter().all(|(_, known)| *known != plan) {
                distinct.push((words, plan));
            }
        }
        distinct
    }
}

fn rounded(at: Nanos) -> [Nanos; 3] {
    [0, at - at % (10 * SECONDS), at - at % SECONDS]
}
