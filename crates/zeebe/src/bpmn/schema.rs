//! What the schema of BPMN 2.0 refuses, as far as it matters here.
//!
//! Kept: the root and its namespace, ids that are unique names, the ends of sequence flows, the order of children, the
//! attributes of the modelled elements, their freedom from text. Left out: the types of other attributes, and the schema
//! of elements that the model leaves out anyway.
//!
//= camunda/zeebe@0.24.4:bpmn-model/src/main/resources/Semantic.xsd (tDefinitions, tProcess, tFlowNode, tSequenceFlow)

use super::error::BpmnError;
use super::xml::{Node, Space};
use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

type Ids<'a> = HashSet<&'a str, FxBuildHasher>;

/// Holds a document against the schema.
///
/// # Errors
/// `Invalid`, with what upstream says in all such cases.
pub(super) fn check(root: &Node) -> Result<(), BpmnError> {
    let mut ids = Ids::default();
    let sound = root.is(Space::Bpmn, "definitions")
        && root.attribute("targetNamespace").is_some()
        && collect(root, &mut ids)
        && root.all(Space::Bpmn, "process").all(|process| process_is_sound(process, &ids));
    if sound { Ok(()) } else { Err(BpmnError::refused_by_parser()) }
}

/// Adds all ids below; false if one is no name or there already. Extensions have no ids in the schema's sense.
fn collect<'a>(node: &'a Node, ids: &mut Ids<'a>) -> bool {
    let typed = matches!(node.space, Space::Bpmn | Space::Diagram);
    let id_is_sound = !typed || node.id().is_none_or(|id| is_name(id) && ids.insert(id));
    id_is_sound && node.children.iter().all(|child| collect(child, ids))
}

/// A name without a colon. Of the characters above ASCII, all letters and digits are taken for good.
fn is_name(id: &str) -> bool {
    let first = |c: char| c == '_' || c.is_alphabetic();
    id.starts_with(first) && id.chars().all(|c| first(c) || c.is_numeric() || matches!(c, '-' | '.' | '\u{b7}'))
}

fn process_is_sound(process: &Node, ids: &Ids<'_>) -> bool {
    let executable = process.attribute("isExecutable");
    executable.is_none_or(|value| matches!(value, "true" | "false" | "1" | "0"))
        && is_in_order(process)
        && has_known_attributes(process)
        && process.children.iter().filter(|child| child.name != "extensionElements").all(|child| {
            is_in_order(child)
                && has_known_attributes(child)
                && (child.name != "sequenceFlow"
                    || ["sourceRef", "targetRef"]
                        .into_iter()
                        .all(|end| child.attribute(end).is_some_and(|id| ids.contains(id))))
        })
}

/// Whether an element's children stand in the schema's order, and none of them is foreign.
fn is_in_order(node: &Node) -> bool {
    let ranks: Vec<u8> = node.children.iter().map(rank).collect();
    let sorted = ranks.windows(2).all(|pair| pair[0] <= pair[1] && pair != [1, 1]);
    sorted && node.children.iter().all(|child| child.space == Space::Bpmn)
}

/// The place of a child among those of a process, a flow node or a sequence flow.
fn rank(child: &Node) -> u8 {
    match child.name.as_str() {
        "documentation" => 0,
        // At most one.
        "extensionElements" => 1,
        "auditing" => 2,
        "monitoring" => 3,
        "categoryValueRef" => 4,
        "laneSet" => 5,
        "incoming" => 6,
        "outgoing" => 7,
        "association" | "group" | "textAnnotation" => 9,
        _ => 8,
    }
}

/// Whether a modelled element has only the attributes that it can have, and no text.
fn has_known_attributes(node: &Node) -> bool {
    const ACTIVITY: &[&str] = &["isForCompensation", "startQuantity", "completionQuantity", "default"];
    let known: &[&[&str]] = match node.name.as_str() {
        "process" => &[&["processType", "isClosed", "isExecutable", "definitionalCollaborationRef"]],
        "startEvent" => &[&["isInterrupting", "parallelMultiple"]],
        "intermediateCatchEvent" => &[&["parallelMultiple"]],
        "endEvent" => &[],
        "serviceTask" => &[ACTIVITY, &["implementation", "operationRef"]],
        "sequenceFlow" => &[&["sourceRef", "targetRef", "isImmediate"]],
        _ => return true,
    };
    let fits = |name: &str| matches!(name, "id" | "name") || known.iter().any(|names| names.contains(&name));
    let attributes_fit = node.attributes.iter().all(|attribute| match attribute.space {
        None => fits(&attribute.name),
        Some(space) => space != Space::Bpmn,
    });
    attributes_fit && node.content().is_empty()
}
