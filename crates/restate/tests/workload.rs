//! The workload against the golden data: every vector, every tree, every count of the specification.

#![allow(clippy::unwrap_used, reason = "helpers of tests, which the lint does not know as tests")]

use std::collections::BTreeMap;

use proptest::prelude::*;
use relapse_restate::workload::{
    CallIndex, Command, Params, Rule, Seedrandom, Stats, Tree, Warning, expected_counters, generate,
    generate_counting_draws, json, lock_order, static_cycles,
};
use serde_json::Value;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/restate");
/// The jobs of 1,550 consecutive minutes, which the list of failed jobs spans.
const WINDOW: std::ops::RangeInclusive<u32> = 28_112_572..=28_114_121;

fn golden_text(name: &str) -> String {
    std::fs::read_to_string(format!("{GOLDEN}/{name}")).unwrap()
}

fn golden(name: &str) -> Value {
    serde_json::from_str(&golden_text(name)).unwrap()
}

fn golden_names(prefix: &str) -> Vec<String> {
    let entries = std::fs::read_dir(GOLDEN).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = entries.filter(|name| name.starts_with(prefix) && name.ends_with(".json")).collect();
    names.sort();
    names
}

fn params_of(golden: &Value) -> Params {
    let number = |field: &str| golden[field].as_u64().unwrap() as u32;
    Params {
        seed: golden["seed"].as_str().unwrap().into(),
        width: number("width"),
        depth: number("depth"),
        max_sleep_ms: number("maxSleepMillis"),
    }
}

fn rule_of(golden: &Value) -> Rule {
    match golden["rule"].as_str().unwrap() {
        "old" => Rule::FreeTargets,
        "new" => Rule::IncreasingTargets,
        other => panic!("no such rule: {other}"),
    }
}

fn job(minute: u32, width: u32) -> Params {
    Params { seed: format!("test-{minute}"), width, depth: 14, max_sleep_ms: 0 }
}

fn assert_counters(tree: &Tree, golden: &Value, name: &str) {
    let expected: BTreeMap<i32, u32> = serde_json::from_value(golden.clone()).unwrap();
    let counters = expected_counters(tree);
    assert_eq!(counters.len(), expected.len(), "{name}");
    assert_eq!(counters.into_iter().collect::<BTreeMap<_, _>>(), expected, "{name}");
}

fn assert_stats(tree: &Tree, golden: &Value, name: &str) {
    let count = |field: &str| golden.get(field).map_or(0, |count| count.as_u64().unwrap() as u32);
    let expected = Stats {
        invocations: count("invocations"),
        increments: count("inc"),
        syncs: count("sync"),
        asyncs: count("async"),
        awaits: count("await"),
        backgrounds: count("bg"),
        sleeps: count("sleep"),
    };
    assert_eq!(tree.stats(), expected, "{name}");
}

/// Compared as text: the shortest decimal form of a double is unique, and serde_json may read one a bit off.
#[test]
fn streams_equal_the_golden_doubles_bit_for_bit() {
    let text = golden_text("generator-vectors.json");
    for seed in ["my-seed", "test-28114121", "test-28112572", "a", ""] {
        let mut stream = Seedrandom::new(seed);
        let doubles: Vec<_> = (0..8).map(|_| stream.next_f64().to_string()).collect();
        let expected = format!("\"{seed}\":[{}]", doubles.join(", "));
        assert!(text.contains(&expected), "{expected}");
    }
}

#[test]
fn all_34_golden_trees_are_drawn_as_they_were() {
    let vectors = golden("generator-vectors.json");
    let trees = vectors["trees"].as_array().unwrap();
    assert_eq!(trees.len(), 34);
    for vector in trees {
        let name = format!("{} {}", vector["seed"], vector["rule"]);
        let (tree, draws) = generate_counting_draws(params_of(vector), rule_of(vector)).unwrap();

        assert_eq!(draws, vector["prngDraws"].as_u64().unwrap(), "{name}");
        assert_eq!(i64::from(tree.calls()[0].target), vector["rootTarget"].as_i64().unwrap(), "{name}");
        assert_stats(&tree, &vector["stats"], &name);
        assert_counters(&tree, &vector["expectedCounters"], &name);
        assert_eq!(tree.canonical().len() as u64, vector["canonicalLength"].as_u64().unwrap(), "{name}");
        assert_eq!(tree.canonical_sha256(), vector["canonicalSha256"].as_str().unwrap(), "{name}");
        if let Some(text) = vector.get("canonical") {
            assert_eq!(tree.canonical(), text.to_string(), "{name}");
        }
    }
}

