//! Relapse: a deterministic in-process cluster simulator that replays rare failures of replicated systems from a seed.
//!
//! This room is the binary's: scenario files, the registry of systems, hosts, the command line. Only here may madsim,
//! tokio or clap be named, and only here does anything talk to the machine.

pub mod bench;
pub mod bundle;
pub mod cli;
pub mod host;
pub mod look;
pub mod proof;
pub mod registry;
pub mod render;
pub mod scenario;
pub mod shrink;
pub mod systems;
