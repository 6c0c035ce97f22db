//! A cluster under kills and restarts, with a starter, a worker and a client that deploys; then two minutes of calm.

use kernel::control::Command;
use kernel::disk::Unsynced;
use kernel::event::Observer;
use kernel::identity::{Nanos, NodeId, SECONDS, mix};
use kernel::world::World;
use std::sync::Arc;
use zeebe::bpmn::encode;
use zeebe::client::{Operation, StarterSettings, When, WorkerSettings};
use zeebe::client_node::ClientRole;
use zeebe::cluster::{Settings, Zeebe, builder};
use zeebe::gateway::{File, Request};
use zeebe::settings::Toggles;

const BENCHMARK: &[u8] = include_bytes!("../../../../tests/fixtures/zeebe/benchmark.bpmn");
/// Length of a run.
pub const END: Nanos = 600 * SECONDS;
/// Faults are over.
pub const CALM: Nanos = 480 * SECONDS;

/// Snapshots come often, and of few entries.
pub fn settings(toggles: Toggles) -> Settings {
    let mut settings = Settings::new(toggles);
    settings.snapshot_period = 120 * SECONDS;
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
        when: When::At((12 + 40 * id) * SECONDS),
        request: Request::Deploy(files(&format!("benchmark-{id}.bpmn"))),
        subject: None,
        timeout: None,
    };
    vec![
        ClientRole::Starter { settings: Arc::new(starter), opens_at: 10 * SECONDS },
        ClientRole::Worker { settings: Arc::new(WorkerSettings::benchmark()), opens_at: 10 * SECONDS, closes: None },
        ClientRole::Scripted((0..13).map(deploy).collect()),
    ]
}

/// Runs a cluster: a broker is killed every 40 to 100 s and comes back after 5 to 25.
pub fn run<O: Observer<Zeebe>>(seed: u64, settings: &Arc<Settings>, observer: &mut O) -> World<Zeebe> {
    let mut world = builder(seed, settings, clients()).build();
    let (mut dice, mut at) = (seed, 30 * SECONDS);
    while at < CALM - 30 * SECONDS {
        while world.step_until(at, observer) {}
        dice = mix(dice, 1);
        let victim = NodeId((dice % 3) as u16);
        world.control(Command::Kill { node: victim, unsynced: Unsynced::Keep, dark: false }, observer);
        let down = (5 + dice / 3 % 20) * SECONDS;
        while world.step_until(at + down, observer) {}
        world.control(Command::Start { node: victim, readdress: false }, observer);
        at += (40 + dice / 60 % 60) * SECONDS;
    }
    while world.step_until(END, observer) {}
    world
}
