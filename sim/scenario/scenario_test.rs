//! Scenario files, good and bad, on the tables of the real systems.

use std::path::Path;

use proptest::prelude::*;

use super::document::Document;
use super::edit::Edit;
use super::quantiles::Quantiles;
use super::{Scenario, registry};
use crate::systems::restate::{Setup, TreeSource};

const GOOD: &str = r#"
name = "verification"
title = "A verification job"
source = "specs/restate.md section 4"
system = "restate"
preset = "0.1.3"
duration = "30m"

[workload]
job = "test-28113175"

[latency]
client_server = { min = "100us", p50 = "250us", p90 = "400us", p99 = "1.5ms", max = "5ms" }
server_endpoint = "200us"

[[fault]]
at = "3s"
do = { kill = { node = "server" } }
for = "2s"

[expect]
fail = "restate/deadlock"
fixed_by = ["generator=increasing-targets"]
"#;

fn read(text: &str, edits: &[Edit]) -> Result<Scenario, String> {
    let document = Document::parse(Path::new("dir/file.toml"), text).map_err(|report| shown(&report))?;
    Scenario::resolve(document, edits).map_err(|report| shown(&report))
}

fn shown(report: &miette::Report) -> String {
    let mut text = String::new();
    let handler = miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::none()).with_width(200);
    handler.render_report(&mut text, report.as_ref()).expect("a string takes it");
    text
}

fn set(text: &str) -> Edit {
    Edit::set(text).expect("an edit of the test")
}

/// The file of the test with one line replaced.
fn with(line: &str, replacement: &str) -> Result<Scenario, String> {
    assert!(GOOD.contains(line), "{line}");
    read(&GOOD.replace(line, replacement), &[])
}

fn assert_says(result: Result<Scenario, String>, parts: &[&str]) {
    let error = result.expect_err("the scenario is wrong");
    for part in parts {
        assert!(error.contains(part), "no {part:?} in:\n{error}");
    }
}

#[test]
fn what_is_wrong_with_a_fault_is_told_at_the_word_with_the_nearest_name() {
    // The first line of a fault is 16.
    let at = |line: &str, replacement: &str, place: &str, parts: &[&str]| {
        assert_says(with(line, replacement), &[&[&*format!("dir/file.toml:{place}")], parts].concat());
    };
    at("at = \"3s\"", "at = \"3s\"\nwhen = 1", "18:1", &["unknown key `when` in a fault", "valid here: id, at, on"]);
    at("at = \"3s\"", "att = \"3s\"", "17:1", &["unknown key `att`", "did you mean `at`?"]);
    at("kill = {", "kil = {", "18:8", &["unknown word `kil`", "did you mean `kill`?"]);
    at("{ node = ", "{ nod = ", "18:17", &["unknown key `nod`", "did you mean `node`?"]);
    at("\"server\" }", "\"server\", unsynced = \"loose\" }", "18:45", &["`loose`", "did you mean `lose`?"]);
    at("at = \"3s\"", "at = 3", "17:6", &["this fault cannot be read", "integer `3`"]);
    at("for = \"2s\"", "for = \"0s\"", "19:7", &["`for` is 0"]);
    at("at = \"3s\"", "on = { event = \"e\", nth = 0 }", "17:", &["`on.nth` is 0"]);
    at("\"server\" } }", "\"server\" }, wipe = {} }", "18:", &["one thing at a time: `wipe`"]);
    at("at = \"3s\"", "", "16:1", &["exactly one of `at`, `on` and `after`"]);
    at("do = { kill = { node = \"server\" } }", "", "16:1", &["`do` is missing"]);
    let two = "id = \"first\"\nat = \"3s\"\ndo = { kill = { node = \"server\" } }\n\n[[fault]]\nat = \"3s\"";
    at("at = \"3s\"", &two.replace("]\nat = \"3s\"", "]\nafter = { entry = \"frist\" }"), "22:", &["`first`?"]);
    at("at = \"3s\"", &two.replace("[[fault]]", "[[fault]]\nid = \"first\""), "22:", &["two entries"]);
}

#[test]
fn what_is_wrong_with_a_fault_of_a_flag_is_told_by_the_flag() {
    for (edit, parts) in [
        ("fault.0.on.evnt=1", &["--set fault.0.on.evnt=1: unknown key `evnt`", "did you mean `event`?"][..]),
        ("fault.0.for=0s", &["--set fault.0.for=0s: fault", "`for` is 0"]),
    ] {
        assert_says(read(&GOOD.replace("at = \"3s\"", "on = { event = \"e\" }"), &[set(edit)]), parts);
    }
}

