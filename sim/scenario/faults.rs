//! `[[fault]]`: the plan of faults in a scenario.

mod located;

use std::sync::Arc;

use faults::plan::{Entry, Plan, PlanError};
use miette::Report;
use serde::Deserialize;

pub(super) use self::located::{Located, Misfit};
use super::document::{Document, Node, Origin, Table, Value};
use super::nearest::{nearest, suggest};
use super::problem::Problem;
use super::read::Reader;

/// Where each fault stands: for what only a system can find wrong in it.
#[derive(Clone, Debug)]
pub struct Places {
    document: Arc<Document>,
    nodes: Vec<(String, Node)>,
}

/// Reads the plan. What is wrong is reported at the word that is wrong.
pub(super) fn plan(reader: &Reader<'_>) -> Result<(Plan, Places), Report> {
    let nodes = tables(reader)?;
    let mut entries = Vec::with_capacity(nodes.len());
    for node in &nodes {
        let entry = Entry::deserialize(Located(node)).map_err(|misfit| {
            let Misfit { message, help, origin } = misfit;
            let shape = || "a fault has a trigger (at, on or after), do, and perhaps id, for and may_miss".to_owned();
            let origin = origin.as_ref().unwrap_or(&node.origin);
            let (message, label) = match help {
                Some(_) => (message, String::new()),
                None => ("this fault cannot be read".to_owned(), message),
            };
            reader.document.problem(origin, message, label, Some(help.unwrap_or_else(shape)))
        })?;
        entries.push(entry);
    }
    let nodes = entries.iter().map(|entry| entry.id.clone()).zip(nodes).collect();
    let mut places = Places { document: Arc::new(reader.document.clone()), nodes };
    let plan = Plan::new(entries).map_err(|error| places.problem(&error))?;
    // Entries of equal content have been numbered.
    for (place, entry) in places.nodes.iter_mut().zip(plan.entries()) {
        place.0.clone_from(&entry.id);
    }
    Ok((plan, places))
}

impl Places {
    /// The kinds of a profile, each by its name.
    pub(super) fn of_kinds(document: &Document, profile: &Node) -> Self {
        let kinds = match &profile.value {
            Value::Table(table) => table.get("kind").map(|entry| &entry.node.value),
            _ => None,
        };
        let nodes = match kinds {
            Some(Value::Table(kinds)) => {
                kinds.entries.iter().map(|kind| (kind.name.clone(), kind.node.clone())).collect()
            }
            _ => Vec::new(),
        };
        Places { document: Arc::new(document.clone()), nodes }
    }

    /// What only a system can find wrong with a key of the scenario, such as `workload.depth`: at its value, or with the
    /// file if it is not given.
    pub fn problem_with(&self, path: &str, message: String, help: Option<String>) -> Report {
        let mut table = Some(&self.document.root);
        let mut found = None;
        for name in path.split('.') {
            found = table.and_then(|table| table.get(name)).map(|entry| &entry.node);
            table = found.and_then(|node| if let Value::Table(table) = &node.value { Some(table) } else { None });
        }
        match found {
            Some(node) => self.document.problem(&node.origin, message, String::new(), help),
            None => Problem::File { path: self.document.path.clone(), reason: message, help }.into(),
        }
    }

    /// What is wrong with a plan, at the word that is wrong.
    pub fn problem(&self, error: &PlanError) -> Report {
        let is_it = |(id, _): &(String, Node)| id == error.entry();
        let index = match error {
            PlanError::Duplicate { .. } => self.nodes.iter().rposition(is_it),
            _ => self.nodes.iter().position(is_it),
        };
        let Some((_, node)) = index.and_then(|index| self.nodes.get(index)) else {
            return self.document.problem(&Origin::File(0..0), error.to_string(), String::new(), None);
        };
        let (keys, meant) = match error {
            PlanError::Duplicate { .. } => ("id".to_owned(), None),
            PlanError::UnknownEntry { other, .. } => {
                ("after.entry".to_owned(), nearest(other, self.nodes.iter().map(|(id, _)| id.as_str())))
            }
            PlanError::Cycle { .. } => ("after.entry".to_owned(), None),
            PlanError::Value { key, .. } => (key.clone(), None),
            PlanError::UnknownWord { key, word, known, .. } if key.starts_with("on.") => {
                (key.clone(), nearest(word, known.split(", ")))
            }
            PlanError::UnknownEvent { word, known, .. } => {
                let help = suggest(word, known.iter().copied());
                let origin = origin(node, "on.event");
                return self.document.problem(origin, error.to_string(), String::new(), Some(help));
            }
            // The action's name is between `do` and the key.
            PlanError::UnknownWord { key, word, known, .. } => {
                (format!("do.*.{key}"), nearest(word, known.split(", ")))
            }
            PlanError::Unsurvivable { .. } => (String::new(), None),
        };
        let help = meant.map(|meant| format!("did you mean `{meant}`?"));
        self.document.problem(origin(node, &keys), error.to_string(), String::new(), help)
    }
}

/// The place of a dotted key: of the innermost table of its path that there is.
fn origin<'n>(node: &'n Node, keys: &str) -> &'n Origin {
    let mut at = node;
    for key in keys.split('.') {
        let Value::Table(table) = &at.value else { break };
        let entry = if key == "*" { table.entries.first() } else { table.get(key) };
        let Some(entry) = entry else { break };
        at = &entry.node;
    }
    &at.origin
}

fn tables(reader: &Reader<'_>) -> Result<Vec<Node>, Report> {
    let Some(entry) = reader.document.root.get("fault") else { return Ok(Vec::new()) };
    let refuse = |node: &Node| {
        let help = Some("write each fault as a table under [[fault]]".to_owned());
        let label = format!("this is {}", node.value.kind());
        Err(reader.document.problem(&node.origin, "`fault` must be a list of tables".to_owned(), label, help))
    };
    let Value::List(nodes) = &entry.node.value else { return refuse(&entry.node) };
    match nodes.iter().find(|node| !matches!(node.value, Value::Table(Table { .. }))) {
        Some(node) => refuse(node),
        None => Ok(nodes.clone()),
    }
}
