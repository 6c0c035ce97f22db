//! Links between nodes: for each directed pair its latency, loss, duplication, reordering, bandwidth and blocks.

use crate::dice::{Dice, Probability, Purpose, Stream};
use crate::identity::{Address, MICROS, Nanos, NodeId, SECONDS, mix, spread};
use crate::latency::Latency;
use crate::queue::Source;

const DATAGRAM: Purpose = Purpose::new("link");

/// What a directed link is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkProfile {
    /// Time on the way.
    pub latency: Latency,
    /// Chance that a datagram is lost; a lost piece of a connection is sent again after `retransmit_min`.
    pub loss: Probability,
    /// Chance that a datagram comes twice.
    pub duplication: Probability,
    /// Chance that a datagram is held back by up to `reorder_max`, so that later ones overtake it.
    pub reorder: Probability,
    /// The longest such time.
    pub reorder_max: Nanos,
    /// Bytes per second; 0 for no limit.
    pub bandwidth: u64,
    /// First retransmission time-out of a connection; it doubles up to `retransmit_max`.
    pub retransmit_min: Nanos,
    /// Longest time between two retransmissions.
    pub retransmit_max: Nanos,
    /// How long a connection bears undelivered data before it is given up.
    pub give_up: Nanos,
}

impl Default for LinkProfile {
    /// An ideal wire of 100 microseconds; retransmission as Linux does it (200 ms, doubling, 120 s at most); given up
    /// after 60 s, a common user time-out (Linux itself takes about 924 s).
    fn default() -> Self {
        LinkProfile {
            latency: Latency::constant(100 * MICROS),
            loss: Probability::NEVER,
            duplication: Probability::NEVER,
            reorder: Probability::NEVER,
            reorder_max: 0,
            bandwidth: 0,
            retransmit_min: SECONDS / 5,
            retransmit_max: 120 * SECONDS,
            give_up: 60 * SECONDS,
        }
    }
}

/// What a link carried. The unit of all counts is what a process handed over: one datagram or one piece of a connection
/// (its opening and its end are pieces too). Each is counted at most once under each heading, however often it is tried
/// again, so no count is above `sent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Traffic {
    /// Datagrams and pieces of connections given to it.
    pub sent: u64,
    /// Datagrams lost by chance, and pieces of connections of which a try or several were lost by chance.
    pub lost: u64,
    /// Datagrams that met a block.
    pub blocked: u64,
    /// Datagrams that came twice.
    pub doubled: u64,
    /// Datagrams that were held back.
    pub held_back: u64,
    /// Pieces of connections that had to wait for a block to end.
    pub stalled: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub profile: LinkProfile,
    pub traffic: Traffic,
    pub source: Source,
    /// How many blocks are in force.
    pub blocks: u16,
    /// When the wire is free again, with limited bandwidth.
    free_at: Nanos,
    identity: u64,
    stream: Option<Box<Stream>>,
}

/// When and how often something arrives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Passage {
    pub arrives_at: Option<Nanos>,
    pub again_at: Option<Nanos>,
    pub held_back: bool,
    /// Something of it was lost by chance, even if it arrives at last.
    pub lost: bool,
}

impl Link {
    fn new(from: NodeId, to: NodeId, profile: LinkProfile) -> Self {
        let identity = u64::from(from.0) << 16 | u64::from(to.0);
        let source = Source::new("link", identity);
        Link { profile, traffic: Traffic::default(), source, blocks: 0, free_at: 0, identity, stream: None }
    }

    /// The one draw of a message on this link. It is taken even if the message is lost.
    #[inline]
    pub fn draw(&mut self, dice: &mut Dice) -> u64 {
        match &mut self.stream {
            Some(stream) => dice.draw(stream),
            None => {
                let stream = self.stream.insert(Box::new(dice.stream(DATAGRAM, self.identity)));
                dice.draw(stream)
            }
        }
    }

    /// When the last byte leaves the sender.
    #[inline]
    pub fn departs_at(&mut self, now: Nanos, bytes: u64) -> Nanos {
        if self.profile.bandwidth == 0 {
            return now;
        }
        let wire_time = u128::from(bytes) * u128::from(SECONDS) / u128::from(self.profile.bandwidth);
        self.free_at = self.free_at.max(now) + wire_time as u64;
        self.free_at
    }

