//! Putting a world together.

use crate::clock::Clock;
use crate::connection::Connections;
use crate::core::{Core, Pending};
use crate::dice::Dice;
use crate::digest::Digest;
use crate::disk::{Disk, DiskProfile};
use crate::identity::{Address, Nanos, NodeId};
use crate::network::{LinkProfile, Network};
use crate::process::Process;
use crate::queue::{Queue, Source};
use crate::system::System;
use crate::world::World;
use std::collections::VecDeque;
use std::hash::Hash;

/// The parts of a world that does not run yet.
pub struct Builder<S: System> {
    seed: u64,
    epoch: Nanos,
    roles: Vec<(S::Role, DiskProfile, bool)>,
    links: Box<dyn Fn(NodeId, NodeId) -> LinkProfile>,
}

impl<S: System> Builder<S> {
    /// A world of this seed: no nodes, ideal links, wall clocks at 2023-01-01T00:00:00Z.
    pub fn new(seed: u64) -> Self {
        let links = Box::new(|_, _| LinkProfile::default());
        Builder { seed, epoch: 1_672_531_200_000_000_000, roles: Vec::new(), links }
    }

    /// Wall time at virtual time 0, in nanoseconds since 1970.
    pub fn epoch(mut self, epoch: Nanos) -> Self {
        self.epoch = epoch;
        self
    }

    /// What each directed link is like.
    pub fn links(mut self, profile: impl Fn(NodeId, NodeId) -> LinkProfile + 'static) -> Self {
        self.links = Box::new(profile);
        self
    }

    /// Adds a node that starts at time 0.
    pub fn node(&mut self, role: S::Role, disk: DiskProfile) -> NodeId {
        self.add(role, disk, true)
    }

    /// Adds a node that waits to be started by a command.
    pub fn idle_node(&mut self, role: S::Role, disk: DiskProfile) -> NodeId {
        self.add(role, disk, false)
    }

    /// The world at time 0. Nodes start in an order that is fixed by the seed.
    pub fn build(self) -> World<S> {
        let count = self.roles.len();
        let network = Network::new(count, &*self.links);
        let mut digest = Digest::default();
        // All that makes this world another one from its first event on: two runs of one digest were set up alike.
        (self.seed, self.epoch, count).hash(&mut digest);
        network.profiles().for_each(|profile| profile.hash(&mut digest));
        let mut core = Core {
            now: 0,
            events: 0,
            taken: 0,
            queue: Queue::default(),
            ready: VecDeque::new(),
            dice: Dice::new(self.seed),
            network,
            connections: Connections::default(),
            present: (0..count as u16).map(|index| Address::first_of(NodeId(index))).collect(),
            control: Source::new("control", 0),
            digest,
            checkpoints: Vec::new(),
            said: Vec::new(),
            notes: Vec::new(),
        };
        let mut processes = Vec::with_capacity(count);
        for (index, (role, disk, starts)) in self.roles.into_iter().enumerate() {
            (&role, &disk, starts).hash(&mut core.digest);
            let id = index as u64;
            let address = core.present[index];
            let mut process = Process::new(role, address, Clock::new(self.epoch), Disk::new(disk, id), id);
            if starts {
                let order = process.source.next(self.seed, 0);
                core.queue.push(order, Pending::Start(NodeId(index as u16)));
            }
            processes.push(process);
        }
        World { nodes: vec![None; count], processes, core }
    }

    fn add(&mut self, role: S::Role, disk: DiskProfile, starts: bool) -> NodeId {
        let id = NodeId(self.roles.len() as u16);
        assert!(id < NodeId::KERNEL, "SIMULATOR BUG: more nodes than ids");
        self.roles.push((role, disk, starts));
        id
    }
}