#[test]
fn trees_in_the_files_of_historic_jobs_equal_the_drawn_ones() {
    let names = golden_names("seed-test-");
    assert_eq!(names.len(), 8);
    for name in names {
        let file = golden(&name);
        let parsed = json::read(&golden_text(&name), params_of(&file)).unwrap();
        let drawn = generate(params_of(&file), rule_of(&file)).unwrap();

        assert_eq!(parsed.warnings, [], "{name}");
        assert_eq!(parsed.tree, drawn, "{name}");
        assert_eq!(parsed.tree.digest(), drawn.digest(), "{name}");
        assert_stats(&drawn, &file["stats"], &name);
        assert_counters(&drawn, &file["expected"], &name);
    }
}

#[test]
fn hand_made_trees_are_read_with_their_counts_and_written_back() {
    let names = [golden_names("D"), golden_names("S")].concat();
    assert_eq!(names.len(), 18);
    for name in names {
        let file = golden(&name);
        let parsed = json::read(&golden_text(&name), Params::default()).unwrap();

        assert_eq!(parsed.warnings, [], "{name}");
        assert_stats(&parsed.tree, &file["stats"], &name);
        assert_counters(&parsed.tree, &file["expected"], &name);
        assert_eq!(serde_json::from_str::<Value>(&json::write(&parsed.tree)).unwrap(), file["tree"], "{name}");
    }
}

/// Every ring that the real server closed lies inside one static cycle of its tree.
#[test]
fn observed_rings_of_hand_made_trees_lie_inside_a_static_cycle() {
    for name in golden_names("D") {
        let cycles = static_cycles(&json::read(&golden_text(&name), Params::default()).unwrap().tree);
        for ring in golden(&name)["observed"][0]["cycles"].as_array().unwrap() {
            let keys: Vec<i32> = ring.as_str().unwrap().split('>').map(|key| key.parse().unwrap()).collect();
            let inside = cycles.iter().any(|cycle| keys.iter().all(|key| cycle.contains(key)));
            assert!(inside, "{name}: {keys:?} in {cycles:?}");
        }
    }
}

#[test]
fn old_rule_gives_67_jobs_with_a_static_cycle_and_all_ten_failed_ones_are_among_them() {
    let cyclic: BTreeMap<u32, Vec<Vec<i32>>> = WINDOW
        .map(|minute| (minute, static_cycles(&generate(job(minute, 4), Rule::FreeTargets).unwrap())))
        .filter(|(_, cycles)| !cycles.is_empty())
        .collect();

    assert_eq!(cyclic.len(), 67);
    let failed: [(u32, &[&[i32]]); 10] = [
        (28_112_572, &[&[203, 427, 505, 579, 603, 610, 820, 940]]),
        (28_113_175, &[&[566, 956]]),
        (28_113_361, &[&[119, 970]]),
        (28_113_670, &[&[290, 348, 777, 782]]),
        (28_113_753, &[&[53, 457, 655]]),
        (28_113_838, &[&[626, 688, 957]]),
        (28_113_972, &[&[63, 76, 133, 200, 272, 383, 477, 607, 730, 803, 923, 928]]),
        (28_114_021, &[&[351, 448, 956]]),
        (28_114_060, &[&[45, 670], &[444, 662]]),
        (28_114_121, &[&[34, 36, 355]]),
    ];
    for (minute, cycles) in failed {
        assert_eq!(cyclic[&minute], cycles, "test-{minute}");
    }
}

/// One row of the table of sizes: mean, p50, p90, p99, max, trees of at most ten calls, trees without an increment,
/// trees with a static cycle.
fn sizes(rule: Rule, width: u32) -> [u32; 8] {
    let mut sizes = Vec::new();
    let (mut without_increment, mut with_cycle) = (0, 0);
    for minute in WINDOW {
        let tree = generate(job(minute, width), rule).unwrap();
        sizes.push(tree.stats().invocations);
        without_increment += u32::from(tree.stats().increments == 0);
        with_cycle += u32::from(!static_cycles(&tree).is_empty());
    }
    sizes.sort_unstable();
    let count = sizes.len();
    let mean = (f64::from(sizes.iter().sum::<u32>()) / count as f64).round() as u32;
    let quantile = |percent: usize| sizes[count * percent / 100];
    let small = sizes.iter().filter(|size| **size <= 10).count() as u32;
    [mean, quantile(50), quantile(90), quantile(99), sizes[count - 1], small, without_increment, with_cycle]
}

