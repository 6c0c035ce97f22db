//! The document: how the rows were made, what they come to, and the rows.

use super::Args;
use super::ledger::Terms;
use super::row::{HEAD, Row};
use crate::scenario::Scenario;

/// All that is said.
pub struct Document<'a> {
    /// What was asked for.
    pub args: &'a Args,
    /// The scenario, its job left open.
    pub scenario: &'a Scenario,
    /// By what the rows were made.
    pub terms: &'a Terms,
    /// Jobs of the window are missing.
    pub interrupted: bool,
    /// The rows. Those of jobs beyond the window are left out.
    pub rows: Vec<Row>,
}

impl Document<'_> {
    /// As Markdown.
    pub fn text(mut self) -> String {
        let window = self.args.window;
        self.rows.retain(|row| window.seeds().any(|number| row.job == format!("test-{number}")));
        // All of one length, so that the order of the names is that of the numbers.
        let known = |row: &Row| self.args.named.contains(&row.job) || self.args.aside.contains(&row.job);
        self.rows.sort_by_key(|row| (!known(row), row.job.len(), row.job.clone()));

        let mut lines = vec![self.terms.head.clone(), "# The jobs that can deadlock".to_owned(), String::new()];
        lines.extend(self.made_by());
        lines.push(String::new());
        lines.extend(self.summary());
        lines.push(String::new());
        lines.push(HEAD.trim_end().to_owned());
        lines.extend(self.rows.iter().map(Row::to_string));
        lines.join("\n") + "\n"
    }

    fn made_by(&self) -> Vec<String> {
        let Args { scenario, window, seeds, named, aside, .. } = self.args;
        let mut words = scenario.said(self.scenario);
        words.extend(["--window".to_owned(), window.to_string(), "--seeds".to_owned(), seeds.to_string()]);
        for (flag, jobs) in [("--named", named), ("--aside", aside)] {
            if !jobs.is_empty() {
                words.extend([flag.to_owned(), jobs.join(",")]);
            }
        }
        let (last, count) = (window.to() - 1, self.rows.len());
        let all = if self.interrupted { "so far " } else { "" };
        vec![
            format!(
                "Jobs test-{} to test-{last}: of {} trees, {all}{count} have a cycle in their static lock order; no \
                 schedule can deadlock the others.",
                window.from(),
                window.len()
            ),
            format!("{} seeds each. Made by", seeds.len()),
            String::new(),
            "```sh".to_owned(),
            format!("relapse jobs {}", words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")),
            "```".to_owned(),
        ]
    }

    /// What the named jobs come to, what the others do, and whatever would make the comparison a poor one.
    fn summary(&self) -> Vec<String> {
        let Args { named, aside, .. } = self.args;
        let (mut ours, mut others, mut apart) = (Vec::new(), Vec::new(), Vec::new());
        for row in &self.rows {
            let side = if aside.contains(&row.job) {
                &mut apart
            } else if named.contains(&row.job) {
                &mut ours
            } else {
                &mut others
            };
            side.push(row);
        }
        let mut lines = Vec::new();
        if self.rows.is_empty() && !self.interrupted {
            return vec!["- No job of the window can deadlock.".to_owned()];
        }
        if self.interrupted {
            lines.push("- **Interrupted**: not every job of the window has been swept.".to_owned());
        }
        if !named.is_empty() {
            lines.push(format!("- The {} named jobs: {}.", ours.len(), side(&ours)));
        }
        let ratio = match (mean(&ours), mean(&others)) {
            (Some(ours), Some(others)) if ours > 0.0 => format!("; {:.3} of the named ones' mean", others / ours),
            _ => String::new(),
        };
        let which = if named.is_empty() { "jobs" } else { "others" };
        lines.push(format!("- The {} {which}: {}{ratio}.", others.len(), side(&others)));
        lines.extend(apart.iter().map(|row| format!("- On neither side: {}, rate {:.4}.", row.job, row.rate())));
        let swept = |job: &&String| self.rows.iter().all(|row| row.job != **job);
        let absent: Vec<&str> = named.iter().chain(aside).filter(swept).map(String::as_str).collect();
        if !absent.is_empty() && !self.interrupted {
            lines.push(format!("- Without a static cycle, and so without a row: {}.", absent.join(", ")));
        }
        let rarest = ours.iter().map(|row| row.rate()).reduce(f64::min);
        let as_often: Vec<&str> = others
            .iter()
            .filter(|row| rarest.is_some_and(|rarest| row.blocked > 0 && row.rate() >= rarest))
            .map(|row| row.job.as_str())
            .collect();
        if !as_often.is_empty() {
            lines.push(format!("- Others that block as often as the rarest named one: {}.", as_often.join(", ")));
        }
        let otherwise: u64 = self.rows.iter().map(|row| row.otherwise).sum();
        lines.push(match otherwise {
            0 => "- Every run ended in a deadlock or exactly.".to_owned(),
            count => format!("- {count} runs ended neither in a deadlock nor exactly."),
        });
        lines
    }
}

fn mean(rows: &[&Row]) -> Option<f64> {
    (!rows.is_empty()).then(|| rows.iter().map(|row| row.rate()).sum::<f64>() / rows.len() as f64)
}

fn side(rows: &[&Row]) -> String {
    let Some(mean) = mean(rows) else { return "none has a row".to_owned() };
    let ever = rows.iter().filter(|row| row.blocked > 0).count();
    let (least, most) =
        rows.iter().fold((1.0, 0.0), |(least, most): (f64, f64), row| (least.min(row.rate()), most.max(row.rate())));
    format!("mean rate {mean:.4} ({least:.4} to {most:.4}), {ever} of {} ever block", rows.len())
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
