//! A small tree of XML: names with their namespaces, attributes, text, lines.
//!
//! Left out: comments, processing instructions, document types (an error), encodings other than UTF-8 (an error). Of
//! well-formedness, what `quick-xml` does not check: `--` in comments, `]]>` in text.

use super::error::BpmnError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::{NsReader, XmlVersion};

/// Elements in elements; diagrams of real modelers stay below ten.
const DEPTH_MAX: usize = 64;

/// Where a name belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Bpmn,
    Zeebe,
    /// What is drawn where.
    Diagram,
    Other,
}

/// An attribute; those without a prefix have no namespace.
pub(super) struct Attribute {
    pub space: Option<Space>,
    pub name: String,
    pub value: String,
}

/// An element.
pub(super) struct Node {
    pub space: Space,
    pub name: String,
    /// From 1.
    pub line: usize,
    pub attributes: Vec<Attribute>,
    pub children: Vec<Node>,
    /// All characters directly in it.
    pub text: String,
}

impl Node {
    /// The value of an attribute that has no namespace.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|attribute| attribute.space.is_none() && attribute.name == name);
        found.map(|attribute| attribute.value.as_str())
    }

    pub fn id(&self) -> Option<&str> {
        self.attribute("id")
    }

    pub fn is(&self, space: Space, name: &str) -> bool {
        self.space == space && self.name == name
    }

    /// The children of this name.
    pub fn all<'a>(&'a self, space: Space, name: &'a str) -> impl Iterator<Item = &'a Node> {
        self.children.iter().filter(move |child| child.is(space, name))
    }

    /// What upstream takes for the text: without the space around it.
    pub fn content(&self) -> &str {
        self.text.trim()
    }
}

/// Reads a document.
///
/// # Errors
/// `Invalid` if it is no well-formed XML, with the line; `Unsupported` for an encoding, a document type or a depth beyond the reader.
pub(super) fn parse(bytes: &[u8]) -> Result<Node, BpmnError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = line_at(bytes, error.valid_up_to());
        BpmnError::unsupported("document", line, "an encoding other than UTF-8")
    })?;
    let mut tree = Tree { text: text.strip_prefix('\u{feff}').unwrap_or(text), open: Vec::new(), root: None };
    tree.read()?;
    // What was never closed began there; a document without an element ends where it begins.
    let line = tree.open.last().map_or(1, |node| node.line);
    tree.root.filter(|_| tree.open.is_empty()).ok_or_else(|| BpmnError::refused_by_parser().at(line))
}

fn line_at(bytes: &[u8], offset: usize) -> usize {
    1 + bytes.iter().take(offset).filter(|byte| **byte == b'\n').count()
}

/// The document so far.
struct Tree<'a> {
    text: &'a str,
    /// From the root to the innermost element that is not yet closed.
    open: Vec<Node>,
    root: Option<Node>,
}

impl<'a> Tree<'a> {
    fn read(&mut self) -> Result<(), BpmnError> {
        let mut reader = NsReader::from_str(self.text);
        reader.config_mut().expand_empty_elements = true;
        let (mut line, mut counted) = (1, 0);
        loop {
            let start = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(self.text.len());
            line += line_at(&self.text.as_bytes()[counted..], start - counted) - 1;
            counted = start;
            let event = reader.read_event().map_err(|_| BpmnError::refused_by_parser().at(line))?;
            if matches!(event, Event::Eof) {
                return Ok(());
            }
            self.take(&reader, event, line).map_err(|error| error.at(line))?;
        }
    }

    fn take(&mut self, reader: &NsReader<&'a [u8]>, event: Event<'_>, line: usize) -> Result<(), BpmnError> {
        match event {
            Event::Start(tag) => self.enter(reader, &tag, line),
            Event::End(_) => self.leave(),
            Event::Text(text) => self.say(&text.xml10_content(), line),
            Event::CData(text) => self.say(&text.xml10_content(), line),
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character),
                    Ok(None) => predefined(&reference.xml10_content()),
                    Err(_) => None,
                };
                let character = character.ok_or_else(BpmnError::refused_by_parser)?;
                self.say(character.encode_utf8(&mut [0; 4]), line)
            }
            Event::Decl(declaration) => match declaration.encoding() {
                None => Ok(()),
                Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") => Ok(()),
                Some(Ok(name)) => Err(BpmnError::unsupported("document", line, format!("the encoding {name}"))),
                Some(Err(_)) => Err(BpmnError::refused_by_parser()),
            },
            Event::DocType(_) => Err(BpmnError::unsupported("document", line, "a document type")),
            Event::Comment(_) | Event::PI(_) | Event::Empty(_) | Event::Eof => Ok(()),
        }
    }

    fn enter(&mut self, reader: &NsReader<&'a [u8]>, tag: &BytesStart<'_>, line: usize) -> Result<(), BpmnError> {
        if self.root.is_some() {
            return Err(BpmnError::refused_by_parser());
        }
        let (space, name) = reader.resolver().resolve_element(tag.name());
        let (space, name) = (space_of(&space)?.unwrap_or(Space::Other), name.into_inner().to_owned());
        if self.open.len() == DEPTH_MAX {
            return Err(BpmnError::unsupported(&name, line, format!("a depth of more than {DEPTH_MAX} elements")));
        }
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| BpmnError::refused_by_parser())?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let (space, name) = reader.resolver().resolve_attribute(attribute.key);
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|_| BpmnError::refused_by_parser())?.into_owned();
            attributes.push(Attribute { space: space_of(&space)?, name: name.into_inner().to_owned(), value });
        }
        self.open.push(Node { space, name, line, attributes, children: Vec::new(), text: String::new() });
        Ok(())
    }

    fn leave(&mut self) -> Result<(), BpmnError> {
        let node = self.open.pop().ok_or_else(BpmnError::refused_by_parser)?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }

    /// Adds a text that begins on this line.
    fn say(&mut self, text: &str, line: usize) -> Result<(), BpmnError> {
        let refused =
            |offset: usize| Err(BpmnError::refused_by_parser().at(line_at(text.as_bytes(), offset) + line - 1));
        let forbidden = |c: char| (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}');
        if let Some(offset) = text.find(forbidden) {
            return refused(offset);
        }
        match self.open.last_mut() {
            Some(node) => {
                node.text.push_str(text);
                Ok(())
            }
            None => text.find(|c: char| !c.is_whitespace()).map_or(Ok(()), refused),
        }
    }
}

