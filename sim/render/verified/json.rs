//! What replays of a recorded log came to, for machines.

use serde::Serialize;
use serde_json::Value;
use zeebe::exported::write_line;
use zeebe::protocol::{NO_POSITION, Record};
use zeebe::verify::{Difference, KillWindow, Outcome, Range};

use super::{Every, Heading, One};

#[derive(Serialize)]
struct HeadingJson<'a> {
    file: &'a str,
    partition: u16,
    records: usize,
    preset: &'a str,
    toggles: &'a [String],
}

#[derive(Serialize)]
struct OneJson<'a> {
    #[serde(flatten)]
    heading: HeadingJson<'a>,
    from: i64,
    responses: Vec<ResponseJson>,
    outcome: OutcomeJson<'a>,
    silent: &'a [i64],
    replayed: u64,
    last_source: i64,
}

#[derive(Serialize)]
struct ResponseJson {
    key: i64,
    before: i64,
}

#[derive(Serialize)]
struct EveryJson<'a> {
    #[serde(flatten)]
    heading: HeadingJson<'a>,
    ranges: Vec<RangeJson<'a>>,
    kill_windows: Option<Vec<WindowJson>>,
}

#[derive(Serialize)]
struct RangeJson<'a> {
    from: i64,
    to: i64,
    outcome: OutcomeJson<'a>,
    silent: &'a [i64],
}

#[derive(Serialize)]
struct WindowJson {
    key: i64,
    distribute: i64,
    from: i64,
    to: i64,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum OutcomeJson<'a> {
    Clean,
    Exception { cause: &'static str, position: i64, source: i64, text: String },
    Failed { text: &'a str },
    Stuck { position: i64, text: &'a str },
    Differs { member: &'a str, position: Option<i64>, source: i64, expected: Option<Value>, found: Option<Value> },
}

/// One replay.
pub fn one<'a>(one: &'a One<'_>) -> impl Serialize + use<'a> {
    let One { heading, request, report } = one;
    let responses = request.confirmations.iter();
    OneJson {
        heading: heading_of(heading),
        from: request.from,
        responses: responses.map(|one| ResponseJson { key: one.key, before: one.position }).collect(),
        outcome: outcome(&report.outcome, heading.log.partition),
        silent: &report.silent,
        replayed: report.replayed,
        last_source: report.last_source,
    }
}

/// Replays from every snapshot.
pub fn every<'a>(every: &'a Every<'_>) -> impl Serialize + use<'a> {
    let partition = every.heading.log.partition;
    let window = |window: &KillWindow| {
        let (from, to) = window.positions;
        WindowJson { key: window.key, distribute: window.distribute, from, to }
    };
    let on_first = partition == zeebe::engine::DEPLOYMENT_PARTITION;
    EveryJson {
        heading: heading_of(&every.heading),
        ranges: every.ranges.iter().map(|range| range_of(range, partition)).collect(),
        kill_windows: on_first.then(|| every.windows.iter().map(window).collect()),
    }
}

/// What the model writes and what the log has, each as an exporter would write it: all but what differs is the found
/// record's. A record that the log lacks has no position and no time.
pub fn sides(difference: &Difference, partition: u16) -> (Option<String>, Option<String>) {
    let at = difference.found.as_ref();
    let expected = difference.expected.as_ref().map(|one| Record {
        position: at.map_or(NO_POSITION, |found| found.position),
        source: difference.source,
        key: one.key,
        timestamp: at.map_or(-1, |found| found.timestamp),
        kind: one.kind,
        intent: one.intent,
        rejection: one.rejection.clone(),
        value: one.value.clone(),
        request: None,
    });
    (expected.map(|one| write_line(partition, &one)), at.map(|one| write_line(partition, one)))
}

fn heading_of<'a>(heading: &'a Heading<'_>) -> HeadingJson<'a> {
    let Heading { file, log, preset, toggles } = heading;
    HeadingJson { file, partition: log.partition, records: log.records.len(), preset, toggles }
}

fn range_of(range: &Range, partition: u16) -> RangeJson<'_> {
    let (from, to) = range.snapshots;
    RangeJson { from, to, outcome: outcome(&range.outcome, partition), silent: &range.silent }
}

fn outcome(outcome: &Outcome, partition: u16) -> OutcomeJson<'_> {
    match outcome {
        Outcome::Clean => OutcomeJson::Clean,
        Outcome::Exception(what) => OutcomeJson::Exception {
            cause: what.cause.name(),
            position: what.logged.position,
            source: what.logged.source,
            text: what.text(partition),
        },
        Outcome::Failed(text) => OutcomeJson::Failed { text },
        Outcome::Stuck { position, exception } => OutcomeJson::Stuck { position: *position, text: exception },
        Outcome::Differs(difference) => {
            let (expected, found) = sides(difference, partition);
            let object = |line: String| serde_json::from_str(&line).expect("SIMULATOR BUG: a record's line is no JSON");
            OutcomeJson::Differs {
                member: &difference.what,
                position: difference.position,
                source: difference.source,
                expected: expected.map(object),
                found: found.map(object),
            }
        }
    }
}
