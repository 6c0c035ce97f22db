//! What can be wrong with an exported log, where, and what to do about it.

use crate::protocol::{Intent, ValueType};

/// A log that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}; {}", problem.way_out())]
pub struct LogError {
    /// The file, as the caller named it.
    pub file: String,
    /// The line in it, from 1; in a gzip file, the line of what it holds.
    pub line: usize,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a line, or with its place among the others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is no record at all.
    #[error("the log is empty")]
    Empty,
    /// The gzip stream is cut off or damaged.
    #[error("the gzip stream cannot be read on: {message}")]
    Gzip {
        /// What its reader says.
        message: String,
    },
    /// Bytes that are no text.
    #[error("column {column}: no UTF-8")]
    NoText {
        /// The byte, from 1.
        column: usize,
    },
    /// No JSON.
    #[error("column {column}: broken JSON: {message}")]
    Json {
        /// The byte, from 1.
        column: usize,
        /// What its reader says.
        message: String,
    },
    /// JSON, but no record: an unknown, missing or repeated member, or one of another type.
    #[error("column {column}: {message}")]
    Member {
        /// The byte, from 1, at which it is certain: after the member, or at the object's end.
        column: usize,
        /// What its reader says.
        message: String,
    },
    /// A value that the model does not have.
    #[error("unknown valueType `{found}`")]
    ValueType {
        /// Its name.
        found: String,
    },
    /// An intent that its value's type does not have.
    #[error("unknown intent `{found}` of a {}", value_type.name())]
    Intent {
        /// The type of the value.
        value_type: ValueType,
        /// The intent's name.
        found: String,
    },
    /// Partitions are counted from 1.
    #[error("a record of partition 0")]
    NoPartition,
    /// A record of another log.
    #[error("a record of partition {found} among those of partition {expected}")]
    TwoPartitions {
        /// The partition of the first line.
        expected: u16,
        /// That of this one.
        found: u16,
    },
    /// A gap, a repetition, or a log that does not begin at 1.
    #[error("expected position {expected}, found {found}")]
    Position {
        /// One more than the line before, or 1.
        expected: i64,
        /// What the line says.
        found: i64,
    },
}

impl Problem {
    /// What the user can do about it.
    #[must_use]
    pub fn way_out(&self) -> String {
        const AGAIN: &str = "export the partition again";
        match self {
            Problem::Empty => "name a file that an exporter wrote, one record a line".into(),
            Problem::Gzip { .. } => "copy the file again, or unpack what is left of it with `gzip -dc`".into(),
            Problem::NoText { .. } => format!("the file is damaged: {AGAIN}"),
            Problem::Json { .. } => format!("each line must be one whole JSON object: mend the line, or {AGAIN}"),
            Problem::Member { .. } => {
                "lines must be as the exporters of 0.24 to 0.26 write them: mend the line, or leave out this log".into()
            }
            Problem::ValueType { .. } => {
                let names: Vec<_> = ValueType::ALL.iter().map(|value_type| value_type.name()).collect();
                format!("supported are {}", names.join(", "))
            }
            Problem::Intent { value_type, .. } => format!("it can be {}", Intent::names(*value_type).join(", ")),
            Problem::NoPartition => format!("partitions are counted from 1: {AGAIN}"),
            Problem::TwoPartitions { .. } => "give each partition a file of its own".into(),
            Problem::Position { expected: 1, .. } => {
                format!("a replay needs the log from its first record: {AGAIN}, before it is compacted")
            }
            Problem::Position { expected, found } if found < expected => {
                "records must be sorted by position, each once: sort the lines and drop the repeated ones".into()
            }
            Problem::Position { .. } => format!("records are missing: {AGAIN}"),
        }
    }
}
