//! Ranges of seeds: half open, never empty.

use std::fmt;

/// The seeds `from..to`, `to` left out. Cannot be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedRange {
    from: u64,
    to: u64,
}

impl SeedRange {
    /// The seeds from `from` up to, without, `to`. `None` if there are none.
    pub const fn new(from: u64, to: u64) -> Option<Self> {
        if from < to { Some(SeedRange { from, to }) } else { None }
    }

    /// First seed.
    pub const fn from(self) -> u64 {
        self.from
    }

    /// The seed after the last.
    pub const fn to(self) -> u64 {
        self.to
    }

    /// How many seeds: at least one.
    #[expect(clippy::len_without_is_empty, reason = "a range of seeds is never empty")]
    pub const fn len(self) -> u64 {
        self.to - self.from
    }

    /// The seeds in order.
    pub fn seeds(self) -> std::ops::Range<u64> {
        self.from..self.to
    }
}

impl fmt::Display for SeedRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_a_range_and_none_is_not() {
        assert_eq!(SeedRange::new(7, 8).map(SeedRange::len), Some(1));
        assert_eq!(SeedRange::new(7, 7), None);
        assert_eq!(SeedRange::new(8, 7), None);
    }

    #[test]
    fn the_widest_range_has_a_length() {
        assert_eq!(SeedRange::new(0, u64::MAX).map(SeedRange::len), Some(u64::MAX));
    }
}
