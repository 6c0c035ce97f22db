//! Faults strike when their trigger says: neither before nor after.

use crate::toy::{Stage, Toy, one, plan};
use faults::plan::PlanError;
use kernel::identity::{MILLIS, NodeId};
use kernel::system::{Env, Input, Node, System, Traced};

#[test]
fn a_fault_on_the_third_event_strikes_right_after_the_third() {
    let on = |nth| format!("on = {{ event = \"tick\", nth = {nth}, node = \"worker-1\" }}");
    let kill = "kill = { node = \"worker-1\" }";

    let ticks = |nth| Stage::new(&one(&on(nth), kill), 3).until(500).times(NodeId(1), "tick").len();

    assert_eq!([1, 2, 3].map(ticks), [1, 2, 3]);
}

#[test]
fn events_of_other_nodes_do_not_count_but_all_do_without_a_node() {
    let of = |node: &str| {
        let on = format!("on = {{ event = \"tick\", nth = 6{node} }}");
        Stage::new(&one(&on, "kill = { node = \"all\" }"), 3).until(500).report("x").fired_at
    };

    assert_eq!(of(", node = \"worker-1\""), Some(60 * MILLIS));
    assert_eq!(of(""), Some(20 * MILLIS));
}

#[test]
fn one_event_too_few_is_vacuous() {
    let on = |nth| {
        one(&format!("on = {{ event = \"tick\", nth = {nth}, node = \"worker-1\" }}"), "kill = { node = \"all\" }")
    };

    assert_eq!(Stage::new(&on(10), 3).until(100).vacuous(), None);
    let missed = Stage::new(&on(11), 3).until(100);

    assert_eq!(missed.vacuous().unwrap(), "fault `x` did nothing: there were fewer than 11 events `tick`");
    assert!(missed.report("x").fired_at.is_none());
}

#[test]
fn an_event_that_the_system_does_not_have_is_refused_before_the_run() {
    let refused = |event: &str| {
        let plan = one(&format!("on = {{ event = \"{event}\" }}"), "kill = { node = \"all\" }");
        plan.check_events::<Toy>().err()
    };

    let error = refused("tik").expect("no such event");
    let message = "fault `x`: `on.event` says `tik`, and no event of this system has that name";
    assert_eq!(error.to_string(), message);
    let PlanError::UnknownEvent { known, .. } = error else { panic!("{error:?}") };
    assert!(known.is_sorted() && known.contains(&"tick"));
    // The system's own words and the kernel's, for inputs, notes and commands.
    for event in ["tick", "disk-failed", "start", "opened", "closed", "disk-done", "lost", "sync-lost", "kill", "wake"]
    {
        assert_eq!(refused(event), None, "{event}");
    }
    let not_told = one("on = { event = \"tik\" }", "kill = { node = \"all\" }");
    assert_eq!(not_told.check_events::<Silent>(), Ok(()));
}

/// A system that does not tell its words.
#[derive(Clone)]
struct Silent;

#[derive(Clone, Debug, Hash)]
struct Said;

impl Traced for Said {
    fn name(&self) -> &'static str {
        "said"
    }
}

#[derive(Clone)]
struct Idle;

impl Node<Silent> for Idle {
    fn handle<E: Env<Silent>>(&mut self, _: Input<Silent>, _: &mut E) {}
}

impl System for Silent {
    type Node = Idle;
    type Role = ();
    type Message = ();
    type Timer = ();
    type Job = ();
    type Record = ();
    type Event = Said;
    fn boot((): &()) -> Idle {
        Idle
    }
}

#[test]
fn a_fault_at_a_time_strikes_then_or_never() {
    let kill = one("", "kill = { node = \"all\" }");

    assert_eq!(Stage::new(&kill, 3).until(105).report("x").fired_at, Some(105 * MILLIS));
    assert!(Stage::new(&kill, 3).until(104).vacuous().unwrap().contains("the run ended before 105ms"));
}

#[test]
fn a_chain_follows_its_head_at_once_or_later() {
    let text = "[[fault]]\nid = \"c\"\nafter = { entry = \"b\", delay = \"30ms\" }\ndo = { restart = { node = \"worker-0\" } }\n\
                [[fault]]\nid = \"b\"\nafter = { entry = \"a\" }\ndo = { pause = { node = \"worker-1\" } }\n\
                [[fault]]\nid = \"a\"\nat = \"50ms\"\ndo = { kill = { node = \"worker-0\" } }\n";

    let stage = Stage::new(&plan(text), 3).until(200);

    assert_eq!(["a", "b", "c"].map(|id| stage.report(id).fired_at.unwrap() / MILLIS), [50, 50, 80]);
    assert_eq!(stage.vacuous(), None);
}

#[test]
fn a_fault_can_wait_for_what_another_fault_causes() {
    let text = "[[fault]]\nid = \"kill\"\nat = \"50ms\"\nfor = \"20ms\"\ndo = { kill = { node = \"worker-0\" } }\n\
                [[fault]]\nid = \"again\"\non = { event = \"start\", nth = 2, node = \"worker-0\" }\n\
                do = { kill = { node = \"worker-0\" } }\n";

    let stage = Stage::new(&plan(text), 3).until(200);

    assert_eq!(stage.report("again").fired_at, Some(70 * MILLIS));
    assert_eq!(stage.vacuous(), None);
}
