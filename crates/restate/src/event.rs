//! What the model tells the trace, in the words of the runtime.

use crate::invocation::{InvocationId, Key};
use kernel::system::Traced;
use kernel::words;

/// Something that happened in a process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The ingress took a request.
    Ingress(InvocationId, Key),
    /// A command was proposed to a partition.
    Proposed(u16, InvocationId),
    /// A partition committed a transaction of so many changes.
    Committed(u16, u32),
    /// A row was added to an outbox.
    Outbox(u16, u64),
    /// A shuffle sent a row to a partition.
    Shuffled(u16, u16, u64),
    /// A row was new to the partition it arrived at.
    Accepted(u16, u16, u64),
    /// A row had arrived before and was skipped.
    Duplicate(u16, u16, u64),
    /// A call found its key held and waits.
    Inbox(InvocationId, Key),
    /// A call found its key free: it holds it now.
    Locked(InvocationId, Key),
    /// An attempt began: at this endpoint.
    Invoked(InvocationId, Key, u32),
    /// A journal entry was stored.
    Journaled(InvocationId, u32),
    /// An entry was completed.
    Completed(InvocationId, u32),
    /// An invocation waits without running.
    Suspended(InvocationId, Key),
    /// It runs again.
    Resumed(InvocationId, Key),
    /// A suspension came after the completion it waits for: resumed at once.
    ResumedAtOnce(InvocationId, Key),
    /// An invocation ended and gave up its key.
    Ended(InvocationId, Key),
    /// An attempt failed and will be repeated.
    AttemptFailed(InvocationId, u32),
    /// Something came for an invocation that is no longer there.
    Ignored(InvocationId),
    /// A sleep was over.
    Slept(InvocationId, u32),
    /// A pod of a job was made.
    Pod(u16, u32),
    /// A pod printed an answer: job, pod, whether it was an execute, whether it was good.
    Answer(u16, u32, bool, bool),
    /// A job is over: whether it succeeded.
    JobOver(u16, bool),
    /// The node came back with so many invocations to go on with.
    Recovered(u64),
    /// The node's disk failed it, and its process ended.
    Exited,
}

impl Traced for Event {
    words! {
        Event::Ingress(..) => "ingress",
        Event::Proposed(..) => "proposal",
        Event::Committed(..) => "commit",
        Event::Outbox(..) => "outbox",
        Event::Shuffled(..) => "shuffle",
        Event::Accepted(..) => "dedup-new",
        Event::Duplicate(..) => "dedup-duplicate",
        Event::Inbox(..) => "inbox",
        Event::Locked(..) => "lock",
        Event::Invoked(..) => "invoke",
        Event::Journaled(..) => "journal",
        Event::Completed(..) => "completion",
        Event::Suspended(..) => "suspended",
        Event::Resumed(..) => "resumed",
        Event::ResumedAtOnce(..) => "resumed-at-once",
        Event::Ended(..) => "ended",
        Event::AttemptFailed(..) => "attempt-failed",
        Event::Ignored(_) => "ignored",
        Event::Slept(..) => "slept",
        Event::Pod(..) => "pod",
        Event::Answer(..) => "answer",
        Event::JobOver(..) => "job-over",
        Event::Recovered(_) => "recovered",
        Event::Exited => "exited",
    }

    fn data(&self) -> [u64; 3] {
        match self {
            Event::Ingress(id, key)
            | Event::Inbox(id, key)
            | Event::Locked(id, key)
            | Event::Suspended(id, key)
            | Event::Resumed(id, key)
            | Event::ResumedAtOnce(id, key)
            | Event::Ended(id, key) => [id.identity, key.word(), 0],
            Event::Invoked(id, key, endpoint) => [id.identity, key.word(), u64::from(*endpoint)],
            Event::Proposed(partition, id) => [u64::from(*partition), id.identity, 0],
            Event::Committed(partition, changes) => [u64::from(*partition), u64::from(*changes), 0],
            Event::Outbox(partition, seq) => [u64::from(*partition), *seq, 0],
            Event::Shuffled(from, to, seq) | Event::Accepted(from, to, seq) | Event::Duplicate(from, to, seq) => {
                [u64::from(*from), u64::from(*to), *seq]
            }
            Event::Journaled(id, index) | Event::Completed(id, index) | Event::Slept(id, index) => {
                [id.identity, u64::from(*index), 0]
            }
            Event::AttemptFailed(id, attempt) => [id.identity, u64::from(*attempt), 0],
            Event::Ignored(id) => [id.identity, 0, 0],
            Event::Pod(job, pod) => [u64::from(*job), u64::from(*pod), 0],
            Event::Answer(job, pod, executes, good) => {
                [u64::from(*job), u64::from(*pod), u64::from(*executes) << 1 | u64::from(*good)]
            }
            Event::JobOver(job, good) => [u64::from(*job), u64::from(*good), 0],
            Event::Recovered(count) => [*count, 0, 0],
            Event::Exited => [0; 3],
        }
    }
}
