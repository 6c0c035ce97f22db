//! Processes and actors: killed, paused, hung, slow; and that a job without service time is free.

use crate::stage::*;
use relapse_kernel::State;
use relapse_kernel::control::{Command, Effect};
use relapse_kernel::disk::Unsynced;
use relapse_kernel::identity::{MICROS, MILLIS, Nanos};
use relapse_kernel::system::Target;

fn send(value: u64) -> Act {
    Act::Send(Target::Node(B), value, 0)
}

/// A sends to B at 10, 11, 12 ms; B has a timer at 11.5 ms.
fn traffic() -> Stage {
    let mut stage = Stage::new(2).act(B, 0, Act::Timer(11_500 * MICROS, 9));
    for value in 10..13 {
        stage = stage.act(A, value * MILLIS, send(value));
    }
    stage
}

#[test]
fn a_pause_holds_inputs_and_a_resume_delivers_them_in_their_order() {
    let mut play = traffic().play();

    play.at(9 * MILLIS, Command::Pause(B));
    play.until(20 * MILLIS);
    assert_eq!(play.seen(B, "value"), []);
    let effect = play.at(20 * MILLIS, Command::Resume(B));
    play.finish();

    assert_eq!((effect.inputs, play.values(B, "value")), (4, vec![10, 11, 12]));
    let lines = play.seen.0.iter().filter(|line| line.node == B && line.at == 20 * MILLIS);
    assert_eq!(lines.map(|line| line.name).collect::<Vec<_>>(), ["value", "value", "rings", "value"]);
}

#[test]
fn a_pause_right_after_a_resume_holds_what_was_not_handled_yet() {
    let mut play = traffic().play();

    play.at(9 * MILLIS, Command::Pause(B));
    play.at(20 * MILLIS, Command::Resume(B));
    play.world.step(&mut play.seen);
    play.at(20 * MILLIS, Command::Pause(B));
    play.at(30 * MILLIS, Command::Resume(B));
    play.finish();

    assert_eq!(play.values(B, "value"), [10, 11, 12]);
}

#[test]
fn a_timer_that_fired_into_a_pause_can_still_be_cancelled() {
    let stage = Stage::new(1).act(A, 0, Act::Timer(12 * MILLIS, 9)).act(A, 11 * MILLIS, Act::Cancel(9));
    let mut play = stage.play();

    play.at(10 * MILLIS, Command::Pause(A));
    play.at(20 * MILLIS, Command::Resume(A));
    play.finish();

    assert_eq!((play.values(A, "cancelled"), play.seen(A, "rings")), (vec![1], vec![]));
}

#[test]
fn a_timer_cancelled_in_time_does_not_fire_and_one_cancelled_late_says_so() {
    for (at, rings) in [(MILLIS - 1, 0), (MILLIS + 1, 1)] {
        let mut play = Stage::new(1).act(A, 0, Act::Timer(MILLIS, 9)).act(A, at, Act::Cancel(9)).play();

        play.finish();

        assert_eq!((play.seen(A, "rings").len(), play.values(A, "cancelled")), (rings, vec![1 - rings as u64]));
    }
}

#[test]
fn a_kill_drops_timers_jobs_and_held_inputs_of_that_process_and_nothing_else() {
    let stage = traffic().act(B, 0, Act::Submit(0, 15 * MILLIS, 1)).act(B, 0, Act::Submit(0, MILLIS, 2));
    let mut play = stage.act(A, 0, Act::Timer(40 * MILLIS, 1)).play();

    play.at(10 * MILLIS, Command::Pause(B));
    let effect = play.kill(11 * MILLIS + LATENCY, B, Unsynced::Keep);
    play.start(11 * MILLIS + 2 * LATENCY, B);
    play.finish();

    // Two values held, a timer, a job in service, one waiting.
    assert_eq!((effect.processes, effect.inputs), (1, 5));
    assert_eq!((play.values(B, "value"), play.seen(B, "rings"), play.seen(B, "task")), (vec![12], vec![], vec![]));
    assert_eq!(play.values(A, "rings"), [1]);
}

#[test]
fn a_kill_drops_what_a_resume_has_released_and_nobody_has_handled() {
    let mut play = traffic().play();

    play.at(9 * MILLIS, Command::Pause(B));
    play.at(20 * MILLIS, Command::Resume(B));
    let kill = Command::Kill { node: B, unsynced: Unsynced::Keep, dark: false };
    let effect = play.world.control(kill, &mut play.seen);
    play.finish();

    assert_eq!((effect.inputs, play.values(B, "value"), play.seen(B, "undeliverable")), (4, vec![], vec![]));
}

#[test]
fn what_a_killed_process_had_sent_stays_in_flight() {
    for (at, arrives) in [(MILLIS - 1, 0), (MILLIS, 1)] {
        let mut play = Stage::new(2).act(A, MILLIS, send(5)).play();

        play.kill(at, A, Unsynced::Keep);
        play.finish();

        assert_eq!(play.values(B, "value").len(), arrives);
    }
}

#[test]
fn what_arrives_between_kill_and_start_is_gone_and_what_comes_later_is_not() {
    for (start_at, arrives) in [(10 * MILLIS + LATENCY - 1, 3), (10 * MILLIS + LATENCY, 2)] {
        let mut play = traffic().play();

        play.kill(9 * MILLIS, B, Unsynced::Keep);
        play.start(start_at, B);
        play.finish();

        assert_eq!(play.values(B, "value").len(), arrives);
        assert_eq!(play.world.incarnation(B), 2);
    }
}