    /// Cuts loss (bits 0-19), duplication (20-39) and latency (upper 32, which share 8 bits with the second: the
    /// lowest ones of the latency, far below its resolution that matters) from one draw.
    #[inline]
    pub fn datagram(&mut self, now: Nanos, bytes: u64, draw: u64) -> Passage {
        self.traffic.sent += 1;
        let departs_at = self.departs_at(now, bytes);
        let arrives_at = Some(departs_at + self.profile.latency.draw(draw));
        let mut passage = Passage { arrives_at, ..Passage::default() };
        let profile = &self.profile;
        if profile.loss.hits(draw) {
            self.traffic.lost += 1;
            return Passage { lost: true, ..Passage::default() };
        }
        if profile.reorder.is_never() && profile.duplication.is_never() {
            return passage;
        }
        let second = spread(draw);
        if profile.reorder.hits(second) {
            self.traffic.held_back += 1;
            passage.held_back = true;
            let back = crate::dice::below(spread(second), profile.reorder_max);
            passage.arrives_at = passage.arrives_at.map(|at| at + back);
        }
        if profile.duplication.hits(draw >> 20) {
            self.traffic.doubled += 1;
            passage.again_at = Some(departs_at + profile.latency.draw(second));
        }
        passage
    }

    /// When a piece of a connection arrives: each loss costs a retransmission. Never if it would not within `give_up`.
    /// Who sends it counts it: a piece that has to wait is tried once more with the same draw.
    #[inline]
    pub fn piece(&mut self, now: Nanos, bytes: u64, draw: u64) -> Passage {
        let at = self.departs_at(now, bytes) + self.profile.latency.draw(draw);
        if self.profile.loss.is_never() {
            return Passage { arrives_at: Some(at), ..Passage::default() };
        }
        let lost = self.profile.loss.hits(draw);
        let mut waited: Nanos = 0;
        let mut bits = draw;
        let mut wait = self.profile.retransmit_min;
        while self.profile.loss.hits(bits) {
            waited += wait;
            if waited >= self.profile.give_up {
                return Passage { lost, ..Passage::default() };
            }
            wait = (wait * 2).min(self.profile.retransmit_max).max(1);
            bits = spread(bits);
        }
        Passage { arrives_at: Some(at + waited), lost, ..Passage::default() }
    }

    /// When a piece that has waited since `stalled_at` is sent again, the way being free from `now` on. The last try comes
    /// just before the connection is given up (as Linux clamps its timer to the user time-out).
    pub fn resent_at(&self, stalled_at: Nanos, now: Nanos) -> Nanos {
        let mut at = stalled_at;
        let mut wait = self.profile.retransmit_min.max(1);
        while at < now {
            at += wait;
            wait = (wait * 2).min(self.profile.retransmit_max.max(1));
        }
        let last = stalled_at.saturating_add(self.profile.give_up.saturating_sub(1));
        at.min(last).max(now)
    }
}

/// All links of a world, and the blocks by address.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    nodes: usize,
    links: Vec<Link>,
    address_blocks: Vec<(Option<Address>, Option<Address>)>,
}

impl Network {
    pub fn new(nodes: usize, profile: &dyn Fn(NodeId, NodeId) -> LinkProfile) -> Self {
        let ids = || (0..nodes as u16).map(NodeId);
        let links = ids().flat_map(|from| ids().map(move |to| (from, to)));
        let links = links.map(|(from, to)| Link::new(from, to, profile(from, to))).collect();
        Network { nodes, links, address_blocks: Vec::new() }
    }

    /// What all links are like, in the order of their ends.
    pub fn profiles(&self) -> impl Iterator<Item = &LinkProfile> {
        self.links.iter().map(|link| &link.profile)
    }

    #[inline]
    pub fn link(&self, from: NodeId, to: NodeId) -> &Link {
        &self.links[from.index() * self.nodes + to.index()]
    }

    #[inline]
    pub fn link_mut(&mut self, from: NodeId, to: NodeId) -> &mut Link {
        &mut self.links[from.index() * self.nodes + to.index()]
    }

    /// The link from here to there, and whether something on it meets a block now.
    #[inline]
    pub fn way(&mut self, from: (NodeId, Address), to: (NodeId, Address)) -> (&mut Link, bool) {
        let by_address = !self.address_blocks.is_empty() && self.is_address_blocked(from.1, to.1);
        let link = self.link_mut(from.0, to.0);
        let blocked = by_address || link.blocks > 0;
        (link, blocked)
    }

    /// Whether something from here to there meets a block now.
    #[inline]
    pub fn is_blocked(&self, from: (NodeId, Address), to: (NodeId, Address)) -> bool {
        self.link(from.0, to.0).blocks > 0 || (!self.address_blocks.is_empty() && self.is_address_blocked(from.1, to.1))
    }

    /// Adds a block between two addresses; `None` is every address.
    pub fn block_address(&mut self, from: Option<Address>, to: Option<Address>) {
        self.address_blocks.push((from, to));
    }

    /// Takes one such block away again; whether there was one.
    pub fn unblock_address(&mut self, from: Option<Address>, to: Option<Address>) -> bool {
        let found = self.address_blocks.iter().position(|block| *block == (from, to));
        found.map(|index| self.address_blocks.remove(index)).is_some()
    }

