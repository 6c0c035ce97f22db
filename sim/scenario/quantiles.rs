//! A distribution of durations, given by five of its quantiles.

/// Quantiles in nanoseconds, none below the one before it. Between them the system interpolates by integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// Nothing is faster.
    pub min: u64,
    /// Half is as fast.
    pub p50: u64,
    /// Nine in ten are as fast.
    pub p90: u64,
    /// All but one in a hundred are as fast.
    pub p99: u64,
    /// Nothing is slower.
    pub max: u64,
}

impl Quantiles {
    /// Names of the five, in order.
    pub const NAMES: [&'static str; 5] = ["min", "p50", "p90", "p99", "max"];

    /// A duration that never varies.
    pub const fn constant(ns: u64) -> Self {
        Quantiles { min: ns, p50: ns, p90: ns, p99: ns, max: ns }
    }

    /// From the five in order. If one is below the one before it, its index is the error.
    pub fn from_array(ns: [u64; 5]) -> Result<Self, usize> {
        if let Some(n) = (1..ns.len()).find(|&n| ns[n] < ns[n - 1]) {
            return Err(n);
        }
        let [min, p50, p90, p99, max] = ns;
        Ok(Quantiles { min, p50, p90, p99, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_neighbours_are_fine_and_a_smaller_one_is_named() {
        assert_eq!(Quantiles::from_array([5; 5]), Ok(Quantiles::constant(5)));
        assert_eq!(Quantiles::from_array([1, 2, 3, 2, 5]), Err(3));
    }
}
