//! Faults that overlap on one thing compose: the end of one is not the end of the other.

use crate::toy::{Stage, plan};
use faults::plan::Plan;
use kernel::State;
use kernel::dice::Probability;
use kernel::identity::{MILLIS, NodeId};

/// Two entries, `a` from 50 to 250 ms and `b` from 150 ms for so long.
fn two(a: &str, b: &str, b_lasts: &str) -> Plan {
    let entry = |id: &str, at: &str, lasts: &str, action: &str| {
        format!("[[fault]]\nid = \"{id}\"\nat = \"{at}\"\nfor = \"{lasts}\"\ndo = {{ {action} }}\n")
    };
    plan(&(entry("a", "50ms", "200ms", a) + &entry("b", "150ms", b_lasts, b)))
}

const ENDS: (NodeId, NodeId) = (NodeId(0), NodeId(1));

#[test]
fn two_degradations_of_a_link_add_up_and_leave_one_by_one() {
    let slower =
        |ms| format!("degrade = {{ from = \"worker-0\", to = \"worker-1\", latency = \"{ms}ms\", loss = \"50%\" }}");
    let plan = two(&slower(5), &slower(7), "200ms");
    let base = Stage::new(&plan, 3).world.link(ENDS.0, ENDS.1);

    let link = |at_ms| {
        let link = Stage::new(&plan, 3).until(at_ms).world.link(ENDS.0, ENDS.1);
        ((link.latency.median() - base.latency.median()) / MILLIS, link.loss)
    };

    let half = Probability::ppm(500_000);
    assert_eq!(link(100), (5, half));
    assert_eq!(link(200), (12, half.either(half)));
    assert_eq!(link(300), (7, half));
    assert_eq!(Stage::new(&plan, 3).until(400).world.link(ENDS.0, ENDS.1), base);
}

#[test]
fn a_pause_inside_an_isolation_ends_by_itself() {
    let plan = two("isolate = { node = \"worker-0\" }", "pause = { node = \"worker-0\" }", "50ms");

    let stage = Stage::new(&plan, 3).until(220);
    let sent_before = stage.world.traffic(ENDS.0, ENDS.1);
    assert_eq!(stage.state(0), State::Up);
    let stage = stage.until(248);

    let sent = stage.world.traffic(ENDS.0, ENDS.1);
    assert!(sent.blocked > sent_before.blocked, "it is still isolated");
    assert_eq!(stage.vacuous(), None);
}

#[test]
fn overlapping_partitions_heal_when_the_last_one_ends() {
    let cut = "isolate = { node = \"worker-0\", from = \"worker-1\" }";
    let stage = |at_ms| Stage::new(&two(cut, cut, "200ms"), 3).until(at_ms);
    let blocked = |at_ms| stage(at_ms).world.traffic(ENDS.0, ENDS.1).blocked;

    assert!(blocked(340) > blocked(260), "`b` still holds");
    assert_eq!(blocked(500), blocked(355));
    assert_eq!(stage(500).vacuous(), None);
}

#[test]
fn a_process_stays_down_or_stopped_until_nobody_holds_it() {
    for (action, held) in [("kill", State::Down), ("pause", State::Paused)] {
        let action = format!("{action} = {{ node = \"worker-0\" }}");
        let longer = two(&action, &action, "200ms");
        let within = two(&action, &action, "50ms");

        let state = |plan, at_ms| Stage::new(plan, 3).until(at_ms).state(0);

        assert_eq!([249, 251, 349, 351].map(|at| state(&longer, at)), [held, held, held, State::Up], "{action}");
        assert_eq!([199, 201, 249, 251].map(|at| state(&within, at)), [held, held, held, State::Up], "{action}");
        assert_eq!(Stage::new(&longer, 3).until(400).vacuous(), None, "`b` holds it for longer");
        assert!(Stage::new(&within, 3).until(400).vacuous().unwrap().contains("fault `b` did nothing"), "{action}");
    }
}

#[test]
fn the_end_of_a_pause_does_not_resume_the_process_that_came_after() {
    let text = "[[fault]]\nid = \"old\"\nat = \"50ms\"\nfor = \"100ms\"\ndo = { pause = { node = \"worker-0\" } }\n\
                [[fault]]\nid = \"kill\"\nat = \"70ms\"\nfor = \"10ms\"\ndo = { kill = { node = \"worker-0\" } }\n\
                [[fault]]\nid = \"new\"\nat = \"90ms\"\nfor = \"100ms\"\ndo = { pause = { node = \"worker-0\" } }\n";

    let state = |at_ms| Stage::new(&plan(text), 3).until(at_ms).state(0);

    assert_eq!([60, 75, 85, 160, 191].map(state), [State::Paused, State::Down, State::Up, State::Paused, State::Up]);
}

