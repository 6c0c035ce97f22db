//! Connections: ordered, stalled by a block, reset by a crash or a time-out, half open when nobody tells.
//!
//! Kept: order; retransmission after loss and after a block; FIN and RST as pieces that need the network like any other;
//! a crash of the process is told to the peer by its host, a crash of the machine is not. Simplified: one piece is one
//! segment, acknowledged at once; no windows. Left out: the handshake's own round trip (a stream on a standing
//! connection has none).

use crate::dice::{Dice, Purpose, Stream};
use crate::identity::{Address, ConnectionId, Nanos, NodeId};
use crate::network::connection_identity;
use crate::queue::Source;
use crate::system::Ended;
use std::collections::VecDeque;

const PIECE: Purpose = Purpose::new("connection");

/// One side of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub node: NodeId,
    pub address: Address,
    pub incarnation: u32,
    /// Whether this side's process still uses it.
    pub open: bool,
    /// No piece sent by this side arrives before this.
    pub arrives_after: Nanos,
    pub source: Source,
    stream: Option<Stream>,
}

/// What travels on a connection.
#[derive(Clone, Debug)]
pub(crate) enum Piece<M> {
    Open,
    Data(M),
    End(Ended),
}

/// A piece that waits for a block to end.
#[derive(Clone, Debug)]
pub(crate) struct Stalled<M> {
    pub piece: Piece<M>,
    pub parent: u64,
    /// The draw that it took when it was sent.
    pub draw: u64,
    /// Whether it is counted as lost already.
    pub lost: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Connection<M> {
    pub label: u64,
    pub sides: [Side; 2],
    /// What each side sent and the network does not carry; the first one's time.
    pub stalled: [VecDeque<Stalled<M>>; 2],
    pub stalled_at: [Nanos; 2],
    /// Whether a side has sent its end.
    pub ended: [bool; 2],
    /// Whether what a side sends reaches no machine.
    pub dark: [bool; 2],
    generation: u32,
    used: bool,
}

/// All connections of a world, in reused slots.
#[derive(Clone, Debug)]
pub(crate) struct Connections<M> {
    slots: Vec<Connection<M>>,
    free: Vec<u32>,
}

impl<M> Default for Connections<M> {
    fn default() -> Self {
        Connections { slots: Vec::new(), free: Vec::new() }
    }
}

impl Side {
    pub fn new(node: NodeId, address: Address, incarnation: u32, identity: u64) -> Self {
        let source = Source::new("connection", identity);
        Side { node, address, incarnation, open: true, arrives_after: 0, source, stream: None }
    }

    /// Whether this process has it, and has not ended it.
    #[inline]
    fn is_of(&self, node: NodeId, incarnation: u32) -> bool {
        self.open && self.node == node && self.incarnation == incarnation
    }
}

impl<M> Connection<M> {
    /// The draw of the next piece in a direction.
    #[inline]
    pub fn draw(&mut self, direction: usize, dice: &mut Dice) -> u64 {
        let identity = connection_identity(self.sides[0].node, self.label, direction);
        let stream = self.sides[direction].stream.get_or_insert_with(|| dice.stream(PIECE, identity));
        dice.draw(stream)
    }

    /// Which side a process is that calls it by this id; `None` if it is neither or has ended it.
    #[inline]
    pub fn direction_of(&self, id: ConnectionId, node: NodeId, incarnation: u32) -> Option<usize> {
        if self.is_loop() {
            let direction = usize::from(id.is_far_end());
            return self.sides[direction].is_of(node, incarnation).then_some(direction);
        }
        self.sides.iter().position(|side| side.is_of(node, incarnation))
    }

    /// Whether a node has connected to itself. (What leads back from nobody's address is none: nobody accepts it.)
    #[inline]
    fn is_loop(&self) -> bool {
        self.sides[0].node == self.sides[1].node && self.sides[1].address != Address(0)
    }

    /// By which id a side knows it.
    #[inline]
    pub fn id_at(&self, id: ConnectionId, side: usize) -> ConnectionId {
        if side == 1 && self.is_loop() { id.far_end() } else { id.near_end() }
    }
}

impl<M> Connections<M> {
    pub fn open(&mut self, opener: Side, accepter: Side, label: u64) -> ConnectionId {
        let sides = [opener, accepter];
        if let Some(slot) = self.free.pop() {
            let connection = &mut self.slots[slot as usize];
            connection.label = label;
            connection.sides = sides;
            connection.used = true;
            connection.ended = [false; 2];
            connection.dark = [false; 2];
            return ConnectionId { slot, generation: connection.generation };
        }
        let stalled = [VecDeque::new(), VecDeque::new()];
        let (stalled_at, ended, dark) = ([0; 2], [false; 2], [false; 2]);
        self.slots.push(Connection { label, sides, stalled, stalled_at, ended, dark, generation: 0, used: true });
        ConnectionId { slot: (self.slots.len() - 1) as u32, generation: 0 }
    }

    #[inline]
    pub fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection<M>> {
        self.slots
            .get_mut(id.place() as usize)
            .filter(|connection| connection.used && connection.generation == id.generation)
    }

    pub fn get(&self, id: ConnectionId) -> Option<&Connection<M>> {
        self.slots
            .get(id.place() as usize)
            .filter(|connection| connection.used && connection.generation == id.generation)
    }

    /// Whether a process has opened a connection with this label and not ended it.
    pub fn has_label(&self, opener: NodeId, incarnation: u32, label: u64) -> bool {
        self.slots.iter().any(|connection| {
            let side = &connection.sides[0];
            let opened_by = (side.node, side.incarnation, connection.label);
            connection.used && side.open && opened_by == (opener, incarnation, label)
        })
    }

    /// Forgets a connection that neither side uses.
    pub fn retire(&mut self, id: ConnectionId) {
        let Some(connection) = self.get_mut(id) else { return };
        if connection.sides.iter().any(|side| side.open) {
            return;
        }
        connection.used = false;
        connection.generation = connection.generation.wrapping_add(1);
        connection.stalled.iter_mut().for_each(VecDeque::clear);
        self.free.push(id.place());
    }

    /// The connections in use, in the order of their slots.
    pub fn ids(&self) -> impl Iterator<Item = ConnectionId> {
        let used = self.slots.iter().enumerate().filter(|(_, connection)| connection.used);
        used.map(|(slot, connection)| ConnectionId { slot: slot as u32, generation: connection.generation })
    }

    /// A machine is gone, and with it what it would have sent again.
    pub fn go_dark(&mut self, node: NodeId) {
        for connection in self.slots.iter_mut().filter(|connection| connection.used) {
            for direction in 0..2 {
                if connection.sides[direction].node == node && !connection.stalled[direction].is_empty() {
                    connection.stalled[direction].clear();
                    connection.ended[direction] = false;
                }
            }
        }
    }

    /// Those that a process uses, and which sides of them are its own.
    pub fn of(&self, node: NodeId, incarnation: u32) -> Vec<(ConnectionId, [bool; 2])> {
        let sides = |id| Some((id, self.get(id)?.sides.each_ref().map(|side| side.is_of(node, incarnation))));
        self.ids().filter_map(sides).filter(|(_, own)| *own != [false; 2]).collect()
    }
}
