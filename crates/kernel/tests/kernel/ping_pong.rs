//! The ping-pong toy itself.

use relapse_kernel::budget::{Budget, Stop};
use relapse_kernel::dice::Probability;
use relapse_kernel::event::{Event, Observer, What};
use relapse_kernel::identity::{MILLIS, NodeId, SECONDS};
use relapse_kernel::network::LinkProfile;
use relapse_kernel::toys::ping_pong::{Config, Event as Said, PingPong};
use relapse_kernel::world::World;

#[test]
fn every_request_is_answered_and_then_nothing_is_left() {
    let config = Config { servers: 2, clients: 3, in_flight: 4, requests: 100, retry_after: 50 * MILLIS };
    let mut world = config.builder(1).build();

    let stop = world.run(Budget::UNLIMITED, &mut ());

    assert_eq!(stop, Stop::Idle);
    for client in 2..5 {
        let client = world.node(NodeId(client)).unwrap().client().unwrap();
        assert_eq!((client.replies, client.retries), (400, 0));
    }
}

/// Counts what was sent again, and who was content.
#[derive(Default)]
struct Told {
    retried: u64,
    content: u64,
}

impl Observer<PingPong> for Told {
    fn on_event(&mut self, event: &Event<'_, PingPong>, _: &World<PingPong>) {
        match event.what {
            What::Emitted(Said::Retried { nth, .. }) => {
                assert!((1..=100).contains(nth), "only what was asked is asked again: {nth}");
                self.retried += 1;
            }
            What::Emitted(Said::Content { replies }) => {
                assert_eq!(*replies, 400, "each request is answered once, however often it was asked");
                self.content += 1;
            }
            _ => {}
        }
    }
}

#[test]
fn what_is_lost_is_asked_again_until_every_request_is_answered_once() {
    let config = Config { servers: 2, clients: 3, in_flight: 4, requests: 100, retry_after: 50 * MILLIS };
    let rough = |_, _| LinkProfile {
        loss: Probability::ppm(200_000),
        duplication: Probability::ppm(100_000),
        reorder: Probability::ppm(100_000),
        reorder_max: 200 * MILLIS,
        ..LinkProfile::default()
    };
    for seed in 0..5 {
        let mut world = config.builder(seed).links(rough).build();
        let mut told = Told::default();

        let stop = world.run(Budget::UNLIMITED, &mut told);

        assert_eq!((stop, told.content), (Stop::Idle, 3));
        let clients: Vec<_> = (2..5).map(|client| world.node(NodeId(client)).unwrap().client().unwrap()).collect();
        assert!(clients.iter().all(|client| client.replies == 400 && client.retries > 0), "{clients:?}");
        assert_eq!(told.retried, clients.iter().map(|client| client.retries).sum());
        // A request is answered with a chance of 0.64: 1,200 of them are asked again some 675 times.
        assert!((400..1_000).contains(&told.retried), "{}", told.retried);
    }
}

#[test]
fn without_a_retry_timer_a_lost_request_is_never_answered() {
    let config = Config { requests: 100, retry_after: 0, ..Config::default() };
    let lossy = |_, _| LinkProfile { loss: Probability::ppm(200_000), ..LinkProfile::default() };
    let mut world = config.builder(1).links(lossy).build();

    let stop = world.run(Budget::until(3_600 * SECONDS), &mut ());

    let client = world.node(NodeId(1)).unwrap().client().unwrap();
    assert_eq!((stop, client.retries), (Stop::Idle, 0));
    assert!(client.replies < 300, "{}", client.replies);
}
