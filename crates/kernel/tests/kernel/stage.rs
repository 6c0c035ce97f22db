//! A stage for tests of single faults: puppets do what their script says at its times; everything seen is written down.

use relapse_kernel::budget::Budget;
use relapse_kernel::control::{Command, Effect};
use relapse_kernel::dice::Purpose;
use relapse_kernel::disk::{DiskProfile, Unsynced};
use relapse_kernel::event::{Event, Observer, What};
use relapse_kernel::identity::*;
use relapse_kernel::network::LinkProfile;
use relapse_kernel::system::*;
use relapse_kernel::world::World;
use std::collections::BTreeMap;

pub const WAL: FileName = FileName { kind: "wal", number: 0 };
pub const OTHER: FileName = FileName { kind: "other", number: 0 };
pub const A: NodeId = NodeId(0);
pub const B: NodeId = NodeId(1);
/// How long a connection waits before it gives up.
pub const GIVE_UP: Nanos = 60 * SECONDS;

#[derive(Clone, Copy, Debug)]
pub struct Puppets;

/// A number with a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(pub u64, pub u64);

impl Traced for Value {
    fn name(&self) -> &'static str {
        "value"
    }
    fn data(&self) -> [u64; 3] {
        [self.0, self.1, 0]
    }
}

impl Payload for Value {
    fn bytes(&self) -> u64 {
        self.1
    }
}

#[derive(Clone, Debug, Hash)]
pub enum Act {
    Send(Target, u64, u64),
    Open(Target, u64),
    Write(u64, u64),
    Close(u64),
    Abort(u64),
    Append(FileName, Value),
    AppendAll(FileName, Vec<Value>),
    Put(FileName, u64, Value),
    Truncate(FileName, u64),
    Rename(FileName, FileName),
    Delete(FileName),
    Sync(FileName, u64),
    Noticed(Box<Act>, u64),
    Submit(u16, Nanos, u64),
    Timer(Nanos, u64),
    Cancel(u64),
    Draw(u64),
    Monotonic,
    Wall,
}

/// What each incarnation does, and when after its start.
pub type Script = Vec<(u32, Nanos, Act)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Said {
    Drew(u64),
    Cancelled(bool),
}

impl Traced for Said {
    fn name(&self) -> &'static str {
        match self {
            Said::Drew(_) => "drew",
            Said::Cancelled(_) => "cancelled",
        }
    }
    fn data(&self) -> [u64; 3] {
        match *self {
            Said::Drew(value) => [value, 0, 0],
            Said::Cancelled(pending) => [pending.into(), 0, 0],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alarm {
    Line(usize),
    Rings(u64),
}

impl Traced for Alarm {
    fn name(&self) -> &'static str {
        match self {
            Alarm::Line(_) => "line",
            Alarm::Rings(_) => "rings",
        }
    }
    fn data(&self) -> [u64; 3] {
        match *self {
            Alarm::Line(line) => [line as u64, 0, 0],
            Alarm::Rings(value) => [value, 0, 0],
        }
    }
}

#[derive(Clone, Debug, Hash, PartialEq)]
pub struct Task(pub u64);

impl Traced for Task {
    fn name(&self) -> &'static str {
        "task"
    }
    fn data(&self) -> [u64; 3] {
        [self.0, 0, 0]
    }
}

#[derive(Clone, Debug, Default)]
pub struct Puppet {
    script: Script,
    connections: BTreeMap<u64, ConnectionId>,
    timers: BTreeMap<u64, TimerId>,
}

impl System for Puppets {
    type Node = Puppet;
    type Role = Script;
    type Message = Value;
    type Timer = Alarm;
    type Job = Task;
    type Record = Value;
    type Event = Said;

    fn boot(role: &Script) -> Puppet {
        Puppet { script: role.clone(), ..Puppet::default() }
    }
}