/// The specification says 443 for the first mean, which is 443.695; all else is as it says.
#[test]
fn sizes_of_the_trees_of_the_window_are_those_of_the_specification() {
    assert_eq!(sizes(Rule::FreeTargets, 4), [444, 327, 1100, 1823, 2695, 382, 118, 67]);
    assert_eq!(sizes(Rule::FreeTargets, 3), [25, 9, 72, 133, 209, 800, 250, 2]);
    assert_eq!(sizes(Rule::IncreasingTargets, 4), [419, 300, 1058, 1742, 3086, 387, 118, 0]);
    assert_eq!(sizes(Rule::IncreasingTargets, 3), [24, 8, 69, 144, 196, 844, 279, 0]);
}

#[test]
fn old_rule_needs_the_depth_and_width_of_the_long_runs_to_fail_the_documented_jobs() {
    let failed = [
        28_112_572, 28_113_175, 28_113_361, 28_113_670, 28_113_753, 28_113_838, 28_113_972, 28_114_021, 28_114_060,
        28_114_121,
    ];
    let cyclic = |width, depth| {
        let trees = failed.map(|minute| generate(Params { depth, ..job(minute, width) }, Rule::FreeTargets).unwrap());
        trees.iter().filter(|tree| !static_cycles(tree).is_empty()).count()
    };
    assert_eq!([cyclic(4, 14), cyclic(4, 13), cyclic(4, 12), cyclic(3, 14)], [10, 1, 1, 0]);
}

#[test]
fn identities_of_a_large_tree_are_distinct_and_paths_name_its_calls() {
    let tree = generate(job(28_113_972, 4), Rule::FreeTargets).unwrap();
    let mut identities: Vec<_> = tree.calls().iter().map(|call| call.identity).collect();
    identities.sort_unstable();
    identities.dedup();
    assert_eq!(identities.len(), 2609);

    let small = generate(Params { seed: "my-seed".into(), width: 3, depth: 3, max_sleep_ms: 1000 }, Rule::FreeTargets);
    let small = small.unwrap();
    let paths: Vec<_> = (0..7).map(|call| small.path(CallIndex(call))).collect();
    assert_eq!(paths, ["r", "r.0", "r.0.0", "r.1", "r.1.0", "r.1.0.0", "r.1.0.1"]);
}

