//! What replays of a recorded log came to, for people.

pub mod json;

use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style};
use zeebe::verify::{Difference, KillWindow, Outcome, PartitionLog, Range, Report, Request};

use super::paint::Paint;
use super::thousands;
use kernel::verdict::Outcome as Verdict;

/// What was replayed, and as whom.
pub struct Heading<'a> {
    /// The file, as it was named.
    pub file: &'a str,
    /// Its log.
    pub log: PartitionLog<'a>,
    /// The release.
    pub preset: &'a str,
    /// Toggles on top of it, as they were written.
    pub toggles: &'a [String],
}

/// One replay.
pub struct One<'a> {
    /// Of what.
    pub heading: Heading<'a>,
    /// How.
    pub request: &'a Request<'a>,
    /// What it came to.
    pub report: &'a Report,
}

/// Replays from every snapshot.
pub struct Every<'a> {
    /// Of what.
    pub heading: Heading<'a>,
    /// What they came to.
    pub ranges: &'a [Range],
    /// Where responses kill the leader.
    pub windows: Vec<KillWindow>,
}

impl Heading<'_> {
    fn text(&self, paint: Paint) -> String {
        let Heading { file, log, preset, toggles } = self;
        let toggles: String = toggles.iter().map(|toggle| format!(", {toggle}")).collect();
        let records = thousands(log.records.len() as u128);
        format!("{}: partition {}, {records} records; read by {preset}{toggles}", paint.strong(file), log.partition)
    }
}

/// One replay.
pub fn one(one: &One<'_>, colours: bool) -> String {
    let One { heading, request, report } = one;
    let paint = Paint { colours };
    let mut lines = vec![heading.text(paint)];
    let (from, replayed) = (snapshot(request.from), thousands(report.replayed.into()));
    lines.push(match report.replayed {
        0 if report.last_source <= request.from => format!("from {from}: nothing to replay"),
        _ => format!("from {from}: {replayed} records run again, up to {}", report.last_source),
    });
    lines.extend(request.confirmations.iter().map(|response| {
        format!("all responses for deployment {} just before {} is read", response.key, response.position)
    }));
    lines.push(String::new());
    lines.push(headline(&report.outcome, &report.silent, paint));
    lines.extend(details(&report.outcome, heading.log.partition));
    if !report.silent.is_empty() {
        lines.push(silently(paint));
    }
    lines.join("\n") + "\n"
}

/// Replays from every snapshot.
pub fn every(every: &Every<'_>, colours: bool) -> String {
    let Every { heading, ranges, windows } = every;
    let paint = Paint { colours };
    let mut lines = vec![heading.text(paint), String::new(), table(ranges, paint)];
    let mut told: Vec<&Outcome> = Vec::new();
    for range in *ranges {
        if !range.outcome.is_clean() && !told.contains(&&range.outcome) {
            told.push(&range.outcome);
            lines.push(String::new());
            lines.push(headline(&range.outcome, &[], paint));
            lines.extend(details(&range.outcome, heading.log.partition));
        }
    }
    if ranges.iter().any(|range| !range.silent.is_empty()) {
        lines.push(String::new());
        lines.push(silently(paint));
    }
    if heading.log.partition == zeebe::engine::DEPLOYMENT_PARTITION {
        lines.push(String::new());
        lines.push(kills(windows, paint));
    }
    lines.join("\n") + "\n"
}

/// How it ended, in a few words.
fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Clean => "clean".to_owned(),
        Outcome::Exception(what) => {
            format!("exception at {} (source {}): {}", what.logged.position, what.logged.source, what.cause.name())
        }
        Outcome::Failed(_) => "the recovery fails".to_owned(),
        Outcome::Stuck { position, .. } => format!("a processor fails for ever at {position}"),
        Outcome::Differs(difference) => match difference.position {
            Some(position) => format!("differs at {position} (source {})", difference.source),
            None => format!("differs behind its source {}", difference.source),
        },
    }
}

fn headline(outcome: &Outcome, silent: &[i64], paint: Paint) -> String {
    let verdict = if outcome.is_clean() { Verdict::Pass } else { Verdict::Fail };
    let word = paint.like(verdict, &word(outcome));
    match silent.len() {
        0 => word,
        1 => format!("{word}, with 1 silent divergence at {}", positions(silent)),
        many => format!("{word}, with {many} silent divergences at {}", positions(silent)),
    }
}

