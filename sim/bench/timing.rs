//! The host's clock, and how two things are compared by it.

use std::time::Duration;
#[expect(clippy::disallowed_types, reason = "benchmarks read the host's clock, outside of runs")]
use std::time::Instant;

use super::{Effort, Spread};

/// How often each side is measured in a round; its best time counts.
const TRIES: usize = 3;

/// Two things, measured in turn.
pub struct Duel {
    /// Time of the first over time of the second, per unit of work.
    pub ratio: Spread,
    /// Best nanoseconds per unit of the first.
    pub first_ns: f64,
    /// Best nanoseconds per unit of the second.
    pub second_ns: f64,
}

/// How long something took.
pub fn time<R>(work: impl FnOnce() -> R) -> (Duration, R) {
    #[expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "see the import")]
    let begun = Instant::now();
    let result = work();
    (begun.elapsed(), result)
}

/// Compares two things. Each does some units of work and says how many, outside of any run. In a round the two take
/// turns, and the best of three times counts: what disturbs them only ever adds.
pub fn duel(effort: Effort, mut first: impl FnMut() -> u64, mut second: impl FnMut() -> u64) -> Duel {
    let per_unit = |work: &mut dyn FnMut() -> u64| {
        let (took, units) = time(work);
        took.as_nanos() as f64 / units.max(1) as f64
    };
    // One turn each to warm up caches and the branch predictor.
    per_unit(&mut first);
    per_unit(&mut second);
    let (mut ratios, mut first_ns, mut second_ns) = (Vec::new(), f64::MAX, f64::MAX);
    for round in 0..effort.rounds {
        if round > 0 && effort.is_over() {
            break;
        }
        let (mut one, mut two) = (f64::MAX, f64::MAX);
        for _ in 0..TRIES {
            one = one.min(per_unit(&mut first));
            two = two.min(per_unit(&mut second));
        }
        ratios.push(one / two);
        first_ns = first_ns.min(one);
        second_ns = second_ns.min(two);
    }
    Duel { ratio: Spread::of(ratios), first_ns, second_ns }
}
