//! One job of the table: what came of its sweep, as a row of Markdown and back.

use std::collections::BTreeMap;
use std::fmt;

use explore::{SweepReport, Z_95, wilson};
use kernel::verdict::Outcome;

/// The head of the table.
pub const HEAD: &str = "| job | invocations | static cycle keys | blocked | rate | 95 % interval | rings (runs) |\n\
                        |---|---|---|---|---|---|---|\n";

/// What came of the sweep of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub job: String,
    invocations: u64,
    /// The keys of each static cycle.
    cycles: String,
    /// Runs that ended in a deadlock.
    pub blocked: u64,
    /// All runs.
    pub runs: u64,
    /// Runs that ended neither in a deadlock nor exactly.
    pub otherwise: u64,
    /// The rings, each with its runs.
    rings: String,
}

impl Row {
    /// Of a sweep.
    pub fn new(job: String, invocations: u64, cycles: &[Vec<i32>], report: &SweepReport) -> Self {
        let mut rings: BTreeMap<&str, u64> = BTreeMap::new();
        let (mut blocked, mut otherwise) = (0, 0);
        for group in report.groups.iter().filter(|group| group.outcome != Outcome::Pass) {
            if group.outcome == Outcome::Fail && group.signature.starts_with("restate/deadlock") {
                blocked += group.count;
                for (detail, count) in &group.details {
                    *rings.entry(if detail.is_empty() { &group.signature } else { detail }).or_default() += count;
                }
            } else {
                otherwise += group.count;
            }
        }
        let mut rings: Vec<(&str, u64)> = rings.into_iter().collect();
        rings.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let rings: Vec<String> =
            rings.iter().map(|(ring, count)| format!("{} ({count})", ring.replace("ring ", ""))).collect();
        let keys = |cycle: &Vec<i32>| cycle.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
        Row {
            job,
            invocations,
            cycles: cycles.iter().map(keys).collect::<Vec<_>>().join(" and "),
            blocked,
            runs: report.runs,
            otherwise,
            rings: if rings.is_empty() { "none".to_owned() } else { rings.join(", ") },
        }
    }

    /// A row as it was written; nothing if it is another text, or its figures contradict one another.
    pub fn parse(line: &str) -> Option<Self> {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [job, invocations, cycles, counts, _, _, rings] = cells[..] else { return None };
        let (counts, otherwise) = match counts.split_once("; ") {
            Some((counts, otherwise)) => (counts, otherwise.strip_suffix(" not judged")?.parse().ok()?),
            None => (counts, 0),
        };
        let (blocked, runs) = counts.split_once('/')?;
        let row = Row {
            job: job.to_owned(),
            invocations: invocations.parse().ok()?,
            cycles: cycles.to_owned(),
            blocked: blocked.parse().ok()?,
            runs: runs.parse().ok()?,
            otherwise,
            rings: rings.to_owned(),
        };
        (row.to_string() == line).then_some(row)
    }

    /// Share of the runs that blocked.
    pub fn rate(&self) -> f64 {
        self.blocked as f64 / self.runs.max(1) as f64
    }

    /// For the exit status: a kept row says that runs were not judged, not why.
    pub fn outcomes(&self) -> impl Iterator<Item = Outcome> + use<> {
        let failed = (self.blocked > 0).then_some(Outcome::Fail);
        let unjudged = (self.otherwise > 0).then_some(Outcome::Inconclusive);
        failed.into_iter().chain(unjudged)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { job, invocations, cycles, blocked, runs, otherwise, rings } = self;
        let interval = wilson(*blocked, *runs, Z_95);
        let otherwise = if *otherwise > 0 { format!("; {otherwise} not judged") } else { String::new() };
        write!(
            f,
            "| {job} | {invocations} | {cycles} | {blocked}/{runs}{otherwise} | {:.4} | {:.4} .. {:.4} | {rings} |",
            self.rate(),
            interval.low,
            interval.high,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKS: &str = "| test-28113175 | 1434 | 566,956 | 708/2000 | 0.3540 | 0.3333 .. 0.3752 | 566>956 (708) |";

    #[test]
    fn a_row_comes_back_as_it_was_written() {
        let row = Row::parse(BLOCKS).expect("a row");

        assert_eq!((row.blocked, row.runs, row.otherwise), (708, 2000, 0));
        assert_eq!(row.to_string(), BLOCKS);
        let unjudged = Row { otherwise: 3, ..row };
        assert_eq!(Row::parse(&unjudged.to_string()), Some(unjudged));
    }

    #[test]
    fn what_is_torn_or_contradicts_itself_is_no_row() {
        for end in 0..BLOCKS.len() {
            assert_eq!(Row::parse(&BLOCKS[..end]), None, "{}", &BLOCKS[..end]);
        }
        assert_eq!(Row::parse(&BLOCKS.replace("708/2000", "709/2000")), None);
        assert_eq!(Row::parse(HEAD.lines().next().expect("a line")), None);
    }
}
