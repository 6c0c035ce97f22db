//! The part of the world that nodes share: time, queue, network, dice, trace.

use crate::connection::{Connections, Piece, Side, Stalled};
use crate::dice::Dice;
use crate::digest::Digest;
use crate::event::Note;
use crate::identity::{Address, ConnectionId, Nanos, NodeId};
use crate::network::{Network, Passage};
use crate::queue::{Queue, Source};
use crate::system::{Ended, Input, Payload, System, Target};
use crate::world::Underway;
use std::collections::VecDeque;

/// Events between two checkpoints of the digest.
pub const CHECKPOINT: u64 = 4096;

/// An entry of the event queue.
#[derive(Clone, Debug)]
pub(crate) enum Pending<S: System> {
    /// An input as its node will get it, so that nothing is moved before it is handled.
    Input {
        node: NodeId,
        whose: Whose,
        parent: u64,
        input: Input<S>,
    },
    /// The end of a sync: the disk knows what becomes durable.
    Synced {
        local: Local<S>,
        notice: bool,
    },
    /// A piece from one side of a connection (0: the opener's) to the other.
    Piece {
        connection: ConnectionId,
        direction: u8,
        parent: u64,
        piece: Piece<S::Message>,
    },
    /// A connection gives up if it has been stalled since then.
    GiveUp {
        connection: ConnectionId,
        direction: u8,
        since: Nanos,
        parent: u64,
    },
    /// What has been stalled since then is sent again, if the way is still free.
    Resend {
        connection: ConnectionId,
        direction: u8,
        since: Nanos,
    },
    Wake(u64),
    Start(NodeId),
}

/// Which process of a node an input is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// This one: the input is of its own making.
    Incarnation(u32),
    /// Whichever there is.
    Present,
    /// Whichever has this address.
    At(Address),
}

/// An input of a process of its own making.
#[derive(Clone, Debug)]
pub(crate) struct Local<S: System> {
    pub node: NodeId,
    pub incarnation: u32,
    pub parent: u64,
    pub input: Input<S>,
}

#[derive(Clone)]
pub(crate) struct Core<S: System> {
    pub now: Nanos,
    pub events: u64,
    pub taken: u64,
    pub queue: Queue<Pending<S>>,
    /// What is due right now, before the queue is asked again.
    pub ready: VecDeque<Local<S>>,
    pub dice: Dice,
    pub network: Network,
    pub connections: Connections<S::Message>,
    /// The present address of each node.
    pub present: Vec<Address>,
    pub control: Source,
    pub digest: Digest,
    pub checkpoints: Vec<u128>,
    /// What the node that is being handled has emitted.
    pub said: Vec<S::Event>,
    /// What happened to things in flight: node, cause, what.
    pub notes: Vec<(NodeId, u64, Note)>,
}

pub(crate) fn message_of<M>(piece: &Piece<M>) -> Option<&M> {
    if let Piece::Data(message) = piece { Some(message) } else { None }
}

impl<S: System> Pending<S> {
    pub fn underway<'a>(&'a self, core: &'a Core<S>) -> Underway<'a, S> {
        match self {
            Pending::Input { node, input, .. } => match input {
                Input::Message { message, .. } => Underway::Datagram(*node, message),
                Input::Timer { payload, .. } => Underway::Timer(*node, payload),
                input => Underway::Input(*node, input),
            },
            Pending::Synced { local, .. } => Underway::Input(local.node, &local.input),
            Pending::Piece { connection, direction, piece, .. } => match core.connections.get(*connection) {
                Some(known) => {
                    Underway::Piece(known.sides[1 - usize::from(*direction)].node, *connection, message_of(piece))
                }
                None => Underway::Kernel,
            },
            Pending::GiveUp { .. } | Pending::Resend { .. } | Pending::Wake(_) | Pending::Start(_) => Underway::Kernel,
        }
    }

