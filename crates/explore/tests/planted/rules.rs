//! The planted bugs: when each strikes, and the smallest plans that show it.

use super::{Act, Fault, Kind, Operation};
use kernel::identity::{Nanos, SECONDS};

/// A bug. Node 0 leads; a number after a kind is the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Kill 0.
    One,
    /// Cut 1 and pause 2, in any order.
    Two,
    /// Kill 0, cut 1 and slow 2, in any order.
    Three,
    /// Cut 1, and later (or at once) kill 0.
    Order,
    /// Kill 0 while 1 is paused.
    Window,
    /// A deployment while 2 is cut.
    Operation,
    /// A write, which needs its deployment, while 3 is slow.
    Operations,
    /// Kill 0 while 1 is slow; or the disk of 3 is full for a time. One signature.
    TwoCauses,
    /// As many faults as this.
    Everything(u32),
    /// Cut 0 in a cluster of at least four.
    Nodes,
    /// Cut 1 for at least seven seconds.
    Duration,
    /// Kill 0, unless 0 is slow and 1 has not been cut: a fault hides the failure and another one brings it back.
    Masked,
    /// Kill 0, if 0 is slow and 1 has been cut, or neither: two faults of which each hides the failure and the other one
    /// brings it back, so that only both together can be left out.
    Hidden,
    /// The third kill of 2.
    Repeated,
    /// Kill 0; the simulator itself panics if 2 was not paused before.
    Panics,
    /// Kill 0 while 3 is slow; kill 0 otherwise is a failure of another signature.
    OtherSignature,
}

/// What the smallest plans of a bug hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minimal {
    /// Sorted.
    pub faults: Vec<(Kind, u8)>,
    /// Sorted.
    pub acts: Vec<Act>,
    /// How many nodes.
    pub nodes: usize,
}

/// The duration that [`Rule::Duration`] needs.
pub const LONG: Nanos = 7 * SECONDS;

impl Rule {
    /// All smallest plans that shrinking may end with.
    pub fn minimal(self) -> Vec<Minimal> {
        use Act::{Deploy, Write};
        use Kind::{Cut, DiskFull, Kill, Pause, Slow};
        let of = |faults: &[(Kind, u8)], acts: &[Act]| {
            let mut nodes: Vec<u8> = faults.iter().map(|(_, node)| *node).collect();
            nodes.sort_unstable();
            nodes.dedup();
            Minimal { faults: faults.to_vec(), acts: acts.to_vec(), nodes: nodes.len() }
        };
        match self {
            Rule::One | Rule::Masked | Rule::Hidden => vec![of(&[(Kill, 0)], &[])],
            Rule::Two => vec![of(&[(Cut, 1), (Pause, 2)], &[])],
            Rule::Three => vec![of(&[(Cut, 1), (Kill, 0), (Slow, 2)], &[])],
            Rule::Order => vec![of(&[(Cut, 1), (Kill, 0)], &[])],
            Rule::Window => vec![of(&[(Kill, 0), (Pause, 1)], &[])],
            Rule::Operation => vec![of(&[(Cut, 2)], &[Deploy])],
            Rule::Operations => vec![of(&[(Slow, 3)], &[Deploy, Write])],
            Rule::TwoCauses => vec![of(&[(Kill, 0), (Slow, 1)], &[]), of(&[(DiskFull, 3)], &[])],
            Rule::Everything(_) => Vec::new(),
            Rule::Nodes => vec![Minimal { nodes: 4, ..of(&[(Cut, 0)], &[]) }],
            Rule::Duration => vec![of(&[(Cut, 1)], &[])],
            Rule::Repeated => vec![of(&[(Kill, 2); 3], &[])],
            Rule::Panics => vec![of(&[(Kill, 0), (Pause, 2)], &[])],
            Rule::OtherSignature => vec![of(&[(Kill, 0), (Slow, 3)], &[])],
        }
    }

    /// Whether such a fault can matter to the bug.
    pub fn minds(self, kind: Kind, node: u8) -> bool {
        let masks = [(Kind::Slow, 0), (Kind::Cut, 1)];
        matches!(self, Rule::Everything(_))
            || matches!(self, Rule::Masked | Rule::Hidden) && masks.contains(&(kind, node))
            || self.minimal().iter().any(|minimal| minimal.faults.contains(&(kind, node)))
    }

    /// Whether such an operation can matter to the bug.
    pub fn minds_act(self, act: Act) -> bool {
        self.minimal().iter().any(|minimal| minimal.acts.contains(&act))
    }

