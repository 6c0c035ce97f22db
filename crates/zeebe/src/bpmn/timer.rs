//! Timers as BPMN writes them: ISO 8601 durations, dates and cycles.
//!
//! Left out: months and years, whose length depends on the calendar; zones by name. A day is 24 hours, as it is for a
//! broker whose zone has no summer time.
//!
//= camunda/zeebe@0.24.4:bpmn-model/src/main/java/io/zeebe/model/bpmn/util/time/Interval.java (parse, toEpochMilli)
//= camunda/zeebe@0.24.4:bpmn-model/src/main/java/io/zeebe/model/bpmn/util/time/RepeatingInterval.java (parse)

/// When a timer is due. All times are milliseconds of the wall clock since 1970, all lengths milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Timer {
    /// So long after it is set.
    Duration(i64),
    /// At this time.
    Date(i64),
    /// So often, or for ever if -1, each time so long after the last.
    Cycle {
        /// How often.
        repetitions: i32,
        /// The time between.
        interval: i64,
    },
}

impl Timer {
    /// When it is due that is set at this time.
    #[must_use]
    pub const fn due_at(self, now: i64) -> i64 {
        match self {
            Timer::Duration(length) | Timer::Cycle { interval: length, .. } => now.saturating_add(length),
            Timer::Date(at) => at,
        }
    }

    /// How often it triggers in all; -1: for ever.
    #[must_use]
    pub const fn repetitions(self) -> i32 {
        match self {
            Timer::Duration(_) | Timer::Date(_) => 1,
            Timer::Cycle { repetitions, .. } => repetitions,
        }
    }
}

