//! The same ping-pong against madsim's own network.

use miette::Report;

use super::{Bar, Effort, Figure};

const NAME: &str = "endpoint-against-kernel";
const TITLE: &str = "madsim's Endpoint (send_to) against the kernel, per message";
const BAR: Bar = Bar::AtLeast(20.0);

/// Measures.
#[cfg(not(madsim))]
pub fn measure(_effort: Effort) -> Result<Vec<Figure>, Report> {
    Ok(vec![Figure::missing(NAME, TITLE, BAR, "not in this build: the plain host has no madsim")])
}

/// Measures.
#[cfg(madsim)]
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    use super::{kernel_cost, ping_pong, timing};
    use crate::render::thousands;

    let (here, there) = (effort.of(1_000_000), effort.of(40_000));
    let mut world = ping_pong::world(1);
    let mut seed = 0;
    let endpoint = || {
        seed += 1;
        guest::play(seed, there)
    };
    let duel = timing::duel(effort, endpoint, || kernel_cost::play(&mut world, here));
    let notes = vec![
        format!("Endpoint {:.0} ns, kernel {:.1} ns per message at best", duel.first_ns, duel.second_ns),
        format!("{} and {} messages per turn", thousands(there.into()), thousands(here.into())),
    ];
    Ok(vec![Figure::new(NAME, TITLE, "x", Some(BAR), duel.ratio, notes)])
}

#[cfg(madsim)]
mod guest {
    use std::net::{IpAddr, Ipv4Addr, SocketAddr};
    use std::time::Duration;

    use madsim::Config;
    use madsim::net::Endpoint;
    use madsim::runtime::Runtime;

    use super::super::ping_pong::{IN_FLIGHT, LATENCY_MAX, LATENCY_MIN, SERVERS};

    const TAG: u64 = 0;
    const PORT: u16 = 1;
    const NOBODY_FAILS: &str = "the simulated network loses and refuses nothing";

    fn address(node: u16) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1 + node as u8)), PORT)
    }

    /// Plays so many messages on nodes of a fresh runtime; what was really sent.
    pub fn play(seed: u64, messages: u64) -> u64 {
        let mut config = Config::default();
        config.net.send_latency = Duration::from_nanos(LATENCY_MIN)..Duration::from_nanos(LATENCY_MAX);
        let runtime = Runtime::with_seed_and_config(seed, config);
        let servers: Vec<_> = (0..SERVERS).map(|node| runtime.create_node().ip(address(node).ip()).build()).collect();
        let client = runtime.create_node().ip(address(SERVERS).ip()).build();
        runtime.block_on(async move {
            for (server, node) in servers.iter().zip(0..) {
                server.spawn(serve(address(node)));
            }
            // The servers are bound before the first message is there: it takes a millisecond.
            client.spawn(ask(address(SERVERS), messages / 2)).await.expect(NOBODY_FAILS);
            // Nodes that still run would leave their tasks behind (madsim#242).
            let handle = madsim::runtime::Handle::current();
            servers.iter().chain([&client]).for_each(|node| handle.kill(node.id()));
            madsim::time::sleep(Duration::from_millis(1)).await;
        });
        messages / 2 * 2
    }

    async fn serve(own: SocketAddr) {
        let endpoint = Endpoint::bind(own).await.expect(NOBODY_FAILS);
        let mut ball = [0; 16];
        loop {
            let (_, from) = endpoint.recv_from(TAG, &mut ball).await.expect(NOBODY_FAILS);
            endpoint.send_to(from, TAG, &ball).await.expect(NOBODY_FAILS);
        }
    }

    async fn ask(own: SocketAddr, replies: u64) {
        let endpoint = Endpoint::bind(own).await.expect(NOBODY_FAILS);
        let mut ball = [0; 16];
        for slot in 0..IN_FLIGHT {
            let server = (slot % u32::from(SERVERS)) as u16;
            endpoint.send_to(address(server), TAG, &ball).await.expect(NOBODY_FAILS);
        }
        for _ in 0..replies {
            let (_, from) = endpoint.recv_from(TAG, &mut ball).await.expect(NOBODY_FAILS);
            endpoint.send_to(from, TAG, &ball).await.expect(NOBODY_FAILS);
        }
    }
}
