//! A node of the document as serde reads it. What does not fit knows its place: the word that is wrong, not the table
//! around it.

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
};
use serde::forward_to_deserialize_any;

use crate::scenario::document::{Entry, Node, Origin, Value};
use crate::scenario::nearest::suggest;

/// What does not fit, and where.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Misfit {
    /// What is wrong.
    pub message: String,
    /// The way out, if there is a better one than what a fault looks like.
    pub help: Option<String>,
    /// The innermost place; none until the first that knows one.
    pub origin: Option<Origin>,
}

impl Misfit {
    fn at(self, origin: &Origin) -> Self {
        Misfit { origin: self.origin.or_else(|| Some(origin.clone())), ..self }
    }

    fn unknown(what: &str, word: &str, known: &'static [&'static str]) -> Self {
        let help = Some(suggest(word, known.iter().copied()));
        Misfit { message: format!("unknown {what} `{word}` in a fault"), help, origin: None }
    }
}

impl de::Error for Misfit {
    fn custom<T: std::fmt::Display>(why: T) -> Self {
        Misfit { message: why.to_string(), help: None, origin: None }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Misfit::unknown("key", field, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Misfit::unknown("word", variant, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Misfit { message: format!("`{field}` is missing in a fault"), help: None, origin: None }
    }
}

/// A node to be read.
#[derive(Clone, Copy, Debug)]
pub struct Located<'a>(pub &'a Node);

impl<'de> Deserializer<'de> for Located<'_> {
    type Error = Misfit;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let read = match &self.0.value {
            Value::Text(text) | Value::Datetime(text) => visitor.visit_str(text),
            Value::Integer(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => visitor.visit_i64(number),
                (_, Ok(number)) => visitor.visit_u64(number),
                _ => Err(de::Error::custom(format!("{number} is out of range"))),
            },
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(truth) => visitor.visit_bool(*truth),
            Value::List(nodes) => visitor.visit_seq(Items(nodes.iter())),
            Value::Table(table) => visitor.visit_map(Entries { entries: table.entries.iter(), value: None }),
        };
        read.map_err(|misfit| misfit.at(&self.0.origin))
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let read = match &self.0.value {
            Value::Text(word) => visitor.visit_enum(Choice { word, origin: &self.0.origin, node: None }),
            Value::Table(table) => match &table.entries[..] {
                [Entry { name, origin, node }] => visitor.visit_enum(Choice { word: name, origin, node: Some(node) }),
                [] => Err(de::Error::custom("this table is empty, and one thing must stand in it")),
                [_, second, ..] => {
                    let misfit: Misfit =
                        de::Error::custom(format!("one thing at a time: `{}` is another", second.name));
                    Err(misfit.at(&second.origin))
                }
            },
            other => Err(de::Error::custom(format!("this is {}, and a word or a table must stand here", other.kind()))),
        };
        read.map_err(|misfit| misfit.at(&self.0.origin))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Misfit> {
        self.0.next().map(|node| seed.deserialize(Located(node)).map_err(|misfit| misfit.at(&node.origin))).transpose()
    }
}

struct Entries<'a> {
    entries: std::slice::Iter<'a, Entry>,
    value: Option<&'a Node>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.value = Some(&entry.node);
        let name: StrDeserializer<'_, Misfit> = entry.name.as_str().into_deserializer();
        seed.deserialize(name).map(Some).map_err(|misfit| misfit.at(&entry.origin))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let node = self.value.take().expect("serde asks for a value after its key");
        seed.deserialize(Located(node)).map_err(|misfit| misfit.at(&node.origin))
    }
}

/// A word out of several, alone or with a value.
struct Choice<'a> {
    word: &'a str,
    origin: &'a Origin,
    node: Option<&'a Node>,
}

impl<'de, 'a> EnumAccess<'de> for Choice<'a> {
    type Error = Misfit;
    type Variant = Choice<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Choice<'a>), Misfit> {
        let word: StrDeserializer<'_, Misfit> = self.word.into_deserializer();
        match seed.deserialize(word) {
            Ok(variant) => Ok((variant, self)),
            Err(misfit) => Err(misfit.at(self.origin)),
        }
    }
}

impl Choice<'_> {
    fn needs_a_value(&self) -> Misfit {
        let why = format!("`{}` needs to know more: write a table after it", self.word);
        de::Error::custom(why)
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        match self.node {
            None => Ok(()),
            Some(node) => {
                let misfit: Misfit = de::Error::custom(format!("`{}` stands alone", self.word));
                Err(misfit.at(&node.origin))
            }
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        let node = self.node.ok_or_else(|| self.needs_a_value())?;
        seed.deserialize(Located(node)).map_err(|misfit| misfit.at(&node.origin))
    }

    fn tuple_variant<V: de::Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        Located(self.node.ok_or_else(|| self.needs_a_value())?).deserialize_any(visitor)
    }

    fn struct_variant<V: de::Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Misfit> {
        Located(self.node.ok_or_else(|| self.needs_a_value())?).deserialize_any(visitor)
    }
}
