//! The rolling digest of a run: 128 bits, always on.
//!
//! Two 64-bit lanes, each a bijection of its state for a fixed word and of the word for a fixed state. So two histories
//! that differ in one word end differently in both lanes, always; what differs in several words collides with a
//! chance of about 2^-128, as far as the mixing is as good as random: it is made to tell runs apart that nobody forged. It is a `Hasher`, so that `#[derive(Hash)]` feeds it and no field can be forgotten.

use std::hash::Hasher;

const FIRST: u64 = 0x9fb2_1c65_1e98_df25;
const SECOND: u64 = 0xd6e8_feb8_6659_fd93;

/// A rolling 128-bit digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    first: u64,
    second: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Digest { first: 0x243f_6a88_85a3_08d3, second: 0x1319_8a2e_0370_7344 }
    }
}

impl Digest {
    /// Takes in one word.
    #[inline(always)]
    pub fn absorb(&mut self, word: u64) {
        self.first = (self.first ^ word).wrapping_mul(FIRST).rotate_left(32);
        self.second = self.second.wrapping_add(word).wrapping_mul(SECOND).rotate_left(29);
    }

    /// One lane as it stands: 64 bits for next to nothing.
    #[inline(always)]
    pub fn lane(&self) -> u64 {
        self.first
    }

    /// The value so far, with every bit spread.
    pub fn value(&self) -> u128 {
        let first = crate::identity::mix(self.first, self.second);
        let second = crate::identity::mix(self.second, first);
        u128::from(first) << 64 | u128::from(second)
    }
}

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.absorb(u64::from_le_bytes(word));
        }
        let rest = chunks.remainder();
        let mut word = [0; 8];
        word[..rest.len()].copy_from_slice(rest);
        // The length goes into the unused top byte: a text of zeros differs from a shorter one.
        word[7] = rest.len() as u8;
        self.absorb(u64::from_le_bytes(word));
    }

    #[inline(always)]
    fn write_u8(&mut self, value: u8) {
        self.absorb(value.into());
    }
    #[inline(always)]
    fn write_u16(&mut self, value: u16) {
        self.absorb(value.into());
    }
    #[inline(always)]
    fn write_u32(&mut self, value: u32) {
        self.absorb(value.into());
    }
    #[inline(always)]
    fn write_u64(&mut self, value: u64) {
        self.absorb(value);
    }
    #[inline(always)]
    fn write_u128(&mut self, value: u128) {
        self.absorb(value as u64);
        self.absorb((value >> 64) as u64);
    }
    #[inline(always)]
    fn write_usize(&mut self, value: usize) {
        self.absorb(value as u64);
    }
    #[inline(always)]
    fn write_i32(&mut self, value: i32) {
        self.absorb(value as u32 as u64);
    }
    #[inline(always)]
    fn write_i64(&mut self, value: i64) {
        self.absorb(value as u64);
    }
    #[inline(always)]
    fn write_isize(&mut self, value: isize) {
        self.absorb(value as u64);
    }

    fn finish(&self) -> u64 {
        self.value() as u64
    }
}