fn details(outcome: &Outcome, partition: u16) -> Vec<String> {
    match outcome {
        Outcome::Clean => Vec::new(),
        Outcome::Exception(what) => vec![format!("  {}", what.text(partition))],
        Outcome::Failed(text) | Outcome::Stuck { exception: text, .. } => vec![format!("  {text}")],
        Outcome::Differs(difference) => differing(difference, partition),
    }
}

fn differing(difference: &Difference, partition: u16) -> Vec<String> {
    let (expected, found) = json::sides(difference, partition);
    let or_nothing = |line: Option<String>| line.unwrap_or_else(|| "nothing".to_owned());
    vec![
        format!("  differs   {}", difference.what),
        format!("  expected  {}", or_nothing(expected)),
        format!("  found     {}", or_nothing(found)),
    ]
}

fn silently(paint: Paint) -> String {
    paint.faint("silent: the log refused a deployment that the replay accepts, or the reverse, and this release does not notice")
}

fn snapshot(position: i64) -> String {
    if position < 0 { "no snapshot".to_owned() } else { format!("the snapshot at {position}") }
}

fn positions(positions: &[i64]) -> String {
    let shown: Vec<String> = positions.iter().map(i64::to_string).collect();
    shown.join(" ")
}

fn table(ranges: &[Range], paint: Paint) -> String {
    let mut builder = Builder::default();
    builder.push_record(["from", "to", "outcome", "silent"]);
    let bound = |position: i64| if position < 0 { "none".to_owned() } else { position.to_string() };
    for range in ranges {
        let (from, to) = range.snapshots;
        builder.push_record([bound(from), bound(to), word(&range.outcome), positions(&range.silent)]);
    }
    let mut lines = aligned(builder, 2);
    // Painted last: the table measures its cells in letters, not in escape codes.
    for (line, range) in lines.iter_mut().skip(1).zip(ranges) {
        let verdict = if range.outcome.is_clean() { Verdict::Pass } else { Verdict::Fail };
        let word = word(&range.outcome);
        *line = line.replacen(&word, &paint.like(verdict, &word), 1);
    }
    lines[0] = paint.faint(&lines[0]);
    lines.join("\n")
}

fn kills(windows: &[KillWindow], paint: Paint) -> String {
    if windows.is_empty() {
        return "responses kill no leader that replays this log, whenever they come".to_owned();
    }
    let mut builder = Builder::default();
    builder.push_record(["deployment", "DISTRIBUTE", "just before"]);
    for window in windows {
        let (from, to) = window.positions;
        let positions = if from == to { from.to_string() } else { format!("{from} .. {to}") };
        builder.push_record([window.key.to_string(), window.distribute.to_string(), positions]);
    }
    let mut lines = aligned(builder, 2);
    lines[0] = paint.faint(&lines[0]);
    let title = "all responses for a deployment kill a leader that replays its DISTRIBUTE, if they come";
    format!("{title}\n{}", lines.join("\n"))
}

/// The lines of a table whose first columns are numbers.
fn aligned(builder: Builder, numbers: usize) -> Vec<String> {
    let mut table = builder.build();
    table.with(Style::blank()).with(Padding::new(0, 1, 0, 0));
    table.modify(Columns::new(..numbers), Alignment::right());
    table.to_string().lines().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Every, Heading, One, every, one};
    use zeebe::settings::Toggles;
    use zeebe::verify::{Outcome, PartitionLog, Range, Report, Request};

    #[test]
    fn all_silent_positions_are_told() {
        let log = PartitionLog { partition: 2, records: &[] };
        let heading = || Heading { file: "log", log, preset: "0.24.4", toggles: &[] };
        let toggles = Toggles::preset("0.24.4").expect("a preset");
        let request = Request { log, from: -1, toggles, confirmations: Vec::new() };
        let silent: Vec<i64> = (101..=125).collect();
        let all = silent.iter().map(i64::to_string).collect::<Vec<_>>().join(" ");

        let report = Report { outcome: Outcome::Clean, silent: silent.clone(), replayed: 9, last_source: 130 };
        let said = one(&One { heading: heading(), request: &request, report: &report }, false);
        assert!(said.contains(&format!("with 25 silent divergences at {all}\n")), "{said}");

        let ranges = [Range { snapshots: (-1, 100), outcome: Outcome::Clean, silent }];
        let said = every(&Every { heading: heading(), ranges: &ranges, windows: Vec::new() }, false);
        assert!(said.contains(&format!(" {all}\n")), "{said}");
    }
}
