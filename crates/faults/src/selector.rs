//! Whom a fault hits: words that are resolved against ground truth at the moment of injection.
//!
//! | text | whom |
//! |---|---|
//! | `all` | every named node |
//! | `server`, `endpoint-1` | the node of that name |
//! | `endpoints` | the group of that name |
//! | `holder`, `leader-of(3)` | whom the system's ground truth names |
//! | `up(x)`, `down(x)` | those of x whose process works, or that have none |
//! | `random(x)`, `random(x, 2)` | one, or so many, of x, drawn from the entry's own stream |
//! | `["a", "b"]` | all of these together |

use crate::names::{GroundTruth, Names};
use kernel::State;
use kernel::dice::below;
use kernel::identity::NodeId;
use kernel::system::System;
use kernel::world::World;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Whom a fault hits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// Every named node.
    All,
    /// A node, a group, or a word of the system's ground truth.
    Word(String),
    /// So many of these, drawn.
    Random(Box<Selector>, u32),
    /// Those of these whose process works.
    Up(Box<Selector>),
    /// Those of these that have no process.
    Down(Box<Selector>),
    /// All of these together.
    Any(Vec<Selector>),
}

/// What selectors are resolved against.
pub(crate) struct Resolver<'a, S: System, G> {
    pub world: &'a World<S>,
    pub names: &'a Names,
    pub truth: &'a G,
}

const SELF_WORDS: &str = "`all`, `random(..)`, `up(..)`, `down(..)`";

/// Whether a text can be a name: letters, digits, `-`, `_`, `.`.
pub(crate) fn is_plain_word(text: &str) -> bool {
    let spells = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.chars().all(spells) && text != "all"
}

impl Selector {
    /// A node, group or word of ground truth.
    pub fn word(word: &str) -> Self {
        Selector::Word(word.to_owned())
    }

    /// Reads one.
    ///
    /// # Errors
    /// The text is none; the message says what is wrong and what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "all" {
            return Ok(Selector::All);
        }
        if is_plain_word(text) {
            return Ok(Selector::Word(text.to_owned()));
        }
        let refuse = |why: &str| {
            Err(format!(
                "selector \"{text}\" {why}: write a name, a group, {SELF_WORDS}, or a word such as `leader-of(3)`"
            ))
        };
        let Some((word, rest)) = text.split_once('(') else { return refuse("is no word") };
        if !is_plain_word(word) {
            return refuse("does not start with a word");
        }
        let Some(inner) = rest.strip_suffix(')') else { return refuse("lacks its closing parenthesis") };
        match word {
            "random" => match inner.rsplit_once(',') {
                Some((of, count)) if !count.contains(')') => match count.trim().parse() {
                    Ok(count) if count > 0 => Ok(Selector::Random(Box::new(Selector::parse(of)?), count)),
                    _ => refuse("has no count after its comma"),
                },
                _ => Ok(Selector::Random(Box::new(Selector::parse(inner)?), 1)),
            },
            "up" => Ok(Selector::Up(Box::new(Selector::parse(inner)?))),
            "down" => Ok(Selector::Down(Box::new(Selector::parse(inner)?))),
            _ if inner.contains(['(', ')']) => refuse("has parentheses inside a word of the system"),
            _ => Ok(Selector::Word(text.to_owned())),
        }
    }

    /// Whether its resolution draws.
    pub fn draws(&self) -> bool {
        match self {
            Selector::All | Selector::Word(_) => false,
            Selector::Random(..) => true,
            Selector::Up(of) | Selector::Down(of) => of.draws(),
            Selector::Any(of) => of.iter().any(Selector::draws),
        }
    }

    /// Whom it stands for whatever happens, if that can be said without a world.
    pub fn fixed(&self, names: &Names) -> Option<Vec<NodeId>> {
        let ids = match self {
            Selector::All => names.all(),
            Selector::Word(word) => names.get(word)?,
            Selector::Any(of) => of.iter().map(|one| one.fixed(names)).collect::<Option<Vec<_>>>()?.concat(),
            Selector::Random(..) | Selector::Up(_) | Selector::Down(_) => return None,
        };
        Some(sorted(ids))
    }

    /// The first word that is neither a name nor one of the system's, which may list a word alone or with its arguments.
    pub(crate) fn stranger(&self, names: &Names, words: &[&str]) -> Option<&str> {
        match self {
            Selector::All => None,
            Selector::Word(word) => {
                let bare = word.split('(').next().unwrap_or(word);
                let known = words.contains(&word.as_str()) || words.contains(&bare);
                (names.get(word).is_none() && !known).then_some(word)
            }
            Selector::Random(of, _) | Selector::Up(of) | Selector::Down(of) => of.stranger(names, words),
            Selector::Any(of) => of.iter().find_map(|one| one.stranger(names, words)),
        }
    }

    /// Whom it stands for now, in order of the ids. Names go before words of the system.
    pub(crate) fn resolve<S: System, G: GroundTruth<S>>(
        &self,
        resolver: &Resolver<'_, S, G>,
        draw: &mut dyn FnMut() -> u64,
    ) -> Result<Vec<NodeId>, String> {
        let state = |id: &NodeId| resolver.world.state(*id);
        let ids = match self {
            Selector::All => resolver.names.all(),
            Selector::Word(word) => match resolver.names.get(word) {
                Some(ids) => ids,
                None => resolver.truth.resolve(word, resolver.world).ok_or_else(|| {
                    format!("`{word}` is no node, no group and no word of this system: {}", known(resolver))
                })?,
            },
            Selector::Random(of, count) => {
                let mut pool = of.resolve(resolver, draw)?;
                let chosen = (*count as usize).min(pool.len());
                for nth in 0..chosen {
                    // One draw for each chosen one, whoever it is: the stream's length depends on the count only.
                    let other = nth + below(draw(), (pool.len() - nth) as u64) as usize;
                    pool.swap(nth, other);
                }
                pool.truncate(chosen);
                pool
            }
            Selector::Up(of) => of.resolve(resolver, draw)?.into_iter().filter(|id| state(id) == State::Up).collect(),
            Selector::Down(of) => {
                of.resolve(resolver, draw)?.into_iter().filter(|id| !state(id).has_process()).collect()
            }
            Selector::Any(of) => {
                let mut ids = Vec::new();
                for one in of {
                    ids.extend(one.resolve(resolver, draw)?);
                }
                ids
            }
        };
        Ok(sorted(ids))
    }
}

