//! A call tree as one flat arena: calls in depth-first order, the commands of each call in one run.
//!
//! A simulator holds many invocations of one tree and moves through it one command at a time, so a position is a pair
//! of small numbers and nothing here recurses. The arena order is a function of the tree, never of how it was made,
//! so equal trees are equal arenas.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Used when a job names no maximum, or 0.
///
//= restatedev/e2e@70a79de:services/node-services/src/verifier.ts
pub const MAX_SLEEP_MS_DEFAULT: u32 = 32_768;

/// The parameters of a job. All four are part of every service key, so jobs with different parameters share no state.
///
/// The numbers stay as they were given, because 0 and a default written out are different keys; the accessors say
/// what the generator makes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Params {
    /// Name of the job: it determines the tree.
    pub seed: String,
    /// One more than the largest number of commands per call; 0 counts as 1.
    #[serde(default)]
    pub width: u32,
    /// How many calls may be nested below the root.
    pub depth: u32,
    /// About the sum of all sleeps; 0 stands for a missing value and counts as [`MAX_SLEEP_MS_DEFAULT`].
    #[serde(default)]
    pub max_sleep_ms: u32,
}

impl Params {
    /// Width after upstream's default.
    #[must_use]
    pub fn width_effective(&self) -> u32 {
        self.width.max(1)
    }

    /// Maximum sleep after upstream's default.
    #[must_use]
    pub fn max_sleep_ms_effective(&self) -> u32 {
        if self.max_sleep_ms == 0 { MAX_SLEEP_MS_DEFAULT } else { self.max_sleep_ms }
    }
}

/// Position of a call in its tree; the root is [`CallIndex::ROOT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallIndex(pub u32);

impl CallIndex {
    /// The call that starts a tree.
    pub const ROOT: Self = Self(0);

    fn slot(self) -> usize {
        self.0 as usize
    }
}

/// One invocation of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Number of the key that the call runs on.
    pub target: i32,
    /// The caller and the index of the calling command in its list; none for the root.
    pub parent: Option<(CallIndex, u16)>,
    /// Where the commands lie in [`Tree::all_commands`].
    pub commands: Range<u32>,
    /// Hash of the path of the call. It names the call for keyed dice: when a subtree goes, arena positions behind it
    /// move, but the identities of all other calls stay, except below later siblings whose command index moves up.
    pub identity: u64,
}

/// One step of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Adds one to the counter of the key: a read and a write, not an atomic step.
    Increment,
    /// Calls and waits for the answer.
    Sync {
        /// The callee.
        call: CallIndex,
    },
    /// Calls and goes on; an [`Command::Await`] of the same list may wait for the answer later.
    Async {
        /// Name of the pending answer, unique within the list in every generated tree.
        id: u32,
        /// The callee.
        call: CallIndex,
    },
    /// Waits for a pending answer; at once if it has come.
    Await {
        /// The answer to wait for.
        id: u32,
    },
    /// Calls without an answer.
    Background {
        /// The callee.
        call: CallIndex,
    },
    /// Sleeps, with the key held.
    Sleep {
        /// How long.
        ms: u32,
    },
}

impl Command {
    /// The call that this command makes, if it makes one.
    #[must_use]
    pub fn callee(self) -> Option<CallIndex> {
        match self {
            Self::Sync { call } | Self::Async { call, .. } | Self::Background { call } => Some(call),
            Self::Increment | Self::Await { .. } | Self::Sleep { .. } => None,
        }
    }
}

/// How many of each command a tree has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each field is the count of the command of its name")]
pub struct Stats {
    pub invocations: u32,
    pub increments: u32,
    pub syncs: u32,
    pub asyncs: u32,
    pub awaits: u32,
    pub backgrounds: u32,
    pub sleeps: u32,
}

/// A step of [`Tree::visit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// A call begins; right after the command that makes it.
    Open(CallIndex),
    /// A command, with the call that it belongs to and its index there.
    Command(CallIndex, u16, Command),
    /// All commands of a call, and all below them, were visited.
    Close(CallIndex),
}

/// A call tree with the parameters of its job.
#[derive(Clone, Debug)]
pub struct Tree {
    params: Params,
    calls: Vec<Call>,
    commands: Vec<Command>,
    digest: u64,
}

impl Tree {
    /// For [`super::builder`] only, which keeps the arena in depth-first order.
    pub(super) fn from_parts(params: Params, calls: Vec<Call>, commands: Vec<Command>, digest: u64) -> Self {
        Self { params, calls, commands, digest }
    }

    /// The parameters of the job.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// All calls in depth-first order, the root first.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// One call.
    #[must_use]
    pub fn call(&self, call: CallIndex) -> &Call {
        &self.calls[call.slot()]
    }

