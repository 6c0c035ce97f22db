//! A toy for tests: a token goes round a ring of members, over connections, and no kill may lose or double it.
//!
//! Each hop has a number. A member that gets the token writes the number to its disk, and says so to the sender only
//! after a sync; then it works for a while (an actor with a service time, part of which is drawn) and passes the token
//! on. Who has not been told that the token arrived sends it again, over a new connection if need be; who gets a number
//! that it has already taken only answers. A restarted member finds on its disk what it has taken and what is passed.
//! It survives kills of processes and machines; not a lying or a damaged disk.

use crate::builder::Builder;
use crate::dice::{Purpose, below};
use crate::disk::{DiskError, DiskProfile};
use crate::identity::{ActorId, ConnectionId, FileName, MILLIS, Nanos, NodeId, mix};
use crate::system::{DiskOp, Env, Input, Node, Payload, System, Target, Traced};
use crate::words;

/// Where a member keeps its hops.
pub const HOPS: FileName = FileName { kind: "hops", number: 0 };
const WORKER: ActorId = ActorId(0);
const WORK: Purpose = Purpose::new("token-ring-work");

/// The system of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenRing;

/// A member: the ring are the nodes `first..first + members`, and the first one makes the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    /// The first member.
    pub first: u16,
    /// Their number.
    pub members: u16,
    /// How long a member works at least; up to half of it more is drawn.
    pub work: Nanos,
    /// How long it waits to be told that the token arrived before it sends it again.
    pub retry_after: Nanos,
    /// The last hop.
    pub hops: u64,
}

/// What members say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// The token, on its n-th hop.
    Token(u64),
    /// The n-th hop is on the receiver's disk.
    Taken(u64),
}

/// What is on a member's disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// It took the token on its n-th hop.
    Took(u64),
    /// The next member has it on that hop.
    Passed(u64),
}

/// Time to send the token again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Retry(pub u64);

/// The work between taking a token and passing it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Work(pub u64);

/// What a member tells the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The n-th hop is durable here, at this wall time.
    Took(u64, Nanos),
    /// A restarted member found the token of this hop on its disk.
    Recovered(u64),
    /// The disk failed; the member stops.
    Stuck(DiskError),
}

/// A member's volatile state.
#[derive(Clone, Debug)]
pub struct Member {
    role: Role,
    /// The last hop that it took, durable or about to be.
    taken: u64,
    /// The last hop that is durable.
    durable: u64,
    /// The hop that the next member has to take.
    passing: Option<u64>,
    out: Option<ConnectionId>,
    opened: u64,
    /// Who waits to be told of the hop that is being written.
    asker: Option<ConnectionId>,
}

impl Default for Role {
    /// Three members from node 0 on, a millisecond of work, no end.
    fn default() -> Self {
        Role { first: 0, members: 3, work: MILLIS, retry_after: 100 * MILLIS, hops: u64::MAX }
    }
}

impl Role {
    /// A world's parts: the members of a ring that starts at node 0.
    pub fn builder(self, seed: u64) -> Builder<TokenRing> {
        let mut builder = Builder::new(seed);
        for _ in 0..self.members {
            builder.node(self, DiskProfile::default());
        }
        builder
    }
}

impl System for TokenRing {
    type Node = Member;
    type Role = Role;
    type Message = Message;
    type Timer = Retry;
    type Job = Work;
    type Record = Record;
    type Event = Event;

    fn boot(role: &Role) -> Member {
        Member { role: *role, taken: 0, durable: 0, passing: None, out: None, opened: 0, asker: None }
    }
}

impl Node<TokenRing> for Member {
    fn handle<E: Env<TokenRing>>(&mut self, input: Input<TokenRing>, env: &mut E) {
        match input {
            Input::Start => self.start(env),
            Input::Received { connection, message: Message::Token(hop) } => self.on_token(hop, Some(connection), env),
            Input::Received { message: Message::Taken(hop), .. } if self.passing == Some(hop) => {
                self.passing = None;
                env.disk(DiskOp::Append(HOPS, Record::Passed(hop)), None);
            }
            Input::Disk { token, result } => self.on_disk(token, result, env),
            Input::Job { job: Work(hop), .. } => self.pass_on(hop + 1, env),
            Input::Timer { payload: Retry(hop), .. } if self.passing == Some(hop) => self.pass_on(hop, env),
            Input::Closed { connection, .. } if self.out == Some(connection) => self.out = None,
            _ => {}
        }
    }
}