#[test]
fn a_good_file_is_read_with_its_defaults() {
    let scenario = read(GOOD, &[]).expect("it is good");

    assert_eq!((scenario.duration_ns, scenario.events_max), (1_800_000_000_000, 50_000_000));
    assert_eq!(scenario.toggle("generator"), "free-targets");
    assert_eq!(scenario.latencies["server_endpoint"], Quantiles::constant(200_000));
    assert_eq!(scenario.latencies["client_server"].p99, 1_500_000);
    assert_eq!(scenario.expect.fixed_by, [("generator", "increasing-targets")]);
    assert_eq!(scenario.faults.entries().len(), 1);
    let setup = Setup::of(&scenario);
    let tree = TreeSource::Generated { job: "test-28113175".to_owned(), width: 4, depth: 14 };
    assert_eq!((setup.partitions, setup.endpoints, setup.pods, setup.tree), (4, 3, 7, tree));
    assert_eq!(setup.max_sleep_ns, 32_768_000_000);
}

#[test]
fn every_table_of_every_system_is_sound() {
    for system in ["restate", "toy"] {
        let schema = registry::schema(system).expect("it is known");
        let text = format!("name = 'n'\ntitle = 't'\nsystem = '{system}'\nduration = '1s'\n");
        let required = if system == "restate" { "[workload]\njob = 'j'\n" } else { "" };
        assert!(read(&format!("{text}{required}"), &[]).is_ok(), "the defaults of {system} do not fit its tables");
        for preset in schema.presets {
            read(&format!("{text}preset = '{}'\n{required}", preset.name), &[]).expect("a preset");
            for (name, value) in preset.toggles {
                assert!(schema.toggle(name).is_some_and(|toggle| toggle.values.contains(value)), "{name} = {value}");
            }
        }
    }
}

#[test]
fn an_unknown_key_is_told_with_line_and_nearest_name() {
    assert_says(
        with("duration = ", "durration = "),
        &["unknown key `durration`", "dir/file.toml:7:1", "did you mean `duration`?"],
    );
    assert_says(
        with("job = \"test", "jobs = \"test"),
        &["unknown key `jobs` in [workload]", "dir/file.toml:10:1", "did you mean `job`?"],
    );
    assert_says(with("client_server", "client_sever"), &["unknown key `client_sever`", "`client_server`"]);
    assert_says(with("p90 = ", "p91 = "), &["unknown key `p91` in [latency.client_server]", "dir/file.toml:13:"]);
    assert_says(with("[workload]", "[workloads]"), &["unknown key `workloads`", "did you mean `workload`?"]);
}

#[test]
fn the_help_of_an_unknown_key_at_the_top_lists_every_section() {
    let listed = [&["valid here: name, title,"], super::SECTIONS].concat();
    assert_says(with("[workload]", "[elsewhere]\n[workload]"), &listed);
}

#[test]
fn a_key_in_the_wrong_section_is_shown_where_it_belongs() {
    assert_says(with("[workload]", "[workload]\nendpoints = 3"), &["there is `cluster.endpoints`"]);
}

#[test]
fn a_wrong_type_is_told_with_what_is_wanted() {
    assert_says(
        with("\"test-28113175\"", "28113175"),
        &["`workload.job` must be a text", "this is an integer", ":10:7"],
    );
    assert_says(with("\"30m\"", "30"), &["`duration` must be a duration", "this is an integer", "with a unit"]);
    assert_says(with("[workload]", "[workload]\nwidth = \"4\""), &["`workload.width` must be an integer"]);
    assert_says(with("[[fault]]", "[fault]"), &["`fault` must be a list of tables", "[[fault]]"]);
    assert_says(with("[\"generator=increasing-targets\"]", "\"generator\""), &["must be a list of texts"]);
    assert_says(with("[workload]\njob = \"test-28113175\"", "workload = 3"), &["`workload` must be a table"]);
}

#[test]
fn an_impossible_value_is_told_with_what_is_possible() {
    assert_says(with("\"30m\"", "\"30min\""), &["`duration` is not a valid duration", "\"min\" is no unit of time"]);
    assert_says(with("\"30m\"", "\"0m\""), &["`duration` is not a valid duration", "at least 1ns"]);
    assert_says(with("[workload]", "[workload]\nwidth = 65"), &["`workload.width` is out of range", "1 to 64"]);
    assert_says(with("[workload]", "[workload]\nwidth = -1"), &["`workload.width` is out of range"]);
    assert_says(with("[workload]", "[workload]\nwidth = 99999999999999999999"), &["dir/file.toml:10:9"]);
    assert_says(with("p90 = \"400us\"", "p90 = \"40us\""), &["p90` is below `p50`", "dir/file.toml:13:55"]);
    assert_says(with(", p90 = \"400us\"", ""), &["`latency.client_server` has no `p90`"]);
    assert_says(with("\"restate\"", "\"restat\""), &["unknown system `restat`", "did you mean `restate`?"]);
    assert_says(with("\"0.1.3\"", "\"0.1.33\""), &["unknown preset `0.1.33`", "did you mean `0.1.3`?"]);
    assert_says(with("generator=inc", "generator=dec"), &["no position `decreasing-targets`", "increasing-targets"]);
    assert_says(with("generator=inc", "generators=inc"), &["unknown toggle `generators`", "did you mean `generator`?"]);
}

