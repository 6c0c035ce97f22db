//! Logs as an exporter writes them: one record a line, as JSON.
//!
//! Kept: every member of a line. Left out: `brokerVersion`, which 0.26 adds, is read over and never written; who waits for
//! an answer is not in the exporter's form. Members are written in one fixed order; upstream's order differs between runs
//! of its JVM, so lines are compared by their structure.
//!
//! A reader trusts nothing: a line with a member that it does not know, a gap or a second partition is an error that
//! names its place, because a model held against half of a log would be held against nothing.
//!
//= camunda/zeebe@0.24.4:protocol-impl/src/main/java/io/zeebe/protocol/impl/record/CopiedRecord.java (toJson)

mod error;
mod file;
mod line;

pub use error::{LogError, Problem};
pub use file::LogFile;
pub use line::{read_line, write_line};
