//! From an action to single strikes: selectors are resolved, files and records are found, draws are made.

use crate::names::GroundTruth;
use crate::selector::{Resolver, Selector};
use crate::vocabulary::{Action, Degrade, Record, Way};
use kernel::dice::{Probability, below};
use kernel::disk::{DiskFaults, Unsynced};
use kernel::identity::{FileName, Nanos, NodeId};
use kernel::latency::Latency;
use kernel::system::System;

/// One change of one thing, with everything decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    Kill {
        node: NodeId,
        unsynced: Unsynced,
        dark: bool,
    },
    Start {
        node: NodeId,
        readdress: bool,
    },
    Pause(NodeId),
    Resume(NodeId),
    Hang(NodeId),
    Block(NodeId, NodeId),
    Degrade(NodeId, NodeId, Degradation),
    /// A jump, and whether it is taken back.
    Clock(NodeId, i64, bool),
    Drift(NodeId, i32),
    Freeze(NodeId),
    Slow(NodeId, u32),
    /// Disk faults that come on top of others.
    Disk(NodeId, DiskFaults),
    FlipBit(NodeId, FileName, Option<u64>),
    RemoveFile(NodeId, FileName),
    Wipe(NodeId),
    Copy(NodeId, NodeId),
}

/// What comes on top of a link's own profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Degradation {
    pub latency: Latency,
    pub loss: Probability,
    pub duplication: Probability,
    pub reorder: Probability,
    pub reorder_max: Nanos,
    /// Bytes per second; 0 for no limit.
    pub bandwidth: u64,
}

impl Strike {
    /// The node it strikes; both ends of a link.
    pub fn nodes(&self) -> [NodeId; 2] {
        match *self {
            Strike::Block(from, to) | Strike::Degrade(from, to, _) => [from, to],
            Strike::Copy(_, node)
            | Strike::Kill { node, .. }
            | Strike::Start { node, .. }
            | Strike::Pause(node)
            | Strike::Resume(node)
            | Strike::Hang(node)
            | Strike::Clock(node, ..)
            | Strike::Drift(node, _)
            | Strike::Freeze(node)
            | Strike::Slow(node, _)
            | Strike::Disk(node, _)
            | Strike::FlipBit(node, ..)
            | Strike::RemoveFile(node, _)
            | Strike::Wipe(node) => [node, node],
        }
    }
}

/// What is needed to aim: the world as it is, and the entry's own draws.
pub(crate) struct Aim<'a, S: System, G> {
    pub resolver: Resolver<'a, S, G>,
    pub draw: &'a mut dyn FnMut() -> u64,
}

