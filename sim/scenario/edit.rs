//! `--set path=value` and `--toggle name=value`: edits of the document, made before it is understood.

use std::sync::Arc;

use miette::Report;

use super::document::{Argument, Document, Node, Origin, Table, Value};

/// One edit.
#[derive(Clone, Debug)]
pub struct Edit {
    argument: Arc<Argument>,
}

impl Edit {
    /// Of `--set`: a dotted path, an equals sign, a value of TOML (or else a text).
    pub fn set(text: &str) -> Result<Self, String> {
        let (path, raw) = text.split_once('=').ok_or("write a path and a value, such as workload.width=4")?;
        let path = path.trim();
        if path.split('.').any(str::is_empty) {
            return Err("the path has an empty name: write it as section.key, such as workload.width=4".to_owned());
        }
        Ok(Edit::new("--set", path, raw.trim()))
    }

    /// Of `--toggle`: a name, an equals sign and a position. The name alone means `=true`.
    pub fn toggle(text: &str) -> Result<Self, String> {
        let (name, raw) = text.split_once('=').unwrap_or((text, "true"));
        let name = name.trim();
        if name.is_empty() {
            return Err("write a name and a value, such as generator=increasing-targets".to_owned());
        }
        Ok(Edit::new("--toggle", name, raw.trim()))
    }

    fn new(flag: &'static str, path: &str, raw: &str) -> Self {
        Edit { argument: Arc::new(Argument { flag, path: path.to_owned(), raw: raw.to_owned() }) }
    }

    /// The flag with its argument, as it could be typed again.
    pub fn said(&self) -> [String; 2] {
        let Argument { flag, path, raw } = &*self.argument;
        [(*flag).to_owned(), format!("{path}={raw}")]
    }

    /// The toggle that it sets, if it sets one.
    pub fn toggled(&self) -> Option<&str> {
        let Argument { flag, path, .. } = &*self.argument;
        if *flag == "--toggle" { Some(path) } else { path.strip_prefix("toggles.") }
    }

    /// Makes the edit. Whether the path means anything is found out when the document is understood.
    pub fn apply(&self, document: &mut Document) -> Result<(), Report> {
        let origin = Origin::Flag(Arc::clone(&self.argument));
        let segments: Vec<&str> = if self.argument.flag == "--toggle" {
            vec!["toggles", &self.argument.path]
        } else {
            self.argument.path.split('.').collect()
        };
        let value = Value::parse(&self.argument.raw, &origin).unwrap_or(Value::Text(self.argument.raw.clone()));

        match put(&mut document.root, &segments, &origin, value) {
            Ok(()) => Ok(()),
            Err(blocked) => Err(document.problem(&origin, blocked, String::new(), None)),
        }
    }
}

fn put(table: &mut Table, segments: &[&str], origin: &Origin, value: Value) -> Result<(), String> {
    let (name, rest) = segments.split_first().expect("a path has a segment");
    if rest.is_empty() {
        let node = table.node_or_insert(name, origin, || Value::Boolean(false));
        *node = Node { origin: origin.clone(), value };
        return Ok(());
    }
    let node = table.node_or_insert(name, origin, || Value::Table(Table::default()));
    descend(node, name, rest, origin, value)
}

fn descend(node: &mut Node, name: &str, rest: &[&str], origin: &Origin, value: Value) -> Result<(), String> {
    let kind = node.value.kind();
    match &mut node.value {
        Value::Table(table) => put(table, rest, origin, value),
        Value::List(nodes) => {
            let count = nodes.len();
            let nth = rest[0].parse::<usize>().ok().and_then(|n| nodes.get_mut(n));
            let nth = nth.ok_or_else(|| format!("`{name}` is a list of {count}: name one by its number from 0"))?;
            if rest.len() == 1 {
                *nth = Node { origin: origin.clone(), value };
                return Ok(());
            }
            descend(nth, rest[0], &rest[1..], origin, value)
        }
        _ => Err(format!("`{name}` is {kind}, nothing can be set inside it")),
    }
}
