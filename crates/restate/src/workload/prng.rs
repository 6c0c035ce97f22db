//! seedrandom 3.0.5 to the bit: the only source of chance in upstream's tree generator.
//!
//! Kept: the string seed without entropy option, the ARC4 key schedule with its 256 discarded bytes, the variable
//! number of bytes per double. Left out: seedrandom's entropy pool, state export, and its other output widths; the
//! generator never asks for them.
//!
//! The reals of the original are computed here on integers: every step of it is exact, so the results are the same
//! bits, and a draw costs little more than its seven bytes of ARC4.

//= davidbau/seedrandom@3.0.5:seedrandom.js

/// Discarded output before first use, and size of the ARC4 state.
const WIDTH: usize = 256;
/// A double has enough significant bits once the integer read so far reaches this.
const SIGNIFICANCE: u64 = 1 << 52;

/// The stream of one seed string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seedrandom {
    state: [u8; WIDTH],
    i: u8,
    j: u8,
    draws: u64,
}

impl Seedrandom {
    /// The stream that `seedrandom(seed)` starts.
    #[must_use]
    pub fn new(seed: &str) -> Self {
        let (key, len) = mix_key(seed);
        let mut stream = Self { state: schedule(&key[..len]), i: 0, j: 0, draws: 0 };
        for _ in 0..WIDTH {
            stream.next_byte();
        }
        stream
    }

    /// The next double in [0, 1): one draw of seven bytes, or of more when the leading bits are zero.
    ///
    /// A port that always read seven bytes would lose step after about sixteen draws.
    #[inline]
    pub fn next_f64(&mut self) -> f64 {
        self.draws += 1;
        let mut read = 0_u64;
        for _ in 0..7 {
            read = (read << 8) | u64::from(self.next_byte());
        }
        let mut unit = 1.0 / (1_u64 << 56) as f64;
        while read < SIGNIFICANCE {
            read = (read << 8) | u64::from(self.next_byte());
            unit *= 1.0 / 256.0;
        }
        // Below 2^60 here, so at most seven bits go; without them the conversion and the product are exact.
        let surplus = 11_u32.saturating_sub(read.leading_zeros());
        ((read >> surplus) << surplus) as f64 * unit
    }

    /// A number below `max`, and 0 for `max` 0; always exactly one draw.
    #[inline]
    pub fn random_int(&mut self, max: u32) -> u32 {
        (self.next_f64() * f64::from(max)) as u32
    }

    /// How many doubles were drawn.
    #[must_use]
    pub fn draws(&self) -> u64 {
        self.draws
    }

    #[inline]
    fn next_byte(&mut self) -> u8 {
        self.i = self.i.wrapping_add(1);
        let a = self.state[usize::from(self.i)];
        self.j = self.j.wrapping_add(a);
        let b = self.state[usize::from(self.j)];
        self.state[usize::from(self.i)] = b;
        self.state[usize::from(self.j)] = a;
        self.state[usize::from(a.wrapping_add(b))]
    }
}

/// Key bytes of a seed: its UTF-16 code units, folded over each other every 256 units. Returns the bytes and how many
/// of them count.
fn mix_key(seed: &str) -> ([u8; WIDTH], usize) {
    let mut key = [0_u8; WIDTH];
    let mut len = 0;
    // Upstream keeps 32 bits of it, but only the low eight ever reach a key byte.
    let mut smear = 0_u8;
    for (n, unit) in seed.encode_utf16().enumerate() {
        let slot = &mut key[n % WIDTH];
        smear ^= slot.wrapping_mul(19);
        *slot = smear.wrapping_add(unit as u8);
        len = (n + 1).min(WIDTH);
    }
    (key, len.max(1))
}

