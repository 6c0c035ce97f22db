//! Many runs.

use std::collections::BTreeMap;
use std::path::Path;

use explore::{Ended, Group, Interval, SeedRange, SweepReport, Z_95, bound_when_never_seen, wilson};
use kernel::verdict::Outcome;
use serde::Serialize;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style};

use super::paint::Paint;
use super::{Context, CostJson, Seeds, digest, thousands};
use crate::cli::findings::Kept;
use crate::scenario::duration::show_duration;

/// Share of sweeps in which a rate lies beyond the bound that is printed when nothing was seen.
const DOUBT: f64 = 0.05;
/// Details of a group in the table for people; machines get all.
const DETAILS_SHOWN: usize = 8;

/// A sweep for people: a table of verdicts, and what may be said of the rate.
pub fn text(context: &Context<'_>, asked: SeedRange, report: &SweepReport, kept: &[Kept], colours: bool) -> String {
    let paint = Paint { colours };
    let mut lines = vec![format!(
        "{} ({}), seeds {asked}: {}",
        paint.strong(&context.scenario.name),
        context.scenario.path.display(),
        runs_done(report)
    )];
    if report.runs > 0 {
        lines.push(String::new());
        lines.push(table(report, paint));
        lines.push(String::new());
    }
    lines.extend(kept.iter().map(kept_line));
    lines.extend(closing(context, report, paint));
    lines.join("\n") + "\n"
}

/// What became of the first run of a failure.
fn kept_line(kept: &Kept) -> String {
    let reproducible = match kept.reproducible {
        Some(true) => "the same in a fresh process",
        Some(false) => "ANOTHER RUN in a fresh process",
        None => "not tried in a fresh process",
    };
    let bundle = kept.bundle.as_ref().map(|path| format!("; kept in {}", path.display())).unwrap_or_default();
    format!("{}: {reproducible}{bundle}", kept.signature)
}

fn runs_done(report: &SweepReport) -> String {
    let runs = thousands(report.runs.into());
    let of = || format!("{runs} of {} runs", thousands(report.requested.into()));
    match report.ended {
        Ended::Complete => format!("{runs} runs"),
        Ended::Stopped => format!("interrupted after {}", of()),
        Ended::Failures => format!("ended with enough failures after {}", of()),
        Ended::Time => format!("ended with its time after {}", of()),
    }
}

fn table(report: &SweepReport, paint: Paint) -> String {
    let mut builder = Builder::default();
    builder.push_record(["verdict", "signature", "count", "rate", "95 % interval", "first seed", "fastest seed"]);
    for group in &report.groups {
        let interval = wilson(group.count, report.runs, Z_95);
        builder.push_record([
            group.outcome.word().to_owned(),
            group.signature.clone(),
            thousands(group.count.into()),
            percent(rate(group.count, report.runs)),
            format!("{} .. {}", percent(interval.low), percent(interval.high)),
            group.first_seed.to_string(),
            group.fastest_seed.to_string(),
        ]);
        for (detail, count) in group.details.iter().filter(|(detail, _)| !detail.is_empty()).take(DETAILS_SHOWN) {
            let rate = percent(rate(*count, report.runs));
            builder.push_record(["", &format!("  {detail}"), &thousands((*count).into()), &rate, "", "", ""]);
        }
    }
    let mut table = builder.build();
    table.with(Style::blank()).with(Padding::new(0, 1, 0, 0));
    table.modify(Columns::new(2..), Alignment::right());
    let text = table.to_string();

    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    // Painted last: the table measures its cells in letters, not in escape codes.
    let of_groups = lines.iter_mut().skip(1).filter(|line| !line.starts_with(' '));
    for (line, group) in of_groups.zip(&report.groups) {
        *line = line.replacen(group.outcome.word(), &paint.outcome(group.outcome), 1);
    }
    lines[0] = paint.faint(&lines[0]);
    lines.join("\n")
}

fn closing(context: &Context<'_>, report: &SweepReport, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    let trusted = report.groups.iter().all(|group| group.outcome != Outcome::SimulatorBug);
    let judged = judged(report);
    if judged > 0 && failures(report) == 0 && trusted {
        let bound = percent(bound_when_never_seen(judged, DOUBT));
        let of = if judged < report.runs {
            format!(" in the {} runs that were judged", thousands(judged.into()))
        } else {
            String::new()
        };
        lines.push(format!("no failure{of}: with 95 % confidence the rate is below {bound}"));
    } else if judged > 0 && trusted {
        let bound = percent(bound_when_never_seen(judged, DOUBT));
        lines.push(format!("what was not seen: with 95 % confidence any other failure is rarer than {bound}"));
    } else if judged == 0 && report.runs > 0 {
        lines.push("no run was judged: nothing is known of the rate of failures".to_owned());
    }
    if let Some(worst) = report.groups.iter().find(|group| group.outcome != Outcome::Pass) {
        lines.extend(worst.story.iter().map(|line| format!("  {line}")));
        lines.push(format!("{} {}", paint.faint("again"), context.again(worst.first_seed)));
    }
    let (wall, cost) = (report.wall.as_nanos(), report.cost);
    let per_second = |count: u128| thousands(count * 1_000_000_000 / wall.max(1));
    lines.push(paint.faint(&format!(
        "{} of virtual time and {} events in {}: {} runs/s, {} events/s ({} host)",
        show_duration(cost.virtual_ns),
        thousands(cost.events),
        show_duration(wall),
        per_second(report.runs.into()),
        per_second(cost.events),
        context.host,
    )));
    lines
}

