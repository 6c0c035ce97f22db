//! Whether anything underway can still reach what waits. Silence is not quiescence: one sleep may last half a minute.
//!
//! Source: specs/restate.md 4.6 (a trap for test harnesses). Timers that only end a wait in a suspension, and the next
//! pod of a job, cannot give a held key up, so they do not count. A row of an outbox reaches nobody by lying there: its
//! shuffle must be at work. A shuffle that stands still with rows before it has lost its hint or its acknowledgement, and
//! that is a finding. Rows before `shuffle.next` are delivered and wait for their truncation only. An answer for a client
//! counts: the client goes on with a verification. What cannot be told to be of another job counts as well.

use crate::restate::{rows, server};
use ::restate::Restate;
use ::restate::invocation::Key;
use ::restate::message::{Command, Job, Origin, Timer};
use ::restate::node::partition::Partition;
use ::restate::node::server::Server;
use kernel::system::Input;
use kernel::world::{Underway, World};

/// Whether something underway can still give up, or hand on, a key of a job.
pub fn is_reachable(world: &World<Restate>, job: u16) -> bool {
    let Some(server) = server(world) else { return true };
    let at_work = |number| world.underway().any(|underway| drives(underway, number));
    server.partitions.iter().any(|partition| is_sending(partition, job, at_work))
        || world.underway().any(|underway| reaches(server, underway, job))
}

/// Whether something underway may set in motion what nothing reaches: the end of a fault (a wake-up of the kernel's), a
/// process that starts, a connection that is given up, a stream of the job that has been idle (closing it shows that the
/// other side is gone), a handler that suspends (which looks once more for what it waits for). None of them ends a ring.
pub fn is_unsettled(world: &World<Restate>, job: u16) -> bool {
    let Some(server) = server(world) else { return true };
    world.underway().any(|underway| unsettles(server, underway, job))
}

fn unsettles(server: &Server, underway: Underway<'_, Restate>, job: u16) -> bool {
    match underway {
        Underway::Kernel | Underway::Input(_, Input::Start) => true,
        Underway::Timer(_, timer) | Underway::Input(_, Input::Timer { payload: timer, .. }) => match timer {
            Timer::Inactive(id, _) => server.key_of(*id).is_some_and(|key| key.job == job),
            // It does not say of whom.
            Timer::Suspend(..) => true,
            Timer::Wake(..) | Timer::Retry(_) | Timer::Pod | Timer::PodStarted => false,
        },
        _ => false,
    }
}

/// Whether a row of the job has yet to leave an outbox, and will.
fn is_sending(partition: &Partition, job: u16, at_work: impl Fn(u16) -> bool) -> bool {
    rows::outbox(&partition.tables, partition.shuffle.next, job).next().is_some() && at_work(partition.number)
}

/// Whether it moves the shuffle of a partition on.
fn drives(underway: Underway<'_, Restate>, partition: u16) -> bool {
    let (Underway::Input(_, Input::Job { job, .. }) | Underway::Job(_, job)) = underway else { return false };
    match job {
        Job::Shuffle(of) | Job::Acknowledged(of, _) | Job::Command(_, Origin::Shuffle(of, _), _) => *of == partition,
        _ => false,
    }
}

