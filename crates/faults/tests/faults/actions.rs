//! Each action does what it says, reports it, and has a twin that does nothing and says so.

use crate::toy::{Stage, one, plan};
use faults::report::{Effects, Phase};
use kernel::State;
use kernel::identity::{MILLIS, NodeId};

/// The effects of one action on the toy, run for half a second, and why they were none.
fn effects(rest: &str, action: &str) -> (Effects, Option<String>) {
    let stage = Stage::new(&one(rest, action), 3).until(500);
    let report = stage.report("x");
    assert_eq!(stage.vacuous().is_some(), report.nothing.is_some(), "{action}");
    (report.effects, report.nothing)
}

/// What stands beside `do`, what it does, and the effect that shows.
type Row = (&'static str, &'static str, fn(&Effects) -> u64);

#[test]
fn every_action_has_an_effect_that_it_reports() {
    let lasting = "for = \"100ms\"";
    let rows: [Row; 24] = [
        ("", "kill = { node = \"worker-0\" }", |it| it.processes),
        ("", "kill = { node = \"worker-0\", unsynced = \"lose\", dark = true }", |it| it.processes),
        ("", "torn-write = { node = \"worker-0\" }", |it| it.changes),
        (lasting, "pause = { node = \"worker-0\" }", |it| it.inputs),
        ("", "hang = { node = \"worker-0\" }", |it| it.processes),
        (lasting, "isolate = { node = \"worker-0\" }", |it| it.packets_blocked),
        (lasting, "cut = { node = \"worker-0\", from = \"worker-1\" }", |it| it.packets_stalled),
        (lasting, "partition = { groups = [\"worker-0\", \"worker-2\"], way = \"out\" }", |it| it.packets_blocked),
        (lasting, "block = { pairs = [[\"worker-0\", \"worker-1\"]] }", |it| it.packets_blocked),
        (lasting, "degrade = { from = \"worker-0\", latency = \"5ms\", jitter = \"1ms\" }", |it| it.packets_sent),
        (lasting, "degrade = { from = \"worker-0\", loss = \"50%\" }", |it| it.packets_lost),
        (lasting, "degrade = { from = \"worker-0\", duplication = \"50%\" }", |it| it.packets_doubled),
        (lasting, "degrade = { from = \"all\", reorder = \"50%\", reorder_max = \"1ms\" }", |it| it.packets_held_back),
        (lasting, "degrade = { from = \"worker-0\", bytes_per_second = 1000 }", |it| it.packets_sent),
        (lasting, "clock-offset = { node = \"worker-0\", by = \"-5s\" }", |it| it.clock_uses),
        ("", "clock-jump = { node = \"worker-0\", by = \"5s\" }", |it| it.clock_uses),
        (lasting, "clock-drift = { node = \"worker-0\", ppm = 500000 }", |it| it.clock_uses),
        (lasting, "clock-freeze = { node = \"worker-0\" }", |it| it.clock_uses),
        (lasting, "slow = { node = \"worker-0\", percent = 300 }", |it| it.jobs),
        (lasting, "disk-slow = { node = \"worker-0\", percent = 300 }", |it| it.disk_operations),
        (lasting, "disk-full = { node = \"worker-0\" }", |it| it.disk_operations),
        (lasting, "disk-error = { node = \"worker-0\", operations = 2 }", |it| it.disk_operations),
        (lasting, "lost-sync = { node = \"worker-0\", syncs = 2 }", |it| it.disk_operations),
        ("", "copy-volume = { from = \"worker-1\", to = \"worker-0\" }", |it| it.records),
    ];
    for (rest, action, of) in rows {
        let (effects, nothing) = effects(rest, action);
        assert!(of(&effects) > 0, "{action}: {effects:?}");
        // A torn write is the exception: at 105 ms all is synced. Its own test has it.
        assert_eq!(nothing.is_some(), action.starts_with("torn"), "{action}: {nothing:?}");
    }
}

