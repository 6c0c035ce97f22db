//! Keyed dice: every user of chance has a stream of its own, named by purpose and identity.
//!
//! The name, the run's seed and the salt of the last fork *are* the ChaCha8 key, so streams cannot influence one another:
//! removing one client or one fault leaves every unrelated draw where it was. There is no global stream.

use crate::identity::{Nanos, identity_of, mix};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is for. Two purposes never share a draw, even for one identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Purpose(u64);

impl Purpose {
    /// Names a purpose; equal texts are equal purposes.
    pub const fn new(text: &str) -> Self {
        Purpose(identity_of(text))
    }
}

/// One draw, as the log of draws keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Draw {
    /// The stream's purpose.
    pub purpose: u64,
    /// The stream's identity.
    pub identity: u64,
    /// The how-manieth draw of that stream since its last key, from 0.
    pub nth: u32,
    /// What came.
    pub value: u64,
}

/// The source of all streams of one run.
#[derive(Clone, Debug)]
pub struct Dice {
    seed: u64,
    salt: u64,
    epoch: u32,
    log: Option<Vec<Draw>>,
}

/// A stream of 64-bit draws. It belongs to whoever uses it, and is cloned with it.
#[derive(Clone, Debug)]
pub struct Stream {
    purpose: Purpose,
    identity: u64,
    epoch: u32,
    nth: u32,
    rng: ChaCha8Rng,
}

impl Dice {
    /// Dice of a run.
    pub fn new(seed: u64) -> Self {
        Dice { seed, salt: 0, epoch: 0, log: None }
    }

    /// The run's seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The stream of this name, at its beginning.
    pub fn stream(&self, purpose: Purpose, identity: u64) -> Stream {
        Stream { purpose, identity, epoch: self.epoch, nth: 0, rng: self.generator(purpose, identity) }
    }

    /// The next draw of a stream. A stream that was last used before a fork takes its new key first.
    #[inline]
    pub fn draw(&mut self, stream: &mut Stream) -> u64 {
        if stream.epoch != self.epoch {
            *stream = self.stream(stream.purpose, stream.identity);
        }
        let value = stream.rng.next_u64();
        if let Some(log) = &mut self.log {
            let (purpose, identity, nth) = (stream.purpose.0, stream.identity, stream.nth);
            log.push(Draw { purpose, identity, nth, value });
        }
        stream.nth = stream.nth.wrapping_add(1);
        value
    }

    /// Gives every stream another future from now on: the past is shared, the salt tells futures apart.
    pub fn fork(&mut self, salt: u64, at: Nanos) {
        self.salt = mix(mix(self.salt, salt), at);
        self.epoch += 1;
    }

    /// Keeps every draw from now on (for experiments about the dice themselves; it costs memory per draw).
    pub fn keep_log(&mut self) {
        self.log = Some(Vec::new());
    }

    /// The draws kept so far.
    pub fn log(&self) -> &[Draw] {
        self.log.as_deref().unwrap_or(&[])
    }

    fn generator(&self, purpose: Purpose, identity: u64) -> ChaCha8Rng {
        let mut key = [0u8; 32];
        for (part, word) in key.chunks_exact_mut(8).zip([self.seed, self.salt, purpose.0, identity]) {
            part.copy_from_slice(&word.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }
}

/// A whole number below `bound` (0 for bound 0), by multiplication: no rejection, so always one draw.
#[inline]
pub const fn below(draw: u64, bound: u64) -> u64 {
    ((draw as u128 * bound as u128) >> 64) as u64
}

/// A probability in parts per million, compared with 20 bits of a draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Probability {
    threshold: u32,
}

impl Probability {
    const BITS: u32 = 20;
    /// Never.
    pub const NEVER: Probability = Probability { threshold: 0 };
    /// Always.
    pub const ALWAYS: Probability = Probability { threshold: 1 << Self::BITS };

    /// A probability of `ppm` parts per million, at most one. Resolution: one in 2^20.
    pub const fn ppm(ppm: u32) -> Self {
        let ppm = if ppm > 1_000_000 { 1_000_000 } else { ppm };
        Probability { threshold: (((ppm as u64) << Self::BITS) / 1_000_000) as u32 }
    }

    /// The probability that at least one of two independent things happens.
    pub const fn either(self, other: Probability) -> Self {
        let (one, two) = (self.threshold as u64, other.threshold as u64);
        Probability { threshold: (one + two - ((one * two) >> Self::BITS)) as u32 }
    }

    /// Whether it happens, by the low 20 bits of `bits`.
    #[inline]
    pub const fn hits(self, bits: u64) -> bool {
        (bits & ((1 << Self::BITS) - 1)) < self.threshold as u64
    }

    /// Whether it cannot happen.
    pub const fn is_never(self) -> bool {
        self.threshold == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_below_the_threshold_hits_and_the_threshold_itself_does_not() {
        for (ppm, threshold) in [(1, 1), (10, 10), (500_000, 524_288), (999_999, 1_048_574)] {
            let probability = Probability::ppm(ppm);

            // Whatever stands above the 20 bits: other things are cut from it.
            for above in [0, 1 << 20, u64::MAX << 20] {
                assert!(probability.hits(above | (threshold - 1)), "{ppm} ppm");
                assert!(!probability.hits(above | threshold), "{ppm} ppm");
            }
        }
    }

    #[test]
    fn never_misses_the_smallest_draw_and_always_hits_the_largest() {
        let (smallest, largest) = (0, (1 << 20) - 1);

        assert!(!Probability::NEVER.hits(smallest) && !Probability::ppm(0).hits(smallest));
        assert!(Probability::ALWAYS.hits(largest) && Probability::ppm(1_000_000).hits(largest));
        assert!(!Probability::ppm(999_999).hits(largest));
    }
}
