//! How far a sweep has come: a bar on a terminal, else a line every few seconds, always on standard error.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::time::Duration;

use explore::{Progress, ShrinkProgress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::thousands;
use crate::cli::output::{say, stderr_colours};

/// How often a line is printed where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// So many signatures are told in one line, the most frequent first.
const SIGNATURES_SHOWN: usize = 2;

/// Shows the progress of one sweep.
pub struct Meter {
    bar: Option<ProgressBar>,
    next_line_at: Cell<Duration>,
}

impl Meter {
    /// For a sweep of so many runs.
    pub fn new(runs: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::stderr());
            let shape = "{wide_bar} {percent} %  {msg}  ETA {eta}";
            let shape =
                if stderr_colours() { shape.replace("{wide_bar}", "{wide_bar:.cyan/dim}") } else { shape.into() };
            bar.set_style(ProgressStyle::with_template(&shape).expect("the shape of the bar is valid"));
            bar
        });
        Meter { bar, next_line_at: Cell::new(LINE_EVERY) }
    }

    /// Shows it.
    pub fn show(&self, progress: &Progress) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(figures(progress));
                bar.set_position(progress.runs);
            }
            None if progress.wall >= self.next_line_at.get() => {
                self.next_line_at.set(progress.wall + LINE_EVERY);
                let (runs, requested) = (thousands(progress.runs.into()), thousands(progress.requested.into()));
                say(format!("{runs} of {requested} runs: {}", figures(progress)));
            }
            None => {}
        }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Shows how far shrinking has come.
pub struct Reductions {
    bar: Option<ProgressBar>,
    next_line_at: Cell<Duration>,
}

impl Reductions {
    /// Of one plan, from now on.
    pub fn begin() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the shape of the bar is valid"));
            bar
        });
        Reductions { bar, next_line_at: Cell::new(LINE_EVERY) }
    }

    /// Shows it.
    pub fn show(&self, progress: &ShrinkProgress) {
        let ShrinkProgress { parts_before, parts, counts, wall } = progress;
        let said = || format!("{parts} of {parts_before} parts are left after {} runs", thousands(counts.runs.into()));
        match &self.bar {
            Some(bar) => {
                bar.set_message(said());
                bar.tick();
            }
            None if *wall >= self.next_line_at.get() => {
                self.next_line_at.set(*wall + LINE_EVERY);
                say(said());
            }
            None => {}
        }
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn figures(progress: &Progress) -> String {
    let wall = progress.wall.as_millis().max(1);
    let runs_per_second = thousands(u128::from(progress.runs) * 1_000 / wall);
    let speed = thousands(progress.virtual_time.as_millis() / wall);
    let mut text = format!("{runs_per_second} runs/s, {speed}x time, {} failed", thousands(progress.failures.into()));
    if progress.failures > 0 {
        let mut by_signature: Vec<_> = progress.by_signature.iter().collect();
        by_signature.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let one = |(signature, count): &(&String, &u64)| format!("{signature} {}", thousands(u128::from(**count)));
        let shown: Vec<String> = by_signature.iter().take(SIGNATURES_SHOWN).map(one).collect();
        let more = if by_signature.len() > shown.len() { ", .." } else { "" };
        text.push_str(&format!(" ({}{more})", shown.join(", ")));
    }
    for (count, what) in [(progress.unjudged, "not judged"), (progress.simulator_bugs, "simulator bugs")] {
        if count > 0 {
            text.push_str(&format!(", {} {what}", thousands(count.into())));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_tell_of_trouble_only_if_there_is_any() {
        let progress = Progress {
            runs: 3_000,
            failures: 12,
            by_signature: [("a".to_owned(), 2), ("b".to_owned(), 9), ("c".to_owned(), 1)].into(),
            virtual_time: Duration::from_secs(6_000),
            wall: Duration::from_secs(2),
            ..Progress::default()
        };

        assert_eq!(figures(&progress), "1,500 runs/s, 3,000x time, 12 failed (b 9, a 2, ..)");
        let troubled = Progress { unjudged: 1, simulator_bugs: 2, ..progress };
        assert_eq!(
            figures(&troubled),
            "1,500 runs/s, 3,000x time, 12 failed (b 9, a 2, ..), 1 not judged, 2 simulator bugs"
        );
    }
}
