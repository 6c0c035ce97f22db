//! A run, looked into: its checkpoints, and the events of a window. What `prove` compares when two runs of one seed are
//! not one run; another process hands it over as JSON.

use std::io;
use std::ops::Range;

use kernel::CHECKPOINT;
use kernel::event::{Event, Observer};
use kernel::record::row::Row;
use kernel::record::{RESIDENT_MAX, Recorder, Recording};
use kernel::system::System;
use kernel::world::World;
use serde::{Deserialize, Serialize};

use crate::proof::Fingerprint;

/// Changes with the meaning of any field of [`Look`]. Builds that differ in it do not understand each other.
pub const FORMAT: u32 = 1;

/// What was seen of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// [`FORMAT`] of the binary that looked.
    pub format: u32,
    /// The seed.
    pub seed: u64,
    /// What came of the run.
    pub ended: Fingerprint,
    /// Events of the whole run; up to the panic, if it ended in one.
    pub events: u64,
    /// Events between two checkpoints.
    pub checkpoint_every: u64,
    /// Digests after every so many events, as 32 hexadecimal digits.
    pub checkpoints: Vec<String>,
    /// The events of the window.
    pub rows: Vec<Seen>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its number.
    pub id: u64,
    /// Virtual time in nanoseconds.
    pub at_ns: u64,
    /// Where.
    pub node: String,
    /// What that node is, if the system says.
    pub role: Option<String>,
    /// Which process of that node.
    pub incarnation: u32,
    /// Number of the event that caused it; 0 for none.
    pub parent: u64,
    /// `input`, `emitted`, `note` or `control`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Three words of it.
    pub data: [u64; 3],
    /// 64 bits of the digest after it, as 16 hexadecimal digits: they cover what the other fields leave out.
    pub hash: String,
}

/// Looks on. What it has seen outlives a run that panics.
#[derive(Debug)]
pub struct Looker {
    events: u64,
    checkpoints: Vec<u128>,
    recorder: Recorder<io::Sink>,
}

impl Looker {
    /// Keeps the events with these numbers, no more than fit into memory.
    pub fn new(window: Range<u64>) -> Self {
        let most = u64::try_from(RESIDENT_MAX).unwrap_or(u64::MAX);
        let end = window.end.min(window.start.saturating_add(most));
        Looker { events: 0, checkpoints: Vec::new(), recorder: Recorder::rows(io::sink()).window(window.start..end) }
    }

    /// What it has seen of a run that ended so.
    pub fn look(self, seed: u64, ended: Fingerprint, roles: &[String]) -> Look {
        let Recording { rows, names, .. } = self.recorder.finish().expect("nothing is written");
        let seen = |row: &Row| Seen {
            id: row.id,
            at_ns: row.at,
            node: row.node.to_string(),
            role: roles.get(usize::from(row.node.0)).cloned(),
            incarnation: row.incarnation,
            parent: row.parent,
            kind: row.kind().word().to_owned(),
            name: row.name(&names).to_owned(),
            data: row.data,
            hash: format!("{:016x}", row.hash),
        };
        Look {
            format: FORMAT,
            seed,
            ended,
            events: self.events,
            checkpoint_every: CHECKPOINT,
            checkpoints: self.checkpoints.iter().map(|digest| format!("{digest:032x}")).collect(),
            rows: rows.iter().map(seen).collect(),
        }
    }
}

impl<S: System> Observer<S> for Looker {
    fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
        self.events = event.id;
        if event.id.is_multiple_of(CHECKPOINT) {
            self.checkpoints.push(world.digest());
        }
        self.recorder.on_event(event, world);
    }
}