impl<S: System, G: GroundTruth<S>> Aim<'_, S, G> {
    /// The strikes of an action.
    ///
    /// # Errors
    /// There is nobody to strike; the text says why.
    pub fn strikes(&mut self, action: &Action) -> Result<Vec<Strike>, String> {
        match action {
            Action::Kill(kill) => {
                let (unsynced, dark) = (kill.unsynced.into(), kill.dark);
                self.each(&kill.node, |node| Strike::Kill { node, unsynced, dark })
            }
            Action::TornWrite(whom) => {
                self.each(&whom.node, |node| Strike::Kill { node, unsynced: Unsynced::Tear, dark: false })
            }
            Action::Restart(restart) => {
                self.each(&restart.node, |node| Strike::Start { node, readdress: restart.readdress })
            }
            Action::Pause(whom) => self.each(&whom.node, Strike::Pause),
            Action::Resume(whom) => self.each(&whom.node, Strike::Resume),
            Action::Hang(whom) => self.each(&whom.node, Strike::Hang),
            Action::Isolate(isolate) => {
                let (nodes, from) = (self.some(&isolate.node)?, self.some(&isolate.from)?);
                blocks(links(&nodes, &from, isolate.way))
            }
            Action::Partition(partition) => {
                let sides = self.sides(&partition.groups)?;
                let pairs = (0..sides.len()).flat_map(|one| (one + 1..sides.len()).map(move |two| (one, two)));
                blocks(pairs.flat_map(|(one, two)| links(&sides[one], &sides[two], partition.way)).collect())
            }
            Action::Block(block) => {
                let mut all = Vec::new();
                for (one, two) in &block.pairs {
                    all.extend(links(&self.some(one)?, &self.some(two)?, block.way));
                }
                blocks(all)
            }
            Action::Degrade(degrade) => {
                let worse = degradation(degrade)?;
                let links = links(&self.some(&degrade.from)?, &self.some(&degrade.to)?, degrade.way);
                some_link(links.into_iter().map(|(from, to)| Strike::Degrade(from, to, worse)).collect())
            }
            Action::ClockOffset(shift) => self.each(&shift.node, |node| Strike::Clock(node, shift.by.0, true)),
            Action::ClockJump(shift) => self.each(&shift.node, |node| Strike::Clock(node, shift.by.0, false)),
            Action::ClockDrift(drift) => self.each(&drift.node, |node| Strike::Drift(node, drift.ppm)),
            Action::ClockFreeze(whom) => self.each(&whom.node, Strike::Freeze),
            Action::Slow(slow) => self.each(&slow.node, |node| Strike::Slow(node, slow.percent)),
            Action::DiskSlow(slow) => self.disk(&slow.node, |faults| faults.slow_percent = slow.percent),
            Action::DiskFull(whom) => self.disk(&whom.node, |faults| faults.full = true),
            Action::DiskError(error) => self.disk(&error.node, |faults| faults.failing = error.operations),
            Action::LostSync(lost) => self.disk(&lost.node, |faults| faults.lying_syncs = lost.syncs),
            Action::FlipBit(flip) => {
                let files = self.files(&flip.node, &flip.file)?;
                let record = |(node, file)| Strike::FlipBit(node, file, self.record(flip.record, node, file));
                Ok(files.into_iter().map(record).collect())
            }
            Action::RemoveFile(remove) => {
                let files = self.files(&remove.node, &remove.file)?;
                Ok(files.into_iter().map(|(node, file)| Strike::RemoveFile(node, file)).collect())
            }
            Action::Wipe(whom) => self.each(&whom.node, Strike::Wipe),
            Action::CopyVolume(copy) => self.copies(&copy.from, &copy.to),
        }
    }

    fn some(&mut self, selector: &Selector) -> Result<Vec<NodeId>, String> {
        let nodes = selector.resolve(&self.resolver, self.draw)?;
        if nodes.is_empty() { Err(format!("`{selector}` stood for nobody")) } else { Ok(nodes) }
    }

    fn each(&mut self, selector: &Selector, strike: impl Fn(NodeId) -> Strike) -> Result<Vec<Strike>, String> {
        Ok(self.some(selector)?.into_iter().map(strike).collect())
    }

    fn disk(&mut self, selector: &Selector, set: impl Fn(&mut DiskFaults)) -> Result<Vec<Strike>, String> {
        let mut faults = DiskFaults::default();
        set(&mut faults);
        self.each(selector, |node| Strike::Disk(node, faults))
    }

    /// The sides of a partition: a node belongs to the first that has it; one side alone is against the rest.
    fn sides(&mut self, groups: &[Selector]) -> Result<Vec<Vec<NodeId>>, String> {
        let mut taken: Vec<NodeId> = Vec::new();
        let mut sides = Vec::new();
        for group in groups {
            let mut side = self.some(group)?;
            side.retain(|node| !taken.contains(node));
            taken.extend(&side);
            sides.push(side);
        }
        if sides.len() == 1 {
            sides.push(self.resolver.names.all().into_iter().filter(|node| !taken.contains(node)).collect());
        }
        Ok(sides)
    }

    fn copies(&mut self, from: &Selector, to: &Selector) -> Result<Vec<Strike>, String> {
        let sources = self.some(from)?;
        let [source] = sources[..] else {
            return Err(format!("`{from}` stood for {} nodes, and a copy has one source", sources.len()));
        };
        let targets = self.some(to)?.into_iter().filter(|node| *node != source);
        let strikes: Vec<Strike> = targets.map(|node| Strike::Copy(source, node)).collect();
        if strikes.is_empty() { Err("source and target are one node".to_owned()) } else { Ok(strikes) }
    }

    /// The number of a record; `None` is the newest.
    fn record(&mut self, record: Record, node: NodeId, file: FileName) -> Option<u64> {
        match record {
            Record::Newest => None,
            Record::At(index) => Some(index),
            Record::Any => {
                let records = self.resolver.world.disk(node).file(file).map_or(0, |file| file.records().len());
                Some(below((self.draw)(), records))
            }
        }
    }

    /// On each node the file of that name, or one of that kind.
    fn files(&mut self, selector: &Selector, file: &str) -> Result<Vec<(NodeId, FileName)>, String> {
        let nodes = self.some(selector)?;
        let mut found = Vec::new();
        for node in &nodes {
            let names = self.resolver.world.disk(*node).names();
            let fits: Vec<FileName> = names.filter(|name| name.kind == file || name.to_string() == file).collect();
            match fits[..] {
                [] => {}
                [one] => found.push((*node, one)),
                _ => found.push((*node, fits[below((self.draw)(), fits.len() as u64) as usize])),
            }
        }
        if found.is_empty() { Err(format!("there was no file `{file}` on `{selector}`")) } else { Ok(found) }
    }
}

fn degradation(degrade: &Degrade) -> Result<Degradation, String> {
    let slowest = degrade.latency.0.saturating_add(degrade.jitter.0);
    Ok(Degradation {
        latency: Latency::uniform(degrade.latency.0, slowest).map_err(|_| "jitter is negative".to_owned())?,
        loss: degrade.loss.probability(),
        duplication: degrade.duplication.probability(),
        reorder: degrade.reorder.probability(),
        reorder_max: degrade.reorder_max.0,
        bandwidth: degrade.bytes_per_second.unwrap_or(0),
    })
}

/// Directed links between two sets, each once, none to itself.
fn links(one: &[NodeId], two: &[NodeId], way: Way) -> Vec<(NodeId, NodeId)> {
    let mut links = Vec::new();
    for (a, b) in one.iter().flat_map(|a| two.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b) {
        if way != Way::In {
            links.push((a, b));
        }
        if way != Way::Out {
            links.push((b, a));
        }
    }
    links
}

fn blocks(mut links: Vec<(NodeId, NodeId)>) -> Result<Vec<Strike>, String> {
    links.sort_unstable();
    links.dedup();
    some_link(links.into_iter().map(|(from, to)| Strike::Block(from, to)).collect())
}

fn some_link(mut strikes: Vec<Strike>) -> Result<Vec<Strike>, String> {
    strikes.sort_by_key(Strike::nodes);
    strikes.dedup();
    if strikes.is_empty() { Err("there is no link between them".to_owned()) } else { Ok(strikes) }
}