/// Runs that passed or failed. The others tested nothing, or did not come to an end.
fn judged(report: &SweepReport) -> u64 {
    let judged = |group: &&Group| matches!(group.outcome, Outcome::Pass | Outcome::Fail);
    report.groups.iter().filter(judged).map(|group| group.count).sum()
}

fn failures(report: &SweepReport) -> u64 {
    report.groups.iter().filter(|group| group.outcome == Outcome::Fail).map(|group| group.count).sum()
}

fn rate(count: u64, runs: u64) -> f64 {
    if runs == 0 { 0.0 } else { count as f64 / runs as f64 }
}

/// A share in percent, with more decimals the rarer it is.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = match percent {
        _ if percent == 0.0 || percent >= 99.995 => 0,
        _ if percent < 0.1 => 4,
        _ if percent < 1.0 => 3,
        _ => 2,
    };
    // What is not all of them is not said to be.
    if decimals == 0 && percent > 0.0 && percent < 100.0 {
        return "over 99.99 %".to_owned();
    }
    format!("{percent:.decimals$} %")
}

#[derive(Serialize)]
struct SweptJson<'a> {
    scenario: &'a str,
    system: &'a str,
    host: String,
    seeds: Seeds,
    runs: u64,
    interrupted: bool,
    ended: &'static str,
    outcomes: Vec<OutcomeJson<'a>>,
    failures: FailuresJson,
    digest: String,
    cost: CostJson,
    workers: usize,
    wall_ns: u128,
}

#[derive(Serialize)]
struct OutcomeJson<'a> {
    verdict: Outcome,
    signature: &'a str,
    count: u64,
    rate: f64,
    interval: [f64; 2],
    first_seed: u64,
    fastest_seed: u64,
    details: BTreeMap<&'a str, u64>,
    story: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    reproducible: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<&'a Path>,
}

#[derive(Serialize)]
struct FailuresJson {
    count: u64,
    judged: u64,
    rate: f64,
    interval: [f64; 2],
}

/// A sweep for machines. `seeds` are those asked for; those run are the first `runs` of them.
pub fn json<'a>(
    context: &'a Context<'_>,
    asked: SeedRange,
    workers: usize,
    report: &'a SweepReport,
    kept: &'a [Kept],
) -> impl Serialize + use<'a> {
    let ends = |interval: Interval| [interval.low, interval.high];
    let kept_of =
        |group: &Group| kept.iter().find(|kept| group.outcome == Outcome::Fail && kept.signature == group.signature);
    let outcome = |group: &'a Group| OutcomeJson {
        verdict: group.outcome,
        signature: &group.signature,
        count: group.count,
        rate: rate(group.count, report.runs),
        interval: ends(wilson(group.count, report.runs, Z_95)),
        first_seed: group.first_seed,
        fastest_seed: group.fastest_seed,
        details: group.details.iter().map(|(detail, count)| (&**detail, *count)).collect(),
        story: &group.story,
        reproducible: kept_of(group).and_then(|kept| kept.reproducible),
        bundle: kept_of(group).and_then(|kept| kept.bundle.as_deref()),
    };
    let (failed, judged) = (failures(report), judged(report));
    SweptJson {
        scenario: &context.scenario.name,
        system: context.scenario.schema.system,
        host: context.host.to_string(),
        seeds: asked.into(),
        runs: report.runs,
        interrupted: report.ended == Ended::Stopped,
        ended: match report.ended {
            Ended::Complete => "complete",
            Ended::Stopped => "stopped",
            Ended::Failures => "failures",
            Ended::Time => "time",
        },
        outcomes: report.groups.iter().map(outcome).collect(),
        failures: FailuresJson {
            count: failed,
            judged,
            rate: rate(failed, judged),
            interval: ends(wilson(failed, judged, Z_95)),
        },
        digest: digest(report.digest),
        cost: report.cost.into(),
        workers,
        wall_ns: report.wall.as_nanos(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_shares_have_more_decimals() {
        assert_eq!(
            [0.0, 1.0, 0.999_99, 0.5, 0.0123, 0.00123, 0.000123].map(percent)[..],
            ["0 %", "100 %", "over 99.99 %", "50.00 %", "1.23 %", "0.123 %", "0.0123 %"]
        );
    }
}
