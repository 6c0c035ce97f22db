//! Bundles: kept by sweeps and runs, made again by `replay`, read by `log show`, and refused where they are none.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::{Said, call, relapse, said};

fn scenario(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name).display().to_string()
}

/// The one bundle in a directory.
fn only(directory: &Path) -> PathBuf {
    let found: Vec<PathBuf> =
        fs::read_dir(directory).expect("a directory").map(|it| it.expect("an entry").path()).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

/// The bundle of a failing run of the toy.
fn kept(directory: &Path) -> PathBuf {
    let out = directory.join("found").display().to_string();
    let said = call(&["run", "planted", "--seed", "9", "--out", &out]);
    assert_eq!(said.status, 1, "{}", said.err);
    assert!(said.err.contains("kept: "), "{}", said.err);
    only(&directory.join("found"))
}

fn replay(bundle: &Path, more: &[&str]) -> Said {
    said(relapse(&["replay", &bundle.display().to_string()]).args(more))
}

/// The words of a report, which breaks its lines where it likes.
fn unbroken(report: &str) -> String {
    report.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

/// A bundle with one thing changed.
fn changed(bundle: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    let mut value: Value = serde_json::from_slice(&fs::read(bundle).expect("a bundle")).expect("JSON");
    change(&mut value);
    let path = bundle.with_file_name("changed.json");
    fs::write(&path, value.to_string()).expect("it can be written");
    path
}

#[test]
fn a_failing_run_is_kept_and_made_again_to_the_same_digest() {
    let directory = tempfile::tempdir().expect("a directory");
    let bundle = kept(directory.path());

    let said = replay(&bundle, &[]);

    assert_eq!((said.status, &*said.err), (1, ""));
    assert!(said.out.contains("fail toy/planted"), "{}", said.out);
    assert!(said.out.contains("replayed   the same run: digest and signature are those of the bundle"), "{}", said.out);
    assert!(said.out.contains(&format!("again      relapse replay {}", bundle.display())), "{}", said.out);
}

#[test]
fn a_cluster_is_made_again_from_its_bundle_alone_and_its_log_is_shown_and_verified() {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().display().to_string();
    let ran = call(&["run", &scenario("zeebe/issue-5688.toml"), "--seed", "9", "--out", &out]);
    assert_eq!(ran.status, 1, "{}", ran.err);
    let bundle = only(directory.path());

    let json: Value = serde_json::from_str(&replay(&bundle, &["--json"]).out).expect("one object");

    assert_eq!((&json["replayed"]["same"], &json["seed"]), (&json!(true), &json!(9)));
    let line = json["log"].as_str().expect("the story ends with a log");
    let (show, verify) = line.split_once(" | ").expect("two commands");
    assert!(show.starts_with(&format!("relapse log show {} --partition 3", bundle.display())), "{line}");
    let words = |command: &str| command.split(' ').skip(1).map(str::to_owned).collect::<Vec<_>>();
    let shown = said(relapse(&[]).args(words(show)));
    assert_eq!(shown.status, 0, "{}", shown.err);
    let log = directory.path().join("log.jsonl");
    fs::write(&log, &shown.out).expect("it can be written");
    let verify: Vec<String> =
        words(verify).iter().map(|word| if word == "-" { log.display().to_string() } else { word.clone() }).collect();
    let verified = said(relapse(&[]).args(verify));
    assert_eq!(verified.status, 1, "{}", verified.err);
    assert!(verified.out.contains("exception at 4 (source 3): intent"), "{}", verified.out);
}

#[test]
fn a_log_of_a_bundle_is_that_of_its_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().display().to_string();
    let scenario = scenario("zeebe/soak.toml");
    let sets = [
        "--set",
        "duration=3m",
        "--set",
        "preset=0.24.4",
        "--set",
        "workload.worker=benchmark",
        "--set",
        "events=200000",
    ];
    let ran = call(&[&["run", &scenario, "--seed", "5", "--out", &out][..], &sets].concat());
    assert_eq!(ran.status, 3, "a budget ends it: {}", ran.out);
    let bundle = only(directory.path()).display().to_string();

    let of_bundle = call(&["log", "show", &bundle, "--partition", "2", "--node", "broker-1", "--at", "40s"]);
    let of_run = call(
        &[
            &["log", "show", &scenario, "--seed", "5", "--partition", "2", "--node", "broker-1", "--at", "40s"][..],
            &sets,
        ]
        .concat(),
    );

    assert_eq!((of_bundle.status, of_run.status), (0, 0), "{}", of_bundle.err);
    assert!(of_bundle.out.lines().count() > 20);
    assert_eq!(of_bundle.out, of_run.out);
    let edited = call(&["log", "show", &bundle, "--seed", "6"]);
    assert_eq!(edited.status, 2);
    assert!(edited.err.contains("a bundle is one run as it is"), "{}", edited.err);
}

#[test]
fn a_job_of_restate_is_made_again_without_its_tree_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let (own, out) = (directory.path().join("own"), directory.path().join("out"));
    fs::create_dir(&own).expect("a directory");
    let tree = r#"{"target": 3, "commands": [{"t": "inc"}]}"#;
    fs::write(own.join("little.json"), tree).expect("it can be written");
    let text = fs::read_to_string(scenario("restate/golden-tree.toml")).expect("a scenario");
    let text: String = text
        .lines()
        .map(
            |line| {
                if line.starts_with("tree = ") { "tree = \"little.json\"\n".to_owned() } else { format!("{line}\n") }
            },
        )
        .collect();
    fs::write(own.join("own.toml"), text).expect("it can be written");
    let (own_path, out_path) = (own.join("own.toml").display().to_string(), out.display().to_string());
    let ran = call(&["run", &own_path, "--out", &out_path, "--set", "events=20"]);
    assert_eq!(ran.status, 3, "{} {}", ran.out, ran.err);
    fs::remove_dir_all(own).expect("it can be removed");

    let said = replay(&only(&out), &[]);

    assert_eq!(said.status, 3, "{}", said.err);
    assert!(said.out.contains("the same run"), "{}", said.out);
}

