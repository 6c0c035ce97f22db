//! The ping-pong that the kernel, the bare loop and madsim's Endpoint play: three nodes, 16 bytes, 1 to 10 ms on the way,
//! three messages in flight.

use kernel::builder::Builder;
use kernel::identity::{MILLIS, Nanos};
use kernel::latency::Latency;
use kernel::network::LinkProfile;
use kernel::toys::ping_pong::{Config, PingPong};
use kernel::world::World;

/// Nodes 0 and 1 answer, node 2 asks.
pub const SERVERS: u16 = 2;
/// What node 2 has underway at one time.
pub const IN_FLIGHT: u32 = 3;
/// The shortest way.
pub const LATENCY_MIN: Nanos = MILLIS;
/// The longest.
pub const LATENCY_MAX: Nanos = 10 * MILLIS;

/// The game in a world of the kernel, without end and without retries.
pub fn world(seed: u64) -> World<PingPong> {
    builder(seed).build()
}

fn builder(seed: u64) -> Builder<PingPong> {
    let latency = Latency::uniform(LATENCY_MIN, LATENCY_MAX).expect("the shortest way is shorter than the longest");
    let link = LinkProfile { latency, ..LinkProfile::default() };
    let config = Config { servers: SERVERS, clients: 1, in_flight: IN_FLIGHT, retry_after: 0, ..Config::default() };
    config.builder(seed).links(move |_, _| link)
}
