//! Trees as files: `{"target": 1, "commands": [{"t": "inc"}, {"t": "sync", "target": 2, "commands": []}]}`.
//!
//! Reads a bare tree or a file with a `tree` field, whose other fields it ignores: the golden files. Kept: everything
//! that the format can say, including what the service would answer with an error. Left out: parameters, which the
//! caller knows better (a file of a hand-made tree has none).

use std::fmt::{self, Write as _};

use serde_json::Value;
use thiserror::Error;

use super::builder::{BuildError, TreeBuilder};
use super::json_place::{self, Step};
use super::tree::{CallIndex, Command, Params, Tree, Visit};

/// What serde_json reads without risk to the stack; it refuses the next level.
const BRACKETS_MAX: usize = 127;
/// Calls in a chain that fit into the brackets serde_json reads: two for each call, one for a leaf command, one for
/// the file around the tree.
pub const NESTED_CALLS_MAX: usize = (BRACKETS_MAX - 2) / 2;

/// Why a text is not a tree.
#[derive(Debug, Error)]
pub enum JsonError {
    /// Not JSON at all.
    #[error("not JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// Deeper than a reader can follow.
    #[error("brackets are nested more than {BRACKETS_MAX} deep: a tree file holds chains of up to {limit} calls")]
    TooDeep {
        /// [`NESTED_CALLS_MAX`].
        limit: usize,
    },
    /// A field that a tree needs is missing or is something else.
    #[error("line {line}: {path}: expected {expected}, found {found}")]
    Field {
        /// The line, from 1: of the object around it if it is missing.
        line: usize,
        /// Where in the document, as `$.tree.commands[2].ms`.
        path: String,
        /// What the format wants there.
        expected: &'static str,
        /// What is there, cut short.
        found: String,
    },
    /// Well-formed, but beyond the bounds of a tree.
    #[error("line {line}: {path}: {source}")]
    TooLarge {
        /// The line, from 1.
        line: usize,
        /// The call that passed the bound.
        path: String,
        /// The bound.
        source: BuildError,
    },
}

/// What the service would stumble over although the format allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// An await whose id no earlier async call of the same list has: the service answers with an error.
    UnknownAwait {
        /// Path of the invocation, as `r.2`.
        path: String,
        /// Index of the await.
        command: u16,
        /// The id it names.
        id: u32,
    },
    /// A second async call with the same id: the answer of the first can no longer be awaited.
    RepeatedId {
        /// Path of the invocation, as `r.2`.
        path: String,
        /// Index of the second call.
        command: u16,
        /// The id of both.
        id: u32,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAwait { path, command, id } => {
                write!(f, "{path}, command {command}: awaits call id {id}, which no earlier command of the list makes")
            }
            Self::RepeatedId { path, command, id } => {
                write!(f, "{path}, command {command}: call id {id} is taken by an earlier command of the list")
            }
        }
    }
}

/// A tree and what is odd about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedTree {
    /// The tree.
    pub tree: Tree,
    /// In depth-first order.
    pub warnings: Vec<Warning>,
}

/// Reads a tree; `params` become its parameters as they are.
///
/// # Errors
///
/// If the text is not JSON, is nested too deeply, or is not a tree.
pub fn read(text: &str, params: Params) -> Result<ParsedTree, JsonError> {
    if bracket_depth(text) > BRACKETS_MAX {
        return Err(JsonError::TooDeep { limit: NESTED_CALLS_MAX });
    }
    let document: Value = serde_json::from_str(text)?;
    let mut reader = Reader { text, builder: TreeBuilder::default(), open: Vec::new(), in_file: false };
    match document.get("tree") {
        Some(tree) => {
            reader.in_file = true;
            reader.read(tree)?;
        }
        None => reader.read(&document)?,
    }
    let tree = reader.builder.finish(params);
    let warnings = warnings(&tree);
    Ok(ParsedTree { tree, warnings })
}

/// Writes a bare tree without spaces.
#[must_use]
pub fn write(tree: &Tree) -> String {
    let mut text = String::with_capacity(32 + tree.all_commands().len() * 32);
    for visit in tree.visit() {
        write_piece(tree, visit, &mut text).expect("a string takes all that is written to it");
    }
    text
}

fn write_piece(tree: &Tree, visit: Visit, text: &mut String) -> fmt::Result {
    let target = |call: CallIndex| tree.call(call).target;
    match visit {
        Visit::Open(CallIndex::ROOT) => write!(text, "{{\"target\":{},\"commands\":[", target(CallIndex::ROOT)),
        Visit::Open(_) => Ok(()),
        Visit::Close(_) => text.write_str("]}"),
        Visit::Command(_, index, command) => {
            if index > 0 {
                text.push(',');
            }
            match command {
                Command::Increment => text.write_str("{\"t\":\"inc\"}"),
                Command::Sleep { ms } => write!(text, "{{\"t\":\"sleep\",\"ms\":{ms}}}"),
                Command::Await { id } => write!(text, "{{\"t\":\"await\",\"id\":{id}}}"),
                Command::Sync { call } => {
                    write!(text, "{{\"t\":\"sync\",\"target\":{},\"commands\":[", target(call))
                }
                Command::Async { id, call } => {
                    write!(text, "{{\"t\":\"async\",\"id\":{id},\"target\":{},\"commands\":[", target(call))
                }
                Command::Background { call } => {
                    write!(text, "{{\"t\":\"bg\",\"target\":{},\"commands\":[", target(call))
                }
            }
        }
    }
}

