//! Logs of real brokers: the model's replay comes to what theirs came to, and nothing in them differs from the model.

use relapse_zeebe::exported::LogFile;
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::verify::{
    Confirmation, Outcome, PartitionLog, Range, Refused, Report, Request, check_resources, every_snapshot,
    kill_windows, verify,
};
use std::path::PathBuf;

fn read(name: &str) -> LogFile {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../tests/golden/zeebe", name].iter().collect();
    LogFile::read(name, &std::fs::read(path).expect("a golden log")).expect("a whole log")
}

fn log(file: &LogFile) -> PartitionLog<'_> {
    PartitionLog { partition: file.partition, records: &file.records }
}

fn replay(file: &LogFile, from: i64, preset: &str, confirmations: Vec<Confirmation>) -> Result<Report, Refused> {
    let toggles = Toggles::preset(preset).expect("a preset");
    verify(&Request { log: log(file), from, toggles, confirmations })
}

/// A line for each range: its snapshots, how the replay ends, the silent positions.
fn table(name: &str) -> Vec<String> {
    let file = read(name);
    let toggles = Toggles::preset("0.24.4").expect("a preset");
    let ranges = every_snapshot(log(&file), &toggles).expect("a log that can be read");
    let line = |range: &Range| {
        let end = match &range.outcome {
            Outcome::Clean => "clean".to_owned(),
            Outcome::Exception(what) => {
                let logged = &what.logged;
                format!("exception at {} (source {}): {}", logged.position, logged.source, what.cause.name())
            }
            other => format!("{other:?}"),
        };
        let (from, to) = range.snapshots;
        format!("{from} {to} {end} {:?}", range.silent)
    };
    ranges.iter().map(line).collect()
}

#[test]
fn recordings_without_a_fault_replay_clean() {
    let mut replayed = 0;
    let folders =
        ["quiet", "variables", "timers", "messages", "errors", "lost-deployment-0.24.4-control", "issue-5688"];
    for folder in folders {
        for partition in 1..=3 {
            let name = format!("{folder}/log-{partition}.jsonl");
            if name == "issue-5688/log-3.jsonl" {
                continue;
            }
            let report = replay(&read(&name), -1, "0.24.4", Vec::new()).expect("a replay");
            assert_eq!(report.outcome, Outcome::Clean, "{name}");
            assert!(report.silent.is_empty(), "{name}: {:?}", report.silent);
            replayed += report.replayed;
        }
    }
    assert!(replayed > 2_800, "{replayed}");
}

#[test]
fn the_exception_of_5688_comes_where_it_came_and_only_from_old_snapshots() {
    let file = read("issue-5688/log-3.jsonl");
    for from in [-1, 1, 2] {
        let report = replay(&file, from, "0.24.4", Vec::new()).expect("a replay");
        let Outcome::Exception(inconsistency) = report.outcome else { panic!("{from}: {:?}", report.outcome) };
        assert_eq!((inconsistency.logged.position, inconsistency.logged.source), (32, 31), "{from}");
        let text = inconsistency.text(3);
        assert!(text.contains("The intent of the record on the log stream doesn't match"), "{text}");
        assert!(text.ends_with(
            "reprocessing-record: {key=2251799813685250, sourceRecordPosition=31, intent=DeploymentIntent:CREATE, \
             recordType=COMMAND_REJECTION}]"
        ));
    }
    let mut first = LogFile { partition: file.partition, records: file.records.clone() };
    first.records.truncate(30);
    assert!(replay(&first, -1, "0.24.4", Vec::new()).expect("a replay").outcome.is_clean());
    assert!(replay(&file, -1, "0.24.5", Vec::new()).expect("a replay").outcome.is_clean(), "detection off");
    assert!(replay(&file, -1, "fixed", Vec::new()).expect("a replay").outcome.is_clean(), "accepted again");
}

/// What was recorded of #5688 and of a quiet cluster, snapshot by snapshot.
#[test]
fn every_snapshot_gives_the_ranges_that_are_known() {
    assert_eq!(
        table("issue-5688/log-2.jsonl"),
        [
            "-1 -1 clean []",
            "1 28 clean [30]",
            "29 29 clean [32]",
            "31 31 clean [34]",
            "33 33 clean [36]",
            "35 35 clean [39]",
            "37 37 clean [40]",
            "38 38 clean [42]",
            "41 41 clean [44]",
            "43 43 clean [46]",
            "45 45 clean [48]",
            "47 47 clean [50]",
            "49 49 clean [52]",
            "51 51 clean [54]",
            "53 53 clean [56]",
            "55 55 clean [58]",
            "57 57 clean []",
        ]
    );
    assert_eq!(
        table("issue-5688/log-3.jsonl"),
        [
            "-1 -1 exception at 32 (source 31): intent []",
            "1 2 exception at 32 (source 31): intent [4]",
            "3 30 clean []",
            "31 32 clean [35]",
            "33 33 clean [36]",
            "34 34 clean [38]",
            "37 37 clean [40]",
            "39 39 clean [42]",
            "41 41 clean [44]",
            "43 43 clean [46]",
            "45 45 clean [48]",
            "47 47 clean [51]",
            "49 49 clean [52]",
            "50 50 clean []",
        ]
    );
    assert_eq!(
        table("quiet/log-3.jsonl"),
        ["-1 -1 clean []", "1 117 clean [122]", "119 120 clean [122, 124]", "121 121 clean [124]", "123 190 clean []",]
    );
}

