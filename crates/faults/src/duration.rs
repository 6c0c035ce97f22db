//! Durations as plans write them: one number and one unit, exact to the nanosecond in both directions.
//!
//! Not modelled: calendars, sums such as "1m30s", rounding. A text that is no whole number of nanoseconds is refused.

use kernel::identity::Nanos;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Units, the longer names before those they end in.
const UNITS: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
const USAGE: &str = "write a number and a unit (ns, us, ms, s, m, h), such as \"1.5ms\"";

/// A duration, or an instant counted from the start of the run, in nanoseconds; "40s" in a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Nanos);

/// A difference between clocks in nanoseconds, with its sign; "-5s" in a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shift(pub i64);

/// Nanoseconds of `text`, such as "250us", "1.5ms" or "10m".
///
/// # Errors
/// It is no duration, is finer than a nanosecond, or is longer than 584 years; the message says which and what to write.
pub fn parse_duration(text: &str) -> Result<Nanos, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit_ns = match UNITS.iter().find(|(name, _)| *name == unit) {
        Some((_, unit_ns)) => u128::from(*unit_ns),
        None if unit.is_empty() => return Err(format!("\"{text}\" has no unit: {USAGE}")),
        None if number.is_empty() => return Err(format!("\"{text}\" is no duration: {USAGE}")),
        None => return Err(format!("\"{unit}\" is no unit of time: {USAGE}")),
    };
    scaled(number, unit_ns)
        .map_err(|why| match why {
            Unscalable::NoNumber => format!("\"{number}\" is no number: {USAGE}"),
            Unscalable::TooFine => {
                format!("\"{text}\" is finer than a nanosecond, the unit of virtual time: leave out the last digits")
            }
            Unscalable::TooBig => format!("\"{text}\" is too long: at most {}ns (584 years)", u64::MAX),
        })
        .and_then(|ns| {
            u64::try_from(ns).map_err(|_| format!("\"{text}\" is too long: at most {}ns (584 years)", u64::MAX))
        })
}

/// Why a decimal number does not come out whole.
pub(crate) enum Unscalable {
    NoNumber,
    TooFine,
    TooBig,
}

/// `number` times `unit`, exactly.
pub(crate) fn scaled(number: &str, unit: u128) -> Result<u128, Unscalable> {
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || part.is_empty() || part.contains('.') {
        return Err(Unscalable::NoNumber);
    }
    let whole: u128 = whole.parse().map_err(|_| Unscalable::TooBig)?;
    let whole = whole.checked_mul(unit).ok_or(Unscalable::TooBig)?;
    let part = part.trim_end_matches('0');
    // No unit here has so many factors of ten that more decimals could come out whole.
    if part.len() > 20 {
        return Err(Unscalable::TooFine);
    }
    let scale = 10_u128.pow(part.len() as u32);
    let part: u128 = if part.is_empty() { 0 } else { part.parse().map_err(|_| Unscalable::NoNumber)? };
    let part = part.checked_mul(unit).ok_or(Unscalable::TooBig)?;
    if !part.is_multiple_of(scale) {
        return Err(Unscalable::TooFine);
    }
    whole.checked_add(part / scale).ok_or(Unscalable::TooBig)
}

impl fmt::Display for Span {
    /// The largest unit that leaves no fraction: what comes out is what went in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |unit_ns: u64| self.0 > 0 && self.0.is_multiple_of(unit_ns);
        let largest = UNITS.iter().rev().filter(|(name, _)| *name != "µs").find(|(_, unit_ns)| fits(*unit_ns));
        let (name, unit_ns) = largest.copied().unwrap_or(("s", 1_000_000_000));
        write!(f, "{}{name}", self.0 / unit_ns)
    }
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", Span(self.0.unsigned_abs()))
    }
}

impl TryFrom<String> for Span {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        parse_duration(&text).map(Span)
    }
}

impl TryFrom<String> for Shift {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(&text)),
        };
        let ns = i64::try_from(parse_duration(digits)?)
            .map_err(|_| format!("\"{text}\" is too long: clocks are off by 292 years at most"))?;
        Ok(Shift(if negative { -ns } else { ns }))
    }
}

impl From<Span> for String {
    fn from(span: Span) -> String {
        span.to_string()
    }
}

impl From<Shift> for String {
    fn from(shift: Shift) -> String {
        shift.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_with_units_are_exact() {
        for (text, ns) in [("250us", 250_000), ("1.5ms", 1_500_000), ("10m", 600_000_000_000), ("0s", 0)] {
            assert_eq!(parse_duration(text), Ok(ns), "{text}");
        }
        assert_eq!(Shift::try_from("-5s".to_owned()), Ok(Shift(-5_000_000_000)));
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for (text, why) in [
            ("10", "has no unit"),
            ("fast", "is no duration"),
            ("-1s", "is no duration"),
            ("10sec", "no unit of time"),
            ("1.2.3s", "is no number"),
            ("0.5ns", "finer than a nanosecond"),
            ("18446744073709551616ns", "too long"),
            ("99999999999999999999999999999999999999999999h", "too long"),
        ] {
            let message = parse_duration(text).expect_err(text);
            assert!(message.contains(why), "{text}: {message}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ns in any::<u64>(), zeros in 0_u32..12, shift in any::<i64>()) {
            let ns = ns / 10_u64.pow(zeros) * 10_u64.pow(zeros);
            prop_assert_eq!(parse_duration(&Span(ns).to_string()), Ok(ns));
            let shift = shift.max(-i64::MAX);
            prop_assert_eq!(Shift::try_from(Shift(shift).to_string()), Ok(Shift(shift)));
        }
    }
}
