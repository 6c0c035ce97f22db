//! Clocks: drift, jump, freeze.

use crate::stage::*;
use relapse_kernel::NodeToll;
use relapse_kernel::clock::{Clock, DRIFT_MAX, DRIFT_MIN};
use relapse_kernel::control::Command;
use relapse_kernel::identity::{MILLIS, Nanos, SECONDS};

const EPOCH: Nanos = 1_672_531_200_000_000_000;

fn alarm() -> Play {
    Stage::new(1).act(A, MILLIS, Act::Timer(SECONDS, 1)).play()
}

#[test]
fn a_timer_of_a_drifting_clock_fires_at_the_scaled_time() {
    for (ppm, after) in [(0, 1_000_000_000), (1_000_000, 500_000_000), (-500_000, 2_000_000_000), (100, 999_900_010)] {
        let mut play = alarm();

        play.until(0);
        play.at(0, Command::Drift(A, ppm));
        play.finish();

        // The script's own timer was set before the drift.
        assert_eq!(play.seen(A, "rings"), [(MILLIS + after, 1)], "{ppm}");
    }
}

#[test]
fn a_timer_never_fires_before_its_own_clock_says_so() {
    for ppm in [DRIFT_MIN, -1, 1, 3, 999_999, DRIFT_MAX] {
        let mut clock = Clock::new(EPOCH);
        clock.drift(12_345, ppm);
        for (now, after) in [(20_000, 1), (77_777, 999), (1_000_003, 1_000_000_007)] {
            let fires_at = now + clock.kernel_delay(after);
            assert!(clock.monotonic(fires_at) >= clock.monotonic(now) + after, "{ppm} {now} {after}");
            assert!(clock.monotonic(fires_at - 2) <= clock.monotonic(now) + after, "{ppm} {now} {after}");
        }
    }
}

#[test]
fn drift_moves_both_clocks_from_then_on() {
    let mut play = Stage::new(1).play();

    play.at(SECONDS, Command::Drift(A, 500_000));
    play.until(3 * SECONDS);

    assert_eq!(play.world.clock(A), (4 * SECONDS, EPOCH + 4 * SECONDS));
}

#[test]
fn a_jump_moves_the_wall_clock_and_not_the_monotonic_one_nor_timers() {
    for by in [-(5 * SECONDS as i64), 5 * SECONDS as i64] {
        let mut play = alarm();

        play.at(500 * MILLIS, Command::Jump(A, by));
        play.until(2 * SECONDS);

        assert_eq!(play.world.clock(A), (2 * SECONDS, (EPOCH + 2 * SECONDS).strict_add_signed(by)));
        assert_eq!(play.seen(A, "rings"), [(MILLIS + SECONDS, 1)]);
    }
}

#[test]
fn a_frozen_clock_stands_and_goes_on_where_it_stood() {
    let mut play = alarm();

    play.at(500 * MILLIS, Command::Freeze(A, true));
    play.until(3 * SECONDS);
    assert_eq!(play.world.clock(A), (500 * MILLIS, EPOCH + 500 * MILLIS));
    assert_eq!(play.seen(A, "rings").len(), 1);

    play.at(3 * SECONDS, Command::Freeze(A, false));
    play.until(4 * SECONDS);
    assert_eq!(play.world.clock(A).0, 1_500 * MILLIS);
}

#[test]
fn readings_of_each_clock_and_timers_of_a_drifting_one_are_counted() {
    let toll = |ppm, acts: &[Act]| {
        let stage = acts.iter().fold(Stage::new(1), |stage, act| stage.act(A, MILLIS, act.clone()));
        let mut play = stage.play();
        play.until(0);
        play.at(0, Command::Drift(A, ppm));
        play.finish();
        play.world.toll(A)
    };
    let (none, timer) = (NodeToll::default(), Act::Timer(SECONDS, 1));

    assert_eq!(toll(0, std::slice::from_ref(&timer)), none);
    assert_eq!(toll(0, &[Act::Monotonic]), NodeToll { monotonic: 1, ..none });
    assert_eq!(toll(0, &[Act::Wall, Act::Wall]), NodeToll { wall: 2, ..none });
    assert_eq!(toll(100, &[timer]), NodeToll { drifted_timers: 1, ..none });
    // At once is at once at any rate.
    assert_eq!(toll(-100, &[Act::Timer(0, 1)]), none);
}

#[test]
fn the_wall_clock_does_not_go_below_1970() {
    let mut play = Stage::new(1).play();

    play.at(MILLIS, Command::Jump(A, i64::MIN));

    assert_eq!(play.world.clock(A), (MILLIS, 0));
}