impl Node<Puppets> for Puppet {
    fn handle<E: Env<Puppets>>(&mut self, input: Input<Puppets>, env: &mut E) {
        match input {
            Input::Start => {
                for (line, (incarnation, after, _)) in self.script.iter().enumerate() {
                    if *incarnation == env.incarnation() {
                        env.set_timer(*after, Alarm::Line(line));
                    }
                }
            }
            Input::Timer { payload: Alarm::Line(line), .. } => self.act(self.script[line].2.clone(), None, env),
            Input::Opened { connection, label, .. } => {
                self.connections.insert(label, connection);
            }
            _ => {}
        }
    }
}

impl Puppet {
    fn act<E: Env<Puppets>>(&mut self, act: Act, notice: Option<u64>, env: &mut E) {
        match act {
            Act::Send(to, value, bytes) => env.send(to, Value(value, bytes)),
            Act::Open(to, label) => {
                self.connections.insert(label, env.open(to, label));
            }
            Act::Write(label, value) => env.write(self.connections[&label], Value(value, 0)),
            Act::Close(label) => env.close(self.connections[&label]),
            Act::Abort(label) => env.abort(self.connections[&label]),
            Act::Append(file, value) => env.disk(DiskOp::Append(file, value), notice),
            Act::AppendAll(file, mut values) => {
                env.append_all(file, &mut values);
                assert!(values.is_empty());
            }
            Act::Put(file, index, value) => env.disk(DiskOp::Write(file, index, value), notice),
            Act::Truncate(file, len) => env.disk(DiskOp::Truncate(file, len), notice),
            Act::Rename(from, to) => env.disk(DiskOp::Rename(from, to), notice),
            Act::Delete(file) => env.disk(DiskOp::Delete(file), notice),
            Act::Sync(file, token) => env.disk(DiskOp::Sync(file), Some(token)),
            Act::Noticed(act, token) => self.act(*act, Some(token), env),
            Act::Submit(actor, service, task) => env.submit(ActorId(actor), service, Task(task)),
            Act::Timer(after, value) => {
                self.timers.insert(value, env.set_timer(after, Alarm::Rings(value)));
            }
            Act::Cancel(value) => {
                let pending = env.cancel_timer(self.timers[&value]);
                env.emit(Said::Cancelled(pending));
            }
            Act::Draw(identity) => {
                let mut stream = env.stream(Purpose::new("puppet"), identity);
                let value = env.draw(&mut stream);
                env.emit(Said::Drew(value));
            }
            Act::Monotonic => env.emit(Said::Drew(env.monotonic())),
            Act::Wall => env.emit(Said::Drew(env.wall())),
        }
    }
}

/// One event, as tests look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: Nanos,
    pub node: NodeId,
    pub incarnation: u32,
    pub name: &'static str,
    pub data: [u64; 3],
}

/// An observer that writes everything down.
#[derive(Clone, Debug, Default)]
pub struct Seen(pub Vec<Line>);

impl<S: System> Observer<S> for Seen {
    fn on_event(&mut self, event: &Event<'_, S>, _: &World<S>) {
        let Event { at, node, incarnation, .. } = *event;
        let mut data = event.data();
        // The numbers of connections are not part of what happened.
        match event.what {
            What::Input(Input::Closed { how, .. }) => data = [*how as u64, 0, 0],
            What::Input(Input::Opened { label, .. }) => data = [*label, 0, 0],
            _ => {}
        }
        self.0.push(Line { at, node, incarnation, name: event.name(), data });
    }
}

/// A stage that is being set.
pub struct Stage {
    pub scripts: Vec<Script>,
    pub link: LinkProfile,
    pub disk: DiskProfile,
    pub seed: u64,
}

/// A play that runs.
#[derive(Clone)]
pub struct Play {
    pub world: World<Puppets>,
    pub seen: Seen,
}

impl Stage {
    pub fn new(nodes: usize) -> Self {
        let sync = latency::Latency::constant(MILLIS);
        let disk = DiskProfile { sync, write: latency::Latency::constant(MICROS), ..DiskProfile::default() };
        Stage { scripts: vec![Script::new(); nodes], link: LinkProfile::default(), disk, seed: 1 }
    }

