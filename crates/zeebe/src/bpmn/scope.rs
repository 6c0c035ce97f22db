//! What of BPMN the model has. All else is an error that names the element and its line.
//!
//! Elements that upstream rejects pass: see `valid`. What upstream only ignores is ignored: documentation, lanes,
//! collaborations, diagrams, extensions of other tools.

use super::error::BpmnError;
use super::expression::{is_expression, is_number};
use super::timer::{self, Fault};
use super::valid::{EVENT_DEFINITIONS, FLOW_NODES_THAT_UPSTREAM_REJECTS, has_id, refers_to_a_message};
use super::xml::{Node, Space};

/// Elements of definitions that matter only to what refers to them.
const IGNORED_ROOTS: &[&str] = &[
    "category",
    "collaboration",
    "dataStore",
    "endPoint",
    "error",
    "escalation",
    "extension",
    "import",
    "interface",
    "itemDefinition",
    "partnerEntity",
    "partnerRole",
    "relationship",
    "resource",
    "signal",
];

type Checked = Result<(), BpmnError>;

/// An element of the document and the id by which it is reported.
#[derive(Clone, Copy)]
struct Place<'a> {
    node: &'a Node,
    id: &'a str,
}

impl<'a> Place<'a> {
    fn at(node: &'a Node, around: &'a str) -> Self {
        Place { node, id: node.id().unwrap_or(around) }
    }

    fn beyond(self, construct: impl Into<String>) -> Checked {
        Err(BpmnError::unsupported(self.id, self.node.line, construct))
    }

    fn children(self) -> impl Iterator<Item = Place<'a>> {
        self.node.children.iter().map(move |child| Place::at(child, self.id))
    }

    /// Holds every attribute for beyond the model that has one of these names.
    fn has_none_of(self, names: &[&str]) -> Checked {
        match names.iter().find(|name| self.node.attribute(name).is_some()) {
            Some(name) => self.beyond(format!("the attribute `{name}`")),
            None => Ok(()),
        }
    }
}

/// Holds a document that the schema allows against what the model has.
///
/// # Errors
/// `Unsupported`, for the first construct beyond it.
pub(super) fn check(root: &Node) -> Checked {
    for place in Place::at(root, "definitions").children() {
        match (place.node.space, place.node.name.as_str()) {
            (Space::Bpmn, "process") => process(place, root)?,
            (Space::Bpmn, "message") => message(place)?,
            (Space::Bpmn, name) if IGNORED_ROOTS.contains(&name) => {}
            (Space::Bpmn, "documentation" | "extensionElements") | (Space::Diagram, _) => {}
            _ => place.beyond(format!("`{}` in the definitions", place.node.name))?,
        }
    }
    Ok(())
}

fn message(place: Place<'_>) -> Checked {
    if place.node.attribute("name").is_some_and(is_expression) {
        return place.beyond("an expression as a message's name");
    }
    match place.children().find(|child| child.node.name != "documentation") {
        // What upstream makes of them depends on who refers to the message.
        Some(child) => child.beyond("a message with extension elements"),
        None => Ok(()),
    }
}

fn process(place: Place<'_>, root: &Node) -> Checked {
    if place.node.id().is_none() {
        return place.beyond("a process without an id");
    }
    if place.node.attribute("isExecutable").is_none() {
        // Upstream fails on it; with what words depends on its JVM.
        return place.beyond("a process without `isExecutable`");
    }
    // First the elements, then the flows: an element that is left out is the reason, and a flow to it only follows.
    if let Some(child) = place.children().find(|child| !is_known(child.node)) {
        return child.beyond(format!("`{}`", child.node.name));
    }
    for child in place.children() {
        match child.node.name.as_str() {
            "extensionElements" => extensions(child, false)?,
            "sequenceFlow" => flow(child, place.node)?,
            _ if is_flow_node(child.node) => flow_node(child, place.node, root)?,
            _ => {}
        }
    }
    Ok(())
}

/// Whether a process can have such an element, be it only to be ignored.
fn is_known(node: &Node) -> bool {
    const OTHERS: &[&str] =
        &["documentation", "extensionElements", "laneSet", "association", "group", "textAnnotation", "sequenceFlow"];
    OTHERS.contains(&&*node.name) || is_flow_node(node)
}

/// Whether sequence flows can lead to it and from it.
fn is_flow_node(node: &Node) -> bool {
    matches!(&*node.name, "startEvent" | "intermediateCatchEvent" | "endEvent" | "serviceTask")
        || FLOW_NODES_THAT_UPSTREAM_REJECTS.contains(&&*node.name)
}