#[test]
fn what_is_wrong_in_a_list_of_tables_is_told_at_the_word() {
    let zeebe = |errors: &str| {
        let head = "name = 'n'\ntitle = 't'\nsystem = 'zeebe'\nduration = '1m'\n";
        read(&format!("{head}[cluster]\nstore_errors = {errors}\n"), &[])
    };
    let good = zeebe("[{ partition = 3, phase = 'replay' }, { partition = 1, phase = 'processing', nth = 2 }]");
    let scenario = good.expect("it is good");
    let [first, second] = scenario.cluster.tables("store_errors") else { panic!("{:?}", scenario.cluster) };
    assert_eq!((first.count("nth"), first.text("kind"), second.count("nth")), (Some(1), Some("recoverable"), Some(2)));
    assert!(scenario.workload.tables("snapshots").is_empty());

    assert_says(zeebe("3"), &["`cluster.store_errors` must be a list of tables", "this is an integer", ":6:16"]);
    assert_says(zeebe("[3]"), &["`cluster.store_errors` must be a list of tables", ":6:17"]);
    let partition = "[{ partition = 3, ";
    assert_says(
        zeebe(&format!("{partition}phas = 'replay' }}]")),
        &["unknown key `phas`", "did you mean `phase`?", ":6:34"],
    );
    assert_says(zeebe(&format!("{partition}phase = 'reply' }}]")), &["unknown word `reply`", "did you mean `replay`?"]);
    assert_says(zeebe("[{ phase = 'replay' }]"), &["`cluster.store_errors.partition` is missing"]);
    let nth = zeebe(&format!("{partition}phase = 'replay', nth = 0 }}]"));
    assert_says(nth, &["`cluster.store_errors.nth` is out of range", "1 to "]);
}

#[test]
fn people_are_not_offered_the_toy() {
    let error = with("\"restate\"", "\"nothing\"").expect_err("no such system");

    assert!(!error.contains("toy"), "{error}");
}

#[test]
fn what_is_missing_is_told() {
    let top = "at the top of the file, before the first section";
    for (key, line, about) in [
        ("name", "name = \"verification\"", "short name"),
        ("title", "title = \"A verification job\"", "the situation in one sentence"),
        ("system", "system = \"restate\"", "the system it runs on"),
        ("duration", "duration = \"30m\"", "budget of virtual time"),
    ] {
        let help = format!("give `{key}` {top}: {about}");
        assert_says(with(line, ""), &[&format!("dir/file.toml: `{key}` is missing"), &help]);
    }
    let job = ["dir/file.toml: `workload.job` is missing", "give `job` in [workload]: ", "or `workload.tree`"];
    assert_says(with("job = \"test-28113175\"", ""), &job);
}

#[test]
fn what_a_table_of_a_list_misses_is_told_with_the_list() {
    let text = "name = 'n'\ntitle = 't'\nsystem = 'zeebe'\npreset = '0.24.4'\nduration = '1s'\n[[workload.by_hand]]\n";
    let missing = ["`workload.by_hand.at` is missing", "give `at` in each table of `workload.by_hand`: when"];
    assert_says(read(text, &[]), &missing);
}

#[test]
fn a_required_text_that_is_empty_is_told_at_its_key() {
    let empty = ["dir/file.toml:10:7", "`workload.job` is empty", "give the job's name"];
    assert_says(with("job = \"test-28113175\"", "job = \"\""), &empty);
    assert_says(read(GOOD, &[set("workload.job=")]), &["--set workload.job=: `workload.job` is empty"]);
    assert_says(with("name = \"verification\"", "name = \"\""), &["dir/file.toml:2:8", "`name` is empty"]);
    assert!(with("source = \"specs/restate.md section 4\"", "source = \"\"").is_ok(), "it need not be there");
}

#[test]
fn what_is_no_toml_is_told_with_its_place() {
    assert_says(with("duration = ", "duration "), &["this is no TOML", "dir/file.toml:7:"]);
    assert_says(with("name = \"verification\"", "name = \"a\"\nname = \"b\""), &["this is no TOML", "duplicate key"]);
}

