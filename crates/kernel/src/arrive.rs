//! What happens when an entry of the queue is due.

use crate::connection::Piece;
use crate::core::{Pending, Whose};
use crate::event::{Note, Observer};
use crate::identity::{Address, ConnectionId, Nanos, NodeId};
use crate::process::State;
use crate::system::{Ended, Input, System};
use crate::world::World;

impl<S: System> World<S> {
    /// Anything that is not an input of a process at work.
    pub(crate) fn arrive<O: Observer<S>>(&mut self, pending: Pending<S>, observer: &mut O) {
        match pending {
            Pending::Input { node, whose, parent, input } => {
                // An address that has moved on leads to nobody: incarnation 0 is no process.
                let incarnation = self.incarnation_of(node, whose).unwrap_or(0);
                self.deliver(node, incarnation, input, parent, observer);
            }
            Pending::Piece { connection, direction, parent, piece } => {
                self.arrive_piece(connection, usize::from(direction), piece, parent, observer);
            }
            Pending::Synced { local, notice } => {
                self.processes[local.node.index()].disk.finish_sync();
                if notice {
                    self.deliver(local.node, local.incarnation, local.input, local.parent, observer);
                }
            }
            Pending::GiveUp { connection, direction, since, parent } => {
                self.give_up(connection, usize::from(direction), since, parent, observer);
            }
            Pending::Resend { connection, direction, since } => {
                self.core.resend(connection, usize::from(direction), since);
            }
            Pending::Wake(token) => {
                self.control(crate::control::Command::Wake(token), observer);
            }
            // Unless a command was quicker.
            Pending::Start(node) if self.state(node).has_process() => {}
            Pending::Start(node) => self.start(node, false, 0, observer),
        }
    }

    /// An input for a process that is not at work: held, swallowed or dropped.
    #[cold]
    pub(crate) fn refuse<O: Observer<S>>(
        &mut self,
        node: NodeId,
        incarnation: u32,
        input: Input<S>,
        parent: u64,
        observer: &mut O,
    ) {
        let process = &mut self.processes[node.index()];
        let its = process.incarnation == incarnation;
        let note = match process.state {
            State::Paused if its => {
                process.held.push_back((input, parent));
                return;
            }
            State::Hung if its => Note::Swallowed(node),
            _ => Note::Undeliverable(node),
        };
        self.core.notes.push((node, parent, note));
        self.trace_notes(observer);
    }

    /// Which process of a node is meant, if there is or was such a one.
    #[inline(always)]
    pub(crate) fn incarnation_of(&self, node: NodeId, whose: Whose) -> Option<u32> {
        let process = &self.processes[node.index()];
        match whose {
            Whose::Incarnation(incarnation) => Some(incarnation),
            Whose::Present => Some(process.incarnation),
            Whose::At(address) => (address == process.address).then_some(process.incarnation),
        }
    }

    fn arrive_piece<O: Observer<S>>(
        &mut self,
        connection: ConnectionId,
        direction: usize,
        piece: Piece<S::Message>,
        parent: u64,
        observer: &mut O,
    ) {
        let Some(known) = self.core.connections.get_mut(connection) else { return };
        let receiver = 1 - direction;
        let known_as = known.id_at(connection, receiver);
        let side = &mut known.sides[receiver];
        let (node, incarnation) = (side.node, side.incarnation);
        match piece {
            Piece::Open => {
                let process = &self.processes[node.index()];
                if process.state.has_process() && process.address == side.address && side.address != Address(0) {
                    side.incarnation = process.incarnation;
                    let (incarnation, from, label) = (process.incarnation, known.sides[direction].node, known.label);
                    let opened = Input::Opened { connection: known_as, from, label };
                    self.deliver(node, incarnation, opened, parent, observer);
                } else {
                    side.open = false;
                    self.unanswered(connection, direction, parent);
                }
            }
            Piece::Data(message) => {
                if side.open {
                    let received = Input::Received { connection: known_as, message };
                    self.deliver(node, incarnation, received, parent, observer);
                } else {
                    self.core.notes.push((node, parent, Note::Undeliverable(node)));
                    self.unanswered(connection, direction, parent);
                }
            }
            Piece::End(how) => {
                let hears = std::mem::replace(&mut side.open, false);
                if hears {
                    self.deliver(node, incarnation, Input::Closed { connection: known_as, how }, parent, observer);
                }
                self.core.connections.retire(connection);
            }
        }
        if !self.core.notes.is_empty() {
            self.trace_notes(observer);
        }
    }

    /// A piece reached a machine where nobody uses this connection any more: the machine says so, if there is one.
    fn unanswered(&mut self, connection: ConnectionId, direction: usize, parent: u64) {
        let Some(known) = self.core.connections.get_mut(connection) else { return };
        let receiver = 1 - direction;
        if known.ended[receiver] || !known.sides[direction].open {
            return;
        }
        let node = known.sides[receiver].node;
        if self.processes[node.index()].state != State::Dark {
            known.ended[receiver] = true;
            self.core.transmit(connection, receiver, Piece::End(Ended::Reset), parent);
        } else if !known.dark[direction] {
            known.dark[direction] = true;
            if !known.stalled[direction].is_empty() {
                // It is watched already.
                return;
            }
            known.stalled_at[direction] = self.core.now;
            let from = known.sides[direction].node;
            let give_up = self.core.network.link(from, node).profile.give_up;
            self.core.give_up_after(connection, direction, give_up, parent);
        }
    }

    fn give_up<O: Observer<S>>(
        &mut self,
        connection: ConnectionId,
        direction: usize,
        since: Nanos,
        parent: u64,
        observer: &mut O,
    ) {
        let Some(known) = self.core.connections.get_mut(connection) else { return };
        let waits = !known.stalled[direction].is_empty() || known.dark[direction];
        if !waits || known.stalled_at[direction] != since {
            return;
        }
        known.stalled[direction].clear();
        known.dark[direction] = false;
        // If its end was among them, the other side has yet to hear that nobody listens.
        known.ended[direction] = false;
        let known_as = known.id_at(connection, direction);
        let side = &mut known.sides[direction];
        if std::mem::replace(&mut side.open, false) {
            let (node, incarnation) = (side.node, side.incarnation);
            let input = Input::Closed { connection: known_as, how: Ended::TimedOut };
            self.deliver(node, incarnation, input, parent, observer);
        }
        self.core.connections.retire(connection);
    }

    /// Starts a process; the machine, back at last, resets what its former processes left half open.
    pub(crate) fn start<O: Observer<S>>(&mut self, node: NodeId, readdress: bool, cause: u64, observer: &mut O) {
        let process = &mut self.processes[node.index()];
        process.incarnation += 1;
        process.state = State::Up;
        if readdress && process.incarnation > 1 {
            process.address = process.address.next();
            self.core.present[node.index()] = process.address;
        }
        let incarnation = process.incarnation;
        self.nodes[node.index()] = Some(S::boot(&process.role));
        let ids: Vec<ConnectionId> = self.core.connections.ids().collect();
        for id in ids {
            for direction in 0..2 {
                let Some(known) = self.core.connections.get_mut(id) else { continue };
                if known.dark[direction] && known.sides[1 - direction].node == node {
                    known.dark[direction] = false;
                    known.ended[1 - direction] = true;
                    self.core.transmit(id, 1 - direction, Piece::End(Ended::Reset), cause);
                }
            }
        }
        self.deliver(node, incarnation, Input::Start, cause, observer);
        self.trace_notes(observer);
    }
}
