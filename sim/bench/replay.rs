//! Replaying a real broker's log, with every value compared, and replaying it from every snapshot.

use miette::Report;
use zeebe::exported::LogFile;
use zeebe::settings::Toggles;
use zeebe::verify::{PartitionLog, Request, every_snapshot, verify};

use super::{Bar, Effort, Figure, Spread, timing};
use crate::render::thousands;

const NAME: &str = "tests/golden/zeebe/issue-3124/log-1.jsonl.gz";
const LOG: &[u8] = include_bytes!("../../tests/golden/zeebe/issue-3124/log-1.jsonl.gz");

/// Measures.
pub fn measure(effort: Effort) -> Result<Vec<Figure>, Report> {
    let file = LogFile::read(NAME, LOG).expect("the recorded log is whole");
    let log = PartitionLog { partition: file.partition, records: &file.records };
    let toggles = Toggles::preset("0.24.4").expect("it is a release");
    let request = Request { log, from: -1, toggles: toggles.clone(), confirmations: Vec::new() };
    let replays = effort.of(100);
    let replay = || {
        let report = verify(&request).expect("any log can be replayed from its beginning");
        assert!(report.outcome.is_clean(), "SIMULATOR BUG: the recorded log is clean");
        report.replayed
    };
    let every = || {
        let ranges = every_snapshot(log, &toggles).expect("any log can be replayed from its beginning");
        assert!(ranges.iter().all(|range| range.outcome.is_clean()), "SIMULATOR BUG: the recorded log is clean");
    };

    let mut rates = Vec::new();
    // The first round warms up.
    for round in 0..=effort.rounds {
        let (took, records) = timing::time(|| (0..replays).map(|_| replay()).sum::<u64>());
        if round > 0 {
            rates.push(records as f64 / took.as_secs_f64());
        }
    }
    let all = || {
        (0..replays).for_each(|_| every());
        replays
    };
    let plain = || {
        (0..replays).for_each(|_| {
            replay();
        });
        replays
    };
    let duel = timing::duel(effort, all, plain);
    let counted = format!(
        "records run again, {} of the {} of {NAME}; reading the file is left out; a real broker replays some 6,000",
        thousands(replay().into()),
        thousands(file.records.len() as u128)
    );
    let against = format!("{:.2} ms against {:.2} ms at best, the same log", duel.first_ns / 1e6, duel.second_ns / 1e6);
    Ok(vec![
        Figure::new(
            "replay",
            "records replayed, values compared, on one core",
            "/s",
            Some(Bar::AtLeast(200_000.0)),
            Spread::of(rates),
            vec![counted],
        ),
        Figure::new(
            "every-snapshot",
            "replays from every snapshot against one replay",
            "x",
            Some(Bar::AtMost(3.0)),
            duel.ratio,
            vec![against],
        ),
    ])
}
