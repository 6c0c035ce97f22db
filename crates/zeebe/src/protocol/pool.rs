//! One copy of each string: equal texts and documents of what is read become the same allocation.
//!
//! A log repeats a few hundred strings in every record. Shared, they cost a pointer each, and comparing them ends at the
//! pointer. What a model writes shares by itself, because follow-up records clone the texts of what they follow.

use super::document::Document;
use super::text::Text;
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;
use std::sync::Arc;

/// The members of a document.
pub(super) type Members = Arc<[(Text, Text)]>;

/// The strings seen so far. It is only ever asked for one by its characters, so its order counts nowhere.
#[derive(Default)]
pub struct Pool {
    texts: HashSet<Text, FxBuildHasher>,
    documents: HashSet<Members, FxBuildHasher>,
}

impl Pool {
    /// The one copy of these characters.
    pub fn text(&mut self, text: &str) -> Text {
        if text.is_empty() {
            return Text::default();
        }
        self.texts.get_or_insert_with(text, |text| text.into()).clone()
    }

    /// The one copy of these members in this order.
    pub(super) fn members(&mut self, members: &[(Text, Text)]) -> Members {
        if let Some(known) = self.documents.get(members) {
            return known.clone();
        }
        let members: Members = members.iter().map(|(name, value)| (self.text(name), self.text(value))).collect();
        self.documents.insert(members.clone());
        members
    }
}

/// What holds strings, and can hold those of a pool instead.
pub trait Share {
    /// Replaces each string by the pool's copy of it. Nothing else changes.
    fn share(&mut self, pool: &mut Pool);
}

impl Share for Text {
    fn share(&mut self, pool: &mut Pool) {
        *self = pool.text(self);
    }
}

impl Share for Document {
    fn share(&mut self, pool: &mut Pool) {
        if !self.is_empty() {
            *self = Document::of(pool.members(self.members()));
        }
    }
}

impl<T: Share> Share for Vec<T> {
    fn share(&mut self, pool: &mut Pool) {
        self.iter_mut().for_each(|item| item.share(pool));
    }
}

macro_rules! hold_no_strings {
    ($($type:ty)+) => {
        $(impl Share for $type {
            fn share(&mut self, _: &mut Pool) {}
        })+
    };
}
hold_no_strings! { i32 i64 bool }

#[cfg(test)]
mod tests {
    use super::{Pool, Share};
    use crate::protocol::{Document, ElementType, Text};

    #[test]
    fn equal_texts_become_one() {
        let mut pool = Pool::default();
        let (mut one, mut two) = (Text::from("task"), Text::from("task"));
        assert!(!std::ptr::eq(one.as_str(), two.as_str()));

        one.share(&mut pool);
        two.share(&mut pool);

        assert!(std::ptr::eq(one.as_str(), two.as_str()));
        assert_eq!(two, Text::from("task"));
    }

    #[test]
    fn equal_documents_become_one_and_share_their_texts() {
        let mut pool = Pool::default();
        let name = pool.text("name");
        let read = || Document::new(vec![("name".into(), "1".into())]);
        let (mut one, mut two) = (read(), read());

        one.share(&mut pool);
        two.share(&mut pool);

        assert!(std::ptr::eq(one.members(), two.members()));
        assert!(std::ptr::eq(one.members()[0].0.as_str(), name.as_str()));
    }

    #[test]
    fn documents_keep_their_order() {
        let mut pool = Pool::default();
        let mut one = Document::new(vec![("a".into(), "1".into()), ("b".into(), "2".into())]);
        let mut two = Document::new(vec![("b".into(), "2".into()), ("a".into(), "1".into())]);
        one.share(&mut pool);
        two.share(&mut pool);

        assert_eq!(one, two);
        assert_eq!(two.members()[0].0.as_str(), "b");
    }

    #[test]
    fn a_name_that_only_a_recording_has_is_shared_too() {
        let mut pool = Pool::default();
        let text = pool.text("BOUNDARY_EVENT");
        let mut other = ElementType::from("BOUNDARY_EVENT");
        other.share(&mut pool);

        assert!(std::ptr::eq(other.name(), text.as_str()));
    }
}
