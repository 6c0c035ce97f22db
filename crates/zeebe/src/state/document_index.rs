//! The order in which a document's variables are set from a scope upward.
//!
//! Upstream notes where in the document's MessagePack form each name stands, in a hash table of whole numbers, and walks that
//! table, so the order follows from the lengths of all names and values. Each leader has one table. It is emptied for each
//! document and never made smaller: a long document changes the order in all that come later.
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/state/instance/VariablesState.java (IndexedDocument)
//= org.agrona:agrona:1.5.1 (Int2IntHashMap: put, rehash, compactChain, its iterator; Hashing: evenHash)

use crate::protocol::{Document, Text};
use serde_json::Value;

/// How many slots the table of a leader has. It outlives transactions, and no snapshot holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IndexSize(usize);

impl Default for IndexSize {
    fn default() -> Self {
        IndexSize(8)
    }
}

/// A document's members in a table.
#[derive(Clone, Debug)]
pub struct DocumentIndex {
    members: Vec<(Text, Text)>,
    /// Of each slot, the place of a name and the number of its member.
    slots: Vec<Option<(u32, usize)>>,
    /// Whether the slots follow from the places; if not, the members stand as they are to be walked.
    hashed: bool,
}

impl DocumentIndex {
    /// As a leader makes it; its table may grow.
    #[must_use]
    pub fn of(document: &Document, size: &mut IndexSize) -> Self {
        let members = document.members().to_vec();
        let mut index = DocumentIndex { members, slots: vec![None; size.0], hashed: true };
        let mut place = header(index.members.len(), &[(15, 1), (0xffff, 3)]);
        for number in 0..index.members.len() {
            index.put(place, number);
            let (name, value) = &index.members[number];
            let value = serde_json::from_str(value).unwrap_or(Value::Null);
            place += text_length(name) + length(&value);
            if number + 1 > threshold(index.slots.len()) {
                index.grow();
            }
        }
        size.0 = index.slots.len();
        index
    }

    /// Members that are walked as they stand.
    #[must_use]
    pub fn listed(members: Vec<(Text, Text)>) -> Self {
        let slots = (0..members.len()).map(|number| Some((0, number))).collect();
        DocumentIndex { members, slots, hashed: false }
    }

    /// The slots that are taken, in the order in which they are walked: from the last one down, or from the first free one
    /// down and around if the last one is taken. A slot that is emptied on the way moves only members that were passed.
    #[must_use]
    pub fn walk(&self) -> Vec<usize> {
        let len = self.slots.len();
        let taken = |slot: &usize| self.slots[*slot].is_some();
        if !self.hashed {
            return (0..len).filter(taken).collect();
        }
        let first = match self.slots.last() {
            Some(Some(_)) => self.slots.iter().position(Option::is_none).unwrap_or(len),
            _ => len,
        };
        (0..first).rev().chain((first..len).rev()).filter(taken).collect()
    }

    /// Name and value of the member in a slot that is taken.
    #[must_use]
    pub fn member(&self, slot: usize) -> Option<&(Text, Text)> {
        self.slots[slot].map(|(_, number)| &self.members[number])
    }

    /// Empties a slot. Members behind it that would have stood there move up.
    pub fn remove(&mut self, slot: usize) {
        self.slots[slot] = None;
        if !self.hashed {
            return;
        }
        let (mut free, mut at) = (slot, slot);
        loop {
            at = (at + 1) % self.slots.len();
            let Some((place, _)) = self.slots[at] else { return };
            let home = self.home(place);
            let around = at < home && (home <= free || free <= at);
            if around || (home <= free && free <= at) {
                self.slots.swap(free, at);
                free = at;
            }
        }
    }

    fn put(&mut self, place: u32, number: usize) {
        let mut slot = self.home(place);
        while self.slots[slot].is_some() {
            slot = (slot + 1) % self.slots.len();
        }
        self.slots[slot] = Some((place, number));
    }

    fn grow(&mut self) {
        let slots = vec![None; self.slots.len() * 2];
        for (place, number) in std::mem::replace(&mut self.slots, slots).into_iter().flatten() {
            self.put(place, number);
        }
    }

    fn home(&self, place: u32) -> usize {
        let hash = (place << 1).wrapping_sub(place << 8);
        (hash as usize & (self.slots.len() * 2 - 1)) / 2
    }
}

/// How many members a table of this many slots has before it grows.
const fn threshold(slots: usize) -> usize {
    slots * 55 / 100
}

