//! A cluster under test: three brokers and a gateway, what they saw, and the hands that interfere.

use crate::cluster::{Act, Cluster, Event, Process, Start};
use kernel::builder::Builder;
use kernel::control::Command;
use kernel::disk::{DiskProfile, Unsynced};
use kernel::event::{Event as Traced, Observer, What};
use kernel::identity::{MICROS, MILLIS, Nanos, NodeId, SECONDS, mix};
use kernel::latency::Latency;
use kernel::network::LinkProfile;
use kernel::world::World;
use relapse_zeebe::membership::{Member, Settings};
use std::sync::Arc;

pub const BROKERS: u16 = 3;
pub const GATEWAY: NodeId = NodeId(3);

/// What happened, when and where.
#[derive(Clone, Debug, Default)]
pub struct Log(pub Vec<(Nanos, NodeId, Event)>);

impl Observer<Cluster> for Log {
    fn on_event(&mut self, event: &Traced<'_, Cluster>, _: &World<Cluster>) {
        if let What::Emitted(what) = event.what {
            self.0.push((event.at, event.node, what.clone()));
        }
    }
}

pub struct Stage {
    pub world: World<Cluster>,
    pub log: Log,
}

impl Stage {
    pub fn new(seed: u64) -> Self {
        Stage::with(seed, &[])
    }

    /// Brokers know all brokers as seeds, the gateway knows broker 0. Processes do what the script says.
    pub fn with(seed: u64, script: &[(NodeId, Nanos, Act)]) -> Self {
        let quantiles = [200 * MICROS, 400 * MICROS, 800 * MICROS, 2 * MILLIS, 5 * MILLIS];
        let latency = Latency::quantiles(quantiles).expect("they are in order");
        let mut builder = Builder::new(seed).links(move |_, _| LinkProfile { latency, ..LinkProfile::default() });
        let settings = Arc::new(Settings::default());
        for node in (0..=BROKERS).map(NodeId) {
            let seeds = if node == GATEWAY { vec![NodeId(0)] } else { (0..BROKERS).map(NodeId).collect() };
            let own = script.iter().filter(|(of, ..)| *of == node).map(|(_, at, act)| (*at, *act)).collect();
            let start = Start { brokers: BROKERS, seeds, settings: settings.clone(), script: own };
            builder.idle_node(start, DiskProfile::default());
        }
        let mut stage = Stage { world: builder.build(), log: Log::default() };
        stage.start_all();
        stage
    }

    /// Within the first second, so that nobody's timers go with another's.
    fn start_all(&mut self) {
        let seed = self.world.seed();
        let mut starts: Vec<_> = nodes().map(|node| (mix(seed, u64::from(node.0)) % SECONDS, node)).collect();
        starts.sort_unstable();
        for (at, node) in starts {
            self.run_to(at);
            self.start(node);
        }
    }

    /// The same one, when it has come together and has been quiet for a while.
    pub fn settled(seed: u64) -> Self {
        let mut stage = Stage::new(seed);
        stage.run_to(30 * SECONDS);
        stage
    }

    pub fn run_to(&mut self, at: Nanos) {
        while self.world.step_until(at, &mut self.log) {}
        self.world.wake_at(at, 0);
        while self.world.step_until(at, &mut self.log) {}
    }

    pub fn run_for(&mut self, time: Nanos) {
        self.run_to(self.world.now() + time);
    }

    pub fn command(&mut self, command: Command) {
        self.world.control(command, &mut self.log);
    }

    pub fn kill(&mut self, node: NodeId) {
        self.command(Command::Kill { node, unsynced: Unsynced::Lose, dark: false });
    }

    pub fn start(&mut self, node: NodeId) {
        self.command(Command::Start { node, readdress: false });
    }

    /// Cuts a node off from all others, or puts an end to that.
    pub fn cut(&mut self, node: NodeId, cut: bool) {
        for other in (0..=BROKERS).map(NodeId).filter(|other| *other != node) {
            for (from, to) in [(node, other), (other, node)] {
                self.command(if cut { Command::Block(from, to) } else { Command::Unblock(from, to) });
            }
        }
    }

    /// Datagrams and pieces of connections that were sent so far, between all nodes.
    pub fn sent(&self) -> u64 {
        let pairs = nodes().flat_map(|from| others(from).map(move |to| (from, to)));
        pairs.map(|(from, to)| self.world.traffic(from, to).sent).sum()
    }

    pub fn process(&self, node: NodeId) -> &Process {
        self.world.node(node).expect("it is up")
    }

    pub fn member(&self, node: NodeId) -> &Member {
        self.process(node).member.as_ref().expect("it has started")
    }

    /// The first time after `since` at which a node said a thing of which this holds.
    pub fn first(&self, node: NodeId, since: Nanos, holds: impl Fn(&Event) -> bool) -> Option<Nanos> {
        self.log.0.iter().find(|(at, by, what)| *by == node && *at > since && holds(what)).map(|(at, ..)| *at)
    }

    /// How often any node said a thing of which this holds, after `since`.
    pub fn count(&self, since: Nanos, holds: impl Fn(NodeId, &Event) -> bool) -> usize {
        self.log.0.iter().filter(|(at, by, what)| *at > since && holds(*by, what)).count()
    }
}

/// All nodes.
pub fn nodes() -> impl Iterator<Item = NodeId> {
    (0..=BROKERS).map(NodeId)
}

/// All nodes but one.
pub fn others(node: NodeId) -> impl Iterator<Item = NodeId> {
    nodes().filter(move |other| *other != node)
}

/// The value below which a share of so many percent lies.
pub fn percentile(values: &mut [Nanos], percent: usize) -> Nanos {
    values.sort_unstable();
    values[(values.len() - 1) * percent / 100]
}
