//! Responses that complete a distribution during a replay: where they kill the leader, and that the windows say so.

use relapse_zeebe::exported::LogFile;
use relapse_zeebe::settings::Toggles;
use relapse_zeebe::verify::{Confirmation, Outcome, PartitionLog, Refused, Request, kill_windows, verify};
use std::path::PathBuf;

fn read(name: &str) -> LogFile {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../tests/golden/zeebe", name].iter().collect();
    LogFile::read(name, &std::fs::read(path).expect("a golden log")).expect("a whole log")
}

/// How a replay from the beginning ends if all responses for the key come just before the position; nothing if they
/// cannot.
fn with_responses(log: PartitionLog<'_>, toggles: &Toggles, key: i64, position: i64) -> Option<Outcome> {
    let confirmations = vec![Confirmation { position, key }];
    match verify(&Request { log, from: -1, toggles: toggles.clone(), confirmations }) {
        Ok(report) => Some(report.outcome),
        Err(Refused::Confirmation { .. }) => None,
        Err(refused) => panic!("{refused}"),
    }
}

/// All 731 places that the recording's README speaks of.
#[test]
fn responses_of_3124_kill_from_10205_to_10904_and_nowhere_around() {
    let file = read("issue-3124/log-1.jsonl.gz");
    let log = PartitionLog { partition: file.partition, records: &file.records };
    let toggles = Toggles::preset("0.24.4").expect("a preset");
    for position in 10_190..=10_920 {
        match with_responses(log, &toggles, 2_251_799_813_689_455, position).expect("it is pushed by then") {
            Outcome::Exception(inconsistency) => {
                assert!((10_205..=10_904).contains(&position), "{position}");
                assert_eq!((inconsistency.logged.position, inconsistency.cause.name()), (position, "key"));
            }
            outcome => assert!(!(10_205..=10_904).contains(&position) && outcome.is_clean(), "{position}"),
        }
    }
}

/// Every deployment of every smaller log of partition 1, at every position.
#[test]
fn the_windows_are_where_a_replay_dies() {
    let unfiltered = Toggles { filter_5583: false, ..Toggles::preset("0.24.4").expect("a preset") };
    let toggles =
        [Toggles::preset("0.24.4").expect("a preset"), Toggles::preset("0.24.5").expect("a preset"), unfiltered];
    let mut killed = 0;
    for name in ["quiet", "variables", "issue-5688", "lost-deployment-0.24.4-control"] {
        let file = read(&format!("{name}/log-1.jsonl"));
        let log = PartitionLog { partition: file.partition, records: &file.records };
        for toggles in &toggles {
            let windows = kill_windows(log, toggles);
            for distribute in file.records.iter().filter(|record| record.intent.name() == "DISTRIBUTE") {
                for position in 1..=file.records.len() as i64 {
                    let kills = windows.iter().any(|window| {
                        window.key == distribute.key && (window.positions.0..=window.positions.1).contains(&position)
                    });
                    let outcome = with_responses(log, toggles, distribute.key, position);
                    let dies = outcome.is_some_and(|outcome| !outcome.is_clean());
                    assert_eq!(dies, kills, "{name}: {} at {position}", distribute.key);
                    killed += usize::from(dies);
                }
            }
        }
    }
    assert!(killed > 0);
}