/// Bytes of a header: the first of the limits that reaches this far, else five.
fn header(len: usize, limits: &[(usize, u32)]) -> u32 {
    limits.iter().find(|(most, _)| len <= *most).map_or(5, |(_, bytes)| *bytes)
}

fn text_length(text: &str) -> u32 {
    header(text.len(), &[(31, 1), (0xff, 2), (0xffff, 3)]) + u32::try_from(text.len()).unwrap_or(u32::MAX)
}

/// Bytes of a value in MessagePack, as the gateway writes it.
fn length(value: &Value) -> u32 {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::String(text) => text_length(text),
        Value::Array(values) => header(values.len(), &[(15, 1), (0xffff, 3)]) + values.iter().map(length).sum::<u32>(),
        Value::Object(members) => {
            let inner = members.iter().map(|(name, value)| text_length(name) + length(value));
            header(members.len(), &[(15, 1), (0xffff, 3)]) + inner.sum::<u32>()
        }
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(-32..=127), _) => 1,
            (Some(-128..=255), _) => 2,
            (Some(number), _) if (-0x8000..=0xffff).contains(&number) => 3,
            (Some(number), _) if (-0x8000_0000..=0xffff_ffff).contains(&number) => 5,
            _ => 9,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{DocumentIndex, IndexSize, length, threshold};
    use crate::protocol::Document;

    fn order(json: &str, size: &mut IndexSize) -> Vec<String> {
        let document: Document = serde_json::from_str(json).expect("an object");
        let index = DocumentIndex::of(&document, size);
        let name = |slot| index.member(slot).expect("a taken slot").0.to_string();
        index.walk().into_iter().map(name).collect()
    }

    #[test]
    fn short_names_come_backward_until_their_places_pass_the_tables_end() {
        let mut size = IndexSize::default();
        assert_eq!(order(r#"{"a":1,"b":2}"#, &mut size), ["b", "a"]);
        assert_eq!(order(r#"{"ls":0,"q":1,"bcnn":2}"#, &mut size), ["q", "ls", "bcnn"], "at 1, 5 and 8 of 8 slots");
        assert_eq!(size, IndexSize(8));
    }

    #[test]
    fn a_long_document_leaves_a_long_table() {
        let short = r#"{"ls":0,"q":1,"bcnn":2}"#;
        let mut size = IndexSize::default();
        order(r#"{"a":1,"b":1,"c":1,"d":1,"e":1}"#, &mut size);
        assert_eq!(size, IndexSize(16));
        assert_eq!(order(short, &mut size), ["bcnn", "q", "ls"]);
        assert_eq!(size, IndexSize(16));
    }

    #[test]
    fn a_table_grows_when_more_than_55_percent_are_taken() {
        assert_eq!([8, 16, 32, 64, 128, 256].map(threshold), [4, 8, 17, 35, 70, 140]);
    }

    #[test]
    fn what_is_removed_is_walked_no_more_and_all_else_once() {
        let names: Vec<String> =
            (0..40).map(|number| format!("\"{}\":1", "n".repeat(number % 7 + 1) + &number.to_string())).collect();
        let document: Document = serde_json::from_str(&format!("{{{}}}", names.join(","))).expect("an object");
        let mut index = DocumentIndex::of(&document, &mut IndexSize::default());
        let mut left = index.walk().len();
        assert_eq!(left, 40);
        while left > 0 {
            let mut passed = Vec::new();
            for (turn, slot) in index.walk().into_iter().enumerate() {
                let member = index.member(slot).expect("still there").0.clone();
                assert!(!passed.contains(&member), "{member}");
                passed.push(member);
                if turn % 3 == 0 {
                    index.remove(slot);
                    left -= 1;
                }
            }
            assert_eq!(index.walk().len(), left);
        }
    }

    #[test]
    fn values_have_the_length_of_their_messagepack_form() {
        for (json, bytes) in [
            ("null", 1),
            ("127", 1),
            ("-32", 1),
            ("128", 2),
            ("-33", 2),
            ("256", 3),
            ("-129", 3),
            ("65536", 5),
            ("-32769", 5),
            ("4294967296", 9),
            ("18446744073709551615", 9),
            ("1.0", 9),
            (r#""abc""#, 4),
            ("[1,[],{}]", 4),
            (r#"{"a":[true]}"#, 5),
        ] {
            assert_eq!(length(&serde_json::from_str(json).expect("JSON")), bytes, "{json}");
        }
        let long = format!("\"{}\"", "x".repeat(32));
        assert_eq!(length(&serde_json::from_str(&long).expect("JSON")), 34);
    }
}
