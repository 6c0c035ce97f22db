//! Changes to the world from outside: what the fault vocabulary is made of.

use crate::disk::{DiskFaults, Unsynced};
use crate::identity::{Address, FileName, NodeId};
use crate::network::LinkProfile;
use crate::plain_words;

/// One change. All of it goes into the digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Nothing but an event: somebody outside asked to be woken.
    Wake(u64),
    /// Ends the process: volatile state, timers and undelivered inputs are gone; what it had sent stays in flight.
    Kill {
        /// Whose.
        node: NodeId,
        /// What becomes of unsynced data.
        unsynced: Unsynced,
        /// The machine goes too: nobody tells the peers.
        dark: bool,
    },
    /// Starts a process if there is none.
    Start {
        /// Whose.
        node: NodeId,
        /// Under a new address, as a new pod.
        readdress: bool,
    },
    /// Stops it (SIGSTOP).
    Pause(NodeId),
    /// Goes on after a pause: what was held is handled now.
    Resume(NodeId),
    /// From now on it neither works nor exits.
    Hang(NodeId),
    /// One more block in one direction.
    Block(NodeId, NodeId),
    /// One block less.
    Unblock(NodeId, NodeId),
    /// A block by address; `None` is every address.
    BlockAddress(Option<Address>, Option<Address>),
    /// Takes it away.
    UnblockAddress(Option<Address>, Option<Address>),
    /// Another profile for a link.
    Link(NodeId, NodeId, LinkProfile),
    /// The wall clock jumps by so many nanoseconds.
    Jump(NodeId, i64),
    /// Both clocks run fast by so many parts per million.
    Drift(NodeId, i32),
    /// Both clocks stand still, or go on.
    Freeze(NodeId, bool),
    /// All service times are longer by so many percent.
    Slow(NodeId, u32),
    /// Other disk faults than before.
    Disk(NodeId, DiskFaults),
    /// Damages a record; `None` is the newest.
    FlipBit(NodeId, FileName, Option<u64>),
    /// Removes a file.
    RemoveFile(NodeId, FileName),
    /// Empties the volume.
    Wipe(NodeId),
    /// Replaces the volume of the second by a copy of the first one's.
    CopyVolume(NodeId, NodeId),
}

impl Command {
    plain_words! {
        Command::Wake(_) => "wake",
        Command::Kill { .. } => "kill",
        Command::Start { .. } => "start-process",
        Command::Pause(_) => "pause",
        Command::Resume(_) => "resume",
        Command::Hang(_) => "hang",
        Command::Block(..) => "block",
        Command::Unblock(..) => "unblock",
        Command::BlockAddress(..) => "block-address",
        Command::UnblockAddress(..) => "unblock-address",
        Command::Link(..) => "link",
        Command::Jump(..) => "clock-jump",
        Command::Drift(..) => "clock-drift",
        Command::Freeze(..) => "clock-freeze",
        Command::Slow(..) => "slow",
        Command::Disk(..) => "disk-faults",
        Command::FlipBit(..) => "flip-bit",
        Command::RemoveFile(..) => "remove-file",
        Command::Wipe(_) => "wipe",
        Command::CopyVolume(..) => "copy-volume",
    }
}

impl Command {
    /// Whether it is done to this node. A block by address is done to the nodes that have it, and one of every address to
    /// every node.
    pub fn touches(&self, node: NodeId) -> bool {
        let at = |address: &Option<Address>| address.is_none_or(|address| address.node() == node);
        match self {
            Command::Wake(_) | Command::Block(..) | Command::Unblock(..) | Command::Link(..) => false,
            Command::Kill { node: of, .. } | Command::Start { node: of, .. } => *of == node,
            Command::Pause(of)
            | Command::Resume(of)
            | Command::Hang(of)
            | Command::Jump(of, _)
            | Command::Drift(of, _)
            | Command::Freeze(of, _)
            | Command::Slow(of, _)
            | Command::Disk(of, _)
            | Command::FlipBit(of, ..)
            | Command::RemoveFile(of, _)
            | Command::Wipe(of) => *of == node,
            // The first one's volume is only read.
            Command::CopyVolume(_, to) => *to == node,
            Command::BlockAddress(from, to) | Command::UnblockAddress(from, to) => at(from) || at(to),
        }
    }

    /// The directed link that it is done to, if it is done to one.
    pub const fn link(&self) -> Option<(NodeId, NodeId)> {
        match self {
            Command::Block(from, to) | Command::Unblock(from, to) | Command::Link(from, to, _) => Some((*from, *to)),
            _ => None,
        }
    }
}

/// What a command really did. All zero and unchanged: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Effect {
    /// Something is otherwise than before.
    pub changed: bool,
    /// Processes ended or started.
    pub processes: u64,
    /// Timers, jobs and held inputs that are gone, or inputs that were released.
    pub inputs: u64,
    /// Connections broken, or set free.
    pub connections: u64,
    /// Records of a disk that are gone or damaged.
    pub records: u64,
}