#[test]
fn errors_of_a_file_say_where_and_what() {
    let error = |text: &str| json::read(text, Params::default()).unwrap_err().to_string();

    assert_eq!(
        error(r#"{"tree":{"target":1}}"#),
        "line 1: $.tree.commands: expected a list of commands, found nothing"
    );
    assert_eq!(error("[]"), "line 1: $: expected an object, found a list");
    assert_eq!(
        error(r#"{"target":1,"commands":[{"t":"inc"},{"t":"bg","target":2,"commands":[{"t":"sleep","ms":-1}]}]}"#),
        "line 1: $.commands[1].commands[0].ms: expected a whole number from 0 to 2147483647, found -1"
    );
    assert_eq!(
        error(r#"{"target":1,"commands":[{"t":"nap"}]}"#),
        "line 1: $.commands[0].t: expected one of \"inc\", \"sync\", \"async\", \"await\", \"bg\", \"sleep\", found \"nap\""
    );
    assert_eq!(
        error(r#"{"target":1,"commands":[{"t":"sync","target":3000000000,"commands":[]}]}"#),
        "line 1: $.commands[0].target: expected a whole number of 32 bits, found 3000000000"
    );
    assert!(error("{").starts_with("not JSON: ") && error("{").contains("line 1"));
    let tree = "{\n\"tree\": {\n\"target\": 1, \"commands\": [\n{\"t\": \"inc\"},\n{\"t\": \"sleep\",\n\"ms\": 1}\n]}}";
    assert!(error(&tree.replace("1}", "-1}")).starts_with("line 6: $.tree.commands[1].ms: "));
    assert!(error(&tree.replace("\"ms\"", "\"sm\"")).starts_with("line 5: $.tree.commands[1].ms: "));
}

fn chain(calls: usize) -> String {
    let mut text = r#"{"tree":"#.to_owned();
    text.push_str(r#"{"target":1,"commands":["#);
    text.push_str(&r#"{"t":"sync","target":1,"commands":["#.repeat(calls - 1));
    text.push_str(r#"{"t":"inc"}"#);
    text.push_str(&"]}".repeat(calls));
    text.push('}');
    text
}

#[test]
fn nesting_is_read_up_to_its_bound_and_refused_beyond_it() {
    let deepest = json::read(&chain(json::NESTED_CALLS_MAX), Params::default()).unwrap();
    assert_eq!(deepest.tree.calls().len(), json::NESTED_CALLS_MAX);

    for calls in [json::NESTED_CALLS_MAX + 1, 1_000_000] {
        let error = json::read(&chain(calls), Params::default()).unwrap_err();
        assert!(matches!(error, json::JsonError::TooDeep { .. }), "{error}");
    }
}

#[test]
fn awaits_without_a_call_are_read_and_reported() {
    let text = r#"{"target":1,"commands":[{"t":"await","id":0},{"t":"async","id":0,"target":2,"commands":[
        {"t":"await","id":0}]},{"t":"await","id":0},{"t":"async","id":0,"target":3,"commands":[]}]}"#;
    let parsed = json::read(text, Params::default()).unwrap();

    let path = |path: &str| path.to_owned();
    let expected = [
        Warning::UnknownAwait { path: path("r"), command: 0, id: 0 },
        Warning::UnknownAwait { path: path("r.1"), command: 0, id: 0 },
        Warning::RepeatedId { path: path("r"), command: 3, id: 0 },
    ];
    assert_eq!(parsed.warnings, expected);
    assert_eq!(parsed.tree.commands(CallIndex::ROOT)[2], Command::Await { id: 0 });
}

fn any_tree() -> impl Strategy<Value = Value> {
    let leaf = (any::<i32>(), Just(Vec::new())).prop_map(tree_value);
    let call = leaf.prop_recursive(6, 200, 6, |inner| {
        let command = prop_oneof![
            Just(serde_json::json!({"t": "inc"})),
            (0..=i32::MAX).prop_map(|ms| serde_json::json!({"t": "sleep", "ms": ms})),
            (0..9).prop_map(|id| serde_json::json!({"t": "await", "id": id})),
            (inner.clone(), 0..9).prop_map(|(call, id)| call_value("async", Some(id), call)),
            inner.clone().prop_map(|call| call_value("sync", None, call)),
            inner.prop_map(|call| call_value("bg", None, call)),
        ];
        (any::<i32>(), prop::collection::vec(command, 0..6)).prop_map(tree_value)
    });
    call.boxed()
}

fn tree_value((target, commands): (i32, Vec<Value>)) -> Value {
    serde_json::json!({"target": target, "commands": commands})
}

fn call_value(kind: &str, id: Option<i32>, call: Value) -> Value {
    match id {
        Some(id) => serde_json::json!({"t": kind, "id": id, "target": call["target"], "commands": call["commands"]}),
        None => serde_json::json!({"t": kind, "target": call["target"], "commands": call["commands"]}),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_tree_survives_the_way_through_its_file(value in any_tree()) {
        let parsed = json::read(&value.to_string(), Params::default()).unwrap();
        let written = json::write(&parsed.tree);
        prop_assert_eq!(&written, &value.to_string());
        prop_assert_eq!(json::read(&written, Params::default()).unwrap(), parsed);
    }

    #[test]
    fn a_drawn_tree_survives_the_way_through_its_file(seed in ".*", width in 0_u32..6, depth in 0_u32..7, old: bool) {
        let rule = if old { Rule::FreeTargets } else { Rule::IncreasingTargets };
        let params = Params { seed, width, depth, max_sleep_ms: 5000 };
        let tree = generate(params.clone(), rule).unwrap();
        let parsed = json::read(&json::write(&tree), params).unwrap();
        prop_assert_eq!(parsed.warnings, vec![]);
        prop_assert_eq!(parsed.tree, tree);
    }

    #[test]
    fn waiting_leads_upwards_under_the_new_rule(seed in "[a-z0-9]{1,12}") {
        let tree = generate(Params { seed, width: 4, depth: 12, max_sleep_ms: 0 }, Rule::IncreasingTargets).unwrap();
        let edges = lock_order::blocking_edges(&tree);
        prop_assert!(edges.iter().all(|(held, wanted)| held < wanted));
    }
}