/// Why a text is no timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Upstream refuses it; for a cycle, with these words.
    Format(&'static str),
    /// Upstream takes it, the model does not.
    Beyond(&'static str),
}

const NO_PERIOD: Fault = Fault::Format("Text cannot be parsed to a Period");
const NO_DURATION: Fault = Fault::Format("Text cannot be parsed to a Duration");
const TOO_LONG: Fault = Fault::Beyond("a timer of more than 10,000 years");
const NO_DATE: Fault = Fault::Format("Text could not be parsed");

/// Also keeps every sum with a clock's time far from overflow.
const LENGTH_MAX: i128 = 10_000 * 366 * DAY / MILLISECOND;
const MILLISECOND: i128 = 1_000_000;
const SECOND: i128 = 1_000 * MILLISECOND;
const DAY: i128 = 86_400 * SECOND;

/// A length, from its ISO 8601 form.
pub(super) fn interval(text: &str) -> Result<i64, Fault> {
    let (sign, start) = match text.as_bytes().first() {
        Some(b'-') => ("-", 1),
        Some(b'+') => ("", 1),
        _ => ("", 0),
    };
    let nanos = match text.find('T') {
        None => period(text)?,
        Some(at) if at == start + 1 => duration(text)?,
        Some(at) => period(&text[..at])? + duration(&format!("{sign}P{}", &text[at..]))?,
    };
    let millis = nanos.div_euclid(MILLISECOND);
    if millis.abs() > LENGTH_MAX {
        return Err(TOO_LONG);
    }
    i64::try_from(millis).map_err(|_| TOO_LONG)
}

/// A cycle: `R`, how often, `/`, a length.
pub(super) fn cycle(text: &str) -> Result<Timer, Fault> {
    let rest = text.strip_prefix('R').ok_or(Fault::Format("Repetition spec must start with R"))?;
    let (count, length) = rest.split_once('/').ok_or(Fault::Format("No interval given"))?;
    let repetitions = match count {
        "" => -1,
        count => count.parse().map_err(|_| Fault::Format("Cannot parse repetitions count"))?,
    };
    Ok(Timer::Cycle { repetitions, interval: interval(length)? })
}

/// A date with its time and its offset from UTC.
pub(super) fn date(text: &str) -> Result<i64, Fault> {
    if text.ends_with(']') {
        return Err(Fault::Beyond("a zone by name"));
    }
    let upper = text.to_ascii_uppercase();
    let mut rest = upper.as_str();
    let year = digits(&mut rest, 4).ok_or(NO_DATE)?;
    let month = after(&mut rest, "-").ok_or(NO_DATE)?;
    let day = after(&mut rest, "-").ok_or(NO_DATE)?;
    let hour = after(&mut rest, "T").ok_or(NO_DATE)?;
    let minute = after(&mut rest, ":").ok_or(NO_DATE)?;
    let second = after(&mut rest, ":");
    let mut millis = 0;
    if let (Some(_), Some(fraction)) = (second, rest.strip_prefix('.')) {
        let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
        if end > 9 {
            return Err(NO_DATE);
        }
        millis = format!("{:0<3}", &fraction[..end])[..3].parse().map_err(|_| NO_DATE)?;
        rest = &fraction[end..];
    }
    let second = second.unwrap_or(0);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_days = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=12).contains(&month) || !(1..=month_days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return Err(NO_DATE);
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset(rest)?;
    Ok(seconds * 1_000 + millis)
}

/// Seconds east of UTC.
fn offset(mut rest: &str) -> Result<i64, Fault> {
    let sign = match rest.as_bytes().first() {
        Some(b'Z') if rest.len() == 1 => return Ok(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => return Err(NO_DATE),
    };
    rest = &rest[1..];
    let hour = digits(&mut rest, 2).ok_or(NO_DATE)?;
    let minute = after(&mut rest, ":").ok_or(NO_DATE)?;
    let second = after(&mut rest, ":").unwrap_or(0);
    let total = hour * 3_600 + minute * 60 + second;
    let sound = rest.is_empty() && minute < 60 && second < 60 && total <= 18 * 3_600;
    if sound { Ok(sign * total) } else { Err(NO_DATE) }
}

/// Days since 1970 in the Gregorian calendar, counted in years that begin in March, so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// Takes exactly so many digits.
fn digits(rest: &mut &str, count: usize) -> Option<i64> {
    let taken = rest.get(..count).filter(|taken| taken.bytes().all(|byte| byte.is_ascii_digit()))?;
    *rest = &rest[count..];
    taken.parse().ok()
}

/// Takes a mark and two digits.
fn after(rest: &mut &str, mark: &str) -> Option<i64> {
    let mut tail = rest.strip_prefix(mark)?;
    let number = digits(&mut tail, 2)?;
    *rest = tail;
    Some(number)
}

/// Nanoseconds of a period of whole days.
fn period(text: &str) -> Result<i128, Fault> {
    let (sign, parts) = parts(text, "YMWD").ok_or(NO_PERIOD)?;
    let mut total = 0;
    for (unit, number, fraction) in parts {
        let number = i128::from(number.parse::<i32>().map_err(|_| NO_PERIOD)?);
        match unit {
            _ if fraction.is_some() => return Err(NO_PERIOD),
            'W' => total += number * 7 * DAY,
            'D' => total += number * DAY,
            _ if number == 0 => {}
            _ => return Err(Fault::Beyond("a timer of months or years")),
        }
    }
    Ok(sign * total)
}

/// Nanoseconds of hours, minutes and seconds.
fn duration(text: &str) -> Result<i128, Fault> {
    let time = text.replacen('T', "", 1);
    let (sign, parts) = parts(&time, "HMS").ok_or(NO_DURATION)?;
    let mut total = 0;
    for (unit, number, fraction) in parts {
        let whole = i128::from(number.parse::<i64>().map_err(|_| NO_DURATION)?);
        match (unit, fraction) {
            ('H', None) => total += whole * 3_600 * SECOND,
            ('M', None) => total += whole * 60 * SECOND,
            ('S', None) => total += whole * SECOND,
            ('S', Some(fraction)) if fraction.len() <= 9 => {
                let nanos: i128 = format!("{fraction:0<9}").parse().map_err(|_| NO_DURATION)?;
                total += whole * SECOND + if number.starts_with('-') { -nanos } else { nanos };
            }
            _ => return Err(NO_DURATION),
        }
    }
    Ok(sign * total)
}

/// A number with its unit, and what stands behind its point or comma.
type Part<'a> = (char, &'a str, Option<&'a str>);

/// The sign, and the parts behind the `P`: at least one, each of these units at most once, in this order.
fn parts<'a>(text: &'a str, units: &str) -> Option<(i128, Vec<Part<'a>>)> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    let mut rest = rest.strip_prefix(['P', 'p'])?;
    let mut units = units.chars();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let unit = rest[end..].chars().next()?.to_ascii_uppercase();
        units.find(|known| *known == unit)?;
        let (number, fraction) = match rest[..end].split_once(['.', ',']) {
            Some((number, fraction)) => (number, Some(fraction)),
            None => (&rest[..end], None),
        };
        let sound = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        let bare = number.strip_prefix(['+', '-']).unwrap_or(number);
        if bare.is_empty() || !sound(bare) || !fraction.is_none_or(sound) {
            return None;
        }
        parts.push((unit, number, fraction));
        rest = &rest[end + 1..];
    }
    (!parts.is_empty()).then_some((sign, parts))
}

