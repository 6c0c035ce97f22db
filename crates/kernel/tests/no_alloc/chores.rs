//! Two processes that do one chore of the kernel over and over: whatever is not a datagram.

use relapse_kernel::builder::Builder;
use relapse_kernel::disk::DiskProfile;
use relapse_kernel::identity::{ActorId, ConnectionId, FileName, MICROS, MILLIS, NodeId, SECONDS, TimerId};
use relapse_kernel::network::LinkProfile;
use relapse_kernel::system::{DiskOp, Ended, Env, Input, Node, System, Target};

const FILE: FileName = FileName { kind: "log", number: 0 };
const OTHER: NodeId = NodeId(1);
/// Records that a log may have before it is cut; it stays within one segment.
const LEN_MAX: u64 = 200;

/// What is done, each time that a timer rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chore {
    /// A connection is opened, asked on, answered, and closed or (each fourth) aborted.
    Open,
    /// One connection is asked on, over and over.
    Write,
    /// Three jobs for one actor, so that two wait.
    Jobs,
    /// One timer is set anew before it rings, another one rings.
    Timers,
    /// A record is appended, one in place is written over, and both are synced.
    Overwrite,
    /// A record is appended and synced; a long log is cut to a few records.
    AppendAndCut,
    /// Three records, each with its sync, and the log is cut while they are underway.
    Overlap,
}

impl Chore {
    pub const ALL: [Chore; 7] =
        [Chore::Open, Chore::Write, Chore::Jobs, Chore::Timers, Chore::Overwrite, Chore::AppendAndCut, Chore::Overlap];
}

#[derive(Clone, Copy, Debug)]
pub struct Chores;

/// A process.
#[derive(Clone, Debug)]
pub struct Worker {
    chore: Chore,
    connection: Option<ConnectionId>,
    opened: u64,
    timer: Option<TimerId>,
    /// How often the chore came to its end.
    pub done: u64,
}

impl System for Chores {
    type Node = Worker;
    type Role = Chore;
    type Message = ();
    type Timer = ();
    type Job = ();
    type Record = ();
    type Event = ();

    fn boot(chore: &Chore) -> Worker {
        Worker { chore: *chore, connection: None, opened: 0, timer: None, done: 0 }
    }
}

impl Node<Chores> for Worker {
    fn handle<E: Env<Chores>>(&mut self, input: Input<Chores>, env: &mut E) {
        let asked = env.me() == OTHER;
        match input {
            Input::Start if asked => {}
            Input::Start => {
                if self.chore == Chore::Write {
                    self.connection = Some(env.open(Target::Node(OTHER), 0));
                }
                self.act(env);
            }
            Input::Timer { .. } => self.act(env),
            Input::Received { connection, .. } if asked => env.write(connection, ()),
            Input::Received { connection, .. } => {
                self.done += 1;
                match self.chore {
                    Chore::Write => {}
                    _ if self.done.is_multiple_of(4) => env.abort(connection),
                    _ => env.close(connection),
                }
                env.set_timer(MILLIS, ());
            }
            Input::Closed { connection, how: Ended::Finished } if asked => env.close(connection),
            Input::Job { .. } => {
                self.done += 1;
                if self.done.is_multiple_of(3) {
                    env.set_timer(MILLIS, ());
                }
            }
            Input::Disk { result, .. } => {
                assert_eq!(result, Ok(()));
                self.done += 1;
                if self.chore != Chore::Overlap {
                    self.act(env);
                }
            }
            _ => {}
        }
    }
}

impl Worker {
    fn act<E: Env<Chores>>(&mut self, env: &mut E) {
        match self.chore {
            Chore::Open => {
                self.opened += 1;
                let connection = env.open(Target::Node(OTHER), self.opened);
                env.write(connection, ());
            }
            Chore::Write => env.write(self.connection.expect("it was opened"), ()),
            Chore::Jobs => (0..3).for_each(|_| env.submit(ActorId(0), 10 * MICROS, ())),
            Chore::Timers => {
                self.done += u64::from(self.timer.take().is_some_and(|timer| env.cancel_timer(timer)));
                self.timer = Some(env.set_timer(SECONDS, ()));
                env.set_timer(MILLIS, ());
            }
            Chore::Overwrite => {
                self.append(env);
                env.disk(DiskOp::Write(FILE, 0, ()), None);
                env.disk(DiskOp::Sync(FILE), Some(0));
            }
            Chore::AppendAndCut => {
                self.append(env);
                env.disk(DiskOp::Sync(FILE), Some(0));
            }
            Chore::Overlap => {
                for _ in 0..3 {
                    env.disk(DiskOp::Append(FILE, ()), None);
                    env.disk(DiskOp::Sync(FILE), Some(0));
                }
                self.cut(env);
                env.set_timer(5 * MILLIS, ());
            }
        }
    }

    fn append<E: Env<Chores>>(&self, env: &mut E) {
        self.cut(env);
        env.disk(DiskOp::Append(FILE, ()), None);
    }

    fn cut<E: Env<Chores>>(&self, env: &mut E) {
        if env.file_len(FILE).is_some_and(|len| len >= LEN_MAX) {
            env.disk(DiskOp::Truncate(FILE, 3), None);
        }
    }
}

/// A world where the first of two processes does a chore.
pub fn builder(chore: Chore) -> Builder<Chores> {
    let mut builder = Builder::new(1).links(|_, _| LinkProfile::default());
    let sync = relapse_kernel::latency::Latency::constant(MILLIS);
    for _ in 0..2 {
        builder.node(chore, DiskProfile { sync, ..DiskProfile::default() });
    }
    builder
}
