//! A document as text again: what stands in it, edits included, and no comments.

use std::fmt::Write;

use super::document::{Document, Entry, Node, Table, Value};
use super::schema::SECTIONS;

/// Lists of tables that are longer than this are written a table a line.
const LINE: usize = 100;

impl Document {
    /// As a scenario file.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        let is_table = |node: &Node| matches!(node.value, Value::Table(_));
        let has_heading = |value: &Value| match value {
            Value::Table(_) => true,
            Value::List(nodes) => !nodes.is_empty() && nodes.iter().all(is_table),
            _ => false,
        };
        let is_section = |entry: &&Entry| SECTIONS.contains(&&*entry.name) && has_heading(&entry.node.value);
        for entry in self.root.entries.iter().filter(|entry| !is_section(entry)) {
            pair(&mut text, entry);
        }
        for entry in self.root.entries.iter().filter(is_section) {
            match &entry.node.value {
                Value::Table(table) => section(&mut text, &entry.name, table),
                Value::List(nodes) => nodes.iter().for_each(|node| listed(&mut text, &entry.name, node)),
                _ => pair(&mut text, entry),
            }
        }
        text
    }
}

/// A table with its heading, and then those tables within it that hold nothing but tables (the kinds of a profile).
fn section(text: &mut String, path: &str, table: &Table) {
    let holds_tables = |entry: &&Entry| matches!(&entry.node.value, Value::Table(inner) if !inner.entries.is_empty() && inner.entries.iter().all(|it| matches!(it.node.value, Value::Table(_))));
    if !table.entries.iter().all(|entry| holds_tables(&entry)) || table.entries.is_empty() {
        let _ = writeln!(text, "\n[{path}]");
    }
    table.entries.iter().filter(|entry| !holds_tables(entry)).for_each(|entry| pair(text, entry));
    for entry in table.entries.iter().filter(holds_tables) {
        let Value::Table(inner) = &entry.node.value else { continue };
        for one in &inner.entries {
            let Value::Table(table) = &one.node.value else { continue };
            let _ = writeln!(text, "\n[{path}.{}.{}]", key(&entry.name), key(&one.name));
            table.entries.iter().for_each(|entry| pair(text, entry));
        }
    }
}

fn listed(text: &mut String, name: &str, node: &Node) {
    let _ = writeln!(text, "\n[[{name}]]");
    if let Value::Table(table) = &node.value {
        table.entries.iter().for_each(|entry| pair(text, entry));
    }
}

fn pair(text: &mut String, entry: &Entry) {
    let name = key(&entry.name);
    let inline = inline(&entry.node.value);
    match &entry.node.value {
        Value::List(nodes) if inline.len() > LINE => {
            let _ = writeln!(text, "{name} = [");
            for node in nodes {
                let _ = writeln!(text, "    {},", self::inline(&node.value));
            }
            text.push_str("]\n");
        }
        _ => {
            let _ = writeln!(text, "{name} = {inline}");
        }
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => toml::Value::Float(*number).to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Datetime(date) => date.clone(),
        Value::List(nodes) => {
            let nodes: Vec<String> = nodes.iter().map(|node| inline(&node.value)).collect();
            format!("[{}]", nodes.join(", "))
        }
        Value::Table(table) if table.entries.is_empty() => "{}".to_owned(),
        Value::Table(table) => {
            let pair = |entry: &Entry| format!("{} = {}", key(&entry.name), inline(&entry.node.value));
            format!("{{ {} }}", table.entries.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
    }
}

fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}

/// A basic string on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c < ' ' || c == '\u{7f}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    /// Names and values, and not where they came from.
    fn plain(value: &Value) -> String {
        match value {
            Value::Table(table) => {
                let mut pairs: Vec<String> = table
                    .entries
                    .iter()
                    .map(|entry| format!("{:?}: {}", entry.name, plain(&entry.node.value)))
                    .collect();
                pairs.sort();
                format!("{{{}}}", pairs.join(", "))
            }
            Value::List(nodes) => format!("{:?}", nodes.iter().map(|node| plain(&node.value)).collect::<Vec<_>>()),
            other => format!("{other:?}"),
        }
    }

    fn comes_back(text: &str) {
        let document = Document::parse(Path::new("a.toml"), text).expect("it is TOML");
        let written = document.to_toml();
        let again = Document::parse(Path::new("a.toml"), &written).unwrap_or_else(|_| panic!("no TOML:\n{written}"));
        assert_eq!(plain(&Value::Table(again.root)), plain(&Value::Table(document.root)), "{written}");
    }

    #[test]
    fn every_scenario_of_the_project_comes_back() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let all = crate::scenario::find::all(&directory).expect("the scenarios are there");
        assert!(all.len() > 20);
        for found in all {
            comes_back(&std::fs::read_to_string(found.path).expect("it can be read"));
        }
    }

    #[test]
    fn odd_names_and_values_come_back() {
        comes_back(
            "a = 18446744073709551615\n[workload]\n\"b c\" = [1.5, 2, [], {}]\n'' = 'x\"\\n'\nd = { e = { f = 1 } }\n",
        );
        comes_back("x = \"two\\nlines \\u0007\"\n[latency]\n[cluster.a]\nb = 1\n[cluster.c.d]\ne = 1979-05-27\n");
        comes_back("fault = 3\ncluster = [1, 2]\n");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(value in "(?s).*", name in "(?s).*") {
            let table = toml::Table::from_iter([(name, toml::Value::String(value))]);
            comes_back(&toml::to_string(&table).expect("a table is TOML"));
        }
    }
}