#[cfg(test)]
mod tests {
    use super::{Fault, NO_DATE, NO_DURATION, NO_PERIOD, Timer, cycle, date, interval};

    #[test]
    fn lengths_are_read_as_upstream_does() {
        for (text, millis) in [
            ("PT5S", 5_000),
            ("PT0.5S", 500),
            ("PT0,25s", 250),
            ("PT1H2M3S", 3_723_000),
            ("PT36H", 129_600_000),
            ("P1D", 86_400_000),
            ("P1W", 604_800_000),
            ("P1DT1H", 90_000_000),
            ("-PT5S", -5_000),
            ("PT-5S", -5_000),
            ("-PT-5S", 5_000),
            ("-P1DT1H", -90_000_000),
            ("+PT5S", 5_000),
            ("PT0.0009S", 0),
            ("PT-0.5S", -500),
            ("P0M1D", 86_400_000),
            ("PT5.S", 5_000),
        ] {
            assert_eq!(interval(text), Ok(millis), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_is_told_from_what_is_too_much() {
        for text in ["", "5", "P", "PS", "P1H", "5S", "pt5s", "P1.5D", "P99999999999D", "P1D2W"] {
            assert_eq!(interval(text), Err(NO_PERIOD), "{text}");
        }
        for text in [
            "PT",
            "PTS",
            "PT5",
            "PT5S1H",
            "PT1.5H",
            "PT0.1234567891S",
            "PT99999999999999999999S",
            "P1DT",
            "PT+-5S",
            "PTäS",
        ] {
            assert_eq!(interval(text), Err(NO_DURATION), "{text}");
        }
        assert!(matches!(interval("P1M"), Err(Fault::Beyond(_))));
        assert!(matches!(interval("PT9999999999999999H"), Err(Fault::Beyond(_))));
    }

    #[test]
    fn cycles_count_or_go_on_for_ever() {
        assert_eq!(cycle("R3/PT1S"), Ok(Timer::Cycle { repetitions: 3, interval: 1_000 }));
        assert_eq!(cycle("R/PT1S"), Ok(Timer::Cycle { repetitions: -1, interval: 1_000 }));
        assert_eq!(cycle("PT1S"), Err(Fault::Format("Repetition spec must start with R")));
        assert_eq!(cycle("R3"), Err(Fault::Format("No interval given")));
        assert_eq!(cycle("Rx/PT1S"), Err(Fault::Format("Cannot parse repetitions count")));
        assert_eq!(cycle("R3/PT"), Err(NO_DURATION));
    }

    #[test]
    fn dates_are_instants() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T01:00+01:00", 0),
            ("2020-02-29T12:30:15.125Z", 1_582_979_415_125),
            ("2020-10-13T00:00:00-02:30", 1_602_556_200_000),
            ("1969-12-31T23:59:59.9Z", -100),
            ("2000-03-01t00:00z", 951_868_800_000),
        ] {
            assert_eq!(date(text), Ok(millis), "{text}");
        }
        for text in [
            "",
            "2020-10-13",
            "2020-10-13T00:00:00",
            "2021-02-29T00:00Z",
            "2020-13-01T00:00Z",
            "2020-01-01T24:00Z",
            "2020-01-01T00:00+1",
            "2020-01-01T00:00+19:00",
            "20-01-01T00:00Z",
            "2020-01-01T00:00:00.1234567891Z",
            "2020-01-01T00:00ZZ",
            "ä020-01-01T00:00Z",
        ] {
            assert_eq!(date(text), Err(NO_DATE), "{text}");
        }
        assert!(matches!(date("2020-01-01T00:00+01:00[Europe/Berlin]"), Err(Fault::Beyond(_))));
    }

    #[test]
    fn a_timer_says_when_and_how_often() {
        assert_eq!((Timer::Duration(5).due_at(10), Timer::Duration(5).repetitions()), (15, 1));
        assert_eq!((Timer::Date(5).due_at(10), Timer::Date(5).repetitions()), (5, 1));
        let cycle = Timer::Cycle { repetitions: -1, interval: 5 };
        assert_eq!((cycle.due_at(10), cycle.repetitions()), (15, -1));
    }
}