    /// The commands of one call.
    #[must_use]
    pub fn commands(&self, call: CallIndex) -> &[Command] {
        let Range { start, end } = self.calls[call.slot()].commands;
        &self.commands[start as usize..end as usize]
    }

    /// The commands of all calls, one call after the other.
    #[must_use]
    pub fn all_commands(&self) -> &[Command] {
        &self.commands
    }

    /// A hash of the whole tree and its parameters, computed once.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The name of a call in golden files and reports: `r` for the root, `.i` for the call at command index i.
    #[must_use]
    pub fn path(&self, call: CallIndex) -> String {
        let mut indices: Vec<u16> = Vec::new();
        let mut at = call;
        while let Some((caller, index)) = self.call(at).parent {
            indices.push(index);
            at = caller;
        }
        indices.iter().rev().fold(String::from("r"), |mut path, index| {
            write!(path, ".{index}").expect("a string takes all that is written to it");
            path
        })
    }

    /// Counts per command.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = Stats { invocations: self.calls.len() as u32, ..Stats::default() };
        for command in &self.commands {
            *match command {
                Command::Increment => &mut stats.increments,
                Command::Sync { .. } => &mut stats.syncs,
                Command::Async { .. } => &mut stats.asyncs,
                Command::Await { .. } => &mut stats.awaits,
                Command::Background { .. } => &mut stats.backgrounds,
                Command::Sleep { .. } => &mut stats.sleeps,
            } += 1;
        }
        stats
    }

    /// Walks the tree depth-first, in the order in which it was drawn and is written. Needs no memory.
    #[must_use]
    pub fn visit(&self) -> Visits<'_> {
        Visits { tree: self, next: Some(Visit::Open(CallIndex::ROOT)) }
    }

    /// The text that digests are taken of: nested arrays without spaces.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut text = String::with_capacity(16 + self.commands.len() * 14);
        for visit in self.visit() {
            canonical_piece(self, visit, &mut text).expect("a string takes all that is written to it");
        }
        text
    }

    /// SHA-256 of [`Tree::canonical`] in lower-case hex.
    #[must_use]
    pub fn canonical_sha256(&self) -> String {
        Sha256::digest(self.canonical().as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a string takes all that is written to it");
            hex
        })
    }
}

impl PartialEq for Tree {
    /// Different digests settle it; equal ones are confirmed, so that no collision makes two trees one.
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
            && self.params == other.params
            && self.commands == other.commands
            && self.calls == other.calls
    }
}

impl Eq for Tree {}

impl Hash for Tree {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest);
    }
}

fn canonical_piece(tree: &Tree, visit: Visit, text: &mut String) -> std::fmt::Result {
    match visit {
        Visit::Open(CallIndex::ROOT) => write!(text, "[{},[", tree.call(CallIndex::ROOT).target),
        Visit::Open(_) => Ok(()),
        Visit::Close(_) => text.write_str("]]"),
        Visit::Command(_, index, command) => {
            if index > 0 {
                text.push(',');
            }
            match command {
                Command::Increment => text.write_str("[\"i\"]"),
                Command::Sleep { ms } => write!(text, "[\"z\",{ms}]"),
                Command::Await { id } => write!(text, "[\"w\",{id}]"),
                Command::Async { id, call } => write!(text, "[\"a\",{id},{},[", tree.call(call).target),
                Command::Sync { call } => write!(text, "[\"s\",{},[", tree.call(call).target),
                Command::Background { call } => write!(text, "[\"b\",{},[", tree.call(call).target),
            }
        }
    }
}

/// Iterator of [`Tree::visit`].
#[derive(Clone, Debug)]
pub struct Visits<'a> {
    tree: &'a Tree,
    next: Option<Visit>,
}

impl Visits<'_> {
    fn step(&self, call: CallIndex, index: usize) -> Visit {
        match self.tree.commands(call).get(index) {
            Some(command) => Visit::Command(call, index as u16, *command),
            None => Visit::Close(call),
        }
    }
}

impl Iterator for Visits<'_> {
    type Item = Visit;

    fn next(&mut self) -> Option<Visit> {
        let now = self.next?;
        self.next = match now {
            Visit::Open(call) => Some(self.step(call, 0)),
            Visit::Command(call, index, command) => match command.callee() {
                Some(callee) => Some(Visit::Open(callee)),
                None => Some(self.step(call, usize::from(index) + 1)),
            },
            Visit::Close(call) => {
                self.tree.call(call).parent.map(|(caller, index)| self.step(caller, usize::from(index) + 1))
            }
        };
        Some(now)
    }
}
