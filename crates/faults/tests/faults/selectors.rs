//! Selectors are resolved against the truth of the moment.

use crate::toy::{Stage, one, plan};

fn struck(node: &str, workers: u16, seed: u64) -> Vec<String> {
    let kill = one("", &format!("kill = {{ node = {node} }}"));
    Stage::bounded(&kill, workers, seed, None).until(200).report("x").nodes
}

#[test]
fn names_groups_lists_and_words_of_the_system_are_resolved() {
    assert_eq!(struck("\"worker-2\"", 3, 7), ["worker-2"]);
    assert_eq!(struck("\"workers\"", 3, 7), ["worker-0", "worker-1", "worker-2"]);
    assert_eq!(struck("\"all\"", 2, 7), ["worker-0", "worker-1"]);
    assert_eq!(struck("[\"worker-2\", \"leader\"]", 3, 7), ["worker-0", "worker-2"]);
    assert_eq!(struck("\"next-to(1)\"", 3, 7), ["worker-2"]);
}

#[test]
fn a_role_is_whoever_has_it_when_the_fault_strikes() {
    let text = "[[fault]]\nid = \"first\"\nat = \"50ms\"\ndo = { kill = { node = \"leader\" } }\n\
                [[fault]]\nid = \"second\"\nat = \"60ms\"\ndo = { kill = { node = \"leader\" } }\n";

    let stage = Stage::new(&plan(text), 3).until(100);

    assert_eq!(
        (stage.report("first").nodes, stage.report("second").nodes),
        (vec!["worker-0".to_owned()], vec!["worker-1".to_owned()])
    );
}

#[test]
fn nobody_is_no_effect_and_says_so() {
    let stage = Stage::new(&one("for = \"10ms\"", "kill = { node = \"nobody\" }"), 3).until(200);

    assert_eq!(stage.vacuous().unwrap(), "fault `x` did nothing: `nobody` stood for nobody");
}

#[test]
fn a_draw_takes_so_many_and_every_one_for_some_seed() {
    let mut hit = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let nodes = struck("\"random(workers, 2)\"", 4, seed);
        assert_eq!(nodes.len(), 2);
        hit.extend(nodes);
        assert_eq!(struck("\"random(workers, 2)\"", 4, seed), struck("\"random(workers, 2)\"", 4, seed));
    }
    assert_eq!(hit.len(), 4);
}

#[test]
fn up_and_down_look_at_processes() {
    let text = "[[fault]]\nid = \"first\"\nat = \"50ms\"\ndo = { kill = { node = \"worker-0\" } }\n\
                [[fault]]\nid = \"up\"\nat = \"60ms\"\ndo = { pause = { node = \"up(workers)\" } }\n\
                [[fault]]\nid = \"down\"\nat = \"70ms\"\ndo = { restart = { node = \"random(down(workers))\" } }\n";

    let stage = Stage::new(&plan(text), 3).until(100);

    assert_eq!(stage.report("up").nodes, ["worker-1", "worker-2"]);
    assert_eq!(stage.report("down").nodes, ["worker-0"]);
}
