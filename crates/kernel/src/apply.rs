//! How a control command changes the world.

use crate::connection::Piece;
use crate::control::{Command, Effect};
use crate::disk::Unsynced;
use crate::event::{Observer, What};
use crate::identity::{ConnectionId, NodeId};
use crate::process::State;
use crate::system::{Ended, System};
use crate::world::World;

impl<S: System> World<S> {
    /// Applies one change from outside, and says what it did.
    pub fn control<O: Observer<S>>(&mut self, command: Command, observer: &mut O) -> Effect {
        let cause = self.trace(NodeId::KERNEL, 0, 0, What::Control(&command), observer);
        let effect = self.apply(command, cause, observer);
        self.trace_notes(observer);
        effect
    }

    fn apply<O: Observer<S>>(&mut self, command: Command, cause: u64, observer: &mut O) -> Effect {
        let now = self.core.now;
        match command {
            Command::Wake(_) => Effect::default(),
            Command::Kill { node, unsynced, dark } => self.kill(node, unsynced, dark, cause),
            Command::Start { node, readdress } => {
                if self.state(node).has_process() {
                    return Effect::default();
                }
                self.start(node, readdress, cause, observer);
                Effect { changed: true, processes: 1, ..Effect::default() }
            }
            Command::Pause(node) => self.change_state(node, State::Up, State::Paused),
            Command::Resume(node) => self.resume(node),
            Command::Hang(node) => self.change_state(node, State::Up, State::Hung),
            Command::Block(from, to) => self.block(from, to),
            Command::Unblock(from, to) => self.unblock(from, to),
            Command::BlockAddress(from, to) => {
                self.core.network.block_address(from, to);
                changed(true)
            }
            Command::UnblockAddress(from, to) => {
                let found = self.core.network.unblock_address(from, to);
                Effect { changed: found, connections: self.release_stalled(), ..Effect::default() }
            }
            Command::Link(from, to, profile) => {
                let link = self.core.network.link_mut(from, to);
                let changed = std::mem::replace(&mut link.profile, profile) != profile;
                Effect { changed, connections: self.release_stalled(), ..Effect::default() }
            }
            Command::Jump(node, by) => {
                self.processes[node.index()].clock.jump(by);
                changed(by != 0)
            }
            Command::Drift(node, ppm) => {
                let clock = &mut self.processes[node.index()].clock;
                let before = *clock;
                clock.drift(now, ppm);
                changed(*clock != before)
            }
            Command::Freeze(node, frozen) => {
                let clock = &mut self.processes[node.index()].clock;
                let before = *clock;
                clock.freeze(now, frozen);
                changed(*clock != before)
            }
            Command::Slow(node, percent) => {
                let slow = &mut self.processes[node.index()].slow_percent;
                changed(std::mem::replace(slow, percent) != percent)
            }
            Command::Disk(node, faults) => {
                let disk = &mut self.processes[node.index()].disk;
                changed(std::mem::replace(&mut disk.faults, faults) != faults)
            }
            Command::FlipBit(node, file, index) => {
                let damaged = self.processes[node.index()].disk.flip_bit(file, index);
                Effect { changed: damaged, records: u64::from(damaged), ..Effect::default() }
            }
            Command::RemoveFile(node, file) => records(self.processes[node.index()].disk.remove(file)),
            Command::Wipe(node) => records(Some(self.processes[node.index()].disk.wipe()).filter(|count| *count > 0)),
            Command::CopyVolume(from, to) => {
                let source = self.processes[from.index()].disk.clone();
                records(Some(self.processes[to.index()].disk.copy_from(&source)))
            }
        }
    }

    fn block(&mut self, from: NodeId, to: NodeId) -> Effect {
        let link = self.core.network.link_mut(from, to);
        link.blocks += 1;
        changed(link.blocks == 1)
    }

    fn unblock(&mut self, from: NodeId, to: NodeId) -> Effect {
        let link = self.core.network.link_mut(from, to);
        let was_blocked = link.blocks > 0;
        link.blocks = link.blocks.saturating_sub(1);
        let free = was_blocked && link.blocks == 0;
        Effect { changed: free, connections: self.release_stalled(), ..Effect::default() }
    }

    fn change_state(&mut self, node: NodeId, from: State, to: State) -> Effect {
        let state = &mut self.processes[node.index()].state;
        if *state != from {
            return Effect::default();
        }
        *state = to;
        Effect { changed: true, processes: 1, ..Effect::default() }
    }

    fn resume(&mut self, node: NodeId) -> Effect {
        let process = &mut self.processes[node.index()];
        if process.state != State::Paused {
            return Effect::default();
        }
        process.state = State::Up;
        let inputs = process.held.len() as u64;
        let incarnation = process.incarnation;
        for (input, parent) in process.held.drain(..) {
            self.core.ready.push_back(crate::core::Local { node, incarnation, parent, input });
        }
        Effect { changed: true, processes: 1, inputs, ..Effect::default() }
    }

    fn kill(&mut self, node: NodeId, unsynced: Unsynced, dark: bool, cause: u64) -> Effect {
        let (now, core) = (self.core.now, &mut self.core);
        let process = &mut self.processes[node.index()];
        if !process.state.has_process() {
            // The machine of a dead process can still die.
            let goes_dark = dark && process.state == State::Down;
            if goes_dark {
                process.state = State::Dark;
                core.connections.go_dark(node);
            }
            let records = process.disk.crash(unsynced, now, &mut core.dice);
            return Effect { changed: goes_dark || records > 0, records, ..Effect::default() };
        }
        let incarnation = process.incarnation;
        process.state = if dark { State::Dark } else { State::Down };
        let mut effect = Effect { changed: true, processes: 1, ..Effect::default() };
        effect.inputs = process.clear();
        effect.records = process.disk.crash(unsynced, now, &mut core.dice);
        self.nodes[node.index()] = None;
        effect.inputs += core.queue.cancel_if(|pending| pending.dies_with(node, incarnation));
        let before = core.ready.len();
        core.ready.retain(|local| local.node != node || local.incarnation != incarnation);
        effect.inputs += (before - core.ready.len()) as u64;
        for (id, own) in core.connections.of(node, incarnation) {
            effect.connections += 1;
            let Some(connection) = core.connections.get_mut(id) else { continue };
            for direction in (0..2).filter(|direction| own[*direction]) {
                connection.stalled[direction].clear();
                connection.sides[direction].open = false;
            }
            let other_is_open = |direction: &usize| connection.sides[1 - direction].open;
            let told = (0..2).find(|direction| own[*direction] && !dark && other_is_open(direction));
            if let Some(direction) = told {
                connection.ended[direction] = true;
                core.transmit(id, direction, Piece::End(Ended::Reset), cause);
            }
            core.connections.retire(id);
        }
        if dark {
            core.connections.go_dark(node);
        }
        effect
    }

    /// Sends again what no block holds any more; the number of connections set free.
    fn release_stalled(&mut self) -> u64 {
        let ids: Vec<ConnectionId> = self.core.connections.ids().collect();
        let mut released = 0;
        for id in ids {
            let directions = [self.core.release(id, 0), self.core.release(id, 1)];
            released += u64::from(directions.contains(&true));
        }
        released
    }
}

fn changed(changed: bool) -> Effect {
    Effect { changed, ..Effect::default() }
}

fn records(count: Option<u64>) -> Effect {
    Effect { changed: count.is_some(), records: count.unwrap_or(0), ..Effect::default() }
}
