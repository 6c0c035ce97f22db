//! A document as JSON, and back: what a bundle holds.

use serde_json::{Map, Number, Value as Json};

use super::document::{Entry, Node, Origin, Table, Value};

impl From<&Value> for Json {
    /// Dates become texts: no key of a scenario takes one.
    fn from(value: &Value) -> Json {
        match value {
            Value::Text(text) | Value::Datetime(text) => Json::String(text.clone()),
            // What is beyond these numbers is beyond the bounds of every key.
            Value::Integer(number) => {
                let whole =
                    u64::try_from(*number).map(Number::from).or_else(|_| i64::try_from(*number).map(Number::from));
                Json::Number(whole.unwrap_or_else(|_| Number::from(u64::MAX)))
            }
            Value::Float(number) => Number::from_f64(*number).map_or(Json::Null, Json::Number),
            Value::Boolean(truth) => Json::Bool(*truth),
            Value::List(nodes) => Json::Array(nodes.iter().map(|node| Json::from(&node.value)).collect()),
            Value::Table(table) => Json::Object(table.into()),
        }
    }
}

impl From<&Table> for Map<String, Json> {
    fn from(table: &Table) -> Self {
        table.entries.iter().map(|entry| (entry.name.clone(), Json::from(&entry.node.value))).collect()
    }
}

impl Value {
    /// Of JSON. `None`: it has a null, which TOML has not.
    pub fn from_json(json: &Json) -> Option<Value> {
        Some(match json {
            Json::Null => return None,
            Json::Bool(truth) => Value::Boolean(*truth),
            Json::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Value::Integer(number.into()),
                (None, Some(number)) => Value::Integer(number.into()),
                (None, None) => Value::Float(number.as_f64()?),
            },
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(items) => {
                Value::List(items.iter().map(|item| Value::from_json(item).map(node)).collect::<Option<_>>()?)
            }
            Json::Object(pairs) => Value::Table(Table::from_json(pairs)?),
        })
    }
}

impl Table {
    /// Of JSON. `None`: it has a null.
    pub fn from_json(pairs: &Map<String, Json>) -> Option<Table> {
        let entry = |(name, value): (&String, &Json)| {
            Some(Entry { name: name.clone(), origin: NOWHERE, node: node(Value::from_json(value)?) })
        };
        Some(Table { entries: pairs.iter().map(entry).collect::<Option<_>>()? })
    }
}

/// What was not read from a file has no place until it is written to one.
const NOWHERE: Origin = Origin::File(0..0);

fn node(value: Value) -> Node {
    Node { origin: NOWHERE, value }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::document::Document;

    #[test]
    fn every_scenario_of_the_project_comes_back() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        for found in crate::scenario::find::all(&directory).expect("the scenarios are there") {
            let document = Document::read(&found.path).expect("it is TOML");
            let json = Map::from(&document.root);
            let back = Document { root: Table::from_json(&json).expect("no null"), ..document.clone() };
            assert_eq!(back.to_toml(), document.to_toml());
            assert_eq!(Map::from(&back.root), json);
        }
    }

    #[test]
    fn numbers_come_back_and_null_is_nothing() {
        let json: Json =
            serde_json::from_str("[18446744073709551615, -1, 1.5, true, \"x\", {\"a\": []}]").expect("JSON");
        assert_eq!(Json::from(&Value::from_json(&json).expect("no null")), json);
        assert!(Value::from_json(&serde_json::json!({ "a": [1, null] })).is_none());
    }
}