#[test]
fn every_action_that_can_miss_says_that_it_did() {
    let dead = "[[fault]]\nid = \"first\"\nat = \"50ms\"\ndo = { kill = { node = \"all\", dark = true } }\n";
    for (action, why) in [
        ("kill = { node = \"worker-0\", dark = true }", "no process to kill"),
        ("torn-write = { node = \"worker-0\" }", "nothing was unsynced"),
        ("pause = { node = \"worker-0\" }", "no working process"),
        ("hang = { node = \"worker-0\" }", "no working process"),
        ("resume = { node = \"worker-0\" }", "nothing was paused"),
        ("isolate = { node = \"worker-0\" }", "no packet met the block"),
        ("partition = { groups = [\"worker-0\"] }", "no packet met the block"),
        ("block = { pairs = [[\"worker-0\", \"worker-1\"]] }", "no packet met the block"),
        ("degrade = { from = \"worker-0\", latency = \"1ms\" }", "no packet was affected"),
        ("disk-slow = { node = \"worker-0\", percent = 100 }", "no disk operation met it"),
        ("disk-full = { node = \"worker-0\" }", "no disk operation met it"),
        ("disk-error = { node = \"worker-0\", operations = 1 }", "no disk operation met it"),
        ("lost-sync = { node = \"worker-0\", syncs = 1 }", "no disk operation met it"),
        ("slow = { node = \"worker-0\", percent = 100 }", "no job met it"),
        ("clock-offset = { node = \"worker-0\", by = \"5s\" }", "nobody read a wall clock that was off"),
        ("clock-jump = { node = \"worker-0\", by = \"5s\" }", "nobody read a wall clock that was off"),
        ("clock-drift = { node = \"worker-0\", ppm = 500 }", "nobody used a clock that was off"),
        ("clock-freeze = { node = \"worker-0\" }", "nobody used a clock that was off"),
        ("flip-bit = { node = \"worker-0\", file = \"wal\" }", "there was no file `wal` on `worker-0`"),
        ("flip-bit = { node = \"worker-0\", file = \"log\", record = { at = 99 } }", "nothing was changed"),
        ("remove-file = { node = \"worker-0\", file = \"log/7\" }", "there was no file `log/7`"),
        ("copy-volume = { from = \"worker-0\", to = \"worker-0\" }", "source and target are one node"),
        ("copy-volume = { from = \"all\", to = \"worker-0\" }", "a copy has one source"),
    ] {
        let text = format!("{dead}[[fault]]\nid = \"x\"\nat = \"105ms\"\ndo = {{ {action} }}");
        let stage = Stage::new(&plan(&text), 3).until(500);

        let vacuous = stage.vacuous().expect(action);

        assert!(vacuous.starts_with("fault `x` did nothing") && vacuous.contains(why), "{action}: {vacuous}");
    }
    let running = Stage::new(&one("", "restart = { node = \"worker-0\" }"), 3).until(500);
    assert!(running.vacuous().unwrap().contains("was running already"));
    let empty = Stage::new(&one("at = \"1ms\"", "wipe = { node = \"worker-0\" }"), 3).until(500);
    assert!(empty.vacuous().unwrap().contains("nothing was changed"));
}

#[test]
fn slowness_and_clocks_that_are_off_count_only_if_somebody_meets_them() {
    for (action, uses) in [
        ("slow = { node = \"worker-0\", percent = 100 }", [1, 2]),
        ("clock-offset = { node = \"worker-0\", by = \"5s\" }", [1, 2]),
        // Both clocks are read, and the next timer is set.
        ("clock-drift = { node = \"worker-0\", ppm = 1000 }", [3, 6]),
        ("clock-freeze = { node = \"worker-0\" }", [2, 4]),
    ] {
        // It strikes at 105 ms; ticks are at 110 and 120 ms.
        let met = |lasts_ns: u64| {
            let (effects, nothing) = effects(&format!("for = \"{lasts_ns}ns\""), action);
            assert_eq!(nothing.is_some(), effects.jobs + effects.clock_uses == 0, "{action}: {nothing:?}");
            effects.jobs + effects.clock_uses
        };
        assert_eq!([4_999_999, 5_000_001, 15_000_001].map(met), [0, uses[0], uses[1]], "{action}");
    }
    for (until_ms, met) in [(109, 0), (110, 1), (120, 2)] {
        let stage = Stage::new(&one("", "clock-jump = { node = \"worker-0\", by = \"5s\" }"), 3).until(until_ms);
        assert_eq!((stage.report("x").effects.clock_uses, stage.vacuous().is_none()), (met, met > 0));
    }
}