    /// The fix that makes each mechanism of it vanish.
    pub fn fixes(self) -> &'static [&'static str] {
        match self {
            Rule::TwoCauses => &["fix_second", "fix_third"],
            Rule::Two | Rule::Order | Rule::Masked | Rule::Hidden | Rule::Repeated => &["fix_second"],
            Rule::Window | Rule::Operation | Rule::Everything(_) => &["fix_third"],
            Rule::Three | Rule::Nodes | Rule::Panics => &["fix_fourth"],
            Rule::One | Rule::Operations | Rule::Duration | Rule::OtherSignature => &["fix_first"],
        }
    }
}

/// What happens now.
#[derive(Clone, Copy, Debug)]
pub enum Now<'a> {
    Ends(&'a Fault),
    Begins(&'a Fault),
    Done(&'a Operation),
}

/// What has happened so far: what happens now is in it.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub nodes: usize,
    pub begun: Vec<(Kind, u8)>,
    pub active: Vec<(Kind, u8, u32)>,
}

impl Seen {
    fn begun(&self, kind: Kind, node: u8) -> bool {
        self.begun.contains(&(kind, node))
    }

    fn active(&self, kind: Kind, node: u8) -> bool {
        self.active.iter().any(|active| (active.0, active.1) == (kind, node))
    }
}

/// Whether the bug is armed by what happens now: which of its mechanisms, and the failure's name.
pub fn arms(rule: Rule, seen: &Seen, now: Now<'_>) -> Option<(usize, &'static str)> {
    use Kind::{Cut, DiskFull, Kill, Pause, Slow};
    let begins = |kind, node| matches!(now, Now::Begins(fault) if (fault.kind, fault.node) == (kind, node));
    let any = |of: &[(Kind, u8)]| of.iter().any(|(kind, node)| begins(*kind, *node));
    let all = |of: &[(Kind, u8)]| any(of) && of.iter().all(|(kind, node)| seen.begun(*kind, *node));
    let done = |act| matches!(now, Now::Done(operation) if operation.act == act);
    let (armed, name) = match rule {
        Rule::One => (begins(Kill, 0), "lost-write"),
        Rule::Two => (all(&[(Cut, 1), (Pause, 2)]), "split-vote"),
        Rule::Three => (all(&[(Kill, 0), (Cut, 1), (Slow, 2)]), "lost-write"),
        Rule::Order => (begins(Kill, 0) && seen.begun(Cut, 1), "stale-read"),
        Rule::Window => (begins(Kill, 0) && seen.active(Pause, 1), "lost-write"),
        Rule::Operation => (done(Act::Deploy) && seen.active(Cut, 2), "half-deployed"),
        Rule::Operations => (done(Act::Write) && seen.active(Slow, 3), "half-deployed"),
        Rule::TwoCauses if begins(Kill, 0) => (seen.active(Slow, 1), "stuck"),
        Rule::TwoCauses => {
            let full = matches!(now, Now::Ends(fault) if (fault.kind, fault.node) == (DiskFull, 3));
            return full.then_some((1, "stuck"));
        }
        Rule::Everything(count) => (matches!(now, Now::Begins(_)) && seen.begun.len() == count as usize, "too-much"),
        Rule::Nodes => (begins(Cut, 0) && seen.nodes >= 4, "two-leaders"),
        Rule::Duration => {
            let long = |fault: &Fault| (fault.kind, fault.node) == (Cut, 1) && fault.lasts >= LONG;
            (matches!(now, Now::Ends(fault) if long(fault)), "expired")
        }
        Rule::Masked => (begins(Kill, 0) && (!seen.active(Slow, 0) || seen.begun(Cut, 1)), "lost-write"),
        Rule::Hidden => (begins(Kill, 0) && seen.active(Slow, 0) == seen.begun(Cut, 1), "lost-write"),
        Rule::Repeated => {
            let kills = seen.begun.iter().filter(|begun| **begun == (Kill, 2)).count();
            (begins(Kill, 2) && kills == 3, "crash-loop")
        }
        Rule::Panics => {
            let paused = seen.begun(Pause, 2);
            assert!(!begins(Kill, 0) || paused, "SIMULATOR BUG: planted for a kill without a pause before");
            (begins(Kill, 0), "odd-loss")
        }
        Rule::OtherSignature if seen.active(Slow, 3) => (begins(Kill, 0), "slow-loss"),
        Rule::OtherSignature => (begins(Kill, 0), "plain-loss"),
    };
    armed.then_some((0, name))
}
