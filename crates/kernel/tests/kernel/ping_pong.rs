//! The ping-pong toy itself.

use relapse_kernel::budget::{Budget, Stop};
use relapse_kernel::identity::{MILLIS, NodeId};
use relapse_kernel::toys::ping_pong::Config;

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