#[test]
fn a_flag_is_stronger_than_the_file() {
    let edits = [set("workload.job=1234"), set("workload.width=7"), set("latency.client_server.max=1s")];

    let scenario = read(GOOD, &edits).expect("the edits are good");

    let tree = TreeSource::Generated { job: "1234".to_owned(), width: 7, depth: 14 };
    assert_eq!(Setup::of(&scenario).tree, tree, "a text that looks like a number is a text");
    assert_eq!(scenario.latencies["client_server"].max, 1_000_000_000);
}

#[test]
fn a_toggle_by_flag_is_stronger_than_file_and_preset() {
    let toggle = Edit::toggle("generator=increasing-targets").expect("an edit");

    assert_eq!(read(GOOD, &[toggle]).expect("good").toggle("generator"), "increasing-targets");
    let in_file = with("[workload]", "[toggles]\ngenerator = \"increasing-targets\"\n[workload]");
    assert_eq!(in_file.expect("good").toggle("generator"), "increasing-targets");
    let no_preset = with("preset = \"0.1.3\"", "");
    assert_eq!(no_preset.expect("good").toggle("generator"), "increasing-targets");
}

#[test]
fn what_is_wrong_with_a_flag_is_told_by_the_flag() {
    for (edit, parts) in [
        ("cluster.partitons=8", ["--set cluster.partitons=8: unknown key", "did you mean `cluster.partitions`?"]),
        ("clutser.partitions=8", ["--set clutser.partitions=8: unknown key", "did you mean `cluster.partitions`?"]),
        ("cluster.partitions=many", ["--set cluster.partitions=many: `cluster.partitions` must be", "this is a text"]),
        ("cluster.partitions=0", ["--set cluster.partitions=0: `cluster.partitions` is out of range", "1 to 1024"]),
        ("duration=10", ["--set duration=10: `duration` is not a valid duration", "has no unit"]),
        ("name.x=1", ["--set name.x=1: `name` is a text", "nothing can be set inside"]),
        ("fault.3.on=1", ["--set fault.3.on=1: `fault` is a list of 1", "by its number"]),
        (
            "latency.client_server.p9=1s",
            ["--set latency.client_server.p9=1s", "did you mean `latency.client_server.p90`"],
        ),
    ] {
        assert_says(read(GOOD, &[set(edit)]), &parts);
    }
}

#[test]
fn a_tree_excludes_a_job_but_a_flag_replaces_what_the_file_says() {
    assert_says(with("[workload]", "[workload]\ntree = \"t.json\""), &["`workload.job` and `workload.tree` exclude"]);
    assert_says(
        read(GOOD, &[set("workload.tree=t.json"), set("workload.job=j")]),
        &["--set workload.job=j", "exclude"],
    );

    let by_flag = read(GOOD, &[set("workload.tree=t.json")]).expect("the flag wins");
    let in_file = with("job = \"test-28113175\"", "tree = \"t.json\"").expect("good");
    let back = read(&GOOD.replace("job = \"test-28113175\"", "tree = \"t.json\""), &[set("workload.job=j")]);

    assert_eq!(Setup::of(&by_flag).tree, TreeSource::File("t.json".into()));
    assert_eq!(Setup::of(&in_file).tree, TreeSource::File("dir/t.json".into()));
    assert!(matches!(Setup::of(&back.expect("the flag wins")).tree, TreeSource::Generated { job, .. } if job == "j"));
}

#[test]
fn the_width_of_a_tree_that_is_given_cannot_be_set() {
    let given = GOOD.replace("job = \"test-28113175\"", "tree = \"t.json\"");

    assert_says(read(&given, &[set("workload.width=3")]), &["--set workload.width=3", "exclude each other"]);
}

#[test]
fn an_entry_of_a_list_can_be_set() {
    assert!(read(GOOD, &[set("fault.0.at=5s")]).is_ok());
    assert_says(read(GOOD, &[set("fault.0=5")]), &["--set fault.0=5: `fault` must be a list of tables"]);
}

proptest! {
    #[test]
    fn no_edit_makes_it_panic(path in "[a-z_.0-9]{1,20}", raw in ".{0,20}", known in any::<prop::sample::Index>()) {
        let paths = registry::schema("restate").expect("known").paths();
        for path in [path, paths[known.index(paths.len())].clone()] {
            if let Ok(edit) = Edit::set(&format!("{path}={raw}")) {
                let _ = read(GOOD, &[edit]);
            }
        }
    }

    #[test]
    fn no_damage_to_a_file_makes_it_panic(at in any::<prop::sample::Index>(), put in "[\\[\\]{}=\"'.\n0-9a-z]{0,4}") {
        let at = at.index(GOOD.len());
        let _ = read(&format!("{}{put}{}", &GOOD[..at], &GOOD[at + 1..]), &[]);
    }
}