#[test]
fn a_bundle_of_another_build_is_refused_unless_it_is_taken_anyway() {
    let directory = tempfile::tempdir().expect("a directory");
    let bundle = kept(directory.path());
    let stale = changed(&bundle, |bundle| bundle["build"]["sources"] = json!("0".repeat(32)));

    let refused = replay(&stale, &[]);
    let taken = replay(&stale, &["--anyway"]);

    assert_eq!((refused.status, &*refused.out), (2, ""));
    let why = unbroken(&refused.err);
    assert!(why.contains("another build made it") && why.contains("sources: 0000"), "{why}");
    assert!(refused.err.contains("--anyway"), "{}", refused.err);
    assert_eq!(taken.status, 1, "{}", taken.err);
    assert!(taken.err.contains("note: sources: 0000") && taken.out.contains("the same run"), "{}", taken.err);
}

#[test]
fn a_run_that_is_another_one_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let bundle = kept(directory.path());
    let other_digest = changed(&bundle, |bundle| bundle["digest"] = json!("0".repeat(32)));
    let same_build = replay(&other_digest, &[]);
    assert_eq!(same_build.status, 4);
    assert!(same_build.out.contains("ends as the bundle says, and is another run"), "{}", same_build.out);

    let elsewhere = changed(&bundle, |bundle| {
        bundle["signature"] = json!("toy/another");
        bundle["build"]["rustc"] = json!("rustc 1.0.0");
    });
    let other_build = replay(&elsewhere, &["--anyway"]);
    assert_eq!(other_build.status, 3);
    assert!(other_build.out.contains("another run: the bundle says fail toy/another"), "{}", other_build.out);
}

#[test]
fn what_is_no_bundle_is_refused_with_one_error() {
    let directory = tempfile::tempdir().expect("a directory");
    let bundle = kept(directory.path());
    let whole = fs::read(&bundle).expect("a bundle");
    let path = directory.path().join("bad.json");
    let cases: &[(&[u8], &str)] = &[
        (&whole[..whole.len() / 2], "it was cut off"),
        (b"{\"bundle\": 1", "it was cut off"),
        (b"{\"name\": \"x\"}", "no bundle of relapse"),
        (b"{\"bundle\": 2}", "format 2, and this build knows format 1 only"),
        (b"{\"bundle\": 1}", "it is damaged: missing field"),
        (b"{ no JSON", "damaged, or no JSON"),
        (b"name = \"a scenario\"", "this is no bundle"),
        (b"", "this is no bundle"),
    ];
    for (content, why) in cases {
        fs::write(&path, content).expect("it can be written");
        let said = replay(&path, &[]);
        assert_eq!((said.status, &*said.out), (2, ""), "{why}");
        assert!(unbroken(&said.err).contains(why), "{why}: {}", said.err);
    }
    for (missing, why) in [("no-such.json", "No such file"), ("/dev/zero", "no regular file"), (".", "no regular file")]
    {
        let said = replay(Path::new(missing), &[]);
        assert!(said.status == 2 && said.err.contains(why), "{missing}: {}", said.err);
    }
    let wrong = changed(&bundle, |bundle| bundle["scenario"]["workload"]["fails_in"] = json!("often"));
    let said = replay(&wrong, &[]);
    assert!(said.status == 2 && said.err.contains("`workload.fails_in` must be an integer"), "{}", said.err);
    let run = said_of_run(&bundle);
    assert!(run.status == 2 && run.err.contains("`relapse replay` runs it again"), "{}", run.err);
}

fn said_of_run(bundle: &Path) -> Said {
    call(&["run", &bundle.display().to_string()])
}

#[test]
fn a_bundle_that_cannot_be_kept_is_an_error_after_all_is_said() {
    let said = call(&["run", "planted", "--seeds", "0..20", "--out", "/proc/none"]);

    assert_eq!(said.status, 2);
    assert!(
        said.out.contains("fail     toy/planted") && said.err.contains("--out /proc/none"),
        "{} {}",
        said.out,
        said.err
    );
}
