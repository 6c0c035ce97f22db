//! The story of a failing run, and the log that says the same: over every scenario of a cluster that is to fail.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::{Said, call, relapse, said};

/// Scenarios that fail, with the seed that shows it and the signature.
fn failing() -> Vec<(PathBuf, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/zeebe");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let expected = |path: PathBuf| {
        let text = fs::read_to_string(&path).ok()?;
        let scenario: toml::Table = text.parse().ok()?;
        let expect = scenario.get("expect")?;
        let seed = expect.get("seed").map_or("0".to_owned(), ToString::to_string);
        Some((path, seed, expect.get("fail")?.as_str()?.to_owned()))
    };
    paths.into_iter().filter_map(expected).collect()
}

/// Milliseconds of virtual time at which a trace has an event.
fn times(trace: &Path) -> BTreeSet<u64> {
    let text = fs::read_to_string(trace).expect("a trace");
    let at = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).expect("an event a line");
        event["at_ns"].as_u64().expect("it has a time")
    };
    text.lines().map(at).flat_map(|ns| [ns / 1_000_000, (ns + 500_000) / 1_000_000]).collect()
}

#[test]
fn every_failure_has_a_story_of_fifteen_lines_at_most_each_at_the_time_of_an_event() {
    let folder = tempfile::tempdir().expect("a folder");
    let scenarios = failing();
    assert!(scenarios.len() >= 14, "{scenarios:?}");
    for (path, seed, signature) in scenarios {
        let trace = folder.path().join("trace.jsonl");
        let name = path.to_str().expect("a path");
        let run = call(&["run", name, "--seed", &seed, "--trace", trace.to_str().expect("a path")]);

        assert_eq!(run.status, 1, "{name}: {}{}", run.out, run.err);
        let story: Vec<&str> = run
            .out
            .lines()
            .skip_while(|line| *line != "how it came about:")
            .skip(1)
            .take_while(|line| !line.is_empty())
            .collect();
        assert!((3..=15).contains(&story.len()), "{name}: {}", run.out);
        let mut before = 0;
        let (times, end) = (times(&trace), story.len() - 1);
        for (nth, line) in story.iter().enumerate() {
            let (seconds, _) = line.trim_start().split_once(" s  ").expect("a time");
            let ms = seconds.replace('.', "").parse::<u64>().expect("milliseconds");
            assert!(ms >= before, "{name}: {line}");
            // What is judged at the end of a run is no event.
            assert!(times.contains(&ms) || nth == end && !signature.contains("inconsistent"), "{name}: {line}");
            before = ms;
        }
    }
}

/// Runs the two commands of the line that a run prints, one after the other.
fn read_again(line: &str) -> Said {
    let (show, verify) = line.split_once(" | relapse ").expect("two commands");
    let words = |command: &str| command.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let log = call(&words(show).iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((log.status, &*log.err), (0, ""), "{line}");
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), &log.out).expect("it can be written");
    let mut verify = relapse(&words(verify).iter().map(String::as_str).collect::<Vec<_>>());
    said(verify.stdin(Stdio::from(fs::File::open(file.path()).expect("the log"))))
}

fn log_line(run: &Said) -> Option<&str> {
    run.out.lines().find_map(|line| line.strip_prefix("log        relapse "))
}

#[test]
fn the_log_of_a_replica_that_died_dies_of_the_same_exception() {
    let mut deaths = 0;
    for (path, seed, signature) in failing() {
        let name = path.to_str().expect("a path");
        let run = call(&["run", name, "--seed", &seed]);
        let dies = signature.contains("inconsistent-reprocessing");
        assert_eq!(log_line(&run).is_some(), dies, "{name}: {}", run.out);
        let Some(line) = log_line(&run) else { continue };

        let verified = read_again(line);

        deaths += 1;
        assert_eq!(verified.status, 1, "{name}: {}", verified.out);
        let (of_run, of_log) = (exception(&run.out), exception(&verified.out));
        let same = of_log.starts_with(of_run.trim_end_matches("..."));
        assert!(of_run.len() > 200 && same, "{name}:\n{of_run}\n{of_log}");
        let kind = signature.rsplit('/').next().expect("the kind");
        assert!(verified.out.contains(kind), "{name}: {}", verified.out);
        let end = run.out.lines().find(|line| line.contains(" dies of the record at ")).expect("a story");
        let position = end.split(" of the record at ").nth(1).and_then(|rest| rest.split(':').next());
        assert!(verified.out.contains(&format!("exception at {} ", position.expect("a position"))), "{name}");
    }
    assert!(deaths >= 8, "{deaths}");
}

#[test]
fn a_silent_divergence_has_a_story_and_a_log_that_diverges_at_the_same_position() {
    let scenario = "../../../scenarios/zeebe/issue-5753-fewer.toml";
    let run = call(&["run", scenario, "--seed", "0", "--toggle", "strict_verify=off"]);
    assert_eq!(run.status, 0, "{}{}", run.out, run.err);
    assert!(run.out.starts_with("a silent divergence, and how it came about:\n"), "{}", run.out);
    assert!(run.out.contains("replays, and at 4 the log has another than"), "{}", run.out);

    let verified = read_again(log_line(&run).expect("a log"));

    assert_eq!(verified.status, 0, "{}", verified.out);
    assert!(verified.out.contains("silent") && verified.out.contains("at 4"), "{}", verified.out);
}

fn exception(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| line.starts_with("Reprocessing issue detected!")).expect("an exception")
}