/// How deep the brackets of a text go, strings left aside. Runs before the parser, to give a better answer than it.
fn bracket_depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A call whose commands are being read.
struct Open<'a> {
    call: CallIndex,
    commands: &'a [Value],
    next: u16,
}

struct Reader<'a> {
    text: &'a str,
    builder: TreeBuilder,
    open: Vec<Open<'a>>,
    /// The tree is a field of the document.
    in_file: bool,
}

impl<'a> Reader<'a> {
    fn read(&mut self, tree: &'a Value) -> Result<(), JsonError> {
        self.open_call(tree, None)?;
        while let Some(open) = self.open.last_mut() {
            let (call, index) = (open.call, open.next);
            match open.commands.get(usize::from(index)) {
                Some(value) => {
                    open.next += 1;
                    self.read_command(value, call, index)?;
                }
                None => {
                    self.open.pop();
                }
            }
        }
        Ok(())
    }

    fn read_command(&mut self, value: &'a Value, call: CallIndex, index: u16) -> Result<(), JsonError> {
        const KINDS: &str = "one of \"inc\", \"sync\", \"async\", \"await\", \"bg\", \"sleep\"";
        let command = match value.get("t").and_then(Value::as_str) {
            Some("inc") => Command::Increment,
            Some("sleep") => Command::Sleep { ms: self.number(value, "ms")? },
            Some("await") => Command::Await { id: self.number(value, "id")? },
            Some("async") => {
                let id = self.number(value, "id")?;
                Command::Async { id, call: self.open_call(value, Some((call, index)))? }
            }
            Some("sync") => Command::Sync { call: self.open_call(value, Some((call, index)))? },
            Some("bg") => Command::Background { call: self.open_call(value, Some((call, index)))? },
            _ => return Err(self.wrong(value, "t", KINDS)),
        };
        self.builder.set(call, index, command);
        Ok(())
    }

    fn open_call(&mut self, value: &'a Value, parent: Option<(CallIndex, u16)>) -> Result<CallIndex, JsonError> {
        let target = value.get("target").and_then(Value::as_i64).and_then(|target| i32::try_from(target).ok());
        let target = target.ok_or_else(|| self.wrong(value, "target", "a whole number of 32 bits"))?;
        let commands = value.get("commands").and_then(Value::as_array);
        let commands = commands.ok_or_else(|| self.wrong(value, "commands", "a list of commands"))?;
        let call = self.builder.open(target, parent, commands.len()).map_err(|source| JsonError::TooLarge {
            line: self.line(None),
            path: self.here(),
            source,
        })?;
        self.open.push(Open { call, commands, next: 0 });
        Ok(call)
    }

    /// Ids and milliseconds are 32-bit integers on the wire, and negative ones mean nothing.
    fn number(&self, value: &Value, field: &'static str) -> Result<u32, JsonError> {
        let number = value.get(field).and_then(Value::as_u64).filter(|number| *number <= i32::MAX as u64);
        number
            .map(|number| number as u32)
            .ok_or_else(|| self.wrong(value, field, "a whole number from 0 to 2147483647"))
    }

    fn wrong(&self, value: &Value, field: &str, expected: &'static str) -> JsonError {
        let (path, found) = match value {
            Value::Object(fields) => {
                (format!("{}.{field}", self.here()), fields.get(field).map_or("nothing".into(), excerpt))
            }
            other => (self.here(), excerpt(other)),
        };
        let expected = if value.is_object() { expected } else { "an object" };
        JsonError::Field { line: self.line(Some(field)), path, expected, found }
    }

    /// The line of the value being read, or of one of its fields.
    fn line(&self, field: Option<&str>) -> usize {
        let top = self.in_file.then_some(Step::Name("tree"));
        let down = self.open.iter().flat_map(|open| [Step::Name("commands"), Step::Item(usize::from(open.next) - 1)]);
        let path: Vec<Step<'_>> = top.into_iter().chain(down).chain(field.map(Step::Name)).collect();
        json_place::line(self.text, &path)
    }

    /// Path of the value being read: the command before `next` of every open call.
    fn here(&self) -> String {
        let top = if self.in_file { "$.tree" } else { "$" };
        self.open.iter().fold(top.to_owned(), |mut path, open| {
            write!(path, ".commands[{}]", open.next - 1).expect("a string takes all that is written to it");
            path
        })
    }
}

fn excerpt(value: &Value) -> String {
    let text = match value {
        Value::Array(_) => return "a list".into(),
        Value::Object(_) => return "an object".into(),
        other => other.to_string(),
    };
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

fn warnings(tree: &Tree) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut known: Vec<Vec<u32>> = Vec::new();
    for visit in tree.visit() {
        match visit {
            Visit::Open(_) => known.push(Vec::new()),
            Visit::Close(_) => {
                known.pop();
            }
            Visit::Command(call, command, Command::Async { id, .. }) => {
                let ids = known.last_mut().expect("a command lies in an open call");
                match ids.binary_search(&id) {
                    Ok(_) => warnings.push(Warning::RepeatedId { path: tree.path(call), command, id }),
                    Err(place) => ids.insert(place, id),
                }
            }
            Visit::Command(call, command, Command::Await { id }) => {
                let ids = known.last().expect("a command lies in an open call");
                if ids.binary_search(&id).is_err() {
                    warnings.push(Warning::UnknownAwait { path: tree.path(call), command, id });
                }
            }
            Visit::Command(..) => {}
        }
    }
    warnings
}
