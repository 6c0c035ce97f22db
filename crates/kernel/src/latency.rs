//! Distributions of durations as integer tables: no `f64`, so the last bit is the same everywhere.

use crate::identity::Nanos;

/// Where the pieces of a distribution meet, as fractions of 2^32: 0, 50, 90, 99 and 100 percent.
const KNOTS: [u64; 5] = [0, 1 << 31, 3_865_470_566, 4_252_017_623, 1 << 32];

/// A distribution of durations, piecewise linear between five quantiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Latency {
    quantiles: [Nanos; 5],
}

/// The five quantiles were not in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotMonotonic;

impl Latency {
    /// Always the same duration.
    pub const fn constant(ns: Nanos) -> Self {
        Latency { quantiles: [ns; 5] }
    }

    /// Evenly between two durations.
    ///
    /// # Errors
    /// `max` is below `min`.
    pub fn uniform(min: Nanos, max: Nanos) -> Result<Self, NotMonotonic> {
        let span = max.checked_sub(min).ok_or(NotMonotonic)?;
        let at = |percent: u64| min + (u128::from(span) * u128::from(percent) / 100) as u64;
        Ok(Latency { quantiles: [min, at(50), at(90), at(99), max] })
    }

    /// Minimum, median, 90th and 99th percentile, maximum.
    ///
    /// # Errors
    /// They must not decrease.
    pub fn quantiles(quantiles: [Nanos; 5]) -> Result<Self, NotMonotonic> {
        if quantiles.is_sorted() { Ok(Latency { quantiles }) } else { Err(NotMonotonic) }
    }

    /// Both one after the other, drawn from one draw: quantile by quantile.
    pub fn plus(&self, other: Latency) -> Self {
        let mut quantiles = self.quantiles;
        for (own, more) in quantiles.iter_mut().zip(other.quantiles) {
            *own = own.saturating_add(more);
        }
        Latency { quantiles }
    }

    /// The smallest possible duration.
    pub const fn min(&self) -> Nanos {
        self.quantiles[0]
    }

    /// The largest possible duration (never quite reached unless constant).
    pub const fn max(&self) -> Nanos {
        self.quantiles[4]
    }

    /// The median.
    pub const fn median(&self) -> Nanos {
        self.quantiles[1]
    }

    /// Cuts a duration from 32 bits of a draw: the inverse of the distribution function.
    #[inline]
    pub fn at(&self, bits: u32) -> Nanos {
        if self.quantiles[0] == self.quantiles[4] {
            return self.quantiles[0];
        }
        let bits = u64::from(bits);
        // The reciprocals are 2^64 / (width of the piece), so that a division becomes a multiplication.
        const fn reciprocal(piece: usize) -> u64 {
            ((1u128 << 64) / (KNOTS[piece + 1] - KNOTS[piece]) as u128) as u64
        }
        const RECIPROCALS: [u64; 4] = [reciprocal(0), reciprocal(1), reciprocal(2), reciprocal(3)];
        // Counted, not branched on: the piece is as good as random, and a wrong guess costs more than the rest.
        let piece = usize::from(bits >= KNOTS[1]) + usize::from(bits >= KNOTS[2]) + usize::from(bits >= KNOTS[3]);
        let (from, to) = (self.quantiles[piece], self.quantiles[piece + 1]);
        let fraction = (u128::from(bits - KNOTS[piece]) * u128::from(RECIPROCALS[piece])) >> 32;
        from + ((u128::from(to - from) * fraction) >> 32) as u64
    }

    /// The same distribution from the upper half of a 64-bit draw.
    #[inline]
    pub fn draw(&self, draw: u64) -> Nanos {
        self.at((draw >> 32) as u32)
    }
}