    /// The first process of a node does this at a time.
    pub fn act(self, node: NodeId, at: Nanos, act: Act) -> Self {
        self.again(node, 1, at, act)
    }

    /// A later process does it so long after its start.
    pub fn again(mut self, node: NodeId, incarnation: u32, after: Nanos, act: Act) -> Self {
        self.scripts[usize::from(node.0)].push((incarnation, after, act));
        self
    }

    pub fn link(mut self, change: impl FnOnce(&mut LinkProfile)) -> Self {
        change(&mut self.link);
        self
    }

    pub fn disk(mut self, change: impl FnOnce(&mut DiskProfile)) -> Self {
        change(&mut self.disk);
        self
    }

    pub fn play(self) -> Play {
        let link = self.link;
        let mut builder = relapse_kernel::builder::Builder::new(self.seed).links(move |_, _| link);
        for script in self.scripts {
            builder.node(script, self.disk);
        }
        Play { world: builder.build(), seen: Seen::default() }
    }
}

impl Play {
    /// Everything due by then happens.
    pub fn until(&mut self, at: Nanos) -> &mut Self {
        self.world.wake_at(at, u64::MAX);
        self.world.run(Budget::until(at), &mut self.seen);
        self
    }

    /// Everything that can happen does.
    pub fn finish(&mut self) -> &mut Self {
        self.world.run(Budget::UNLIMITED, &mut self.seen);
        self
    }

    /// A command, after everything else that happens at that time.
    pub fn at(&mut self, at: Nanos, command: Command) -> Effect {
        self.until(at);
        self.world.control(command, &mut self.seen)
    }

    pub fn kill(&mut self, at: Nanos, node: NodeId, unsynced: Unsynced) -> Effect {
        self.at(at, Command::Kill { node, unsynced, dark: false })
    }

    pub fn darken(&mut self, at: Nanos, node: NodeId) -> Effect {
        self.at(at, Command::Kill { node, unsynced: Unsynced::Lose, dark: true })
    }

    pub fn start(&mut self, at: Nanos, node: NodeId) -> Effect {
        self.at(at, Command::Start { node, readdress: false })
    }

    /// When a node saw something of that name, and its first number.
    pub fn seen(&self, node: NodeId, name: &str) -> Vec<(Nanos, u64)> {
        let lines = self.seen.0.iter().filter(|line| line.node == node && line.name == name);
        lines.map(|line| (line.at, line.data[0])).collect()
    }

    /// The first numbers only.
    pub fn values(&self, node: NodeId, name: &str) -> Vec<u64> {
        self.seen(node, name).into_iter().map(|(_, value)| value).collect()
    }

    /// How a node's connections ended, and when.
    pub fn closed(&self, node: NodeId) -> Vec<(Nanos, u64)> {
        self.seen(node, "closed")
    }

    /// The whole records of a file.
    pub fn records(&self, node: NodeId, file: FileName) -> Vec<u64> {
        let disk = self.world.disk(node);
        let len = disk.file(file).map_or(0, |file| file.records().len());
        (0..len).filter_map(|index| disk.record(file, index).ok()).map(|value| value.0).collect()
    }
}

pub use relapse_kernel::latency;
pub const LATENCY: Nanos = 100 * MICROS;
pub const FINISHED: u64 = Ended::Finished as u64;
pub const RESET: u64 = Ended::Reset as u64;
pub const TIMED_OUT: u64 = Ended::TimedOut as u64;

/// A opens a connection to B at 0 and writes 1, 2 and so on at these times.
pub fn writes(at: &[Nanos]) -> Stage {
    let mut stage = Stage::new(2).act(A, 0, Act::Open(Target::Node(B), 1));
    for (at, value) in at.iter().zip(1..) {
        stage = stage.act(A, *at, Act::Write(1, value));
    }
    stage
}
