//! What a model is to the kernel: nodes that take one input at a time and act only through their environment.

use crate::dice::{Purpose, Stream};
use crate::disk::DiskError;
use crate::identity::{ActorId, Address, ConnectionId, FileName, Nanos, NodeId, TimerId};
use std::fmt::Debug;
use std::hash::Hash;

/// Plain data of a model: cloned by forks, hashed into the digest.
pub trait Data: Clone + Hash + Debug + 'static {}
impl<T: Clone + Hash + Debug + 'static> Data for T {}

/// Data with a name and three numbers for the recorder; `Hash` covers the rest.
pub trait Traced: Data {
    /// The kind of thing, such as `commit`; one of a fixed set of words.
    fn name(&self) -> &'static str;
    /// That set: every word that `name` can give. Nothing, where a system does not tell; then nobody can say of a word
    /// that it is a slip. [`words!`](crate::words) writes both from one table.
    fn words() -> Vec<&'static str> {
        Vec::new()
    }
    /// What a reader of a trace wants to see first.
    fn data(&self) -> [u64; 3] {
        [0; 3]
    }
}

/// Data with a size, for bandwidth and full disks.
pub trait Payload: Traced {
    /// Size in bytes on the wire or on disk.
    fn bytes(&self) -> u64 {
        0
    }
}

/// `name` and `words` of an implementation of [`Traced`], from one table of patterns and words: no list can forget one.
/// What is in parentheses has words of its own: `Message::Raft(message) => (message in raft::Message)`.
#[macro_export]
macro_rules! words {
    ($($pattern:pat $(if $guard:expr)? => $($word:literal)? $(($part:ident in $of:ty))?),+ $(,)?) => {
        fn name(&self) -> &'static str {
            match self {
                $($pattern $(if $guard)? => $($word)? $($part.name())?),+
            }
        }

        fn words() -> ::std::vec::Vec<&'static str> {
            [$($(&[$word][..])? $(&<$of>::words()[..])?),+].concat()
        }
    };
}

/// The same for a type that is a part of what is traced: functions of its own.
#[macro_export]
macro_rules! plain_words {
    ($($pattern:pat => $word:literal),+ $(,)?) => {
        /// A word for it.
        #[must_use]
        pub const fn name(&self) -> &'static str {
            match self {
                $($pattern => $word),+
            }
        }

        /// Every such word.
        pub const WORDS: &'static [&'static str] = &[$($word),+];

        /// Every such word, as `Traced` has them.
        #[must_use]
        pub fn words() -> ::std::vec::Vec<&'static str> {
            Self::WORDS.to_vec()
        }
    };
}

/// For systems that have no such thing: nothing.
impl Traced for () {
    words! { () => "nothing" }
}

impl Payload for () {}

/// A kind of cluster. Everything is an enum of the model, moved and never serialised.
pub trait System: Clone + Sized + 'static {
    /// A running process.
    type Node: Node<Self>;
    /// What a process is started as: its configuration. It is all that a restart keeps, beside the disk.
    type Role: Data;
    /// What travels between nodes.
    type Message: Payload;
    /// What a timer carries.
    type Timer: Traced;
    /// What an actor works on.
    type Job: Traced;
    /// What a disk holds.
    type Record: Payload;
    /// What the model tells the trace.
    type Event: Traced;

    /// A process at its very start, before its `Input::Start`.
    fn boot(role: &Self::Role) -> Self::Node;
}

/// A process: pure, cloneable, driven by one input at a time.
pub trait Node<S: System>: Clone + 'static {
    /// Handles one input to its end. No input is handled while another one is.
    fn handle<E: Env<S>>(&mut self, input: Input<S>, env: &mut E);
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    /// The other side closed it in order; all it had sent came first.
    Finished,
    /// The other process is gone, or never was.
    Reset,
    /// Data could not be delivered for too long.
    TimedOut,
}

/// What a node is given.
#[derive(Clone, Debug)]
pub enum Input<S: System> {
    /// The process has just started.
    Start,
    /// A datagram.
    Message {
        /// Who sent it.
        from: NodeId,
        /// From which address.
        address: Address,
        /// What.
        message: S::Message,
    },
    /// Somebody connected to this node.
    Opened {
        /// The connection.
        connection: ConnectionId,
        /// Who.
        from: NodeId,
        /// The identity that the opener gave it.
        label: u64,
    },
    /// Data on a connection.
    Received {
        /// The connection.
        connection: ConnectionId,
        /// What.
        message: S::Message,
    },
    /// A connection ended; nothing more will come of it.
    Closed {
        /// The connection.
        connection: ConnectionId,
        /// How.
        how: Ended,
    },
    /// A timer fired.
    Timer {
        /// Which.
        timer: TimerId,
        /// What it carries.
        payload: S::Timer,
    },
    /// A disk operation that asked for notice is done.
    Disk {
        /// The token of the operation.
        token: u64,
        /// How it went.
        result: Result<(), DiskError>,
    },
    /// An actor has finished the service time of a job: now it takes effect.
    Job {
        /// Which actor.
        actor: ActorId,
        /// The job.
        job: S::Job,
    },
}

impl<S: System> Hash for Input<S> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        match self {
            Input::Start => state.write_u8(0),
            Input::Message { from, address, message } => {
                state.write_u64(1 | u64::from(from.0) << 8 | u64::from(address.0) << 24);
                message.hash(state);
            }
            Input::Opened { connection, from, label } => {
                state.write_u64(2 | u64::from(from.0) << 8);
                state.write_u64(connection.raw());
                state.write_u64(*label);
            }
            Input::Received { connection, message } => {
                state.write_u8(3);
                state.write_u64(connection.raw());
                message.hash(state);
            }
            Input::Closed { connection, how } => {
                state.write_u64(4 | (*how as u64) << 8);
                state.write_u64(connection.raw());
            }
            Input::Timer { timer, payload } => {
                state.write_u64(5 | u64::from(timer.slot) << 8);
                state.write_u32(timer.generation);
                payload.hash(state);
            }
            Input::Disk { token, result } => {
                let result = result.as_ref().map_or_else(|error| 1 + *error as u64, |()| 0);
                state.write_u64(6 | result << 8);
                state.write_u64(*token);
            }
            Input::Job { actor, job } => {
                state.write_u64(7 | u64::from(actor.0) << 8);
                job.hash(state);
            }
        }
    }
}

