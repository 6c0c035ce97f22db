//! A cluster under kills and restarts, with a starter, a worker and a client that deploys; then two minutes of calm.

use kernel::control::Command;
use kernel::disk::Unsynced;
use kernel::event::Observer;
use kernel::identity::{MILLIS, Nanos, NodeId, SECONDS, mix};
use kernel::world::World;
use std::sync::Arc;
use zeebe::bpmn::encode;
use zeebe::client::{Operation, StarterSettings, When, WorkerSettings};
use zeebe::client_node::ClientRole;
use zeebe::cluster::{Settings, Zeebe, builder};
use zeebe::gateway::{File, Request};
use zeebe::settings::Toggles;

/// The process of the benchmark.
pub const BENCHMARK: &[u8] = include_bytes!("../../../../tests/fixtures/zeebe/benchmark.bpmn");
/// Length of a run.
pub const END: Nanos = 600 * SECONDS;
/// After the brokers, the gateway and the starter.
const WORKER: NodeId = NodeId(5);
/// Faults are over.
pub const CALM: Nanos = 480 * SECONDS;

/// Snapshots come often, and of few entries.
pub fn settings(toggles: Toggles) -> Settings {
    let mut settings = Settings::new(toggles);
    settings.snapshot_period = 60 * SECONDS;
    settings.index_density = 5;
    settings
}

fn clients() -> Vec<ClientRole> {
    let files = |name: &str| [File { name: name.into(), content: encode(BENCHMARK).into() }].into();
    let starter =
        StarterSettings { rate: 1, instances_max: Some(500), ..StarterSettings::benchmark(files("benchmark.bpmn")) };
    // A file of another name makes a version of its own.
    let deploy = |id: u64| Operation {
        id,
        when: When::At((12 + 12 * id) * SECONDS),
        request: Request::Deploy(files(&format!("benchmark-{id}.bpmn"))),
        subject: None,
        timeout: None,
    };
    vec![
        ClientRole::Starter { settings: Arc::new(starter), opens_at: 10 * SECONDS },
        ClientRole::Worker { settings: Arc::new(WorkerSettings::benchmark()), opens_at: 10 * SECONDS, closes: None },
        ClientRole::Scripted((0..40).map(deploy).collect()),
    ]
}

/// Runs a cluster. Every 15 to 45 s a broker is killed, one after another, or cut off from the others, and comes back after
/// 3 to 23 s; or the worker is away for so long and 30 s more, so that jobs time out.
pub fn run<O: Observer<Zeebe>>(seed: u64, settings: &Arc<Settings>, observer: &mut O) -> World<Zeebe> {
    let mut world = builder(seed, settings, clients()).build();
    let (mut dice, mut at) = (seed, 25 * SECONDS);
    while at < CALM - 60 * SECONDS {
        dice = mix(dice, 1);
        let (victim, next) = (NodeId((dice % 3) as u16), NodeId(((dice + 1) % 3) as u16));
        let mut down = (3 + dice / 15 % 20) * SECONDS;
        let (begin, mut end) = match dice / 3 % 5 {
            0 => cut(victim),
            1 => kill(WORKER),
            _ => kill(victim),
        };
        apply(&mut world, at, begin, observer);
        match dice / 3 % 5 {
            1 => down += 30 * SECONDS,
            2 => {
                let soon = (1_000 + dice / 300 % 6_000) * MILLIS;
                let (begin, other) = kill(next);
                apply(&mut world, at + soon, begin, observer);
                end.extend(other);
                down += soon;
            }
            _ => {}
        }
        apply(&mut world, at + down, end, observer);
        at += down + (12 + dice / 180 % 30) * SECONDS;
    }
    while world.step_until(END, observer) {}
    world
}

/// Does this at a time.
pub fn apply<O: Observer<Zeebe>>(world: &mut World<Zeebe>, at: Nanos, commands: Vec<Command>, observer: &mut O) {
    while world.step_until(at, observer) {}
    for command in commands {
        world.control(command, observer);
    }
}

/// Kills a node; and what brings it back.
pub fn kill(victim: NodeId) -> (Vec<Command>, Vec<Command>) {
    let kill = Command::Kill { node: victim, unsynced: Unsynced::Keep, dark: false };
    (vec![kill], vec![Command::Start { node: victim, readdress: false }])
}

/// From the other brokers only: the gateway and the clients reach it.
fn cut(victim: NodeId) -> (Vec<Command>, Vec<Command>) {
    let links = (0..3).map(NodeId).filter(|node| *node != victim);
    let links: Vec<_> = links.flat_map(|node| [(node, victim), (victim, node)]).collect();
    let block = links.iter().map(|(from, to)| Command::Block(*from, *to)).collect();
    (block, links.iter().map(|(from, to)| Command::Unblock(*from, *to)).collect())
}
