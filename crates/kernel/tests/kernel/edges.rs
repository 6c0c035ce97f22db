//! Commands at the very edge: one nanosecond before something is due, and at that instant.
//!
//! At one instant the queue's order decides: a command that comes after an arrival finds it handled, one that comes before
//! it does not.

use crate::stage::*;
use relapse_kernel::control::Command;
use relapse_kernel::identity::{MILLIS, Nanos};
use relapse_kernel::system::Target;

/// When the value that A sends and the timer that B has set are both due.
const DUE: Nanos = MILLIS + LATENCY;

/// The puppet's own line rings first, and makes the timer.
fn due() -> Stage {
    let stage = Stage::new(2).act(B, MILLIS, Act::Timer(LATENCY, 9));
    stage.act(A, MILLIS, Act::Send(Target::Node(B), 5, 0))
}

#[test]
fn a_pause_holds_what_is_due_a_nanosecond_later_and_not_what_was_due_by_then() {
    for (paused_at, arrives_at, released) in [(DUE - 1, 20 * MILLIS, 2), (DUE, DUE, 0)] {
        let mut play = due().play();

        assert!(play.at(paused_at, Command::Pause(B)).changed);
        let effect = play.at(20 * MILLIS, Command::Resume(B));
        play.finish();

        assert_eq!(effect.inputs, released, "paused at {paused_at}");
        assert_eq!(play.seen(B, "value"), [(arrives_at, 5)], "paused at {paused_at}");
        assert_eq!(play.seen(B, "rings"), [(arrives_at, 9)], "paused at {paused_at}");
    }
}

#[test]
fn a_resume_a_nanosecond_before_holds_nothing_and_one_at_the_instant_releases_what_came() {
    for (resumed_at, released) in [(DUE - 1, 0), (DUE, 2)] {
        let mut play = due().play();

        play.at(MILLIS + 1, Command::Pause(B));
        let effect = play.at(resumed_at, Command::Resume(B));
        play.finish();

        assert_eq!(effect.inputs, released, "resumed at {resumed_at}");
        assert_eq!((play.seen(B, "value"), play.seen(B, "rings")), (vec![(DUE, 5)], vec![(DUE, 9)]));
    }
}

#[test]
fn a_hang_swallows_what_is_due_a_nanosecond_later_and_not_what_was_due_by_then() {
    for (hung_at, heard, swallowed) in [(DUE - 1, 0, 2), (DUE, 1, 0)] {
        let mut play = due().play();

        assert!(play.at(hung_at, Command::Hang(B)).changed);
        play.finish();

        let counts = (play.seen(B, "value").len(), play.seen(B, "rings").len(), play.seen(B, "swallowed").len());
        assert_eq!(counts, (heard, heard, swallowed), "hung at {hung_at}");
    }
}

/// A plan of faults acts on a wake-up, which has a place of its own among what is due at its instant. Whether the value was
/// handled at that instant, if a process is stopped by such a wake-up; and whether it came before that in the trace.
fn stopped_on_waking(seed: u64, command: Command) -> (bool, bool) {
    let mut play = Stage { seed, ..due() }.play();
    play.world.wake_at(DUE, 7);
    let woken = |seen: &Seen| seen.0.iter().any(|line| (line.at, line.name) == (DUE, "wake"));
    while !woken(&play.seen) {
        assert!(play.world.step(&mut play.seen), "the wake-up is missing");
    }
    let came_before = !play.seen(B, "value").is_empty();
    play.world.control(command, &mut play.seen);
    play.finish();
    (play.seen(B, "value") == [(DUE, 5)], came_before)
}

#[test]
fn at_one_instant_the_order_of_the_queue_decides_and_it_is_fixed_by_the_seed() {
    for command in [Command::Pause(B), Command::Hang(B)] {
        let stopped = |seed| stopped_on_waking(seed, command.clone());
        let outcomes: Vec<_> = (0..16).map(stopped).collect();

        assert!(outcomes.iter().all(|(handled, came_before)| handled == came_before), "{outcomes:?}");
        let handled = outcomes.iter().filter(|(handled, _)| *handled).count();
        assert!((1..16).contains(&handled), "one order only, whatever the seed: {outcomes:?}");
        assert_eq!(outcomes, (0..16).map(stopped).collect::<Vec<_>>());
    }
}

/// Timers have an interrupt of their own: a freeze stops what the clock says, never a timer.
#[test]
fn a_frozen_clock_lets_a_timer_through_at_its_edge_and_says_what_it_said_when_it_froze() {
    for (frozen_at, reading) in [(DUE - 1, DUE - 1), (DUE, DUE)] {
        let mut play = due().act(B, DUE, Act::Monotonic).act(B, DUE + 1, Act::Monotonic).play();

        assert!(play.at(frozen_at, Command::Freeze(B, true)).changed);
        play.finish();

        assert_eq!(play.seen(B, "rings"), [(DUE, 9)], "frozen at {frozen_at}");
        assert_eq!(play.seen(B, "drew"), [(DUE, reading), (DUE + 1, reading)], "frozen at {frozen_at}");
    }
}

#[test]
fn a_clock_that_thaws_at_the_edge_of_a_timer_goes_on_from_where_it_stood() {
    let frozen_at = MILLIS + 1;
    for (thawed_at, runs_for) in [(DUE - 1, [1, 2]), (DUE, [0, 1])] {
        let mut play = due().act(B, DUE, Act::Monotonic).act(B, DUE + 1, Act::Monotonic).play();

        play.at(frozen_at, Command::Freeze(B, true));
        assert!(play.at(thawed_at, Command::Freeze(B, false)).changed);
        play.finish();

        assert_eq!(play.seen(B, "rings"), [(DUE, 9)], "thawed at {thawed_at}");
        let readings = [(DUE, frozen_at + runs_for[0]), (DUE + 1, frozen_at + runs_for[1])];
        assert_eq!(play.seen(B, "drew"), readings, "thawed at {thawed_at}");
    }
}
