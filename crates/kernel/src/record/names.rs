//! Words of a recording, each with a small number in the order of first appearance.
//!
//! A word is looked up by where it lies in the program, which costs no comparison of texts. Where it lies differs
//! between builds and even within one (a text may be there twice), so that is only a shortcut to the number; the numbers
//! come from the texts alone.

/// Words at most.
pub(crate) const WORDS_MAX: usize = 1 << 14;
/// Places of the table at the beginning; a power of two.
const PLACES: usize = 256;

/// The words so far.
#[derive(Clone, Debug)]
pub struct Names {
    words: Vec<&'static str>,
    places: Vec<Place>,
    taken: usize,
}

/// Where a word lies, how long it is, and its number. Nothing lies at 0.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    at: usize,
    len: u32,
    number: u32,
}

impl Default for Names {
    fn default() -> Self {
        Names { words: Vec::new(), places: vec![Place::default(); PLACES], taken: 0 }
    }
}

impl Names {
    /// The words, by number.
    pub fn words(&self) -> &[&'static str] {
        &self.words
    }

    /// The number of a word; it gets one if it has none.
    #[inline]
    pub(crate) fn index(&mut self, word: &'static str) -> u16 {
        let at = word.as_ptr().addr();
        let mut place = self.first_place(at);
        loop {
            let known = self.places[place];
            if known.at == at && known.len as usize == word.len() {
                return known.number as u16;
            }
            if known.at == 0 {
                return self.add(place, word);
            }
            place = (place + 1) & (self.places.len() - 1);
        }
    }

    #[inline]
    fn first_place(&self, at: usize) -> usize {
        (at.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as usize) >> (usize::BITS / 2)) & (self.places.len() - 1)
    }

    #[cold]
    fn add(&mut self, place: usize, word: &'static str) -> u16 {
        let number = self.words.iter().position(|known| *known == word).unwrap_or_else(|| {
            assert!(self.words.len() < WORDS_MAX, "SIMULATOR BUG: the events of a run have more than 16384 names");
            self.words.push(word);
            self.words.len() - 1
        });
        self.places[place] = Place { at: word.as_ptr().addr(), len: word.len() as u32, number: number as u32 };
        self.taken += 1;
        if self.taken * 2 > self.places.len() {
            self.grow();
        }
        number as u16
    }

    fn grow(&mut self) {
        let places = vec![Place::default(); self.places.len() * 2];
        for known in std::mem::replace(&mut self.places, places) {
            if known.at == 0 {
                continue;
            }
            let mut place = self.first_place(known.at);
            while self.places[place].at != 0 {
                place = (place + 1) & (self.places.len() - 1);
            }
            self.places[place] = known;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaked(text: String) -> &'static str {
        Box::leak(text.into_boxed_str())
    }

    #[test]
    fn words_are_numbered_by_first_appearance_wherever_they_lie() {
        let mut names = Names::default();
        let twin = leaked("commit".to_owned());

        let numbers = ["commit", "outbox", twin, "out", ""].map(|word| names.index(word));

        assert_eq!(numbers, [0, 1, 0, 2, 3]);
        assert_eq!(names.words(), ["commit", "outbox", "out", ""]);
    }

    #[test]
    fn many_words_keep_their_numbers() {
        let words: Vec<&'static str> = (0..1000).map(|n| leaked(format!("word-{n}"))).collect();
        let mut names = Names::default();

        for _ in 0..2 {
            for (number, word) in words.iter().enumerate() {
                assert_eq!(usize::from(names.index(word)), number);
            }
        }
    }
}