#[test]
fn disk_faults_and_clocks_add_up() {
    let disk =
        two("disk-full = { node = \"worker-0\" }", "disk-error = { node = \"worker-0\", operations = 40 }", "50ms");
    let clock = two(
        "clock-drift = { node = \"worker-0\", ppm = 500000 }",
        "clock-drift = { node = \"worker-0\", ppm = 500000 }",
        "50ms",
    );
    let freeze = two("clock-freeze = { node = \"worker-0\" }", "clock-freeze = { node = \"worker-0\" }", "50ms");

    let faults = |at_ms| Stage::new(&disk, 3).until(at_ms).world.disk(NodeId(0)).faults();
    let monotonic = |plan, at_ms| Stage::new(plan, 3).until(at_ms).world.clock(NodeId(0)).0;

    assert!(faults(160).full && faults(160).failing > 30);
    assert!(faults(240).full && faults(240).failing == 0);
    assert_eq!(faults(300), Default::default());
    assert_eq!(monotonic(&clock, 150), 200 * MILLIS);
    assert_eq!(monotonic(&clock, 200) / MILLIS, 300);
    assert_eq!(monotonic(&clock, 250) / MILLIS, 375);
    assert_eq!(monotonic(&clock, 350) / MILLIS, 475);
    assert_eq!(monotonic(&freeze, 240), 50 * MILLIS);
    assert_eq!(monotonic(&freeze, 350) / MILLIS, 150);
}

#[test]
fn failures_that_a_disk_has_used_up_do_not_come_back_with_another_fault() {
    let errors = |operations| format!("disk-error = {{ node = \"worker-0\", operations = {operations} }}");
    let slower = two(&errors(4), "disk-slow = { node = \"worker-0\", percent = 10 }", "50ms");
    let more = two(&errors(4), &errors(1_000), "50ms");
    let ends_first = two("disk-slow = { node = \"worker-0\", percent = 10 }", &errors(4), "300ms");

    let faults = |plan, at_ms| Stage::new(plan, 3).until(at_ms).world.disk(NodeId(0)).faults();

    // A tick is two operations: all four have failed by 75 ms.
    assert!(faults(&slower, 55).failing > 0);
    assert_eq!([75, 155, 205].map(|at| faults(&slower, at).failing), [0, 0, 0]);
    assert!((990..=1_000).contains(&faults(&more, 155).failing));
    assert_eq!(faults(&more, 205).failing, 0);
    assert_eq!([245, 255].map(|at| faults(&ends_first, at).failing), [0, 0]);
}

#[test]
fn a_fork_of_world_and_injector_undoes_its_own_faults() {
    let plan = two("pause = { node = \"worker-0\" }", "isolate = { node = \"worker-1\" }", "50ms");
    let mut stage = Stage::new(&plan, 3).until(100);
    let mut fork = Stage { world: stage.world.fork(9), injector: stage.injector.clone(), log: stage.log.clone() };
    fork.injector.fork(9, fork.world.now());

    stage = stage.until(500);
    fork = fork.until(500);

    assert_eq!((stage.state(0), fork.state(0)), (State::Up, State::Up));
    assert_eq!((stage.vacuous(), fork.vacuous()), (None, None));
}

#[test]
fn there_is_calm_when_no_entry_holds_anything_any_more() {
    for (a, b) in [
        ("isolate = { node = \"worker-0\" }", "pause = { node = \"worker-1\" }"),
        ("kill = { node = \"worker-0\" }", "slow = { node = \"worker-1\", percent = 100 }"),
        (
            "degrade = { from = \"worker-0\", to = \"worker-1\", latency = \"5ms\" }",
            "clock-offset = { node = \"worker-1\", by = \"1s\" }",
        ),
        ("disk-slow = { node = \"worker-0\", percent = 100 }", "kill = { node = \"worker-0\" }"),
    ] {
        let plan = two(a, b, "200ms");
        let calm = |at_ms| {
            let stage = Stage::new(&plan, 3).until(at_ms);
            stage.injector.calm_since(&stage.world).map(|at| at / MILLIS)
        };
        assert_eq!([20, 100, 200, 300, 400].map(calm), [Some(0), None, None, None, Some(350)], "{a} {b}");
    }
}