/// The ARC4 key schedule.
fn schedule(key: &[u8]) -> [u8; WIDTH] {
    let mut state: [u8; WIDTH] = std::array::from_fn(|n| n as u8);
    let mut j = 0_u8;
    for (i, byte) in (0..WIDTH).zip(key.iter().cycle()) {
        j = j.wrapping_add(*byte).wrapping_add(state[i]);
        state.swap(i, usize::from(j));
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(seed: &str) -> Vec<u8> {
        let (key, len) = mix_key(seed);
        key[..len].to_vec()
    }

    fn first_bytes(seed: &str) -> Vec<u8> {
        let mut stream = Seedrandom::new(seed);
        (0..7).map(|_| stream.next_byte()).collect()
    }

    fn first_doubles(seed: &str) -> Vec<f64> {
        let mut stream = Seedrandom::new(seed);
        (0..3).map(|_| stream.next_f64()).collect()
    }

    #[test]
    fn key_bytes_are_utf16_code_units() {
        assert_eq!(key_of("my-seed"), [109, 121, 45, 115, 101, 101, 100]);
        assert_eq!(key_of(""), [0]);
        assert_eq!(key_of("\u{e9}\u{20ac}\u{1f600}"), [233, 172, 61, 0]);
        assert_eq!(key_of(&"x".repeat(300)).len(), 256);
    }

    #[test]
    fn key_schedule_gives_the_published_states() {
        assert_eq!(schedule(&key_of("my-seed"))[..8], [148, 231, 22, 178, 40, 95, 210, 61]);
        assert_eq!(schedule(&key_of(""))[..8], [0, 35, 3, 43, 9, 11, 65, 229]);
        assert_eq!(schedule(&key_of("a"))[..8], [170, 17, 79, 138, 225, 85, 57, 113]);
    }

    #[test]
    fn bytes_start_after_256_discarded_ones() {
        assert_eq!(first_bytes("my-seed"), [31, 221, 203, 81, 119, 175, 92]);
        assert_eq!(first_bytes(""), [59, 63, 168, 63, 211, 85, 226]);
        assert_eq!(first_bytes("a"), [111, 59, 3, 80, 5, 69, 11]);
    }

    #[test]
    fn doubles_equal_those_of_seedrandom_bit_for_bit() {
        assert_eq!(first_doubles("my-seed"), [0.12447806109383691, 0.6320040807863686, 0.6674607387310779]);
        assert_eq!(first_doubles(""), [0.23144008215179881, 0.27404636548159655, 0.7901279251811976]);
        assert_eq!(first_doubles("a"), [0.43449421599986604, 0.5451403460013228, 0.3578386258898537]);
        assert_eq!(first_doubles(&"x".repeat(300)), [0.952495823023581, 0.9378530102966817, 0.8504259399717166]);
        assert_eq!(
            first_doubles("\u{e9}\u{20ac}\u{1f600}"),
            [0.8490074788251994, 0.822825204218916, 0.3359114730237331]
        );
    }

    /// The integer form against the reals of the specification, over draws of seven, eight and nine bytes.
    #[test]
    fn integer_form_agrees_with_the_arithmetic_of_the_original() {
        let mut ours = Seedrandom::new("test-28112572");
        let mut theirs = ours.clone();
        let mut draws_by_length = [0; 10];
        for _ in 0..100_000 {
            let (double, bytes) = draw_on_reals(&mut theirs);
            draws_by_length[bytes] += 1;
            assert_eq!(ours.next_f64().to_bits(), double.to_bits());
        }
        assert_eq!(draws_by_length[7..], [93_719, 6_249, 32]);
        assert_eq!(ours.draws(), 100_000);
    }

    fn draw_on_reals(stream: &mut Seedrandom) -> (f64, usize) {
        let mut bytes = 6;
        let mut n = (0..6).fold(0.0, |n, _| n * 256.0 + f64::from(stream.next_byte()));
        let mut m = (1_u64 << 48) as f64;
        let mut x = 0_u8;
        while n < (1_u64 << 52) as f64 {
            n = (n + f64::from(x)) * 256.0;
            m *= 256.0;
            x = stream.next_byte();
            bytes += 1;
        }
        while n >= (1_u64 << 53) as f64 {
            n /= 2.0;
            m /= 2.0;
            x >>= 1;
        }
        ((n + f64::from(x)) / m, bytes)
    }

    #[test]
    fn random_int_consumes_one_draw_whatever_its_bound() {
        let mut stream = Seedrandom::new("my-seed");
        assert_eq!([stream.random_int(0), stream.random_int(1)], [0, 0]);
        assert_eq!(stream.draws(), 2);
        assert_eq!(stream.random_int(7), 4);
    }
}