    /// Whether it is an input of this process that dies with it.
    pub fn dies_with(&self, of: NodeId, process: u32) -> bool {
        match self {
            Pending::Input { node, whose, .. } => *node == of && *whose == Whose::Incarnation(process),
            Pending::Synced { local, .. } => local.node == of && local.incarnation == process,
            _ => false,
        }
    }
}

impl<S: System> Core<S> {
    /// Whose identity a target is.
    pub fn resolve(&self, target: Target) -> NodeId {
        match target {
            Target::Node(node) => node,
            Target::Address(address) => {
                let present = self.present.get(address.node().index()).map_or(0, |present| present.nth());
                if (1..=present).contains(&address.nth()) { address.node() } else { NodeId::KERNEL }
            }
        }
    }

    /// Whose identity a target is, and by which address it is reached now.
    pub fn destination(&self, target: Target) -> Option<(NodeId, Address)> {
        let node = self.resolve(target);
        let present = *self.present.get(node.index())?;
        Some((node, if let Target::Address(address) = target { address } else { present }))
    }

    /// Sends a datagram that a process has just handed over.
    #[inline]
    pub fn send(&mut self, from: NodeId, to: Target, message: S::Message, parent: u64) {
        let Some((target, to_address)) = self.destination(to) else {
            self.notes.push((from, parent, Note::Undeliverable(from)));
            return;
        };
        let address = self.present[from.index()];
        let now = self.now;
        let (link, blocked) = self.network.way((from, address), (target, to_address));
        let draw = link.draw(&mut self.dice);
        if blocked {
            link.traffic.sent += 1;
            link.traffic.blocked += 1;
            self.notes.push((from, parent, Note::Blocked(from, target)));
            return;
        }
        let passage = link.datagram(now, message.bytes(), draw);
        if passage.held_back {
            self.notes.push((from, parent, Note::HeldBack(from, target)));
        }
        let whose = if let Target::Address(address) = to { Whose::At(address) } else { Whose::Present };
        let seed = self.dice.seed();
        let Some(at) = passage.arrives_at else {
            self.notes.push((from, parent, Note::Lost(from, target)));
            return;
        };
        if let Some(again_at) = passage.again_at {
            let order = link.source.next(seed, again_at);
            let input = Input::Message { from, address, message: message.clone() };
            self.queue.push(order, Pending::Input { node: target, whose, parent, input });
            self.notes.push((from, parent, Note::Doubled(from, target)));
        }
        let order = link.source.next(seed, at);
        let input = Input::Message { from, address, message };
        self.queue.push(order, Pending::Input { node: target, whose, parent, input });
    }

    /// Opens a connection; the other side hears of it when the first piece arrives.
    pub fn open(&mut self, opener: NodeId, incarnation: u32, to: Target, label: u64, parent: u64) -> ConnectionId {
        let is_taken = self.connections.has_label(opener, incarnation, label);
        assert!(
            !is_taken,
            "SIMULATOR BUG: {opener} has an open connection labelled {label} already: label each attempt"
        );
        // An address that nobody ever had leads back to the opener, who refuses it at once: its incarnation is nobody's.
        let (node, address) = self.destination(to).unwrap_or((opener, Address(0)));
        let side = |node, address, incarnation, direction| {
            let identity = crate::network::connection_identity(opener, label, direction);
            Side::new(node, address, incarnation, identity)
        };
        let own = side(opener, self.present[opener.index()], incarnation, 0);
        let id = self.connections.open(own, side(node, address, 0, 1), label);
        self.transmit(id, 0, Piece::Open, parent);
        id
    }