impl Member {
    /// The last hop that is durable here.
    pub fn durable(&self) -> u64 {
        self.durable
    }

    fn start<E: Env<TokenRing>>(&mut self, env: &mut E) {
        let mut passed = 0;
        for index in 0..env.file_len(HOPS).unwrap_or(0) {
            match env.record(HOPS, index) {
                Ok(Record::Took(hop)) => self.taken = *hop,
                Ok(Record::Passed(hop)) => passed = *hop,
                // A torn record was never synced, so nobody has been told of it.
                Err(_) => {
                    env.disk(DiskOp::Truncate(HOPS, index), None);
                    break;
                }
            }
        }
        if self.taken == 0 && env.me().0 == self.role.first {
            self.on_token(1, None, env);
        } else if self.taken > 0 {
            env.emit(Event::Recovered(self.taken));
            // What a former process wrote may not be durable yet: a sync before anybody is told.
            env.disk(DiskOp::Sync(HOPS), Some(self.taken));
            if passed == self.taken + 1 {
                self.durable = self.taken;
            }
        }
    }

    fn on_token<E: Env<TokenRing>>(&mut self, hop: u64, asker: Option<ConnectionId>, env: &mut E) {
        if hop <= self.durable {
            if let Some(asker) = asker {
                env.write(asker, Message::Taken(hop));
            }
            return;
        }
        self.asker = asker;
        if hop > self.taken {
            self.taken = hop;
            env.disk(DiskOp::Append(HOPS, Record::Took(hop)), None);
            env.disk(DiskOp::Sync(HOPS), Some(hop));
        }
    }

    fn on_disk<E: Env<TokenRing>>(&mut self, hop: u64, result: Result<(), DiskError>, env: &mut E) {
        if let Err(error) = result {
            env.emit(Event::Stuck(error));
            return;
        }
        if hop <= self.durable {
            return;
        }
        self.durable = hop;
        env.emit(Event::Took(hop, env.wall()));
        if let Some(asker) = self.asker.take() {
            env.write(asker, Message::Taken(hop));
        }
        if hop < self.role.hops {
            let mut stream = env.stream(WORK, mix(u64::from(env.me().0), hop));
            let extra = below(env.draw(&mut stream), self.role.work / 2);
            env.submit(WORKER, self.role.work + extra, Work(hop));
        }
    }

    fn pass_on<E: Env<TokenRing>>(&mut self, hop: u64, env: &mut E) {
        let Role { first, members, retry_after, .. } = self.role;
        self.passing = Some(hop);
        let next = NodeId(first + (env.me().0 - first + 1) % members);
        if next == env.me() {
            self.passing = None;
            self.on_token(hop, None, env);
            return;
        }
        let out = match self.out {
            Some(out) => out,
            None => {
                self.opened += 1;
                let label = u64::from(env.incarnation()) << 32 | self.opened;
                env.open(Target::Node(next), label)
            }
        };
        self.out = Some(out);
        env.write(out, Message::Token(hop));
        env.set_timer(retry_after, Retry(hop));
    }
}

impl Traced for Message {
    words! {
        Message::Token(_) => "token",
        Message::Taken(_) => "taken",
    }

    fn data(&self) -> [u64; 3] {
        let (Message::Token(hop) | Message::Taken(hop)) = self;
        [*hop, 0, 0]
    }
}

impl Payload for Message {
    fn bytes(&self) -> u64 {
        9
    }
}

impl Traced for Record {
    fn name(&self) -> &'static str {
        match self {
            Record::Took(_) => "took",
            Record::Passed(_) => "passed",
        }
    }
}

impl Payload for Record {
    fn bytes(&self) -> u64 {
        9
    }
}

impl Traced for Retry {
    words! { Retry(_) => "retry" }
}

impl Traced for Work {
    words! { Work(_) => "work" }
}

impl Traced for Event {
    words! {
        Event::Took(..) => "took",
        Event::Recovered(_) => "recovered",
        Event::Stuck(_) => "stuck",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Event::Took(hop, wall) => [*hop, *wall, 0],
            Event::Recovered(hop) => [*hop, 0, 0],
            Event::Stuck(error) => [*error as u64, 0, 0],
        }
    }
}
