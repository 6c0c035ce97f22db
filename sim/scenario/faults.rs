//! `[[fault]]`: the plan of faults in a scenario.

use faults::plan::{Entry, Plan};
use miette::Report;
use serde::Deserialize;

use super::document::{Node, Table, Value};
use super::read::Reader;

/// Reads the plan. What is wrong with an entry is reported at the entry.
pub(super) fn plan(reader: &Reader<'_>) -> Result<Plan, Report> {
    let nodes = tables(reader)?;
    let mut entries = Vec::with_capacity(nodes.len());
    for node in &nodes {
        let entry =
            toml_value(&node.value).and_then(|value| Entry::deserialize(value).map_err(|error| error.to_string()));
        let entry = entry.map_err(|why| {
            let help = Some("a fault has a trigger (at, on or after), do, and perhaps id, for and may_miss".to_owned());
            let reason = why.lines().next().unwrap_or_default().to_owned();
            reader.document.problem(&node.origin, "this fault cannot be read".to_owned(), reason, help)
        })?;
        entries.push(entry);
    }
    let ids: Vec<String> = entries.iter().map(|entry| entry.id.clone()).collect();
    Plan::new(entries).map_err(|error| {
        let at = ids.iter().position(|id| id == error.entry()).unwrap_or(0);
        reader.document.problem(&nodes[at].origin, error.to_string(), String::new(), None)
    })
}

fn tables(reader: &Reader<'_>) -> Result<Vec<Node>, Report> {
    let Some(entry) = reader.document.root.get("fault") else { return Ok(Vec::new()) };
    let refuse = |node: &Node| {
        let help = Some("write each fault as a table under [[fault]]".to_owned());
        let label = format!("this is {}", node.value.kind());
        Err(reader.document.problem(&node.origin, "`fault` must be a list of tables".to_owned(), label, help))
    };
    let Value::List(nodes) = &entry.node.value else { return refuse(&entry.node) };
    match nodes.iter().find(|node| !matches!(node.value, Value::Table(_))) {
        Some(node) => refuse(node),
        None => Ok(nodes.clone()),
    }
}

/// The value without its places, as serde takes it.
fn toml_value(value: &Value) -> Result<toml::Value, String> {
    Ok(match value {
        Value::Text(text) => toml::Value::String(text.clone()),
        Value::Integer(number) => {
            toml::Value::Integer(i64::try_from(*number).map_err(|_| format!("{number} is out of range"))?)
        }
        Value::Float(number) => toml::Value::Float(*number),
        Value::Boolean(flag) => toml::Value::Boolean(*flag),
        Value::Datetime(text) => toml::Value::String(text.clone()),
        Value::List(nodes) => {
            toml::Value::Array(nodes.iter().map(|node| toml_value(&node.value)).collect::<Result<_, _>>()?)
        }
        Value::Table(Table { entries }) => {
            let pair = |entry: &super::document::Entry| Ok((entry.name.clone(), toml_value(&entry.node.value)?));
            toml::Value::Table(entries.iter().map(pair).collect::<Result<_, String>>()?)
        }
    })
}