#[test]
fn confirmations_kill_the_leader_of_3124_in_their_window_and_nowhere_else() {
    let file = read("issue-3124/log-1.jsonl.gz");
    let key = 2_251_799_813_689_455;
    let toggles = Toggles::preset("0.24.4").expect("a preset");
    let windows = kill_windows(log(&file), &toggles);
    assert!(windows.iter().any(|window| window.key == key && window.positions == (10_205, 10_904)), "{windows:?}");
    assert!(replay(&file, -1, "0.24.4", Vec::new()).expect("a replay").outcome.is_clean());
    for position in [10_190, 10_204, 10_205, 10_461, 10_904, 10_905, 10_920] {
        let report = replay(&file, -1, "0.24.4", vec![Confirmation { position, key }]).expect("a replay");
        let kills = (10_205..=10_904).contains(&position);
        match report.outcome {
            Outcome::Exception(inconsistency) => {
                assert!(kills, "{position}");
                assert_eq!(inconsistency.logged.position, position);
                assert_eq!(inconsistency.logged.source, 9_843);
            }
            outcome => assert!(!kills && outcome.is_clean(), "{position}: {outcome:?}"),
        }
    }
}

#[test]
fn a_distribution_is_pushed_only_by_a_replay_from_before_it() {
    let file = read("issue-3124/log-1.jsonl.gz");
    let key = 2_251_799_813_689_455;
    let confirmation = Confirmation { position: 10_461, key };
    let refused = replay(&file, 9_843, "0.24.4", vec![confirmation]);
    assert_eq!(refused, Err(Refused::Confirmation { key, position: 10_461 }));
    let mended = replay(&file, -1, "0.24.6", vec![confirmation]);
    assert_eq!(
        mended,
        Err(Refused::Confirmation { key, position: 10_461 }),
        "pushed after the commit, so never replayed"
    );
}

#[test]
fn a_mended_release_replays_its_own_logs_and_the_older_one_dies_of_them() {
    for partition in 1..=3 {
        let file = read(&format!("lost-deployment-0.26.0/log-{partition}.jsonl"));
        let report = replay(&file, -1, "0.26.0", Vec::new()).expect("a replay");
        assert!(report.outcome.is_clean(), "{partition}: {:?}", report.outcome);
        let report = replay(&file, -1, "0.24.4", Vec::new()).expect("a replay");
        assert_eq!(report.outcome.place().and_then(|place| place.0), (partition > 1).then_some(4), "{partition}");
    }
}

/// Replays from every single snapshot come to what the one pass over all of them says.
#[test]
fn every_snapshot_agrees_with_each_replay() {
    for name in [
        "timers/log-1.jsonl",
        "messages/log-1.jsonl",
        "issue-5688/log-3.jsonl",
        "issue-5688/log-2.jsonl",
        "quiet/log-3.jsonl",
        "lost-deployment-0.26.0/log-2.jsonl",
    ] {
        let file = read(name);
        let toggles = Toggles::preset("0.24.4").expect("a preset");
        let mut checked = 0;
        for range in every_snapshot(log(&file), &toggles).expect("a log that can be read") {
            for snapshot in range.snapshots.0..=range.snapshots.1 {
                let Ok(report) = replay(&file, snapshot, "0.24.4", Vec::new()) else { continue };
                assert_eq!(
                    (&report.outcome, &report.silent),
                    (&range.outcome, &range.silent),
                    "{name} from {snapshot}"
                );
                checked += 1;
            }
        }
        assert!(checked > 5, "{name}: {checked}");
    }
}

#[test]
fn the_model_reaches_as_far_as_every_recorded_deployment() {
    for folder in ["quiet", "variables", "timers", "messages", "errors", "issue-5688", "lost-deployment-0.26.0"] {
        for partition in 1..=3 {
            let file = read(&format!("{folder}/log-{partition}.jsonl"));
            assert_eq!(check_resources(log(&file)), Ok(()), "{folder}/log-{partition}.jsonl");
        }
    }
}