#[test]
fn a_hung_process_swallows_inputs_until_it_is_killed() {
    let mut play = traffic().play();

    play.at(9 * MILLIS, Command::Hang(B));
    assert_eq!(play.at(10 * MILLIS, Command::Resume(B)), Effect::default());
    play.kill(11 * MILLIS, B, Unsynced::Keep);
    play.start(11 * MILLIS, B);
    play.finish();

    assert_eq!((play.values(B, "value"), play.seen(B, "swallowed").len()), (vec![11, 12], 1));
}

#[test]
fn commands_that_change_nothing_say_so() {
    let mut play = Stage::new(1).play();

    assert_eq!(play.start(MILLIS, A), Effect::default());
    assert_eq!(play.at(MILLIS, Command::Resume(A)), Effect::default());
    assert_eq!(play.at(MILLIS, Command::Drift(A, 0)), Effect::default());
    assert_eq!(play.at(MILLIS, Command::Freeze(A, false)), Effect::default());
    assert_eq!(play.at(MILLIS, Command::Slow(A, 0)), Effect::default());
    play.kill(MILLIS, A, Unsynced::Keep);
    assert_eq!(play.kill(MILLIS, A, Unsynced::Keep), Effect::default());
    assert!(play.darken(MILLIS, A).changed);
    assert_eq!((play.darken(MILLIS, A), play.world.state(A)), (Effect::default(), State::Dark));
}

#[test]
fn a_start_before_the_first_step_starts_one_process_only() {
    let mut play = Stage::new(1).play();

    play.world.control(Command::Start { node: A, readdress: false }, &mut play.seen);
    play.finish();

    assert_eq!((play.world.incarnation(A), play.seen(A, "start").len()), (1, 1));
}

fn tasks(service: [Nanos; 3]) -> Stage {
    let mut stage = Stage::new(1);
    for (service, task) in service.into_iter().zip(1..) {
        stage = stage.act(A, MILLIS, Act::Submit(0, service, task));
    }
    stage
}

#[test]
fn an_actor_does_one_job_after_the_other() {
    let mut play = tasks([10, 20, 30]).act(A, MILLIS, Act::Submit(1, 15, 9)).play();

    play.finish();

    let done = [(MILLIS + 10, 1), (MILLIS + 15, 9), (MILLIS + 30, 2), (MILLIS + 60, 3)];
    assert_eq!(play.seen(A, "task"), done);
}

#[test]
fn a_job_without_service_time_waits_for_the_one_before_it() {
    let mut play = tasks([10, 0, 0]).play();

    play.finish();

    assert_eq!(play.seen(A, "task"), [(MILLIS + 10, 1), (MILLIS + 10, 2), (MILLIS + 10, 3)]);
}

#[test]
fn a_job_without_service_time_adds_no_event_to_the_queue() {
    let taken = |service| tasks(service).play().finish().world.queue_events();
    let none = Stage::new(1).act(A, MILLIS, Act::Draw(1)).act(A, MILLIS, Act::Draw(1)).act(A, MILLIS, Act::Draw(1));

    let without_jobs = none.play().finish().world.queue_events();

    assert_eq!(taken([0, 0, 0]), without_jobs);
    assert_eq!(taken([0, 1, 0]), without_jobs + 1);
}

#[test]
fn a_slow_node_takes_longer_by_its_percentage() {
    for (percent, done_at) in [(0, 100), (50, 150), (100, 200)] {
        let mut play = tasks([100, 0, 0]).play();

        play.at(0, Command::Slow(A, percent));
        play.finish();

        assert_eq!(play.seen(A, "task")[0], (MILLIS + done_at, 1));
    }
}

#[test]
fn only_jobs_that_take_longer_are_counted_as_slowed() {
    let slowed = |percent, at, services| {
        let mut play = tasks(services).play();
        play.at(at, Command::Slow(A, percent));
        play.finish();
        play.world.toll(A).slowed
    };

    assert_eq!(slowed(100, 0, [100, 0, 100]), 2);
    assert_eq!(slowed(0, 0, [100, 0, 100]), 0);
    // One percent of 99 nanoseconds is none.
    assert_eq!(slowed(1, 0, [99, 0, 100]), 1);
    // The first one is in service already, and ends as it began.
    assert_eq!(slowed(100, MILLIS, [100, 0, 100]), 1);
    assert_eq!(slowed(100, MILLIS + 200, [100, 0, 100]), 0);
}

#[test]
fn a_command_is_the_cause_of_the_start_that_it_makes() {
    let mut play = Stage::new(1).play();
    play.kill(MILLIS, A, Unsynced::Keep);
    let mut parents = Parents::default();

    play.world.control(Command::Start { node: A, readdress: false }, &mut parents);

    let [command, start] = parents.0[..] else { panic!("two events: {parents:?}") };
    assert_eq!(start.1, command.0);
}

#[derive(Debug, Default)]
struct Parents(Vec<(u64, u64)>);

impl relapse_kernel::event::Observer<Puppets> for Parents {
    fn on_event(
        &mut self,
        event: &relapse_kernel::event::Event<'_, Puppets>,
        _: &relapse_kernel::world::World<Puppets>,
    ) {
        self.0.push((event.id, event.parent));
    }
}
