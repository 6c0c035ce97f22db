//! Plans drawn of a seed: what a bug needs, among what it does not need.

use std::collections::BTreeSet;

use kernel::identity::{MILLIS, Nanos, SECONDS, mix};

use super::{Act, Bug, Fault, Kind, Operation, Plan, Rule, Toy};
use kernel::verdict::Outcome;
use relapse_explore::{Lot, Runner};

/// What stands around the things that are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noise {
    pub faults: u32,
    pub operations: u32,
    /// Whether what could matter to the bug may be among it. Then a smaller plan may hold other faults than those planted,
    /// though of the same kinds.
    pub may_matter: bool,
}

struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = mix(self.0, bound);
        self.0 % bound
    }

    /// Milliseconds between, in nanoseconds.
    fn between(&mut self, from_ms: u64, to_ms: u64) -> Nanos {
        (from_ms + self.below(to_ms - from_ms)) * MILLIS
    }

    fn fault(&mut self, kind: Kind, node: u8, at: Nanos) -> Fault {
        Fault { id: 0, kind, node, at, lasts: self.between(1_000, 12_000) }
    }

    fn operation(&mut self, act: Act, at: Nanos) -> Operation {
        Operation { id: 0, act, at, needs: None }
    }
}

/// A plan that holds what the bug needs, at times drawn of the seed: decided between 15 s and 85 s. Ids are numbers in
/// order of time, from 1; those of what is needed are given too.
pub fn planted(bug: Bug, seed: u64, noise: Noise) -> (Plan, BTreeSet<u32>) {
    let mut draws = Draws(mix(seed, 0x706c_616e));
    let (mut faults, mut operations) = needed(bug.rule, &mut draws);
    let (needed_faults, needed_operations) = (faults.len(), operations.len());
    let nodes = if bug.rule == Rule::Nodes { 7 } else { 5 };
    for _ in 0..noise.faults {
        let (kind, node) = (Kind::ALL[draws.below(5) as usize], draws.below(nodes) as u8);
        let at = draws.between(1_000, 95_000);
        let fault = draws.fault(kind, node, at);
        if !bug.rule.minds(kind, node) || noise.may_matter && harmless(bug.rule) {
            faults.push(fault);
        }
    }
    for _ in 0..noise.operations {
        let act = [Act::Deploy, Act::Read, Act::Write][draws.below(3) as usize];
        let at = draws.between(1_000, 95_000);
        if !bug.rule.minds_act(act) || noise.may_matter && harmless(bug.rule) {
            operations.push(draws.operation(act, at));
        }
    }
    // Numbered by time; what is needed is remembered by its place.
    let mut ids = BTreeSet::new();
    let mut order: Vec<(Nanos, bool, usize)> = Vec::new();
    order.extend(faults.iter().enumerate().map(|(index, fault)| (fault.at, true, index)));
    order.extend(operations.iter().enumerate().map(|(index, operation)| (operation.at, false, index)));
    order.sort_unstable();
    let mut deployed = None;
    for (id, &(_, is_fault, index)) in (1..).zip(&order) {
        let is_needed = index < if is_fault { needed_faults } else { needed_operations };
        if is_needed {
            ids.insert(id);
        }
        if is_fault {
            faults[index].id = id;
        } else {
            operations[index].id = id;
            if is_needed && operations[index].act == Act::Deploy {
                deployed = Some(id);
            }
            if is_needed && operations[index].act == Act::Write {
                operations[index].needs = deployed;
            }
        }
    }
    let plan = Plan { bug, nodes: (0..nodes as u8).collect(), faults, operations, fixes: BTreeSet::new() };
    (plan.in_order(), ids)
}

/// A plan that holds what the bug needs, with the first seed from `seed` on in which it fails, and how it fails.
pub fn failing(bug: Bug, seed: u64, noise: Noise) -> (Plan, Lot, String) {
    let (plan, _) = planted(bug, seed, noise);
    let mut scratch = Vec::new();
    let (seed, verdict) = (seed..)
        .map(|seed| (seed, Toy.run(&plan, seed, &mut scratch).verdict))
        .find(|(_, verdict)| verdict.outcome == Outcome::Fail)
        .expect("its chance is not zero");
    (plan, Lot::from(seed), verdict.signature)
}

