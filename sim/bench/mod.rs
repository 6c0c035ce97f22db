//! The figures that design.md section 8 holds Relapse to, measured on the machine at hand.
//!
//! One figure, one file. Each is a ratio of two things measured in turn, several rounds of it: a machine that is busy, or
//! slow, or throttled is so for both. What the bar is and what was counted is said beside it.
//!
//! Host code: it reads the host's clock, but only outside of runs. (Inside of one the guard makes that clock virtual.)

mod bare_loop;
mod cluster;
mod endpoint;
mod fork;
mod guard;
mod independence;
mod job;
mod kernel_cost;
mod memory;
mod ping_pong;
mod recording;
mod replay;
mod timing;
mod workers;

use std::sync::atomic::{AtomicBool, Ordering};

use miette::Report;
use serde::Serialize;

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort<'a> {
    /// Rounds of each figure.
    pub rounds: usize,
    /// Work per round, in percent of the full measure.
    pub percent: u64,
    /// Once set, what is being measured is given up.
    pub stop: &'a AtomicBool,
}

impl<'a> Effort<'a> {
    /// What the README quotes.
    pub const fn full(stop: &'a AtomicBool) -> Self {
        Effort { rounds: 5, percent: 100, stop }
    }

    /// Enough to see that nothing is badly wrong.
    pub const fn quick(stop: &'a AtomicBool) -> Self {
        Effort { rounds: 3, percent: 10, stop }
    }

    /// Whether to give up.
    fn is_over(self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// A number of repetitions, cut down to this effort.
    const fn of(self, full: u64) -> u64 {
        let part = full * self.percent / 100;
        if part == 0 { 1 } else { part }
    }
}

/// What a figure must not cross.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bar {
    /// Not above.
    AtMost(f64),
    /// Not below.
    AtLeast(f64),
}

/// Several rounds of one number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The middle one.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// How many.
    pub rounds: usize,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// What is compared with what.
    pub title: &'static str,
    /// What its numbers are: `x` for a ratio.
    pub unit: &'static str,
    /// What came out; nothing if it was not measured here.
    pub measured: Option<Spread>,
    /// What it is held to.
    pub bar: Option<Bar>,
    /// Whether it is on the right side of the bar; nothing if that was not asked.
    pub holds: Option<bool>,
    /// What was counted, and the two sides of the ratio.
    pub notes: Vec<String>,
}

impl Spread {
    /// Of at least one number.
    fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        let rounds = numbers.len();
        Spread { median: numbers[rounds / 2], min: numbers[0], max: numbers[rounds - 1], rounds }
    }
}

impl Bar {
    /// Whether a number is on the right side.
    fn admits(self, number: f64) -> bool {
        match self {
            Bar::AtMost(most) => number <= most,
            Bar::AtLeast(least) => number >= least,
        }
    }
}

impl Figure {
    /// What was measured, against its bar: the median counts.
    fn new(
        name: &'static str,
        title: &'static str,
        unit: &'static str,
        bar: Option<Bar>,
        measured: Spread,
        notes: Vec<String>,
    ) -> Self {
        let holds = bar.map(|bar| bar.admits(measured.median));
        Figure { name, title, unit, measured: Some(measured), bar, holds, notes }
    }

    /// What was not, and why.
    fn missing(name: &'static str, title: &'static str, bar: Bar, why: &str) -> Self {
        let notes = vec![why.to_owned()];
        Figure { name, title, unit: "x", measured: None, bar: Some(bar), holds: None, notes }
    }
}

/// One measurement, which gives one figure or some that belong together.
type Measure = fn(Effort<'_>) -> Result<Vec<Figure>, Report>;

/// All of them. Memory comes first: after the others the process would hold more of it, and growth would show less.
const MEASURES: &[Measure] = &[
    memory::measure,
    kernel_cost::measure,
    endpoint::measure,
    guard::measure,
    recording::measure,
    fork::measure,
    workers::measure,
    independence::measure,
    job::measure,
    replay::measure,
    cluster::measure,
];

/// Measures everything, or until it is stopped; `tell` hears of each figure as soon as there is one. Whether it was stopped
/// before the end.
///
/// # Errors
/// Those of `tell`.
pub fn measure(effort: Effort<'_>, mut tell: impl FnMut(Figure) -> Result<(), Report>) -> Result<bool, Report> {
    for measure in MEASURES {
        let figures = measure(effort)?;
        // What was given up half-way says nothing.
        if effort.is_over() {
            return Ok(true);
        }
        figures.into_iter().try_for_each(&mut tell)?;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_decides_and_the_bar_itself_is_admitted() {
        let figure =
            |bar, numbers: &[f64]| Figure::new("f", "", "x", Some(bar), Spread::of(numbers.to_vec()), Vec::new());

        assert_eq!(figure(Bar::AtMost(1.3), &[9.0, 1.3, 1.1]).holds, Some(true));
        assert_eq!(figure(Bar::AtMost(1.3), &[1.4, 1.31, 1.0]).holds, Some(false));
        assert_eq!(figure(Bar::AtLeast(20.0), &[20.0]).holds, Some(true));
        assert_eq!(figure(Bar::AtLeast(20.0), &[19.9]).holds, Some(false));
    }

    #[test]
    fn a_small_effort_still_does_something() {
        let stop = AtomicBool::new(false);
        assert_eq!(Effort::quick(&stop).of(3), 1);
        assert_eq!(Effort::full(&stop).of(3), 3);
    }
}
