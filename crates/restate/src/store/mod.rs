//! The store: tables, the operations on them, and the write-ahead log that makes them durable.

pub mod op;
pub mod tables;
pub mod wal;

pub use op::{Op, Outgoing};
pub use tables::{Instance, Status, Tables};
