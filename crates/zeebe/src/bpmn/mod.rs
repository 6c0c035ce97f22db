//! BPMN resources: what a deployment carries, and what an engine executes of it.
//!
//! Kept: processes of none, timer and message start events, none end events, service tasks with constant types and
//! retries, sequence flows, intermediate timers. Left out, each as an error that names its element and line: gateways,
//! sub-processes, call activities, boundary events, multi-instances, mappings, conditions and all else that needs an
//! expression. What upstream rejects is an error of another kind, because it does not end a replay: it is a rejection.
//!
//! A document passes four gates, each in a file of its own: well-formed (`xml`), in keeping with BPMN's schema
//! (`schema`), within the model (`scope`), accepted by upstream's rules (`valid`).
//!
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/deployment/transform/DeploymentTransformer.java

mod error;
mod expression;
mod model;
mod schema;
mod scope;
mod timer;
mod valid;
mod xml;

pub use error::BpmnError;
pub use model::{Definitions, Element, Flow, Kind, Process, Start, Task};
pub use timer::Timer;

use crate::protocol::{Document, Text};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use model::Draft;
use xml::{Node, Space};

/// What a task definition without retries has.
///
//= camunda/zeebe@0.24.4:bpmn-model/src/main/java/io/zeebe/model/bpmn/instance/zeebe/ZeebeTaskDefinition.java
const DEFAULT_RETRIES: i32 = 3;

/// The bytes of a resource as records carry it.
///
/// # Errors
/// If it is no Base64.
pub fn decode(resource: &str) -> Result<Vec<u8>, BpmnError> {
    STANDARD.decode(resource).map_err(|error| BpmnError::NoBase64 { message: error.to_string() })
}

/// The resource of these bytes as records carry it.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// By what upstream knows a resource again: the MD5 of its bytes.
///
//= camunda/zeebe@0.24.4:engine/src/main/java/io/zeebe/engine/processor/workflow/deployment/transform/DeploymentTransformer.java (isDuplicateOfLatest)
#[must_use]
pub fn digest(bytes: &[u8]) -> [u8; 16] {
    Md5::digest(bytes).into()
}

impl Definitions {
    /// Reads a resource of the type BPMN_XML. That a deployment names no process twice is not looked at: that takes all
    /// its resources.
    ///
    /// # Errors
    /// `Invalid` if upstream rejects it; `Unsupported` if the model does not reach that far.
    pub fn read(bytes: &[u8]) -> Result<Definitions, BpmnError> {
        let root = xml::parse(bytes)?;
        schema::check(&root)?;
        scope::check(&root)?;
        valid::check(&root)?;
        let processes = root.all(Space::Bpmn, "process").map(|process| process_of(process, &root)).collect();
        Ok(Definitions { processes })
    }
}

/// A process that has passed all gates.
fn process_of(process: &Node, root: &Node) -> Process {
    let elements = process.children.iter().filter_map(|node| Some((Text::from(node.id()?), draft_of(node, root)?)));
    Process::new(process.id().unwrap_or_default().into(), valid::is_executable(process), elements.collect())
}

/// An element; none for what is not executed.
fn draft_of(node: &Node, root: &Node) -> Option<Draft> {
    let text = |name: &str| node.attribute(name).unwrap_or_default().into();
    Some(match node.name.as_str() {
        "sequenceFlow" => Draft::Flow { source: text("sourceRef"), target: text("targetRef") },
        "startEvent" => Draft::Kind(Kind::StartEvent(match (valid::message_name(node, root), timer_of(node)) {
            (Some(name), _) => Start::Message(name.into()),
            (None, Some(timer)) => Start::Timer(timer),
            (None, None) => Start::None,
        })),
        "intermediateCatchEvent" => Draft::Kind(Kind::TimerCatchEvent(timer_of(node)?)),
        "endEvent" => Draft::Kind(Kind::EndEvent),
        "serviceTask" => Draft::Kind(Kind::ServiceTask(task_of(node)?)),
        _ => return None,
    })
}

fn timer_of(event: &Node) -> Option<Timer> {
    valid::definitions_of(event).flat_map(|definition| &definition.children).find_map(|part| match part.name.as_str() {
        "timeDuration" => timer::interval(part.content()).ok().map(Timer::Duration),
        "timeDate" => timer::date(part.content()).ok().map(Timer::Date),
        "timeCycle" => timer::cycle(part.content()).ok(),
        _ => None,
    })
}

fn task_of(node: &Node) -> Option<Task> {
    let definition = valid::task_definitions(node).next()?;
    let retries = definition.attribute("retries").and_then(|retries| retries.parse().ok());
    let headers = node
        .all(Space::Bpmn, "extensionElements")
        .flat_map(|extensions| extensions.all(Space::Zeebe, "taskHeaders"))
        .flat_map(|headers| &headers.children)
        .map(|header| (header.attribute("key").unwrap_or_default(), header.attribute("value").unwrap_or_default()))
        // Upstream logs a warning about such a header, and goes on without.
        //= camunda/zeebe@0.24.4:engine/.../deployment/model/transformer/ServiceTaskTransformer.java (isValidHeader)
        .filter(|(key, value)| !key.is_empty() && !value.is_empty())
        .map(|(key, value)| (key.into(), serde_json::Value::from(value).to_string().into()));
    Some(Task {
        job_type: definition.attribute("type").unwrap_or_default().into(),
        retries: retries.unwrap_or(DEFAULT_RETRIES),
        headers: Document::new(headers.collect()),
    })
}