#[test]
fn a_jump_while_there_is_no_process_is_met_by_the_next_one() {
    let killed = "[[fault]]\nid = \"dead\"\nat = \"50ms\"\ndo = { kill = { node = \"worker-0\" } }\n";
    let text = format!(
        "{killed}[[fault]]\nid = \"x\"\nat = \"105ms\"\ndo = {{ clock-jump = {{ node = \"worker-0\", by = \"5s\" }} }}\n\
         [[fault]]\nid = \"y\"\nat = \"205ms\"\ndo = {{ restart = {{ node = \"worker-0\" }} }}"
    );

    // The process that is started at 205 ms reads the clock at its first tick, at 215 ms.
    assert!(Stage::new(&plan(&text), 3).until(214).vacuous().is_some_and(|why| why.contains("fault `x`")));
    assert_eq!(Stage::new(&plan(&text), 3).until(215).vacuous(), None);
}

#[test]
fn a_degraded_link_is_slower_by_latency_and_jitter_and_holds_back_no_longer_than_it_says() {
    let degrade = "degrade = { from = \"worker-0\", latency = \"5ms\", jitter = \"3ms\", reorder = \"50%\", \
                   reorder_max = \"2ms\" }";
    let ends = (NodeId(0), NodeId(1));
    let before = Stage::new(&one("", degrade), 3).until(104).world.link(ends.0, ends.1);

    let after = Stage::new(&one("", degrade), 3).until(105).world.link(ends.0, ends.1);

    assert_eq!(after.latency.min() - before.latency.min(), 5 * MILLIS);
    assert_eq!(after.latency.max() - before.latency.max(), 8 * MILLIS);
    assert_eq!((before.reorder_max, after.reorder_max), (0, 2 * MILLIS));
}

#[test]
fn a_kill_with_a_length_brings_the_process_back() {
    let stage = Stage::new(&one("for = \"100ms\"", "kill = { node = \"worker-0\" }"), 3);

    let stage = stage.until(204);
    assert_eq!(stage.state(0), State::Down);
    let stage = stage.until(205);

    assert_eq!(stage.state(0), State::Up);
    assert_eq!(stage.world.incarnation(NodeId(0)), 2);
    assert_eq!(stage.report("x").phase, Phase::Undone);
    assert_eq!(stage.report("x").undone_at, Some(205 * MILLIS));
}

#[test]
fn a_restart_starts_what_was_killed_under_a_new_address() {
    let text = "[[fault]]\nid = \"kill\"\nat = \"105ms\"\ndo = { kill = { node = \"worker-0\" } }\n\
                [[fault]]\nid = \"x\"\nafter = { entry = \"kill\", delay = \"50ms\" }\n\
                do = { restart = { node = \"down(all)\", readdress = true } }";
    let before = Stage::new(&plan(text), 3).until(100).world.address(NodeId(0));

    let stage = Stage::new(&plan(text), 3).until(300);

    assert_eq!(stage.vacuous(), None);
    assert_eq!(stage.report("x").fired_at, Some(155 * MILLIS));
    assert_ne!(stage.world.address(NodeId(0)), before);
}

