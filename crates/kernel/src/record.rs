//! The recorder: the events of a run as fixed-width rows, in memory up to a bound and then in a sink.
//!
//! Sweeps do without it; a run that is worth looking at is repeated with it. It is an observer, so it changes nothing.
//! The kernel opens no file: the sink comes from outside. An error of the sink is kept and told by
//! [`Recorder::finish`], since nothing in the middle of a run could do better; what would have gone there is lost.

pub mod lines;
pub mod names;
pub mod row;

use crate::event::{Event, Observer};
use crate::record::names::Names;
use crate::record::row::Row;
use crate::system::System;
use crate::world::World;
use std::io::{self, Write};
use std::ops::Range;

/// Rows of one piece of memory: 256 KiB.
const PIECE: usize = 4096;
/// Rows in memory at most: 64 MiB.
pub const RESIDENT_MAX: usize = (64 << 20) / Row::BYTES;
/// Rows in memory where all of them go to the sink anyway: 1 MiB, which stays in the processor's cache.
const RESIDENT_LINES: usize = (1 << 20) / Row::BYTES;

/// What the sink gets.
#[derive(Clone, Debug)]
enum Form {
    /// Rows as bytes, if memory does not hold all of them.
    Rows,
    /// JSON lines of all rows. The words are what the nodes are to people, by number.
    Lines(Vec<String>),
}

/// Keeps the events of a run.
#[derive(Debug)]
pub struct Recorder<W: Write> {
    sink: W,
    form: Form,
    /// Numbers of the events that are kept.
    first: u64,
    count: u64,
    names: Names,
    /// The piece that is being filled; those that are full; those that were.
    piece: Vec<Row>,
    full: Vec<Vec<Row>>,
    empty: Vec<Vec<Row>>,
    resident_max: usize,
    spilled: u64,
    error: Option<io::Error>,
    finished: bool,
}

/// A recording: first the rows that the sink got, then those in memory.
#[derive(Debug)]
pub struct Recording {
    /// Rows that the sink got.
    pub spilled: u64,
    /// The rows that memory still holds.
    pub rows: Vec<Row>,
    /// What the words of the rows are.
    pub names: Names,
}

impl<W: Write> Recorder<W> {
    /// Keeps rows. What memory does not hold goes to the sink as bytes; see [`row::read`].
    pub fn rows(sink: W) -> Self {
        Recorder::new(sink, Form::Rows)
    }

    /// Writes the rows to the sink as JSON lines, many at a time. `roles` says what the nodes are, by number; where it
    /// says nothing, the lines do not either.
    pub fn lines(sink: W, roles: Vec<String>) -> Self {
        Recorder::new(sink, Form::Lines(roles)).resident_max(RESIDENT_LINES)
    }

    fn new(sink: W, form: Form) -> Self {
        Recorder {
            sink,
            form,
            first: 0,
            count: u64::MAX,
            names: Names::default(),
            piece: Vec::new(),
            full: Vec::new(),
            empty: Vec::new(),
            resident_max: RESIDENT_MAX,
            spilled: 0,
            error: None,
            finished: false,
        }
    }

    /// Keeps the events with these numbers only.
    pub fn window(mut self, ids: Range<u64>) -> Self {
        (self.first, self.count) = (ids.start, ids.end.saturating_sub(ids.start));
        self
    }

    /// Holds fewer rows in memory: so many, in whole pieces of 4,096, at least one piece and at most [`RESIDENT_MAX`].
    pub fn resident_max(mut self, rows: usize) -> Self {
        self.resident_max = (rows / PIECE * PIECE).clamp(PIECE, RESIDENT_MAX);
        self
    }

    /// Makes room for a row: takes another piece of memory, or sends what there is to the sink.
    #[cold]
    #[inline(never)]
    fn turn(&mut self) {
        if self.piece.capacity() > 0 {
            self.full.push(std::mem::take(&mut self.piece));
        }
        if self.full.len() * PIECE >= self.resident_max {
            self.spill();
        }
        self.piece = self.empty.pop().unwrap_or_else(|| Vec::with_capacity(PIECE));
    }

    /// Sends all rows in memory to the sink.
    fn spill(&mut self) {
        if !self.piece.is_empty() {
            self.full.push(std::mem::take(&mut self.piece));
        }
        let mut text = Vec::new();
        for mut piece in self.full.drain(..) {
            if self.error.is_none() {
                text.clear();
                match &self.form {
                    Form::Rows => piece.iter().for_each(|row| text.extend_from_slice(&row.to_bytes())),
                    Form::Lines(roles) => {
                        piece.iter().for_each(|row| lines::write_line(row, &self.names, roles, &mut text));
                    }
                }
                match self.sink.write_all(&text) {
                    Ok(()) => self.spilled += piece.len() as u64,
                    Err(error) => self.error = Some(error),
                }
            }
            piece.clear();
            self.empty.push(piece);
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.finished = true;
        if matches!(self.form, Form::Lines(_)) {
            self.spill();
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.sink.flush(),
        }
    }

    /// Ends the recording. As lines, all rows are with the sink then.
    ///
    /// # Errors
    /// The first thing that went wrong with the sink. Nothing has been written after it.
    pub fn finish(mut self) -> io::Result<Recording> {
        self.end()?;
        let mut rows: Vec<Row> = Vec::with_capacity(self.full.len() * PIECE + self.piece.len());
        // Piece by piece: both copies of all rows at a time would be twice the bound.
        for piece in self.full.drain(..) {
            rows.extend(piece);
        }
        rows.append(&mut self.piece);
        Ok(Recording { spilled: self.spilled, rows, names: std::mem::take(&mut self.names) })
    }
}

impl<S: System, W: Write> Observer<S> for Recorder<W> {
    #[inline]
    fn on_event(&mut self, event: &Event<'_, S>, world: &World<S>) {
        if event.id.wrapping_sub(self.first) >= self.count {
            return;
        }
        if self.piece.len() == self.piece.capacity() {
            self.turn();
        }
        let name = self.names.index(event.name());
        self.piece.push(Row::new(event, name, world.lane()));
    }
}

/// A run that panics has its trace cut short, not lost. Nobody can be told of an error then.
impl<W: Write> Drop for Recorder<W> {
    fn drop(&mut self) {
        if !self.finished {
            let _ = self.end();
        }
    }
}
