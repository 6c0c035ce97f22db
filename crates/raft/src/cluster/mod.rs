//! A cluster of one group: members with a small application each, as a system of the kernel.
//!
//! The application appends numbered items while its member is the announced leader, takes a snapshot now and then, drops
//! what that covers, and sends the snapshot to some of the others, as Zeebe's brokers do; the others get it by install, if
//! they need it. Simplified: a snapshot is one record.

mod process;
mod wires;

pub use process::Process;
pub use wires::Wires;

use crate::entry::{Content, Record as Kept, Snapshot};
use crate::event::Event;
use crate::host;
use crate::message;
use crate::settings::Settings;
use kernel::builder::Builder;
use kernel::disk::DiskProfile;
use kernel::identity::{FileName, MICROS, MILLIS, SECONDS};
use kernel::latency::Latency;
use kernel::network::LinkProfile;
use kernel::system::{Env, Input, Node, Payload, System, Traced};
use kernel::words;
use std::sync::Arc;

/// The system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cluster;

/// What is replicated: a numbered item of some size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Item {
    /// Its position.
    pub number: u64,
    /// The process that made it: node and incarnation. What tells items of one number apart.
    pub made_by: u64,
    /// Bytes.
    pub bytes: u32,
}

impl Content for Item {
    /// The highest position that it covers.
    type Snapshot = u64;

    fn bytes(&self) -> u64 {
        u64::from(self.bytes)
    }
}

/// What the application does. Durations are nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Workload {
    /// Time from one item to the next.
    pub item_every: Latency,
    /// One item in so many is as large as a batch.
    pub large_in: u64,
    /// Time from one snapshot of a leader to the next.
    pub snapshot_every: Latency,
    /// In how many pieces a snapshot is installed.
    pub chunks: u32,
}

impl Default for Workload {
    /// Some eight items a second, a snapshot every 5 to 15 seconds.
    fn default() -> Self {
        Workload {
            item_every: Latency::uniform(10 * MILLIS, 240 * MILLIS).unwrap_or(Latency::constant(100 * MILLIS)),
            large_in: 4,
            snapshot_every: Latency::uniform(5 * SECONDS, 15 * SECONDS).unwrap_or(Latency::constant(10 * SECONDS)),
            chunks: 3,
        }
    }
}

/// What a process is started as.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Start {
    /// Members are the nodes from 0 on.
    pub members: u16,
    /// Of all members.
    pub settings: Arc<Settings>,
    /// Of the application.
    pub workload: Arc<Workload>,
}

impl Start {
    /// A world's parts: the members, and links of 0.2 to 5 ms.
    pub fn builder(&self, seed: u64) -> Builder<Cluster> {
        let quantiles = [200 * MICROS, 400 * MICROS, 800 * MICROS, 2 * MILLIS, 5 * MILLIS];
        let latency = Latency::quantiles(quantiles).unwrap_or(Latency::constant(500 * MICROS));
        let mut builder = Builder::new(seed).links(move |_, _| LinkProfile { latency, ..LinkProfile::default() });
        for _ in 0..self.members {
            builder.node(self.clone(), DiskProfile::default());
        }
        builder
    }
}

/// What members' processes say to each other.
#[derive(Clone, Debug, Hash)]
pub enum Message {
    /// From member to member.
    Raft(message::Message<Item>),
    /// A snapshot, from application to application.
    Snapshot(Snapshot<Item>),
}

/// What a timer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// The member's.
    Raft(host::Timer),
    /// Time for an item, of the n-th leadership of this process.
    Item(u32),
    /// Time for a snapshot, of the n-th leadership of this process.
    Snapshot(u32),
}

/// What is on a disk.
#[derive(Clone, Debug, Hash)]
pub enum Record {
    /// The member's.
    Raft(Kept<Item>),
    /// The newest snapshot.
    Snapshot(Snapshot<Item>),
}

/// Where the snapshot is.
pub const SNAPSHOT: FileName = FileName { kind: "snapshot", number: 0 };

impl System for Cluster {
    type Node = Process;
    type Role = Start;
    type Message = Message;
    type Timer = Timer;
    type Job = ();
    type Record = Record;
    type Event = Event;

    fn boot(role: &Start) -> Process {
        Process::new(role.clone())
    }
}

impl Node<Cluster> for Process {
    fn handle<E: Env<Cluster>>(&mut self, input: Input<Cluster>, env: &mut E) {
        self.on_input(input, env);
    }
}

impl Traced for Message {
    words! {
        Message::Raft(message) => (message in message::Message<Item>),
        Message::Snapshot(_) => "snapshot",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Message::Raft(message) => message.data(),
            Message::Snapshot(snapshot) => [snapshot.index, snapshot.term, snapshot.data],
        }
    }
}

impl Payload for Message {
    fn bytes(&self) -> u64 {
        match self {
            Message::Raft(message) => message.bytes(),
            Message::Snapshot(snapshot) => snapshot.chunk_bytes * u64::from(snapshot.chunks),
        }
    }
}

impl Traced for Timer {
    words! {
        Timer::Raft(timer) => (timer in host::Timer),
        Timer::Item(_) => "item-due",
        Timer::Snapshot(_) => "snapshot-due",
    }
}

impl Traced for Record {
    fn name(&self) -> &'static str {
        match self {
            Record::Raft(record) => record.name(),
            Record::Snapshot(_) => "snapshot",
        }
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Record::Raft(record) => record.data(),
            Record::Snapshot(snapshot) => [snapshot.index, snapshot.term, snapshot.data],
        }
    }
}

impl Payload for Record {
    fn bytes(&self) -> u64 {
        match self {
            Record::Raft(record) => record.bytes(),
            Record::Snapshot(snapshot) => snapshot.chunk_bytes * u64::from(snapshot.chunks),
        }
    }
}