fn known<S: System, G: GroundTruth<S>>(resolver: &Resolver<'_, S, G>) -> String {
    let words: Vec<&str> = resolver.names.words().chain(resolver.truth.words().iter().copied()).collect();
    format!("known are {}", words.join(", "))
}

fn sorted(mut ids: Vec<NodeId>) -> Vec<NodeId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selector::All => f.write_str("all"),
            Selector::Word(word) => f.write_str(word),
            Selector::Random(of, 1) => write!(f, "random({of})"),
            Selector::Random(of, count) => write!(f, "random({of}, {count})"),
            Selector::Up(of) => write!(f, "up({of})"),
            Selector::Down(of) => write!(f, "down({of})"),
            Selector::Any(of) => {
                let texts: Vec<String> = of.iter().map(Selector::to_string).collect();
                f.write_str(&texts.join(" + "))
            }
        }
    }
}

impl Serialize for Selector {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        match self {
            Selector::Any(of) => serializer.collect_seq(of),
            one => serializer.collect_str(one),
        }
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Selector;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a selector: a text such as \"broker-0\" or \"random(brokers)\", or a list of texts")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Selector, E> {
                Selector::parse(text).map_err(E::custom)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Selector, A::Error> {
                let mut of = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    of.push(Selector::parse(&text).map_err(de::Error::custom)?);
                }
                if of.is_empty() {
                    Err(de::Error::custom("a selector may not be an empty list"))
                } else {
                    Ok(Selector::Any(of))
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_as_they_were() {
        for text in
            ["all", "server", "endpoint-1", "leader-of(3)", "random(brokers)", "random(up(brokers), 2)", "down(all)"]
        {
            let selector = Selector::parse(text).expect(text);
            assert_eq!(selector.to_string(), text);
        }
        let two: Selector = serde_json::from_str(r#"["a", "random(b)"]"#).unwrap();
        assert_eq!(serde_json::to_string(&two).unwrap(), r#"["a","random(b)"]"#);
    }

    #[test]
    fn what_is_no_selector_says_why() {
        for (text, why) in [
            ("", "is no word"),
            ("two words", "is no word"),
            ("random(brokers", "lacks its closing parenthesis"),
            ("random(brokers, 0)", "has no count"),
            ("random(brokers, x)", "has no count"),
            ("(x)", "does not start with a word"),
            ("leader-of((3))", "parentheses inside"),
        ] {
            let message = Selector::parse(text).expect_err(text);
            assert!(message.contains(why), "{text}: {message}");
        }
        assert!(serde_json::from_str::<Selector>("[]").is_err());
        assert!(serde_json::from_str::<Selector>("7").unwrap_err().to_string().contains("a selector"));
    }

    #[test]
    fn a_word_that_nobody_knows_is_found_inside_others() {
        let names = Names::new().node("server", NodeId(0));
        let stranger = |text: &str| Selector::parse(text).unwrap().stranger(&names, &["leader-of"]).map(str::to_owned);

        assert_eq!(stranger("random(up(sever))"), Some("sever".to_owned()));
        assert_eq!(stranger("random(server)"), None);
        assert_eq!(stranger("leader-of(3)"), None);
    }
}