/// Where a datagram or a connection goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// To whatever process has this identity when it arrives (a name that is resolved).
    Node(NodeId),
    /// To this address only: lost when its process is gone.
    Address(Address),
}

/// An operation on the node's own disk. Writes are visible to reads at once (the page cache) and durable after the next
/// sync that was submitted later; renames and deletions are durable with the next sync of any file.
#[derive(Clone, Debug)]
pub enum DiskOp<R> {
    /// Adds a record at the end of a file, which is made if it is missing.
    Append(FileName, R),
    /// Replaces the record at an index.
    Write(FileName, u64, R),
    /// Keeps the first records of a file only.
    Truncate(FileName, u64),
    /// Makes durable what was written to the file before.
    Sync(FileName),
    /// Renames a file over another one.
    Rename(FileName, FileName),
    /// Removes a file.
    Delete(FileName),
    /// Waits as long as reading that many records takes; the records themselves are at hand by `Env::record`.
    Read(FileName, u64),
}

impl<R> DiskOp<R> {
    /// The same operation on records of another type.
    pub fn map<T>(self, record: impl FnOnce(R) -> T) -> DiskOp<T> {
        match self {
            DiskOp::Append(file, one) => DiskOp::Append(file, record(one)),
            DiskOp::Write(file, index, one) => DiskOp::Write(file, index, record(one)),
            DiskOp::Truncate(file, len) => DiskOp::Truncate(file, len),
            DiskOp::Sync(file) => DiskOp::Sync(file),
            DiskOp::Rename(from, to) => DiskOp::Rename(from, to),
            DiskOp::Delete(file) => DiskOp::Delete(file),
            DiskOp::Read(file, records) => DiskOp::Read(file, records),
        }
    }
}

/// All that a node can do. Times are nanoseconds of the node's own clocks.
pub trait Env<S: System> {
    /// The node itself.
    fn me(&self) -> NodeId;
    /// Which process of this identity it is, from 1.
    fn incarnation(&self) -> u32;
    /// Its present address.
    fn address(&self) -> Address;
    /// The monotonic clock: it drifts and freezes, but never jumps.
    fn monotonic(&self) -> Nanos;
    /// The wall clock, since 1970: it is off, drifts, jumps and freezes.
    fn wall(&self) -> Nanos;

    /// Sends a datagram: it may be lost, doubled or overtaken.
    fn send(&mut self, to: Target, message: S::Message);
    /// Opens a connection. It can be written to at once; `label` is its identity for the dice: the same opener and label
    /// are the same draws from the first on, in whatever process and however often. So a label names an attempt, not a
    /// peer. One that is used again after its connection has ended repeats what that one drew. A node may connect to
    /// itself, over its link to itself: the accepting end then has an id of its own, told by `Input::Opened`.
    ///
    /// # Panics
    /// SIMULATOR BUG: this process has a connection with that label already, and has not ended it. The two would share
    /// every draw, and no order would tell their pieces apart.
    fn open(&mut self, to: Target, label: u64) -> ConnectionId;
    /// Writes to a connection, in order. Silently dropped when it has ended.
    fn write(&mut self, connection: ConnectionId, message: S::Message);
    /// Ends a connection in order: the other side gets what was written before. This side hears no more of it.
    fn close(&mut self, connection: ConnectionId);
    /// Breaks a connection off: the other side gets a reset as soon as the network carries it.
    fn abort(&mut self, connection: ConnectionId);

    /// Sets a timer.
    fn set_timer(&mut self, after: Nanos, payload: S::Timer) -> TimerId;
    /// Cancels a timer; whether it was still pending.
    fn cancel_timer(&mut self, timer: TimerId) -> bool;
    /// Gives an actor a job. It is done after the jobs before it and after its own service time; without service time it
    /// is done right after this input, and costs no event in the queue.
    fn submit(&mut self, actor: ActorId, service: Nanos, job: S::Job);
    /// How many jobs an actor has, the one in service included.
    fn backlog(&self, actor: ActorId) -> usize;

    /// Submits a disk operation; with a token, its end comes as `Input::Disk`. Without, an error shows at the next sync.
    fn disk(&mut self, operation: DiskOp<S::Record>, notice: Option<u64>);
    /// Appends records as one write without notice: all of them or, on a full disk, a prefix.
    fn append_all(&mut self, file: FileName, records: &mut Vec<S::Record>) {
        for record in records.drain(..) {
            self.disk(DiskOp::Append(file, record), None);
        }
    }
    /// Number of records of a file, if there is one.
    fn file_len(&self, file: FileName) -> Option<u64>;
    /// A record of a file.
    ///
    /// # Errors
    /// There is none, or it is damaged.
    fn record(&self, file: FileName, index: u64) -> Result<&S::Record, DiskError>;
    /// The files of this node's disk, in the order of their names.
    fn files(&self) -> Vec<FileName>;

    /// A stream of draws of its own.
    fn stream(&self, purpose: Purpose, identity: u64) -> Stream;
    /// The next draw of a stream.
    fn draw(&mut self, stream: &mut Stream) -> u64;

    /// Tells the trace what happened.
    fn emit(&mut self, event: S::Event);
}
