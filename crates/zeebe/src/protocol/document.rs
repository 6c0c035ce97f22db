//! Variable documents: named JSON values in the order in which they were written.

use super::pool::Members;
use super::text::Text;
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::sync::Arc;

/// A JSON object. Upstream keeps it as MessagePack; here each member's value is compact JSON text. Two documents are equal
/// if they have the same members, in whatever order, with the same values.
#[derive(Clone, Default, Hash)]
#[allow(clippy::derived_hash_with_manual_eq)] // The digest tells orders apart; no document is the key of a table.
pub struct Document(Option<Members>);

impl Document {
    /// A document of these members.
    #[must_use]
    pub fn new(members: Vec<(Text, Text)>) -> Self {
        if members.is_empty() { Document(None) } else { Document(Some(members.into())) }
    }

    /// A document of members that are held already; there is at least one.
    pub(super) fn of(members: Members) -> Self {
        Document(Some(members))
    }

    /// Name and value (compact JSON) of each member, in order.
    #[must_use]
    pub fn members(&self) -> &[(Text, Text)] {
        self.0.as_deref().unwrap_or(&[])
    }

    /// Whether there is no member.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

/// Whether two values are the same JSON, whatever the order of the members of objects inside.
#[must_use]
pub fn same_json(one: &str, two: &str) -> bool {
    if one == two {
        return true;
    }
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text);
    matches!((read(one), read(two)), (Ok(one), Ok(two)) if one == two)
}

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        if let (Some(one), Some(two)) = (&self.0, &other.0)
            && Arc::ptr_eq(one, two)
        {
            return true;
        }
        let (one, two) = (self.members(), other.members());
        one.len() == two.len()
            && one.iter().all(|(name, value)| {
                two.iter().find(|(other, _)| other == name).is_some_and(|(_, other)| same_json(value, other))
            })
    }
}

impl Eq for Document {}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.members().iter().map(|(name, value)| (name, value))).finish()
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members().len()))?;
        for (name, value) in self.members() {
            let value: serde_json::Value = serde_json::from_str(value).map_err(serde::ser::Error::custom)?;
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Document;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object of variables")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<Text, serde_json::Value>()? {
                    members.push((name, value.to_string().into()));
                }
                Ok(Document::new(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::Document;

    fn read(json: &str) -> Document {
        serde_json::from_str(json).expect("an object")
    }

    #[test]
    fn order_does_not_count_and_values_do() {
        assert_eq!(read(r#"{"a":1,"b":{"x":1,"y":2}}"#), read(r#"{"b":{"y":2,"x":1},"a":1}"#));
        assert_ne!(read(r#"{"a":1}"#), read(r#"{"a":2}"#));
        assert_ne!(read(r#"{"a":1}"#), read(r#"{"a":1,"b":2}"#));
        assert_eq!(read("{}"), Document::default());
    }

    #[test]
    fn it_is_written_as_it_was_read() {
        let json = r#"{"b":"x","a":[1,2.5,null,true]}"#;
        assert_eq!(serde_json::to_string(&read(json)).expect("it has a JSON form"), json);
    }
}
