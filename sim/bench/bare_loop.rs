//! What the kernel is measured against: the ping-pong as one would write it without a kernel.
//!
//! A heap of events which are moved in and out of it, nodes without I/O that put what they send into an outbox, ChaCha8
//! for latency and tie, and the same hash over the same trace. It has nothing of what a kernel is for: no faults, no
//! processes that come and go, no links of their own, no cancellation, no observers, no fork, and a message more draws
//! everything after it anew.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::hash::Hash;

use kernel::dice::below;
use kernel::digest::Digest;
use kernel::identity::Nanos;
use kernel::toys::ping_pong::Ball;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::ping_pong::{IN_FLIGHT, LATENCY_MAX, LATENCY_MIN, SERVERS};

enum Input {
    Start,
    Message { from: u16, ball: Ball },
}

struct Event {
    to: u16,
    parent: u64,
    input: Input,
}

struct Scheduled {
    at: Nanos,
    tie: u64,
    event: Event,
}

enum Node {
    Server { answered: u64 },
    Client { replies: u64, slots: Vec<(u16, u64)> },
}

/// A game underway.
pub struct BareLoop {
    now: Nanos,
    events: u64,
    heap: BinaryHeap<Reverse<Scheduled>>,
    nodes: Vec<Node>,
    outbox: Vec<(u16, Ball)>,
    rng: ChaCha8Rng,
    digest: Digest,
}

impl Node {
    fn handle(&mut self, input: Input, outbox: &mut Vec<(u16, Ball)>) {
        match (self, input) {
            (Node::Server { answered }, Input::Message { from, ball }) => {
                *answered += 1;
                outbox.push((from, Ball { reply: true, ..ball }));
            }
            (Node::Client { slots, .. }, Input::Start) => {
                for (index, (server, nth)) in slots.iter_mut().enumerate() {
                    *nth += 1;
                    outbox.push((*server, Ball { slot: index as u32, reply: false, nth: *nth }));
                }
            }
            (Node::Client { replies, slots }, Input::Message { ball, .. }) => {
                let Some((server, nth)) = slots.get_mut(ball.slot as usize).filter(|(_, nth)| *nth == ball.nth) else {
                    return;
                };
                *replies += 1;
                *nth += 1;
                outbox.push((*server, Ball { slot: ball.slot, reply: false, nth: *nth }));
            }
            (Node::Server { .. }, Input::Start) => {}
        }
    }
}

impl BareLoop {
    /// The game at its start.
    pub fn new(seed: u64) -> Self {
        let slots = (0..IN_FLIGHT).map(|slot| ((slot % u32::from(SERVERS)) as u16, 0)).collect();
        let mut nodes: Vec<Node> = (0..SERVERS).map(|_| Node::Server { answered: 0 }).collect();
        nodes.push(Node::Client { replies: 0, slots });
        let mut game = BareLoop {
            now: 0,
            events: 0,
            heap: BinaryHeap::new(),
            nodes,
            outbox: Vec::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            digest: Digest::default(),
        };
        for to in 0..=SERVERS {
            game.schedule(0, Event { to, parent: 0, input: Input::Start });
        }
        game
    }

    /// Plays so many more events.
    pub fn play(&mut self, events: u64) {
        let end = self.events + events;
        while self.events < end && self.step() {}
    }

    /// Events so far, and what they were.
    pub fn result(&self) -> (u64, u128) {
        (self.events, self.digest.value())
    }

    fn schedule(&mut self, at: Nanos, event: Event) {
        let tie = self.rng.next_u64();
        self.heap.push(Reverse(Scheduled { at, tie, event }));
    }

    fn step(&mut self) -> bool {
        let Some(Reverse(Scheduled { at, event, .. })) = self.heap.pop() else { return false };
        self.now = at;
        self.events += 1;
        let id = self.events;
        let Event { to, parent, input } = event;
        trace(&mut self.digest, at, to, parent, &input);
        let mut outbox = std::mem::take(&mut self.outbox);
        self.nodes[usize::from(to)].handle(input, &mut outbox);
        for (target, ball) in outbox.drain(..) {
            let latency = LATENCY_MIN + below(self.rng.next_u64(), LATENCY_MAX - LATENCY_MIN);
            let input = Input::Message { from: to, ball };
            self.schedule(at + latency, Event { to: target, parent: id, input });
        }
        self.outbox = outbox;
        true
    }
}

/// The fields of the kernel's trace: when, where, why, what.
fn trace(digest: &mut Digest, at: Nanos, node: u16, parent: u64, input: &Input) {
    digest.absorb(at);
    digest.absorb(u64::from(node));
    digest.absorb(parent);
    match input {
        Input::Start => digest.absorb(0),
        Input::Message { from, ball } => {
            digest.absorb(1 | u64::from(*from) << 8);
            ball.hash(digest);
        }
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.tie).cmp(&(other.at, other.tie))
    }
}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scheduled {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bare_loop_plays_the_game_and_a_seed_decides_it() {
        let game = |seed| {
            let mut game = BareLoop::new(seed);
            game.play(10_000);
            game
        };

        let one = game(1);
        let Node::Client { replies, .. } = &one.nodes[usize::from(SERVERS)] else { panic!("node 2 asks") };
        assert!((4_990..=5_000).contains(replies), "{replies}");
        assert_eq!(one.heap.len(), IN_FLIGHT as usize);
        assert_eq!(one.result(), game(1).result());
        assert_ne!(one.result(), game(2).result());
    }
}