    /// Sends a piece in a direction, or lets it wait for a block to end.
    #[inline]
    pub fn transmit(&mut self, id: ConnectionId, direction: usize, piece: Piece<S::Message>, parent: u64) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let draw = connection.draw(direction, &mut self.dice);
        let ends = |side: &Side| (side.node, side.address);
        let (from, to) = (ends(&connection.sides[direction]), ends(&connection.sides[1 - direction]));
        let waits = !connection.stalled[direction].is_empty() || self.network.is_blocked(from, to);
        let link = self.network.link_mut(from.0, to.0);
        link.traffic.sent += 1;
        let bytes = message_of(&piece).map_or(0, Payload::bytes);
        let passage = if waits { Passage::default() } else { link.piece(self.now, bytes, draw) };
        link.traffic.lost += u64::from(passage.lost);
        let Some(at) = passage.arrives_at else {
            link.traffic.stalled += 1;
            let give_up = link.profile.give_up;
            let first = connection.stalled[direction].is_empty() && !connection.dark[direction];
            connection.stalled[direction].push_back(Stalled { piece, parent, draw, lost: passage.lost });
            self.notes.push((from.0, parent, Note::Stalled(id)));
            if first {
                connection.stalled_at[direction] = self.now;
                self.give_up_after(id, direction, give_up, parent);
            }
            return;
        };
        let side = &mut connection.sides[direction];
        let at = at.max(side.arrives_after);
        side.arrives_after = at;
        let order = side.source.next(self.dice.seed(), at);
        self.queue.push(order, Pending::Piece { connection: id, direction: direction as u8, parent, piece });
    }

    /// The way is free in a direction: what waits is sent again when the sender tries next.
    pub fn release(&mut self, id: ConnectionId, direction: usize) -> bool {
        let Some(connection) = self.connections.get_mut(id) else { return false };
        if connection.stalled[direction].is_empty() {
            return false;
        }
        let ends = |side: &Side| (side.node, side.address);
        let (from, to) = (ends(&connection.sides[direction]), ends(&connection.sides[1 - direction]));
        if self.network.is_blocked(from, to) {
            return false;
        }
        let since = connection.stalled_at[direction];
        let resent_at = self.network.link(from.0, to.0).resent_at(since, self.now);
        let order = connection.sides[direction].source.next(self.dice.seed(), resent_at);
        self.queue.push(order, Pending::Resend { connection: id, direction: direction as u8, since });
        true
    }

    /// Sends again what has been stalled since then, unless the way is blocked once more.
    pub fn resend(&mut self, id: ConnectionId, direction: usize, since: Nanos) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let ends = |side: &Side| (side.node, side.address);
        let (from, to) = (ends(&connection.sides[direction]), ends(&connection.sides[1 - direction]));
        if connection.stalled_at[direction] != since || self.network.is_blocked(from, to) {
            return;
        }
        let link = self.network.link_mut(from.0, to.0);
        let seed = self.dice.seed();
        while let Some(stalled) = connection.stalled[direction].pop_front() {
            let bytes = message_of(&stalled.piece).map_or(0, Payload::bytes);
            let passage = link.piece(self.now, bytes, stalled.draw);
            link.traffic.lost += u64::from(passage.lost && !stalled.lost);
            let Some(at) = passage.arrives_at else {
                let lost = stalled.lost || passage.lost;
                connection.stalled[direction].push_front(Stalled { lost, ..stalled });
                return;
            };
            let side = &mut connection.sides[direction];
            let at = at.max(side.arrives_after);
            side.arrives_after = at;
            let order = side.source.next(seed, at);
            let Stalled { piece, parent, .. } = stalled;
            self.queue.push(order, Pending::Piece { connection: id, direction: direction as u8, parent, piece });
        }
    }

    /// Watches that what a side has sent is delivered in time.
    pub fn give_up_after(&mut self, id: ConnectionId, direction: usize, after: Nanos, parent: u64) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let since = self.now;
        let order = connection.sides[direction].source.next(self.dice.seed(), self.now.saturating_add(after));
        self.queue.push(order, Pending::GiveUp { connection: id, direction: direction as u8, since, parent });
    }

    /// A process ends its side: in order, or broken off.
    pub fn end(&mut self, id: ConnectionId, direction: usize, how: Ended, parent: u64) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if !connection.sides[direction].open {
            return;
        }
        connection.sides[direction].open = false;
        connection.ended[direction] = true;
        if connection.sides[1 - direction].open {
            self.transmit(id, direction, Piece::End(how), parent);
        } else {
            self.connections.retire(id);
        }
    }
}
