//! Two systems in one world: every part of a [`Pair`] is a part of either.
//!
//! A node of one system gets inputs of that system only, and its environment makes nothing else: that a message of the
//! wrong half arrives means that somebody sent across, which no model can do by itself.

use crate::dice::{Purpose, Stream};
use crate::disk::DiskError;
use crate::identity::{ActorId, Address, ConnectionId, FileName, Nanos, NodeId, TimerId};
use crate::system::{DiskOp, Env, Input, Node, Payload, System, Target, Traced};
use std::marker::PhantomData;

/// The system of those that are of the one system or of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair<A, B>(PhantomData<(A, B)>);

/// One of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Either<L, R> {
    /// Of the first system.
    Left(L),
    /// Of the second system.
    Right(R),
}

impl<L, R> Either<L, R> {
    /// The left one, if it is that.
    pub fn left(self) -> Option<L> {
        if let Either::Left(left) = self { Some(left) } else { None }
    }

    /// The right one, if it is that.
    pub fn right(self) -> Option<R> {
        if let Either::Right(right) = self { Some(right) } else { None }
    }

    /// The same, borrowed.
    pub const fn as_ref(&self) -> Either<&L, &R> {
        match self {
            Either::Left(left) => Either::Left(left),
            Either::Right(right) => Either::Right(right),
        }
    }
}

impl<L: Traced, R: Traced> Traced for Either<L, R> {
    fn name(&self) -> &'static str {
        match self {
            Either::Left(left) => left.name(),
            Either::Right(right) => right.name(),
        }
    }

    fn words() -> Vec<&'static str> {
        let (left, right) = (L::words(), R::words());
        if left.is_empty() || right.is_empty() { Vec::new() } else { [left, right].concat() }
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Either::Left(left) => left.data(),
            Either::Right(right) => right.data(),
        }
    }
}

impl<L: Payload, R: Payload> Payload for Either<L, R> {
    fn bytes(&self) -> u64 {
        match self {
            Either::Left(left) => left.bytes(),
            Either::Right(right) => right.bytes(),
        }
    }
}

impl<A: System, B: System> System for Pair<A, B> {
    type Node = Either<A::Node, B::Node>;
    type Role = Either<A::Role, B::Role>;
    type Message = Either<A::Message, B::Message>;
    type Timer = Either<A::Timer, B::Timer>;
    type Job = Either<A::Job, B::Job>;
    type Record = Either<A::Record, B::Record>;
    type Event = Either<A::Event, B::Event>;

    fn boot(role: &Self::Role) -> Self::Node {
        match role {
            Either::Left(role) => Either::Left(A::boot(role)),
            Either::Right(role) => Either::Right(B::boot(role)),
        }
    }
}

impl<A: System, B: System> Node<Pair<A, B>> for Either<A::Node, B::Node> {
    #[inline]
    fn handle<E: Env<Pair<A, B>>>(&mut self, input: Input<Pair<A, B>>, env: &mut E) {
        match self {
            Either::Left(node) => node.handle(left(input), &mut Left { env, of: PhantomData }),
            Either::Right(node) => node.handle(right(input), &mut Right { env, of: PhantomData }),
        }
    }
}

/// What both halves do alike: unwrap an input, and be an environment within that of the pair.
macro_rules! half {
    ($half:ident, $unwrap:ident, $own:ident, $side:literal) => {
        fn $unwrap<A: System, B: System>(input: Input<Pair<A, B>>) -> Input<$own> {
            match input {
                Input::Start => Input::Start,
                Input::Message { from, address, message } => {
                    Input::Message { from, address, message: own(message.$unwrap()) }
                }
                Input::Opened { connection, from, label } => Input::Opened { connection, from, label },
                Input::Received { connection, message } => {
                    Input::Received { connection, message: own(message.$unwrap()) }
                }
                Input::Closed { connection, how } => Input::Closed { connection, how },
                Input::Timer { timer, payload } => Input::Timer { timer, payload: own(payload.$unwrap()) },
                Input::Disk { token, result } => Input::Disk { token, result },
                Input::Job { actor, job } => Input::Job { actor, job: own(job.$unwrap()) },
            }
        }

        #[doc = concat!("The environment of a node of the ", $side, " system within that of a pair.")]
        pub struct $half<'a, A, B, E> {
            env: &'a mut E,
            of: PhantomData<(A, B)>,
        }

        impl<A: System, B: System, E: Env<Pair<A, B>>> Env<$own> for $half<'_, A, B, E> {
            fn me(&self) -> NodeId {
                self.env.me()
            }
            fn incarnation(&self) -> u32 {
                self.env.incarnation()
            }
            fn address(&self) -> Address {
                self.env.address()
            }
            fn monotonic(&self) -> Nanos {
                self.env.monotonic()
            }
            fn wall(&self) -> Nanos {
                self.env.wall()
            }
            fn send(&mut self, to: Target, message: <$own as System>::Message) {
                self.env.send(to, Either::$half(message));
            }
            fn open(&mut self, to: Target, label: u64) -> ConnectionId {
                self.env.open(to, label)
            }
            fn write(&mut self, connection: ConnectionId, message: <$own as System>::Message) {
                self.env.write(connection, Either::$half(message));
            }
            fn close(&mut self, connection: ConnectionId) {
                self.env.close(connection);
            }
            fn abort(&mut self, connection: ConnectionId) {
                self.env.abort(connection);
            }
            fn set_timer(&mut self, after: Nanos, payload: <$own as System>::Timer) -> TimerId {
                self.env.set_timer(after, Either::$half(payload))
            }
            fn cancel_timer(&mut self, timer: TimerId) -> bool {
                self.env.cancel_timer(timer)
            }
            fn submit(&mut self, actor: ActorId, service: Nanos, job: <$own as System>::Job) {
                self.env.submit(actor, service, Either::$half(job));
            }
            fn backlog(&self, actor: ActorId) -> usize {
                self.env.backlog(actor)
            }
            fn disk(&mut self, operation: DiskOp<<$own as System>::Record>, notice: Option<u64>) {
                self.env.disk(operation.map(Either::$half), notice);
            }
            fn append_all(&mut self, file: FileName, records: &mut Vec<<$own as System>::Record>) {
                let mut wrapped = records.drain(..).map(Either::$half).collect();
                self.env.append_all(file, &mut wrapped);
            }
            fn file_len(&self, file: FileName) -> Option<u64> {
                self.env.file_len(file)
            }
            fn record(&self, file: FileName, index: u64) -> Result<&<$own as System>::Record, DiskError> {
                Ok(own(self.env.record(file, index)?.as_ref().$unwrap()))
            }
            fn files(&self) -> Vec<FileName> {
                self.env.files()
            }
            fn stream(&self, purpose: Purpose, identity: u64) -> Stream {
                self.env.stream(purpose, identity)
            }
            fn draw(&mut self, stream: &mut Stream) -> u64 {
                self.env.draw(stream)
            }
            fn emit(&mut self, event: <$own as System>::Event) {
                self.env.emit(Either::$half(event));
            }
        }
    };
}

half!(Left, left, A, "first");
half!(Right, right, B, "second");

fn own<T>(half: Option<T>) -> T {
    half.expect("SIMULATOR BUG: a node of one system met something of the other system")
}