/// Whether more of what it minds leaves its smallest plans as they are: where one more fault makes it panic, or hides or
/// counts, or a write needs nothing, it does not.
fn harmless(rule: Rule) -> bool {
    !matches!(
        rule,
        Rule::Operations | Rule::Everything(_) | Rule::Panics | Rule::Masked | Rule::Hidden | Rule::OtherSignature
    )
}

fn needed(rule: Rule, draws: &mut Draws) -> (Vec<Fault>, Vec<Operation>) {
    use Kind::{Cut, DiskFull, Kill, Pause, Slow};
    let early = draws.between(15_000, 45_000);
    let late = early + draws.between(1_000, 35_000);
    let during = |fault: &Fault, draws: &mut Draws| fault.at + draws.between(1, fault.lasts / MILLIS);
    let mut operations = Vec::new();
    let faults = match rule {
        Rule::One => vec![draws.fault(Kill, 0, late)],
        Rule::Two if draws.below(2) == 0 => vec![draws.fault(Cut, 1, early), draws.fault(Pause, 2, late)],
        Rule::Two => vec![draws.fault(Cut, 1, late), draws.fault(Pause, 2, early)],
        Rule::Three => {
            let mut at = [early, late, draws.between(15_000, 80_000)];
            at.rotate_left(draws.below(3) as usize);
            vec![draws.fault(Kill, 0, at[0]), draws.fault(Cut, 1, at[1]), draws.fault(Slow, 2, at[2])]
        }
        Rule::Order => vec![draws.fault(Cut, 1, early), draws.fault(Kill, 0, late)],
        Rule::Window => {
            let pause = draws.fault(Pause, 1, early);
            let at = during(&pause, draws);
            vec![pause, draws.fault(Kill, 0, at)]
        }
        Rule::Operation => {
            let cut = draws.fault(Cut, 2, early);
            let at = during(&cut, draws);
            operations.push(draws.operation(Act::Deploy, at));
            vec![cut]
        }
        Rule::Operations => {
            let slow = draws.fault(Slow, 3, late);
            let at = during(&slow, draws);
            operations.push(draws.operation(Act::Deploy, early));
            operations.push(draws.operation(Act::Write, at));
            vec![slow]
        }
        // Both causes, or one of them.
        Rule::TwoCauses => {
            let which = draws.below(3);
            let slow = draws.fault(Slow, 1, early);
            let at = during(&slow, draws);
            let mut faults = vec![slow, draws.fault(Kill, 0, at)];
            let full = draws.fault(DiskFull, 3, late);
            if which == 1 {
                faults = vec![full];
            } else if which == 2 {
                faults.push(full);
            }
            faults
        }
        Rule::Everything(count) => (0..count)
            .map(|nth| {
                let at = draws.between(15_000, 85_000);
                draws.fault(Kind::ALL[nth as usize % 5], (nth % 4) as u8, at)
            })
            .collect(),
        Rule::Nodes => vec![draws.fault(Cut, 0, late)],
        Rule::Duration => vec![Fault { lasts: draws.between(8_000, 18_000), ..draws.fault(Cut, 1, early) }],
        Rule::Masked | Rule::Hidden => {
            let slow = draws.fault(Slow, 0, late);
            let at = during(&slow, draws);
            vec![draws.fault(Cut, 1, early), slow, draws.fault(Kill, 0, at)]
        }
        Rule::Repeated => [early, late, late + 4 * SECONDS].map(|at| draws.fault(Kill, 2, at)).to_vec(),
        Rule::Panics => vec![draws.fault(Pause, 2, early), draws.fault(Kill, 0, late)],
        Rule::OtherSignature => {
            let slow = draws.fault(Slow, 3, early);
            let at = during(&slow, draws);
            vec![slow, draws.fault(Kill, 0, at)]
        }
    };
    (faults, operations)
}
