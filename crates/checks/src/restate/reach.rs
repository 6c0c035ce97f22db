//! Whether anything underway can still reach what waits. Silence is not quiescence: one sleep may last half a minute.
//!
//! Source: specs/restate.md 4.6 (a trap for test harnesses). Timers that only end a wait in a suspension, and the next
//! pod of a job, cannot give a held key up, so they do not count.

use crate::restate::server;
use ::restate::Restate;
use ::restate::invocation::Key;
use ::restate::message::{Command, Job, Timer};
use ::restate::node::server::Server;
use ::restate::store::Outgoing;
use kernel::system::Input;
use kernel::world::{Underway, World};

/// Whether something underway can still give up, or hand on, a key of a job.
pub fn is_reachable(world: &World<Restate>, job: u16) -> bool {
    let Some(server) = server(world) else { return true };
    let in_outbox = server.partitions.iter().any(|partition| {
        (partition.shuffle.next.max(1)..=partition.tables.outbox_seq)
            .filter_map(|seq| partition.tables.outbox_from(seq))
            .any(|(_, row)| outgoing(row) == Some(job))
    });
    in_outbox || world.underway().any(|underway| reaches(server, underway, job))
}

fn outgoing(row: &Outgoing) -> Option<u16> {
    match row {
        Outgoing::Invoke(invocation) => Some(invocation.key.job),
        Outgoing::Response { key, .. } => Some(key.job),
        Outgoing::Ingress(..) => None,
    }
}

fn reaches(server: &Server, underway: Underway<'_, Restate>, job: u16) -> bool {
    match underway {
        Underway::Input(_, Input::Job { job: work, .. }) | Underway::Job(_, work) => match work {
            Job::Command(_, _, command) => of_command(command).is_some_and(|key| key.job == job),
            // An acknowledgement moves the outbox on, which has been looked at.
            Job::Acknowledged(..) | Job::Shuffle(_) => false,
            Job::Act(..) | Job::Step(_) => true,
        },
        Underway::Timer(_, timer) | Underway::Input(_, Input::Timer { payload: timer, .. }) => match timer {
            Timer::Wake(_, key, ..) => key.job == job,
            Timer::Retry(id) => server.key_of(*id).is_none_or(|key| key.job == job),
            Timer::Inactive(..) | Timer::Suspend(..) | Timer::Pod | Timer::PodStarted => false,
        },
        Underway::Piece(_, connection, _) => server.key_of_stream(connection).is_none_or(|key| key.job == job),
        Underway::Input(_, Input::Received { connection, .. } | Input::Closed { connection, .. }) => {
            server.key_of_stream(*connection).is_none_or(|key| key.job == job)
        }
        Underway::Input(_, Input::Start) => true,
        _ => false,
    }
}

/// The key that a command is about; none for a truncation.
fn of_command(command: &Command) -> Option<Key> {
    match command {
        Command::Invoke(invocation) => Some(invocation.key),
        Command::Response { key, .. } | Command::Effect(_, key, _) => Some(*key),
        Command::Timer(_, key, ..) | Command::Kill(_, key) => Some(*key),
        Command::Truncate(_) => None,
    }
}
