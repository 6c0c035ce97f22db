//! What is invoked: service instances, invocations, arguments and answers.
//!
//= restatedev/restate@4296470d3:src/types/src/identifiers.rs (ServiceId, ServiceInvocationId)
//!
//! Simplified: an id is the caller's id and the index of the call, mixed, where upstream draws a UUIDv7; so the dice of
//! an invocation depend on its place in the call tree and on nothing else. The time part is kept for the log.

use crate::workload::{CallIndex, Service, Tree};
use kernel::identity::{MILLIS, Nanos, mix, spread};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A service instance: the unit of locking. All four parameters of a job are part of its keys, so the job stands for
/// them here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The service.
    pub service: Service,
    /// Which job of the world.
    pub job: u16,
    /// The number of an interpreter key; 0 for a verifier.
    pub target: i32,
    /// The routing key: low 32 bits of the hash of the key's bytes.
    pub hash: u32,
}

impl Key {
    /// The key as one number, for traces.
    pub fn word(self) -> u64 {
        u64::from(self.service == Service::Interpreter) << 63
            | u64::from(self.job) << 32
            | u64::from(self.target as u32)
    }
}

impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Service, job and target are the key; the routing hash follows from them. All fields are named here, as in the
        // other hashes of this crate, so that one that is added is thought of.
        let Key { service: _, job: _, target: _, hash: _ } = self;
        state.write_u64(self.word());
    }
}

/// Name of one invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvocationId {
    /// Its place among all invocations: stable, whatever else happens.
    pub identity: u64,
    /// Wall clock of its maker, in milliseconds since 1970.
    pub created_ms: u64,
}

impl InvocationId {
    /// The invocation that the call at journal index `index` of `caller` makes.
    #[inline]
    pub fn of_call(caller: u64, index: u32, wall: Nanos) -> Self {
        InvocationId { identity: mix(caller, u64::from(index)), created_ms: wall / MILLIS }
    }
}

impl fmt::Display for InvocationId {
    /// As upstream prints it: 32 hexadecimal digits of a UUIDv7.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (high, low) = (spread(self.identity), spread(self.identity ^ 0x7));
        let first = self.created_ms << 16 | 0x7000 | (high & 0x0fff);
        let second = 1 << 63 | (low >> 2);
        write!(f, "{first:016x}{second:016x}")
    }
}

/// A method of one of the two services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// `CommandVerifier.Execute`.
    Execute,
    /// `CommandVerifier.Verify`.
    VerifyAll,
    /// `CommandVerifier.Clear`.
    ClearAll,
    /// `CommandVerifier.Inspect`.
    Inspect,
    /// `CommandInterpreter.Call`.
    Call,
    /// `CommandInterpreter.BackgroundCall`.
    BackgroundCall,
    /// `CommandInterpreter.Verify`.
    Verify,
    /// `CommandInterpreter.Clear`.
    Clear,
}

impl Method {
    /// Name of the method, as in the service registry.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Execute => "Execute",
            Method::VerifyAll | Method::Verify => "Verify",
            Method::ClearAll | Method::Clear => "Clear",
            Method::Inspect => "Inspect",
            Method::Call => "Call",
            Method::BackgroundCall => "BackgroundCall",
        }
    }
}

/// What a method is called with, beside its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    /// Nothing.
    None,
    /// The commands of one call of a tree, with all that is below it.
    Commands(Arc<Tree>, CallIndex),
    /// The counter that is expected.
    Expected(u32),
}

/// What a method answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// Nothing.
    Empty,
    /// The echo of what was expected, and what there is.
    Counter {
        /// Echo of the request.
        expected: u32,
        /// The counter, 0 if there is none.
        actual: u32,
    },
    /// All counters of a job, in the order of the first increment of each.
    Counters(Arc<[(i32, u32)]>),
    /// Keys that were cleared.
    Keys(Arc<[i32]>),
    /// The root call of a job.
    Tree(Arc<Tree>),
    /// An error; terminal for the caller in June 2023.
    Failure(Arc<str>),
}

/// Who gets the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sink {
    /// A journal entry of another invocation.
    Caller {
        /// The waiting invocation.
        id: InvocationId,
        /// Its key: where to find it.
        key: Key,
        /// The index of its call.
        index: u32,
    },
    /// A client of the ingress.
    Ingress,
}

/// A call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Its name.
    pub id: InvocationId,
    /// Whom it is for.
    pub key: Key,
    /// What is called.
    pub method: Method,
    /// With what.
    pub argument: Argument,
    /// Who waits; nobody for a background call.
    pub sink: Option<Sink>,
}

impl Hash for Invocation {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Invocation { id, key, method, argument, sink } = self;
        id.hash(state);
        key.hash(state);
        state.write_u64(*method as u64 | u64::from(sink.is_some()) << 8);
        argument.hash(state);
        sink.hash(state);
    }
}

/// A call as a handler makes it, before it has a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// Whom it is for.
    pub key: Key,
    /// What is called.
    pub method: Method,
    /// With what.
    pub argument: Argument,
}