    #[cold]
    fn is_address_blocked(&self, from: Address, to: Address) -> bool {
        let covers = |block: Option<Address>, address| block.is_none_or(|blocked| blocked == address);
        self.address_blocks.iter().any(|block| covers(block.0, from) && covers(block.1, to))
    }
}

/// The identity that a connection's dice get from its opener's label.
pub(crate) fn connection_identity(opener: NodeId, label: u64, direction: usize) -> u64 {
    mix(mix(u64::from(opener.0), label), direction as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A quarter, and the first 20 bits that miss it.
    const QUARTER: Probability = Probability::ppm(250_000);
    const MISSES: u64 = 1 << 18;

    fn passage(profile: LinkProfile, draw: u64) -> Passage {
        let mut link = Link::new(NodeId(0), NodeId(1), profile);
        let passage = link.datagram(0, 100, draw);
        assert_eq!(link.traffic.lost, u64::from(passage.arrives_at.is_none()));
        assert_eq!(link.traffic.doubled, u64::from(passage.again_at.is_some()));
        assert_eq!(link.traffic.held_back, u64::from(passage.held_back));
        passage
    }

    /// A draw whose successor, which decides on reordering, has these low 20 bits.
    fn whose_successor_is(bits: u64) -> u64 {
        let is_it = |draw: &u64| spread(*draw) & ((1 << 20) - 1) == bits;
        (0..1 << 26).find(is_it).expect("one in 2^20 draws")
    }

    #[test]
    fn loss_is_cut_from_the_lowest_20_bits_of_the_draw() {
        let profile = LinkProfile { loss: QUARTER, ..LinkProfile::default() };
        for above in [0, 0xfff << 20, 0xffff_ffff << 32] {
            for lost in [0, 1, MISSES - 1] {
                assert_eq!(passage(profile, above | lost).arrives_at, None, "{lost:x}");
            }
            for arrives in [MISSES, (1 << 20) - 1] {
                assert_eq!(passage(profile, above | arrives).arrives_at, Some(100 * MICROS), "{arrives:x}");
            }
        }
    }

    #[test]
    fn duplication_is_cut_from_the_next_20_bits() {
        let profile = LinkProfile { duplication: QUARTER, ..LinkProfile::default() };
        for other in [0, (1 << 20) - 1, 0xff_ffff << 40] {
            for doubled in [0, 1, MISSES - 1] {
                assert_eq!(passage(profile, doubled << 20 | other).again_at, Some(100 * MICROS), "{doubled:x}");
            }
            for once in [MISSES, (1 << 20) - 1] {
                assert_eq!(passage(profile, once << 20 | other).again_at, None, "{once:x}");
            }
        }
    }

    #[test]
    fn a_datagram_that_is_lost_does_not_come_twice() {
        let profile = LinkProfile { loss: QUARTER, duplication: QUARTER, ..LinkProfile::default() };

        assert_eq!(passage(profile, 0), Passage { lost: true, ..Passage::default() });
    }

    #[test]
    fn reordering_is_cut_from_the_lowest_20_bits_of_the_draws_successor() {
        let profile = LinkProfile { reorder: QUARTER, reorder_max: MICROS, ..LinkProfile::default() };
        for (bits, held_back) in [(0, true), (MISSES - 1, true), (MISSES, false), ((1 << 20) - 1, false)] {
            let passage = passage(profile, whose_successor_is(bits));

            assert_eq!(passage.held_back, held_back, "{bits:x}");
            let at = passage.arrives_at.expect("nothing is lost");
            assert!(if held_back { (100 * MICROS..101 * MICROS).contains(&at) } else { at == 100 * MICROS }, "{at}");
        }
    }

    #[test]
    fn a_lost_piece_of_a_connection_costs_its_retransmissions_and_beyond_give_up_it_does_not_arrive() {
        let profile = LinkProfile { loss: QUARTER, ..LinkProfile::default() };
        let at = |draw, profile| Link::new(NodeId(0), NodeId(1), profile).piece(0, 100, draw).arrives_at;

        assert_eq!(at(MISSES, profile), Some(100 * MICROS));
        let again = (0..MISSES).find(|draw| !QUARTER.hits(spread(*draw))).expect("three of four");
        assert_eq!(at(again, profile), Some(SECONDS / 5 + 100 * MICROS));
        assert_eq!(at(again, LinkProfile { give_up: SECONDS / 5, ..profile }), None);
        assert_eq!(at(again, LinkProfile { give_up: SECONDS / 5 + 1, ..profile }), Some(SECONDS / 5 + 100 * MICROS));
    }
}
