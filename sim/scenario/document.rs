//! A scenario file as a tree in which every value knows where it comes from: a place in the file, or a flag.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{Report, SourceSpan};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::files::Files;
use super::problem::Problem;

/// A parsed file.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: Arc<str>,
    /// What stands in it.
    pub root: Table,
    /// The files that came with it.
    pub files: Files,
}

/// A value and where it comes from.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it comes from.
    pub origin: Origin,
    /// What it is.
    pub value: Value,
}

/// Where a name or value comes from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Bytes of the file.
    File(Range<usize>),
    /// A flag.
    Flag(Arc<Argument>),
}

/// A flag that edits a scenario.
#[derive(Clone, Debug)]
pub struct Argument {
    /// `--set` or `--toggle`.
    pub flag: &'static str,
    /// What it sets, as written.
    pub path: String,
    /// To what, as written.
    pub raw: String,
}

/// A value of TOML.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// True or false.
    Boolean(bool),
    /// A date or time, as written.
    Datetime(String),
    /// A list.
    List(Vec<Node>),
    /// A table.
    Table(Table),
}

/// Names with their values, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The entries; no two have one name.
    pub entries: Vec<Entry>,
}

/// One name of a table.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// Where the name comes from.
    pub origin: Origin,
    /// The value.
    pub node: Node,
}

impl Document {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Report> {
        let failed = |reason: String| Problem::File { path: path.to_owned(), reason, help: None };
        let bytes = std::fs::read(path).map_err(|error| failed(format!("cannot be read: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|_| failed("is not UTF-8 text".to_owned()))?;
        Document::parse(path, &text)
    }

    /// Takes a text as the content of `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Report> {
        let mut document =
            Document { path: path.to_owned(), text: text.into(), root: Table::default(), files: Files::default() };
        let parsed = DeTable::parse(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            document.problem(&Origin::File(span), "this is no TOML".to_owned(), error.message().to_owned(), None)
        })?;
        document.root = table(parsed.into_inner());
        Ok(document)
    }

    /// A problem with something of this document: points into the file, or names the flag. The label is said at the place
    /// itself.
    pub fn problem(&self, origin: &Origin, message: String, label: String, help: Option<String>) -> Report {
        let problem = match origin {
            Origin::File(span) => Problem::Place {
                message,
                label: if label.is_empty() { "here".to_owned() } else { label },
                source_code: miette::NamedSource::new(self.path.display().to_string(), Arc::clone(&self.text)),
                span: SourceSpan::from(span.clone()),
                help,
            },
            Origin::Flag(argument) => {
                let said = format!("{} {}={}", argument.flag, argument.path, argument.raw);
                let message = if label.is_empty() { message } else { format!("{message}: {label}") };
                Problem::Flag { said, message, help }
            }
        };
        problem.into()
    }
}

impl Value {
    /// A single value as TOML writes it; `None` if it is not TOML.
    pub fn parse(text: &str, origin: &Origin) -> Option<Value> {
        DeValue::parse(text).ok().map(|parsed| value(parsed.into_inner(), &|_| origin.clone()))
    }

    /// The kind of value, with its article.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a text",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Boolean(_) => "a boolean",
            Value::Datetime(_) => "a date",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

impl Table {
    /// The entry of that name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Takes an entry out.
    pub fn remove(&mut self, name: &str) {
        self.entries.retain(|entry| entry.name != name);
    }

    /// The node of that name; made with `make` if there is none.
    pub fn node_or_insert(&mut self, name: &str, origin: &Origin, make: impl FnOnce() -> Value) -> &mut Node {
        let at = self.entries.iter().position(|entry| entry.name == name).unwrap_or_else(|| {
            let node = Node { origin: origin.clone(), value: make() };
            self.entries.push(Entry { name: name.to_owned(), origin: origin.clone(), node });
            self.entries.len() - 1
        });
        &mut self.entries[at].node
    }
}

fn table(parsed: DeTable<'_>) -> Table {
    table_from(parsed, &|span| Origin::File(span))
}

fn table_from(parsed: DeTable<'_>, origin: &dyn Fn(Range<usize>) -> Origin) -> Table {
    let mut spanned: Vec<_> = parsed.into_iter().collect();
    spanned.sort_by_key(|(name, _)| name.span().start);
    let entry = |(name, node): (Spanned<DeString<'_>>, Spanned<DeValue<'_>>)| {
        let (name_origin, node_origin) = (origin(name.span()), origin(node.span()));
        let node = Node { origin: node_origin, value: value(node.into_inner(), origin) };
        Entry { name: name.into_inner().into_owned(), origin: name_origin, node }
    };
    Table { entries: spanned.into_iter().map(entry).collect() }
}

fn value(parsed: DeValue<'_>, origin: &dyn Fn(Range<usize>) -> Origin) -> Value {
    match parsed {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
            // Beyond any bound: only the message needs it.
            .map_or(Value::Integer(i128::MAX), Value::Integer),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(truth) => Value::Boolean(truth),
        DeValue::Datetime(date) => Value::Datetime(date.to_string()),
        DeValue::Array(nodes) => Value::List(
            nodes
                .into_iter()
                .map(|node| Node { origin: origin(node.span()), value: value(node.into_inner(), origin) })
                .collect(),
        ),
        DeValue::Table(parsed) => Value::Table(table_from(parsed, origin)),
    }
}
