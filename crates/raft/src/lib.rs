//! One member of a Raft group as a pure state machine, in the manner of Zeebe 0.24.4's fork of Atomix.
//!
//! A [`member::Member`] is fed by the process it lives in (start, messages, timers, notices of the disk, entries) and acts
//! through its [`host::Host`] alone. A process holds one member per group. What it says to its host leaves it in order,
//! and only when what it rests on is on the disk as far as upstream waits for that ([`gate`]).
//!
//! Kept: polls before votes, leadership that is announced when the first entry of the term is committed, configure
//! requests, two appends underway, batches, back-off, requests that time out, step-down without a quorum, installs,
//! compaction by segments, the inactive role after an uncaught error and how a configure request revives it. Left out:
//! members that come and go, passive and promotable members, leadership transfer, linearizable reads (Zeebe has none).
//!
//! **Invariants, as absences.** Nothing here knows a fault, a check or a scenario. No host time, entropy, thread or I/O.

#![forbid(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]

pub mod cluster;
pub mod entry;
pub mod event;
pub mod gate;
pub mod host;
pub mod log;
pub mod member;
pub mod message;
pub mod settings;

pub use entry::{Body, Content, Entry, Positions, Record, Snapshot};
pub use event::Event;
pub use host::{Gap, Host, Outcome, Role, Timer};
pub use member::Member;
pub use message::Message;
pub use settings::{Flush, Mutation, Settings, Toggles};
