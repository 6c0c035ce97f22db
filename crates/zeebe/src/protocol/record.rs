//! One record of a log.

use super::intent::{Intent, ValueType};
use super::open_enum::open_enum;
use super::text::Text;
use super::value::Value;
use serde::{Deserialize, Serialize};

/// The source of a record that no record brought about.
pub const NO_POSITION: i64 = -1;
/// The key of a command that has none yet.
pub const NO_KEY: i64 = -1;

/// What kind of record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecordType {
    /// Something that happened.
    Event,
    /// Something that shall happen.
    Command,
    /// A command that was refused.
    CommandRejection,
}

impl RecordType {
    /// Its name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            RecordType::Event => "EVENT",
            RecordType::Command => "COMMAND",
            RecordType::CommandRejection => "COMMAND_REJECTION",
        }
    }
}

open_enum! {
    /// Why a command was refused.
    RejectionType {
        /// The command itself is wrong.
        InvalidArgument = "INVALID_ARGUMENT",
        /// What it is about is not there.
        NotFound = "NOT_FOUND",
        /// What it would make is there already.
        AlreadyExists = "ALREADY_EXISTS",
        /// What it is about is in another state.
        InvalidState = "INVALID_STATE",
        /// The processor failed.
        ProcessingError = "PROCESSING_ERROR",
    }
}

/// A refusal, with its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rejection {
    /// Why.
    pub kind: RejectionType,
    /// The text for the client.
    pub reason: Text,
}

/// Which client waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestId {
    /// The gateway, and its process.
    pub stream: u64,
    /// The number of its request.
    pub request: u64,
}

/// A record of a log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// Its place, from 1, without gaps.
    pub position: i64,
    /// The record whose processing wrote it, or `NO_POSITION`.
    pub source: i64,
    /// What it is about, or `NO_KEY`.
    pub key: i64,
    /// When it was written, in milliseconds of the writer's wall clock.
    pub timestamp: i64,
    /// Command, event or rejection.
    pub kind: RecordType,
    /// What happened or shall happen; it names the value's type too.
    pub intent: Intent,
    /// For rejections, why.
    pub rejection: Option<Rejection>,
    /// The particulars.
    pub value: Value,
    /// Who waits for an answer to this command. Not part of the exporter's form.
    pub request: Option<RequestId>,
}

impl Record {
    /// The type of its value.
    #[must_use]
    pub const fn value_type(&self) -> ValueType {
        self.intent.value_type()
    }
}
