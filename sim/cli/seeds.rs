//! Seeds on the command line: one, or `A..B`.

use explore::SeedRange;

/// The seeds `A..B`, B left out.
pub fn parse(text: &str) -> Result<SeedRange, String> {
    let usage = "write A..B, such as 0..1000 (B is left out)";
    let (from, to) = text.split_once("..").ok_or_else(|| usage.to_owned())?;
    if to.starts_with('=') {
        return Err(format!("a range ends before B: {usage}"));
    }
    let (from, to) = (seed(from, usage)?, seed(to, usage)?);
    SeedRange::new(from, to).ok_or_else(|| {
        if from == to {
            format!("the range is empty: one seed would be {from}..{}", from.saturating_add(1))
        } else {
            format!("the range is reversed: write {to}..{from}")
        }
    })
}

/// One seed.
pub fn parse_one(text: &str) -> Result<u64, String> {
    seed(text, "write a whole number from 0")
}

fn seed(text: &str, usage: &str) -> Result<u64, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(seed) if digits => Ok(seed),
        _ if digits => Err(format!("{text} is beyond the largest seed, {}", u64::MAX)),
        _ => Err(format!("`{text}` is no seed: {usage}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_half_open() {
        let range = parse("3..10").expect("a range");

        assert_eq!((range.from(), range.to(), range.len()), (3, 10, 7));
        assert!(parse("0..18446744073709551615").is_ok());
    }

    #[test]
    fn one_seed_is_a_number_of_digits() {
        assert_eq!(parse_one("18446744073709551615"), Ok(u64::MAX));
        for (text, why) in
            [("-1", "`-1` is no seed"), ("18446744073709551616", "beyond the largest"), ("1..2", "no seed")]
        {
            assert!(parse_one(text).expect_err(text).contains(why), "{text}");
        }
    }

    #[test]
    fn what_is_no_range_says_why() {
        for (text, why) in [
            ("7", "write A..B"),
            ("..7", "`` is no seed"),
            ("7..", "`` is no seed"),
            ("a..b", "`a` is no seed"),
            ("-1..5", "`-1` is no seed"),
            ("+1..5", "`+1` is no seed"),
            ("0..=5", "ends before B"),
            ("5..5", "empty"),
            ("10..3", "reversed: write 3..10"),
            ("0..18446744073709551616", "beyond the largest seed"),
        ] {
            let message = parse(text).expect_err(text);
            assert!(message.contains(why), "{text}: {message}");
        }
    }
}
