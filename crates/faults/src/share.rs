//! Shares of a whole as plans write them: "2%", "0.25%" or "300ppm", exact to one part per million.

use crate::duration::{Unscalable, scaled};
use kernel::dice::Probability;
use serde::{Deserialize, Serialize};
use std::fmt;

const WHOLE_PPM: u32 = 1_000_000;
const USAGE: &str = "write a share of the whole, such as \"2%\" or \"300ppm\"";

/// A share in parts per million, at most the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Share {
    ppm: u32,
}

impl Share {
    /// Nothing.
    pub const NONE: Share = Share { ppm: 0 };

    /// A share of parts per million; more than the whole is the whole.
    pub const fn of_ppm(ppm: u32) -> Self {
        Share { ppm: if ppm > WHOLE_PPM { WHOLE_PPM } else { ppm } }
    }

    /// A share of a hundred.
    pub const fn of_percent(percent: u32) -> Self {
        Share::of_ppm(percent.saturating_mul(10_000))
    }

    /// Parts per million.
    pub const fn ppm(self) -> u32 {
        self.ppm
    }

    /// Whether it is nothing.
    pub const fn is_none(&self) -> bool {
        self.ppm == 0
    }

    /// As the kernel wants it.
    pub const fn probability(self) -> Probability {
        Probability::ppm(self.ppm)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ppm.is_multiple_of(10_000) { write!(f, "{}%", self.ppm / 10_000) } else { write!(f, "{}ppm", self.ppm) }
    }
}

impl TryFrom<String> for Share {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let units = [("%", 10_000), ("ppm", 1)];
        let found = units.iter().find_map(|(name, ppm)| Some((text.strip_suffix(name)?, *ppm)));
        let Some((number, unit)) = found else { return Err(format!("\"{text}\" is no share: {USAGE}")) };
        let is_number = number.starts_with(|c: char| c.is_ascii_digit());
        let ppm = scaled(number, unit).map_err(|why| match why {
            Unscalable::TooFine => format!("\"{text}\" is finer than one part per million: leave out the last digits"),
            Unscalable::NoNumber => format!("\"{text}\" is no share: {USAGE}"),
            Unscalable::TooBig if is_number => format!("\"{text}\" is more than the whole: write at most \"100%\""),
            Unscalable::TooBig => format!("\"{text}\" is no share: {USAGE}"),
        })?;
        let ppm = u32::try_from(ppm).ok().filter(|ppm| *ppm <= WHOLE_PPM);
        ppm.map(Share::of_ppm).ok_or_else(|| format!("\"{text}\" is more than the whole: write at most \"100%\""))
    }
}

impl From<Share> for String {
    fn from(share: Share) -> String {
        share.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact_and_come_back() {
        for (text, ppm) in [("2%", 20_000), ("0.25%", 2_500), ("300ppm", 300), ("100%", 1_000_000), ("0%", 0)] {
            let share = Share::try_from(text.to_owned()).expect(text);

            assert_eq!(share.ppm(), ppm, "{text}");
            assert_eq!(Share::try_from(share.to_string()), Ok(share));
        }
    }

    #[test]
    fn what_is_no_share_says_why() {
        for (text, why) in [
            ("0.02", "is no share"),
            ("x%", "is no share"),
            ("%", "is no share"),
            ("101%", "more than the whole"),
            ("0.00001%", "finer than one part"),
        ] {
            let message = Share::try_from(text.to_owned()).expect_err(text);
            assert!(message.contains(why), "{text}: {message}");
        }
    }
}
