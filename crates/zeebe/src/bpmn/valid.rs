//! What upstream rejects of a document that its schema allows, in upstream's words.
//!
//! Left out: the rules for what the model does not have. Upstream lists the elements at fault in the order of a hash
//! table; here it is the document's, so a text that names several of them can differ in their order.
//!
//= camunda/zeebe@0.24.4:bpmn-model/src/main/java/io/zeebe/model/bpmn/validation/zeebe/*.java (rules and texts)
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/deployment/model/validation/*.java (the same)

use super::error::BpmnError;
use super::expression::is_number;
use super::timer::{self, Fault};
use super::xml::{Node, Space};
use std::fmt::Write;

/// Elements that upstream reads and then refuses to execute.
///
//= camunda/zeebe@0.24.4:bpmn-model/src/main/java/io/zeebe/model/bpmn/validation/zeebe/FlowElementValidator.java
pub(super) const FLOW_NODES_THAT_UPSTREAM_REJECTS: &[&str] = &[
    "task",
    "userTask",
    "scriptTask",
    "manualTask",
    "sendTask",
    "businessRuleTask",
    "inclusiveGateway",
    "complexGateway",
    "intermediateThrowEvent",
];

/// What an event can have; upstream executes the first three.
pub(super) const EVENT_DEFINITIONS: &[&str] = &[
    "messageEventDefinition",
    "timerEventDefinition",
    "errorEventDefinition",
    "cancelEventDefinition",
    "compensateEventDefinition",
    "conditionalEventDefinition",
    "escalationEventDefinition",
    "linkEventDefinition",
    "signalEventDefinition",
    "terminateEventDefinition",
];

/// Errors found: by the model's rules, which come first, and by the engine's.
#[derive(Default)]
struct Findings {
    design: String,
    runtime: String,
}

/// Holds a document within the model's scope against upstream's rules.
///
/// # Errors
/// `Invalid`, with all that upstream says.
pub(super) fn check(root: &Node) -> Result<(), BpmnError> {
    let processes = || root.all(Space::Bpmn, "process");
    if let Some(id) = dangling(root) {
        return Err(BpmnError::invalid(format!("Unable to find a model element instance for id {id}")));
    }
    let mut findings = Findings::default();
    if !processes().any(is_executable) {
        report(&mut findings.design, "definitions", &["Must contain at least one executable process"]);
    }
    let start_events = || processes().flat_map(|process| process.all(Space::Bpmn, "startEvent"));
    for message in root.all(Space::Bpmn, "message") {
        let refers = |event: &&Node| message_of(event).is_some_and(|id| Some(id) == message.id());
        let message_id = message.id().unwrap_or("definitions > message");
        match (start_events().filter(refers).count(), message.attribute("name")) {
            (0, _) => {}
            // Upstream falls over its own check of the name, before it says anything else.
            (_, None) => return Err(BpmnError::invalid("expression must not be null")),
            (1, Some("")) => report(&mut findings.design, message_id, &["Name must be present and not empty"]),
            (1, Some(_)) => {}
            _ => {
                report(&mut findings.design, message_id, &["A message cannot be referred by more than one start event"])
            }
        }
    }
    for process in processes() {
        let none = |event: &&Node| definitions_of(event).next().is_none();
        let starts: Vec<_> = process.all(Space::Bpmn, "startEvent").collect();
        if starts.is_empty() {
            report(&mut findings.design, id(process), &["Must have at least one start event"]);
        } else if starts.into_iter().filter(none).count() > 1 {
            report(&mut findings.design, id(process), &["Multiple none start events are not allowed"]);
        }
        for node in &process.children {
            flow_node(node, root, &mut findings);
        }
    }
    let Findings { design, runtime } = findings;
    if design.is_empty() && runtime.is_empty() { Ok(()) } else { Err(BpmnError::invalid(design + &runtime)) }
}

/// The id of an outgoing flow that is nothing at all: the first in upstream's walk, which takes the last child first.
///
//= camunda/camunda-bpm-platform@7.13.0:model-api/xml-model/.../type/reference/ElementReferenceCollectionImpl.java (getView)
fn dangling(root: &Node) -> Option<&str> {
    let nodes =
        root.children.iter().rev().filter(|node| node.name == "process").flat_map(|node| node.children.iter().rev());
    let mut ids = nodes.flat_map(|node| node.all(Space::Bpmn, "outgoing")).map(Node::content);
    ids.find(|id| !has_id(root, id))
}

/// Whether anything below has this id.
pub(super) fn has_id(node: &Node, id: &str) -> bool {
    let typed = matches!(node.space, Space::Bpmn | Space::Diagram);
    (typed && node.id() == Some(id)) || node.children.iter().any(|child| has_id(child, id))
}

/// Whether the message of an event definition is there.
pub(super) fn refers_to_a_message(definition: &Node, root: &Node) -> bool {
    let message = definition.attribute("messageRef");
    message.is_some() && root.all(Space::Bpmn, "message").any(|node| node.id() == message)
}

/// What upstream takes for true: not `1`, which the schema would allow.
pub(super) fn is_executable(process: &Node) -> bool {
    process.attribute("isExecutable") == Some("true")
}

/// The definitions of an event, in order.
pub(super) fn definitions_of(event: &Node) -> impl Iterator<Item = &Node> {
    event.children.iter().filter(|child| EVENT_DEFINITIONS.contains(&&*child.name))
}

/// The id of the message that an event is about.
pub(super) fn message_of(event: &Node) -> Option<&str> {
    definitions_of(event).find(|child| child.name == "messageEventDefinition")?.attribute("messageRef")
}

fn id(node: &Node) -> &str {
    node.id().unwrap_or(&node.name)
}

/// Adds an element and its errors, if there are any, in upstream's form.
///
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/deployment/transform/ValidationErrorFormatter.java
fn report(findings: &mut String, element: &str, errors: &[&str]) {
    if !errors.is_empty() {
        writeln!(findings, "- Element: {element}").expect("a string takes it");
        for error in errors {
            writeln!(findings, "    - ERROR: {error}").expect("a string takes it");
        }
    }
}

fn flow_node(node: &Node, root: &Node, findings: &mut Findings) {
    let mut errors = Vec::new();
    if FLOW_NODES_THAT_UPSTREAM_REJECTS.contains(&&*node.name) {
        errors.push("Elements of this type are not supported");
    }
    let definitions: Vec<_> = definitions_of(node).collect();
    match node.name.as_str() {
        "startEvent" if definitions.len() > 1 => errors.push("Start event can't have more than one type"),
        "endEvent" => {
            // What counts is what the event says, not which flows there are.
            if node.all(Space::Bpmn, "outgoing").next().is_some() {
                errors.push("End events must not have outgoing sequence flows to other elements.");
            }
            if definitions.len() > 1 {
                errors.push("Must have at most one event definition");
            }
            errors.extend(definitions.iter().map(|_| "End events must be one of: none or error"));
        }
        "intermediateCatchEvent" => errors.extend(catch_event(&definitions)),
        "serviceTask" if task_definitions(node).count() != 1 => {
            errors.push("Must have exactly one 'zeebe:taskDefinition' extension element");
        }
        _ => {}
    }
    report(&mut findings.design, id(node), &errors);
    for definition in &definitions {
        event_definition(definition, id(node), root, findings);
    }
    for definition in task_definitions(node) {
        let element = format!("{} > extensionElements > taskDefinition", id(node));
        if definition.attribute("type").is_none_or(str::is_empty) {
            report(&mut findings.design, &element, &["Task type must be present and not empty"]);
        }
        if definition.attribute("type").is_none() {
            report(&mut findings.runtime, &element, &["Expected expression but not found."]);
        }
    }
    if matches!(&*node.name, "startEvent" | "intermediateCatchEvent") {
        let errors: Vec<_> = definitions.iter().filter_map(|definition| bad_timer(definition)).collect();
        let name = message_name(node, root).filter(|name| node.name == "startEvent" && is_number(name)).map(|name| {
            format!("Expected constant expression of type String for message name '{name}', but was NUMBER")
        });
        let errors: Vec<&str> = errors.iter().chain(&name).map(String::as_str).collect();
        report(&mut findings.runtime, id(node), &errors);
    }
}

fn catch_event(definitions: &[&Node]) -> Option<&'static str> {
    let [definition] = definitions else { return Some("Must have exactly one event definition") };
    let has = |name: &str| definition.all(Space::Bpmn, name).next().is_some();
    match definition.name.as_str() {
        "messageEventDefinition" => None,
        "timerEventDefinition" if has("timeDuration") || has("timeDate") => None,
        "timerEventDefinition" => {
            Some("Intermediate timer catch event must have either a time duration or a time date.")
        }
        _ => Some("Event definition must be one of: message, timer"),
    }
}

fn event_definition(definition: &Node, event: &str, root: &Node, findings: &mut Findings) {
    let chain = format!("{event} > {}", definition.name);
    let element = definition.id().unwrap_or(&chain);
    let error = match definition.name.as_str() {
        "messageEventDefinition" => (!refers_to_a_message(definition, root)).then_some("Must reference a message"),
        // The schema allows no two of them.
        "timerEventDefinition" => {
            let timed = definition.children.iter().any(|child| child.name.starts_with("time"));
            (!timed).then_some("Must be exactly one type of timer: timeDuration, timeDate or timeCycle")
        }
        "errorEventDefinition" => None,
        _ => Some("Event definition of this type is not supported"),
    };
    report(&mut findings.design, element, error.as_slice());
}

/// The task definitions of an element.
pub(super) fn task_definitions(node: &Node) -> impl Iterator<Item = &Node> {
    node.all(Space::Bpmn, "extensionElements").flat_map(|extensions| extensions.all(Space::Zeebe, "taskDefinition"))
}

/// The name of the message that an event is about.
pub(super) fn message_name<'a>(event: &'a Node, root: &'a Node) -> Option<&'a str> {
    let id = message_of(event)?;
    root.all(Space::Bpmn, "message").find(|message| message.id() == Some(id))?.attribute("name")
}

/// What upstream says of a timer that it cannot read.
///
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/ExpressionProcessor.java (texts)
fn bad_timer(definition: &Node) -> Option<String> {
    let part = definition.children.iter().find(|child| child.name.starts_with("time"))?;
    let text = part.content();
    let number =
        |expected: &str| format!("Expected result of the expression '{text}' to be {expected}, but was 'NUMBER'");
    let (what, why) = match part.name.as_str() {
        "timeDuration" if is_number(text) => ("duration", number("one of '[DURATION, PERIOD, STRING]'")),
        "timeDate" if is_number(text) => ("date", number("one of '[DATE_TIME, STRING]'")),
        "timeCycle" if is_number(text) => ("cycle", number("'STRING'") + "."),
        "timeDuration" => {
            timer::interval(text).err()?;
            ("duration", format!("Invalid duration format '{text}' for expression '{text}'"))
        }
        "timeDate" => {
            timer::date(text).err()?;
            ("date", format!("Invalid date-time format '{text}' for expression '{text}'"))
        }
        _ => match timer::cycle(text) {
            Err(Fault::Format(why)) => ("cycle", why.to_owned()),
            _ => return None,
        },
    };
    Some(format!("Invalid timer {what} expression ({why})"))
}
