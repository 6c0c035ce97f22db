//! `relapse tree` shows the tree itself.

use serde_json::{Value, json};

use crate::{call, json as json_of};

const SMALL: [&str; 8] = ["tree", "--job", "my-seed", "--width", "3", "--depth", "3", "--max-sleep=1000ms"];

fn small(more: &[&'static str]) -> Vec<&'static str> {
    SMALL.iter().chain(more).copied().collect()
}

#[test]
fn the_object_holds_the_tree_and_its_counters_in_the_order_of_the_verifier() {
    let shown = json_of(&small(&["--json"]));

    let order: Vec<&Value> =
        shown["expected_in_order"].as_array().expect("a list").iter().map(|pair| &pair[0]).collect();
    assert_eq!(order, [&json!(948), &json!(564), &json!(33)]);
    assert_eq!(shown["tree"]["target"], shown["root"]);
    assert!(shown["tree"]["commands"].as_array().is_some_and(|commands| !commands.is_empty()), "{shown:#}");
}

#[test]
fn a_tree_on_standard_output_is_alone_there_and_is_that_of_the_object() {
    let said = call(&small(&["--out", "-"]));

    let tree: Value = serde_json::from_str(&said.out).expect("one tree");
    assert_eq!((said.status, &tree), (0, &json_of(&small(&["--json"]))["tree"]));
    assert!(said.err.contains("my-seed (free-targets, width 3, depth 3)"), "{}", said.err);
}

#[test]
fn the_text_says_where_the_tree_itself_is() {
    assert!(call(&SMALL).out.ends_with("the tree itself: --out FILE, or --json\n"));
}
