//! The randomised verification workload: a call tree drawn from a job name, and what is known about it before it runs.
//!
//! Kept: tree generation to the last bit (so that a historic job is replayed from its name), both generator rules,
//! the expected counters in upstream's order, the static lock order, and the routing keys of its service instances.
//! Simplified: parameters are unsigned, because no job ever used a negative width, depth or sleep.
//! Left out: the failing commands, awakeables and promises of the successors of 2024 (other programs, not this one).
//!
//! | module | answers |
//! |---|---|
//! | [`prng`] | which number comes next for this seed? |
//! | [`tree`] | what does the tree look like in memory, and what is it called? |
//! | [`builder`] | how does a tree come into being, call by call? |
//! | [`generator`] | which tree belongs to this job? |
//! | [`counters`] | what must every counter be in the end? |
//! | [`lock_order`] | which keys could wait for each other in a ring? |
//! | [`json`] | how is a tree written to a file and read back? |
//! | [`key`] | which partition owns a service instance? |

pub mod builder;
pub mod counters;
pub mod generator;
pub mod json;
mod json_place;
pub mod key;
pub mod lock_order;
pub mod prng;
pub mod tree;

pub use builder::{BuildError, TreeBuilder};
pub use counters::expected_counters;
pub use generator::{GenerateError, Rule, generate, generate_counting_draws};
pub use json::{JsonError, ParsedTree, Warning};
pub use key::{Service, ServiceKeys, partition_of};
pub use lock_order::static_cycles;
pub use prng::Seedrandom;
pub use tree::{Call, CallIndex, Command, Params, Stats, Tree, Visit};
