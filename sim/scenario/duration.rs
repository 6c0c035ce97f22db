//! Durations as scenario files write them: one number and one unit, exact to the nanosecond.

pub use ::faults::duration::parse_duration;

/// A duration for people: three figures or so in the unit that fits.
pub fn show_duration(ns: u128) -> String {
    let (unit, unit_ns, decimals) = match ns {
        0..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => ("us", 1_000, 1),
        1_000_000..1_000_000_000 => ("ms", 1_000_000, 1),
        1_000_000_000..60_000_000_000 => ("s", 1_000_000_000, 2),
        60_000_000_000..3_600_000_000_000 => {
            let seconds = ns / 1_000_000_000;
            return format!("{} min {} s", seconds / 60, seconds % 60);
        }
        3_600_000_000_000..172_800_000_000_000 => ("h", 3_600_000_000_000, 1),
        _ => ("d", 86_400_000_000_000_u128, 1),
    };
    let scale = 10_u128.pow(decimals);
    // Cut, not rounded: "1000.0 us" would be a number of another unit.
    let scaled = ns * scale / unit_ns;
    format!("{}.{:0width$} {unit}", scaled / scale, scaled % scale, width = decimals as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_with_units_are_exact() {
        for (text, ns) in [
            ("0s", 0),
            ("250us", 250_000),
            ("250µs", 250_000),
            ("1.5ms", 1_500_000),
            ("0.1ms", 100_000),
            ("32768ms", 32_768_000_000),
            ("10m", 600_000_000_000),
            ("1.25h", 4_500_000_000_000),
            ("0.000000001s", 1),
            ("1.10s", 1_100_000_000),
            ("18446744073709551615ns", u64::MAX),
        ] {
            assert_eq!(parse_duration(text), Ok(ns), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_says_why() {
        for (text, why) in [
            ("", "no unit"),
            ("10", "no unit"),
            ("ms", "no number"),
            ("fast", "is no duration"),
            ("-1s", "is no duration"),
            ("1.5.2s", "no number"),
            (".5s", "no number"),
            ("5.s", "no number"),
            ("1e3s", "no unit of time"),
            ("3 s", "no unit of time"),
            ("10sec", "no unit of time"),
            ("0.5ns", "finer than a nanosecond"),
            ("0.0000000001s", "finer than a nanosecond"),
            ("18446744073709551616ns", "too long"),
            ("99999999999999999999999999999999999999999h", "too long"),
        ] {
            let message = parse_duration(text).expect_err(text);
            assert!(message.contains(why), "{text}: {message}");
        }
    }

    #[test]
    fn durations_are_shown_in_the_unit_that_fits() {
        for (ns, shown) in [
            (999, "999 ns"),
            (1_500, "1.5 us"),
            (999_999_999, "999.9 ms"),
            (32_768_000_000, "32.76 s"),
            (90_000_000_000, "1 min 30 s"),
            (7_200_000_000_000, "2.0 h"),
            (864_000_000_000_000, "10.0 d"),
        ] {
            assert_eq!(show_duration(ns), shown);
        }
    }

    proptest! {
        #[test]
        fn whole_nanoseconds_come_back(ns in any::<u64>()) {
            prop_assert_eq!(parse_duration(&format!("{ns}ns")), Ok(ns));
            let seconds = format!("{}.{:09}s", ns / 1_000_000_000, ns % 1_000_000_000);
            prop_assert_eq!(parse_duration(&seconds), Ok(ns));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = parse_duration(&text);
        }
    }
}
