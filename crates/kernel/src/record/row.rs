//! One event as 64 bytes.

use crate::event::{Event, What};
use crate::identity::{Nanos, NodeId};
use crate::record::names::{Names, WORDS_MAX};
use crate::system::System;
use std::io::{self, ErrorKind, Read};

/// One event, as far as a row shows it: of what it carries the name and three words that the model chose. What is left out
/// can differ between two rows that look alike; it is in the hash if the model's own `Hash` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub id: u64,
    /// Virtual time.
    pub at: Nanos,
    /// The event that caused it; 0 for none.
    pub parent: u64,
    /// What `Event::data` says.
    pub data: [u64; 3],
    /// 64 bits of the run's digest after it. Runs that are equal up to here have equal ones. Runs that differ in one word
    /// only have different ones; those that differ in more may by chance have equal ones (one in 2^64, as far as the
    /// mixing is as good as random, which is not proven: it is no cryptographic hash).
    pub hash: u64,
    /// Which process of that identity.
    pub incarnation: u32,
    /// Where.
    pub node: NodeId,
    /// Kind and number of the name.
    word: u16,
}

const _: () = assert!(size_of::<Row>() == Row::BYTES && WORDS_MAX == 1 << (16 - 2));

/// What kind of event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A node was given an input.
    Input,
    /// A node said something.
    Emitted,
    /// Something happened to what was in flight.
    Note,
    /// Somebody outside changed the world.
    Control,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Input, Kind::Emitted, Kind::Note, Kind::Control];

    /// Of an event.
    pub const fn of<S: System>(what: &What<'_, S>) -> Self {
        match what {
            What::Input(_) => Kind::Input,
            What::Emitted(_) => Kind::Emitted,
            What::Note(_) => Kind::Note,
            What::Control(_) => Kind::Control,
        }
    }

    /// A word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Input => "input",
            Kind::Emitted => "emitted",
            Kind::Note => "note",
            Kind::Control => "control",
        }
    }
}

impl Row {
    /// Width of a row.
    pub const BYTES: usize = 64;

    #[inline]
    pub(crate) fn new<S: System>(event: &Event<'_, S>, name: u16, hash: u64) -> Self {
        Row {
            id: event.id,
            at: event.at,
            parent: event.parent,
            data: event.data(),
            hash,
            incarnation: event.incarnation,
            node: event.node,
            word: name << 2 | Kind::of(&event.what) as u16,
        }
    }

    /// What kind of event it is.
    pub const fn kind(&self) -> Kind {
        Kind::ALL[(self.word & 3) as usize]
    }

    /// Its name by the names of its own recording. Those of another recording give a wrong word, or none.
    pub fn name<'a>(&self, names: &'a Names) -> &'a str {
        names.words().get(usize::from(self.word >> 2)).copied().unwrap_or("")
    }

    /// The row as bytes.
    pub fn to_bytes(&self) -> [u8; Row::BYTES] {
        let [first, second, third] = self.data;
        let last = u64::from(self.incarnation) | u64::from(self.node.0) << 32 | u64::from(self.word) << 48;
        let mut bytes = [0; Row::BYTES];
        for (place, word) in
            bytes.chunks_exact_mut(8).zip([self.id, self.at, self.parent, first, second, third, self.hash, last])
        {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// The row of such bytes.
    pub fn from_bytes(bytes: &[u8; Row::BYTES]) -> Self {
        let mut words = [0; Row::BYTES / 8];
        for (word, place) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*place);
        }
        let [id, at, parent, first, second, third, hash, last] = words;
        Row {
            id,
            at,
            parent,
            data: [first, second, third],
            hash,
            incarnation: last as u32,
            node: NodeId((last >> 32) as u16),
            word: (last >> 48) as u16,
        }
    }
}

/// Reads back rows that a recorder has sent to its sink, to the end. Nothing is checked but the length: bytes that were
/// damaged, or never were rows, come out as rows.
///
/// # Errors
/// It cannot be read, or ends within a row.
pub fn read(mut from: impl Read, mut take: impl FnMut(&Row)) -> io::Result<()> {
    let mut bytes = [0; Row::BYTES];
    loop {
        let mut filled = 0;
        while filled < Row::BYTES {
            match from.read(&mut bytes[filled..]) {
                Ok(0) if filled == 0 => return Ok(()),
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        take(&Row::from_bytes(&bytes));
    }
}
