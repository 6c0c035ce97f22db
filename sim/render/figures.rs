//! Figures of the benchmark.

use super::paint::Paint;
use crate::bench::{Bar, Figure, Spread};

/// One figure: what came out against its bar, and below it what was counted.
pub fn text(figure: &Figure, colours: bool) -> String {
    let paint = Paint { colours };
    let unit = figure.unit;
    let bar = figure.bar.map_or(String::new(), |bar| match bar {
        Bar::AtMost(most) => format!("  bar: at most {}{unit}", number(most)),
        Bar::AtLeast(least) => format!("  bar: at least {}{unit}", number(least)),
    });
    let verdict = match figure.holds {
        Some(true) => "  holds",
        Some(false) => "  MISSED",
        None => "",
    };
    let measured = figure.measured.map_or("not measured".to_owned(), |spread| {
        let Spread { median, min, max, rounds } = spread;
        if rounds == 1 {
            return format!("{}{unit}  (1 round)", number(median));
        }
        format!("{}{unit}  ({} .. {}, {rounds} rounds)", number(median), number(min), number(max))
    });
    let mut text = format!("{}\n  {measured}{bar}{verdict}\n", paint.strong(figure.title));
    for note in &figure.notes {
        text += &format!("  {}\n", paint.faint(note));
    }
    text
}

/// The last line.
pub fn closing(figures: &[Figure], interrupted: bool) -> String {
    let count = |holds| figures.iter().filter(|figure| figure.holds == Some(holds)).count();
    let unmeasured = figures.iter().filter(|figure| figure.measured.is_none()).count();
    let unmeasured = if unmeasured > 0 { format!(", {unmeasured} not measured here") } else { String::new() };
    let cut = if interrupted { "; interrupted: the others were not measured" } else { "" };
    format!("\n{} bars hold, {} missed{unmeasured}{cut}\n", count(true), count(false))
}

/// Three digits or so.
fn number(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        size if size < 0.1 => format!("{number:.4}"),
        size if size < 100.0 => format!("{number:.2}"),
        _ => super::thousands(number.round() as u128),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_what_came_out_and_what_was_asked() {
        let measured = Some(Spread { median: 1.254, min: 1.1, max: 1.4, rounds: 5 });
        let notes = vec!["10 ns and 8 ns".to_owned()];
        let (bar, holds) = (Some(Bar::AtMost(1.3)), Some(true));
        let figure = Figure { name: "f", title: "this against that", unit: "x", measured, bar, holds, notes };

        let shown = text(&figure, false);

        let wanted =
            "this against that\n  1.25x  (1.10 .. 1.40, 5 rounds)  bar: at most 1.30x  holds\n  10 ns and 8 ns\n";
        assert_eq!(shown, wanted);
    }

    #[test]
    fn what_was_measured_once_has_no_spread() {
        let measured = Some(Spread { median: 19.49, min: 19.49, max: 19.49, rounds: 1 });
        let figure =
            Figure { name: "f", title: "a count", unit: "", measured, bar: None, holds: None, notes: Vec::new() };

        assert_eq!(text(&figure, false), "a count\n  19.49  (1 round)\n");
    }

    #[test]
    fn the_end_counts_what_holds_what_is_missed_and_what_is_not_known() {
        let figure =
            |holds, measured| Figure { name: "f", title: "", unit: "", measured, bar: None, holds, notes: Vec::new() };
        let some = Some(Spread { median: 1.0, min: 1.0, max: 1.0, rounds: 1 });

        let closing = closing(&[figure(Some(true), some), figure(Some(false), some), figure(None, None)], false);

        assert_eq!(closing, "\n1 bars hold, 1 missed, 1 not measured here\n");
    }
}