#[test]
fn a_paused_process_goes_on_where_it_stood_and_a_hung_one_is_replaced() {
    let paused = Stage::new(&one("for = \"100ms\"", "pause = { node = \"worker-0\" }"), 3).until(500);
    let hung = Stage::new(&one("for = \"100ms\"", "hang = { node = \"worker-0\" }"), 3).until(500);

    assert_eq!(paused.world.incarnation(NodeId(0)), 1);
    assert_eq!(hung.world.incarnation(NodeId(0)), 2);
    let silent = |stage: &Stage| {
        let between = 106 * MILLIS..205 * MILLIS;
        !stage.times(NodeId(0), "tick").iter().any(|at| between.contains(at)) && stage.worker(0).ticks > 20
    };
    assert!(silent(&paused) && silent(&hung));
}

#[test]
fn a_torn_write_leaves_a_damaged_record_for_some_seed() {
    // 110 ms is a tick: right after it the record is written, and its sync is on the way.
    let text = "on = { event = \"tick\", nth = 11, node = \"worker-0\" }";
    let torn = |seed| {
        let plan = one(text, "torn-write = { node = \"worker-0\" }");
        let stage = Stage::bounded(&plan, 3, seed, None).until(200);
        assert_eq!(stage.vacuous(), None);
        stage.damaged(0)
    };

    let counts: Vec<u64> = (0..16).map(torn).collect();

    assert!(counts.contains(&0) && counts.contains(&1), "{counts:?}");
}

#[test]
fn what_was_not_synced_is_kept_or_lost_as_the_fault_says() {
    let records = |unsynced: &str| {
        let on = "on = { event = \"tick\", nth = 11, node = \"worker-0\" }";
        let kill = format!("kill = {{ node = \"worker-0\", unsynced = \"{unsynced}\" }}");
        Stage::new(&one(on, &kill), 3).until(200).records(0)
    };

    assert_eq!((records("keep"), records("lose")), (11, 10));
}

#[test]
fn clocks_are_off_and_come_back() {
    let wall = |rest: &str, action: &str, at_ms| Stage::new(&one(rest, action), 3).until(at_ms).world.clock(NodeId(0));
    let (_, honest_200) = wall("at = \"1h\"", "clock-jump = { node = \"all\", by = \"1s\" }", 200);
    let (_, honest_400) = wall("at = \"1h\"", "clock-jump = { node = \"all\", by = \"1s\" }", 400);
    let offset = "clock-offset = { node = \"worker-0\", by = \"-5s\" }";
    let freeze = "clock-freeze = { node = \"worker-0\" }";

    let in_force = wall("for = \"200ms\"", offset, 200).1;
    let over = wall("for = \"200ms\"", offset, 400).1;
    let frozen = wall("for = \"200ms\"", freeze, 200);
    let thawed = wall("for = \"200ms\"", freeze, 400);

    assert_eq!(honest_200 - in_force, 5_000 * MILLIS);
    assert_eq!(over, honest_400);
    assert!(frozen.0 <= 105 * MILLIS);
    assert!(thawed.0 >= honest_400 - honest_200 - 105 * MILLIS && thawed.1 < honest_400);
}

#[test]
fn damage_hits_the_record_or_the_file_that_was_named() {
    let flipped = Stage::new(&one("", "flip-bit = { node = \"worker-0\", file = \"log/0\" }"), 3).until(106);
    let any = "flip-bit = { node = \"all\", file = \"log\", record = \"any\" }";
    let drawn = Stage::new(&one("", any), 3).until(106);
    let removed = Stage::new(&one("", "remove-file = { node = \"worker-0\", file = \"log\" }"), 3).until(106);
    let wiped = Stage::new(&one("", "wipe = { node = \"worker-0\" }"), 3).until(106);

    assert_eq!((flipped.damaged(0), flipped.damaged(1)), (1, 0));
    assert_eq!([0, 1, 2].map(|id| drawn.damaged(id)), [1, 1, 1]);
    assert_eq!((removed.records(0), removed.records(1)), (0, 10));
    assert_eq!(wiped.records(0), 0);
    assert!([flipped, drawn, removed, wiped].iter().all(|stage| stage.vacuous().is_none()));
}