/// The entities that need no declaration.
fn predefined(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => None,
    }
}

//= camunda/zeebe@0.24.4:bpmn-model/src/main/java/io/zeebe/model/bpmn/impl/BpmnModelConstants.java (namespaces)
fn space_of(resolved: &ResolveResult<'_>) -> Result<Option<Space>, BpmnError> {
    match resolved {
        ResolveResult::Unbound => Ok(None),
        ResolveResult::Unknown(_) => Err(BpmnError::refused_by_parser()),
        ResolveResult::Bound(namespace) => Ok(Some(match namespace.0 {
            "http://www.omg.org/spec/BPMN/20100524/MODEL" => Space::Bpmn,
            "http://camunda.org/schema/zeebe/1.0" => Space::Zeebe,
            "http://www.omg.org/spec/BPMN/20100524/DI" => Space::Diagram,
            _ => Space::Other,
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::{Space, parse};
    use crate::bpmn::BpmnError;

    fn refused(text: &str) -> BpmnError {
        parse(text.as_bytes()).err().expect("an error")
    }

    #[test]
    fn names_have_their_namespace_whatever_the_prefix_and_nodes_their_line() {
        let text = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'\n  \
                    xmlns:z='http://camunda.org/schema/zeebe/1.0'>\n  <z:b c='&lt;&#65;' z:d='2'/>x&amp;<![CDATA[<y>]]>\n</a>";
        let root = parse(text.as_bytes()).expect("a document");
        assert!(root.is(Space::Bpmn, "a") && root.line == 2);
        let child = &root.children[0];
        assert!(child.is(Space::Zeebe, "b") && child.line == 4);
        assert_eq!((child.attribute("c"), child.attribute("d")), (Some("<A"), None));
        assert_eq!(root.content(), "x&<y>");
    }

    #[test]
    fn what_is_not_well_formed_is_what_upstream_refuses() {
        let texts = [
            ("", 1),
            ("  \n", 1),
            ("no xml", 1),
            ("<a>\n<b>\n\n", 2),
            ("<a>\n<b>\n</a>", 3),
            ("\n</a>", 2),
            ("<a/>\n<b/>", 2),
            ("<a/>\n\nx", 3),
            ("\n<a b='1' b='2'/>", 2),
            ("<a b=1/>", 1),
            ("<p:a/>", 1),
            ("<a>\n<a p:b='1'/></a>", 2),
            ("<a>\n\n&unknown;</a>", 3),
            ("<a>&#0;</a>", 1),
            ("<a>\n\u{1}</a>", 2),
            ("<a>\n<a", 2),
            ("<a/>\n<!-- \n", 2),
        ];
        for (text, line) in texts {
            assert_eq!(refused(text), BpmnError::refused_by_parser().at(line), "{text}");
        }
    }

    #[test]
    fn what_the_reader_cannot_do_is_named_with_its_line() {
        let deep = "\n<a>".repeat(100) + &"</a>".repeat(100);
        for (text, expected) in [
            ("<?xml version='1.0' encoding='latin-1'?><a/>", (1, "the encoding latin-1")),
            ("<?xml version='1.0'?>\n<!DOCTYPE a><a/>", (2, "a document type")),
            (&deep, (66, "a depth of more than 64 elements")),
        ] {
            let BpmnError::Unsupported { line, construct, .. } = refused(text) else { panic!("{:?}", refused(text)) };
            assert_eq!((line, &*construct), expected);
        }
        assert!(matches!(parse(b"<a>\n\xff</a>").err(), Some(BpmnError::Unsupported { line: 2, .. })));
    }
}
