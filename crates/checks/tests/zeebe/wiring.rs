//! What the checks read in a cluster while it runs and at its end, on clusters that no model makes: two that differ in one word
//! of a deployment go the same way, event for event, so that one can be put in the other's place. And on a gateway that
//! sleeps while leaders change.
//!
//! What the checks make of what they read has tests of its own, beside each.

use crate::stage::{apply, kill, settings};
use kernel::control::Command;
use kernel::identity::{Nanos, NodeId, SECONDS};
use kernel::world::World;
use relapse_checks::zeebe::{Checks, Violation};
use std::sync::Arc;
use zeebe::bpmn::encode;
use zeebe::client::{Operation, When};
use zeebe::client_node::ClientRole;
use zeebe::cluster::{Process, Settings, Zeebe, builder};
use zeebe::gateway::{File, LATEST_VERSION, Request};
use zeebe::protocol::Document;
use zeebe::settings::Toggles;

const GATEWAY: NodeId = NodeId(3);
const SEED: u64 = 3;

/// A cluster that has not started: somebody deploys a process from a file of this name, and makes an instance a second.
fn cluster(settings: &Arc<Settings>, file: &str) -> World<Zeebe> {
    let content = encode(crate::stage::BENCHMARK).into();
    let deploy = Request::Deploy([File { name: file.into(), content }].into());
    let create = Request::CreateInstance {
        process_id: "benchmark".into(),
        version: LATEST_VERSION,
        variables: Document::default(),
    };
    let creates = (20..120).map(|second| (second * SECONDS, create.clone()));
    let requests = std::iter::once((12 * SECONDS, deploy)).chain(creates);
    let operation = |(id, (at, request))| Operation { id, when: When::At(at), request, subject: None, timeout: None };
    let script = ClientRole::Scripted((0..).zip(requests).map(operation).collect());
    builder(SEED, settings, vec![script]).build()
}

fn fixed() -> Arc<Settings> {
    Arc::new(settings(Toggles::preset("fixed").expect("a preset")))
}

fn leader(world: &World<Zeebe>, partition: u16) -> NodeId {
    let leads = |node: &NodeId| match world.node(*node) {
        Some(Process::Broker(broker)) => broker.partition(partition).is_some_and(|one| one.processor().is_some()),
        _ => false,
    };
    (0..3).map(NodeId).find(leads).expect("a leader")
}

/// A cluster whose checks have seen it up to a time, and its twin there.
struct Twins {
    checks: Checks,
    world: World<Zeebe>,
    twin: World<Zeebe>,
    at: Nanos,
}

impl Twins {
    fn until(at: Nanos) -> Self {
        let settings = fixed();
        let (mut world, mut twin) = (cluster(&settings, "benchmark.bpmn"), cluster(&settings, "bookmarks.bpmn"));
        let mut checks = Checks::new(&settings);
        while world.step_until(at, &mut checks) {}
        while twin.step_until(at, &mut ()) {}
        assert_eq!(world.events(), twin.events());
        assert_ne!(world.digest(), twin.digest());
        assert_eq!(leader(&world, 2), leader(&twin, 2));
        Twins { checks, world, twin, at }
    }

    /// What is found from here on in the cluster that was there so far, or in its twin, when a leader is killed, comes back
    /// after 10 s, and all goes on for a while.
    fn go_on(&self, with_twin: bool) -> (Vec<Violation>, Vec<Violation>) {
        let mut world = if with_twin { self.twin.clone() } else { self.world.clone() };
        let mut checks = self.checks.clone();
        let compared = checks.marks().compared;
        let (begin, end) = kill(leader(&world, 2));
        apply(&mut world, self.at, begin, &mut checks);
        apply(&mut world, self.at + 10 * SECONDS, end, &mut checks);
        while world.step_until(self.at + 100 * SECONDS, &mut checks) {}
        assert!(with_twin || checks.marks().compared > compared, "something was compared");
        (checks.broken().to_vec(), checks.at_end(&world, self.at + 10 * SECONDS))
    }
}

/// The first finding of a signature.
fn found<'a>(violations: &'a [Violation], signature: &str) -> &'a Violation {
    let is_it = |violation: &&Violation| violation.signature == signature;
    violations.iter().find(is_it).unwrap_or_else(|| panic!("{signature} is not among {violations:#?}"))
}

#[test]
fn a_log_that_was_changed_is_found_by_who_commits_it_and_by_who_replays_it() {
    let twins = Twins::until(50 * SECONDS);

    let (broken, at_end) = twins.go_on(true);

    found(&broken, "zeebe/committed-differs");
    let state = found(&broken, "zeebe/state-differs");
    assert!(state.story[0].contains("came to by its replay"), "{state:?}");
    found(&at_end, "zeebe/committed-lost");
    assert_eq!(twins.go_on(false), (Vec::new(), Vec::new()));
}

#[test]
fn a_snapshot_that_was_changed_is_found_by_who_opens_it() {
    let twins = Twins::until(100 * SECONDS);

    let (broken, _) = twins.go_on(true);

    let state = found(&broken, "zeebe/state-differs");
    assert!(state.story[0].contains("opened in a snapshot"), "{state:?}");
    assert_eq!(twins.go_on(false), (Vec::new(), Vec::new()));
}

#[test]
fn a_gateway_that_takes_the_leader_of_before_for_the_leader_is_found() {
    let settings = fixed();
    let (mut world, mut checks) = (cluster(&settings, "benchmark.bpmn"), Checks::new(&settings));
    apply(&mut world, 50 * SECONDS, vec![Command::Pause(GATEWAY)], &mut checks);
    let (begin, end) = kill(leader(&world, 2));
    apply(&mut world, 51 * SECONDS, begin, &mut checks);
    apply(&mut world, 61 * SECONDS, end, &mut checks);
    while world.step_until(150 * SECONDS, &mut checks) {}

    found(&checks.at_end(&world, 61 * SECONDS), "zeebe/no-progress/gateway-misled");

    apply(&mut world, 150 * SECONDS, vec![Command::Resume(GATEWAY)], &mut checks);
    while world.step_until(180 * SECONDS, &mut checks) {}
    assert_eq!((checks.broken().to_vec(), checks.at_end(&world, 61 * SECONDS)), (Vec::new(), Vec::new()));
}

#[test]
fn a_gateway_that_hears_from_no_broker_is_found() {
    let settings = fixed();
    let (mut world, mut checks) = (cluster(&settings, "benchmark.bpmn"), Checks::new(&settings));
    let links = || (0..3).map(NodeId).flat_map(|broker| [(broker, GATEWAY), (GATEWAY, broker)]);
    let block = links().map(|(from, to)| Command::Block(from, to)).collect();
    apply(&mut world, 0, block, &mut checks);
    while world.step_until(100 * SECONDS, &mut checks) {}

    found(&checks.at_end(&world, 0), "zeebe/no-progress/gateway-blind");

    let unblock = links().map(|(from, to)| Command::Unblock(from, to)).collect();
    apply(&mut world, 100 * SECONDS, unblock, &mut checks);
    while world.step_until(200 * SECONDS, &mut checks) {}
    assert_eq!((checks.broken().to_vec(), checks.at_end(&world, 100 * SECONDS)), (Vec::new(), Vec::new()));
}
