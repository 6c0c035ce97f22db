//! Makes a tree call by call, in depth-first order, within bounds.
//!
//! Whoever opens a call knows how many commands it has, so its run of the arena is reserved before anything below it
//! exists. That makes the arena the same whether a tree is drawn or read.

use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

use super::tree::{Call, CallIndex, Command, Params, Tree};

/// Far above the largest tree of any documented job (3,086), far below what fills memory.
pub const INVOCATIONS_MAX: u32 = 1_000_000;
/// A parent link names a command by 16 bits.
pub const COMMANDS_PER_CALL_MAX: usize = u16::MAX as usize;
/// A list that makes no calls needs a bound as well. In a random tree more than half of the commands make one.
pub const COMMANDS_MAX: usize = 4 * INVOCATIONS_MAX as usize;

/// Why a tree cannot be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// Too many calls.
    #[error("the tree has more than {limit} invocations: lower width or depth")]
    TooManyInvocations {
        /// [`INVOCATIONS_MAX`], or what the caller asked for.
        limit: u32,
    },
    /// Too many commands in one call.
    #[error("a call has {count} commands, above {limit}: lower the width or split the list")]
    TooManyCommandsInCall {
        /// What was asked for.
        count: usize,
        /// [`COMMANDS_PER_CALL_MAX`].
        limit: usize,
    },
    /// Too many commands in all calls together.
    #[error("the tree has more than {limit} commands: lower width or depth")]
    TooManyCommands {
        /// [`COMMANDS_MAX`].
        limit: usize,
    },
}

/// A tree in the making.
#[derive(Clone, Debug)]
pub struct TreeBuilder {
    calls: Vec<Call>,
    commands: Vec<Command>,
    invocations_max: u32,
}

impl Default for TreeBuilder {
    fn default() -> Self {
        Self::new(INVOCATIONS_MAX)
    }
}

impl TreeBuilder {
    /// An empty tree that refuses to grow beyond `invocations_max`.
    #[must_use]
    pub fn new(invocations_max: u32) -> Self {
        Self { calls: Vec::new(), commands: Vec::new(), invocations_max }
    }

    /// Opens the next call in depth-first order with room for `count` commands; each must be [`set`](Self::set).
    ///
    /// # Errors
    ///
    /// If the tree grows beyond its bounds.
    pub fn open(
        &mut self,
        target: i32,
        parent: Option<(CallIndex, u16)>,
        count: usize,
    ) -> Result<CallIndex, BuildError> {
        if self.calls.len() >= self.invocations_max as usize {
            return Err(BuildError::TooManyInvocations { limit: self.invocations_max });
        }
        if count > COMMANDS_PER_CALL_MAX {
            return Err(BuildError::TooManyCommandsInCall { count, limit: COMMANDS_PER_CALL_MAX });
        }
        let start = self.commands.len();
        let end = start + count;
        if end > COMMANDS_MAX {
            return Err(BuildError::TooManyCommands { limit: COMMANDS_MAX });
        }
        let identity = match parent {
            None => mix(0),
            Some((caller, index)) => child_identity(self.calls[caller.0 as usize].identity, index),
        };
        let call = CallIndex(self.calls.len() as u32);
        self.calls.push(Call { target, parent, commands: start as u32..end as u32, identity });
        self.commands.resize(end, Command::Increment);
        Ok(call)
    }

    /// Sets command `index` of an opened call; returns its place among the commands of all calls.
    ///
    /// # Panics
    ///
    /// If the call has no such command.
    pub fn set(&mut self, call: CallIndex, index: u16, command: Command) -> u32 {
        let range = &self.calls[call.0 as usize].commands;
        let place = range.start + u32::from(index);
        assert!(place < range.end, "SIMULATOR BUG: command {index} of a call with {} commands", range.len());
        self.commands[place as usize] = command;
        place
    }

    /// Replaces the command at a place that [`set`](Self::set) returned.
    pub fn replace(&mut self, place: u32, command: Command) {
        self.commands[place as usize] = command;
    }

    /// An opened call.
    #[must_use]
    pub fn call(&self, call: CallIndex) -> &Call {
        &self.calls[call.0 as usize]
    }

    /// The finished tree.
    ///
    /// # Panics
    ///
    /// If no call was opened.
    #[must_use]
    pub fn finish(self, params: Params) -> Tree {
        assert!(!self.calls.is_empty(), "SIMULATOR BUG: a tree without a root");
        let digest = digest(&params, &self.calls, &self.commands);
        Tree::from_parts(params, self.calls, self.commands, digest)
    }
}

/// Identity of the call at command `index` of the call with identity `caller`: a function of the path alone.
fn child_identity(caller: u64, index: u16) -> u64 {
    mix(caller.rotate_left(17) ^ (u64::from(index) + 1))
}

/// The finalizer of SplitMix64 after one step of its counter.
fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn digest(params: &Params, calls: &[Call], commands: &[Command]) -> u64 {
    let mut bytes = Vec::with_capacity(32 + params.seed.len() + 8 * (calls.len() + commands.len()));
    let mut word = |low: u32, high: u32| bytes.extend((u64::from(high) << 32 | u64::from(low)).to_le_bytes());
    word(params.width, params.depth);
    word(params.max_sleep_ms, params.seed.len() as u32);
    for call in calls {
        word(call.target as u32, call.commands.len() as u32);
    }
    for command in commands {
        // The callee follows from the order of the arena.
        match *command {
            Command::Increment => word(0, 0),
            Command::Sync { .. } => word(1, 0),
            Command::Background { .. } => word(2, 0),
            Command::Async { id, .. } => word(3, id),
            Command::Await { id } => word(4, id),
            Command::Sleep { ms } => word(5, ms),
        }
    }
    bytes.extend_from_slice(params.seed.as_bytes());
    xxh3_64(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_follows_the_path_and_not_the_position_in_the_arena() {
        let grow = |with_sibling: bool| {
            let mut builder = TreeBuilder::default();
            let root = builder.open(0, None, 2).unwrap();
            if with_sibling {
                let call = builder.open(1, Some((root, 0)), 0).unwrap();
                builder.set(root, 0, Command::Background { call });
            }
            let call = builder.open(2, Some((root, 1)), 0).unwrap();
            builder.set(root, 1, Command::Sync { call });
            (builder.finish(Params::default()), call)
        };
        let (both, second_of_both) = grow(true);
        let (one, only) = grow(false);

        assert_ne!(second_of_both, only);
        assert_eq!(both.path(second_of_both), "r.1");
        assert_eq!(both.call(second_of_both).identity, one.call(only).identity);
        assert_ne!(both, one);
        assert_ne!(both.digest(), one.digest());
    }

    #[test]
    fn bounds_hold_at_their_edge() {
        let mut builder = TreeBuilder::new(1);
        let root = builder.open(0, None, COMMANDS_PER_CALL_MAX).unwrap();
        assert_eq!(builder.open(0, Some((root, 0)), 0), Err(BuildError::TooManyInvocations { limit: 1 }));

        let count = COMMANDS_PER_CALL_MAX + 1;
        let too_many = TreeBuilder::default().open(0, None, count);
        assert_eq!(too_many, Err(BuildError::TooManyCommandsInCall { count, limit: COMMANDS_PER_CALL_MAX }));
    }
}