fn reaches(server: &Server, underway: Underway<'_, Restate>, job: u16) -> bool {
    let is_of = |connection| server.key_of_stream(connection).is_none_or(|key| key.job == job);
    match underway {
        Underway::Input(_, Input::Job { job: work, .. }) | Underway::Job(_, work) => match work {
            Job::Command(_, _, command) => of_command(command).is_some_and(|key| key.job == job),
            // They move outboxes, which are looked at by themselves.
            Job::Acknowledged(..) | Job::Shuffle(_) => false,
            Job::Act(..) | Job::Step(_) => true,
        },
        Underway::Timer(_, timer) | Underway::Input(_, Input::Timer { payload: timer, .. }) => match timer {
            Timer::Wake(_, key, ..) => key.job == job,
            Timer::Retry(id) => server.key_of(*id).is_none_or(|key| key.job == job),
            Timer::Inactive(..) | Timer::Suspend(..) | Timer::Pod | Timer::PodStarted => false,
        },
        Underway::Piece(_, connection, _) => is_of(connection),
        Underway::Input(
            _,
            Input::Received { connection, .. } | Input::Closed { connection, .. } | Input::Opened { connection, .. },
        ) => is_of(*connection),
        Underway::Input(_, Input::Start) => true,
        Underway::Input(_, Input::Message { .. } | Input::Disk { .. }) | Underway::Datagram(..) | Underway::Kernel => {
            false
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restate::hand_made::{self, id, invocation, key};
    use ::restate::invocation::{InvocationId, Value};
    use ::restate::message::{Effect, Message};
    use ::restate::node::actor;
    use ::restate::store::{Op, Outgoing};
    use kernel::identity::NodeId;

    const NODE: NodeId = NodeId(0);

    fn does(work: &Job) -> bool {
        let server = hand_made::server(&[]);
        let waits = reaches(&server, Underway::Job(NODE, work), 0);
        let input = Input::Job { actor: actor::ACTUATOR, job: work.clone() };
        assert_eq!(waits, reaches(&server, Underway::Input(NODE, &input), 0), "one job, waiting or due: {work:?}");
        waits
    }

    fn fires(timer: &Timer) -> bool {
        reaches(&hand_made::server(&[]), Underway::Timer(NODE, timer), 0)
    }

    #[test]
    fn a_command_reaches_the_job_of_its_key_and_a_truncation_nobody() {
        let other = Key { job: 1, ..key(5) };
        let commands = |key: Key| {
            [
                Command::Response { id: id(5), key, index: 1, value: Value::Empty },
                Command::Effect(id(5), key, Effect::End),
                Command::Timer(9, key, id(5), 1),
                Command::Kill(id(5), key),
            ]
        };
        for (mine, others) in commands(key(5)).into_iter().zip(commands(other)) {
            assert!(does(&Job::Command(0, Origin::Own, mine.clone())), "{mine:?}");
            assert!(!does(&Job::Command(0, Origin::Own, others.clone())), "{others:?}");
        }
        assert!(does(&Job::Command(0, Origin::Own, Command::Invoke(invocation(5)))));
        assert!(!does(&Job::Command(0, Origin::Own, Command::Truncate(1))));
    }

    #[test]
    fn what_is_committed_and_what_a_handler_does_next_reaches_any_job() {
        assert!(does(&Job::Act(0, 1)) && does(&Job::Step(0)));
        assert!(!does(&Job::Shuffle(0)) && !does(&Job::Acknowledged(0, 1)), "they count by the rows before them");
    }

    #[test]
    fn a_sleep_of_the_job_reaches_it_and_what_only_ends_a_wait_does_not() {
        assert!(fires(&Timer::Wake(9, key(5), id(5), 1)));
        assert!(!fires(&Timer::Wake(9, Key { job: 1, ..key(5) }, id(5), 1)));
        assert!(fires(&Timer::Retry(id(5))), "an unknown invocation may be the job's");
        let idle = [Timer::Inactive(id(5), 1), Timer::Suspend(0, 1), Timer::Pod, Timer::PodStarted];
        assert!(!idle.iter().any(fires));
    }

    #[test]
    fn a_process_that_starts_reaches_everything_and_the_kernels_own_business_nothing() {
        let server = hand_made::server(&[]);

        assert!(reaches(&server, Underway::Input(NODE, &Input::Start), 0));
        assert!(!reaches(&server, Underway::Kernel, 0));
    }

    #[test]
    fn the_end_of_a_fault_and_what_ends_a_wait_may_set_in_motion_what_nothing_reaches() {
        let server = hand_made::server(&[Op::Invoked(invocation(5))]);
        let unsettles = |underway: Underway<'_, Restate>| unsettles(&server, underway, 0);

        assert!(unsettles(Underway::Kernel) && unsettles(Underway::Input(NODE, &Input::Start)));
        assert!(unsettles(Underway::Timer(NODE, &Timer::Suspend(0, 1))));
        // Of an invocation that the invoker does not know; of the job's own, see the runs in tests/restate.
        for timer in [Timer::Inactive(id(5), 1), Timer::Pod, Timer::PodStarted] {
            assert!(!unsettles(Underway::Timer(NODE, &timer)), "{timer:?}");
        }
        assert!(!unsettles(Underway::Job(NODE, &Job::Shuffle(0))));
    }

    /// The world of a small job, at the first moment that this is underway.
    fn when(is: impl Fn(&Underway<'_, Restate>) -> bool) -> World<Restate> {
        let tree =
            hand_made::tree(r#"{"target": 1, "commands": [{"t": "sync", "target": 2, "commands": [{"t": "inc"}]}]}"#);
        let mut world = hand_made::world(&tree);
        while !world.underway().any(|underway| is(&underway)) {
            assert!(world.step(&mut ()), "it never is");
        }
        world
    }

    /// Whether this, which is underway in a world, reaches job 0 and job 1.
    fn both(world: &World<Restate>, is: impl Fn(&Underway<'_, Restate>) -> bool) -> (bool, bool) {
        let server = server(world).expect("it is up");
        let reaches = |job| world.underway().filter(&is).all(|underway| reaches(server, underway, job));
        (reaches(0), reaches(1))
    }

    #[test]
    fn what_is_on_the_stream_of_an_attempt_reaches_the_job_of_its_key() {
        let on_stream =
            |connection, world: &World<Restate>| server(world).expect("up").key_of_stream(connection).is_some();
        let piece = |underway: &Underway<'_, Restate>| {
            matches!(underway, Underway::Piece(_, _, Some(Message::Start(_) | Message::Entry(..))))
        };

        let world = when(piece);
        assert_eq!(both(&world, piece), (true, false));

        let Some(connection) = world.underway().find_map(|underway| match underway {
            Underway::Piece(_, connection, Some(Message::Start(_))) => Some(connection),
            _ => None,
        }) else {
            panic!("it is on its way")
        };
        assert!(on_stream(connection, &world));
        let input = Input::Received { connection, message: Message::HalfClosed };
        let of = |job| reaches(server(&world).expect("up"), Underway::Input(NODE, &input), job);
        assert_eq!((of(0), of(1)), (true, false));
    }

    #[test]
    fn what_is_on_a_clients_connection_reaches_any_job() {
        let request =
            |underway: &Underway<'_, Restate>| matches!(underway, Underway::Piece(_, _, Some(Message::Request(..))));

        assert_eq!(both(&when(request), request), (true, true));
    }

    #[test]
    fn a_stream_that_has_been_idle_is_of_its_job_and_so_is_a_retry() {
        let idle = |underway: &Underway<'_, Restate>| matches!(underway, Underway::Timer(_, Timer::Inactive(..)));
        let world = when(idle);
        let server = server(&world).expect("it is up");
        let unsettles = |job| world.underway().filter(idle).any(|underway| unsettles(server, underway, job));
        assert_eq!((unsettles(0), unsettles(1)), (true, false));

        let Some(id) = world.underway().find_map(|underway| match underway {
            Underway::Timer(_, Timer::Inactive(id, _)) => Some(*id),
            _ => None,
        }) else {
            panic!("it is set")
        };
        let retry = |job| reaches(server, Underway::Timer(NODE, &Timer::Retry(id)), job);
        assert_eq!((retry(0), retry(1)), (true, false));
    }

    #[test]
    fn where_no_server_is_everything_may_come() {
        let mut world = when(|underway| matches!(underway, Underway::Timer(_, Timer::Inactive(..))));
        while world.step(&mut ()) {
            let over = world.underway().all(|underway| matches!(underway, Underway::Timer(_, Timer::Pod)));
            if over {
                break;
            }
        }
        let still = || (is_reachable(&world, 0), is_unsettled(&world, 0));
        assert_eq!(still(), (false, false));

        let kill = kernel::control::Command::Kill { node: NODE, unsynced: kernel::disk::Unsynced::Keep, dark: false };
        world.control(kill, &mut ());
        assert_eq!((is_reachable(&world, 0), is_unsettled(&world, 0)), (true, true));
    }

    fn sends(row: Outgoing, next: u64, work: Option<&Job>) -> bool {
        let mut server = hand_made::server(&[Op::Sent(row)]);
        server.partitions[0].shuffle.next = next;
        is_sending(&server.partitions[0], 0, |number| {
            work.is_some_and(|work| drives(Underway::Job(NODE, work), number))
        })
    }

    #[test]
    fn a_row_is_sent_as_long_as_its_shuffle_is_at_work() {
        let row = || Outgoing::Invoke(invocation(5));
        let own = Job::Command(7, Origin::Shuffle(0, 1), Command::Invoke(invocation(5)));
        for work in [Job::Shuffle(0), Job::Acknowledged(0, 1), own] {
            assert!(sends(row(), 0, Some(&work)), "{work:?}");
            assert!(!sends(row(), 2, Some(&work)), "it is delivered, and waits for its truncation: {work:?}");
        }
        let others = Job::Command(0, Origin::Shuffle(7, 1), Command::Invoke(invocation(5)));
        for work in [Job::Shuffle(7), Job::Acknowledged(7, 1), others] {
            assert!(!sends(row(), 0, Some(&work)), "{work:?}");
        }
        assert!(!sends(row(), 0, None), "a shuffle that stands still sends nothing");
    }

    #[test]
    fn an_answer_for_a_client_is_sent_and_a_row_of_another_job_is_not_this_jobs() {
        let shuffle = Some(&Job::Shuffle(0));
        let of = |job| {
            let key = Key { job, ..key(5) };
            Outgoing::Response { id: InvocationId { identity: 5, created_ms: 0 }, key, index: 1, value: Value::Empty }
        };

        assert!(sends(Outgoing::Ingress(id(5), Value::Empty), 0, shuffle));
        assert!(sends(of(0), 0, shuffle));
        assert!(!sends(of(1), 0, shuffle));
    }
}