fn flow_node(place: Place<'_>, process: &Node, root: &Node) -> Checked {
    let Place { node, .. } = place;
    if node.id().is_none() {
        return place.beyond(format!("a `{}` without an id", node.name));
    }
    place.has_none_of(&["default", "isForCompensation", "startQuantity", "completionQuantity"])?;
    for child in place.children() {
        match child.node.name.as_str() {
            "documentation" | "incoming" => {}
            "outgoing" => {
                let id = child.node.content();
                let is_flow = process.all(Space::Bpmn, "sequenceFlow").any(|flow| flow.id() == Some(id));
                // An id of nothing at all is an error of upstream's.
                if !is_flow && has_id(root, id) {
                    child.beyond(format!("an outgoing `{id}` that is no sequence flow of the process"))?;
                }
            }
            "extensionElements" => extensions(child, node.name == "serviceTask")?,
            name if EVENT_DEFINITIONS.contains(&name) && node.name.ends_with("Event") => {
                event_definition(child, node, root)?
            }
            name => child.beyond(format!("`{name}` in a `{}`", node.name))?,
        }
    }
    Ok(())
}

fn flow(place: Place<'_>, process: &Node) -> Checked {
    if place.node.id().is_none() {
        return place.beyond("a `sequenceFlow` without an id");
    }
    for end in ["sourceRef", "targetRef"] {
        let id = place.node.attribute(end);
        let found = process.children.iter().find(|child| child.id() == id);
        if !found.is_some_and(is_flow_node) {
            return place.beyond(format!("a `{end}` that is no modelled element of the same process"));
        }
    }
    match place.children().find(|child| !matches!(&*child.node.name, "documentation" | "extensionElements")) {
        Some(child) => child.beyond("a condition of a sequence flow"),
        None => place
            .children()
            .filter(|child| child.node.name == "extensionElements")
            .try_for_each(|child| extensions(child, false)),
    }
}

/// Extensions of other tools mean nothing to upstream; of Zeebe's, only those of a service task are modelled.
fn extensions(place: Place<'_>, of_service_task: bool) -> Checked {
    let headers = place.node.all(Space::Zeebe, "taskHeaders").count();
    for child in place.children().filter(|child| child.node.space == Space::Zeebe) {
        match child.node.name.as_str() {
            "taskDefinition" if of_service_task => task_definition(child)?,
            "taskHeaders" if of_service_task && headers == 1 => task_headers(child)?,
            "taskHeaders" if of_service_task => child.beyond("more than one `zeebe:taskHeaders`")?,
            name => child.beyond(format!("`zeebe:{name}` here"))?,
        }
    }
    Ok(())
}

fn task_definition(place: Place<'_>) -> Checked {
    has_only(place, &["type", "retries"])?;
    let of = |name: &str| place.node.attribute(name);
    if of("type").is_some_and(is_expression) || of("retries").is_some_and(is_expression) {
        return place.beyond("an expression in a `zeebe:taskDefinition`");
    }
    // Both are incidents upstream, once the task is activated.
    if of("type").is_some_and(is_number) {
        return place.beyond("a number as a job's type");
    }
    if of("retries").is_some_and(|retries| retries.parse::<i32>().is_err()) {
        return place.beyond("`retries` that are no whole number of 32 bits");
    }
    match place.children().next() {
        Some(child) => child.beyond(format!("`{}` in a `zeebe:taskDefinition`", child.node.name)),
        None => Ok(()),
    }
}

fn task_headers(place: Place<'_>) -> Checked {
    for child in place.children() {
        if !child.node.is(Space::Zeebe, "header") {
            return child.beyond(format!("`{}` in `zeebe:taskHeaders`", child.node.name));
        }
        has_only(child, &["key", "value"])?;
    }
    Ok(())
}

fn has_only(place: Place<'_>, names: &[&str]) -> Checked {
    let known = |space: Option<Space>, name: &str| space.is_none() && names.contains(&name);
    match place.node.attributes.iter().find(|attribute| !known(attribute.space, &attribute.name)) {
        Some(attribute) => place.beyond(format!("the attribute `{}` of `zeebe:{}`", attribute.name, place.node.name)),
        None => Ok(()),
    }
}

fn event_definition(place: Place<'_>, event: &Node, root: &Node) -> Checked {
    match (event.name.as_str(), place.node.name.as_str()) {
        ("startEvent" | "endEvent", "errorEventDefinition") => place.beyond("an error event"),
        ("intermediateCatchEvent", "messageEventDefinition") => {
            place.beyond("waiting for a message, whose correlation key is an expression")
        }
        // Upstream fails on it; with what words depends on its JVM.
        ("startEvent", "messageEventDefinition") if !refers_to_a_message(place.node, root) => {
            place.beyond("a message start event without a message")
        }
        ("startEvent" | "intermediateCatchEvent", "timerEventDefinition") => timer(place),
        _ => Ok(()),
    }
}

fn timer(place: Place<'_>) -> Checked {
    for child in place.children() {
        let text = child.node.content();
        if is_expression(text) {
            return child.beyond("an expression as a timer");
        }
        let fault = match child.node.name.as_str() {
            "timeDuration" => timer::interval(text).err(),
            "timeDate" => timer::date(text).err(),
            "timeCycle" => timer::cycle(text).err(),
            "documentation" => None,
            name => return child.beyond(format!("`{name}` in a timer")),
        };
        if let Some(Fault::Beyond(what)) = fault {
            return child.beyond(what);
        }
    }
    Ok(())
}
